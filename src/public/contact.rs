//! `POST /public/contact`.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    desk::{self, Counter, Received, in_a_sentence, is_trapped},
    receipts::{self, Admission, Form, Incoming},
    told::ContactReceived,
};
use crate::{
    app::AppState,
    auth::Session,
    checkout::Fields,
    db::with_retry,
    events,
    http::{ApiJson, ApiResult, ClientIp, ErrorBody, Problems},
    messages::{
        Kind,
        service::{Post, Visitor},
    },
    users::rules,
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(contact))
}

const RECEIVED: &str = "Votre message a bien été envoyé. Nous vous répondons sous 24 heures ouvrées.";

/// A message to the team.
#[derive(Deserialize, Validate, ToSchema)]
struct ContactForm {
    #[schema(required, min_length = 1, max_length = 100)]
    nom: Option<String>,
    #[schema(required, format = Email, max_length = 255)]
    email: Option<String>,
    #[schema(required, min_length = 1, max_length = 20)]
    telephone: Option<String>,
    #[schema(required, min_length = 1, max_length = 200)]
    sujet: Option<String>,
    #[schema(required, min_length = 1, max_length = 5000)]
    message: Option<String>,
    /// Left empty by people.
    #[schema(max_length = 200)]
    website: Option<String>,
}

/// A message to the team, judged.
struct Contact {
    nom: String,
    email: String,
    telephone: String,
    sujet: String,
    message: String,
}

impl ContactForm {
    fn judged(self) -> ApiResult<Contact> {
        let fields = Fields::of([
            ("nom", self.nom),
            ("email", self.email),
            ("telephone", self.telephone),
            ("sujet", self.sujet),
            ("message", self.message),
        ]);
        let mut problems = Problems::default();
        let contact = Contact {
            nom: fields.required("nom", "Le nom", 1, 100, &mut problems),
            email: fields.email("email", &mut problems),
            telephone: fields.required("telephone", "Le téléphone", 1, rules::PHONE_MAX, &mut problems),
            sujet: fields.required("sujet", "Le sujet", 1, 200, &mut problems),
            message: fields.text("message", 5_000, &mut problems).unwrap_or_default(),
        };
        if contact.message.is_empty() {
            problems.add("message", "required", "Le message est obligatoire.");
        }
        problems.finish()?;
        Ok(contact)
    }
}

/// Writes to the team. Kept in the visitor's conversation, told to the team, acknowledged by mail. A refusal has no
/// `details`: its sentence says everything. Limited per address; a form that is not in order counts as nothing.
#[utoipa::path(post, path = "/public/contact", tag = "Public site", request_body = ContactForm,
    responses((status = 200, body = Received), (status = 400, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn contact(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    session: ApiResult<Option<Session>>,
    form: ApiResult<ApiJson<ContactForm>>,
) -> ApiResult<Json<Received>> {
    let ApiJson(form) = form.map_err(in_a_sentence)?;
    let trapped = is_trapped(form.website.as_deref());
    let counter = Counter::count(&state, ip, "contact")?;
    let contact = counter.unless_refused(form.judged()).map_err(in_a_sentence)?;
    if !trapped {
        let author = desk::author(session);
        with_retry(|| receive(&state, author, &contact)).await?;
    }
    Ok(Json(Received::new(RECEIVED)))
}

/// Keeps the message and tells of it, unless the same one came a moment ago.
async fn receive(state: &AppState, author: Option<Uuid>, contact: &Contact) -> ApiResult<()> {
    let Contact { nom, email, telephone, sujet, message } = contact;
    let mut tx = state.begin().await?;
    let content = json!([nom, telephone, sujet, message]);
    let incoming = Incoming { form: Form::Contact, email, content, bytes: 0 };
    let admission = receipts::admit(&mut tx, &state.config.mail, &incoming).await?;
    let Admission::Fresh { acknowledge } = admission else { return Ok(()) };
    let visitor = Visitor { name: nom, email, phone: Some(telephone) };
    let details = json!({ "isContactMessage": true, "name": nom, "email": email, "phone": telephone });
    let post = Post {
        kind: Kind::UserMessage,
        subject: Some(sujet),
        text: message,
        source: Some("contact"),
        details: Some(&details),
        files: &[],
    };
    let posted = desk::post(&mut tx, author, visitor, post).await?;
    if posted.repeated {
        return Ok(());
    }
    let received = ContactReceived {
        message_id: posted.message_id,
        name: nom.clone(),
        email: email.clone(),
        phone: telephone.clone(),
        subject: sujet.clone(),
        message: message.clone(),
        acknowledge,
    };
    events::record(&mut tx, received).await?;
    Ok(tx.commit().await?)
}
