//! Accounts as administrators look at them and change them.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use staka::auth::Role;
use uuid::Uuid;

use crate::{
    lists::Meter,
    shop::Shop,
    support::server::{Answer, Person, TestServer},
};

/// An administrator at work.
struct Desk {
    server: TestServer,
    admin: Person,
}

impl Desk {
    async fn open() -> Self {
        let server = TestServer::start().await;
        let admin = server.admin().await;
        Self { server, admin }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.server.call(method, &format!("/api/admin{path}"), Some(&self.admin.token), body).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn list(&self, query: &str) -> Value {
        self.ask(Method::GET, &format!("/users?{query}"), None).await.ok(200).clone()
    }

    /// Acts on accounts, in the order they were done, and forgets them.
    async fn acts(&self) -> Vec<String> {
        let sql = "SELECT CONCAT(action, ' ', severity, ' ', target_type, ' ', COALESCE(details, '')) FROM audit_logs
                   WHERE action LIKE 'USER\\_%' AND actor_email = 'admin@example.com' ORDER BY timestamp, id";
        let acts = self.server.texts(sql).await;
        self.server.execute("DELETE FROM audit_logs").await;
        acts
    }
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn accounts_are_listed_page_by_page_searched_and_filtered() {
    let desk = Desk::open().await;
    let server = &desk.server;
    for number in 0..25 {
        server.user(&format!("auteur{number:02}@exemple.fr"), Role::User, None).await;
    }
    server.user("cent%_\\@exemple.fr", Role::Corrector, None).await;
    server.execute("UPDATE users SET nom = 'L’Été à_Sète 100%\\\\', prenom = 'Anne' WHERE email = 'auteur07@exemple.fr'").await;
    server.execute("UPDATE users SET is_active = FALSE WHERE email IN ('auteur03@exemple.fr', 'auteur04@exemple.fr')").await;
    server.execute("UPDATE users SET deleted_at = created_at WHERE email = 'auteur24@exemple.fr'").await;
    // Everybody came at one instant and most are called the same: pages neither repeat nor lose anybody.
    for sort in ["", "&sortBy=nom&sortDirection=asc", "&sortBy=role", "&sortBy=status", "&sortBy=updatedAt"] {
        let mut seen = Vec::new();
        for page in 1..=3 {
            let list = desk.list(&format!("page={page}&limit=10{sort}")).await;
            // The three of the seeds, 24 of ours and one more.
            assert_eq!(
                list["pagination"],
                json!({"page": page, "limit": 10, "total": 28, "totalPages": 3}),
                "{sort}"
            );
            seen.extend(ids(&list));
        }
        let told = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((told, seen.len()), (28, 28), "{sort}");
    }
    for (query, total) in [
        ("search=anne", 1),
        ("search=Anne%20%C3%89t%C3%A9", 1),
        ("search=ETE%20anne%20AUTEUR07@EXEMPLE", 1),
        ("search=Anne%20Martin", 0),
        ("search=%25_%5C", 1),
        ("search=100%25%5C", 1),
        ("search=%25", 2),
        ("role=ADMIN", 1),
        ("role=CORRECTOR", 2),
        ("role=USER&isActive=false", 2),
        ("isActive=true", 26),
        ("isActive=non", 2),
        ("role=&isActive=&search=", 28),
        ("limit=500", 28),
        ("page=0&limit=0", 28),
    ] {
        assert_eq!(desk.list(query).await["pagination"]["total"], total, "{query}");
    }
    assert_eq!(desk.list("limit=500").await["pagination"]["limit"], 100);
    let emails = |list: &Value| -> Vec<String> {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["email"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = |list: Value| emails(&list)[0].clone();
    assert_eq!(first(desk.list("sortBy=email&sortDirection=asc").await), "admin@example.com");
    assert_eq!(first(desk.list("sortBy=email").await), "correcteur@example.com");
    assert_eq!(first(desk.list("sortBy=status&sortDirection=asc").await), "auteur03@exemple.fr");
    assert_eq!(first(desk.list("sortBy=role&sortDirection=asc&role=ADMIN").await), "admin@example.com");
    assert_eq!(
        emails(&desk.list("sortDirection=asc").await),
        emails(&desk.list("sortBy=password_hash&sortDirection=asc").await),
        "an order there is not is the list's own"
    );
    for query in ["page=-1", "limit=-1", "role=CHEF", &format!("search={}", "a".repeat(101))] {
        let refused = desk.ask(Method::GET, &format!("/users?{query}"), None).await;
        refused.refused(400, "VALIDATION_ERROR");
    }
    let row = desk.list("search=anne").await["data"][0].clone();
    let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "prenom",
            "nom",
            "email",
            "role",
            "isActive",
            "createdAt",
            "updatedAt",
            "adresse",
            "telephone",
            "avatar"
        ]
        .iter()
        .copied()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_account_and_the_figures_are_told_without_those_of_the_demonstration() {
    let desk = Desk::open().await;
    let server = &desk.server;
    let client = server.client().await;
    server.commande(&client, "Un roman", "EN_COURS").await;
    server.notification(&client).await;
    server.conversation(&client).await;
    let one = desk.ask(Method::GET, &format!("/users/{}", client.id), None).await.ok(200)["data"].clone();
    assert_eq!(
        (&one["email"], &one["_count"]["commandes"], &one["_count"]["notifications"]),
        (&json!("client@example.com"), &json!(1), &json!(1))
    );
    let messages =
        one["_count"]["sentMessages"].as_i64().unwrap() + one["_count"]["receivedMessages"].as_i64().unwrap();
    assert!(messages >= 1, "{one}");
    for number in 0..4 {
        server.user(&format!("demo{number}@exemple.fr"), Role::User, None).await;
    }
    server.user("ancien@exemple.fr", Role::User, None).await;
    server.execute("UPDATE users SET is_demo = TRUE WHERE email LIKE 'demo%'").await;
    server
        .execute("UPDATE users SET is_active = FALSE, created_at = created_at - INTERVAL 31 DAY WHERE email = 'ancien@exemple.fr'")
        .await;
    let figures = desk.ask(Method::GET, "/users/stats", None).await.ok(200)["data"].clone();
    assert_eq!(
        figures,
        json!({"total": 4, "actifs": 3, "inactifs": 1, "admin": 1, "users": 3, "recents": 3})
    );
    let me = desk.ask(Method::GET, "/test", None).await.ok(200).clone();
    assert_eq!(
        (&me["user"]["role"], &me["timestamp"]),
        (&json!("ADMIN"), &json!("2026-03-10T09:00:00.000Z"))
    );
    let absent = format!("/users/{}", Uuid::nil());
    desk.ask(Method::GET, &absent, None).await.refused(404, "NOT_FOUND");
    desk.ask(Method::GET, "/users/nobody", None).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_list_takes_two_statements_and_the_rest_one() {
    let server = TestServer::counted().await;
    let admin = server.admin().await;
    for number in 0..12 {
        server.user(&format!("auteur{number}@exemple.fr"), Role::User, None).await;
    }
    for (path, statements) in [
        ("/admin/users?page=1&limit=10&search=a&sortBy=status".to_owned(), 2),
        ("/admin/users?limit=100".to_owned(), 1),
        ("/admin/users/stats".to_owned(), 1),
        (format!("/admin/users/{}", admin.id), 1),
    ] {
        let request = server.request(Method::GET, &path).bearer_auth(&admin.token);
        server.assert_statements(statements, request).await;
    }
}

#[tokio::test]
async fn a_page_of_accounts_reads_what_it_shows_however_many_there_are() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for number in 0..25 {
        shop.user(&format!("a{number}@exemple.fr"), Role::User, None).await;
    }
    for round in 0..12 {
        let sql = format!(
            "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, created_at, updated_at)
             SELECT UNHEX(REPLACE(UUID(), '-', '')), CONCAT(prenom, '{round}'), nom, CONCAT('{round}.', email), '!', 'USER', is_active,
                    created_at + INTERVAL {} SECOND, updated_at + INTERVAL {round} SECOND FROM users",
            1 << round
        );
        shop.execute(&sql).await;
    }
    // 114 688 accounts, few of which are correctors or closed.
    assert!(shop.count("users").await > 100_000);
    shop.execute("UPDATE users SET role = 'CORRECTOR', is_active = FALSE WHERE email LIKE '1.%' LIMIT 40")
        .await;
    shop.execute("ANALYZE TABLE users").await;
    let meter = Meter::on(shop).await;
    // The session is read, statements are prepared, the long totals are counted and remembered.
    let paths = [
        "/admin/users?limit=10",
        "/admin/users?limit=10&page=3",
        "/admin/users?limit=10&sortBy=createdAt&sortDirection=asc",
        "/admin/users?limit=10&sortBy=email&sortDirection=asc",
        "/admin/users?limit=10&sortBy=nom",
        "/admin/users?limit=10&sortBy=prenom&sortDirection=asc",
        "/admin/users?limit=10&sortBy=role",
        "/admin/users?limit=10&sortBy=status",
        "/admin/users?limit=10&sortBy=updatedAt",
        "/admin/users?limit=10&role=ADMIN",
        "/admin/users?limit=10&role=USER&isActive=true",
        "/admin/users?limit=10&role=CORRECTOR",
        "/admin/users?limit=10&isActive=false",
        "/admin/users?limit=10&search=exemple",
    ];
    for path in paths {
        meter.work_of(&admin, path).await;
        let work = meter.work_of(&admin, path).await;
        // In the order of an index; a server may find it cheaper to sort a few.
        assert!(work.sorted <= 60 && work.read < 200, "{path}: {} sorted, {} read", work.sorted, work.read);
    }
}

#[tokio::test]
async fn an_account_is_opened_with_a_link_or_with_a_password() {
    let desk = Desk::open().await;
    let server = &desk.server;
    let body = json!({"prenom": " Zoé ", "nom": "Durand", "email": " Zoe@Exemple.FR ", "telephone": "", "adresse": " 1 rue du Port "});
    let made = desk.ask(Method::POST, "/users", Some(body.clone())).await.ok(201).clone();
    assert_eq!(made["data"], made["user"]);
    assert_eq!(
        (&made["user"]["email"], &made["user"]["prenom"], &made["user"]["role"], &made["user"]["isActive"]),
        (&json!("zoe@exemple.fr"), &json!("Zoé"), &json!("USER"), &json!(false))
    );
    assert_eq!(
        (&made["user"]["telephone"], &made["user"]["adresse"]),
        (&Value::Null, &json!("1 rue du Port"))
    );
    assert!(desk.acts().await[0].starts_with("USER_CREATED HIGH user "));
    desk.ask(Method::POST, "/users", Some(body)).await.refused(409, "EMAIL_TAKEN");
    assert!(desk.acts().await.is_empty());
    // The link opens the account; so does the one that is asked for later.
    let token = server.mailed("/activation/").await;
    server.post("/public/activate/resend", &json!({"email": "zoe@exemple.fr"})).await.ok(200);
    let other = server.mailed("/activation/").await;
    assert_ne!(token, other);
    let chosen = json!({"password": "Manuscrit-2026"});
    server.post(&format!("/public/activate/{token}/set-password"), &chosen).await.ok(200);
    let login = |email: &str, password: &str| json!({"email": email, "password": password});
    server.post("/auth/login", &login("zoe@exemple.fr", "Manuscrit-2026")).await.ok(200);
    // A given password opens it at once.
    let body = json!({"prenom": "Max", "nom": "Petit", "email": "max@exemple.fr", "password": "Correction-2026", "role": "CORRECTOR"});
    let made = desk.ask(Method::POST, "/users", Some(body)).await.ok(201).clone();
    assert_eq!((&made["user"]["role"], &made["user"]["isActive"]), (&json!("CORRECTOR"), &json!(true)));
    server.post("/auth/login", &login("max@exemple.fr", "Correction-2026")).await.ok(200);
    // Nobody is told of an account that begins closed.
    let body = json!({"prenom": "Léa", "nom": "Petit", "email": "lea@exemple.fr", "isActive": false});
    let made = desk.ask(Method::POST, "/users", Some(body)).await.ok(201).clone();
    assert_eq!(made["user"]["isActive"], json!(false));
    server.post("/public/activate/resend", &json!({"email": "lea@exemple.fr"})).await.ok(200);
    let people: Vec<_> =
        server.queued().await.into_iter().filter(|mail| mail.contains("@exemple.fr")).collect();
    assert_eq!(
        people,
        [
            "account-invitation zoe@exemple.fr",
            "account-invitation zoe@exemple.fr",
            "welcome-user max@exemple.fr",
            "welcome-user zoe@exemple.fr"
        ]
    );
}

#[tokio::test]
async fn an_account_that_breaks_a_rule_is_not_opened() {
    let desk = Desk::open().await;
    let before = desk.server.count("users").await;
    desk.ask(Method::POST, "/users", Some(json!({}))).await.refused_fields(&["email", "nom", "prenom"]);
    for (key, value) in [
        ("prenom", json!("Z")),
        ("nom", json!("é".repeat(101))),
        ("nom", json!(12)),
        ("email", json!("zoe")),
        ("email", json!(["a@b.fr"])),
        ("password", json!("court")),
        ("password", json!("a".repeat(129))),
        ("role", json!("CHEF")),
        ("isActive", json!("oui")),
        ("telephone", json!("0".repeat(21))),
        ("adresse", json!("a".repeat(1_001))),
    ] {
        let mut body = json!({"prenom": "Zoé", "nom": "Durand", "email": "zoe@exemple.fr"});
        body[key] = value;
        desk.ask(Method::POST, "/users", Some(body)).await.refused_fields(&[key]);
    }
    let opening = (0..6).map(|_| {
        desk.ask(
            Method::POST,
            "/users",
            Some(json!({"prenom": "Zoé", "nom": "Durand", "email": "zoe@exemple.fr"})),
        )
    });
    let answers = join_all(opening).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.body["code"] == "EMAIL_TAKEN").count(), 5);
    assert_eq!(desk.server.count("users").await, before + 1);
    assert_eq!(desk.server.queued().await, ["account-invitation zoe@exemple.fr"]);
}

#[tokio::test]
async fn an_account_changes_by_what_is_sent_alone() {
    let desk = Desk::open().await;
    let server = &desk.server;
    let client = server.other_client().await;
    let path = format!("/users/{}", client.id);
    server.advance(chrono::Duration::seconds(5));
    // Nothing, or nothing new, changes nothing.
    for body in [json!({}), json!({"inconnu": 1}), json!({"prenom": null, "isActive": true, "role": "USER"})]
    {
        let same = desk.put(&path, body).await.ok(200)["data"].clone();
        assert_eq!(same["updatedAt"], "2026-03-10T09:00:00.000Z");
    }
    assert!(desk.acts().await.is_empty());
    let body = json!({"prenom": " Ève ", "adresse": "2 rue du Port", "telephone": null});
    let changed = desk.ask(Method::PATCH, &path, Some(body)).await.ok(200)["data"].clone();
    assert_eq!(
        (
            &changed["prenom"],
            &changed["nom"],
            &changed["adresse"],
            &changed["telephone"],
            &changed["updatedAt"]
        ),
        (
            &json!("Ève"),
            &json!("Martin"),
            &json!("2 rue du Port"),
            &Value::Null,
            &json!("2026-03-10T09:00:05.000Z")
        )
    );
    assert_eq!(desk.put(&path, json!({"adresse": ""})).await.ok(200)["data"]["adresse"], Value::Null);
    let acts = desk.acts().await;
    assert_eq!(acts.len(), 2);
    assert!(
        acts[0].starts_with("USER_UPDATED MEDIUM user ") && acts[0].contains("\"telephone\""),
        "{acts:?}"
    );
    // The session goes on: neither role nor access changed.
    server.get_as(&client.token, "/users/me").await.ok(200);
    for (key, value) in [
        ("prenom", json!("")),
        ("nom", json!("E")),
        ("email", json!("")),
        ("role", json!("CHEF")),
        ("isActive", json!(1)),
        ("telephone", json!("0".repeat(21))),
    ] {
        desk.put(&path, json!({ key: value })).await.refused_fields(&[key]);
    }
    desk.put(&path, json!({"email": "CLIENT@example.com"})).await.refused(409, "EMAIL_TAKEN");
    desk.put(&format!("/users/{}", Uuid::nil()), json!({"nom": "Durand"})).await.refused(404, "NOT_FOUND");
    desk.put(&format!("{path}/role"), json!({})).await.refused_fields(&["role"]);
    desk.put(&format!("{path}/role"), json!({"role": "CHEF"})).await.refused_fields(&["role"]);
    desk.put(&format!("{path}/status"), json!({})).await.refused_fields(&["isActive"]);
    assert!(desk.acts().await.is_empty());
    assert!(server.queued().await.is_empty());
}

#[tokio::test]
async fn a_new_address_voids_the_links_of_the_former_one_which_hears_of_it() {
    let desk = Desk::open().await;
    let server = &desk.server;
    let body = json!({"prenom": "Zoé", "nom": "Durand", "email": "zoee@exemple.fr"});
    let id =
        desk.ask(Method::POST, "/users", Some(body)).await.ok(201)["user"]["id"].as_str().unwrap().to_owned();
    let wrong = server.mailed("/activation/").await;
    server.get(&format!("/public/activate/{wrong}/verify")).await.ok(200);
    server.advance(chrono::Duration::seconds(1));
    desk.put(&format!("/users/{id}"), json!({"email": "zoe@exemple.fr"})).await.ok(200);
    server.get(&format!("/public/activate/{wrong}/verify")).await.refused(400, "INVALID_TOKEN");
    server.mails.drain().await;
    assert!(server.mail_kinds().await.contains(&("warning-user".to_owned(), "zoee@exemple.fr".to_owned())));
    let queued = server.queued().await;
    assert!(queued.contains(&"account-invitation zoe@exemple.fr".to_owned()), "{queued:?}");
}

#[tokio::test]
async fn role_and_access_end_sessions_and_are_told() {
    let desk = Desk::open().await;
    let server = &desk.server;
    let client = server.other_client().await;
    let path = format!("/users/{}", client.id);
    server.get_as(&client.token, "/users/me").await.ok(200);
    let changed =
        desk.put(&format!("{path}/role"), json!({"role": "CORRECTOR"})).await.ok(200)["data"].clone();
    assert_eq!(changed["role"], "CORRECTOR");
    server.get_as(&client.token, "/users/me").await.refused(401, "TOKEN_INVALID");
    let details = json!({"oldRole": "USER", "newRole": "CORRECTOR", "targetUserId": client.id});
    let acts = desk.acts().await;
    let (name, written) = acts[0].split_once(" user ").unwrap();
    assert_eq!((name, serde_json::from_str::<Value>(written).unwrap()), ("USER_ROLE_CHANGED HIGH", details));
    // Every way to close it and to open it, each again.
    for (method, way, body, active) in [
        (Method::PUT, "/status", Some(json!({"isActive": false})), false),
        (Method::PUT, "/deactivate", None, false),
        (Method::PUT, "/activate", None, true),
        (Method::PUT, "/status", Some(json!({"isActive": true})), true),
        (Method::PATCH, "/toggle-status", None, false),
        (Method::PATCH, "/toggle-status", None, true),
        (Method::PUT, "/deactivate", None, false),
        (Method::PATCH, "", Some(json!({"isActive": true})), true),
    ] {
        server.advance(chrono::Duration::seconds(1));
        let answer = desk.ask(method, &format!("{path}{way}"), body).await;
        assert_eq!(answer.ok(200)["data"]["isActive"], active, "{way}");
    }
    let acts = desk.acts().await;
    assert_eq!(acts.len(), 6, "what changes nothing is no act: {acts:?}");
    assert!(acts.iter().all(|act| act.starts_with("USER_STATUS_CHANGED MEDIUM user ")), "{acts:?}");
    let mails = server.queued().await;
    let to_them: Vec<_> = mails.iter().filter(|mail| mail.ends_with("autre.client@example.com")).collect();
    assert_eq!(to_them.iter().filter(|mail| mail.starts_with("warning-user")).count(), 3, "{mails:?}");
    assert_eq!(to_them.iter().filter(|mail| mail.starts_with("system-user")).count(), 4, "{mails:?}");
    // What its owner closed stays closed once an administrator says so.
    server.execute("UPDATE users SET is_active = FALSE, deactivated_by = 'SELF' WHERE email = 'autre.client@example.com'").await;
    desk.ask(Method::PUT, &format!("{path}/deactivate"), None).await.ok(200);
    let by = server.value("SELECT deactivated_by FROM users WHERE email = 'autre.client@example.com'").await;
    assert_eq!(by.as_deref(), Some("ADMIN"));
    for way in ["activate", "deactivate"] {
        desk.ask(Method::PUT, &format!("/users/{}/{way}", Uuid::nil()), None).await.refused(404, "NOT_FOUND");
    }
    let absent = format!("/users/{}/toggle-status", Uuid::nil());
    desk.ask(Method::PATCH, &absent, None).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_erased_account_is_nowhere_and_its_invoices_stay() {
    let desk = Desk::open().await;
    let server = &desk.server;
    server.ignore_mails();
    let client = server.other_client().await;
    let (order, _) = server.paid_order(&client).await;
    server.invoice(order).await;
    let path = format!("/users/{}", client.id);
    let gone = desk.ask(Method::DELETE, &path, None).await.ok(200).clone();
    assert!(gone["data"]["message"].is_string() && gone["success"] == true);
    for (method, way) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::PUT, "/activate"),
        (Method::PATCH, "/toggle-status"),
    ] {
        desk.ask(method, &format!("{path}{way}"), None).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(desk.list("search=autre.client").await["pagination"]["total"], 0);
    assert!(!ids(&desk.list("limit=100").await).contains(&client.id.to_string()));
    server.get_as(&client.token, "/users/me").await.refused(401, "TOKEN_INVALID");
    assert_eq!(server.count("invoices").await, 1);
    let acts = desk.acts().await;
    assert_eq!(acts.len(), 1);
    assert!(acts[0].starts_with("USER_DELETED HIGH user "), "{acts:?}");
    // The address is free again.
    let body = json!({"prenom": "Zoé", "nom": "Durand", "email": client.email});
    desk.ask(Method::POST, "/users", Some(body)).await.ok(201);
}

#[tokio::test]
async fn the_last_active_administrator_can_be_taken_away_by_nobody() {
    let desk = Desk::open().await;
    let path = format!("/users/{}", desk.admin.id);
    // One that is closed does not count.
    desk.server.person("ancien.admin@example.com", Role::Admin).await;
    desk.server.execute("UPDATE users SET is_active = FALSE WHERE email = 'ancien.admin@example.com'").await;
    for (method, way, body) in ways() {
        desk.ask(method, &format!("{path}{way}"), body).await.refused(409, "LAST_ADMIN");
    }
    assert!(desk.acts().await.is_empty());
    // Everything else of them may change.
    let body = json!({"nom": "Nouveau", "role": "ADMIN", "isActive": true});
    assert_eq!(desk.put(&path, body).await.ok(200)["data"]["nom"], "Nouveau");
    // The closed one may lose its role.
    let old = desk.server.person("ancien.admin@example.com", Role::Admin).await;
    desk.put(&format!("/users/{}/role", old.id), json!({"role": "USER"})).await.ok(200);
    desk.server.ignore_mails();
}

/// Every way to take an administrator away.
fn ways() -> Vec<(Method, &'static str, Option<Value>)> {
    vec![
        (Method::PUT, "", Some(json!({"role": "CORRECTOR"}))),
        (Method::PATCH, "", Some(json!({"isActive": false}))),
        (Method::PUT, "/role", Some(json!({"role": "USER"}))),
        (Method::PUT, "/status", Some(json!({"isActive": false}))),
        (Method::PUT, "/deactivate", None),
        (Method::PATCH, "/toggle-status", None),
        (Method::DELETE, "", None),
    ]
}

#[tokio::test]
async fn of_fifty_who_take_administrators_away_at_once_one_administrator_is_left() {
    let desk = Desk::open().await;
    let server = &desk.server;
    server.ignore_mails();
    let mut admins = vec![desk.admin.clone()];
    for number in 0..4 {
        admins.push(server.person(&format!("admin{number}@example.com"), Role::Admin).await);
    }
    let ways = ways();
    let asking = (0..50).map(|number| {
        let (method, way, body) = ways[number % ways.len()].clone();
        let (asker, target) = (&admins[number % 5], &admins[(number * 3 + number / 7) % 5]);
        let path = format!("/admin/users/{}{way}", target.id);
        async move { server.call(method, &path, Some(&asker.token), body).await }
    });
    let own = admins.iter().map(|admin| server.call(Method::DELETE, "/users/me", Some(&admin.token), None));
    let (answers, own) = tokio::join!(join_all(asking), join_all(own));
    for answer in answers.iter().chain(&own) {
        let status = answer.status.as_u16();
        assert!([200, 401, 403, 404, 409, 503].contains(&status), "{}", answer.text());
    }
    let left = "users WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL";
    assert!(server.count(left).await >= 1, "somebody must be left");
    assert!(server.count(left).await < 5, "and some were taken away");
}
