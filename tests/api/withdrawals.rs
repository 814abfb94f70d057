//! Withdrawing from a contract: two steps without an account, one with; what becomes of the order.

mod rights;

use chrono::Duration;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use staka::{auth::Role, clock::new_id, withdrawals::service};
use uuid::Uuid;

use crate::{
    shop::{Person, Shop, guest_form, text_of, word},
    support::{answer::send, server::TestServer},
};

const FORM: &str = "/public/retractation";
const CONFIRM: &str = "/public/retractation/confirmer";

fn declaration(numero: &str) -> Value {
    json!({ "nom": "Jeanne Dupont", "email": " Author@Example.com ", "numero": numero, "message": "Merci." })
}

async fn summarised(server: &TestServer, body: &Value) -> String {
    server.post(FORM, body).await.ok(200)["jeton"].as_str().unwrap().to_owned()
}

async fn confirmed(server: &TestServer, jeton: &str) -> Value {
    server.post(CONFIRM, &json!({ "jeton": jeton })).await.ok(200).clone()
}

async fn declared(server: &TestServer, body: &Value) -> Value {
    confirmed(server, &summarised(server, body).await).await
}

/// The fields of a form as a browser sends them.
fn filled(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    request.header("content-type", "application/x-www-form-urlencoded").body(body.finish())
}

fn browser(shop: &Shop, method: Method, path: &str) -> RequestBuilder {
    shop.request(method, path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

async fn page(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let (headers, html) = text_of(answer).await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{html}");
    assert_eq!(headers["cache-control"], "no-store");
    (status, html)
}

/// An order paid through its page, with its reference.
async fn paid_order(shop: &Shop, author: &Person, pages: u32, extra: &[(&str, &str)]) -> (Uuid, String) {
    let service = shop.tarif(&format!("Correction {}", new_id()), 200, "PAGE").await;
    let pages = pages.to_string();
    let mut form = guest_form(service, &[("nombrePages", Some(&pages)), ("titre", Some("Le Nil"))]);
    for (name, value) in extra {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let request = shop.post("/commandes/create-paid-project").bearer_auth(&author.token);
    let placed = shop.json(request.multipart(form.part("files", word())), 201).await;
    let session = placed["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let pay = shop.post(&format!("/dev/stripe/checkout/{session}/pay"));
    assert_eq!(send(pay.json(&json!({ "terms": true }))).await.status, 303);
    let reference = placed["reference"].as_str().unwrap().to_owned();
    let id = sqlx::query_scalar("SELECT id FROM commandes WHERE reference = ?").bind(&reference);
    (id.fetch_one(shop.state.db.pool()).await.unwrap(), reference)
}

async fn statut(shop: &Shop, id: Uuid) -> String {
    shop.value(&format!("SELECT statut FROM commandes WHERE id = UNHEX('{}')", id.simple())).await.unwrap()
}

async fn mail(server: &TestServer, kind: &str) -> Value {
    server.mails.drain().await;
    let mailbox = server.mailbox().await;
    let found = mailbox.iter().find(|mail| mail["template"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} among {mailbox:#?}")).clone()
}

#[tokio::test]
async fn people_withdraw_in_two_steps_without_a_script() {
    let shop = Shop::open().await;
    let (status, html) = page(browser(&shop, Method::GET, "/api/public/retractation?numero=7F3K-92QD")).await;
    assert_eq!(status, 200);
    for text in [
        r#"value="7F3K-92QD""#,
        "Renoncer au contrat",
        "Formulaire type",
        "Rayez la mention inutile",
        "Staka Livres",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("<script"), "{html}");
    let typed = [("nom", "Jeanne <b>"), ("email", "jeanne"), ("numero", ""), ("message", "")];
    let (status, html) = page(filled(browser(&shop, Method::POST, FORM), &typed)).await;
    assert_eq!(status, 400);
    assert!(html.contains(r#"id="email-error""#) && html.contains("Jeanne &lt;b&gt;"), "{html}");
    let typed = [("nom", "Jeanne <b>"), ("email", "Jeanne@Example.com"), ("message", "Une\r\nraison")];
    let (status, html) = page(filled(browser(&shop, Method::POST, FORM), &typed)).await;
    assert!(status == 200 && html.contains("Confirmer la rétractation"), "{html}");
    assert!(html.contains("Jeanne &lt;b&gt;") && html.contains("Une<br>"), "{html}");
    assert_eq!(
        shop.count("withdrawals").await + shop.count("email_outbox").await,
        0,
        "nothing is recorded yet"
    );
    let jeton = html.split(r#"name="jeton" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    shop.advance(Duration::seconds(65));
    for _ in 0..2 {
        let (status, html) = page(filled(browser(&shop, Method::POST, CONFIRM), &[("jeton", &jeton)])).await;
        assert_eq!(status, 200);
        assert!(html.contains("10\u{a0}mars 2026 à 10:01:05 (heure de Paris)"), "{html}");
        shop.advance(Duration::seconds(65));
    }
    assert_eq!(shop.count("withdrawals WHERE email = 'jeanne@example.com' AND state = 'RECEIVED'").await, 1);
    let receipt = mail(&shop, "withdrawal-user").await;
    assert_eq!(receipt["to"], "jeanne@example.com");
    for part in ["text", "html"] {
        let part = receipt[part].as_str().unwrap();
        assert!(part.contains("10\u{a0}mars 2026 à 10:01:05 (heure de Paris)"), "{part}");
        assert!(part.contains("raison") && part.contains("jeanne@example.com"), "{part}");
    }
    assert!(receipt["text"].as_str().unwrap().contains("Jeanne <b>"));
    // An hour after the summary it is nothing any more.
    let late = summarised(&shop, &declaration("")).await;
    shop.advance(Duration::hours(1));
    let (status, html) = page(filled(browser(&shop, Method::POST, CONFIRM), &[("jeton", &late)])).await;
    assert!(status == 400 && html.contains("rien n’a été enregistré"), "{html}");
    for forged in ["", "abc", &format!("{jeton}A"), &format!("A{jeton}")] {
        shop.post(CONFIRM)
            .json(&json!({ "jeton": forged }))
            .send()
            .await
            .map(|answer| assert_eq!(answer.status(), 400))
            .unwrap();
    }
}

#[tokio::test]
async fn programs_withdraw_in_json() {
    let shop = Shop::open().await;
    let form = shop.json(shop.get(FORM).header("accept", "application/json"), 200).await;
    assert_eq!(form["obligatoires"], json!(["nom", "email"]));
    let summary = shop.json(shop.post(FORM).json(&declaration("7f3k92qd")), 200).await;
    assert_eq!(
        (&summary["email"], &summary["messageLibre"]),
        (&json!("author@example.com"), &json!("Merci."))
    );
    assert_eq!(summary["valableJusquA"], "2026-03-10T10:00:00.000Z");
    let receipt = confirmed(&shop, summary["jeton"].as_str().unwrap()).await;
    assert_eq!(receipt["declareLe"], "2026-03-10T09:00:00.000Z");
    assert_eq!(receipt["declareLeParis"], "10\u{a0}mars 2026 à 10:00:00 (heure de Paris)");
    assert_eq!(shop.queued().await, ["withdrawal-user author@example.com"]);
    let wrong = json!({ "nom": "", "email": "x", "numero": "é".repeat(65), "message": "é".repeat(2_001) });
    send(shop.post(FORM).json(&wrong)).await.refused_fields(&["nom", "email", "numero", "message"]);
    send(shop.post(FORM).json(&json!({ "nom": ["x"] }))).await.refused(400, "VALIDATION_ERROR");
    send(shop.post(FORM).body("x").header("content-type", "text/plain"))
        .await
        .refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let large = send(shop.post(FORM).json(&json!({ "nom": "x".repeat(70_000) }))).await;
    large.refused(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn the_answer_never_tells_whether_there_is_an_order() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let (order, reference) = paid_order(&shop, &author, 150, &[]).await;
    let shape = |mut answer: Value| {
        answer["numero"] = Value::Null;
        answer
    };
    let known = declared(&shop, &declaration(&reference)).await;
    let unknown = declared(&shop, &declaration("0000-0000")).await;
    assert_eq!(shape(known), shape(unknown));
    assert_eq!(statut(&shop, order).await, "PAYEE", "its order is found afterwards");
    assert_eq!(shop.run_job("withdrawals").await, 2);
    assert_eq!(shop.run_job("withdrawals").await, 0);
    assert_eq!(statut(&shop, order).await, "SUSPENDUE");
    assert_eq!(shop.count("withdrawals WHERE commande_id IS NOT NULL AND in_time AND entitled").await, 1);
    // The right number under another address, and an address without a number, are for the team.
    for body in [
        json!({ "nom": "X", "email": "other@example.com", "numero": reference }),
        json!({ "nom": "X", "email": "author@example.com" }),
    ] {
        declared(&shop, &body).await;
    }
    assert_eq!(shop.run_job("withdrawals").await, 2);
    assert_eq!(shop.count("withdrawals WHERE commande_id IS NULL AND match_due_at IS NULL").await, 3);
    assert_eq!(shop.count("email_outbox WHERE template = 'admin-warning'").await, 3);
}

#[tokio::test]
async fn an_order_is_known_by_its_reference_or_its_invoice_and_everybody_is_told() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let author = shop.person("author@example.com", Role::User).await;
    let (order, reference) = paid_order(&shop, &author, 150, &[]).await;
    shop.work().await;
    let number = shop.value("SELECT number FROM invoices").await.unwrap();
    // Mails about the order lead to the form, filled in.
    for (kind, number) in [("payment-user", &reference), ("invoice-user", &number)] {
        let letter = mail(&shop, kind).await;
        let link = format!("/api/public/retractation?numero={number}");
        assert!(letter["text"].as_str().unwrap().contains(&link), "{letter:#}");
    }
    declared(&shop, &declaration(&number.to_lowercase())).await;
    assert_eq!(shop.run_job("withdrawals").await, 1);
    assert_eq!(statut(&shop, order).await, "SUSPENDUE");
    let letter = mail(&shop, "withdrawal-order-user").await;
    let text = letter["text"].as_str().unwrap();
    assert_eq!(letter["to"], "author@example.com");
    assert!(text.contains("Le travail est arrêté") && text.contains("280,00\u{a0}€"), "{text}");
    assert!(text.contains("24\u{a0}mars 2026"), "{text}");
    let team = mail(&shop, "admin-withdrawal").await;
    assert!(team["subject"].as_str().unwrap().contains(&reference), "{team:#}");
    for person in [&author, &admin] {
        let bell = shop.json(shop.get_as(person, "/notifications"), 200).await;
        assert!(bell["notifications"][0]["title"].as_str().unwrap().contains("étractation"), "{bell:#}");
    }
    assert_eq!(shop.count("audit_logs WHERE action = 'WITHDRAWAL_DECLARED'").await, 1);
    assert_eq!(
        shop.count(
            "audit_logs WHERE action = 'COMMAND_STATUS_CHANGED' AND actor_email = 'author@example.com'"
        )
        .await,
        1
    );
    // Declared once more, otherwise, it is its own declaration, and the first one counts.
    declared(&shop, &json!({ "nom": "J. D.", "email": "author@example.com", "numero": reference })).await;
    assert_eq!(shop.run_job("withdrawals").await, 1);
    assert_eq!(shop.count("withdrawals WHERE repeats_id IS NOT NULL").await, 1);
    shop.ignore_mails();
}

#[tokio::test]
async fn the_same_declaration_is_one() {
    let shop = Shop::open().await;
    let jeton = summarised(&shop, &declaration("")).await;
    let again = summarised(&shop, &declaration("")).await;
    let body = json!({ "jeton": jeton });
    let clicks = (0..8).map(|_| shop.json(shop.post(CONFIRM).json(&body), 200));
    let answers = join_all(clicks).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    shop.advance(Duration::minutes(9));
    assert_eq!(confirmed(&shop, &again).await, answers[0], "the same words");
    assert_eq!(shop.count("withdrawals").await, 1);
    assert_eq!(shop.queued().await, ["withdrawal-user author@example.com"]);
    // Later they may be about something else.
    shop.advance(Duration::minutes(2));
    let later = declared(&shop, &declaration("")).await;
    assert_ne!(later["declareLe"], answers[0]["declareLe"]);
    assert_eq!(shop.count("withdrawals").await, 2);
    assert_eq!(shop.queued().await.len(), 2);
}

#[tokio::test]
async fn the_period_ends_at_midnight_in_paris() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let orders = [paid_order(&shop, &author, 150, &[]).await.0, paid_order(&shop, &author, 151, &[]).await.0];
    let own = async |order: Uuid| {
        // A session does not last so long.
        let author = shop.person("author@example.com", Role::User).await;
        let request = shop.post(&format!("/commandes/{order}/retractation")).bearer_auth(&author.token);
        shop.json(request, 201).await["retractation"].clone()
    };
    // Tuesday 24 March, 23:59:59.999 and midnight in Paris.
    shop.advance(Duration::days(14) + Duration::hours(14) - Duration::milliseconds(1));
    let in_time = own(orders[0]).await;
    assert_eq!(
        (&in_time["dansLeDelai"], &in_time["finDuDelai"]),
        (&json!(true), &json!("2026-03-24T23:00:00.000Z"))
    );
    shop.advance(Duration::milliseconds(1));
    assert_eq!(own(orders[1]).await["dansLeDelai"], false, "received all the same");
    assert_eq!(statut(&shop, orders[1]).await, "SUSPENDUE");
}

#[tokio::test]
async fn a_connected_author_withdraws_from_their_own_order() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let other = shop.person("other@example.com", Role::User).await;
    let (order, reference) = paid_order(&shop, &author, 150, &[]).await;
    let path = format!("/commandes/{order}/retractation");
    let declare = |person: &Person| shop.post(&path).bearer_auth(&person.token);
    shop.refused(declare(&other), 404, "NOT_FOUND").await;
    send(declare(&author).json(&json!({ "message": "é".repeat(2_001) }))).await.refused_fields(&["message"]);
    let first =
        shop.json(declare(&author).json(&json!({ "message": " Merci. " })), 201).await["retractation"]
            .clone();
    assert_eq!((&first["statut"], &first["demandeExpresse"]), (&json!("RECEIVED"), &json!(false)));
    assert_eq!((&first["montantRetenu"], &first["montantRembourse"]), (&json!(0), &json!(28_000)));
    assert_eq!(shop.json(declare(&author), 200).await["retractation"], first);
    assert_eq!(statut(&shop, order).await, "SUSPENDUE");
    let row = shop.row("SELECT numero, message, nom FROM withdrawals").await;
    assert_eq!(row, [reference.as_str(), "Merci.", "Zoé Martin"].map(|text| Some(text.to_owned())));
    let told = shop.queued().await;
    for kind in ["withdrawal-user author@", "withdrawal-order-user author@", "admin-withdrawal equipe@"] {
        assert_eq!(told.iter().filter(|mail| mail.starts_with(kind)).count(), 1, "{kind}: {told:?}");
    }
}

#[tokio::test]
async fn what_is_delivered_or_given_up_is_not_stopped() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    for (stands, after) in [
        ("EN_ATTENTE", "SUSPENDUE"),
        ("EN_COURS", "SUSPENDUE"),
        ("SUSPENDUE", "SUSPENDUE"),
        ("TERMINE", "TERMINE"),
        ("ANNULEE", "ANNULEE"),
    ] {
        let order = shop.commande(&author, "Un roman", stands).await;
        let path = format!("/commandes/{order}/retractation");
        shop.json(shop.post(&path).bearer_auth(&author.token), 201).await;
        assert_eq!(statut(&shop, order).await, after, "{stands}");
        shop.advance(Duration::minutes(11));
    }
}

/// The declaration about an order of which so many pages are done.
async fn standing(shop: &Shop, author: &Person, pages: u32) -> (Uuid, Uuid) {
    let express = [("demandeExpresse", "true"), ("versionCgv", "1")];
    let (order, _) = paid_order(shop, author, pages, &express).await;
    let path = format!("/commandes/{order}/retractation");
    let own = shop.json(shop.post(&path).bearer_auth(&author.token), 201).await;
    (order, own["retractation"]["id"].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_decision_is_made_once_and_moves_the_order() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let (mut conn, by) = (shop.conn().await, admin.id);
    let by = staka::users::store::session_user(&mut conn, by).await.unwrap().unwrap();
    let (order, id) = standing(&shop, &author, 150).await;
    let mut tx = shop.state.begin().await.unwrap();
    let share = service::accept(&mut tx, &by, id, 50, None).await.unwrap();
    assert_eq!((share.kept, share.returned), (9_333, 18_667));
    assert_eq!(service::accept(&mut tx, &by, id, 50, None).await.unwrap_err().code(), "ALREADY_DECIDED");
    assert!(service::refunded(&mut tx, id).await.unwrap());
    assert!(!service::refunded(&mut tx, id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(statut(&shop, order).await, "ANNULEE");
    let row =
        shop.row("SELECT state, CAST(pages_done AS CHAR), CAST(amount_kept AS CHAR) FROM withdrawals").await;
    assert_eq!(row, ["REFUNDED", "50", "9333"].map(|text| Some(text.to_owned())));
    // A refusal lets the order go on where it stood, and another declaration count.
    let (order, id) = standing(&shop, &author, 151).await;
    let mut tx = shop.state.begin().await.unwrap();
    service::refuse(&mut tx, &by, id, "Hors délai.").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(statut(&shop, order).await, "PAYEE");
    shop.advance(Duration::minutes(11));
    let again = shop.post(&format!("/commandes/{order}/retractation")).bearer_auth(&author.token);
    shop.json(again, 201).await;
    assert_eq!(shop.count("audit_logs WHERE action = 'WITHDRAWAL_DECIDED'").await, 2);
}

#[tokio::test]
async fn one_client_and_one_addressee_have_their_budgets() {
    let limits = [
        ("RATE_LIMIT_ENABLED", "true"),
        ("RATE_LIMIT_PUBLIC_FORM", "2/3600"),
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let shop = Shop::with(&limits).await;
    shop.ignore_mails();
    let from = |ip: &str, jeton: &str| {
        let request = shop.post(CONFIRM).header("x-forwarded-for", ip.to_owned());
        send(request.json(&json!({ "jeton": jeton })))
    };
    let mut tokens = Vec::new();
    for n in 0..4 {
        tokens.push(summarised(&shop, &declaration(&format!("{n}"))).await);
    }
    from("198.51.100.1", &tokens[0]).await.ok(200);
    // A second click is no second declaration.
    from("198.51.100.1", &tokens[0]).await.ok(200);
    from("198.51.100.2", &tokens[1]).await.ok(200);
    from("198.51.100.3", &tokens[2]).await.refused(429, "TOO_MANY_REQUESTS");
    let other = json!({ "nom": "X", "email": "x@example.com" });
    let others = [
        summarised(&shop, &other).await,
        summarised(&shop, &json!({ "nom": "Y", "email": "y@example.com" })).await,
    ];
    from("198.51.100.1", &others[0]).await.ok(200);
    let refused = from("198.51.100.1", &others[1]).await;
    refused.refused(429, "TOO_MANY_REQUESTS");
    let page = browser(&shop, Method::POST, CONFIRM).header("x-forwarded-for", "198.51.100.1");
    let page = filled(page, &[("jeton", &others[1])]).send().await.unwrap();
    assert_eq!(page.status(), 429);
    assert!(page.headers().contains_key("retry-after"));
}
