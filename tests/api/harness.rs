//! The harness itself: what it asserts of every test.

use serde_json::json;

use crate::support::{outbox::Lab, server::TestServer};

#[tokio::test]
async fn a_mail_nobody_looked_at_is_a_complaint() {
    let server = TestServer::start().await;
    assert_eq!(server.complaints(), Vec::<String>::new());
    let body = json!({ "titre": "Mon roman" });
    let client = server.client().await;
    server.post_as(&client.token, "/api/commandes", &body).await.ok(201);
    let unseen = [
        "a mail, admin-order to equipe@staka.test",
        "a mail, client-project-confirmation to client@example.com",
    ];
    assert_eq!(server.complaints(), unseen);
    // Only what has left is in the mailbox.
    assert_eq!(server.mailbox().await.len(), 0);
    assert_eq!(server.complaints(), unseen);
    server.work().await;
    assert_eq!(server.mailbox().await.len(), 2);
    assert_eq!(server.complaints(), Vec::<String>::new());
    // A look is no promise about what comes later.
    server.post_as(&client.token, "/api/commandes", &body).await.ok(201);
    assert_eq!(server.complaints(), unseen);
    assert_eq!(server.queued().await.len(), 4);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_queue_gave_up_is_a_complaint_until_it_is_looked_at() {
    let lab = Lab::start().await;
    lab.record_alerts(1).await;
    lab.execute("UPDATE email_outbox SET status = 'DEAD'").await;
    assert_eq!(lab.complaints(), ["1 rows of email_outbox WHERE status = 'DEAD'"]);
    assert_eq!(lab.statuses().await, ["DEAD"]);
    assert_eq!(lab.complaints(), Vec::<String>::new());
}
