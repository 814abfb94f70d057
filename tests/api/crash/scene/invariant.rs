//! What must be true of every order, whenever the server was killed.

use super::{Flow, Order, Scene, TEAM};
use crate::support::server::ADMIN;

impl Scene {
    /// Asserts that every order was paid once, with all that goes with it, and that the numbers have no hole.
    pub async fn assert_each_paid_once(&self) {
        self.quiet().await;
        for order in &self.orders {
            self.assert_paid_once(order).await;
        }
        let numbers = self.texts("SELECT number FROM invoices ORDER BY number", &[]).await;
        let year = numbers[0].split('-').nth(1).unwrap();
        let gapless: Vec<_> =
            (1..=self.orders.len()).map(|number| format!("FA-{year}-{number:06}")).collect();
        assert_eq!(numbers, gapless);
        assert_eq!(self.number("SELECT COUNT(*) FROM commandes").await, self.orders.len() as i64);
        let unsent = "SELECT COUNT(*) FROM email_outbox o LEFT JOIN dev_mailbox m
                      ON m.message_id LIKE CONCAT('<', LOWER(INSERT(INSERT(INSERT(INSERT(HEX(o.id),9,0,'-'),14,0,'-'),19,0,'-'),24,0,'-')), '@%')
                      WHERE m.id IS NULL";
        assert_eq!(self.number(unsent).await, 0);
        assert_eq!(
            self.number("SELECT (SELECT COUNT(*) FROM dev_mailbox) - (SELECT COUNT(*) FROM email_outbox)")
                .await,
            0
        );
    }

    async fn assert_paid_once(&self, order: &Order) {
        let Order { flow, fate, mark, email, session, .. } = order;
        let commandes = "SELECT CONCAT(c.statut, ' ', c.payment_status, ' ', c.titre, ' of ', u.email)
                         FROM commandes c JOIN users u ON u.id = c.user_id WHERE c.stripe_session_id = ? OR c.titre = ?";
        let statut = if *flow == Flow::Guest { "PAYEE" } else { "EN_COURS" };
        let expected = format!("{statut} paid {mark} of {email}");
        assert_eq!(self.texts(commandes, &[session, mark]).await, [expected], "{fate}");

        let numbers =
            "SELECT i.number FROM invoices i JOIN commandes c ON c.id = i.commande_id WHERE c.titre = ?";
        let numbers = self.texts(numbers, &[mark]).await;
        assert_eq!(numbers.len(), 1, "{fate}: {numbers:?}");
        self.assert_file_kept(&numbers[0], fate).await;

        let guest = usize::from(*flow == Flow::Guest);
        for (count, what, expected) in [
            ("SELECT CAST(COUNT(*) AS CHAR) FROM users WHERE email = ?", email, 1),
            (
                "SELECT CAST(COUNT(*) AS CHAR) FROM checkout_sessions WHERE status = 'PAID' AND stripe_session_id = ?",
                session,
                1,
            ),
            ("SELECT CAST(COUNT(*) AS CHAR) FROM payments WHERE stripe_id = ?", session, 1),
            (
                "SELECT CAST(COUNT(*) AS CHAR) FROM stripe_events WHERE status = 'PROCESSED' AND object_id = ?",
                session,
                1,
            ),
            (
                "SELECT CAST(COUNT(*) AS CHAR) FROM audit_logs WHERE actor_email = 'system' AND target_id = ?",
                session,
                1,
            ),
            (
                "SELECT CAST(COUNT(*) AS CHAR) FROM files f JOIN commandes c ON c.id = f.commande_id
              WHERE f.uploaded_by_id = c.user_id AND c.titre = ?",
                mark,
                guest,
            ),
            (
                "SELECT CAST(COUNT(*) AS CHAR) FROM messages m JOIN users u ON u.id = m.receiver_id WHERE u.email = ?",
                email,
                2 * guest,
            ),
        ] {
            assert_eq!(self.texts(count, &[what]).await, [expected.to_string()], "{fate}: {count}");
        }
        self.assert_told_once(order, &numbers[0]).await;
    }

    async fn assert_file_kept(&self, number: &str, fate: &str) {
        let key = self.texts("SELECT pdf_key FROM invoices WHERE number = ?", &[number]).await.remove(0);
        let file = std::fs::read(self.files.join(&key)).unwrap_or_default();
        assert!(file.starts_with(b"%PDF-"), "{fate}: {key}");
    }

    async fn assert_told_once(&self, order: &Order, number: &str) {
        let Order { flow, fate, mark, email, .. } = order;
        let like = format!("%{mark}%");
        let mails = "SELECT CAST(CONCAT(template, ' to ', to_email) AS CHAR) FROM email_outbox
                     WHERE CAST(payload AS CHAR) LIKE ? ORDER BY template";
        let to = |template: &str| match template.starts_with("admin") {
            true => format!("{template} to {TEAM}"),
            false => format!("{template} to {email}"),
        };
        let kinds: &[&str] = match flow {
            Flow::Guest => &[
                "activation-user",
                "admin-payment",
                "admin-project-payment-pending",
                "client-project-confirmation",
                "invoice-user",
                "payment-user",
            ],
            Flow::Author => &[
                "admin-order",
                "admin-payment",
                "client-project-confirmation",
                "invoice-user",
                "payment-user",
            ],
        };
        let expected: Vec<_> = kinds.iter().map(|kind| to(kind)).collect();
        assert_eq!(self.texts(mails, &[&like]).await, expected, "{fate}");

        let bells =
            "SELECT CONCAT(n.title, ' to ', u.email) FROM notifications n JOIN users u ON u.id = n.user_id
                     WHERE n.message LIKE ? OR n.message LIKE ?";
        let mut bells = self.texts(bells, &[&like, &format!("%{number}%")]).await;
        bells.sort();
        let to_admin = match flow {
            Flow::Guest => "Projet en attente de paiement",
            Flow::Author => "Nouvelle commande",
        };
        let mut expected =
            vec![format!("Paiement reçu to {}", ADMIN.0), format!("{to_admin} to {}", ADMIN.0)];
        let titles = ["Paiement confirmé", "Votre facture est disponible", "Votre projet est créé"];
        expected.extend(titles.map(|title| format!("{title} to {email}")));
        expected.sort();
        assert_eq!(bells, expected, "{fate}");
    }
}
