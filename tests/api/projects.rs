//! What authors see of their projects, and who reads which document.

use serde_json::{Value, json};
use staka::auth::Role;
use staka::clock::new_id;
use uuid::Uuid;

use crate::shop::{Person, Shop, text_of};

async fn titles(shop: &Shop, author: &Person, query: &str) -> Vec<String> {
    let body = shop.json(shop.get_as(author, &format!("/projects?{query}")), 200).await;
    body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn filters_and_counts_agree() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let other = shop.person("other@example.com", Role::User).await;
    for statut in [
        "EN_ATTENTE",
        "EN_ATTENTE_VERIFICATION",
        "EN_ATTENTE_CONSULTATION",
        "ESTIMATION_ENVOYEE",
        "PAYEE",
        "EN_COURS",
        "TERMINE",
        "ANNULEE",
        "SUSPENDUE",
    ] {
        shop.commande(&author, statut, statut).await;
        shop.commande(&other, "Pas à moi", statut).await;
    }
    let counts = shop.json(shop.get_as(&author, "/projects/counts"), 200).await;
    assert_eq!(counts, json!({"all": 9, "active": 2, "pending": 4, "completed": 1}));
    for status in ["all", "active", "pending", "completed"] {
        let path = format!("/projects?status={status}&limit=5");
        let response = shop.get_as(&author, &path).send().await.unwrap();
        let total = response.headers()["x-total-count"].to_str().unwrap().to_owned();
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["meta"], json!({"page": 1, "pageSize": 5, "total": counts[status]}));
        assert_eq!(total, counts[status].to_string());
        let listed = body["data"].as_array().unwrap().len() as u64;
        assert_eq!(listed, counts[status].as_u64().unwrap().min(5));
    }
    let badge = shop.json(shop.get_as(&author, "/projects?status=completed"), 200).await;
    assert_eq!(badge["data"][0]["statusBadge"], "bg-green-100 text-green-800");
    assert_eq!(badge["data"][0]["progress"], 100);
}

#[tokio::test]
async fn a_search_takes_every_word_as_it_is_written() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for titre in ["Un été à Sète", "100 % coton", "100 coton", "snake_case", "snakeXcase", "un \\ deux"] {
        shop.commande(&author, titre, "EN_COURS").await;
    }
    assert_eq!(titles(&shop, &author, "search=sete%20ETE").await, ["Un été à Sète"]);
    assert_eq!(titles(&shop, &author, "search=100%20%25").await, ["100 % coton"]);
    assert_eq!(titles(&shop, &author, "search=e_c").await, ["snake_case"]);
    assert_eq!(titles(&shop, &author, "search=%5C").await, ["un \\ deux"]);
    assert_eq!(titles(&shop, &author, "search=%20&limit=99").await.len(), 6);
    let clamped = shop.json(shop.get_as(&author, "/projects?limit=99"), 200).await;
    assert_eq!(clamped["meta"]["pageSize"], 50);
    for query in ["status=lost".to_owned(), format!("search={}", "a".repeat(101)), "page=-1".to_owned()] {
        let body =
            shop.refused(shop.get_as(&author, &format!("/projects?{query}")), 400, "VALIDATION_ERROR").await;
        assert_eq!(body["details"].as_array().unwrap().len(), 1);
    }
    shop.refused(shop.get("/projects"), 401, "TOKEN_MISSING").await;
}

#[tokio::test]
async fn pages_follow_one_order() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for titre in ["a", "b", "c", "d"] {
        shop.commande(&author, titre, "EN_COURS").await;
    }
    shop.execute("UPDATE commandes SET date_echeance = '2026-05-01' WHERE titre = 'b'").await;
    let mut seen = vec![];
    for page in 1..=3 {
        seen.extend(titles(&shop, &author, &format!("limit=2&page={page}")).await);
    }
    assert_eq!(seen, ["b", "d", "c", "a"]);
}

#[tokio::test]
async fn a_project_names_its_pack_its_corrector_and_what_can_be_fetched() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let corrector = shop.person("corrector@example.com", Role::Corrector).await;
    let tarif = shop.tarif("Pack KDP Autoédition", 35_000, "FORFAIT").await;
    let id = shop.commande(&author, "Mon essai", "TERMINE").await;
    sqlx::query("UPDATE commandes SET tarif_id = ?, corrector_id = ?, description = 'Un essai de 90 pages', date_finition = '2026-03-31 23:30:00' WHERE id = ?")
        .bind(tarif)
        .bind(corrector.id)
        .bind(id)
        .execute(&mut *shop.conn().await)
        .await
        .unwrap();
    shop.document(Some(id), &author, "manuscrit.txt", false).await;
    let project = || async { shop.json(shop.get_as(&author, "/projects"), 200).await["data"][0].clone() };
    let before = project().await;
    assert_eq!(before["canDownload"], false);
    assert_eq!(before["pack"], "Pack KDP Autoédition");
    assert_eq!(before["corrector"], "Zoé Martin");
    assert_eq!(before["type"], "Essai");
    assert_eq!(before["pages"], 90);
    assert_eq!(before["startedAt"], "2026-03-10");
    // Half past midnight in Paris, summer time.
    assert_eq!(before["deliveryAt"], "2026-04-01");
    assert!(before.get("rating").is_none());
    shop.document(Some(id), &corrector, "corrigé.txt", true).await;
    assert_eq!(project().await["canDownload"], true);
}

#[tokio::test]
async fn documents_are_read_by_those_concerned_and_nobody_else() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let stranger = shop.person("stranger@example.com", Role::User).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let corrector = shop.person("corrector@example.com", Role::Corrector).await;
    let idle = shop.person("idle@example.com", Role::Corrector).await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    sqlx::query("UPDATE commandes SET corrector_id = ?")
        .bind(corrector.id)
        .execute(&mut *shop.conn().await)
        .await
        .unwrap();
    let file = shop.document(Some(order), &author, "L’été.txt", false).await;
    let attached = shop.document(None, &admin, "devis.txt", false).await;
    attach(&shop, &author, attached).await;
    let lists = [format!("/files/projects/{order}/files"), format!("/projects/{order}/files")];
    for path in &lists {
        for reader in [&author, &admin, &corrector] {
            let body = shop.json(shop.get_as(reader, path), 200).await;
            assert_eq!(body["count"], 1);
            assert_eq!(body["files"][0]["filename"], "L’été.txt");
            assert_eq!(body["files"][0]["isAdminFile"], false);
        }
        for other in [&stranger, &idle] {
            shop.refused(shop.get_as(other, path), 403, "PROJECT_FORBIDDEN").await;
        }
        shop.refused(shop.get(path), 401, "TOKEN_MISSING").await;
    }
    for path in [format!("/files/download/{file}"), format!("/api/files/{file}/download")] {
        for reader in [&author, &admin, &corrector] {
            let (headers, content) = text_of(shop.get_as(reader, &path).send().await.unwrap()).await;
            assert_eq!(content, "0123456789");
            assert!(
                headers["content-disposition"]
                    .to_str()
                    .unwrap()
                    .contains("filename*=UTF-8''L%E2%80%99%C3%A9t%C3%A9.txt")
            );
            assert_eq!(headers["cache-control"], "private, no-store");
        }
        for other in [&stranger, &idle] {
            shop.refused(shop.get_as(other, &path), 403, "FILE_FORBIDDEN").await;
        }
    }
    let attachment = format!("/files/download/{attached}");
    for reader in [&author, &admin, &corrector] {
        assert_eq!(shop.get_as(reader, &attachment).send().await.unwrap().status(), 200);
    }
    shop.refused(shop.get_as(&stranger, &attachment), 403, "FILE_FORBIDDEN").await;
    assert_eq!(shop.count("audit_logs WHERE action = 'FILE_DOWNLOADED'").await, 6);
}

#[tokio::test]
async fn downloads_resume_and_lost_documents_are_absent() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    let file = shop.document(Some(order), &author, "roman.txt", false).await;
    let path = format!("/files/download/{file}");
    let part = shop.get_as(&author, &path).header("range", "bytes=4-").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(text_of(part).await.1, "456789");
    assert_eq!(shop.count("audit_logs").await, 1);
    shop.refused(shop.get_as(&author, &path).header("range", "bytes=10-"), 416, "RANGE_NOT_SATISFIABLE")
        .await;
    for path in ["/files/download/12", "/files/12/download", "/files/projects/12/files", "/projects/12/files"]
    {
        shop.refused(shop.get_as(&author, path), 400, "INVALID_ID").await;
    }
    shop.refused(shop.get_as(&author, &format!("/files/download/{}", Uuid::nil())), 404, "NOT_FOUND").await;
    shop.refused(shop.get_as(&author, &format!("/projects/{}/files", Uuid::nil())), 403, "PROJECT_FORBIDDEN")
        .await;
    let key = shop.row("SELECT storage_key FROM files").await[0].clone().unwrap();
    shop.state.storage.delete(&key).await.unwrap();
    shop.refused(shop.get_as(&author, &path), 404, "NOT_FOUND").await;
}

/// Sends a document in the author's conversation.
async fn attach(shop: &Shop, author: &Person, file: Uuid) {
    let (conversation, message, now) = (new_id(), new_id(), shop.state.clock.now());
    let mut conn = shop.conn().await;
    sqlx::query("INSERT INTO conversations (id, user_id, created_at, updated_at) VALUES (?, ?, ?, ?)")
        .bind(conversation)
        .bind(author.id)
        .bind(now)
        .bind(now)
        .execute(&mut *conn)
        .await
        .unwrap();
    sqlx::query("INSERT INTO messages (id, conversation_id, content, created_at, updated_at) VALUES (?, ?, 'Voici', ?, ?)")
        .bind(message).bind(conversation).bind(now).bind(now)
        .execute(&mut *conn).await.unwrap();
    sqlx::query("INSERT INTO message_attachments (id, message_id, file_id) VALUES (?, ?, ?)")
        .bind(new_id())
        .bind(message)
        .bind(file)
        .execute(&mut *conn)
        .await
        .unwrap();
}
