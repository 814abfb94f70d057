//! How much room documents may take.

use futures_util::future::join_all;
use reqwest::multipart::Form;
use staka::clock::new_id;
use uuid::Uuid;

use super::{Desk, archive, text};
use crate::support::server::send;

const MIB: i64 = 1 << 20;

impl Desk {
    /// Documents of these sizes, as rows: of an order or of nothing.
    async fn stored(&self, order: Option<Uuid>, sizes: &[i64], corrected: bool) {
        for size in sizes {
            let (id, now) = (new_id(), self.state.clock.now());
            sqlx::query(
                "INSERT INTO files (id, filename, storage_key, mime_type, size, is_corrected, uploaded_by_id, commande_id,
                                    created_at, updated_at)
                 VALUES (?, 'a.zip', ?, 'application/zip', ?, ?, ?, ?, ?, ?)",
            )
            .bind(id)
            .bind(id.to_string())
            .bind(size)
            .bind(corrected)
            .bind(self.author.id)
            .bind(order)
            .bind(now)
            .bind(now)
            .execute(self.state.db.pool())
            .await
            .unwrap();
        }
    }
}

#[tokio::test]
async fn an_order_has_room_for_its_author_and_room_for_the_team() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    desk.stored(Some(desk.order), &[500 * MIB - 1000], false).await;
    desk.sent(&desk.author, "petit.txt").await;
    desk.refused(desk.sends(&desk.author, archive(2000)), 400, "PROJECT_FILES_FULL").await;
    assert_eq!(desk.objects().len(), 1);
    desk.json(desk.sends(&desk.corrector, archive(2000)), 201).await;
    // Another order has its own; the number of documents is bounded too.
    let other = desk.paid_order(&desk.author).await.0;
    desk.stored(Some(other), &[1; 200], false).await;
    let path = format!("/files/projects/{other}/upload");
    let form = || Form::new().part("file", text("a.txt"));
    desk.refused(desk.post_as(&desk.author, &path, form()), 400, "PROJECT_FILES_FULL").await;
    desk.json(desk.post_as(&desk.admin, &path, form()), 201).await;
}

#[tokio::test]
async fn what_brings_no_money_shares_one_room() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    let (first, second) = (desk.unpaid_order(&desk.author).await, desk.unpaid_order(&desk.author).await);
    desk.stored(Some(first), &[300 * MIB], false).await;
    desk.stored(Some(second), &[200 * MIB - 100], false).await;
    let send_to = |order: Uuid| {
        let form = Form::new().part("file", archive(2000));
        desk.post_as(&desk.author, &format!("/files/projects/{order}/upload"), form)
    };
    desk.refused(send_to(second), 400, "PROJECT_FILES_FULL").await;
    desk.json(send_to(desk.order), 201).await;
    desk.execute("UPDATE commandes SET payment_status = 'paid', amount = 0 WHERE titre LIKE '%payer'").await;
    desk.refused(send_to(first), 400, "OFFERED_FILES_FULL").await;
    desk.execute("DELETE FROM files WHERE size > 250000000").await;
    desk.refused(send_to(first), 400, "OFFERED_FILES_FULL").await;
    desk.execute("UPDATE files SET size = 1 WHERE size > 100000000").await;
    desk.json(send_to(first), 201).await;
}

#[tokio::test]
async fn attachments_of_a_client_are_bounded_and_the_teams_are_not() {
    let desk = Desk::open().await;
    desk.stored(None, &[500 * MIB - 1000], false).await;
    let attach = |file| desk.post_as(&desk.author, "/files/upload/message", Form::new().part("file", file));
    desk.json(attach(text("a.txt")), 201).await;
    desk.refused(attach(archive(2000)), 400, "ATTACHMENTS_FULL").await;
    desk.execute("UPDATE users SET role = 'CORRECTOR' WHERE email = 'author@example.com'").await;
    desk.state.sessions.forget(desk.author.id).await;
    desk.json(attach(archive(2000)), 201).await;
}

#[tokio::test]
async fn the_last_room_is_given_once() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    desk.stored(Some(desk.order), &[500 * MIB - 3000], false).await;
    let answers = join_all((0..4).map(|_| send(desk.sends(&desk.author, archive(2000))))).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert_eq!((desk.count("files").await, desk.objects().len()), (2, 1));
}
