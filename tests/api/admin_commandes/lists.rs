//! The list, its counts and the detail.

use reqwest::Method;
use serde_json::json;

use super::Desk;

fn titles(list: &serde_json::Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|order| order["titre"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_neither_repeat_nor_lose_an_order() {
    let desk = Desk::open().await;
    for number in 0..7 {
        desk.order(&format!("Roman {number}"), if number < 3 { "EN_COURS" } else { "TERMINE" }).await;
    }
    // Equal keys throughout: all were made at the same instant.
    for sort in
        ["", "&sortBy=statut&sortDirection=asc", "&sortBy=amount", "&sortBy=dateEcheance", "&sortBy=priorite"]
    {
        let mut seen = Vec::new();
        for page in 1..=3 {
            let list = desk.list(&format!("page={page}&limit=3{sort}")).await;
            assert_eq!((&list["page"], &list["totalPages"]), (&json!(page), &json!(3)), "{sort}");
            assert_eq!(list["stats"]["total"], 7);
            seen.extend(titles(&list).into_iter().map(str::to_owned));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 7, "{sort}");
    }
    // A direction without a key changes nothing: the application sends one.
    assert_eq!(titles(&desk.list("sortDirection=asc").await), titles(&desk.list("").await));
    let by_title = desk.list("sortBy=titre&sortDirection=asc&limit=2").await;
    assert_eq!(titles(&by_title), ["Roman 0", "Roman 1"]);
    let counts = desk.list("statut=EN_COURS&limit=1").await;
    assert_eq!((&counts["stats"]["total"], &counts["stats"]["byStatut"]["TERMINE"]), (&json!(3), &json!(4)));
    assert_eq!(counts["stats"]["byStatut"].as_object().unwrap().len(), 9);
    assert_eq!(counts["filters"], json!({ "statut": "EN_COURS" }));
    assert_eq!(
        desk.list("statut=NULLE_PART").await["stats"]["total"],
        7,
        "what is no status filters nothing"
    );
    let figures = desk.ask(Method::GET, "/stats", None).await.ok(200)["data"].clone();
    assert_eq!((&figures["totalCommandes"], &figures["tauxCompletion"]), (&json!(7), &json!(57)));
    assert_eq!(figures["recentCommandes"], 7);
}

#[tokio::test]
async fn orders_are_found_by_what_people_know_of_them() {
    let desk = Desk::open().await;
    let odd = desk.order(r"100 % des \_ours", "EN_COURS").await;
    desk.order("Un autre roman", "EN_COURS").await;
    desk.server.execute("UPDATE commandes SET reference = 'CMD-7F3K' WHERE titre = 'Un autre roman'").await;
    for (search, found) in [
        ("%25", 1),
        ("%5C_", 1),
        ("_", 1),
        ("autre%20roman", 1),
        ("roman%20autre%20client%40example.com", 1),
        ("cmd-7f3k", 1),
        ("client", 2),
        ("personne", 0),
        (odd.to_string().as_str(), 1),
    ] {
        let list = desk.list(&format!("search={search}")).await;
        assert_eq!(list["stats"]["total"], found, "{search}");
        assert_eq!(list["data"].as_array().unwrap().len(), found as usize, "{search}");
    }
    let client = desk.client.id;
    assert_eq!(desk.list(&format!("clientId={client}")).await["stats"]["total"], 2);
    assert_eq!(desk.list("clientId=personne").await["stats"]["total"], 0);
    assert_eq!(desk.list("dateFrom=2026-03-10&dateTo=2026-03-10").await["stats"]["total"], 2);
    assert_eq!(desk.list("dateTo=2026-03-09").await["stats"]["total"], 0);
}

#[tokio::test]
async fn an_order_is_shown_with_all_that_happened_to_it() {
    let desk = Desk::open().await;
    desk.server.ignore_mails();
    let (id, _) = desk.server.paid_order(&desk.client).await;
    let statut = json!({ "statut": "EN_COURS", "noteCorrecteur": "À lire avec soin." });
    desk.ask(Method::PUT, &format!("/{id}/status"), Some(statut)).await.ok(200);
    let detail = desk.ask(Method::GET, &format!("/{id}"), None).await.ok(200)["data"].clone();
    assert_eq!(
        (&detail["statut"], &detail["noteCorrecteur"]),
        (&json!("EN_COURS"), &json!("À lire avec soin."))
    );
    for key in ["id", "prenom", "nom", "email", "role", "isActive", "createdAt", "updatedAt"] {
        assert!(!detail["user"][key].is_null(), "{key}: {detail}");
    }
    assert_eq!(detail["_count"]["files"], 0);
    let kinds: Vec<_> =
        detail["timeline"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"COMMAND_STATUS_CHANGED") && kinds.contains(&"COMMAND_UPDATED"), "{kinds:?}");
    let unknown = uuid::Uuid::nil();
    desk.ask(Method::GET, &format!("/{unknown}"), None).await.refused(404, "NOT_FOUND");
}
