//! What is answered, kept, told and audited of a document that was sent.

use chrono::Duration;
use reqwest::multipart::Form;
use serde_json::Value;
use uuid::Uuid;

use super::{Desk, keys, manuscript, pdf, picture, text};
use crate::shop::text_of;

#[tokio::test]
async fn an_author_adds_a_document_as_the_web_application_sends_it() {
    let desk = Desk::open().await;
    let body = desk.json(desk.sends(&desk.author, manuscript()), 201).await;
    let mut expected = ["fileId", "filename", "size", "mimeType", "url", "message"];
    expected.sort_unstable();
    assert_eq!(keys(&body), expected);
    assert_eq!(body["filename"], "L’été à Sète — final.docx");
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    assert_eq!(body["mimeType"], docx);
    let original = std::fs::read("tests/fixtures/extrait.docx").unwrap();
    assert_eq!(body["size"], original.len());
    // The link works without a header.
    let got = desk.get(body["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(got.status(), 200);
    assert_eq!(got.bytes().await.unwrap(), original);

    let list =
        desk.json(desk.get_as(&desk.author, &format!("/api/files/projects/{}/files", desk.order)), 200).await;
    assert_eq!((list["count"].as_u64(), &list["files"][0]["id"]), (Some(1), &body["fileId"]));
    assert_eq!(list["files"][0]["isAdminFile"], false);
    assert_eq!(list["files"][0]["type"], "DOCUMENT");

    let audited = desk
        .row(
            "SELECT actor_email, severity, target_id, details FROM audit_logs WHERE action = 'FILE_UPLOADED'",
        )
        .await;
    assert_eq!(audited[0].as_deref(), Some("author@example.com"));
    assert_eq!((audited[1].as_deref(), audited[2].as_deref()), (Some("MEDIUM"), body["fileId"].as_str()));
    let details: Value = serde_json::from_str(audited[3].as_deref().unwrap()).unwrap();
    assert_eq!((&details["corrected"], &details["mimeType"]), (&false.into(), &docx.into()));
    assert_eq!(desk.objects().len(), 1);
    assert!(desk.objects()[0].starts_with("projects/2026/03/"), "{:?}", desk.objects());
    desk.ignore_mails();
}

#[tokio::test]
async fn a_clients_document_is_told_to_the_team_and_to_the_corrector() {
    let desk = Desk::open().await;
    for name in ["un.txt", "deux.txt"] {
        desk.sent(&desk.author, name).await;
    }
    let path = format!("/app/projects/{}/files", desk.order);
    let to_corrector = format!("Nouveau document INFO NORMALE {path}");
    let to_team = "Nouveau document INFO NORMALE /admin/commandes".to_owned();
    assert_eq!(desk.bells(&desk.corrector).await, [to_corrector.clone(), to_corrector]);
    assert_eq!(desk.bells(&desk.admin).await, [to_team.clone(), to_team]);
    assert_eq!(desk.bells(&desk.author).await, Vec::<String>::new());
    // One mail speaks for what follows it.
    let once = ["admin-document equipe@staka.test", "document-corrector corrector@example.com"];
    assert_eq!(desk.told_by_mail().await, once);
    desk.work().await;
    let mails = desk.mailbox().await;
    let to_team = mails.iter().find(|mail| mail["template"] == "admin-document").unwrap();
    assert!(to_team["text"].as_str().unwrap().contains("un.txt"), "{to_team}");
    desk.clock.advance(Duration::minutes(16));
    desk.sent(&desk.author, "trois.txt").await;
    assert_eq!(desk.told_by_mail().await.len(), 4);

    // Who is no corrector any more is not told.
    desk.execute("UPDATE users SET role = 'USER' WHERE email = 'corrector@example.com'").await;
    desk.clock.advance(Duration::minutes(16));
    desk.sent(&desk.author, "quatre.txt").await;
    assert_eq!(desk.bells(&desk.corrector).await.len(), 3);
    assert_eq!(desk.told_by_mail().await.len(), 5);
}

#[tokio::test]
async fn the_teams_document_is_the_corrected_one_and_told_to_the_author() {
    let desk = Desk::open().await;
    desk.execute("UPDATE commandes SET statut = 'TERMINE'").await;
    let ready = async || {
        desk.json(desk.get_as(&desk.author, "/projects"), 200).await["data"][0]["canDownload"].clone()
    };
    desk.sent(&desk.author, "manuscrit.txt").await;
    assert_eq!(ready().await, false);
    let team = desk.bells(&desk.admin).await.len();
    let corrected = desk.json(desk.sends(&desk.corrector, pdf()), 201).await;
    assert_eq!(ready().await, true);
    let list = desk.json(desk.get_as(&desk.author, &format!("/projects/{}/files", desk.order)), 200).await;
    let item =
        list["files"].as_array().unwrap().iter().find(|file| file["id"] == corrected["fileId"]).unwrap();
    assert_eq!(item["isAdminFile"], true);
    let bell = format!("Document corrigé disponible SUCCESS HAUTE /app/projects/{}/files", desk.order);
    assert_eq!(desk.bells(&desk.author).await, std::slice::from_ref(&bell));
    assert_eq!(desk.bells(&desk.admin).await.len(), team + 1);
    desk.sent(&desk.admin, "second.txt").await;
    assert_eq!(desk.bells(&desk.author).await, [bell.clone(), bell]);
    assert_eq!(desk.bells(&desk.admin).await.len(), team + 1);
    assert!(desk.told_by_mail().await.contains(&"document-user author@example.com".to_owned()));
    // Refused kinds of mail stay unsent, bells ring.
    desk.execute(r#"UPDATE users SET preferences = '{"notificationTypes": {"projects": false}}' WHERE email = 'author@example.com'"#).await;
    desk.clock.advance(Duration::minutes(16));
    desk.sent(&desk.admin, "tiers.txt").await;
    let mails = desk.told_by_mail().await;
    assert_eq!(mails.iter().filter(|mail| mail.starts_with("document-user")).count(), 1, "{mails:?}");
    assert_eq!(desk.bells(&desk.author).await.len(), 3);
}

#[tokio::test]
async fn an_attachment_is_answered_as_the_web_application_reads_it() {
    let desk = Desk::open().await;
    let form = Form::new().text("description", "ADMIN_FILE: La couverture").part("file", picture());
    let body = desk.json(desk.post_as(&desk.author, "/api/files/upload/message", form), 201).await;
    assert_eq!(keys(&body), ["file", "message"]);
    let file = &body["file"];
    let mut expected = ["id", "filename", "size", "mimeType", "url", "type"];
    expected.sort_unstable();
    assert_eq!(keys(file), expected);
    assert_eq!((&file["type"], &file["mimeType"]), (&"IMAGE".into(), &"image/png".into()));
    // Shown by the browser, which sends no header.
    let (headers, _) = text_of(desk.get(file["url"].as_str().unwrap()).send().await.unwrap()).await;
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    let row = desk.row("SELECT description, commande_id, is_corrected, storage_key FROM files").await;
    assert_eq!((row[0].as_deref(), &row[1]), (Some("La couverture"), &None));
    assert!(row[3].as_deref().unwrap().starts_with("messages/"));
    assert_eq!(desk.count("notifications").await, 0);
    // Nobody else reads it before it is sent.
    let path = format!("/files/download/{}", file["id"].as_str().unwrap());
    desk.refused(desk.get_as(&desk.stranger, &path), 403, "FILE_FORBIDDEN").await;
    assert_eq!(desk.get_as(&desk.author, &path).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_general_upload_goes_where_its_fields_say() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    let order = desk.order.to_string();
    for (path, field) in [("/files/upload", "commandeId"), ("/api/unifiedFiles/upload", "projectId")] {
        let form =
            Form::new().text(field, order.clone()).text("description", "Tome 1").part("file", text("a.txt"));
        let body = desk.json(desk.post_as(&desk.author, path, form), 201).await;
        assert_eq!(body["fileId"], body["file"]["id"]);
        let detail = format!("/unifiedFiles/{}", body["fileId"].as_str().unwrap());
        let detail = desk.json(desk.get_as(&desk.author, &detail), 200).await;
        assert_eq!(
            (&detail["commandeId"], &detail["description"]),
            (&order.clone().into(), &"Tome 1".into())
        );
        assert_eq!((&detail["id"], &detail["filename"]), (&body["fileId"], &"a.txt".into()));
    }
    // Without an order, and with an empty field, it is an attachment; the description may follow the document.
    let form = Form::new().text("commandeId", "").part("file", text("b.txt")).text("description", "Après");
    let body = desk.json(desk.post_as(&desk.author, "/files/upload", form), 201).await;
    let detail = format!("/unifiedFiles/{}", body["fileId"].as_str().unwrap());
    let own = desk.json(desk.get_as(&desk.author, &detail), 200).await;
    assert_eq!((&own["commandeId"], &own["description"]), (&Value::Null, &"Après".into()));
    desk.refused(desk.get_as(&desk.stranger, &detail), 403, "FILE_FORBIDDEN").await;
    desk.refused(desk.get_as(&desk.author, &format!("/unifiedFiles/{}", Uuid::nil())), 404, "NOT_FOUND")
        .await;
    desk.refused(desk.get_as(&desk.author, "/unifiedFiles/12"), 400, "INVALID_ID").await;

    let kept = desk.count("files").await;
    let refused = async |form: Form, fields: &[&str]| {
        let answer = crate::support::server::send(desk.post_as(&desk.author, "/files/upload", form)).await;
        answer.refused_fields(fields);
    };
    refused(Form::new().text("commandeId", "12").part("file", text("c.txt")), &["commandeId"]).await;
    refused(Form::new().part("file", text("c.txt")).text("commandeId", order.clone()), &["commandeId"]).await;
    let two = Form::new().text("commandeId", order.clone()).text("projectId", Uuid::nil().to_string());
    refused(two.part("file", text("c.txt")), &["projectId"]).await;
    let long = Form::new().text("description", "é".repeat(2001)).part("file", text("c.txt"));
    refused(long, &["description"]).await;
    let others = Form::new().text("commandeId", order).part("file", text("c.txt"));
    desk.refused(desk.post_as(&desk.stranger, "/files/upload", others), 403, "PROJECT_FORBIDDEN").await;
    assert_eq!((desk.count("files").await, desk.objects().len()), (kept, kept as usize));
}
