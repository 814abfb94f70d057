//! Lists of documents: what they show to whom, and what they cost.

use serde_json::{Value, json};
use staka::auth::Role;

use super::{Desk, keys};
use crate::{
    lists::Meter,
    shop::{Person, Shop},
};

fn names(body: &Value) -> Vec<&str> {
    body["files"].as_array().unwrap().iter().map(|file| file["filename"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_documents_are_those_of_ones_orders_and_everybodys_for_an_administrator() {
    let desk = Desk::open().await;
    let elsewhere = desk.commande(&desk.stranger, "Un autre roman", "EN_COURS").await;
    for (order, by, name, corrected) in [
        (desk.order, &desk.author, "manuscrit.txt", false),
        (desk.order, &desk.corrector, "corrigé.txt", true),
        (elsewhere, &desk.stranger, "ailleurs.txt", false),
    ] {
        desk.document(Some(order), by, name, corrected).await;
    }
    desk.document(None, &desk.author, "pièce jointe.txt", false).await;
    let own = desk.json(desk.get_as(&desk.author, "/api/files/user/all"), 200).await;
    assert_eq!(names(&own), ["corrigé.txt", "manuscrit.txt"]);
    assert_eq!(own["count"], 2);
    let mut expected = [
        "id",
        "filename",
        "mimeType",
        "size",
        "url",
        "type",
        "commandeId",
        "uploadedAt",
        "isAdminFile",
        "projectTitle",
    ];
    expected.sort_unstable();
    assert_eq!(keys(&own["files"][0]), expected);
    assert_eq!(
        (&own["files"][0]["isAdminFile"], &own["files"][0]["projectTitle"]),
        (&json!(true), &json!("Un roman payé"))
    );
    let all = desk.json(desk.get_as(&desk.admin, "/files/user/all"), 200).await;
    assert_eq!(names(&all), ["ailleurs.txt", "corrigé.txt", "manuscrit.txt"]);
    assert_eq!(all["files"][0]["owner"], json!({"name": "Zoé Martin", "email": "stranger@example.com"}));
    let page = desk.json(desk.get_as(&desk.admin, "/files/user/all?limit=1&page=2"), 200).await;
    assert_eq!((names(&page), &page["count"]), (vec!["corrigé.txt"], &json!(3)));
    // A corrector has no order, and sent a document.
    let none = desk.json(desk.get_as(&desk.corrector, "/files/user/all"), 200).await;
    assert_eq!(none, json!({"files": [], "count": 0}));
    desk.refused(desk.get("/files/user/all"), 401, "TOKEN_MISSING").await;

    let sent = desk.json(desk.get_as(&desk.author, "/api/files/user?page=1&limit=20"), 200).await;
    assert_eq!(names(&sent), ["pièce jointe.txt", "manuscrit.txt"]);
    assert_eq!(sent["pagination"], json!({"page": 1, "limit": 20, "total": 2, "totalPages": 1}));
    let mut expected = ["id", "filename", "size", "mimeType", "type", "createdAt"];
    expected.sort_unstable();
    assert_eq!(keys(&sent["files"][0]), expected);
    let sent = desk.json(desk.get_as(&desk.corrector, "/files/user"), 200).await;
    assert_eq!(names(&sent), ["corrigé.txt"]);
}

/// Ten thousand orders of eight people and a hundred thousand documents, of which sixty are the author's.
async fn grown(shop: &Shop) -> (Person, uuid::Uuid) {
    let mut readers = Vec::new();
    for number in 0..8 {
        readers.push(shop.person(&format!("reader{number}@example.com"), Role::User).await);
    }
    let author = shop.person("author@example.com", Role::User).await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    let digits = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
                   UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let numbers = format!(
        "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM {digits} a, {digits} b, {digits} c, {digits} e) numbers"
    );
    let ids = readers
        .iter()
        .map(|person| format!("UNHEX('{}')", person.id.simple()))
        .collect::<Vec<_>>()
        .join(", ");
    let mut statements = vec![
        "SET @@unique_checks = 0, @@foreign_key_checks = 0".to_owned(),
        format!(
            "INSERT INTO commandes (id, user_id, titre, statut, created_at, updated_at)
             SELECT UNHEX(LPAD(HEX(n), 32, '0')), ELT(1 + n % 8, {ids}), 'Un roman', 'EN_COURS', '2026-01-01' + INTERVAL n SECOND, '2026-01-01'
             FROM {numbers}"
        ),
    ];
    for tenth in 0..10 {
        statements.push(format!(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, uploaded_by_id, commande_id, created_at, updated_at)
             SELECT UNHEX(LPAD(HEX({tenth} * 10000 + n), 32, '0')), 'roman.txt', CONCAT('projects/', {tenth}, LPAD(n, 4, '0')),
                    'text/plain', 10, ELT(1 + n % 8, {ids}), UNHEX(LPAD(HEX(n), 32, '0')),
                    '2026-01-01' + INTERVAL {tenth} * 10000 + n SECOND, '2026-01-01'
             FROM {numbers}"
        ));
    }
    let (me, mine) = (author.id.simple(), order.simple());
    statements.push(format!(
        "INSERT INTO files (id, filename, storage_key, mime_type, size, uploaded_by_id, commande_id, created_at, updated_at)
         SELECT UNHEX(LEFT(SHA2(CONCAT('m', n), 256), 32)), 'roman.txt', CONCAT('projects/mine/', n), 'text/plain', 10, UNHEX('{me}'),
                UNHEX('{mine}'), '2026-01-01' + INTERVAL n HOUR, '2026-01-01'
         FROM {numbers} WHERE n < 60"
    ));
    statements.push("ANALYZE TABLE commandes, files".to_owned());
    let mut conn = shop.conn().await;
    for sql in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    }
    (author, order)
}

#[tokio::test]
async fn lists_read_what_they_show_among_a_hundred_thousand_documents() {
    let shop = Shop::open().await;
    let (author, order) = grown(&shop).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let meter = Meter::on(shop).await;
    let of_order = format!("/files/projects/{order}/files");
    for (person, path) in [
        (&author, of_order.as_str()),
        (&author, "/files/user/all"),
        (&author, "/files/user"),
        (&author, "/files/user?page=2"),
        (&admin, of_order.as_str()),
        (&admin, "/files/user/all?limit=20"),
        (&admin, "/files/user/all?limit=20&page=3"),
    ] {
        // Statements are prepared, the session is read, and a total of all orders is counted, once in a while.
        meter.work_of(person, path).await;
        let work = meter.work_of(person, path).await;
        // Sixty documents of one order, with what is joined to each; or a page of twenty, and sixty entries counted.
        assert!(work.sorted <= 61 && work.read < 330, "{path}: {} sorted, {} read", work.sorted, work.read);
    }
}
