//! Stand-ins for the pages of the web application that mails and payments lead to, so that the whole
//! path can be clicked through without it.

use axum::{
    Router,
    http::header::{CONTENT_SECURITY_POLICY, HeaderName},
    response::Html,
    routing::{MethodRouter, get},
};

const PAGE: &str = include_str!("../../templates/dev/site.html");
const PASSWORD_FORM: &str = include_str!("../../templates/dev/password-form.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

/// The pages; mounted when nothing else serves the web application.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let paid = page(
        "Merci, votre paiement est reçu !",
        "Votre commande est enregistrée ; un e-mail vous attend.",
        "",
    );
    let cancelled = page(
        "Paiement abandonné",
        "Rien n’a été débité. Votre commande reste payable pendant 24 heures.",
        "",
    );
    let activation =
        page("Activez votre compte", "Choisissez votre mot de passe pour entrer.", PASSWORD_FORM);
    let reset = page("Nouveau mot de passe", "Choisissez votre nouveau mot de passe.", PASSWORD_FORM);
    let space = page("Votre espace", "Ici s’ouvre l’espace de l’auteur dans l’application web.", "");
    Router::new()
        .route("/payment-success", paid.clone())
        .route("/payment/success", paid)
        .route("/payment/cancel", cancelled)
        .route("/activation/{token}", activation)
        .route("/reset-password", reset)
        .route("/login", space.clone())
        .route("/app", space.clone())
        .route("/app/{*page}", space)
}

fn page<S: Clone + Send + Sync + 'static>(title: &str, text: &str, form: &str) -> MethodRouter<S> {
    let html = PAGE.replace("{title}", title).replace("{text}", text).replace("{form}", form);
    get(async move || ([(CONTENT_SECURITY_POLICY as HeaderName, POLICY)], Html(html)))
}
