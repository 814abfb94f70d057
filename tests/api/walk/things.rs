//! What requests name: made anew for each of them, or unheard of.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::multipart::Form;
use sha2::{Digest, Sha256};
use staka::{
    auth::Role,
    clock::new_id,
    emails::unsubscribe,
    files::storage::Kind,
    withdrawals::declaration::{self, Declaration},
};
use uuid::Uuid;

use super::table::Place;
use crate::{
    shop::{guest_form, word},
    support::server::{Person, TestServer},
};

/// The values that name a thing of `owner`.
pub async fn make(server: &TestServer, thing: &str, owner: &Person) -> Vec<String> {
    let one = |id: Uuid| vec![id.to_string()];
    match thing {
        "-" => vec![],
        "order" => one(order(server, owner).await),
        "unpaid" => one(server.unpaid_order(owner).await),
        "file" => {
            let order = order(server, owner).await;
            one(server.document(Some(order), owner, "manuscrit.txt", false).await)
        }
        "order-file" => {
            let order = order(server, owner).await;
            let file = server.document(Some(order), owner, "manuscrit.txt", false).await;
            vec![order.to_string(), file.to_string()]
        }
        "session" => vec![server.paid_order(owner).await.1],
        "paid" => vec![paid(server).await],
        "invoice" => {
            let (order, _) = server.paid_order(owner).await;
            one(server.invoice(order).await)
        }
        "pending" => one(server.pending_order(&owner.email).await),
        "tarif" => one(server.tarif(&format!("Tarif {}", new_id()), 35_000, "FORFAIT").await),
        "assigned" => one(assigned(server, owner).await),
        "export" => vec![server.state.links.ticket("mes-donnees", export(server, owner).await)],
        "leaving" => {
            come_back(server, owner).await;
            vec![]
        }
        "thread" => one(conversation(server, owner).await.0),
        "message" => one(conversation(server, owner).await.1),
        "talk" => vec![page(server).await.0],
        "page-file" => {
            let (token, message) = page(server).await;
            let file = server.document(None, owner, "extrait.txt", false).await;
            attach(server, message, file).await;
            vec![token, file.to_string()]
        }
        "someone" => one(server.user(&format!("{}@example.com", new_id()), Role::User, None).await),
        "closed" => {
            let id = server.user(&format!("{}@example.com", new_id()), Role::User, None).await;
            let sql = "UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN' WHERE id = UNHEX('{}')";
            server.execute(&sql.replace("{}", &id.simple().to_string())).await;
            one(id)
        }
        "faq" => one(server.faq("Combien cela coûte-t-il ?").await),
        "page" => one(server.page(&new_id().to_string(), "PUBLISHED").await),
        "draft" => one(server.page(&new_id().to_string(), "DRAFT").await),
        "slug" => {
            let slug = new_id().to_string();
            server.page(&slug, "PUBLISHED").await;
            vec![slug]
        }
        "bell" => one(server.notification(owner).await),
        "mail" => vec![mail(server).await.to_string(), "facture.pdf".to_owned()],
        "example" => vec!["welcome-user".to_owned(), "0".to_owned()],
        "dead-mail" => one(dead_mail(server).await),
        "failed-event" => vec![failed_event(server).await],
        "way-out" => {
            let url = unsubscribe::url(&server.state, owner.id);
            url.rsplit('/').take(2).map(str::to_owned).collect::<Vec<_>>().into_iter().rev().collect()
        }
        "to-confirm" => {
            let id = server.pending_order(&format!("{}@example.com", new_id())).await;
            vec![server.state.links.ticket("commande-offerte", id)]
        }
        "card" => one(server.card(owner).await),
        "withdrawal" => {
            let declaration = Declaration {
                nom: "Zoé".to_owned(),
                email: format!("{}@example.com", new_id()),
                numero: None,
                message: None,
            };
            vec![declaration::prepare(&server.state, declaration).unwrap().0]
        }
        "refused" => vec![server.state.links.ticket("reprise", server.unpaid_order(owner).await)],
        "call" => one(call(server).await),
        "call-link" => vec![server.state.links.ticket("rendez-vous", call(server).await)],
        "to-join" => {
            vec![server.state.links.ticket("newsletter-confirm", subscriber(server, "PENDING").await)]
        }
        "to-leave" => {
            vec![server.state.links.ticket("newsletter-leave", subscriber(server, "CONFIRMED").await)]
        }
        // A reset ends every session: someone else's than the callers'.
        "reset" => {
            let id = server.user(&format!("{}@example.com", new_id()), Role::User, None).await;
            vec![secret(server, "password_resets", id).await]
        }
        "activation" => {
            let id = server.user(&format!("{}@example.com", new_id()), Role::User, None).await;
            server
                .execute(&format!("UPDATE users SET is_active = FALSE WHERE id = UNHEX('{}')", id.simple()))
                .await;
            vec![secret(server, "activation_tokens", id).await]
        }
        other => panic!("nobody knows how to make a {other}"),
    }
}

/// The values of a thing that does not exist.
pub fn unheard_of(thing: &str) -> Vec<String> {
    let unknown = || new_id().to_string();
    match thing {
        "session" | "paid" => vec!["cs_test_unheard_of".to_owned()],
        "reset" | "activation" => vec![URL_SAFE_NO_PAD.encode([7; 32])],
        "way-out" | "mail" => vec![unknown(), "rien".to_owned()],
        "example" => vec![unknown(), "0".to_owned()],
        "page-file" => vec![unknown(), unknown()],
        "order-file" => vec![unknown(), unknown()],
        _ => vec![unknown()],
    }
}

/// The form of this name, if it is one.
pub fn form(name: &str, values: &[String]) -> Option<Form> {
    form_with(name, values, None)
}

/// As [`form`], one of its fields being what is given.
pub fn form_with(name: &str, values: &[String], field: Option<(&str, &str)>) -> Option<Form> {
    let fresh = format!("{}@example.com", new_id());
    let service = || values[0].parse().unwrap();
    let mut changes = vec![("email", Some(fresh.as_str()))];
    changes.extend(field.map(|(name, value)| (name, Some(value))));
    match name {
        "guest-order" | "author-order" => Some(guest_form(service(), &changes)),
        "answer" => {
            let (name, value) = field.unwrap_or(("message", "Bonjour"));
            Some(Form::new().text(name.to_owned(), value.to_owned()))
        }
        "sample" => {
            let mut fields = vec![("nom", "Zoé"), ("telephone", "0601020304"), ("description", "Un roman")];
            fields.retain(|(name, _)| changes.iter().all(|(other, _)| other != name));
            fields.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
            let text = |form: Form, (name, value): (&str, &str)| form.text(name.to_owned(), value.to_owned());
            Some(fields.into_iter().fold(Form::new(), text).part("fichier", word()))
        }
        "document" => Some(document_form(vec![], field)),
        "document-of" => Some(document_form(vec![("commandeId", values[0].as_str())], field)),
        _ => None,
    }
}

/// A form with a document behind its fields, one of which is what is given.
fn document_form<'a>(mut fields: Vec<(&'a str, &'a str)>, field: Option<(&'a str, &'a str)>) -> Form {
    if let Some((name, value)) = field {
        fields.retain(|(other, _)| *other != name);
        fields.push((name, value));
    }
    let form = fields
        .into_iter()
        .fold(Form::new(), |form, (name, value)| form.text(name.to_owned(), value.to_owned()));
    form.part("file", word())
}

/// Whose things a caller asks about: their own, or another author's.
pub async fn owner(server: &TestServer, caller: &Person, place: Place) -> Person {
    let client = server.client().await;
    match place {
        Place::Own => caller.clone(),
        _ if caller.id == client.id => server.other_client().await,
        _ => client,
    }
}

/// An order that the corrector of the seeds corrects.
async fn order(server: &TestServer, owner: &Person) -> Uuid {
    let id = server.commande(owner, "Un roman", "EN_COURS").await;
    server.assign(id, &server.corrector().await).await;
    id
}

/// An order of an author that is being corrected: by its caller, when that is a corrector.
async fn assigned(server: &TestServer, owner: &Person) -> Uuid {
    // Whose conversation nobody asks for.
    let author = server.person(&format!("{}@example.com", new_id()), Role::User).await;
    let id = server.commande(&author, "Un roman", "EN_COURS").await;
    let corrector = match owner.role {
        Role::Corrector => owner.clone(),
        _ => server.corrector().await,
    };
    server.assign(id, &corrector).await;
    id
}

/// An export that can be fetched.
async fn export(server: &TestServer, owner: &Person) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    let object = server.state.storage.put_bytes(Kind::Exports, "zip", now, b"PK").await.unwrap();
    let row = sqlx::query(
        "INSERT INTO data_exports (id, user_id, archive_key, sha256, expires_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let later = now + chrono::Duration::days(7);
    let row =
        row.bind(id).bind(owner.id).bind(&object.key).bind(&object.sha256).bind(later).bind(now).bind(now);
    row.execute(server.state.db.pool()).await.unwrap();
    id
}

/// Reopens what its owner closed a line before, and has another administrator beside them.
async fn come_back(server: &TestServer, owner: &Person) {
    server.person("autre.admin@example.com", Role::Admin).await;
    let reopen = "UPDATE users SET is_active = TRUE, deactivated_by = NULL, token_version = 0
                  WHERE deactivated_by = 'SELF' AND id = ?";
    sqlx::query(reopen).bind(owner.id).execute(server.state.db.pool()).await.unwrap();
}

/// A message of the team in the conversation of a client whose order the corrector of the seeds corrects.
async fn conversation(server: &TestServer, owner: &Person) -> (Uuid, Uuid) {
    order(server, owner).await;
    let now = server.state.clock.now();
    let begun = "INSERT INTO conversations (id, user_id, created_at, updated_at) VALUES (?, ?, ?, ?)
                 ON DUPLICATE KEY UPDATE admin_hidden = FALSE, admin_archived = FALSE, client_archived = FALSE";
    let begun = sqlx::query(begun).bind(new_id()).bind(owner.id).bind(now).bind(now);
    begun.execute(server.state.db.pool()).await.unwrap();
    let id = sqlx::query_scalar("SELECT id FROM conversations WHERE user_id = ?").bind(owner.id);
    let id: Uuid = id.fetch_one(server.state.db.pool()).await.unwrap();
    (id, message(server, id).await)
}

/// A message of the platform.
async fn message(server: &TestServer, conversation: Uuid) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    let written = "INSERT INTO messages (id, conversation_id, content, created_at, updated_at) VALUES (?, ?, 'Bonjour', ?, ?)";
    let written = sqlx::query(written).bind(id).bind(conversation).bind(now).bind(now);
    written.execute(server.state.db.pool()).await.unwrap();
    let counted = "UPDATE conversations
                   SET message_count = message_count + 1, client_unread = client_unread + 1, last_message_id = ?, last_message_at = ?
                   WHERE id = ?";
    let counted = sqlx::query(counted).bind(id).bind(now).bind(conversation);
    counted.execute(server.state.db.pool()).await.unwrap();
    id
}

/// The page of a visitor's conversation, and a message in it.
async fn page(server: &TestServer) -> (String, Uuid) {
    let (id, now) = (new_id(), server.state.clock.now());
    let begun = "INSERT INTO conversations (id, visitor_email, page_until, created_at, updated_at) VALUES (?, ?, ?, ?, ?)";
    let begun = sqlx::query(begun).bind(id).bind(format!("{id}@example.com"));
    let begun = begun.bind(now + chrono::Duration::days(30)).bind(now).bind(now);
    begun.execute(server.state.db.pool()).await.unwrap();
    (server.state.links.ticket("conversation", id), message(server, id).await)
}

/// Sends a document with a message.
async fn attach(server: &TestServer, message: Uuid, file: Uuid) {
    let sent = "INSERT INTO message_attachments (id, message_id, file_id) VALUES (?, ?, ?)";
    let sent = sqlx::query(sent).bind(new_id()).bind(message).bind(file);
    sent.execute(server.state.db.pool()).await.unwrap();
}

/// A booked call, some days from now.
async fn call(server: &TestServer) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    sqlx::query(
        "INSERT INTO consultations (id, first_name, last_name, email, phone, starts_at, created_at, updated_at)
         VALUES (?, 'Zoé', 'Durand', 'appel@example.com', '0601020304', ?, ?, ?)",
    )
    .bind(id)
    .bind(now + chrono::Duration::days(3))
    .bind(now)
    .bind(now)
    .execute(server.state.db.pool())
    .await
    .unwrap();
    id
}

/// Someone who wants the newsletter, or has it.
async fn subscriber(server: &TestServer, status: &str) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    sqlx::query(
        "INSERT INTO newsletter_subscribers (id, email, status, token_expires_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(format!("{id}@example.com"))
    .bind(status)
    .bind(now + chrono::Duration::days(1))
    .bind(now)
    .bind(now)
    .execute(server.state.db.pool())
    .await
    .unwrap();
    id
}

/// A session paid on the simulated page.
async fn paid(server: &TestServer) -> String {
    let author = server.client().await;
    let body = serde_json::json!({ "commandeId": server.unpaid_order(&author).await });
    let opened = server.post_as(&author.token, "/payments/create-checkout-session", &body).await;
    let session = opened.ok(200)["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(server.pay(&session).await.status, 303);
    session
}

/// A mail in the mailbox, with a file.
async fn mail(server: &TestServer) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    let letter = sqlx::query(
        "INSERT INTO dev_mailbox (id, message_id, sender, to_email, subject, template, html, text, created_at)
         VALUES (?, ?, 'a@example.com', 'b@example.com', 'Sujet', 'invoice-user', '', '', ?)",
    );
    letter.bind(id).bind(id.to_string()).bind(now).execute(server.state.db.pool()).await.unwrap();
    let file = sqlx::query(
        "INSERT INTO dev_mailbox_attachments (mail_id, position, filename, content_type, bytes)
         VALUES (?, 0, 'facture.pdf', 'application/pdf', '%PDF')",
    );
    file.bind(id).execute(server.state.db.pool()).await.unwrap();
    id
}

/// A mail of the outbox that was given up.
async fn dead_mail(server: &TestServer) -> Uuid {
    let (id, now) = (new_id(), server.state.clock.now());
    let payload = r#"{"kind":"welcome-user","data":{"first_name":"Zoé","email":"zoe@example.com"}}"#;
    let row = sqlx::query(
        "INSERT INTO email_outbox (id, dedupe_key, template, to_email, payload, status, attempts, created_at, updated_at)
         VALUES (?, ?, 'welcome-user', 'zoe@example.com', ?, 'DEAD', 12, ?, ?)",
    );
    let row = row.bind(id).bind(id.to_string()).bind(payload).bind(now).bind(now);
    row.execute(server.state.db.pool()).await.unwrap();
    server.looked("email_outbox").await;
    id
}

/// An event of Stripe that failed, and would not now.
async fn failed_event(server: &TestServer) -> String {
    let (id, now) = (format!("evt_{}", new_id().simple()), server.state.clock.now());
    let payload =
        format!(r#"{{"id":"{id}","type":"invoice.payment_failed","data":{{"object":{{"id":"in_1"}}}}}}"#);
    let row = sqlx::query(
        "INSERT INTO stripe_events (id, type, status, object_id, payload, last_error, received_at)
         VALUES (?, 'invoice.payment_failed', 'FAILED', 'in_1', ?, 'INTERNAL_ERROR', ?)",
    );
    row.bind(&id).bind(payload).bind(now).execute(server.state.db.pool()).await.unwrap();
    server.looked("stripe_events").await;
    id
}

/// The secret of a link, whose digest is in a table of links.
async fn secret(server: &TestServer, table: &str, user: Uuid) -> String {
    let secret = URL_SAFE_NO_PAD.encode([new_id().into_bytes(), new_id().into_bytes()].concat());
    let now = server.state.clock.now();
    let sql =
        format!("INSERT INTO {table} (token_hash, user_id, expires_at, created_at) VALUES (?, ?, ?, ?)");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(hex::encode(Sha256::digest(&secret)))
        .bind(user)
        .bind(now + chrono::Duration::hours(1))
        .bind(now)
        .execute(server.state.db.pool())
        .await
        .unwrap();
    secret
}
