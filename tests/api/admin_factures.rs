//! Invoices as administrators handle them.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::server::{Answer, Person, TestServer};

async fn as_admin(server: &TestServer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let admin: Person = server.admin().await;
    server.call(method, &format!("/api/admin/factures{path}"), Some(&admin.token), body).await
}

async fn listed(server: &TestServer, query: &str) -> Value {
    as_admin(server, Method::GET, &format!("?{query}"), None).await.ok(200).clone()
}

fn numbers(list: &Value) -> Vec<String> {
    let rows = list["invoices"].as_array().unwrap();
    rows.iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
}

async fn acts(server: &TestServer) -> Vec<String> {
    server
        .texts(
            "SELECT CONCAT(action, ' ', actor_email, ' ', target_type, ' ', severity) FROM audit_logs
             WHERE action LIKE 'INVOICE%' ORDER BY timestamp, id",
        )
        .await
}

async fn invoice(server: &TestServer) -> Uuid {
    let client = server.client().await;
    let order = server.commande(&client, "Un roman", "EN_COURS").await;
    server.invoice(order).await
}

async fn set(server: &TestServer, id: Uuid, column: &str, value: &str) {
    server
        .execute(&format!("UPDATE invoices SET {column} = '{value}' WHERE id = UNHEX('{}')", id.simple()))
        .await;
}

/// A credit note of `amount` on an invoice, without the payment that would issue it.
async fn credited(server: &TestServer, id: Uuid, amount: &str) {
    server
        .execute(&format!(
            "INSERT INTO invoices (id, commande_id, user_id, kind, original_invoice_id, number, amount, tax_amount, vat_regime,
                                   vat_rate_bp, status, issued_at, paid_at, seller, buyer, items, created_at, updated_at)
             SELECT UNHEX(REPLACE(UUID(), '-', '')), commande_id, user_id, 'CREDIT_NOTE', id, 'AV-2026-000001', {amount}, 100,
                    vat_regime, vat_rate_bp, 'PAID', issued_at, paid_at, seller, buyer, items, created_at, updated_at
             FROM invoices WHERE id = UNHEX('{}')",
            id.simple()
        ))
        .await;
}

#[tokio::test]
async fn the_list_pages_filters_orders_and_searches() {
    let server = TestServer::empty().await;
    let client = server.client().await;
    let titles = ["Un roman", "100 % pur", "a_b", "c\\d", "Un essai"];
    let mut ids = Vec::new();
    for title in titles {
        let order = server.commande(&client, title, "EN_COURS").await;
        ids.push(server.invoice(order).await);
    }
    for (id, number) in ids.iter().zip(1..) {
        set(&server, *id, "number", &format!("FA-2025-00000{number}")).await;
    }
    // Equal keys: pages neither repeat nor lose a row.
    for sort in ["createdAt", "amount", "status", "dueAt", "number", "unknown"] {
        for direction in ["asc", "desc"] {
            let mut seen = Vec::new();
            for page in 1..=3 {
                let query = format!("page={page}&limit=2&sortBy={sort}&sortOrder={direction}");
                let list = listed(&server, &query).await;
                assert_eq!(
                    list["pagination"],
                    json!({"page": page, "limit": 2, "total": 5, "totalPages": 3,
                           "hasNextPage": page < 3, "hasPreviousPage": page > 1})
                );
                seen.extend(numbers(&list));
            }
            if sort == "number" {
                assert_eq!(seen.is_sorted(), direction == "asc");
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 5, "{sort} {direction}");
        }
    }
    for (query, count) in [
        ("search=roman", 1),
        ("search=un%20essai", 1),
        ("search=FA-2025-000002", 1),
        ("search=client%40example.com", 5),
        ("search=%25", 1),
        ("search=_", 1),
        ("search=%5C", 1),
        ("search=%25_%5C", 0),
        ("limit=1000", 5),
        ("limit=5000", 5),
        ("statut=", 5),
    ] {
        assert_eq!(listed(&server, query).await["pagination"]["total"], count, "{query}");
    }
    for (id, status) in ids.iter().zip(["GENERATED", "SENT", "PAID", "OVERDUE", "CANCELLED"]) {
        set(&server, *id, "status", status).await;
    }
    for (statut, count) in [("EN_ATTENTE", 2), ("PAYEE", 1), ("ECHEANCE", 1), ("ANNULEE", 1)] {
        assert_eq!(
            listed(&server, &format!("statut={statut}")).await["pagination"]["total"],
            count,
            "{statut}"
        );
    }
    for query in ["?statut=PAID", "?page=-1", &format!("?search={}", "a".repeat(101))] {
        as_admin(&server, Method::GET, query, None).await.refused(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn a_page_of_the_list_takes_two_statements() {
    let server = TestServer::counted().await;
    invoice(&server).await;
    invoice(&server).await;
    let admin = server.admin().await;
    for query in ["limit=1", "limit=1&statut=PAYEE&sortBy=number", "limit=1&search=roman"] {
        let path = format!("/api/admin/factures?{query}");
        let request = server.request(Method::GET, &path).bearer_auth(&admin.token);
        server.assert_statements(2, request).await.ok(200);
    }
}

#[tokio::test]
async fn an_invoice_is_shown_as_the_web_application_reads_it() {
    let server = TestServer::empty().await;
    let id = invoice(&server).await;
    credited(&server, id, "1000").await;
    let list = listed(&server, "sortBy=number&sortOrder=asc").await;
    let (note, row) = (&list["invoices"][0], &list["invoices"][1]);
    assert_eq!(
        (&note["kind"], &note["amount"], &note["taxAmount"]),
        (&json!("CREDIT_NOTE"), &json!(-1000), &json!(-100))
    );
    assert_eq!((&note["amountFormatted"], &note["originalNumber"]), (&json!("-10.00 €"), &row["number"]));
    assert!(row["commande"]["client"]["nom"].as_str().unwrap().contains(' '), "one text: {row}");
    assert_eq!(row["commande"]["client"]["email"], "client@example.com");
    let one = as_admin(&server, Method::GET, &format!("/{id}"), None).await.ok(200).clone();
    assert_eq!((&one["id"], &one["status"]), (&json!(id.to_string()), &json!("PAID")));
    for key in ["id", "prenom", "nom", "email", "adresse", "telephone"] {
        assert!(one["commande"]["client"].get(key).is_some(), "{key}");
    }
    // The link opens without a session; the routes need one.
    let link = one["pdfUrl"].as_str().unwrap();
    assert_eq!(server.get(link).await.status, 200, "{link}");
    for path in ["pdf", "download"] {
        let answer = as_admin(&server, Method::GET, &format!("/{id}/{path}"), None).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["content-disposition"].to_str().unwrap().contains("facture-FA-2026-"));
    }
    // Once for the quarter of an hour, whichever the way.
    assert_eq!(
        acts(&server).await,
        [
            "INVOICE_ACCESSED admin@example.com invoice LOW",
            "INVOICE_DOWNLOADED admin@example.com invoice LOW"
        ]
    );
}

#[tokio::test]
async fn an_invoice_is_sent_again_with_its_file() {
    let server = TestServer::empty().await;
    let id = invoice(&server).await;
    set(&server, id, "status", "GENERATED").await;
    for path in ["send", "resend", "reminder"] {
        let sent = as_admin(&server, Method::POST, &format!("/{id}/{path}"), None).await;
        assert_eq!(sent.ok(200)["message"], "La facture part à l’adresse client@example.com.");
        server.advance(chrono::Duration::minutes(1));
    }
    assert_eq!(server.value("SELECT status FROM invoices").await.as_deref(), Some("SENT"));
    assert_eq!(server.count("email_outbox WHERE template = 'invoice-user'").await, 3);
    server.ignore_mails();
    assert_eq!(acts(&server).await, ["INVOICE_SENT admin@example.com invoice MEDIUM"; 3]);
    set(&server, id, "status", "PAID").await;
    as_admin(&server, Method::POST, &format!("/{id}/send"), None).await.ok(200);
    assert_eq!(server.value("SELECT status FROM invoices").await.as_deref(), Some("PAID"), "never backwards");
}

#[tokio::test]
async fn a_state_changes_only_as_the_law_allows() {
    let server = TestServer::empty().await;
    let id = invoice(&server).await;
    let path = format!("/{id}");
    let put = |statut: &'static str| as_admin(&server, Method::PUT, &path, Some(json!({"statut": statut})));
    // Paid: neither unpaid again nor cancelled without a credit note of all of it.
    put("PAYEE").await.ok(200);
    for statut in ["EN_ATTENTE", "ECHEANCE"] {
        put(statut).await.refused(409, "INVALID_TRANSITION");
    }
    put("ANNULEE").await.refused(409, "CREDIT_NOTE_REQUIRED");
    credited(&server, id, "1000").await;
    as_admin(&server, Method::DELETE, &path, None).await.refused(409, "CREDIT_NOTE_REQUIRED");
    assert!(acts(&server).await.is_empty(), "what changed nothing is on no record");
    server
        .execute("UPDATE invoices n JOIN invoices o ON o.id = n.original_invoice_id SET n.amount = o.amount")
        .await;
    as_admin(&server, Method::DELETE, &path, None).await.ok(200);
    as_admin(&server, Method::DELETE, &path, None).await.ok(200);
    put("PAYEE").await.refused(409, "INVALID_TRANSITION");
    assert_eq!(server.count("invoices").await, 2, "an issued invoice never disappears");
    let note = server.value("SELECT LOWER(HEX(id)) FROM invoices WHERE kind = 'CREDIT_NOTE'").await.unwrap();
    let note = note.parse::<Uuid>().unwrap();
    as_admin(&server, Method::DELETE, &format!("/{note}"), None).await.refused(409, "INVALID_TRANSITION");
    // Not paid yet.
    let second = invoice(&server).await;
    server
        .execute(&format!(
            "UPDATE invoices SET status = 'SENT', paid_at = NULL WHERE id = UNHEX('{}')",
            second.simple()
        ))
        .await;
    for (statut, status) in [("ECHEANCE", "OVERDUE"), ("EN_ATTENTE", "SENT"), ("PAYEE", "PAID")] {
        let body = Some(json!({"statut": statut}));
        let moved = as_admin(&server, Method::PUT, &format!("/{second}/status"), body).await;
        assert_eq!(moved.ok(200)["status"], status);
    }
    assert_eq!(server.count("invoices WHERE paid_at IS NULL").await, 0);
    let updated = "INVOICE_UPDATED admin@example.com invoice MEDIUM";
    let cancelled = "INVOICE_CANCELLED admin@example.com invoice HIGH";
    assert_eq!(acts(&server).await, [cancelled, updated, updated, updated]);
    for body in [json!({}), json!({"statut": "PAID"}), json!({"statut": 1})] {
        let refused = as_admin(&server, Method::PUT, &path, Some(body)).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
    }
}

#[tokio::test]
async fn a_file_is_made_anew_for_the_same_document() {
    let server = TestServer::empty().await;
    let id = invoice(&server).await;
    let kept = "SELECT CONCAT(number, issued_at, created_at, amount, status) FROM invoices";
    let (before, key) = (server.value(kept).await, server.value("SELECT pdf_key FROM invoices").await);
    let done = as_admin(&server, Method::POST, &format!("/{id}/regenerate"), None).await.ok(200).clone();
    assert_eq!(server.value(kept).await, before);
    assert_ne!(server.value("SELECT pdf_key FROM invoices").await, key);
    assert_eq!(server.get(done["pdfUrl"].as_str().unwrap()).await.status, 200);
    assert_eq!(server.count("email_outbox").await, 0, "nobody is told");
    assert_eq!(acts(&server).await[0], "INVOICE_PDF_GENERATED admin@example.com invoice LOW");
}
