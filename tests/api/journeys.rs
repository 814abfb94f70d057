//! The main job, walked as people walk it.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::server::{CLIENT, TestServer, send};

fn document(name: &str, mime: &str) -> Part {
    let bytes = std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    Part::bytes(bytes).file_name(name.to_owned()).mime_str(mime).unwrap()
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The tarif the guest and the author order: two euros a page.
async fn correction(server: &TestServer) -> Value {
    let tarifs = server.get("/api/tarifs").await.body;
    tarifs["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tarif| tarif["nom"] == "Correction Standard")
        .unwrap()
        .clone()
}

fn path_in<'t>(text: &'t str, start: &str) -> &'t str {
    let from = text.find(start).unwrap();
    text[from..].split_whitespace().next().unwrap()
}

#[tokio::test]
async fn a_guest_orders_pays_and_enters() {
    let server = TestServer::start().await;
    let tarif = correction(&server).await;
    let form = Form::new()
        .text("prenom", "Zoé")
        .text("nom", "Lefèvre")
        .text("email", " Zoe.Lefevre@Example.COM ")
        .text("telephone", "06 12 34 56 78")
        .text("serviceId", tarif["id"].as_str().unwrap().to_owned())
        .text("nombrePages", "150")
        .text("prixCalcule", "280")
        .text("titre", "L’œuvre au noir")
        .text("description", "Un roman, 150 pages.")
        .text("consentementRgpd", "true")
        .part("files", document("extrait.docx", WORD))
        .text(
            "fileMetadata_0",
            r#"{"title":"Chapitre 1","description":"Début","originalName":"extrait.docx"}"#,
        )
        .part("files", document("extrait.odt", "application/vnd.oasis.opendocument.text"))
        .part("files", document("extrait.pdf", "application/pdf"));
    let ordered = send(server.request(Method::POST, "/api/public/order").multipart(form)).await;
    assert_eq!(ordered.status, 201, "{:?}", ordered.body);
    assert_eq!(ordered.body["uploadedFiles"], 3);
    let session = ordered.body["sessionId"].as_str().unwrap();

    // The payment page, then the card.
    let page = server.get(&format!("/dev/stripe/checkout/{session}")).await;
    assert_eq!(page.status, 200);
    let paid = server.pay(session).await;
    assert_eq!(paid.status, 303);
    let back = paid.headers["location"].to_str().unwrap();
    assert_eq!(back, format!("http://spa.test/payment-success?session_id={session}"));

    // Account, order, invoice, mails: each once.
    server.work().await;
    let mails: Vec<_> = server.mail_kinds().await;
    let to = |kind: &str, whom: &str| (kind.to_owned(), whom.to_owned());
    assert_eq!(
        mails,
        [
            to("activation-user", "zoe.lefevre@example.com"),
            to("admin-payment", "equipe@staka.test"),
            to("admin-project-payment-pending", "equipe@staka.test"),
            to("invoice-user", "zoe.lefevre@example.com"),
        ]
    );
    assert_eq!(server.count("commandes").await, 1);
    assert_eq!(server.count("invoices").await, 1);
    // Nobody typed a name on the payment page: it is the order's.
    let buyer = server.value("SELECT JSON_VALUE(buyer, '$.name') FROM invoices").await;
    assert_eq!(buyer.as_deref(), Some("Zoé Lefèvre"));

    // In by the link of the mail, and no mail has another that asks for the password nobody chose yet.
    let mailbox = server.mailbox().await;
    for mail in mailbox.iter().filter(|mail| mail["to"] == "zoe.lefevre@example.com") {
        for part in ["text", "html"] {
            let said = mail[part].as_str().unwrap();
            assert!(!said.contains("spa.test/app") && !said.contains("spa.test/login"), "{said}");
        }
    }
    let mail = mailbox.iter().find(|mail| mail["template"] == "activation-user").unwrap();
    let link = path_in(mail["text"].as_str().unwrap(), "http://spa.test/activation/");
    let token = link.rsplit('/').next().unwrap();
    let known = server.get(&format!("/api/public/activate/{token}/verify")).await;
    assert_eq!(known.body["user"]["prenom"], "Zoé");
    let password = json!({ "password": "Marguerite-1951" });
    let entered = server.post(&format!("/api/public/activate/{token}/set-password"), &password).await;
    assert_eq!(entered.status, 200, "{:?}", entered.body);
    assert_eq!(entered.body["redirectUrl"], "/app/dashboard");
    let again = server.post(&format!("/api/public/activate/{token}/set-password"), &password).await;
    assert_eq!(again.status, 400);
    let session = server.login(("zoe.lefevre@example.com", "Marguerite-1951")).await;

    sees_everything(&server, &session, "L’œuvre au noir", 3, 28_000).await;
    server.work().await;
    assert_eq!(server.mail_kinds().await.len(), 6); // welcome, and the team is told
}

/// What a paid order shows its author: the project, its files, the invoice and the notifications.
async fn sees_everything(server: &TestServer, token: &str, titre: &str, files: usize, amount: i64) {
    let projects = server.get_as(token, "/api/projects").await.body;
    let project = &projects["data"][0];
    assert!(project.is_object(), "{projects:?}");
    assert_eq!(project["title"], titre);
    assert_eq!((&project["status"], &project["pack"]), (&json!("active"), &json!("Correction Standard")));
    let counts = server.get_as(token, "/api/projects/counts").await.body;
    assert_eq!(counts, json!({ "all": 1, "active": 1, "pending": 0, "completed": 0 }));

    let listed =
        server.get_as(token, &format!("/api/files/projects/{}/files", project["id"].as_str().unwrap())).await;
    assert_eq!(listed.body["count"], files);
    let file = &listed.body["files"][0];
    let download = server
        .request(Method::GET, &format!("/api/files/download/{}", file["id"].as_str().unwrap()))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(download.content_length(), file["size"].as_u64());

    let invoices = server.get_as(token, "/api/invoices?page=1&limit=20").await.body;
    assert_eq!(invoices["pagination"]["total"], 1);
    let invoice = &invoices["invoices"][0];
    assert_eq!((&invoice["number"], &invoice["amount"]), (&json!("FA-2026-000001"), &json!(amount)));
    assert_eq!(invoice["taxAmount"], amount - (amount as f64 / 1.2).round() as i64);
    let pdf = server.http.get(format!("{}{}", server.base, invoice["pdfUrl"].as_str().unwrap()));
    let pdf = pdf.send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = pdf.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));

    // The same bytes as in the mail.
    let mailbox = server.mailbox().await;
    let mail = mailbox.iter().find(|mail| mail["template"] == "invoice-user").unwrap();
    let path = format!(
        "/dev/mailbox/messages/{}/attachments/facture-FA-2026-000001.pdf",
        mail["id"].as_str().unwrap()
    );
    let mailed = server.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(mailed, pdf);

    let bell = server.get_as(token, "/api/notifications").await.body;
    let titles: Vec<_> =
        bell["notifications"].as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap()).collect();
    for title in ["Votre projet est créé", "Paiement confirmé", "Votre facture est disponible"] {
        assert_eq!(titles.iter().filter(|seen| **seen == title).count(), 1, "{titles:?}");
    }
}

#[tokio::test]
async fn a_connected_author_orders_and_pays() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let tarif = correction(&server).await;
    let form = Form::new()
        .text("serviceId", tarif["id"].as_str().unwrap().to_owned())
        .text("titre", "Mémoires d’outre-page")
        .text("nombrePages", "350")
        .text("prixCalcule", "630")
        .text("userId", "ignored")
        .part("files", document("extrait.docx", WORD));
    let request = server.request(Method::POST, "/api/commandes/create-paid-project").bearer_auth(&token);
    let ordered = send(request.multipart(form)).await;
    assert_eq!(ordered.status, 201, "{:?}", ordered.body);
    let session = ordered.body["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap();

    let waiting = server.get_as(&token, &format!("/api/payments/status/{session}")).await;
    assert_eq!(waiting.body["status"], "unpaid");
    assert_eq!(server.pay(session).await.status, 303);
    let paid = server.get_as(&token, &format!("/api/payments/status/{session}")).await;
    assert_eq!(paid.body["status"], "paid");
    let simulated = server.post("/api/payments/dev-webhook-simulate", &json!({ "sessionId": session })).await;
    assert_eq!((simulated.status.as_u16(), &simulated.body["success"]), (200, &json!(true)));

    server.work().await;
    sees_everything(&server, &token, "Mémoires d’outre-page", 1, 63_000).await;
    let kinds: Vec<_> = server.mail_kinds().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["admin-payment", "admin-project-payment-pending", "invoice-user", "payment-user"]);
}
