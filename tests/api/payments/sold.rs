//! What an invoice says was sold.

use serde_json::json;

use super::bench::{accepted, author_order, completed, event, execute, order_form, paid_session, value};
use super::invoices::{bytes, read};
use crate::support::server::{CLIENT, TestServer};

/// A guest's order of these many pages at its payment page: Stripe's id of the session.
async fn ordered(server: &TestServer, pages: u32) -> String {
    let mut form = order_form(server, "zoe@example.com").await;
    form["nombrePages"] = json!(pages);
    form["description"] = json!("Entre nous : je suis très malade.");
    let answer = server.post("/api/public/order", &form).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body["sessionId"].as_str().unwrap().to_owned()
}

/// The text and the XML of the only invoice.
async fn invoice(server: &TestServer) -> (String, String) {
    server.work().await;
    let mailbox = server.mailbox().await;
    let mail = mailbox.iter().find(|mail| mail["template"] == "invoice-user").unwrap();
    let name = mail["attachments"][0]["filename"].as_str().unwrap();
    let path = format!("/dev/mailbox/messages/{}/attachments/{name}", mail["id"].as_str().unwrap());
    let (text, xml) = read(&bytes(server, None, &path).await);
    (text.replace(['\u{a0}', '\u{202f}'], " "), xml)
}

fn lines(xml: &str) -> Vec<(String, String, String, String)> {
    let between = |text: &str, open: &str, close: &str| {
        let start = text.find(open).unwrap() + open.len();
        text[start..].split(close).next().unwrap().split('>').next_back().unwrap().to_owned()
    };
    xml.split("<ram:IncludedSupplyChainTradeLineItem>")
        .skip(1)
        .map(|line| {
            let field = |open: &str, close: &str| between(line, open, close).replace('\u{a0}', " ");
            (
                field("<ram:Name>", "</ram:Name>"),
                field("<ram:BilledQuantity", "</ram:BilledQuantity>"),
                field("<ram:ChargeAmount>", "</ram:ChargeAmount>"),
                field("<ram:LineTotalAmount>", "</ram:LineTotalAmount>"),
            )
        })
        .collect()
}

fn line(name: &str, quantity: &str, unit: &str, total: &str) -> (String, String, String, String) {
    (name.into(), quantity.into(), unit.into(), total.into())
}

#[tokio::test]
async fn pages_are_invoiced_as_they_were_sold() {
    let server = TestServer::start().await;
    let session = ordered(&server, 350).await;
    // The list changes between the order and its payment.
    execute(&server, "UPDATE tarifs SET prix = prix * 3 WHERE unite = 'PAGE'").await;
    let mut paid = paid_session(&session);
    paid["amount_total"] = json!(63_000);
    accepted(&server, &event("checkout.session.completed", paid)).await;
    let (text, xml) = invoice(&server).await;
    assert_eq!(
        lines(&xml),
        [
            line("Correction Standard : 10 pages offertes", "10", "0.00", "0.00"),
            line("Correction Standard : pages 11 à 300", "290", "1.666655", "483.33"),
            line("Correction Standard : pages 301 à 350", "50", "0.8334", "41.67"),
        ]
    );
    for said in ["L’œuvre au noir", "290 pages à 2,00 € TTC", "50 pages à 1,00 € TTC", "630,00 €"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    for kept in ["Entre nous", "malade"] {
        assert!(!text.contains(kept) && !xml.contains(kept), "{kept}");
    }
    assert_eq!(server.count("invoices WHERE items LIKE '%malade%'").await, 0);
    // Nothing is delivered yet.
    assert!(text.contains("Prestation à venir"), "{text}");
    assert!(!xml.contains("ActualDeliverySupplyChainEvent"), "{xml}");
}

#[tokio::test]
async fn an_agreed_price_and_a_delivered_work_are_told_as_they_are() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    execute(
        &server,
        "UPDATE commandes SET statut = 'TERMINE', date_finition = '2026-03-08 22:59:00', description = 'note privée'",
    )
    .await;
    accepted(&server, &completed(&waiting.session)).await;
    let (text, xml) = invoice(&server).await;
    assert_eq!(lines(&xml), [line("Correction de manuscrit", "1", "233.33", "233.33")]);
    assert!(text.contains("Un roman fleuve") && text.contains("08/03/2026"), "{text}");
    assert!(!text.contains("note privée"), "{text}");
    assert!(xml.contains("20260308"), "{xml}");
    let supplied = value(&server, "SELECT CAST(supplied_on AS CHAR) FROM invoices").await;
    assert_eq!(supplied.as_deref(), Some("2026-03-08"));
}

#[tokio::test]
async fn another_amount_than_the_pages_is_one_line() {
    let server = TestServer::start().await;
    let session = ordered(&server, 150).await;
    let mut paid = paid_session(&session);
    paid["amount_total"] = json!(27_000);
    accepted(&server, &event("checkout.session.completed", paid)).await;
    let (_, xml) = invoice(&server).await;
    assert_eq!(lines(&xml), [line("Correction Standard (150 pages)", "1", "225.00", "225.00")]);
}
