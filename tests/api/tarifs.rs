//! The public price list.

use crate::shop::Shop;

#[tokio::test]
async fn everybody_reads_the_active_lines_in_order() {
    let shop = Shop::open().await;
    shop.tarif("Correction", 200, "PAGE").await;
    shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    shop.tarif("Ancien pack", 1, "FORFAIT").await;
    shop.execute("UPDATE tarifs SET actif = FALSE WHERE nom = 'Ancien pack'").await;
    shop.execute("UPDATE tarifs SET ordre = 0, stripe_price_id = 'price_1' WHERE nom = 'Pack KDP'").await;
    let mut bodies = vec![];
    for path in ["/tarifs", "/public/tarifs", "/api/tarifs"] {
        bodies.push(shop.json(shop.get(path), 200).await);
    }
    let body = &bodies[0];
    assert!(bodies.iter().all(|other| other == body));
    let names: Vec<_> =
        body["data"].as_array().unwrap().iter().map(|line| line["nom"].as_str().unwrap()).collect();
    assert_eq!(names, ["Pack KDP", "Correction"]);
    assert_eq!(body["data"][0]["prix"], 35_000);
    assert_eq!(body["data"][0]["createdAt"], "2026-03-10T09:00:00.000Z");
    assert_eq!(body["security"]["stripeFieldsHidden"], true);
    assert!(!body.to_string().contains("price_1"));
}

#[tokio::test]
async fn an_unchanged_list_is_not_sent_again() {
    let shop = Shop::open().await;
    let first = shop.get("/tarifs").send().await.unwrap();
    assert_eq!(first.headers()["cache-control"], "public, max-age=60");
    let tag = first.headers()["etag"].clone();
    let again = shop.get("/tarifs").header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    // A change shows as soon as whoever made it says so.
    shop.tarif("Correction", 200, "PAGE").await;
    shop.state.tarifs.forget();
    let changed = shop.json(shop.get("/tarifs"), 200).await;
    assert_eq!(changed["data"].as_array().unwrap().len(), 1);
}
