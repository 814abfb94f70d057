use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use staka::auth::Role;

use super::{texts, visitor};
use crate::shop::{Person, Shop, refused_fields, text_of, word};

const PAGE: &str = "/api/public/conversation/";

async fn page(shop: &Shop, link: &str) -> (u16, String) {
    let answer = shop.get(link).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, text_of(answer).await.1)
}

async fn answer(shop: &Shop, link: &str, form: Form) -> (u16, String) {
    let answer = shop.post(link).multipart(form).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, text_of(answer).await.1)
}

/// A visitor who wrote and was answered; their page.
async fn answered(shop: &Shop, admin: &Person) -> String {
    shop.json(shop.chat(visitor("Bonjour, combien ?")), 201).await;
    shop.reply(admin, "jean.petit@example.com", json!({"content": "Deux euros <la page>"})).await;
    let mail = reply_mail(shop).await;
    let (_, token) = mail["text"].as_str().unwrap().split_once(PAGE).unwrap();
    format!("{PAGE}{}", token.split_whitespace().next().unwrap())
}

async fn reply_mail(shop: &Shop) -> Value {
    shop.mails.drain().await;
    shop.mailbox().await.into_iter().find(|mail| mail["template"] == "visitor-reply").unwrap()
}

#[tokio::test]
async fn a_visitor_is_kept_told_of_and_acknowledged_once_a_day() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let first = shop.json(shop.chat(visitor("Bonjour")), 201).await;
    // Sent again it is the same; later it is another.
    let again = shop.json(shop.chat(visitor("Bonjour")), 200).await;
    assert_eq!(first, again);
    shop.json(shop.chat(visitor("bonjour")), 201).await;
    shop.advance(chrono::Duration::minutes(11));
    shop.json(shop.chat(visitor("Bonjour")), 201).await;
    let mut trapped = visitor("Achetez");
    trapped["website"] = json!("http://spam.example");
    shop.json(shop.chat(trapped), 200).await;
    let thread = shop.thread(&admin, "jean.petit@example.com").await;
    assert_eq!(texts(&thread), ["Bonjour", "bonjour", "Bonjour"]);
    let row = &thread[0];
    assert_eq!(
        (
            &row["visitorEmail"],
            &row["visitorName"],
            &row["visitorPhone"],
            &row["isFromVisitor"],
            &row["senderId"],
            &row["sender"]
        ),
        (
            &json!("jean.petit@example.com"),
            &json!("Jean Petit"),
            &json!("06 11 22 33 44"),
            &json!(true),
            &json!(null),
            &json!(null)
        )
    );
    let listed = &shop.threads(&admin).await[0];
    assert_eq!(
        listed["withUser"],
        json!({"id": "jean.petit@example.com", "name": "Jean Petit", "email": "jean.petit@example.com", "isVisitor": true})
    );
    assert_eq!((&listed["threadId"], &listed["isVisitor"]), (&json!("jean.petit@example.com"), &json!(true)));
    let bell = &shop.json(shop.get_as(&admin, "/notifications"), 200).await["notifications"][2];
    assert_eq!((&bell["priority"], &bell["actionUrl"]), (&json!("HAUTE"), &json!("/admin/messagerie")));
    let data: Value = serde_json::from_str(bell["data"].as_str().unwrap()).unwrap();
    assert_eq!(data["isDirectChat"], true);
    assert_eq!(data["messageContent"].as_str().unwrap().to_lowercase(), "bonjour");
    let team = "admin-message equipe@staka.test";
    assert_eq!(
        shop.queued().await,
        [team, team, team, "visitor-message-confirmation jean.petit@example.com"]
    );
}

#[tokio::test]
async fn nobody_answers_machines_and_a_form_is_judged() {
    let shop = Shop::open().await;
    for address in ["noreply@example.com", "Mailer-Daemon@example.com", "equipe@staka.test"] {
        let mut body = visitor("Réponse automatique");
        body["email"] = json!(address);
        shop.json(shop.chat(body), 201).await;
    }
    assert_eq!(shop.queued().await, ["admin-message equipe@staka.test"; 3]);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("é".repeat(101))),
        ("email", json!("jean")),
        ("phone", json!(" ")),
        ("phone", json!("1".repeat(21))),
        ("content", json!("")),
        ("content", json!("é".repeat(10_001))),
        ("subject", json!("é".repeat(256))),
    ] {
        let mut body = visitor("Bonjour");
        body[field] = value;
        assert_eq!(refused_fields(&shop.refused(shop.chat(body), 400, "VALIDATION_ERROR").await), [field]);
    }
    shop.refused(shop.chat(json!({"name": 1})), 400, "VALIDATION_ERROR").await;
}

#[tokio::test]
async fn ten_messages_an_hour_come_from_one_place() {
    let shop = Shop::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    shop.ignore_mails();
    shop.refused(shop.chat(json!({})), 400, "VALIDATION_ERROR").await;
    for number in 0..10 {
        shop.json(shop.chat(visitor(&number.to_string())), 201).await;
    }
    shop.refused(shop.chat(visitor("onze")), 429, "TOO_MANY_REQUESTS").await;
}

#[tokio::test]
async fn a_visitor_answers_on_the_page_of_the_mail() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let link = answered(&shop, &admin).await;
    let mail = reply_mail(&shop).await;
    assert_eq!(mail["to"], "jean.petit@example.com");
    assert!(mail["text"].as_str().unwrap().contains("Deux euros <la page>"), "{mail}");
    let (status, html) = page(&shop, &link).await;
    assert_eq!(status, 200, "{html}");
    assert!(html.contains("Bonjour, combien ?") && html.contains("Deux euros &lt;la page&gt;"), "{html}");
    assert!(html.contains("multipart/form-data") && !html.contains("<script"), "{html}");
    assert_eq!(shop.count("conversations WHERE client_unread = 1").await, 1, "GET changes nothing");

    let form = || {
        Form::new()
            .text("message", "Parfait")
            .part("files", word())
            .part("files", Part::bytes("Deux".as_bytes()).file_name("b.txt"))
    };
    assert_eq!(answer(&shop, &link, form()).await.0, 303);
    // The button pressed twice sends one message, and keeps no document of the second.
    assert_eq!(answer(&shop, &link, form()).await.0, 303);
    assert_eq!((shop.count("files").await, shop.objects().len()), (2, 2));
    assert_eq!(shop.count("conversations WHERE client_unread = 0 AND admin_unread = 2").await, 1);
    let thread = shop.thread(&admin, "jean.petit@example.com").await;
    assert_eq!(texts(&thread), ["Bonjour, combien ?", "Deux euros <la page>", "Parfait"]);
    let files = thread[2]["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    let file = files[0]["fileId"].as_str().unwrap();
    assert_eq!(shop.get_as(&admin, &format!("/files/download/{file}")).send().await.unwrap().status(), 200);
    let (_, html) = page(&shop, &link).await;
    assert!(html.contains(&format!("/fichiers/{file}")) && html.contains("extrait.docx"), "{html}");
    let (status, _) = page(&shop, &format!("{link}/fichiers/{file}")).await;
    assert_eq!(status, 200);
    let loose = shop.document(None, &admin, "secret.txt", false).await;
    assert_eq!(page(&shop, &format!("{link}/fichiers/{loose}")).await.0, 404);
    shop.work().await;
    let kinds: Vec<_> = shop.mail_kinds().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["admin-message", "admin-message", "visitor-message-confirmation", "visitor-reply"]);
}

#[tokio::test]
async fn the_page_says_what_is_wrong_and_opens_for_thirty_days() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let link = answered(&shop, &admin).await;
    let files = |count: usize| (0..count).fold(Form::new(), |form, _| form.part("files", word()));
    for (form, status, said) in [
        (Form::new().text("message", " "), 400, "Écrivez un message"),
        (Form::new().text("message", "é".repeat(10_001)), 400, "10 000 caractères"),
        (files(6), 400, "fichiers"),
        (
            Form::new()
                .text("message", "Gardé")
                .part("files", Part::bytes("<svg>".as_bytes()).file_name("a.svg")),
            415,
            "Gardé",
        ),
    ] {
        let (got, html) = answer(&shop, &link, form).await;
        assert_eq!(got, status, "{html}");
        assert!(html.contains(said) && html.contains("Deux euros"), "{html}");
    }
    assert_eq!((shop.count("messages").await, shop.objects().len()), (2, 0));
    for forged in [format!("{link}A"), format!("{PAGE}abc")] {
        assert_eq!((page(&shop, &forged).await.0, answer(&shop, &forged, files(1)).await.0), (404, 404));
    }
    shop.advance(chrono::Duration::days(29));
    let admin = shop.person("admin@example.com", Role::Admin).await;
    shop.reply(&admin, "jean.petit@example.com", json!({"content": "Toujours là ?"})).await;
    shop.advance(chrono::Duration::days(29));
    assert_eq!(page(&shop, &link).await.0, 200, "renewed");
    shop.advance(chrono::Duration::days(2));
    assert_eq!((page(&shop, &link).await.0, answer(&shop, &link, files(1)).await.0), (404, 404));
}

#[tokio::test]
async fn the_conversation_of_a_visitor_joins_the_account_whose_address_is_proved() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let link = answered(&shop, &admin).await;
    // Whoever only registers has proved nothing.
    let impostor = json!({"prenom": "Jean", "nom": "Petit", "email": "jean.petit@example.com", "password": "Manuscrit-2026"});
    shop.json(shop.post("/auth/register").json(&impostor), 201).await;
    assert_eq!(shop.count("conversations WHERE user_id IS NULL").await, 1);
    shop.execute(
        "UPDATE users SET is_active = FALSE, password_hash = '!' WHERE email = 'jean.petit@example.com'",
    )
    .await;
    let id: String =
        shop.value("SELECT HEX(id) FROM users WHERE email = 'jean.petit@example.com'").await.unwrap();
    let id = uuid::Uuid::parse_str(&id).unwrap();
    shop.advance(chrono::Duration::minutes(1));
    let mut tx = shop.state.begin().await.unwrap();
    staka::messages::welcome(&mut tx, id, "Jean", uuid::Uuid::nil(), "Le Nil").await.unwrap();
    tx.commit().await.unwrap();
    let (path, _) = {
        let mut conn = shop.conn().await;
        staka::auth::secret_links::mint_activation(&mut conn, id, shop.state.clock.now()).await.unwrap()
    };
    let token = path.rsplit('/').next().unwrap();
    let activated = shop.post("/auth/activate").json(&json!({"token": token, "password": "Manuscrit-2026"}));
    let session = shop.json(activated, 200).await["token"].as_str().unwrap().to_owned();
    let jean = Person { id, email: "jean.petit@example.com".into(), role: Role::User, token: session };
    let own = shop.threads(&jean).await;
    assert_eq!((own.len(), &own[0]["totalMessages"], &own[0]["unreadCount"]), (1, &json!(4), &json!(3)));
    let thread = shop.thread(&jean, "admin-support").await;
    assert_eq!(thread.len(), 4);
    assert_eq!(texts(&thread)[..2], ["Bonjour, combien ?", "Deux euros <la page>"]);
    assert_eq!(shop.threads(&jean).await[0]["unreadCount"], 0);
    assert_eq!((shop.count("conversations").await, shop.unread(&admin).await), (1, 1));
    assert_eq!(shop.threads(&admin).await[0]["threadId"], json!(id));
    assert_eq!(page(&shop, &link).await.0, 404);
    shop.json(shop.messages(Method::POST, &admin, &format!("conversations/{id}/mark-read")), 200).await;
    assert_eq!(shop.unread(&admin).await, 0);
}
