//! Invoices as their owners read them.

use std::{io::Write, process::Command};

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{PRICE, accepted, author_order, completed, event, execute, order_form, values};
use crate::support::server::{ADMIN, CLIENT, TestServer, send};

/// The client with `count` paid orders, a minute apart.
async fn client_with(server: &TestServer, count: usize) -> String {
    let token = server.login(CLIENT).await;
    for _ in 0..count {
        accepted(server, &completed(&author_order(server, &token).await.session)).await;
        server.clock.advance(Duration::minutes(1));
    }
    token
}

async fn first(server: &TestServer, token: &str) -> Value {
    server.get_as(token, "/api/invoices").await.body["invoices"][0].clone()
}

pub async fn bytes(server: &TestServer, token: Option<&str>, path: &str) -> Vec<u8> {
    let request = server.request(Method::GET, path);
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    answer.bytes().await.unwrap().to_vec()
}

/// What a person reads in a PDF, and the XML a ledger imports from it.
pub fn read(pdf: &[u8]) -> (String, String) {
    let mut file = std::env::temp_dir();
    file.push(format!("staka-read-{}.pdf", staka::clock::new_id().simple()));
    std::fs::File::create(&file).unwrap().write_all(pdf).unwrap();
    let xml = file.with_extension("xml");
    let text = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output().unwrap();
    Command::new("pdfdetach").arg("-save").arg("1").arg("-o").arg(&xml).arg(&file).output().unwrap();
    let read = (String::from_utf8(text.stdout).unwrap(), std::fs::read_to_string(&xml).unwrap());
    for path in [file, xml] {
        std::fs::remove_file(path).unwrap();
    }
    read
}

#[tokio::test]
async fn a_list_and_a_detail_have_the_promised_shape() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = client_with(&server, 1).await;
    let list = server.get_as(&token, "/api/invoices").await.body;
    let paging = json!({ "page": 1, "limit": 10, "total": 1, "totalPages": 1, "hasNextPage": false, "hasPreviousPage": false });
    assert_eq!(list["pagination"], paging);
    let item = &list["invoices"][0];
    assert_eq!((&item["amount"], &item["taxAmount"]), (&json!(PRICE), &json!(4_667)));
    assert_eq!((&item["amountFormatted"], &item["number"]), (&json!("280.00 €"), &json!("FA-2026-000001")));
    assert_eq!(item["createdAt"], "2026-03-10T09:00:00.000Z");
    assert_eq!(
        (&item["commande"]["titre"], &item["commande"]["statut"]),
        (&json!("Un roman fleuve"), &json!("EN_COURS"))
    );
    assert!(item["pdfUrl"].as_str().unwrap().starts_with("/api/invoices/"));
    let detail = server.get_as(&token, &format!("/api/invoices/{}", item["id"].as_str().unwrap())).await.body;
    for key in ["id", "number", "amount", "taxAmount", "amountFormatted", "createdAt"] {
        assert_eq!(detail[key], item[key], "{key}");
    }
    assert_eq!(detail["commande"]["updatedAt"], "2026-03-10T09:00:00.000Z");
    assert_eq!(detail["commande"]["user"]["email"], "client@example.com");
}

#[tokio::test]
async fn what_is_given_back_is_listed_as_a_credit_note() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = client_with(&server, 1).await;
    let session = values(&server, "SELECT CAST(stripe_session_id AS CHAR) FROM invoices").await.remove(0);
    let charge = json!({ "id": "ch_1", "payment_intent": format!("pi_of_{session}"), "amount": PRICE,
        "amount_refunded": 8_000, "metadata": { "source": "livrestaka.fr" } });
    accepted(&server, &event("charge.refunded", charge)).await;
    let list = server.get_as(&token, "/api/invoices").await.body;
    let (credit, invoice) = (&list["invoices"][0], &list["invoices"][1]);
    assert_eq!((&credit["kind"], &invoice["kind"]), (&json!("CREDIT_NOTE"), &json!("INVOICE")));
    assert_eq!(credit["number"], "AV-2026-000001");
    assert_eq!(credit["originalNumber"], invoice["number"]);
    assert_eq!(invoice.get("originalNumber"), None);
    assert_eq!((&credit["amount"], &credit["taxAmount"]), (&json!(-8_000), &json!(-1_333)));
    assert_eq!(credit["amountFormatted"], "-80.00 €");
    let detail =
        server.get_as(&token, &format!("/api/invoices/{}", credit["id"].as_str().unwrap())).await.body;
    for key in ["kind", "amount", "taxAmount", "amountFormatted", "originalNumber"] {
        assert_eq!(detail[key], credit[key], "{key}");
    }
}

#[tokio::test]
async fn pages_follow_the_rules() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = client_with(&server, 3).await;
    let page = async |query: &str| server.get_as(&token, &format!("/api/invoices?{query}")).await;
    let numbers = |answer: &Value| -> Vec<String> {
        let list = answer["invoices"].as_array().unwrap();
        list.iter().map(|item| item["number"].as_str().unwrap().replace("FA-2026-00000", "")).collect()
    };
    assert_eq!(numbers(&page("").await.body), ["3", "2", "1"]);
    let second = page("page=2&limit=2").await.body;
    assert_eq!(numbers(&second), ["1"]);
    let paging = json!({ "page": 2, "limit": 2, "total": 3, "totalPages": 2, "hasNextPage": false, "hasPreviousPage": true });
    assert_eq!(second["pagination"], paging);
    assert_eq!(numbers(&page("page=99").await.body), Vec::<String>::new());
    for (query, limit) in [("limit=0", 10), ("limit=abc", 10), ("limit=500", 50), ("limit=50", 50)] {
        assert_eq!(page(query).await.body["pagination"]["limit"], limit, "{query}");
    }
    for query in ["limit=-1", "page=-1"] {
        assert_eq!(page(query).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn an_invoice_is_its_owners_alone() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = client_with(&server, 1).await;
    let id = first(&server, &token).await["id"].as_str().unwrap().to_owned();
    let stranger = server.login(ADMIN).await;
    for path in [format!("/api/invoices/{id}"), format!("/api/invoices/{id}/download")] {
        let answer = server.get_as(&stranger, &path).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (403, &json!("NOT_OWNER")));
        assert_eq!(server.get(&path).await.status, 401);
        let unknown = path.replace(&id, &Uuid::nil().to_string());
        assert_eq!(server.get_as(&token, &unknown).await.status, 404);
    }
    assert_eq!(server.get_as(&stranger, "/api/invoices").await.body["pagination"]["total"], 0);
    assert_eq!(server.get_as(&token, "/api/invoices/pas-un-id").await.status, 404);
    assert_eq!(server.get("/api/invoices").await.status, 401);
}

#[tokio::test]
async fn a_download_is_an_attachment_and_audited() {
    let server = TestServer::start().await;
    let token = client_with(&server, 1).await;
    let id = first(&server, &token).await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/invoices/{id}/download");
    // Before the renderer came: made now, and once.
    let early = bytes(&server, Some(&token), &path).await;
    server.work().await;
    assert_eq!(bytes(&server, Some(&token), &path).await, early);
    let answer = server
        .request(Method::GET, &path)
        .bearer_auth(&token)
        .header("range", "bytes=0-4")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 206);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-disposition").starts_with("attachment; filename=\"facture-FA-2026-000001.pdf\""));
    assert_eq!(
        (header("cache-control").as_str(), header("x-content-type-options").as_str()),
        ("private, no-store", "nosniff")
    );
    assert_eq!(answer.bytes().await.unwrap(), "%PDF-");
    assert_eq!(server.count("audit_logs WHERE action = 'INVOICE_DOWNLOADED'").await, 1);
    assert_eq!(server.count("email_outbox WHERE template = 'invoice-user'").await, 1);
}

#[tokio::test]
async fn a_link_works_without_a_session_for_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = client_with(&server, 2).await;
    let list = server.get_as(&token, "/api/invoices").await.body;
    let link = list["invoices"][0]["pdfUrl"].as_str().unwrap().to_owned();
    let other = list["invoices"][1]["id"].as_str().unwrap();
    let id = list["invoices"][0]["id"].as_str().unwrap();
    assert!(bytes(&server, None, &link).await.starts_with(b"%PDF-"));
    // It permits by itself, whoever is logged in.
    let stranger = server.login(ADMIN).await;
    assert!(bytes(&server, Some(&stranger), &link).await.starts_with(b"%PDF-"));
    let (path, query) = link.split_once('?').unwrap();
    let expires: i64 = query.split('&').next().unwrap().trim_start_matches("expires=").parse().unwrap();
    let signature = query.rsplit('=').next().unwrap();
    let flipped = if signature.starts_with('A') {
        signature.replacen('A', "B", 1)
    } else {
        format!("A{}", &signature[1..])
    };
    for tampered in [
        link.replace(id, other),
        format!("{path}?expires={}&signature={signature}", expires + 60),
        format!("{path}?expires={expires}&signature={flipped}"),
        format!("{path}?expires={expires}&signature=%C3%A9"),
        format!("{path}?expires={expires}&signature="),
    ] {
        let answer = server.get(&tampered).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (403, &json!("LINK_EXPIRED")),
            "{tampered}"
        );
    }
    assert_eq!(server.get(path).await.status, 401);
    server.clock.advance(Duration::seconds(expires - server.state.clock.now().timestamp() - 1));
    assert!(bytes(&server, None, &link).await.starts_with(b"%PDF-"));
    server.clock.advance(Duration::seconds(1));
    assert_eq!(server.get(&link).await.status, 403);
    assert_eq!(server.get("/uploads/invoices/x.pdf").await.status, 404);
}

#[tokio::test]
async fn the_regime_of_the_day_decides_the_vat() {
    let server = TestServer::with(&[("VAT_REGIME", "franchise")]).await;
    server.ignore_mails();
    let mut token = client_with(&server, 1).await;
    // From the next day on the company charges VAT, later at another rate.
    execute(
        &server,
        "INSERT INTO vat_regimes (valid_from, regime, rate_bp, mention, created_at) VALUES
         ('2026-03-11', 'STANDARD', 2000, NULL, '2026-03-01'), ('2026-04-01', 'STANDARD', 550, NULL, '2026-03-01')",
    )
    .await;
    for hours in [13, 1, 24 * 30] {
        // 23 h in France on the 10th, then midnight, then April.
        server.clock.advance(Duration::hours(hours) - Duration::minutes(1));
        token = server.login(CLIENT).await; // a session lasts a week
        accepted(&server, &completed(&author_order(&server, &token).await.session)).await;
        server.clock.advance(Duration::minutes(1));
    }
    let rows = "SELECT CONCAT(vat_regime, ' ', vat_rate_bp, ' ', tax_amount) FROM invoices ORDER BY number";
    assert_eq!(
        values(&server, rows).await,
        ["FRANCHISE 0 0", "FRANCHISE 0 0", "STANDARD 2000 4667", "STANDARD 550 1460"]
    );
    // A credit note keeps the regime of its invoice.
    let session = values(&server, "SELECT CAST(stripe_session_id AS CHAR) FROM invoices ORDER BY number")
        .await
        .remove(0);
    let charge = json!({ "id": "ch_1", "payment_intent": format!("pi_of_{session}"), "amount": PRICE,
        "amount_refunded": PRICE, "metadata": { "source": "livrestaka.fr" } });
    accepted(&server, &event("charge.refunded", charge)).await;
    let credit = "SELECT CONCAT(vat_regime, ' ', tax_amount) FROM invoices WHERE kind = 'CREDIT_NOTE'";
    assert_eq!(values(&server, credit).await, ["FRANCHISE 0"]);

    let list = server.get_as(&token, "/api/invoices").await.body;
    let invoice =
        list["invoices"].as_array().unwrap().iter().find(|item| item["number"] == "FA-2026-000001").unwrap();
    let (text, xml) = read(&bytes(&server, None, invoice["pdfUrl"].as_str().unwrap()).await);
    assert!(text.contains("TVA non applicable"), "{text}");
    assert!(!text.contains("20 %"), "{text}");
    assert!(xml.contains("VATEX-FR-FRANCHISE"), "{xml}");
}

#[tokio::test]
async fn a_professional_is_invoiced_by_company_and_siren() {
    let server = TestServer::start().await;
    let mut form = order_form(&server, "zoe@example.com").await;
    for (key, value) in [
        ("typeClient", "PROFESSIONNEL"),
        ("societe", "Éditions du Lys & Fils"),
        ("siren", "552 100 554"),
        ("numeroTva", "FR96552100554"),
        ("referenceClient", "BC-2026-17"),
        ("adresseFacturation", "3 quai Voltaire\n75007 Paris"),
    ] {
        form[key] = json!(value);
    }
    let ordered = server.post("/api/public/order", &form).await;
    assert_eq!(ordered.status, 201, "{:?}", ordered.body);
    let paid = format!("/dev/stripe/checkout/{}/pay", ordered.body["sessionId"].as_str().unwrap());
    send(server.request(Method::POST, &paid)).await;
    server.work().await;
    let mailbox = server.mailbox().await;
    let mail = mailbox.iter().find(|mail| mail["template"] == "invoice-user").unwrap();
    assert_eq!(mail["to"], "zoe@example.com");
    let path = format!(
        "/dev/mailbox/messages/{}/attachments/facture-FA-2026-000001.pdf",
        mail["id"].as_str().unwrap()
    );
    let (text, xml) = read(&bytes(&server, None, &path).await);
    for said in ["Éditions du Lys & Fils", "552 100 554", "BC-2026-17", "3 quai Voltaire", "FA-2026-000001"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    for said in
        ["Éditions du Lys &amp; Fils", "552100554", "BC-2026-17", "FR96552100554", "B2B", "FA-2026-000001"]
    {
        assert!(xml.contains(said), "{said} in {xml}");
    }
}
