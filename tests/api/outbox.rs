//! The outbox and its worker, over real SMTP conversations.

mod preferences;

use std::collections::HashSet;

use chrono::Duration;
use mail_parser::{MessageParser, MimeHeaders};
use staka::auth::Role;
use staka::auth::told::{ActivationRequested, PasswordResetRequested};
use staka::clock::new_id;
use staka::commandes::told::{OrderCreated, OrderRef};
use staka::db::lease::take;
use staka::emails::worker::{Outbox, WorkerSettings};
use staka::events::{Bell, BellKind, BellPriority, Person};
use staka::files::storage::Kind;
use staka::invoices::{self, told::InvoiceReady};
use staka::mails::Notice;
use tokio_util::sync::CancellationToken;

use crate::support::outbox::Lab;
use crate::support::smtp::{Script, Server, header};

fn order() -> OrderRef {
    OrderRef::new(new_id(), Some("7F3K-92QD".to_owned()), "L’été d’Élise".to_owned())
}

fn created(user_id: uuid::Uuid) -> OrderCreated {
    OrderCreated { user_id, order: order(), pack: None, amount: Some(35_000), needs_verification: false }
}

fn subject(raw: &[u8]) -> String {
    MessageParser::default().parse(raw).unwrap().subject().unwrap().to_owned()
}

fn text(raw: &[u8]) -> String {
    MessageParser::default().parse(raw).unwrap().body_text(0).unwrap().into_owned()
}

#[tokio::test]
async fn what_is_recorded_arrives_once() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    let worker = lab.worker(&server);
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let event = created(client);
    lab.record(event.clone()).await;
    lab.record(event).await;
    assert_eq!(worker.drain().await, 2, "one to the client, one to the team");
    assert_eq!(worker.drain().await, 0);
    let mails = server.accepted();
    let recipients: HashSet<_> = mails.iter().map(|raw| header(raw, "To").unwrap()).collect();
    assert_eq!(recipients.len(), 2);
    assert!(recipients.iter().any(|to| to.contains("zoe@example.com")));
    assert!(recipients.iter().any(|to| to.contains("equipe@livrestaka.example")));
    let ids: HashSet<_> = mails.iter().map(|raw| header(raw, "Message-ID").unwrap()).collect();
    assert!(ids.iter().all(|id| id.ends_with("@livrestaka.example>")), "{ids:?}");
    assert_eq!(lab.statuses().await, ["SENT", "SENT"]);
}

#[tokio::test]
async fn an_outage_delays_and_loses_nothing() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script { down: true, ..Script::default() }).await;
    let worker = lab.worker(&server);
    lab.record_alerts(15).await;
    assert_eq!(worker.drain().await, 15);
    assert!(
        lab.mails()
            .await
            .iter()
            .all(|(status, attempts, error)| status == "PENDING" && *attempts == 1 && error.is_some())
    );
    assert_eq!(worker.drain().await, 0, "not again before the pause is over");
    for _ in 0..4 {
        lab.advance(Duration::hours(1));
        assert_eq!(worker.drain().await, 15);
    }
    server.behave(Script::default());
    lab.advance(Duration::hours(1));
    assert_eq!(worker.drain().await, 15);
    let subjects: HashSet<_> = server.accepted().iter().map(|raw| subject(raw)).collect();
    assert_eq!(subjects.len(), 15);
    assert!(
        lab.mails()
            .await
            .iter()
            .all(|(status, attempts, error)| status == "SENT" && *attempts == 6 && error.is_none())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_work_without_doubles() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    lab.record_alerts(40).await;
    let settings = WorkerSettings { places: 3, ..WorkerSettings::default() };
    let (one, other) =
        (lab.worker(&server).with_settings(settings), lab.worker(&server).with_settings(settings));
    let (by_one, by_other) = tokio::join!(
        tokio::spawn(async move { one.drain().await }),
        tokio::spawn(async move { other.drain().await })
    );
    let rest = lab.worker(&server).drain().await;
    assert_eq!(by_one.unwrap() + by_other.unwrap() + rest, 40);
    let mails = server.accepted();
    let ids: HashSet<_> = mails.iter().map(|raw| header(raw, "Message-ID")).collect();
    assert_eq!((mails.len(), ids.len()), (40, 40));
    assert!(lab.mails().await.iter().all(|(status, attempts, _)| status == "SENT" && *attempts == 1));
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_its_own_mail_alone() {
    let lab = Lab::start().await;
    let script = Script { silent_about: "zoe@example.com", ..Script::default() };
    let mut server = Server::start(script).await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    lab.record(created(client)).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(lab.worker(&server).run(stop.clone()));
    server.messages.recv().await.unwrap(); // the team's; the client's will not be over for half a minute
    lab.record_alerts(25).await;
    let all_sent = async {
        while lab.count("email_outbox WHERE status = 'SENT'").await < 26 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all_sent).await.expect("the others waited");
    assert_eq!(lab.count("email_outbox WHERE status = 'PENDING' AND to_email = 'zoe@example.com'").await, 1);
    running.abort();
}

#[tokio::test]
async fn a_claimed_mail_passes_the_rows_others_are_claiming() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    lab.record_alerts(4).await;
    // Another worker in the midst of its claim: two rows locked.
    let mut other = lab.state.db.begin().await.unwrap();
    let taken = take::<Outbox>(&mut other, lab.state.clock.now(), 2).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert_eq!(lab.worker(&server).drain().await, 2);
    other.rollback().await.unwrap();
    assert_eq!(lab.worker(&server).drain().await, 2);
    assert_eq!(server.accepted().len(), 4);
}

#[tokio::test]
async fn the_mails_of_a_dead_worker_come_back() {
    let lab = Lab::start().await;
    let silent = Server::start(Script { silent: true, ..Script::default() }).await;
    lab.record_alerts(1).await;
    let worker = lab.worker(&silent);
    let stuck = tokio::spawn(async move { worker.drain().await });
    while lab.mails().await.iter().any(|(_, attempts, _)| *attempts == 0) {
        tokio::task::yield_now().await;
    }
    stuck.abort();
    let mut server = Server::start(Script::default()).await;
    let heir = lab.worker(&server);
    assert_eq!(heir.drain().await, 0, "leased");
    lab.advance(Duration::seconds(121));
    assert_eq!(heir.drain().await, 1);
    assert_eq!(server.accepted().len(), 1);
    assert_eq!(lab.mails().await, [("SENT".to_owned(), 2, None)]);
}

#[tokio::test]
async fn twelve_failures_and_a_mail_is_dead() {
    let lab = Lab::start().await;
    let admin = lab.user("admin@example.com", Role::Admin, None).await;
    let server = Server::start(Script { to_recipient: "451 later", ..Script::default() }).await;
    let worker = lab.worker(&server);
    lab.record_alerts(3).await;
    let told = lab.bell(admin).await.len();
    for _ in 0..12 {
        assert_eq!(lab.statuses().await, ["PENDING"; 3]);
        assert_eq!(worker.drain().await, 3);
        lab.advance(Duration::hours(1));
    }
    let mails = lab.mails().await;
    assert!(
        mails.iter().all(|(status, attempts, error)| status == "DEAD" && *attempts == 12 && error.is_some()),
        "{mails:?}"
    );
    assert_eq!(worker.drain().await, 0, "and no mail tells of dead mails");
    assert_eq!(lab.bell(admin).await[told..], ["Des mails ne partent plus"], "one bell for all");
}

#[tokio::test]
async fn a_refusal_for_good_is_the_end_at_once() {
    let lab = Lab::start().await;
    let admin = lab.user("admin@example.com", Role::Admin, None).await;
    let to_recipient = "550 5.1.1 <equipe@livrestaka.example>: no such user";
    let server = Server::start(Script { to_recipient, ..Script::default() }).await;
    let worker = lab.worker(&server);
    lab.record_alerts(1).await;
    assert_eq!(worker.drain().await, 1);
    let mails = lab.mails().await;
    let (status, attempts, error) = &mails[0];
    assert_eq!((mails.len(), status.as_str(), *attempts), (1, "DEAD", 1));
    let error = error.as_deref().unwrap();
    assert!(error.contains("550") && !error.contains("equipe@"), "{error}");
    assert_eq!(lab.bell(admin).await[1..], ["Un mail n’a pas pu être remis"]);
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_waits_for_a_release_that_can() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    lab.record_alerts(2).await;
    sqlx::query("UPDATE email_outbox SET payload = '{\"template\": \"unheard-of\", \"data\": {}}' ORDER BY id LIMIT 1")
        .execute(lab.state.db.pool())
        .await
        .unwrap();
    assert_eq!(lab.worker(&server).drain().await, 2);
    assert_eq!(server.accepted().len(), 1, "the other one leaves");
    assert_eq!(lab.statuses().await, ["PENDING", "SENT"]);
}

#[tokio::test]
async fn every_kind_of_news_has_a_mail_for_people_and_one_for_the_team() {
    let kinds = [
        (BellKind::Info, "info-user", "admin-info"),
        (BellKind::Success, "success-user", "admin-success"),
        (BellKind::Warning, "warning-user", "admin-warning"),
        (BellKind::Error, "error-user", "admin-error"),
        (BellKind::System, "system-user", "admin-system"),
        (BellKind::Payment, "info-user", "admin-info"),
        (BellKind::Order, "info-user", "admin-info"),
        (BellKind::Message, "info-user", "admin-info"),
        (BellKind::Consultation, "info-user", "admin-info"),
    ];
    for (kind, person, team) in kinds {
        let bell =
            Bell::new(kind, BellPriority::Normale, "Titre", "Message".to_owned()).leading_to("/app/help");
        let notice = || Notice::of(&bell);
        assert_eq!(
            notice().to(&Person::guest("Zoé Martin", "zoe@example.com")).for_person(kind).template,
            person
        );
        assert_eq!(notice().for_team(kind).template, team);
    }
}

#[tokio::test]
async fn secret_links_are_made_at_the_last_moment() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    lab.record(PasswordResetRequested { user_id: client, request_id: new_id() }).await;
    let (titre, reference) = ("L’été d’Élise".to_owned(), "7F3K-92QD".to_owned());
    let asked = ActivationRequested {
        user_id: client,
        request_id: new_id(),
        titre,
        reference,
        pack: None,
        amount: 35_000,
    };
    lab.record(asked).await;
    let rest: Vec<String> = sqlx::query_scalar("SELECT CAST(payload AS CHAR) FROM email_outbox")
        .fetch_all(lab.state.db.pool())
        .await
        .unwrap();
    assert!(rest.iter().all(|payload| !payload.contains("/activation/") && !payload.contains("token=")));
    assert_eq!(lab.worker(&server).drain().await, 2);
    let texts: Vec<_> = server.accepted().iter().map(|raw| text(raw)).collect();
    for path in ["https://livrestaka.example/reset-password?token=", "https://livrestaka.example/activation/"]
    {
        let found = texts.iter().find_map(|text| text.split(path).nth(1)).unwrap();
        let token = found.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).next().unwrap();
        assert_eq!(token.len(), 43, "{path}");
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(token));
        let stored: i64 = sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM password_resets WHERE token_hash = ?) + (SELECT COUNT(*) FROM activation_tokens WHERE token_hash = ?)",
        )
        .bind(&hash)
        .bind(&hash)
        .fetch_one(lab.state.db.pool())
        .await
        .unwrap();
        assert_eq!(stored, 1);
    }
    let after: Vec<String> = sqlx::query_scalar("SELECT CAST(payload AS CHAR) FROM email_outbox")
        .fetch_all(lab.state.db.pool())
        .await
        .unwrap();
    assert_eq!(rest, after);
}

fn ready(user_id: uuid::Uuid, pdf_key: String) -> InvoiceReady {
    InvoiceReady {
        user_id,
        id: new_id(),
        kind: invoices::Kind::Invoice,
        number: "FA-2026-000123".to_owned(),
        amount: 35_000,
        tax_amount: 5_833,
        issued_at: chrono::DateTime::UNIX_EPOCH,
        pdf_key,
        titre: "L’été".to_owned(),
        reference: "7F3K-92QD".to_owned(),
        attempt: 1,
    }
}

#[tokio::test]
async fn an_invoice_travels_with_its_mail_and_the_mail_waits_for_it() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    let worker = lab.worker(&server);
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let now = lab.state.clock.now();
    let pdf = lab.state.storage.put_bytes(Kind::Invoices, "pdf", now, b"%PDF-1.7 facture").await.unwrap();
    lab.record(ready(client, pdf.key)).await;
    lab.record(ready(client, "invoices/2026/03/absente.pdf".to_owned())).await;
    assert_eq!(worker.drain().await, 2);
    let mails = server.accepted();
    assert_eq!(mails.len(), 1);
    let message = MessageParser::default().parse(&mails[0]).unwrap();
    let file = message.attachments().next().unwrap();
    assert_eq!(file.attachment_name(), Some("facture-FA-2026-000123.pdf"));
    assert_eq!(file.contents(), b"%PDF-1.7 facture");
    assert_eq!(lab.statuses().await, ["SENT", "PENDING"]);
}

#[tokio::test]
async fn a_running_worker_wakes_on_a_hint_and_stops_when_told() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    // No poll within the life of this test: only the hint can wake it.
    let settings = WorkerSettings { poll: std::time::Duration::from_secs(3600), ..WorkerSettings::default() };
    let stop = CancellationToken::new();
    let running = tokio::spawn(lab.worker(&server).with_settings(settings).run(stop.clone()));
    lab.record_alerts(1).await;
    server.messages.recv().await.unwrap();
    lab.record_alerts(3).await;
    server.messages.recv().await.unwrap();
    server.messages.recv().await.unwrap();
    stop.cancel();
    running.await.unwrap();
    assert_eq!(lab.statuses().await, ["SENT"; 3]);
}
