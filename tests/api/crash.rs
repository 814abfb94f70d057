//! The server is killed at every statement of what must happen once, and started again; whoever was not answered
//! tries again; it happens once.
//!
//! A statement that is cut off undoes its transaction, so dying after one is dying before the next: only after a
//! COMMIT is it another story. Nothing outside of the database happens within a transaction, so that dying anywhere
//! in the midst of one is dying at its first statement, or at its end. `CRASH_EVERYWHERE=true` dies there all the same.

mod customers;
mod invariant;
mod scene;

use crate::support::{
    smtp::{self, Script, Server},
    sql_proxy::{Fault, Point, Side},
};
use customers::Play;
use scene::Scene;

/// Whether to die at the inner statements of transactions too.
fn everywhere() -> bool {
    std::env::var_os("CRASH_EVERYWHERE").is_some()
}

/// Every different way to die among some statements.
fn faults(points: &[Point]) -> Vec<Fault> {
    let before = points.iter().map(|point| Fault { point: point.clone(), side: Side::Before });
    let after = points.iter().filter(|point| point.is_end());
    before.chain(after.map(|point| Fault { point: point.clone(), side: Side::After })).collect()
}

async fn kill_everywhere(play: Play) {
    let mut scene = Scene::open(&[]).await;
    // What the background happens to do meanwhile is not seen twice.
    let (mut points, again) = (scene.rehearse(play).await, scene.rehearse(play).await);
    points.retain(|point| again.contains(point));
    assert!(points.iter().any(Point::is_end), "{play:?} commits nothing: {points:#?}");
    for fault in faults(&points) {
        scene.play_through_a_kill(play, fault).await;
    }
    scene.assert_all_is_well().await;
}

#[tokio::test]
async fn a_guest_pays_once_wherever_the_server_is_killed() {
    kill_everywhere(Play::GuestPays).await;
}

#[tokio::test]
async fn an_author_pays_an_order_once_wherever_the_server_is_killed() {
    kill_everywhere(Play::AuthorPays).await;
}

#[tokio::test]
async fn an_order_is_placed_whole_or_not_at_all_wherever_the_server_is_killed() {
    kill_everywhere(Play::GuestPlaces).await;
}

#[tokio::test]
async fn a_payment_page_can_be_had_again_wherever_the_server_is_killed() {
    kill_everywhere(Play::AuthorOpens).await;
}

#[tokio::test]
async fn a_refund_is_credited_once_wherever_the_server_is_killed() {
    kill_everywhere(Play::Refund).await;
}

#[tokio::test]
async fn a_payment_nobody_told_of_is_found_once_wherever_the_server_is_killed() {
    kill_everywhere(Play::AuthorAsks).await;
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_whole_wherever_the_server_is_killed() {
    kill_everywhere(Play::GuestPlacesFree).await;
}

/// Where the transaction of a settlement begins.
const SETTLED: &str = "INTO stripe_events";

#[tokio::test]
async fn a_payment_counts_once_when_the_database_is_lost_and_the_server_lives() {
    let mut scene = Scene::open(&[]).await;
    scene.rehearse(Play::GuestPays).await;
    let points = scene.proxy.transaction(SETTLED);
    for point in [&points[0], &points[points.len() - 2], &points[points.len() - 1]] {
        for side in [Side::Before, Side::After] {
            scene.pay_through_a_cut(Fault { point: point.clone(), side }).await;
        }
    }
    scene.assert_all_is_well().await;
}

/// The transaction that notes a rendered invoice, from the statement after its BEGIN.
const RENDERED: &str = "UPDATE invoices SET pdf_key";

#[tokio::test]
async fn an_invoice_is_kept_and_sent_once_wherever_its_renderer_is_killed() {
    let mut scene = Scene::open(&[]).await;
    scene.prepare(Play::GuestPays, "nothing happened".to_owned()).await;
    scene.quiet().await;
    scene.proxy.record();
    scene.repeat(Play::GuestPays).await;
    scene.quiet().await;
    let points = scene.proxy.transaction(RENDERED);
    let points = match everywhere() {
        true => points,
        false => vec![points[0].clone(), points[points.len() - 1].clone()],
    };
    let faults = faults(&points);
    for fault in &faults {
        let fate = format!("killed {:?} {} of a rendering", fault.side, fault.point.sql);
        scene.prepare(Play::GuestPays, fate).await;
        scene.quiet().await;
        scene.proxy.kill_at(fault.clone(), Some(scene.program.pid()));
        // Answered or not: the renderer may be quicker than the answer.
        scene.attempt(Play::GuestPays).await;
        scene.restart().await;
        scene.repeat(Play::GuestPays).await;
        scene.quiet().await;
    }
    // Rendered before each kill but the one after the COMMIT, and once more after it.
    assert_eq!(scene.sweep().await as usize, faults.len() - 1);
    scene.assert_all_is_well().await;
}

/// The statement that notes that a mail left.
const SENT: &str = "UPDATE email_outbox SET status = 'SENT'";

#[tokio::test]
async fn a_mail_whose_sending_was_not_noted_is_sent_again_under_its_own_id() {
    let mut mails = Server::start(Script::default()).await;
    let url = mails.url();
    let mut scene = Scene::open(&[("SMTP_URL", &url)]).await;
    scene.proxy.record();
    assert_eq!(
        scene.guest_request("rehearsed", "leo@example.com", "150").send().await.unwrap().status(),
        201
    );
    scene.quiet().await;
    let sent = scene.proxy.seen().into_iter().find(|point| point.sql.contains(SENT)).unwrap();
    mails.accepted();
    for (side, copies) in [(Side::Before, 2), (Side::After, 1)] {
        scene.proxy.kill_at(Fault { point: sent.clone(), side }, Some(scene.program.pid()));
        // Answered or not: the mail may be quicker than the answer.
        let _ = scene.guest_request(&format!("{side:?}"), "zoe@example.com", "150").send().await;
        scene.restart().await;
        scene.quiet().await;
        let ids: Vec<_> =
            mails.accepted().iter().map(|mail| smtp::header(mail, "Message-ID").unwrap()).collect();
        assert_eq!(ids.len(), copies, "{side:?}: {ids:?}");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}
