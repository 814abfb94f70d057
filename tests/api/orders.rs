//! Orders, from the form to the row.

use chrono::Duration;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use staka::auth::Role;
use staka::checkout::purge;
use staka::files::deletions;
use uuid::Uuid;

use crate::shop::{Shop, fixture, guest_form, refused_fields, word};

#[tokio::test]
async fn a_guest_orders_with_documents() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let form = guest_form(service, &[("prixCalcule", Some("280"))])
        .part("files", word())
        .text(
            "fileMetadata_1",
            json!({"title": "La suite", "description": "ADMIN_FILE: corrigé"}).to_string(),
        )
        .text("fileMetadata_0", json!({"title": "Le début", "originalName": "x.docx"}).to_string())
        .part("files", fixture("extrait.pdf", "application/pdf"));
    let body = shop.json(shop.post("/api/public/order").multipart(form), 201).await;
    assert_eq!(body["uploadedFiles"], 2);
    assert!(body["checkoutUrl"].as_str().unwrap().starts_with("http"));
    assert!(body["sessionId"].as_str().unwrap().starts_with("cs_"));
    let pending: Uuid = body["pendingCommandeId"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        shop.row("SELECT email, titre, CAST(amount AS CHAR), CAST(nombre_pages AS CHAR), status FROM pending_commandes").await,
        ["jeanne.dupont@example.com", "L’été à Sète", "28000", "150", "PENDING"].map(|text| Some(text.to_owned()))
    );
    let first = shop
        .row("SELECT title, filename, CAST(is_corrected AS CHAR) FROM files WHERE mime_type NOT LIKE '%pdf'")
        .await;
    assert_eq!(first, ["Le début", "extrait.docx", "0"].map(|text| Some(text.to_owned())));
    let second = shop
        .row("SELECT title, filename, CAST(is_corrected AS CHAR) FROM files WHERE mime_type LIKE '%pdf'")
        .await;
    assert_eq!(second, ["La suite", "extrait.pdf", "0"].map(|text| Some(text.to_owned())));
    assert_eq!(shop.objects().len(), 2);
    // Told once, to the administrators alone.
    assert_eq!(shop.count("notifications").await, 1);
    assert_eq!(shop.count("email_outbox").await, 1);
    assert_eq!(shop.count("audit_logs WHERE action = 'FILE_UPLOADED'").await, 2);
    // Whoever holds the id learns the state and nothing else.
    let state = shop.json(shop.get(&format!("/public/order/{pending}")), 200).await;
    let known = json!({
        "id": pending, "reference": body["reference"], "status": "PENDING", "createdAt": "2026-03-10T09:00:00.000Z",
    });
    assert_eq!(state["pendingCommande"], known);
    // A manuscript not paid yet is read by administrators only.
    let file = shop.row("SELECT LOWER(CONCAT_WS('-', SUBSTR(HEX(id),1,8), SUBSTR(HEX(id),9,4), SUBSTR(HEX(id),13,4), SUBSTR(HEX(id),17,4), SUBSTR(HEX(id),21))) FROM files LIMIT 1").await;
    let path = format!("/files/download/{}", file[0].as_ref().unwrap());
    assert_eq!(shop.get_as(&admin, &path).send().await.unwrap().status(), 200);
    let author = shop.person("author@example.com", Role::User).await;
    shop.refused(shop.get_as(&author, &path), 403, "FILE_FORBIDDEN").await;
}

/// The web application shows the message alone.
fn assert_price_changed(refusal: &serde_json::Value) {
    assert_eq!(refusal["expectedAmount"], 28_000);
    assert!(refusal["message"].as_str().unwrap().contains("280,00\u{a0}€"), "{refusal}");
    assert!(refusal["details"].is_null(), "{refusal}");
}

#[tokio::test]
async fn everything_wrong_with_a_form_is_told_at_once() {
    let shop = Shop::open().await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let form = guest_form(
        service,
        &[
            ("prenom", Some("J")),
            ("nom", None),
            ("email", Some("jeanne@")),
            ("telephone", Some("0123456789012345678901")),
            ("nombrePages", Some("0")),
            ("consentementRgpd", Some("false")),
            ("typeClient", Some("PROFESSIONNEL")),
            ("siren", Some("123456789")),
        ],
    );
    let body = shop
        .refused(shop.post("/public/order").multipart(form.part("files", word())), 400, "VALIDATION_ERROR")
        .await;
    let mut fields = refused_fields(&body);
    fields.sort_unstable();
    let wrong =
        ["consentementRgpd", "email", "nom", "nombrePages", "prenom", "siren", "societe", "telephone"];
    assert_eq!(fields, wrong);
    shop.refused(shop.post("/public/order"), 400, "VALIDATION_ERROR").await;
    shop.refused(shop.post("/public/order").body("{"), 400, "INVALID_JSON").await;
    shop.assert_untouched().await;
}

const BEFORE_FILES: &str = "Les champs doivent être envoyés avant les fichiers.";

#[tokio::test]
async fn a_refusal_leaves_nothing_behind() {
    let shop = Shop::open().await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    shop.person("jeanne.dupont@example.com", Role::User).await;
    let other = ("email", Some("other@example.com"));
    let order = |form: Form| shop.post("/public/order").multipart(form);
    let with_file =
        |changes: &[(&'static str, Option<&str>)]| guest_form(service, changes).part("files", word());
    shop.refused(order(with_file(&[])), 409, "EMAIL_TAKEN").await;
    let changed =
        shop.refused(order(with_file(&[other, ("prixCalcule", Some("0.5"))])), 400, "PRICE_CHANGED").await;
    assert_price_changed(&changed);
    shop.refused(order(with_file(&[other, ("serviceId", Some("pack-kdp"))])), 404, "NOT_FOUND").await;
    let unknown = Uuid::nil().to_string();
    shop.refused(order(with_file(&[other, ("serviceId", Some(&unknown))])), 404, "NOT_FOUND").await;
    let pages = shop
        .refused(order(with_file(&[other, ("nombrePages", Some("undefined"))])), 400, "VALIDATION_ERROR")
        .await;
    assert_eq!(refused_fields(&pages), ["nombrePages"]);
    // Documents are judged after the fields: those already received go again.
    let page = Part::text("<html><script>alert(1)</script></html>").file_name("roman.docx");
    shop.refused(order(with_file(&[other]).part("files", page)), 415, "UNSUPPORTED_FILE_TYPE").await;
    shop.refused(
        order(with_file(&[other]).part("files", Part::text("").file_name("vide.txt"))),
        400,
        "EMPTY_FILE",
    )
    .await;
    shop.refused(order(with_file(&[other]).part("photo", word())), 400, "UNEXPECTED_FIELD").await;
    let eleven = (0..10).fold(with_file(&[other]), |form, _| form.part("files", word()));
    shop.refused(order(eleven), 400, "TOO_MANY_FILES").await;
    // Nothing of a file is written before the fields are known: those behind it are not, and the refusal says why.
    let behind = Form::new().part("files", word()).text("prenom", "Jeanne").text("titre", "L’été à Sète");
    let told = shop.refused(order(behind), 400, "VALIDATION_ERROR").await;
    assert!(refused_fields(&told).contains(&"prenom"), "{told}");
    assert!(told["message"].as_str().unwrap().ends_with(BEFORE_FILES), "{told}");
    let pages_behind = with_file(&[other, ("nombrePages", None)]).text("nombrePages", "150");
    let told = shop.refused(order(pages_behind), 400, "VALIDATION_ERROR").await;
    assert_eq!(refused_fields(&told), ["nombrePages"]);
    assert!(told["message"].as_str().unwrap().ends_with(BEFORE_FILES), "{told}");
    for in_order in [with_file(&[("email", Some("jeanne@"))]), guest_form(service, &[("nom", None)])] {
        let told = shop.refused(order(in_order), 400, "VALIDATION_ERROR").await;
        assert!(!told["message"].as_str().unwrap().contains(BEFORE_FILES), "{told}");
    }
    // A price that comes after the files would not have been judged.
    let late =
        shop.refused(order(with_file(&[other]).text("prixCalcule", "1")), 400, "VALIDATION_ERROR").await;
    assert_eq!(refused_fields(&late), ["prixCalcule"]);
    shop.execute("UPDATE tarifs SET actif = FALSE").await;
    shop.refused(order(with_file(&[other])), 404, "NOT_FOUND").await;
    shop.assert_untouched().await;
}

#[tokio::test]
async fn without_stripe_nothing_is_ordered() {
    let shop = Shop::with(&[("STRIPE_API_URL", "http://127.0.0.1:1")]).await;
    shop.person("admin@example.com", Role::Admin).await;
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let form = guest_form(service, &[]).part("files", word());
    shop.refused(shop.post("/public/order").multipart(form), 503, "STRIPE_UNAVAILABLE").await;
    let form = guest_form(service, &[]).part("files", word());
    let connected = shop.post("/commandes/create-paid-project").bearer_auth(&author.token);
    shop.refused(connected.multipart(form), 503, "STRIPE_UNAVAILABLE").await;
    shop.assert_untouched().await;
}

#[tokio::test]
async fn a_flat_price_forgets_the_pages_and_json_orders_too() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let body = json!({
        "prenom": "Jeanne", "nom": "Dupont", "email": "j@example.com", "telephone": "0601020304", "serviceId": service,
        "nombrePages": 150, "consentementRgpd": true, "typeClient": "PROFESSIONNEL", "societe": "Dupont Éditions",
        "siren": "732 829 320", "numeroTva": "fr 44 732829320", "prixCalcule": null,
    });
    let placed = shop.json(shop.post("/public/order").json(&body), 201).await;
    assert_eq!(placed["uploadedFiles"], 0);
    let row = shop
        .row("SELECT titre, CAST(amount AS CHAR), CAST(nombre_pages AS CHAR), JSON_VALUE(buyer, '$.siren'), JSON_VALUE(buyer, '$.numeroTva') FROM pending_commandes")
        .await;
    let expected = [Some("Pack KDP"), Some("35000"), None, Some("732829320"), Some("FR44732829320")];
    assert_eq!(row, expected.map(|text| text.map(str::to_owned)));
    shop.refused(shop.post("/public/order").json(&json!({"prenom": ["x"]})), 400, "VALIDATION_ERROR").await;
}

#[tokio::test]
async fn an_account_never_activated_may_order_again() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    shop.person("jeanne.dupont@example.com", Role::User).await;
    shop.execute("UPDATE users SET is_active = FALSE").await;
    shop.json(shop.post("/public/order").multipart(guest_form(service, &[])), 201).await;
    // Closed by its owner it still has one.
    shop.execute("UPDATE users SET deactivated_by = 'SELF'").await;
    shop.refused(shop.post("/public/order").multipart(guest_form(service, &[])), 409, "EMAIL_TAKEN").await;
}

#[tokio::test]
async fn guests_order_ten_times_an_hour() {
    let shop = Shop::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let order =
        |titre: &str| shop.post("/public/order").multipart(guest_form(service, &[("titre", Some(titre))]));
    // A form that is not in order counts as nothing.
    shop.refused(shop.post("/public/order"), 400, "VALIDATION_ERROR").await;
    for tome in 0..10 {
        shop.json(order(&format!("Tome {tome}")), 201).await;
    }
    let limited = shop.refused(order("Tome 10"), 429, "TOO_MANY_REQUESTS").await;
    assert_eq!(limited["retryAfter"], 3600);
}

#[tokio::test]
async fn a_connected_author_orders_under_their_own_name() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let order =
        |form: Form| shop.post("/commandes/create-paid-project").bearer_auth(&author.token).multipart(form);
    let form =
        guest_form(service, &[("typeClient", Some("PROFESSIONNEL")), ("societe", Some("Martin & fils"))]);
    let form = form.text("userId", Uuid::nil().to_string()).part("files", word());
    let body = shop.json(order(form), 201).await;
    assert_eq!(body["success"], true);
    assert!(body["pendingCommandeId"].is_string() && body["checkoutUrl"].is_string());
    let owner = shop.row("SELECT p.email, p.prenom, p.telephone, u.email FROM pending_commandes p JOIN users u ON u.id = p.user_id").await;
    assert_eq!(
        owner,
        ["author@example.com", "Zoé", "0601020304", "author@example.com"].map(|text| Some(text.to_owned()))
    );
    assert_eq!(shop.row("SELECT societe FROM users").await, [Some("Martin & fils".to_owned())]);
    // The next order is invoiced to the same business without being told again.
    let next = guest_form(service, &[("titre", Some("Le tome deux"))]);
    shop.json(order(next), 201).await;
    let buyer = shop
        .row("SELECT JSON_VALUE(buyer, '$.societe') FROM pending_commandes WHERE titre = 'Le tome deux'")
        .await;
    assert_eq!(buyer, [Some("Martin & fils".to_owned())]);
    let short =
        shop.refused(order(guest_form(service, &[("titre", Some("ab"))])), 400, "VALIDATION_ERROR").await;
    assert_eq!(refused_fields(&short), ["titre"]);
    let dearer =
        shop.refused(order(guest_form(service, &[("prixCalcule", Some("279.99"))])), 400, "PRICE_CHANGED");
    assert_price_changed(&dearer.await);
    let nobody =
        shop.post("/commandes/create-paid-project").multipart(guest_form(service, &[]).part("files", word()));
    shop.refused(nobody, 401, "TOKEN_MISSING").await;
    assert_eq!(shop.objects().len(), 1);
}

#[tokio::test]
async fn unpaid_orders_are_created_listed_and_read_by_their_author() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    shop.person("admin@example.com", Role::Admin).await;
    let author = shop.person("author@example.com", Role::User).await;
    let stranger = shop.person("stranger@example.com", Role::Admin).await;
    let tarif = shop.tarif("Correction", 200, "PAGE").await;
    let create = |body: serde_json::Value| shop.post("/commandes").bearer_auth(&author.token).json(&body);
    let body = json!({"titre": " Mon roman ", "packType": tarif, "pages": "150", "prixEstime": 1, "description": ""});
    let created = shop.json(create(body), 201).await;
    assert_eq!(created["commande"]["titre"], "Mon roman");
    assert_eq!(created["commande"]["statut"], "EN_ATTENTE");
    assert_eq!(created["commande"]["description"], json!(null));
    assert_eq!(shop.count("commandes WHERE amount = 28000").await, 1);
    let row = shop.row("SELECT CAST(prix_estime AS CHAR), pack_type, payment_status, CAST(tarif_id IS NULL AS CHAR) FROM commandes").await;
    assert_eq!(row, [Some("28000"), None, None, Some("0")].map(|text| text.map(str::to_owned)));
    let verified =
        shop.json(create(json!({"titre": "À vérifier", "pack": "pack-integral-default"})), 201).await;
    assert_eq!(verified["commande"]["statut"], "EN_ATTENTE_VERIFICATION");
    assert_eq!(shop.count("audit_logs WHERE action = 'COMMAND_CREATED'").await, 2);
    for wrong in
        [json!({"titre": "ab"}), json!({"titre": 3}), json!({}), json!({"titre": "abc", "pages": 1001})]
    {
        shop.refused(create(wrong), 400, "VALIDATION_ERROR").await;
    }
    let list = shop.json(shop.get_as(&author, "/commandes?limit=1&page=2"), 200).await;
    assert_eq!(list["pagination"], json!({"page": 2, "limit": 1, "total": 2, "totalPages": 2}));
    assert_eq!(list["commandes"][0]["titre"], "Mon roman");
    let filtered = shop.json(shop.get_as(&author, "/commandes?statut=EN_ATTENTE_VERIFICATION"), 200).await;
    assert_eq!(filtered["pagination"]["total"], 1);
    assert_eq!(filtered["filters"]["statut"], "EN_ATTENTE_VERIFICATION");
    shop.refused(shop.get_as(&author, "/commandes?statut=PERDUE"), 400, "VALIDATION_ERROR").await;
    shop.refused(shop.get_as(&author, "/commandes?page=-1"), 400, "VALIDATION_ERROR").await;
    let path = format!("/commandes/{}", created["commande"]["id"].as_str().unwrap());
    let read = shop.json(shop.get_as(&author, &path), 200).await;
    assert_eq!(read["commande"]["titre"], "Mon roman");
    shop.refused(shop.get_as(&stranger, &path), 404, "NOT_FOUND").await;
    shop.refused(shop.get(&path), 401, "TOKEN_MISSING").await;
}

#[tokio::test]
async fn orders_nobody_paid_are_forgotten_after_a_week() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let order = |email: &str| {
        let form =
            guest_form(service, &[("email", Some(email)), ("titre", Some(email))]).part("files", word());
        shop.post("/public/order").multipart(form)
    };
    for email in ["old@example.com", "paid@example.com", "retried@example.com"] {
        shop.json(order(email), 201).await;
    }
    shop.clock.advance(Duration::days(6));
    shop.json(order("young@example.com"), 201).await;
    shop.execute("UPDATE checkout_sessions s JOIN pending_commandes p ON p.id = s.pending_commande_id SET s.status = 'PAID' WHERE p.titre = 'paid@example.com'").await;
    shop.execute("UPDATE checkout_sessions s JOIN pending_commandes p ON p.id = s.pending_commande_id SET s.created_at = '2026-03-15 00:00:00' WHERE p.titre = 'retried@example.com'").await;
    assert_eq!(purge::abandoned(&shop.state).await.unwrap(), 0);
    shop.clock.advance(Duration::days(2));
    // Its payment page is closed at Stripe first.
    assert_eq!(purge::abandoned(&shop.state).await.unwrap(), 0);
    assert_eq!(shop.run_job("stripe_closings").await, 1);
    assert_eq!(purge::abandoned(&shop.state).await.unwrap(), 1);
    assert_eq!(shop.count("pending_commandes WHERE titre = 'old@example.com'").await, 0);
    assert_eq!(shop.count("pending_commandes").await, 3);
    assert_eq!(shop.count("files").await, 3);
    assert_eq!(shop.objects().len(), 3);
    assert_eq!(shop.count("storage_deletions").await, 0);
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_is_tried_again_later() {
    let shop = Shop::open().await;
    let mut conn = shop.conn().await;
    let now = shop.state.clock.now();
    // A key no storage can hold fails for ever; a missing object counts as removed.
    for key in ["../outside", "orders/2026/01/gone.txt"] {
        deletions::queue(&mut conn, now, key).await.unwrap();
        deletions::queue(&mut conn, now, key).await.unwrap();
    }
    assert_eq!(deletions::run(&shop.state).await.unwrap(), 1);
    let left = || shop.row("SELECT storage_key, CAST(attempts AS CHAR) FROM storage_deletions");
    assert_eq!(left().await, ["../outside", "1"].map(|text| Some(text.to_owned())));
    assert_eq!(deletions::run(&shop.state).await.unwrap(), 0);
    assert_eq!(left().await[1].as_deref(), Some("1"));
    shop.clock.advance(Duration::minutes(1));
    deletions::run(&shop.state).await.unwrap();
    assert_eq!(left().await[1].as_deref(), Some("2"));
}
