//! What decides how much is kept: the express request, and who has no right to withdraw.

use serde_json::{Value, json};
use staka::auth::Role;

use super::{declaration, declared, filled, paid_order, statut};
use crate::{
    shop::{Shop, guest_form, text_of},
    support::answer::send,
};

#[tokio::test]
async fn an_express_request_is_recorded_and_decides_what_is_kept() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let express = [("demandeExpresse", "true"), ("versionCgv", "2026-02")];
    let (order, _) = paid_order(&shop, &author, 150, &express).await;
    let row =
        shop.row("SELECT source, terms_version, email, CAST(commande_id IS NOT NULL AS CHAR) FROM express_requests").await;
    assert_eq!(row, ["FORM", "2026-02", "author@example.com", "1"].map(|text| Some(text.to_owned())));
    shop.execute("UPDATE commandes SET statut = 'EN_COURS'").await;
    let path = format!("/commandes/{order}/retractation");
    let own = shop.json(shop.post(&path).bearer_auth(&author.token), 201).await["retractation"].clone();
    assert_eq!((&own["demandeExpresse"], &own["pagesFaites"]), (&json!(true), &Value::Null));
    assert_eq!(
        (&own["montantRetenu"], &own["montantRembourse"]),
        (&Value::Null, &Value::Null),
        "to be counted"
    );
    // Forms say it wholly or not at all.
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let form = guest_form(service, &[("demandeExpresse", Some("true")), ("email", Some("g@example.com"))]);
    send(shop.post("/public/order").multipart(form)).await.refused_fields(&["versionCgv"]);
    let bare = json!({ "titre": "Mon roman", "demandeExpresse": true });
    let create = |body: &Value| shop.post("/commandes").bearer_auth(&author.token).json(body);
    send(create(&bare)).await.refused_fields(&["versionCgv"]);
    shop.json(create(&json!({ "titre": "Mon roman", "demandeExpresse": true, "versionCgv": "v3" })), 201)
        .await;
    assert_eq!(shop.count("express_requests WHERE terms_version = 'v3'").await, 1);
}

#[tokio::test]
async fn the_box_of_the_payment_page_is_kept_with_its_text() {
    let terms = [("TERMS_URL", "https://livrestaka.example/cgv"), ("TERMS_VERSION", "2026-06")];
    let shop = Shop::with(&terms).await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let order = shop.unpaid_order(&author).await;
    let body = json!({ "commandeId": order });
    let opened =
        shop.post_as(&author.token, "/payments/create-checkout-session", &body).await.ok(200).clone();
    let page = format!("/dev/stripe/checkout/{}", opened["sessionId"].as_str().unwrap());
    let (_, html) = text_of(shop.get(&page).send().await.unwrap()).await;
    assert!(html.contains(r#"href="https://livrestaka.example/cgv""#), "{html}");
    assert!(
        html.contains("je perdrai mon droit de rétractation") && html.contains(r#"name="terms""#),
        "{html}"
    );
    let unticked = shop.post(&format!("{page}/pay")).send().await.unwrap();
    assert_eq!(unticked.status(), 409);
    assert_eq!(shop.count("commandes WHERE payment_status = 'paid'").await, 0);
    let paid = [("name", "Zoé"), ("email", "zoe@example.com"), ("terms", "true")];
    assert_eq!(filled(shop.post(&format!("{page}/pay")), &paid).send().await.unwrap().status(), 303);
    let kept = shop
        .row("SELECT source, terms_version, email, CAST(requested_at AS CHAR) FROM express_requests")
        .await;
    let expected = ["CHECKOUT", "2026-06", "zoe@example.com", "2026-03-10 09:00:00.000"];
    assert_eq!(kept, expected.map(|text| Some(text.to_owned())));
    // What is kept of the event still proves it.
    assert_eq!(shop.count("stripe_events WHERE payload LIKE '%\"terms_of_service\":\"accepted\"%' AND payload LIKE '%2026-06%'").await, 1);
}

#[tokio::test]
async fn a_business_has_no_right_to_withdraw() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let business = [
        ("typeClient", "PROFESSIONNEL"),
        ("societe", "Nil SARL"),
        ("siren", "732829320"),
        ("adresseFacturation", "1 rue"),
    ];
    let (order, reference) = paid_order(&shop, &author, 150, &business).await;
    declared(&shop, &declaration(&reference)).await;
    assert_eq!(shop.run_job("withdrawals").await, 1);
    assert_eq!(shop.count("withdrawals WHERE entitled = FALSE AND statut_before IS NULL").await, 1);
    assert_eq!(statut(&shop, order).await, "PAYEE", "nothing stops");
}
