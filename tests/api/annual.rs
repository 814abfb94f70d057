//! What a year comes to, as the billing page shows it.

use serde_json::json;
use staka::auth::Role;
use uuid::Uuid;

use crate::shop::{Person, Shop};

/// An order with its pages, invoiced at an instant.
async fn invoiced(shop: &Shop, author: &Person, pages: Option<(Option<i32>, i32)>, paid_at: &str) -> Uuid {
    let (order, _) = shop.paid_order(author).await;
    let id = shop.invoice(order).await;
    let (checked, declared) = pages.map_or((None, None), |(checked, declared)| (checked, Some(declared)));
    sqlx::query("UPDATE commandes SET pages_verifiees = ?, pages_declarees = ? WHERE id = ?")
        .bind(checked)
        .bind(declared)
        .bind(order)
        .execute(shop.state.db.pool())
        .await
        .unwrap();
    shop.execute(&format!("UPDATE invoices SET paid_at = '{paid_at}' WHERE id = UNHEX('{}')", id.simple()))
        .await;
    id
}

#[tokio::test]
async fn a_year_is_what_its_invoices_come_to() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let other = shop.person("other@example.com", Role::User).await;
    let year = async |year: &str| {
        shop.json(shop.get_as(&author, &format!("/api/stats/annual?year={year}")), 200).await
    };
    assert_eq!(year("2026").await, json!({"totalSpent": 0, "pagesCorrected": 0, "orders": 0}));

    // Half an hour before and after the year begins in Paris.
    invoiced(&shop, &author, Some((None, 100)), "2025-12-31 22:30:00").await;
    let first = invoiced(&shop, &author, Some((Some(160), 150)), "2025-12-31 23:30:00").await;
    invoiced(&shop, &author, None, "2026-06-01 10:00:00").await;
    invoiced(&shop, &author, Some((None, 90)), "2026-12-31 22:59:59").await;
    invoiced(&shop, &other, Some((None, 70)), "2026-06-01 10:00:00").await;
    assert_eq!(year("2025").await, json!({"totalSpent": 28_000, "pagesCorrected": 100, "orders": 1}));
    // As counted, estimated by what it cost, and as declared.
    assert_eq!(
        year("2026").await,
        json!({"totalSpent": 84_000, "pagesCorrected": 160 + 140 + 90, "orders": 3})
    );
    // An edit moves nothing.
    shop.execute("UPDATE commandes SET updated_at = '2027-01-01'").await;
    assert_eq!(year("2026").await["orders"], 3);

    // What is given back counts in the year it is given back.
    shop.execute(&format!(
        "INSERT INTO invoices (id, commande_id, user_id, kind, original_invoice_id, number, amount, tax_amount, vat_regime,
                               vat_rate_bp, status, issued_at, paid_at, seller, buyer, items, created_at, updated_at)
         SELECT UNHEX(LEFT(SHA2('note', 256), 32)), commande_id, user_id, 'CREDIT_NOTE', id, 'AV-2027-000001', 8000, 0, vat_regime, vat_rate_bp,
                'PAID', '2027-02-01', '2027-02-01', seller, buyer, items, created_at, updated_at
         FROM invoices WHERE id = UNHEX('{}')",
        first.simple()
    ))
    .await;
    assert_eq!(year("2026").await["totalSpent"], 84_000);
    assert_eq!(year("2027").await, json!({"totalSpent": -8_000, "pagesCorrected": 0, "orders": 0}));
    for edge in ["0000", "0999", "1000", "9998", "9999"] {
        assert_eq!(year(edge).await["orders"], 0, "{edge}");
    }
    for wrong in [
        "/stats/annual",
        "/stats/annual?year=",
        "/stats/annual?year=26",
        "/stats/annual?year=20260",
        "/stats/annual?year=+202",
        "/stats/annual?year=%C2%B2026",
    ] {
        shop.refused(shop.get_as(&author, wrong), 400, "VALIDATION_ERROR").await;
    }
    shop.refused(shop.get("/stats/annual?year=2026"), 401, "TOKEN_MISSING").await;
}
