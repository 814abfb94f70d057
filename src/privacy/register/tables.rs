//! The tables of the schema. A key that leads to a row of another table is impersonal: once that row is empty it leads
//! to nobody. What Stripe calls things is personal, because Stripe knows whose they are.

use super::{
    Erasure::{Emptied, Kept, Removed, RemovedLater, Replaced},
    Table,
    Whose::{Account, Address, Named, Through},
    hidden, impersonal, shown,
};

/// Ten years from the end of the accounting year.
const BOOKS: &str = "accounts and their vouchers: code de commerce, article L123-22; GDPR, article 17(3)(b)";
const RIGHTS: &str = "to establish, exercise and defend rights: GDPR, article 17(3)(e)";
/// The person of the row is gone with its other columns.
const NOBODYS: &str = "says nothing once the rest of the row is erased";
const SELLER: &str =
    "the company's own identity, compulsory on an invoice: CGI, annexe 2, article 242 nonies A";

const FIRST_NAME: &str = "Utilisateur";
const LAST_NAME: &str = "Supprimé";
const ADDRESS: &str = "deleted-<id>@example.invalid";
const UNNAMED: &str = "the same text without names, addresses and numbers";
/// Everything else leaves at once.
const OWED: &str = "an invoice (CGI, article 289) or the confirmation of a purchase (code de la consommation, article \
    L221-13) that is still to be sent";

/// Every table that a migration makes.
pub const TABLES: &[Table] = &[
    Table {
        name: "users",
        whose: &[Account("id")],
        section: Some("profil"),
        held: &[
            shown("prenom", "first name", Replaced(FIRST_NAME), "prenom"),
            shown("nom", "family name", Replaced(LAST_NAME), "nom"),
            shown("email", "address", Replaced(ADDRESS), "email"),
            hidden("password_hash", "digest of the password", Replaced("!")),
            shown("telephone", "phone number", Emptied, "telephone"),
            shown("adresse", "postal address", Emptied, "adresse"),
            shown("avatar", "URL of a picture", Emptied, "avatar"),
            shown("bio", "what they say of themselves", Emptied, "bio"),
            shown("preferences", "choices about mails and privacy", Emptied, "preferences"),
            shown("type_client", "private person or business", Replaced("PARTICULIER"), "typeClient"),
            shown("societe", "their business", Emptied, "societe"),
            shown("siren", "its number", Emptied, "siren"),
            shown("numero_tva", "its VAT number", Emptied, "numeroTva"),
            shown("reference_client", "their reference on invoices", Emptied, "referenceClient"),
            shown("adresse_facturation", "billing address", Emptied, "adresseFacturation"),
            shown("stripe_customer_id", "what Stripe calls them", Emptied, "stripeCustomerId"),
            shown("role", "what they may do", Kept(NOBODYS), "role"),
            shown("created_at", "when they came", Kept(NOBODYS), "createdAt"),
        ],
        impersonal: "id is_active deactivated_by token_version is_demo deleted_at updated_at",
    },
    Table {
        name: "commandes",
        whose: &[Account("user_id")],
        section: Some("commandes"),
        held: &[
            shown("titre", "title of their work", Replaced("Commande d’un compte supprimé"), "titre"),
            shown("description", "what they say of it", Emptied, "description"),
            shown("fichier_url", "where the former platform kept it", Emptied, "fichierUrl"),
            shown("note_client", "their words to the corrector", Emptied, "noteClient"),
            shown("note_correcteur", "the corrector's words on their work", Emptied, "noteCorrecteur"),
            shown("buyer", "billing identity", Emptied, "facturation"),
            shown("stripe_session_id", "what Stripe calls the payment", Kept(BOOKS), "stripeSessionId"),
            shown("amount", "what they paid or owe", Kept(BOOKS), "amount"),
            shown("paid_at", "when they paid", Kept(BOOKS), "paidAt"),
            shown("reference", "what they call the order", Kept(BOOKS), "reference"),
            shown("statut", "where the order stands", Kept(BOOKS), "statut"),
            shown("created_at", "when they ordered", Kept(BOOKS), "createdAt"),
        ],
        impersonal: "id user_id corrector_id tarif_id priorite payment_status prix_estime prix_final pack_type
            pages_declarees pages_verifiees date_echeance date_finition is_demo updated_at",
    },
    Table {
        name: "pending_commandes",
        whose: &[Account("user_id"), Address("email")],
        section: Some("commandesEnAttente"),
        held: &[
            shown("prenom", "first name", Replaced(FIRST_NAME), "prenom"),
            shown("nom", "family name", Replaced(LAST_NAME), "nom"),
            shown("email", "address", Replaced(ADDRESS), "email"),
            shown("telephone", "phone number", Emptied, "telephone"),
            shown("adresse", "postal address", Emptied, "adresse"),
            shown("titre", "title of their work", Emptied, "titre"),
            shown("description", "what they say of it", Emptied, "description"),
            shown("buyer", "billing identity", Emptied, "facturation"),
            shown("reference", "what they call the order", Kept(NOBODYS), "reference"),
            hidden("fingerprint", "digest of who ordered what", Emptied),
            shown("consentement_rgpd", "that they agreed", Kept(NOBODYS), "consentementRgpd"),
            shown("created_at", "when they ordered", Kept(NOBODYS), "createdAt"),
        ],
        impersonal: "id user_id tarif_id nombre_pages amount announced_at status commande_id updated_at",
    },
    Table {
        name: "checkout_sessions",
        whose: &[Through("commande_id"), Through("pending_commande_id")],
        section: None,
        held: &[hidden("stripe_session_id", "what Stripe calls the payment page", Kept(BOOKS))],
        impersonal: "id commande_id pending_commande_id amount items status expires_at checked_at close_due_at
            close_attempts close_error created_at updated_at",
    },
    impersonal("order_references", "reference"),
    Table {
        name: "payment_refusals",
        whose: &[Through("commande_id"), Through("pending_commande_id")],
        section: None,
        held: &[hidden("attempt", "what Stripe calls the refused payment", Removed)],
        impersonal: "id commande_id pending_commande_id amount due_at",
    },
    Table {
        name: "stripe_events",
        whose: &[Named],
        section: None,
        held: &[
            hidden("id", "what Stripe calls the event", Kept(BOOKS)),
            hidden("object_id", "what Stripe calls the payment", Kept(BOOKS)),
            hidden("awaits", "what Stripe calls the payment it waits for", Kept(BOOKS)),
            hidden(
                "payload",
                "until it is applied: name, address, phone, card's last digits",
                Replaced("ids, amounts and states; at once, or as soon as a failed event is applied"),
            ),
            hidden("comment", "why an administrator gave it up", Kept(BOOKS)),
        ],
        impersonal: "type status attempts last_error next_attempt_at received_at processed_at discarded_at",
    },
    Table {
        name: "invoices",
        whose: &[Through("commande_id")],
        section: Some("factures"),
        held: &[
            shown("number", "the number they were given", Kept(BOOKS), "number"),
            shown("amount", "what they were asked", Kept(BOOKS), "amount"),
            shown("paid_at", "when they paid", Kept(BOOKS), "paidAt"),
            shown("buyer", "name, address, e-mail, business", Kept(BOOKS), "acheteur"),
            shown("items", "title of their work", Kept(BOOKS), "lignes"),
            hidden("seller", "the company", Kept(SELLER)),
            shown("stripe_session_id", "what Stripe calls the payment page", Kept(BOOKS), "stripeSessionId"),
            shown("payment_reference", "what Stripe calls the payment", Kept(BOOKS), "paymentReference"),
            hidden("pdf_key", "the document, with all of the above", Kept(BOOKS)),
        ],
        impersonal: "id commande_id user_id kind original_invoice_id tax_amount vat_regime vat_rate_bp vat_mention status
            issued_at due_at supplied_on pdf_sha256 pdf_size render_due_at render_attempts render_error is_demo created_at
            updated_at",
    },
    Table {
        name: "payments",
        whose: &[Through("commande_id")],
        section: Some("paiements"),
        held: &[
            shown("amount", "what they paid or got back", Kept(BOOKS), "amount"),
            shown("occurred_at", "when", Kept(BOOKS), "occurredAt"),
            shown("stripe_id", "what Stripe calls it", Kept(BOOKS), "stripeId"),
            shown(
                "stripe_payment_intent_id",
                "what Stripe calls the payment",
                Kept(BOOKS),
                "stripePaymentIntentId",
            ),
        ],
        impersonal: "id kind commande_id invoice_id fee category day created_at",
    },
    Table {
        name: "refund_requests",
        whose: &[Through("commande_id")],
        section: None,
        held: &[
            hidden("payment_intent", "what Stripe calls the payment", Kept(BOOKS)),
            hidden("stripe_id", "what Stripe calls the refund", Kept(BOOKS)),
            hidden("reason", "why the team gave money back", Kept(BOOKS)),
        ],
        impersonal: "id commande_id amount state requested_by attempts next_attempt_at last_error created_at",
    },
    Table {
        name: "express_requests",
        whose: &[Address("email"), Through("commande_id"), Through("pending_commande_id")],
        section: Some("demandesExpresses"),
        held: &[
            shown("email", "address of whoever asked", Replaced(ADDRESS), "email"),
            shown("requested_at", "when they asked that work begin", Kept(RIGHTS), "requestedAt"),
            shown("terms_version", "which terms they had read", Kept(RIGHTS), "versionCgv"),
        ],
        impersonal: "id pending_commande_id commande_id source created_at",
    },
    Table {
        name: "withdrawals",
        whose: &[Address("email"), Through("commande_id")],
        section: Some("retractations"),
        held: &[
            shown("nom", "name of whoever withdrew", Replaced("Utilisateur Supprimé"), "nom"),
            shown("email", "their address", Replaced(ADDRESS), "email"),
            shown("message", "what they added", Emptied, "message"),
            hidden("fingerprint", "digest of who declared what", Emptied),
            shown("numero", "what they called the order", Kept(RIGHTS), "numero"),
            shown("declared_at", "when they withdrew", Kept(RIGHTS), "declaredAt"),
            shown("state", "what became of it", Kept(RIGHTS), "state"),
            shown("price", "what they had paid", Kept(BOOKS), "price"),
            shown("amount_kept", "what is kept of it", Kept(BOOKS), "amountKept"),
            shown("reason", "why it was decided so", Kept(RIGHTS), "reason"),
            shown("decided_at", "when it was decided", Kept(RIGHTS), "decidedAt"),
        ],
        impersonal: "id commande_id repeats_id entitled in_time term_at express statut_before pages_ordered pages_done decided_by \
            match_due_at match_attempts match_error created_at updated_at",
    },
    Table {
        name: "payment_methods",
        whose: &[Account("user_id")],
        section: Some("moyensDePaiement"),
        held: &[
            shown("stripe_payment_method_id", "what Stripe calls the card", Removed, "stripePaymentMethodId"),
            shown("brand", "brand of the card", Removed, "brand"),
            shown("last4", "its last digits", Removed, "last4"),
            shown("exp_month", "until when it is valid", Removed, "expMonth"),
            shown("exp_year", "until when it is valid", Removed, "expYear"),
            shown("fingerprint", "what Stripe recognises the card by", Removed, "fingerprint"),
        ],
        impersonal: "id user_id is_default default_of is_active created_at updated_at",
    },
    Table {
        name: "stripe_departures",
        whose: &[Named],
        section: None,
        held: &[hidden(
            "stripe_id",
            "what Stripe calls a card or a customer that is to go",
            Kept("until it is removed at Stripe, which takes this name"),
        )],
        impersonal: "id kind attempts next_attempt_at last_error created_at",
    },
    Table {
        name: "files",
        whose: &[
            Account("uploaded_by_id"),
            Through("commande_id"),
            Through("pending_commande_id"),
        ],
        section: Some("fichiers"),
        held: &[
            shown("filename", "name of the document", Removed, "nom"),
            shown("title", "its title", Removed, "titre"),
            shown("description", "what they say of it", Removed, "description"),
            shown("size", "its size", Removed, "taille"),
            hidden("storage_key", "the document itself", Removed),
            hidden("sha256", "its digest", Removed),
            shown("created_at", "when it was sent", Removed, "createdAt"),
        ],
        impersonal: "id mime_type type is_corrected uploaded_by_id commande_id pending_commande_id updated_at",
    },
    Table {
        name: "conversations",
        whose: &[Account("user_id"), Address("visitor_email")],
        section: Some("conversations"),
        held: &[
            shown("visitor_email", "address", Removed, "visitorEmail"),
            shown("visitor_name", "name", Removed, "visitorName"),
            shown("visitor_phone", "phone number", Removed, "visitorPhone"),
        ],
        impersonal: "id user_id last_message_id last_message_at message_count client_unread admin_unread
            client_removed admin_removed client_archived admin_archived admin_hidden page_until created_at updated_at",
    },
    impersonal("conversation_readers", "conversation_id user_id read_until"),
    Table {
        name: "messages",
        whose: &[Through("conversation_id"), Account("sender_id"), Address("visitor_email")],
        section: Some("messages"),
        held: &[
            shown("subject", "their words, or words to them", Removed, "subject"),
            shown("content", "their words, or words to them", Removed, "content"),
            shown("visitor_email", "address", Removed, "visitorEmail"),
            shown("visitor_name", "name", Removed, "visitorName"),
            shown("visitor_phone", "phone number", Removed, "visitorPhone"),
            shown("display_first_name", "name a member of the team signs with", Emptied, "displayFirstName"),
            shown("display_last_name", "name a member of the team signs with", Emptied, "displayLastName"),
            shown("metadata", "what the message is about", Removed, "metadata"),
            shown("created_at", "when it was written", Removed, "createdAt"),
        ],
        impersonal: "id conversation_id legacy_conversation_id sender_id receiver_id type statut is_read is_archived
            archived_by_client is_pinned parent_id is_from_visitor display_role status deleted_by_admin deleted_by_client updated_at",
    },
    impersonal("message_attachments", "id message_id file_id"),
    Table {
        name: "notifications",
        whose: &[Account("user_id"), Named],
        section: Some("notifications"),
        held: &[
            shown("title", "what they, or the team about them, were told", Replaced(UNNAMED), "title"),
            shown("message", "the same", Replaced(UNNAMED), "message"),
            shown("data", "the same", Replaced(UNNAMED), "data"),
            shown("action_url", "where it leads", Removed, "actionUrl"),
            shown("created_at", "when they were told", Removed, "createdAt"),
        ],
        impersonal: "id user_id type priority is_read is_deleted read_at expires_at dedupe_key wave updated_at",
    },
    Table {
        name: "email_outbox",
        whose: &[Account("user_id"), Address("to_email"), Named],
        section: Some("emails"),
        held: &[
            shown("to_email", "address", RemovedLater(OWED), "toEmail"),
            shown("to_name", "name", RemovedLater(OWED), "toName"),
            shown("payload", "what the mail to them, or to the team about them, says", Replaced(UNNAMED), "contenu"),
            shown("attachments", "names of invoices", RemovedLater(OWED), "piecesJointes"),
            hidden("last_error", "answer of a mail server, which may quote the address", RemovedLater(OWED)),
            shown("sent_at", "when they were told", RemovedLater(OWED), "sentAt"),
        ],
        impersonal: "id dedupe_key template user_id status attempts next_attempt_at created_at updated_at",
    },
    Table {
        name: "consultations",
        whose: &[Address("email")],
        section: Some("consultations"),
        held: &[
            shown("first_name", "first name", Removed, "firstName"),
            shown("last_name", "family name", Removed, "lastName"),
            shown("email", "address", Removed, "email"),
            shown("phone", "phone number", Removed, "phone"),
            shown("starts_at", "when they are called", Removed, "startsAt"),
            shown("cancelled_at", "when they cancelled", Removed, "cancelledAt"),
            shown("message", "their words", Removed, "message"),
            shown("admin_note", "the team's words on them", Removed, "adminNote"),
            shown("created_at", "when they booked", Removed, "createdAt"),
        ],
        impersonal: "id slot sequence remind_at source status message_id processed_at updated_at",
    },
    Table {
        name: "support_requests",
        whose: &[Account("user_id")],
        section: Some("demandesSupport"),
        held: &[
            shown("title", "their words", Removed, "title"),
            shown("description", "their words", Removed, "description"),
            shown("tags", "the team's words on them", Removed, "tags"),
            shown("created_at", "when they asked", Removed, "createdAt"),
        ],
        impersonal: "id user_id category priority status assigned_to_id source first_response_at resolved_at closed_at
            updated_at",
    },
    Table {
        name: "form_receipts",
        whose: &[Address("email")],
        section: Some("formulaires"),
        held: &[
            shown("form", "which form they sent", Removed, "form"),
            shown("email", "address", Removed, "email"),
            hidden("fingerprint", "digest of what they sent", Removed),
            shown("received_at", "when they sent it", Removed, "receivedAt"),
        ],
        impersonal: "id acknowledged bytes",
    },
    Table {
        name: "newsletter_subscribers",
        whose: &[Address("email")],
        section: Some("newsletter"),
        held: &[
            shown("email", "address", Removed, "email"),
            shown("status", "whether they want it", Removed, "status"),
            shown("confirmed_at", "when they agreed", Removed, "confirmedAt"),
            shown("created_at", "when they subscribed", Removed, "createdAt"),
        ],
        impersonal: "id token_expires_at updated_at",
    },
    Table {
        name: "password_resets",
        whose: &[Account("user_id")],
        section: Some("liensSecrets"),
        held: &[
            hidden("token_hash", "digest of a link", Removed),
            shown("created_at", "when it was made", Removed, "createdAt"),
            shown("used_at", "when it was used", Removed, "usedAt"),
        ],
        impersonal: "user_id expires_at",
    },
    Table {
        name: "activation_tokens",
        whose: &[Account("user_id")],
        section: Some("liensSecrets"),
        held: &[
            hidden("token_hash", "digest of a link", Removed),
            shown("created_at", "when it was made", Removed, "createdAt"),
            shown("used_at", "when it was used", Removed, "usedAt"),
        ],
        impersonal: "user_id expires_at",
    },
    Table {
        name: "login_tickets",
        whose: &[Account("user_id")],
        section: Some("liensSecrets"),
        held: &[
            hidden("ticket_hash", "digest of a ticket that logs in", Removed),
            shown("created_at", "when it was made", Removed, "createdAt"),
        ],
        impersonal: "user_id token_version expires_at",
    },
    Table {
        name: "data_exports",
        whose: &[Account("user_id")],
        section: Some("exports"),
        held: &[
            hidden("archive_key", "all of the above, in an archive", Removed),
            hidden("document_key", "the same, as one document", Removed),
            hidden("sha256", "digest of the archive", Removed),
            shown("expires_at", "until when it can be fetched", Removed, "expiresAt"),
            shown("created_at", "when they asked for it", Removed, "createdAt"),
        ],
        impersonal: "id user_id attempts next_attempt_at last_error updated_at",
    },
    Table {
        name: "audit_logs",
        whose: &[Address("actor_email"), Account("target_id")],
        section: Some("journal"),
        held: &[
            shown("timestamp", "when they acted", Kept(RIGHTS), "timestamp"),
            shown("actor_email", "address of who acted", Kept(RIGHTS), "actorEmail"),
            shown("action", "what they did", Kept(RIGHTS), "action"),
            hidden("target_id", "what they did it to", Kept(RIGHTS)),
            shown("details", "what else there is to know", Kept(RIGHTS), "details"),
            shown("ip_address", "where they acted from", Kept(RIGHTS), "ipAddress"),
            shown("user_agent", "with which program", Kept(RIGHTS), "userAgent"),
        ],
        impersonal: "id seq target_type severity created_at seal_id",
    },
    impersonal(
        "audit_seals",
        "id first_seq last_seq row_count rows_hash previous_hash hash sealed_at newest_at digests state",
    ),
    impersonal(
        "tarifs",
        "id nom description prix prix_formate unite type_service duree_estimee actif ordre stripe_product_id
            stripe_price_id created_at updated_at",
    ),
    impersonal("notification_feeds", "user_id wave"),
    impersonal("daily_totals", "day slot invoiced credited invoices new_users orders counted_at"),
    impersonal("vat_regimes", "valid_from regime rate_bp mention created_at"),
    impersonal("invoice_counters", "series year last_number"),
    impersonal("erasures", "user_id erased_at logged_at"),
    impersonal("storage_deletions", "id storage_key attempts last_error next_attempt_at created_at"),
    impersonal("document_fetches", "document_id reader_id quarter"),
    impersonal(
        "pages",
        "id title slug content excerpt type status meta_title meta_description meta_keywords category tags sort_order
            is_public require_auth published_at created_at updated_at",
    ),
    impersonal("faqs", "id question answer details ordre visible categorie created_at updated_at"),
    impersonal(
        "_sqlx_migrations",
        "version description installed_on success checksum execution_time",
    ),
];
