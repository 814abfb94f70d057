//! The price list as administrators write it, and Stripe's list beside it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    program::run,
    server::{Answer, TestServer},
};

async fn as_admin(server: &TestServer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let admin = server.admin().await;
    server.call(method, &format!("/api/admin/tarifs{path}"), Some(&admin.token), body).await
}

/// What the form of the web application sends for a new line.
fn form(nom: &str) -> Value {
    json!({"nom": nom, "description": "Une relecture attentive.", "prix": 15_000, "prixFormate": "0€",
           "typeService": "Relecture", "dureeEstimee": "5 jours", "actif": true, "ordre": 4})
}

/// What the simulated Stripe keeps of an object.
async fn at_stripe(server: &TestServer, id: &Value) -> Value {
    let id = id.as_str().unwrap();
    let kind = if id.starts_with("prod_") { "products" } else { "prices" };
    let request =
        server.request(Method::GET, &format!("/dev/stripe/v1/{kind}/{id}")).bearer_auth("sk_test_x");
    request.send().await.unwrap().json().await.unwrap()
}

async fn acts(server: &TestServer) -> Vec<String> {
    server.texts("SELECT action FROM audit_logs WHERE action LIKE 'TARIF%' ORDER BY timestamp, id").await
}

#[tokio::test]
async fn a_line_is_written_sold_at_once_and_told_to_stripe() {
    let server = TestServer::empty().await;
    let saved = as_admin(&server, Method::POST, "", Some(form(" Relecture "))).await.ok(201).clone();
    let tarif = &saved["data"];
    assert_eq!((&tarif["nom"], &tarif["prixFormate"]), (&json!("Relecture"), &json!("150€")));
    assert_eq!(
        (&saved["stripeSync"]["success"], &saved["stripeSync"]["action"]),
        (&json!(true), &json!("created"))
    );
    let product = at_stripe(&server, &tarif["stripeProductId"]).await;
    assert_eq!(
        (&product["name"], &product["active"], &product["metadata"]),
        (&json!("Relecture"), &json!(true), &json!({"tarifId": tarif["id"], "typeService": "Relecture"}))
    );
    let price = at_stripe(&server, &tarif["stripePriceId"]).await;
    assert_eq!(
        (&price["unit_amount"], &price["currency"], &price["product"]),
        (&json!(15_000), &json!("eur"), &tarif["stripeProductId"])
    );
    let public = server.get("/tarifs").await.ok(200).clone();
    assert_eq!((&public["data"][0]["prix"], public["data"].as_array().unwrap().len()), (&json!(15_000), 1));
    assert!(!public.to_string().contains("price_"));
    as_admin(&server, Method::POST, "", Some(form("Relecture"))).await.refused(409, "TARIF_EXISTS");
    let path = format!("/{}", tarif["id"].as_str().unwrap());
    assert_eq!(&as_admin(&server, Method::GET, &path, None).await.ok(200)["data"], tarif);
    assert_eq!(acts(&server).await, ["TARIF_CREATED", "TARIF_SYNCED"]);
}

#[tokio::test]
async fn a_new_price_makes_a_new_one_at_stripe_and_retires_the_old() {
    let server = TestServer::empty().await;
    let body = json!({"nom": "Correction", "description": "Une correction.", "prix": 200, "prixFormate": "2€/page",
                      "typeService": "Correction"});
    let first = as_admin(&server, Method::POST, "", Some(body)).await.ok(201)["data"].clone();
    assert_eq!((&first["prixFormate"], &first["unite"]), (&json!("2€/page"), &json!("PAGE")));
    let path = format!("/{}", first["id"].as_str().unwrap());
    let raised =
        as_admin(&server, Method::PUT, &path, Some(json!({"prix": 250, "prixFormate": "2,50€"}))).await;
    let raised = raised.ok(200).clone();
    assert_eq!(raised["stripeSync"]["action"], "updated");
    let raised = &raised["data"];
    assert_eq!(raised["prixFormate"], "2,50€/page", "a price of a page stays one");
    assert_eq!(raised["stripeProductId"], first["stripeProductId"]);
    assert_ne!(raised["stripePriceId"], first["stripePriceId"]);
    let (old, new) = (
        at_stripe(&server, &first["stripePriceId"]).await,
        at_stripe(&server, &raised["stripePriceId"]).await,
    );
    assert_eq!(
        (&old["active"], &new["active"], &new["unit_amount"]),
        (&json!(false), &json!(true), &json!(250))
    );
    // Other changes leave the price alone; a line taken off the list is retired, and comes back.
    let renamed =
        as_admin(&server, Method::PUT, &path, Some(json!({"ordre": 2}))).await.ok(200)["data"].clone();
    assert_eq!(renamed["stripePriceId"], raised["stripePriceId"]);
    let off = as_admin(&server, Method::PUT, &path, Some(json!({"actif": false}))).await.ok(200).clone();
    assert_eq!(off["stripeSync"]["action"], "disabled");
    assert_eq!(at_stripe(&server, &first["stripeProductId"]).await["active"], false);
    assert_eq!(at_stripe(&server, &raised["stripePriceId"]).await["active"], false);
    assert_eq!(server.get("/tarifs").await.ok(200)["data"], json!([]));
    let back =
        as_admin(&server, Method::PUT, &path, Some(json!({"actif": true}))).await.ok(200)["data"].clone();
    assert_eq!(back["stripePriceId"], raised["stripePriceId"]);
    assert_eq!(at_stripe(&server, &first["stripeProductId"]).await["active"], true);
    assert_eq!(at_stripe(&server, &raised["stripePriceId"]).await["active"], true);
    let former = "SELECT details FROM audit_logs WHERE details LIKE '%formerPrix%'";
    assert!(server.texts(former).await[0].contains("\"formerPrix\":200"));
}

#[tokio::test]
async fn ids_of_another_account_are_made_anew() {
    let server = TestServer::empty().await;
    let id = server.tarif("Correction", 20_000, "FORFAIT").await;
    server
        .execute("UPDATE tarifs SET stripe_product_id = 'prod_mock_1', stripe_price_id = 'price_mock_1'")
        .await;
    let synced = as_admin(&server, Method::POST, &format!("/{id}/sync-stripe"), None).await.ok(200).clone();
    assert_eq!((&synced["success"], &synced["data"]["action"]), (&json!(true), &json!("created")));
    assert_eq!(synced["data"]["tarifId"], id.to_string());
    assert_ne!(synced["data"]["stripeProductId"], "prod_mock_1");
    assert_eq!(at_stripe(&server, &synced["data"]["stripePriceId"]).await["unit_amount"], 20_000);
    // The price alone is unknown.
    server.execute("UPDATE tarifs SET stripe_price_id = 'price_mock_1'").await;
    let again =
        as_admin(&server, Method::POST, &format!("/{id}/sync-stripe"), None).await.ok(200)["data"].clone();
    assert_eq!(
        (&again["action"], &again["stripeProductId"]),
        (&json!("updated"), &synced["data"]["stripeProductId"])
    );
    assert!(
        again["stripePriceId"].as_str().unwrap().starts_with("price_")
            && again["stripePriceId"] != "price_mock_1"
    );
}

#[tokio::test]
async fn all_lines_are_synchronised_and_compared() {
    let server = TestServer::start().await;
    server.execute("UPDATE tarifs SET actif = FALSE WHERE nom = 'Pack Rédaction Complète'").await;
    let all = as_admin(&server, Method::POST, "/sync-stripe", None).await.ok(200).clone();
    let summary = |created, updated, skipped| json!({"total": 3, "created": created, "updated": updated, "disabled": 0, "skipped": skipped, "errors": 0});
    assert_eq!((&all["success"], &all["summary"]), (&json!(true), &summary(2, 0, 1)));
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    let again = as_admin(&server, Method::POST, "/sync-stripe", None).await.ok(200).clone();
    assert_eq!(again["summary"], summary(0, 2, 1));
    let status = as_admin(&server, Method::GET, "/stripe-status", None).await.ok(200).clone();
    assert_eq!(
        status["summary"],
        json!({"total": 3, "withStripeProduct": 2, "withStripePrice": 2, "activeOnly": 2})
    );
    assert_eq!(
        (&status["data"][0]["stripeProductActive"], &status["data"][0]["stripePriceActive"]),
        (&json!(true), &json!(true))
    );
    assert!(status["data"][2].get("stripeProductActive").is_none());
    let stats = as_admin(&server, Method::GET, "/stats/overview", None).await.ok(200)["data"].clone();
    assert_eq!((&stats["total"], &stats["actifs"], &stats["inactifs"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(stats["typesServices"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn trouble_at_stripe_never_refuses_a_change() {
    let away = [("STRIPE_API_URL", "http://127.0.0.1:1"), ("STRIPE_SECRET_KEY", "sk_test_away")];
    let server = TestServer::with(&away).await;
    let saved = as_admin(&server, Method::POST, "", Some(form("Relecture"))).await.ok(201).clone();
    assert_eq!(
        (&saved["stripeSync"]["success"], &saved["stripeSync"]["action"]),
        (&json!(false), &json!("error"))
    );
    assert_eq!(saved["data"]["stripeProductId"], Value::Null);
    let path = format!("/{}", saved["data"]["id"].as_str().unwrap());
    let synced = as_admin(&server, Method::POST, &format!("{path}/sync-stripe"), None).await.ok(200).clone();
    assert_eq!((&synced["success"], &synced["data"]["action"]), (&json!(false), &json!("error")));
    assert!(!synced.to_string().contains("127.0.0.1"));
    as_admin(&server, Method::DELETE, &path, None).await.ok(200);
}

#[tokio::test]
async fn a_line_that_breaks_a_rule_changes_nothing() {
    let server = TestServer::empty().await;
    as_admin(&server, Method::POST, "", Some(json!({}))).await.refused_fields(&[
        "nom",
        "description",
        "typeService",
    ]);
    let unpriced = json!({"nom": "Relecture", "description": "Une relecture.", "typeService": "Relecture"});
    as_admin(&server, Method::POST, "", Some(unpriced)).await.refused_fields(&["prix"]);
    for (key, value) in [
        ("nom", json!("é".repeat(256))),
        ("description", json!(" ")),
        ("prix", json!(-1)),
        ("prix", json!(1.5)),
        ("prix", json!("dix")),
        ("typeService", json!("é".repeat(101))),
        ("dureeEstimee", json!("é".repeat(101))),
        ("prixFormate", json!("é".repeat(101))),
        ("actif", json!("oui")),
        ("ordre", json!(-1)),
        ("unite", json!("MOT")),
    ] {
        let mut body = form("Relecture");
        body[key] = value;
        as_admin(&server, Method::POST, "", Some(body)).await.refused_fields(&[key]);
    }
    assert_eq!(server.count("tarifs").await, 0);
}

#[tokio::test]
async fn a_line_that_was_ordered_stays() {
    let server = TestServer::start().await;
    let list = as_admin(&server, Method::GET, "?page=1&limit=10", None).await.ok(200).clone();
    assert_eq!(
        list["pagination"],
        json!({"page": 1, "limit": 10, "total": 3, "totalPages": 1, "hasNextPage": false, "hasPreviousPage": false})
    );
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let client = server.client().await;
    let order = server.commande(&client, "Un roman", "EN_COURS").await;
    server
        .execute(&format!(
            "UPDATE commandes SET tarif_id = UNHEX('{}') WHERE id = UNHEX('{}')",
            id.replace('-', ""),
            order.simple()
        ))
        .await;
    as_admin(&server, Method::DELETE, &format!("/{id}"), None).await.refused(409, "TARIF_ORDERED");
    let free = list["data"][2]["id"].as_str().unwrap();
    as_admin(&server, Method::POST, &format!("/{free}/sync-stripe"), None).await.ok(200);
    let known = as_admin(&server, Method::GET, &format!("/{free}"), None).await.ok(200)["data"].clone();
    let gone = as_admin(&server, Method::DELETE, &format!("/{free}"), None).await.ok(200).clone();
    assert!(gone.get("data").is_none());
    assert_eq!(
        at_stripe(&server, &known["stripeProductId"]).await["active"],
        false,
        "nor is it offered there"
    );
    for (query, total) in [
        ("actif=true", 2),
        ("actif=non", 0),
        ("typeService=Correction", 1),
        ("search=correction%20standard", 1),
        ("search=50%25", 0),
        ("limit=1000", 2),
    ] {
        let list = as_admin(&server, Method::GET, &format!("?{query}"), None).await.ok(200).clone();
        assert_eq!(list["pagination"]["total"], total, "{query}");
    }
    let dearest =
        as_admin(&server, Method::GET, "?sortBy=prix&sortDirection=desc", None).await.ok(200).clone();
    assert_eq!(dearest["data"][0]["prix"], 35_000);
}

#[tokio::test]
async fn the_command_says_what_it_would_do_then_does_it() {
    let server = TestServer::start().await;
    server.execute("UPDATE tarifs SET actif = FALSE WHERE nom = 'Pack Rédaction Complète'").await;
    let stripe = format!("{}/dev/stripe", server.base);
    let vars = [
        ("APP_ENV", "development"),
        ("DATABASE_URL", server.database.url()),
        ("STRIPE_SECRET_KEY", "sk_test_of_the_command"),
        ("STRIPE_API_URL", stripe.as_str()),
    ];
    let foreseen = run(&["stripe", "sync", "--dry-run"], &vars, "").await;
    assert!(foreseen.success, "{foreseen:?}");
    for line in [
        "3 lines in the price list, 2 of them sold.",
        "2 would be created",
        "1 need nothing",
        "0 would be updated",
    ] {
        assert!(foreseen.stdout.contains(line), "{line}: {}", foreseen.stdout);
    }
    assert_eq!(server.count("tarifs WHERE stripe_product_id IS NOT NULL").await, 0);
    let done = run(&["stripe", "sync", "--verbose"], &vars, "").await;
    assert!(done.success, "{done:?}");
    for line in [
        "2 created, 0 updated, 0 disabled, 1 left alone, 0 failed.",
        "Correction Standard: created (product prod_",
    ] {
        assert!(done.stdout.contains(line), "{line}: {}", done.stdout);
    }
    assert!(!format!("{done:?}").contains("sk_test_of"));
    assert_eq!(server.count("tarifs WHERE stripe_product_id IS NOT NULL").await, 2);
    let away = [vars[0], vars[1], vars[2], ("STRIPE_API_URL", "http://127.0.0.1:1")];
    let failed = run(&["stripe", "sync"], &away, "").await;
    assert!(!failed.success && failed.stdout.contains("2 failed."), "{failed:?}");
    assert!(run(&["stripe", "sync", "--force"], &away, "").await.success);
    let simulated = run(&["stripe", "sync"], &vars[..2], "").await;
    assert!(!simulated.success && simulated.stderr.contains("STRIPE_SECRET_KEY"), "{simulated:?}");
}
