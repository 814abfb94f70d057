//! What must be true of every order in the end, whenever the server was killed.

use super::{
    customers::{Order, Play, REFUNDED},
    scene::Scene,
};
use crate::support::{server::ADMIN, settings::TEAM};

impl Scene {
    /// Asserts it of every order, that the numbers have no hole, and that nothing is left over.
    pub async fn assert_all_is_well(&self) {
        self.quiet().await;
        self.assert_no_order_is_half_left().await;
        for order in &self.orders {
            match order.play.is_free() {
                true => self.assert_opened(order).await,
                false => self.assert_paid_once(order).await,
            }
        }
        self.assert_gapless("FA", self.orders.iter().filter(|order| !order.play.is_free()).count()).await;
        self.assert_gapless("AV", self.orders.iter().filter(|order| order.play == Play::Refund).count())
            .await;
        self.assert_every_mail_left_once().await;
        self.forget_the_unpaid().await;
        assert_eq!(self.number("SELECT COUNT(*) FROM pending_commandes WHERE status = 'PENDING'").await, 0);
        let open =
            "SELECT COUNT(*) FROM checkout_sessions WHERE status IN ('CREATING', 'OPEN', 'PROCESSING')";
        assert_eq!(self.number(open).await, 0);
        self.sweep().await;
    }

    /// An order that waits for its payment has its document, as the one that was sent.
    async fn assert_no_order_is_half_left(&self) {
        let bare = "SELECT CONCAT(p.email, ' ', p.status) FROM pending_commandes p
                    WHERE (SELECT COUNT(*) FROM files f
                           WHERE f.pending_commande_id = p.id OR f.commande_id = p.commande_id) <> 1";
        assert_eq!(self.texts(bare, &[]).await, Vec::<String>::new());
    }

    async fn assert_gapless(&self, series: &str, count: usize) {
        let numbers = self
            .texts(
                "SELECT number FROM invoices WHERE number LIKE ? ORDER BY number",
                &[&format!("{series}-%")],
            )
            .await;
        let year = numbers.first().map_or("", |number| number.split('-').nth(1).unwrap());
        let gapless: Vec<_> = (1..=count).map(|number| format!("{series}-{year}-{number:06}")).collect();
        assert_eq!(numbers, gapless);
    }

    async fn assert_every_mail_left_once(&self) {
        let unsent = "SELECT COUNT(*) FROM email_outbox o LEFT JOIN dev_mailbox m
                      ON m.message_id LIKE CONCAT('<', LOWER(INSERT(INSERT(INSERT(INSERT(HEX(o.id),9,0,'-'),14,0,'-'),19,0,'-'),24,0,'-')), '@%')
                      WHERE m.id IS NULL";
        assert_eq!(self.number(unsent).await, 0);
        let mails = "SELECT (SELECT COUNT(*) FROM dev_mailbox) - (SELECT COUNT(*) FROM email_outbox)";
        assert_eq!(self.number(mails).await, 0);
    }

    async fn assert_counts(&self, order: &Order, counts: &[(&'static str, &str, usize)]) {
        for (count, what, expected) in counts {
            let sql = format!("SELECT CAST(COUNT(*) AS CHAR) FROM {count}");
            let found: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(*what)
                .fetch_one(self.db.pool())
                .await
                .unwrap();
            assert_eq!(found, expected.to_string(), "{}: {count}", order.fate);
        }
    }

    async fn assert_paid_once(&self, order: &Order) {
        let Order { play, fate, mark, email, session, .. } = order;
        let commandes = "SELECT CONCAT(c.statut, ' ', c.payment_status, ' ', c.titre, ' of ', u.email)
                         FROM commandes c JOIN users u ON u.id = c.user_id WHERE c.stripe_session_id = ? OR c.titre = ?";
        let statut = if play.by_guest() { "PAYEE" } else { "EN_COURS" };
        let expected = format!("{statut} paid {mark} of {email}");
        assert_eq!(self.texts(commandes, &[session, mark]).await, [expected], "{fate}");
        let numbers =
            "SELECT i.number FROM invoices i JOIN commandes c ON c.id = i.commande_id WHERE c.titre = ?
                       ORDER BY i.kind";
        let numbers = self.texts(numbers, &[mark]).await;
        assert_eq!(numbers.len(), if *play == Play::Refund { 2 } else { 1 }, "{fate}: {numbers:?}");
        for number in &numbers {
            self.assert_file_kept(number, fate).await;
        }
        let guest = usize::from(play.by_guest());
        // Nobody told of a payment that was asked for.
        let told = usize::from(*play != Play::AuthorAsks);
        let paid = [
            ("users WHERE email = ?", email.as_str(), 1),
            ("checkout_sessions WHERE status = 'PAID' AND stripe_session_id = ?", session, 1),
            ("payments WHERE kind = 'PAYMENT' AND stripe_id = ?", session, 1),
            ("stripe_events WHERE status = 'PROCESSED' AND object_id = ?", session, told),
            ("audit_logs WHERE actor_email = 'system' AND target_id = ?", session, 1),
            (
                "files f JOIN commandes c ON c.id = f.commande_id WHERE f.uploaded_by_id = c.user_id AND c.titre = ?",
                mark,
                guest,
            ),
            ("messages m JOIN users u ON u.id = m.receiver_id WHERE u.email = ?", email, 2 * guest),
        ];
        self.assert_counts(order, &paid).await;
        if *play == Play::Refund {
            self.assert_given_back_once(order).await;
        }
        self.assert_told_once(order, &numbers).await;
    }

    async fn assert_given_back_once(&self, order: &Order) {
        let given = "SELECT CONCAT(p.amount, ' ', i.amount, ' ', i.kind) FROM payments p
                     JOIN invoices i ON i.id = p.invoice_id JOIN commandes c ON c.id = p.commande_id
                     WHERE p.kind = 'REFUND' AND c.titre = ?";
        let expected = format!("{REFUNDED} {REFUNDED} CREDIT_NOTE");
        assert_eq!(self.texts(given, &[&order.mark]).await, [expected], "{}", order.fate);
    }

    /// An order that cost nothing is whole, and there once, however often it was sent and confirmed.
    async fn assert_opened(&self, order: &Order) {
        let Order { fate, mark, email, .. } = order;
        let commandes =
            "SELECT CONCAT(c.statut, ' of ', u.email) FROM commandes c JOIN users u ON u.id = c.user_id
                         WHERE c.titre = ?";
        let opened = self.texts(commandes, &[mark]).await;
        assert_eq!(opened, [format!("PAYEE of {email}")], "{fate}");
        let whole = [
            ("users WHERE email = ?", email.as_str(), 1),
            ("invoices i JOIN commandes c ON c.id = i.commande_id WHERE c.titre = ?", mark, 0),
            (
                "files f JOIN commandes c ON c.id = f.commande_id WHERE f.uploaded_by_id = c.user_id AND c.titre = ?",
                mark,
                opened.len(),
            ),
        ];
        self.assert_counts(order, &whole).await;
        let mails = self.texts(MAILS, &[&format!("%{mark}%")]).await;
        let to = |kind: &str, whom: &str| format!("{kind} to {whom}");
        let told = [to("activation-user", email), to("admin-order", TEAM), to("order-to-confirm", email)];
        assert_eq!(mails, told, "{fate}");
    }

    async fn assert_file_kept(&self, number: &str, fate: &str) {
        let key = self.texts("SELECT pdf_key FROM invoices WHERE number = ?", &[number]).await.remove(0);
        let file = std::fs::read(self.files.join(&key)).unwrap_or_default();
        assert!(file.starts_with(b"%PDF-"), "{fate}: {key}");
    }

    async fn assert_told_once(&self, order: &Order, numbers: &[String]) {
        let Order { play, fate, mark, email, .. } = order;
        let like = format!("%{mark}%");
        let mails = self.texts(MAILS, &[&like]).await;
        assert_eq!(mails, expected_mails(*play, email), "{fate}");

        let bells =
            "SELECT CONCAT(n.title, ' to ', u.email) FROM notifications n JOIN users u ON u.id = n.user_id
             WHERE n.message LIKE ? OR n.message LIKE ? OR n.message LIKE ? ORDER BY 1";
        let of = |index: usize| format!("%{}%", numbers.get(index).unwrap_or(mark));
        let bells = self.texts(bells, &[&like, &of(0), &of(1)]).await;
        assert_eq!(bells, expected_bells(*play, email), "{fate}");
    }
}

/// Kinds and addressees of the mails about an order.
const MAILS: &str = "SELECT CAST(CONCAT(template, ' to ', to_email) AS CHAR) FROM email_outbox
                     WHERE CAST(payload AS CHAR) LIKE ? ORDER BY template";

fn expected_mails(play: Play, email: &str) -> Vec<String> {
    let mut kinds = match play.by_guest() {
        true => vec!["activation-user", "admin-payment", "admin-project-payment-pending"],
        false => vec!["admin-order", "admin-payment"],
    };
    match play.by_guest() {
        true => kinds.push("invoice-user"),
        false => kinds.extend(["client-project-confirmation", "invoice-user"]),
    }
    if play == Play::Refund {
        // The credit note is sent as the invoice was.
        kinds.push("invoice-user");
    }
    if !play.by_guest() {
        kinds.push("payment-user");
    }
    let to = |kind: &str| if kind.starts_with("admin") { TEAM.to_owned() } else { email.to_owned() };
    kinds.into_iter().map(|kind| format!("{kind} to {}", to(kind))).collect()
}

fn expected_bells(play: Play, email: &str) -> Vec<String> {
    let to_admin = if play.by_guest() { "Projet en attente de paiement" } else { "Nouvelle commande" };
    let mut bells = vec![format!("Paiement reçu to {}", ADMIN.0), format!("{to_admin} to {}", ADMIN.0)];
    let mut titles = vec!["Paiement confirmé", "Votre facture est disponible", "Votre projet est créé"];
    if play == Play::Refund {
        titles.push("Votre avoir est disponible");
    }
    bells.extend(titles.iter().map(|title| format!("{title} to {email}")));
    bells.sort();
    bells
}
