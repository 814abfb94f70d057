//! An author of whom everything that can be held is held.

use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};
use staka::{clock::new_id, files::storage::Kind, privacy, subject::Subject};
use uuid::Uuid;

use crate::{
    shop::word,
    support::server::{TestServer, send},
};

pub const EMAIL: &str = "zephyrine.q@example.com";
const PASSWORD: &str = "Marguerite-1951";

/// What betrays her: names, address, number, home, and a word of every text of hers.
pub const TRACES: [&str; 6] =
    ["Zéphyrine", "Quillebœuf", "zephyrine.q@", "98 76 54", "impasse des Lilas", "murmure"];

/// A server where she has done everything there is to do.
pub struct Scene {
    pub server: TestServer,
    pub author: Uuid,
}

impl Scene {
    pub async fn open() -> Self {
        let server = TestServer::start().await;
        server.ignore_mails();
        server.looked("stripe_events").await;
        let mut scene = Self { server, author: Uuid::nil() };
        scene.order_as_guest().await;
        let token = scene.enter().await;
        scene.order_as_author(&token).await;
        scene.knock().await;
        scene.server.work().await;
        scene.fill_account().await;
        scene.write_messages().await;
        scene.leave_traces_elsewhere().await;
        scene
    }

    /// Pays one order, leaves another one, under another name, at its payment page.
    async fn order_as_guest(&mut self) {
        let paid = self.guest_order(guest_form(&self.tarif().await)).await;
        let other = guest_form(&self.tarif().await).text("titre", "Un murmure encore");
        self.guest_order(other).await;
        let details =
            json!({ "name": "Zéphyrine Quillebœuf", "line1": "14 impasse des Lilas", "city": "Honfleur" });
        let pay = self.server.request(Method::POST, &format!("/dev/stripe/checkout/{paid}/pay"));
        assert_eq!(send(pay.json(&details)).await.status, 303);
        self.server.work().await;
        let id = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(EMAIL);
        self.author = id.fetch_one(self.server.state.db.pool()).await.unwrap();
    }

    async fn guest_order(&self, form: Form) -> String {
        let ordered = send(
            self.server.request(Method::POST, "/api/public/order").multipart(form.part("files", word())),
        );
        let ordered = ordered.await;
        assert_eq!(ordered.status, 201, "{:?}", ordered.body);
        ordered.body["sessionId"].as_str().unwrap().to_owned()
    }

    pub async fn tarif(&self) -> String {
        let tarifs = self.server.get("/api/tarifs").await.body;
        let mut all = tarifs["data"].as_array().unwrap().iter();
        all.find(|tarif| tarif["nom"] == "Correction Standard").unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// In by the link of the mail, and out and in again by the door.
    async fn enter(&self) -> String {
        let mailbox = self.server.mailbox().await;
        let mail = mailbox.iter().find(|mail| mail["template"] == "activation-user").unwrap();
        let text = mail["text"].as_str().unwrap();
        let link = text.split_whitespace().find(|word| word.contains("/activation/")).unwrap();
        let token = link.rsplit('/').next().unwrap();
        let path = format!("/api/public/activate/{token}/set-password");
        let entered = self.server.post(&path, &json!({ "password": PASSWORD })).await;
        assert_eq!(entered.status, 200, "{:?}", entered.body);
        self.server.login((EMAIL, PASSWORD)).await
    }

    /// An order whose card is refused, and one without payment.
    async fn order_as_author(&self, token: &str) {
        let form = guest_form(&self.tarif().await).part("files", word());
        let request =
            self.server.request(Method::POST, "/api/commandes/create-paid-project").bearer_auth(token);
        let ordered = send(request.multipart(form)).await;
        assert_eq!(ordered.status, 201, "{:?}", ordered.body);
        let session = ordered.body["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap();
        send(self.server.request(Method::POST, &format!("/dev/stripe/checkout/{session}/fail"))).await;
        let order = json!({ "titre": "Le murmure du soir", "description": "Un murmure" });
        assert_eq!(self.server.post_as(token, "/api/commandes", &order).await.status, 201);
    }

    /// What the audit log and the secret links tell.
    async fn knock(&self) {
        let wrong = json!({ "email": EMAIL, "password": "Wrong-password-1" });
        let login = self.server.request(Method::POST, "/api/auth/login").header("user-agent", "murmure/1.0");
        assert_eq!(send(login.json(&wrong)).await.status, 401);
        let forgotten = json!({ "email": EMAIL });
        let asked = self.server.post("/api/auth/request-password-reset", &forgotten).await;
        assert_eq!(asked.status, 200, "{:?}", asked.body);
    }

    /// Every column the doors do not fill yet.
    async fn fill_account(&self) {
        for sql in [
            "UPDATE users SET telephone = '06 98 76 54 32', adresse = '14 impasse des Lilas', avatar = 'https://x/murmure.png',
               bio = 'Un murmure', preferences = '{\"notifications\":{\"email\":true}}', societe = 'Quillebœuf SARL',
               siren = '732829320', numero_tva = 'FR44732829320', reference_client = 'murmure', type_client = 'PROFESSIONNEL',
               adresse_facturation = '14 impasse des Lilas', stripe_customer_id = 'cus_murmure' WHERE id = @author",
            "UPDATE commandes SET fichier_url = '/murmure', note_client = 'Un murmure', note_correcteur = 'Un murmure'
             WHERE user_id = @author",
            "UPDATE pending_commandes SET adresse = '14 impasse des Lilas', telephone = '06 98 76 54 32' WHERE user_id = @author",
            "UPDATE files SET title = 'Le murmure', description = 'Un murmure' WHERE uploaded_by_id = @author",
            "UPDATE invoices SET payment_reference = 'pi_known'",
            "INSERT INTO payment_methods (id, user_id, stripe_payment_method_id, brand, last4, exp_month, exp_year, is_default,
               fingerprint, created_at, updated_at)
             VALUES (@id, @author, 'pm_murmure', 'visa', '4242', 12, 2030, TRUE, 'murmure', @now, @now)",
            "INSERT INTO express_requests (id, commande_id, source, requested_at, terms_version, email, created_at)
             SELECT @id, MIN(id), 'FORM', @now, '1', @email, @now FROM commandes WHERE user_id = @author",
            "INSERT INTO withdrawals (id, declared_at, nom, email, numero, message, fingerprint, state, price, amount_kept, reason,
               decided_at, created_at, updated_at)
             VALUES (@id, @now, 'Zéphyrine Quillebœuf', @email, '7F3K-92QD', 'Un murmure', 'abc', 'REFUSED', 100, 0, 'Hors délai',
               @now, @now, @now)",
            "INSERT INTO support_requests (id, user_id, title, description, tags, created_at, updated_at)
             VALUES (@id, @author, 'Un murmure', 'De Zéphyrine', 'murmure', @now, @now)",
            "INSERT INTO consultations (id, first_name, last_name, email, phone, starts_at, slot, cancelled_at, message, admin_note,
               created_at, updated_at)
             VALUES (@id, 'Zéphyrine', 'Quillebœuf', @email, '06 98 76 54 32', @now, @now, @now, 'Un murmure', 'Un murmure', @now, @now)",
            "INSERT INTO data_exports (id, user_id, expires_at, created_at, updated_at) VALUES (@id, @author, @now, @now, @now)",
            "INSERT INTO newsletter_subscribers (id, email, status, confirmed_at, created_at, updated_at)
             VALUES (@id, @email, 'CONFIRMED', @now, @now, @now)",
            "INSERT INTO form_receipts (id, form, fingerprint, email, received_at)
             VALUES (@id, 'CONTACT', 'murmure', @email, @now)",
        ] {
            self.run(sql).await;
        }
    }

    /// The conversation she has as an author, the one she had as a visitor, and files in both.
    async fn write_messages(&self) {
        let visitor = new_id();
        for sql in [
            "INSERT INTO conversations (id, visitor_email, visitor_name, visitor_phone, created_at, updated_at)
             VALUES (@visitor, @email, 'Zéphyrine Quillebœuf', '06 98 76 54 32', @now, @now)",
            "INSERT INTO messages (id, conversation_id, subject, content, visitor_email, visitor_name, visitor_phone,
               is_from_visitor, created_at, updated_at)
             VALUES (@visitor, @visitor, 'Un murmure', 'Je suis Zéphyrine', @email, 'Zéphyrine Quillebœuf', '06 98 76 54 32',
               TRUE, @now, @now)",
            "INSERT INTO messages (id, conversation_id, sender_id, content, display_first_name, display_last_name, metadata,
               created_at, updated_at)
             SELECT @id, id, @author, 'Un murmure de Zéphyrine', 'Zéphyrine', 'Quillebœuf', '{\"of\":\"murmure\"}', @now, @now
             FROM conversations WHERE user_id = @author",
        ] {
            self.run(&sql.replace("@visitor", &literal(visitor))).await;
        }
        // Sent by her, by the team to her, and prepared but never sent.
        self.keep_file(Some(self.author), true).await;
        self.keep_file(None, true).await;
        self.keep_file(Some(self.author), false).await;
    }

    async fn keep_file(&self, by: Option<Uuid>, sent: bool) {
        let (state, id) = (&self.server.state, new_id());
        let text = b"Un murmure".as_slice();
        let object = state.storage.put_bytes(Kind::Messages, "txt", state.clock.now(), text).await.unwrap();
        sqlx::query(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, uploaded_by_id, created_at, updated_at)
             VALUES (?, 'murmure.txt', ?, 'text/plain', 10, ?, ?, ?)",
        )
        .bind(id)
        .bind(&object.key)
        .bind(by)
        .bind(state.clock.now())
        .bind(state.clock.now())
        .execute(state.db.pool())
        .await
        .unwrap();
        if sent {
            let attach = "INSERT INTO message_attachments (id, message_id, file_id)
                          SELECT @id, m.id, @file FROM messages m WHERE m.sender_id = @author";
            self.run(&attach.replace("@file", &literal(id))).await;
        }
    }

    /// Where the team was told of her, and where Stripe spoke of her without an order.
    async fn leave_traces_elsewhere(&self) {
        for sql in [
            "INSERT INTO notifications (id, user_id, title, message, data, created_at, updated_at)
             SELECT @id, id, 'Message de Zéphyrine Quillebœuf', 'Zéphyrine Quillebœuf (zephyrine.q@example.com)',
               'zephyrine.q@example.com', @now, @now FROM users WHERE role = 'ADMIN'",
            "INSERT INTO notifications (id, user_id, title, message, data, action_url, created_at, updated_at)
             VALUES (@id, @author, 'Un murmure', 'Pour Zéphyrine', '{\"of\":\"murmure\"}', '/app/murmure', @now, @now)",
            "INSERT INTO stripe_events (id, type, status, object_id, payload, received_at)
             VALUES ('evt_nobody', 'checkout.session.completed', 'UNMATCHED', 'cs_nobody',
               '{\"id\":\"evt_nobody\",\"type\":\"checkout.session.completed\",\"data\":{\"object\":{\"id\":\"cs_nobody\",
                 \"amount_total\":500,\"customer_email\":\"zephyrine.q@example.com\"}}}', @now)",
        ] {
            self.run(sql).await;
        }
        assert_eq!(self.server.count("stripe_events WHERE status = 'UNMATCHED'").await, 1);
    }

    /// Runs a statement in which `@author`, `@email`, `@now` and `@id` (a new one) stand for values.
    pub async fn run(&self, sql: &str) {
        let sql = sql
            .replace("@author", &literal(self.author))
            .replace("@email", &format!("'{EMAIL}'"))
            .replace("@now", "'2026-03-10 09:00:00'")
            .replace("@id", &literal(new_id()));
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(self.server.state.db.pool()).await;
        assert!(done.unwrap().rows_affected() > 0, "{sql}");
    }

    /// Erases an account as its route will.
    pub async fn erase(&self, id: Uuid) -> Option<Subject> {
        let state = &self.server.state;
        let mut tx = state.begin().await.unwrap();
        let erased = privacy::erase(&mut tx, id, state.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        state.sessions.forget(id).await;
        erased
    }

    /// What the owner of an account is handed.
    pub async fn export(&self, id: Uuid) -> Value {
        let mut conn = self.server.state.db.conn().await.unwrap();
        let subject = privacy::subject(&mut conn, id).await.unwrap().unwrap();
        privacy::export(&mut conn, &subject, self.server.state.clock.now()).await.unwrap()
    }

    pub async fn values(&self, sql: &str) -> Vec<String> {
        let pool = self.server.state.db.pool();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(pool).await.unwrap()
    }
}

fn guest_form(tarif: &str) -> Form {
    let fields = [
        ("prenom", "Zéphyrine"),
        ("nom", "Quillebœuf"),
        ("email", EMAIL),
        ("telephone", "06 98 76 54 32"),
        ("serviceId", tarif),
        ("nombrePages", "150"),
        ("titre", "Le murmure de Zéphyrine"),
        ("description", "Un murmure"),
        ("consentementRgpd", "true"),
        ("typeClient", "PROFESSIONNEL"),
        ("societe", "Quillebœuf SARL"),
        ("siren", "732829320"),
        ("adresseFacturation", "14 impasse des Lilas"),
    ];
    fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value.to_owned()))
}

/// `id` of a row as the database writes it in a literal.
pub fn literal(id: Uuid) -> String {
    format!("UNHEX('{}')", id.simple())
}
