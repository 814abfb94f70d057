//! Taking documents away.

use chrono::Duration;
use uuid::Uuid;

use super::Desk;

#[tokio::test]
async fn an_author_takes_away_what_they_sent_and_nothing_else() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    let own = desk.sent(&desk.author, "manuscrit.txt").await;
    let second = desk.sent(&desk.author, "annexe.txt").await;
    let corrected = desk.sent(&desk.corrector, "corrigé.txt").await;
    let of_order = |id: Uuid| format!("/api/files/projects/{}/files/{id}", desk.order);

    desk.refused(desk.delete_as(&desk.author, &of_order(corrected)), 403, "FILE_PROTECTED").await;
    desk.refused(desk.delete_as(&desk.author, &format!("/files/{corrected}")), 403, "FILE_PROTECTED").await;
    for (person, code) in [(&desk.stranger, "PROJECT_FORBIDDEN"), (&desk.corrector, "FILE_FORBIDDEN")] {
        desk.refused(desk.delete_as(person, &of_order(own)), 403, code).await;
        desk.refused(desk.delete_as(person, &format!("/files/{own}")), 403, "FILE_FORBIDDEN").await;
    }
    let other = desk.paid_order(&desk.author).await.0;
    let elsewhere = format!("/files/projects/{other}/files/{own}");
    desk.refused(desk.delete_as(&desk.author, &elsewhere), 404, "NOT_FOUND").await;
    desk.refused(desk.delete_as(&desk.author, &of_order(Uuid::nil())), 404, "NOT_FOUND").await;
    for path in [
        format!("/files/projects/12/files/{own}"),
        format!("/files/projects/{other}/files/12"),
        "/files/12".into(),
    ] {
        desk.refused(desk.delete_as(&desk.author, &path), 400, "INVALID_ID").await;
    }
    assert_eq!(desk.count("files").await, 3);

    let body = desk.json(desk.delete_as(&desk.author, &of_order(own)), 200).await;
    assert!(body["message"].is_string());
    desk.refused(desk.delete_as(&desk.author, &of_order(own)), 404, "NOT_FOUND").await;
    desk.json(desk.delete_as(&desk.author, &format!("/files/{second}")), 200).await;
    desk.json(desk.delete_as(&desk.admin, &of_order(corrected)), 200).await;
    assert_eq!((desk.count("files").await, desk.objects()), (0, vec![]));
    assert_eq!(desk.count("storage_deletions").await, 0);
    let audited = desk.texts("SELECT CONCAT(actor_email, ' ', severity, ' ', target_id) FROM audit_logs WHERE action = 'FILE_DELETED' ORDER BY seq").await;
    assert_eq!(
        audited,
        [
            format!("author@example.com HIGH {own}"),
            format!("author@example.com HIGH {second}"),
            format!("admin@example.com HIGH {corrected}"),
        ]
    );
}

#[tokio::test]
async fn an_attachment_goes_until_somebody_else_sent_it_on() {
    let desk = Desk::open().await;
    let (own, sent, resent) = (
        desk.attached(&desk.author).await,
        desk.attached(&desk.author).await,
        desk.attached(&desk.admin).await,
    );
    let (_, message) = desk.conversation(&desk.author).await;
    for file in [sent, resent] {
        let attach =
            sqlx::query("INSERT INTO message_attachments (id, message_id, file_id) VALUES (?, ?, ?)");
        attach
            .bind(staka::clock::new_id())
            .bind(message)
            .bind(file)
            .execute(desk.state.db.pool())
            .await
            .unwrap();
    }
    let delete = |id: Uuid| desk.delete_as(&desk.author, &format!("/api/files/{id}"));
    desk.refused(desk.delete_as(&desk.stranger, &format!("/api/files/{own}")), 403, "FILE_FORBIDDEN").await;
    desk.json(delete(own), 200).await;
    // Sent by its uploader alone, it goes with its mention.
    desk.json(delete(sent), 200).await;
    assert_eq!(desk.count("message_attachments").await, 1);
    let body = desk.refused(delete(resent), 403, "FILE_FORBIDDEN").await;
    assert!(body["message"].as_str().unwrap().contains("envoyé avec un message"), "{body}");
    desk.json(desk.delete_as(&desk.admin, &format!("/api/files/{resent}")), 200).await;
    assert_eq!((desk.count("files").await, desk.objects()), (0, vec![]));
}

#[tokio::test]
async fn attachments_that_were_never_sent_go_after_thirty_days() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    let (_, kept) = (desk.attached(&desk.author).await, desk.attached(&desk.author).await);
    let (_, message) = desk.conversation(&desk.author).await;
    let attach = sqlx::query("INSERT INTO message_attachments (id, message_id, file_id) VALUES (?, ?, ?)");
    attach.bind(staka::clock::new_id()).bind(message).bind(kept).execute(desk.state.db.pool()).await.unwrap();
    let of_order = desk.sent(&desk.author, "manuscrit.txt").await;
    desk.clock.advance(Duration::days(29));
    assert_eq!(desk.run_job("unsent_attachments").await, 0);
    desk.clock.advance(Duration::days(2));
    assert_eq!(desk.run_job("unsent_attachments").await, 1);
    assert_eq!(desk.run_job("unsent_attachments").await, 0);
    desk.run_job("storage_deletions").await;
    let mut left = desk.texts("SELECT LOWER(HEX(id)) FROM files").await;
    let mut expected = [kept, of_order].map(|id| id.simple().to_string());
    left.sort();
    expected.sort();
    assert_eq!(left, expected);
    assert_eq!(desk.objects().len(), 2);
    assert_eq!(desk.count("audit_logs WHERE action = 'FILE_DELETED' AND actor_email = 'system'").await, 1);
}
