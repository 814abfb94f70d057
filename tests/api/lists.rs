//! What lists cost on tables that have grown, and that their totals tell the truth.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};
use staka::auth::Role;
use staka::db::Conn;

use crate::shop::{Person, Shop};

/// Rows read and rows sorted by the statements of one connection.
#[derive(Clone, Copy)]
pub struct Work {
    pub read: i64,
    pub sorted: i64,
}

/// A server that has one connection left, whose work the database counts.
pub struct Meter {
    pub shop: Shop,
    _others: Vec<Conn>,
}

impl Meter {
    pub async fn on(shop: Shop) -> Self {
        let connections = shop.state.db.pool().options().get_max_connections();
        let mut others = Vec::new();
        for _ in 1..connections {
            others.push(shop.conn().await);
        }
        Self { shop, _others: others }
    }

    async fn counters(&self) -> Work {
        let status =
            "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Sort_rows'";
        let rows = sqlx::raw_sql(status).fetch_all(&mut *self.shop.conn().await).await.unwrap();
        let mut work = Work { read: 0, sorted: 0 };
        for row in rows {
            let value: i64 = row.get::<String, _>(1).parse().unwrap();
            match row.get::<String, _>(0).as_str() {
                "Sort_rows" => work.sorted += value,
                _ => work.read += value,
            }
        }
        work
    }

    /// What a request made the database do.
    pub async fn work_of(&self, person: &Person, path: &str) -> Work {
        let started = self.counters().await;
        let before = self.counters().await;
        self.shop.json(self.shop.get_as(person, path), 200).await;
        let after = self.counters().await;
        // Reading the counters may itself count.
        let own = before.read - started.read;
        Work { read: after.read - before.read - own, sorted: after.sorted - before.sorted }
    }
}

async fn execute(conn: &mut Conn, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **conn).await.unwrap();
}

/// 8 192 orders, invoices and notifications of eight people, and sixty of the author's.
async fn grown(shop: &Shop) -> Person {
    for number in 0..8 {
        let person = shop.person(&format!("reader{number}@example.com"), Role::User).await;
        shop.commande(&person, "Un roman", "EN_COURS").await;
    }
    let author = shop.person("author@example.com", Role::User).await;
    let mut conn = shop.conn().await;
    let order = |user: &str, number: &str| {
        format!(
            "INSERT INTO commandes (id, user_id, titre, statut, created_at, updated_at)
             SELECT UNHEX(REPLACE(UUID(), '-', '')), {user}, titre,
                    ELT(1 + CONV(SUBSTR(HEX(id), 6, 2), 16, 10) % 3, 'EN_COURS', 'TERMINE', 'EN_ATTENTE'),
                    created_at + INTERVAL {number} SECOND, updated_at FROM commandes"
        )
    };
    for round in 0..10 {
        execute(&mut conn, &order("user_id", &(1 << round).to_string())).await;
    }
    let id = format!("UNHEX('{}')", author.id.simple());
    execute(&mut conn, &format!("{} LIMIT 60", order(&id, "7"))).await;
    for table in [
        "INSERT INTO invoices (id, commande_id, user_id, number, amount, tax_amount, vat_regime, vat_rate_bp, issued_at, seller,
                               buyer, items, created_at, updated_at)
         SELECT id, id, user_id, HEX(id), 35000, 0, 'FRANCHISE', 0, created_at, '{}', '{}', '[]', created_at, created_at
         FROM commandes",
        "INSERT INTO notifications (id, user_id, title, message, is_read, expires_at, created_at, updated_at)
         SELECT id, user_id, titre, titre, statut <> 'EN_COURS', created_at + INTERVAL 30 DAY, created_at, created_at
         FROM commandes",
        "ANALYZE TABLE commandes, invoices, notifications",
    ] {
        execute(&mut conn, table).await;
    }
    author
}

#[tokio::test]
async fn a_list_reads_what_it_shows_however_long_the_table() {
    let shop = Shop::open().await;
    let author = grown(&shop).await;
    let meter = Meter::on(shop).await;
    meter.work_of(&author, "/projects").await; // The session is read, statements are prepared.
    for path in [
        "/projects",
        "/projects?page=3",
        "/projects?search=un%20roman",
        "/commandes",
        "/commandes?statut=TERMINE",
        "/invoices",
        "/invoices?page=2",
        "/notifications",
    ] {
        let work = meter.work_of(&author, path).await;
        // In the order of the index; a server may find it cheaper to sort the author's sixty, never anybody else's.
        assert!(work.sorted <= 60, "{path}: {} rows sorted", work.sorted);
        // A page of twenty with what is joined to it, and sixty index entries counted.
        assert!(work.read < 200, "{path}: {} rows read", work.read);
    }
    // The author's own rows may be sorted here, nobody else's are touched.
    for path in ["/projects?status=active", "/notifications?unreadOnly=true"] {
        let work = meter.work_of(&author, path).await;
        assert!(
            work.sorted <= 60 && work.read < 300,
            "{path}: {} rows sorted, {} read",
            work.sorted,
            work.read
        );
    }
}

#[tokio::test]
async fn a_corrector_reads_what_they_see_however_much_is_assigned() {
    let shop = Shop::open().await;
    grown(&shop).await;
    let corrector = shop.person("reader0@example.com", Role::Corrector).await;
    // A thousand orders and more for each of eight.
    shop.execute("UPDATE users SET role = 'CORRECTOR' WHERE email LIKE 'reader%'").await;
    shop.execute("UPDATE commandes SET corrector_id = user_id WHERE user_id IN (SELECT id FROM users WHERE role = 'CORRECTOR')").await;
    shop.execute("ANALYZE TABLE commandes").await;
    let meter = Meter::on(shop).await;
    // The session is read, statements are prepared, the long total is counted and remembered.
    meter.work_of(&corrector, "/corrector/projects").await;
    let finished = "/corrector/projects?statut=TERMINE";
    meter.work_of(&corrector, finished).await;
    // A third of the thousand is finished, and counted each time.
    for (path, most) in
        [("/corrector/projects", 300), ("/corrector/projects?limit=10&page=3", 300), (finished, 700)]
    {
        let work = meter.work_of(&corrector, path).await;
        assert!(work.sorted == 0 && work.read < most, "{path}: {} sorted, {} read", work.sorted, work.read);
    }
}

#[tokio::test]
async fn the_team_reads_a_page_of_invoices_in_the_order_of_an_index() {
    let shop = Shop::open().await;
    grown(&shop).await;
    let admin = shop.person("equipe@example.com", Role::Admin).await;
    let meter = Meter::on(shop).await;
    // The session is read, statements are prepared, the long total is counted and remembered.
    meter.work_of(&admin, "/admin/factures").await;
    for sort in ["createdAt", "number", "amount", "status", "dueAt"] {
        for direction in ["asc", "desc"] {
            let path = format!("/admin/factures?page=2&sortBy={sort}&sortOrder={direction}");
            let work = meter.work_of(&admin, &path).await;
            assert!(
                work.sorted == 0 && work.read < 200,
                "{path}: {} sorted, {} read",
                work.sorted,
                work.read
            );
        }
    }
    // None of them is paid.
    let work = meter.work_of(&admin, "/admin/factures?statut=PAYEE").await;
    assert!(work.sorted == 0 && work.read < 20, "{} sorted, {} read", work.sorted, work.read);
}

fn total(body: &Value) -> u64 {
    let place = if body["meta"].is_null() { &body["pagination"] } else { &body["meta"] };
    place["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_total_follows_every_row_of_a_short_list() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for number in 1..=5 {
        shop.commande(&author, "Un roman", "EN_COURS").await;
        for path in ["/projects?limit=2", "/projects?limit=2&page=9", "/commandes?limit=2", "/commandes"] {
            let body = shop.json(shop.get_as(&author, path), 200).await;
            assert_eq!(total(&body), number, "{path}");
        }
    }
    let page = shop.json(shop.get_as(&author, "/commandes?limit=2&page=2&statut=EN_COURS"), 200).await;
    assert_eq!(page["pagination"], json!({"page": 2, "limit": 2, "total": 5, "totalPages": 3}));
    assert_eq!(page["filters"], json!({"statut": "EN_COURS"}));
    assert_eq!(page["commandes"].as_array().unwrap().len(), 2, "the row that tells of others is not shown");
    let invoices = shop.json(shop.get_as(&author, "/invoices?page=2"), 200).await;
    let nowhere = json!({"page": 2, "limit": 10, "total": 0, "totalPages": 0, "hasNextPage": false, "hasPreviousPage": true});
    assert_eq!(invoices["pagination"], nowhere);
}
