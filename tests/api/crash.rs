//! The server is killed at every step of what must happen once, and started again: it happens once.

mod scene;

use crate::support::{
    smtp::{self, Script, Server},
    sql_proxy::{Fault, Side},
};
use scene::{Flow, Scene};

const BOTH: [Side; 2] = [Side::Before, Side::After];

/// Every boundary among so many statements.
fn boundaries(statements: usize) -> impl Iterator<Item = Fault> {
    (0..statements).flat_map(|step| BOTH.map(|side| Fault { step, side }))
}

async fn kill_everywhere(flow: Flow) {
    let mut scene = Scene::open(&[]).await;
    let statements = scene.rehearse(flow).await;
    for fault in boundaries(statements.len()) {
        scene.pay_through_a_kill(flow, fault).await;
    }
    scene.assert_each_paid_once().await;
}

#[tokio::test]
async fn a_guest_pays_once_wherever_the_server_is_killed() {
    kill_everywhere(Flow::Guest).await;
}

#[tokio::test]
async fn an_author_pays_an_order_once_wherever_the_server_is_killed() {
    kill_everywhere(Flow::Author).await;
}

#[tokio::test]
async fn a_payment_counts_once_when_the_database_is_lost_and_the_server_lives() {
    let mut scene = Scene::open(&[]).await;
    let commit = scene.rehearse(Flow::Guest).await.len() - 1;
    for step in [0, commit - 1, commit] {
        for side in BOTH {
            scene.pay_through_a_cut(Flow::Guest, Fault { step, side }).await;
        }
    }
    scene.assert_each_paid_once().await;
}

/// The transaction that notes a rendered invoice, from the statement after its BEGIN.
const RENDERED: &str = "UPDATE invoices SET pdf_key";

#[tokio::test]
async fn an_invoice_is_kept_and_sent_once_wherever_its_renderer_is_killed() {
    let mut scene = Scene::open(&[]).await;
    scene.order(Flow::Guest, "nothing happened".to_owned()).await;
    scene.quiet().await;
    scene.proxy.record(RENDERED);
    scene.redeliver().await;
    scene.quiet().await;
    let statements = scene.proxy.seen();
    assert_eq!(statements.last().map(String::as_str), Some("COMMIT"), "{statements:#?}");
    for fault in boundaries(statements.len()) {
        scene
            .order(Flow::Guest, format!("killed {:?} statement {} of a rendering", fault.side, fault.step))
            .await;
        scene.quiet().await;
        scene.proxy.kill_at(RENDERED, fault, Some(scene.program.pid()));
        // Answered or not: the renderer may be quicker than the answer.
        scene.deliver().await;
        scene.restart().await;
        scene.redeliver().await;
        scene.quiet().await;
    }
    // Rendered before each kill but the one after the COMMIT, and once more after it.
    assert_eq!(scene.sweep().await as usize, 2 * statements.len() - 1);
    scene.assert_each_paid_once().await;
}

/// The statement that notes that a mail left.
const SENT: &str = "UPDATE email_outbox SET status = 'SENT'";

#[tokio::test]
async fn a_mail_whose_sending_was_not_noted_is_sent_again_under_its_own_id() {
    let mut mails = Server::start(Script::default()).await;
    let url = mails.url();
    let mut scene = Scene::open(&[("SMTP_URL", &url)]).await;
    for (side, copies) in [(Side::Before, 2), (Side::After, 1)] {
        let fault = Fault { step: 0, side };
        scene.proxy.kill_at(SENT, fault, Some(scene.program.pid()));
        // Answered or not: the mail may be quicker than the answer.
        let _ = scene.guest_request(&format!("{side:?}"), "zoe@example.com").send().await;
        scene.restart().await;
        scene.quiet().await;
        let ids: Vec<_> =
            mails.accepted().iter().map(|mail| smtp::header(mail, "Message-ID").unwrap()).collect();
        assert_eq!(ids.len(), copies, "{side:?}: {ids:?}");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}
