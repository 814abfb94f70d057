//! Placing an order that is to be paid, the same for guests and connected authors.
//!
//! The order, its documents and the payment page to come are recorded in one transaction; then the page is opened, outside
//! of any transaction; then the administrators are told, once, of an order that can be paid. When the page cannot be
//! opened everything is taken back. A process killed in between leaves an order nobody was told of: a job tells of it.
//!
//! The same form sent again within ten minutes gets the order and the page of the first: a unique fingerprint of who
//! orders what sees to it.

use axum::{extract::FromRequest, http::StatusCode};
use chrono::TimeDelta;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    announce, confirming,
    form::Fields,
    intake::{self, Order},
    purge::{self, Spared},
    quota,
    told::OrderToConfirm,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    clock::new_id,
    commandes::{
        express,
        pending::{self, FirstOrder, NewPending, PendingState},
        references,
    },
    db::{violates, with_retry},
    events::{self, Tx},
    files::{
        deletions,
        sniff::Policy,
        storage::Kind,
        store::{self as files, NewFile, Owner},
        upload::{MultipartBody, MultipartForm, Received, ReceivedFile, UploadSpec},
    },
    http::{ApiError, ApiResult, Problems, RequestContext, extract::read_json},
    payments::{
        offers,
        service::{OpenedCheckout, Page, Target, open, page_again, reserve},
        settlement::settle_free,
    },
    users::billing,
};

/// The documents of an order: ten at most, 50 MiB each.
const MANUSCRIPTS: UploadSpec = UploadSpec {
    file_field: "files",
    max_files: 10,
    max_bytes_per_file: 50 << 20,
    policy: Policy::Order,
    kind: Kind::Orders,
};

/// An order form on its way in: its text fields are read, its files are not.
pub struct Incoming {
    /// The text fields.
    pub fields: Fields,
    /// What is wrong with them already.
    pub problems: Problems,
    form: Option<MultipartForm>,
}

/// An order placed.
pub struct Placed {
    /// The order, until it is paid.
    pub pending_id: Uuid,
    /// What people call it.
    pub reference: String,
    /// Where the customer goes now.
    pub checkout_url: String,
    /// Stripe's session; empty for an order that costs nothing.
    pub session_id: String,
    /// Whether its customer has yet to confirm it by mail.
    pub to_confirm: bool,
    /// Documents kept with it.
    pub files: usize,
}

impl Incoming {
    /// Reads the text fields of a multipart form, up to its first file, or those of a JSON body.
    ///
    /// # Errors
    /// 400 and 413 when it cannot be read.
    pub async fn read(request: axum::extract::Request) -> ApiResult<Self> {
        if !is_multipart(request.headers()) {
            return Self::read_json(request).await;
        }
        let body = MultipartBody::from_request(request, &()).await?;
        let mut form = MultipartForm::new(body, MANUSCRIPTS);
        let mut fields = Fields::default();
        for (name, value) in form.fields_until_first_file().await?.iter() {
            fields.insert(name, value.to_owned());
        }
        Ok(Self { fields, problems: Problems::default(), form: Some(form) })
    }

    async fn read_json(request: axum::extract::Request) -> ApiResult<Self> {
        let body = read_json(request).await?;
        let body = serde_json::from_slice(if body.is_empty() { b"{}" } else { &body }).map_err(|_| {
            ApiError::bad_request("INVALID_JSON", "Le corps de la requête n’est pas un objet JSON valide.")
        })?;
        let mut problems = Problems::default();
        let fields = Fields::from_json(&body, &mut problems);
        Ok(Self { fields, problems, form: None })
    }

    /// Separates the fields, to be judged, from the files, to be read afterwards.
    pub fn split(self) -> (Fields, Problems, Documents) {
        (self.fields, self.problems, Documents(self.form))
    }
}

fn is_multipart(headers: &axum::http::HeaderMap) -> bool {
    let declared = headers.get(axum::http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    declared.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

/// The files of an order form, not read yet.
pub struct Documents(Option<MultipartForm>);

impl Documents {
    /// Completes a refusal for want of a field that may be behind the files: nothing of a file is written before the order
    /// is judged, hence nothing behind it read.
    pub fn explain(&self, judged: &Fields, refusal: ApiError) -> ApiError {
        let cut_short = self.0.as_ref().is_some_and(MultipartForm::is_at_a_file);
        let wanting =
            refusal.fields().any(|(field, _)| intake::is_judged(field) && judged.raw(field).is_none());
        match cut_short && wanting {
            true => refusal.remarking("Les champs doivent être envoyés avant les fichiers."),
            false => refusal,
        }
    }

    /// Reads the rest of the form and judges the files; they go again unless they are kept.
    async fn receive(self, state: &AppState, judged: &Fields) -> ApiResult<Option<Received>> {
        let Some(mut form) = self.0 else { return Ok(None) };
        let received = form.receive_files(&state.storage, state.clock.now()).await?;
        let late = form
            .fields()
            .iter()
            .find(|(name, value)| intake::is_judged(name) && judged.raw(name) != Some(value));
        match late {
            Some((name, _)) => {
                Err(ApiError::invalid_field(name, format!("Le champ « {name} » doit précéder les fichiers.")))
            }
            None => Ok(Some(received)),
        }
    }
}

/// Stores the documents of a judged order, records it and opens its payment page.
///
/// # Errors
/// What is wrong with the documents, or 503 when no payment page can be had. Nothing is left behind then.
pub async fn place(
    state: &AppState,
    order: Order,
    documents: Documents,
    judged: &Fields,
) -> ApiResult<Placed> {
    let received = documents.receive(state, judged).await?;
    // A customer who leaves now must not leave half an order behind: the rest runs to its end without them.
    RequestContext::see_through(finish(state.clone(), order, received)).await
}

/// What became of an order placed.
///
/// # Errors
/// 404 without it.
pub async fn placed(state: &AppState, id: Uuid) -> ApiResult<PendingState> {
    let mut conn = state.db.conn().await?;
    let found = pending::find(&mut conn, id).await?;
    found.ok_or_else(|| ApiError::not_found("Cette commande n’existe pas."))
}

/// How long the same form makes the same order.
const SAME_FOR: TimeDelta = TimeDelta::minutes(10);

async fn finish(state: AppState, order: Order, received: Option<Received>) -> ApiResult<Placed> {
    let files = received.as_ref().map_or(&[][..], Received::files);
    let count = files.len();
    let fingerprint = fingerprint(&order, files);
    if let Some(first) = placed_before(&state, &fingerprint).await? {
        return again(&state, &order, first, count).await;
    }
    let bytes = files.iter().map(|file| file.object.size).sum();
    admit(&state, &order, bytes).await?;
    let kept = match received {
        Some(received) => received.keep(&state.storage).await?,
        None => vec![],
    };
    let new = New { id: new_id(), order: &order, files: &kept, fingerprint: &fingerprint };
    match with_retry(|| record(&state, &new)).await {
        Ok(Some(recorded)) => conclude(&state, &new, recorded).await,
        Ok(None) => {
            deletions::abandon(&state, &storage_keys(&kept)).await;
            let first = placed_before(&state, &fingerprint).await?.ok_or_else(ApiError::unavailable)?;
            again(&state, &order, first, count).await
        }
        Err(error) => {
            // A connection lost during the commit may have left the order behind.
            take_back(&state, new.id, Spared::BeingPaid).await;
            deletions::abandon(&state, &storage_keys(&kept)).await;
            Err(error)
        }
    }
}

/// Who orders what: service, pages, price, title, the documents' names and sizes, and whether work may begin at once.
fn fingerprint(order: &Order, files: &[ReceivedFile]) -> String {
    let who = order.customer.user_id.map_or_else(|| order.customer.email.clone(), |id| id.to_string());
    let Order { quote, titre, .. } = order;
    let files: Vec<_> = files.iter().map(|file| (&file.filename, file.object.size)).collect();
    let mut what = vec![json!([who, quote.tarif.id, quote.pages, quote.amount, titre, files])];
    what.extend(order.express.as_ref().map(|version| json!(version)));
    let what = json!(what);
    hex::encode(Sha256::digest(what.to_string()))
}

async fn placed_before(state: &AppState, fingerprint: &str) -> ApiResult<Option<FirstOrder>> {
    let mut conn = state.db.conn().await?;
    Ok(pending::same_order(&mut conn, fingerprint, state.clock.now() - SAME_FOR).await?)
}

/// Gives the order of the same form once more, and its page.
async fn again(state: &AppState, order: &Order, first: FirstOrder, files: usize) -> ApiResult<Placed> {
    let target = Target::Pending(first.id);
    let reference = first.reference.unwrap_or_default();
    match first.amount {
        0 => offered(state, order, first.id, reference, files).await,
        _ => {
            // Whoever placed it may be taking it back at this moment.
            let gone = |error: ApiError| match error.status() {
                StatusCode::NOT_FOUND => ApiError::unavailable(),
                _ => error,
            };
            let opened = page_again(state, target).await.map_err(gone)?;
            announce::one(state, first.id).await;
            Ok(paid_at(opened, first.id, reference, files))
        }
    }
}

/// Whether there is room for an order, and whether it may cost nothing.
async fn admit(state: &AppState, order: &Order, bytes: u64) -> ApiResult<()> {
    if order.quote.amount == 0 {
        if let Some(user_id) = order.customer.user_id {
            quota::of_offered(state, user_id, bytes).await?;
        }
        offers::check(state, &order.customer.email)?;
    }
    quota::make_room(state, bytes).await
}

/// An order to record, with its documents.
struct New<'a> {
    id: Uuid,
    order: &'a Order,
    files: &'a [ReceivedFile],
    fingerprint: &'a str,
}

/// An order recorded: what people call it, and its payment page to open, unless it costs nothing.
struct Recorded {
    reference: String,
    page: Option<Page>,
}

/// Opens the page of an order just recorded, or the order itself, and tells of it.
async fn conclude(state: &AppState, new: &New<'_>, recorded: Recorded) -> ApiResult<Placed> {
    let Recorded { reference, page } = recorded;
    let Some(page) = page else {
        return offered(state, new.order, new.id, reference, new.files.len()).await;
    };
    match open(state, &page).await {
        Ok(opened) => {
            announce::one(state, new.id).await;
            Ok(paid_at(opened, new.id, reference, new.files.len()))
        }
        Err(error) => {
            take_back(state, new.id, Spared::Payable).await;
            Err(error)
        }
    }
}

fn paid_at(opened: OpenedCheckout, pending_id: Uuid, reference: String, files: usize) -> Placed {
    let OpenedCheckout { url: checkout_url, session_id } = opened;
    Placed { pending_id, reference, checkout_url, session_id, to_confirm: false, files }
}

/// An order that costs nothing: an author's is final at once, a guest's when the link of its mail is followed.
async fn offered(
    state: &AppState,
    order: &Order,
    pending_id: Uuid,
    reference: String,
    files: usize,
) -> ApiResult<Placed> {
    let to_confirm = order.customer.user_id.is_none();
    let checkout_url = match to_confirm {
        true => confirming::waiting_url(state),
        false => settle_free(state, pending_id).await?.success_url,
    };
    Ok(Placed { pending_id, reference, checkout_url, session_id: String::new(), to_confirm, files })
}

fn storage_keys(files: &[ReceivedFile]) -> Vec<String> {
    files.iter().map(|file| file.object.key.clone()).collect()
}

async fn take_back(state: &AppState, id: Uuid, spared: Spared) {
    if let Err(error) = purge::discard(state, id, spared).await {
        tracing::error!(%error, pending = %id, "an order that cannot be paid is left to the purge");
    }
}

/// Records an order whole; `None` when the same one is there already.
async fn record(state: &AppState, new: &New<'_>) -> ApiResult<Option<Recorded>> {
    let (now, order) = (state.clock.now(), new.order);
    let mut tx = state.begin().await?;
    let reference = references::claim(&mut tx).await?;
    pending::forget_fingerprint(&mut tx, new.fingerprint, now - SAME_FOR).await?;
    match pending::insert(&mut tx, now, &new_pending(new, &reference)).await {
        Err(error) if violates(&error, pending::FINGERPRINT_KEY) => return Ok(None),
        inserted => inserted?,
    }
    record_files(&mut tx, new).await?;
    record_express(&mut tx, new).await?;
    if let (true, Some(user_id), Some(buyer)) = (order.remember_buyer, order.customer.user_id, &order.buyer) {
        billing::remember_buyer(&mut tx, now, user_id, buyer).await?;
    }
    let page = match order.quote.amount {
        0 => None,
        _ => Some(reserve(&mut tx, Target::Pending(new.id)).await?),
    };
    if page.is_none() && order.customer.user_id.is_none() {
        events::record(&mut tx, to_confirm(new, &reference)).await?;
    }
    tx.commit().await?;
    Ok(Some(Recorded { reference, page }))
}

async fn record_files(tx: &mut Tx, new: &New<'_>) -> Result<(), sqlx::Error> {
    let (now, customer) = (tx.now(), &new.order.customer);
    for file in new.files {
        let owner = Owner::Pending(new.id);
        let row = NewFile { file, owner, uploaded_by: customer.user_id, is_corrected: false };
        let id = files::insert(tx, now, row).await?;
        let details = json!({ "size": file.object.size, "mimeType": file.mime });
        audit::record(tx, acts::FILE_UPLOADED, &customer.email, id, details).await?;
    }
    Ok(())
}

async fn record_express(tx: &mut Tx, new: &New<'_>) -> Result<(), sqlx::Error> {
    let (now, email) = (tx.now(), &new.order.customer.email);
    let Some(terms_version) = new.order.express.as_deref() else { return Ok(()) };
    let request = express::Request { source: express::Source::Form, at: now, terms_version, email };
    express::record(tx, express::Of::Pending(new.id), request, now).await
}

fn to_confirm(new: &New<'_>, reference: &str) -> OrderToConfirm {
    let Order { customer, quote, titre, .. } = new.order;
    OrderToConfirm {
        pending_id: new.id,
        reference: reference.to_owned(),
        customer_name: customer.full_name(),
        customer_email: customer.email.clone(),
        titre: titre.clone(),
        pack: quote.tarif.nom.clone(),
    }
}

fn new_pending<'a>(new: &'a New<'_>, reference: &'a str) -> NewPending<'a> {
    let order = new.order;
    let customer = &order.customer;
    NewPending {
        id: new.id,
        reference,
        fingerprint: new.fingerprint,
        user_id: customer.user_id,
        prenom: &customer.prenom,
        nom: &customer.nom,
        email: &customer.email,
        telephone: customer.telephone.as_deref(),
        adresse: customer.adresse.as_deref(),
        tarif_id: order.quote.tarif.id,
        titre: &order.titre,
        description: order.description.as_deref(),
        pages: order.quote.pages,
        amount: order.quote.amount,
        buyer: order.buyer.as_ref(),
    }
}
