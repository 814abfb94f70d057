//! The URL table: where every module's routes are mounted. Paths are written without `/api`; both
//! forms answer (see [`crate::http::paths`]).

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    account, admin,
    app::AppState,
    auth, checkout, commandes, consultations, corrector, dev, emails, exports, faq, files,
    http::{docs, system},
    invoices, messages, notifications, pages, payments, projects, public, stats, tarifs, withdrawals,
};

/// What the description's tags are about, in the order it shows them. Every operation carries one of them.
const TAGS: [(&str, &str); 18] = [
    ("Accounts", "Opening an account, logging in, forgotten passwords, and the account of a session."),
    ("Own account", "The profile, the choices and the data of the account of a session, and how to leave."),
    ("Price list", "What is sold, and at what price."),
    ("Orders", "Ordering a correction, as a guest or as a connected author, and the author's own orders."),
    ("Projects", "Orders as their author follows them."),
    ("Correctors", "Orders as their corrector follows them."),
    ("Files", "Manuscripts and corrected documents of an order."),
    ("Payments", "Payment pages, what became of them, and what Stripe tells of them."),
    ("Invoices", "Invoices and credit notes, and their PDF files."),
    ("Messaging", "Conversations between clients, visitors and the team."),
    ("Statistics", "What an author's year comes to."),
    ("Notifications", "What the bell of the web application shows, and a stream of it."),
    ("Consultations", "Free calls with the team: free slots, bookings, and the team's list of them."),
    ("Public site", "What works without an account: forms of visitors, and links of mails."),
    ("Content", "Frequent questions and editable pages of the site."),
    ("Administration", "What administrators alone may do."),
    ("System", "Health, metrics and this description."),
    ("Development", "What plays the outside world on a workstation. Does not exist in production."),
];

/// All routes and their description. `development` adds what replaces the outside world.
pub fn build(development: bool) -> (Router<AppState>, OpenApi) {
    let document = docs::Document::default();
    let (routes, mut description) =
        table(development).merge(docs::router(document.clone())).split_for_parts();
    docs::name_operations(&mut description);
    docs::describe_refusals(&mut description);
    docs::describe_bodies(&mut description);
    docs::describe_tags(&mut description, &TAGS);
    if let Err(error) = document.publish(&description) {
        tracing::error!(%error, "the API description cannot be written");
    }
    (routes, description)
}

fn table(development: bool) -> OpenApiRouter<AppState> {
    let routes = OpenApiRouter::with_openapi(docs::base())
        .merge(system::router()) // /, /health, /metrics
        .merge(auth::router()) // /auth, /public/activate
        .merge(account::router()) // /users/me
        .merge(exports::router()) // /public/mes-donnees
        .merge(tarifs::router()) // /tarifs, /public/tarifs
        .merge(checkout::router()) // /public/order, /commandes/create-paid-project
        .merge(commandes::router()) // /commandes
        .merge(withdrawals::router()) // /public/retractation, /commandes/{id}/retractation
        .merge(projects::router()) // /projects
        .merge(corrector::router()) // /corrector
        .merge(files::router()) // /files, /unifiedFiles, /projects/{id}/files
        .merge(payments::router()) // /payments
        .merge(invoices::router()) // /invoices
        .merge(messages::router()) // /messages, /public/conversation
        .merge(stats::router()) // /stats
        .merge(notifications::router()) // /notifications
        .merge(consultations::router()) // /consultations, /public/rendez-vous
        .merge(public::router()) // /public/contact, /public/free-sample, /public/newsletter
        .merge(faq::router()) // /faq, /public/faq
        .merge(pages::router()) // /pages/slug, /public/pages
        .merge(emails::unsubscribe::router()) // /public/unsubscribe
        .merge(admin::router()); // /admin
    match development {
        true => routes.merge(payments::development_router()).merge(dev::router()), // /dev
        false => routes,
    }
}
