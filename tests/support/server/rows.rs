//! Things in the state a test needs them in, written as rows: quicker than the doors, which have tests of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use staka::{clock::new_id, files::storage::Kind};
use uuid::Uuid;

use super::{Person, TestServer};

/// What an order of these rows costs, in cents.
pub const PRICE: i32 = 28_000;

/// A number no other row of this process has.
fn next() -> u32 {
    static NUMBERS: AtomicU32 = AtomicU32::new(500_001);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

impl TestServer {
    /// A line of the price list; `prix` is in cents.
    pub async fn tarif(&self, nom: &str, prix: i64, unite: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO tarifs (id, nom, description, prix, prix_formate, unite, type_service, ordre, created_at, updated_at)
             VALUES (?, ?, 'Une description', ?, '', ?, 'Correction', 1, ?, ?)",
        )
        .bind(id).bind(nom).bind(prix).bind(unite).bind(now).bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// An order as it stands after some life.
    pub async fn commande(&self, owner: &Person, titre: &str, statut: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query("INSERT INTO commandes (id, user_id, titre, statut, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id).bind(owner.id).bind(titre).bind(statut).bind(now).bind(now)
            .execute(self.state.db.pool())
            .await
            .unwrap();
        id
    }

    /// An order whose price the team has fixed, not yet paid.
    pub async fn unpaid_order(&self, owner: &Person) -> Uuid {
        let id = self.commande(owner, "Un roman à payer", "EN_ATTENTE").await;
        sqlx::query("UPDATE commandes SET payment_status = 'unpaid', prix_final = ? WHERE id = ?")
            .bind(PRICE)
            .bind(id)
            .execute(self.state.db.pool())
            .await
            .unwrap();
        id
    }

    /// An order, paid through the session this gives too.
    pub async fn paid_order(&self, owner: &Person) -> (Uuid, String) {
        let id = self.commande(owner, "Un roman payé", "PAYEE").await;
        let (session, now) = (format!("cs_test_row_{}", next()), self.state.clock.now());
        sqlx::query("UPDATE commandes SET payment_status = 'paid', amount = ?, paid_at = ?, stripe_session_id = ? WHERE id = ?")
            .bind(PRICE).bind(now).bind(&session).bind(id)
            .execute(self.state.db.pool())
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO checkout_sessions
               (id, stripe_session_id, commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
             VALUES (?, ?, ?, ?, 'PAID', ?, ?, ?, ?)",
        )
        .bind(new_id()).bind(&session).bind(id).bind(PRICE).bind(now).bind(now).bind(now).bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        (id, session)
    }

    /// A card kept by an author.
    pub async fn card(&self, owner: &Person) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO payment_methods
               (id, user_id, stripe_payment_method_id, brand, last4, exp_month, exp_year, created_at, updated_at)
             VALUES (?, ?, ?, 'visa', '4242', 12, 2034, ?, ?)",
        )
        .bind(id)
        .bind(owner.id)
        .bind(format!("pm_row_{}", next()))
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// Assigns an order to a corrector.
    pub async fn assign(&self, order: Uuid, corrector: &Person) {
        sqlx::query("UPDATE commandes SET corrector_id = ? WHERE id = ?")
            .bind(corrector.id)
            .bind(order)
            .execute(self.state.db.pool())
            .await
            .unwrap();
    }

    /// A guest's order that waits for its payment.
    pub async fn pending_order(&self, email: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        let tarif = self.tarif(&format!("Tarif {}", next()), PRICE.into(), "FORFAIT").await;
        sqlx::query(
            "INSERT INTO pending_commandes
               (id, prenom, nom, email, tarif_id, titre, amount, consentement_rgpd, created_at, updated_at)
             VALUES (?, 'Zoé', 'Lefèvre', ?, ?, 'Un roman de passage', ?, TRUE, ?, ?)",
        )
        .bind(id)
        .bind(email)
        .bind(tarif)
        .bind(PRICE)
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// The invoice of a paid order, with its file.
    pub async fn invoice(&self, order: Uuid) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        let pdf =
            self.state.storage.put_bytes(Kind::Invoices, "pdf", now, b"%PDF-1.7 facture").await.unwrap();
        let seller = serde_json::to_value(&self.state.config.company).unwrap();
        let buyer = json!({ "name": "Zoé Martin", "is_professional": false, "email": "zoe@example.com" });
        let items = json!([{ "title": "Correction", "quantity": 1, "unit": "flat", "gross": PRICE }]);
        sqlx::query(
            "INSERT INTO invoices
               (id, commande_id, user_id, number, amount, tax_amount, vat_regime, vat_rate_bp, status, issued_at, paid_at,
                seller, buyer, items, pdf_key, pdf_sha256, pdf_size, created_at, updated_at)
             SELECT ?, id, user_id, ?, ?, 4667, 'STANDARD', 2000, 'PAID', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
             FROM commandes WHERE id = ?",
        )
        .bind(id).bind(format!("FA-2026-{:06}", next())).bind(PRICE).bind(now).bind(now)
        .bind(seller.to_string()).bind(buyer.to_string()).bind(items.to_string())
        .bind(&pdf.key).bind(&pdf.sha256).bind(i64::try_from(pdf.size).unwrap()).bind(now).bind(now).bind(order)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// A document, of an order or of nothing.
    pub async fn document(&self, order: Option<Uuid>, by: &Person, name: &str, corrected: bool) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        let object = self.state.storage.put_bytes(Kind::Projects, "txt", now, b"0123456789").await.unwrap();
        sqlx::query(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, sha256, type, is_corrected, uploaded_by_id,
                                commande_id, created_at, updated_at)
             VALUES (?, ?, ?, 'text/plain', 10, ?, 'DOCUMENT', ?, ?, ?, ?, ?)",
        )
        .bind(id).bind(name).bind(&object.key).bind(&object.sha256).bind(corrected).bind(by.id).bind(order)
        .bind(now).bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// The conversation of a client with one message of theirs; gives the message too.
    pub async fn conversation(&self, client: &Person) -> (Uuid, Uuid) {
        let (id, message, now) = (new_id(), new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO conversations (id, user_id, last_message_id, last_message_at, message_count, admin_unread, created_at, updated_at)
             VALUES (?, ?, ?, ?, 1, 1, ?, ?)",
        )
        .bind(id).bind(client.id).bind(message).bind(now).bind(now).bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO messages (id, conversation_id, sender_id, content, created_at, updated_at)
             VALUES (?, ?, ?, 'Bonjour', ?, ?)",
        )
        .bind(message)
        .bind(id)
        .bind(client.id)
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        (id, message)
    }

    /// A bell notification, unread.
    /// A visible question.
    pub async fn faq(&self, question: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO faqs (id, question, answer, ordre, categorie, created_at, updated_at)
             VALUES (?, ?, 'Cela dépend du texte.', 1, 'Tarifs', ?, ?)",
        )
        .bind(id)
        .bind(question)
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// A page of the site.
    pub async fn page(&self, slug: &str, status: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO pages (id, title, slug, content, status, published_at, created_at, updated_at)
             VALUES (?, 'Une page', ?, 'Un texte.', ?, IF(? = 'DRAFT', NULL, ?), ?, ?)",
        )
        .bind(id)
        .bind(slug)
        .bind(status)
        .bind(status)
        .bind(now)
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    /// A notification in somebody's bell.
    pub async fn notification(&self, person: &Person) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO notifications (id, user_id, title, message, created_at, updated_at)
             VALUES (?, ?, 'Un titre', 'Un message', ?, ?)",
        )
        .bind(id)
        .bind(person.id)
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }
}
