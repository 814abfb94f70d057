//! Placing an order that is to be paid, the same for guests and connected authors.
//!
//! The order and its documents are recorded in one transaction; then the payment page is opened, outside of any
//! transaction; then, in a second one, it is told: the administrators hear only of orders that can be paid, and once.
//! When the page cannot be opened everything is taken back. A process killed in between leaves an untold order that
//! nobody can pay; the purge forgets it.

use axum::extract::FromRequest;
use serde_json::json;
use uuid::Uuid;

use super::{
    form::Fields,
    intake::{self, Order},
    purge,
    told::OrderAwaitingPayment,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    clock::new_id,
    commandes::pending::{self, NewPending, PendingState},
    db::with_retry,
    events,
    files::{
        deletions,
        sniff::Policy,
        storage::Kind,
        store::{self as files, NewFile, Owner},
        upload::{MultipartBody, MultipartForm, Received, ReceivedFile, UploadSpec},
    },
    http::{ApiError, ApiResult, Problems, RequestContext, extract::read_json},
    payments::{
        service::{Target, open_checkout},
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
    /// Where the customer goes now.
    pub checkout_url: String,
    /// Stripe's session; empty for an order that costs nothing.
    pub session_id: String,
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
    let work = finish(state.clone(), order, received);
    // A customer who leaves now must not leave half an order behind: the rest runs to its end without them.
    let task = match RequestContext::current() {
        Some(context) => tokio::spawn(context.scope(work)),
        None => tokio::spawn(work),
    };
    task.await.map_err(ApiError::internal)?
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

async fn finish(state: AppState, order: Order, received: Option<Received>) -> ApiResult<Placed> {
    let id = new_id();
    let kept = match received {
        Some(received) => received.keep(&state.storage).await?,
        None => vec![],
    };
    let ids = match with_retry(|| record(&state, id, &order, &kept)).await {
        Ok(ids) => ids,
        Err(error) => {
            // A connection lost during the commit may have left the order behind.
            take_back(&state, id).await;
            deletions::abandon(&state, &storage_keys(&kept)).await;
            return Err(error.into());
        }
    };
    let files: Vec<_> = ids.into_iter().zip(kept).collect();
    match open(&state, id, &order).await {
        Ok((checkout_url, session_id)) => {
            tell(&state, id, &order, &files).await;
            Ok(Placed { pending_id: id, checkout_url, session_id, files: files.len() })
        }
        Err(error) => {
            take_back(&state, id).await;
            Err(error)
        }
    }
}

fn storage_keys(files: &[ReceivedFile]) -> Vec<String> {
    files.iter().map(|file| file.object.key.clone()).collect()
}

async fn take_back(state: &AppState, id: Uuid) {
    if let Err(error) = purge::discard(state, id).await {
        tracing::error!(%error, pending = %id, "an order that cannot be paid is left to the purge");
    }
}

/// The first transaction: the order and its documents. Returns the documents' ids, in their order.
async fn record(
    state: &AppState,
    id: Uuid,
    order: &Order,
    received: &[ReceivedFile],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    pending::insert(&mut tx, now, &new_pending(id, order)).await?;
    let mut ids = Vec::with_capacity(received.len());
    for file in received {
        let new = NewFile {
            file,
            owner: Owner::Pending(id),
            uploaded_by: order.customer.user_id,
            is_corrected: false,
        };
        ids.push(files::insert(&mut tx, now, new).await?);
    }
    tx.commit().await?;
    Ok(ids)
}

fn new_pending(id: Uuid, order: &Order) -> NewPending<'_> {
    let customer = &order.customer;
    NewPending {
        id,
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

/// Opens the payment page, or the order itself when it costs nothing: where to go, and Stripe's session.
async fn open(state: &AppState, id: Uuid, order: &Order) -> ApiResult<(String, String)> {
    if order.quote.amount == 0 {
        let free = settle_free(state, id).await?;
        return Ok((free.success_url, String::new()));
    }
    let opened = open_checkout(state, Target::Pending(id)).await?;
    Ok((opened.url, opened.session_id))
}

/// The second transaction. Its failure is no reason to refuse an order that can be paid.
async fn tell(state: &AppState, id: Uuid, order: &Order, files: &[(Uuid, ReceivedFile)]) {
    let told = with_retry(|| async {
        let mut tx = state.begin().await?;
        for (file_id, file) in files {
            let details = json!({ "size": file.object.size, "mimeType": file.mime });
            audit::record(&mut tx, acts::FILE_UPLOADED, &order.customer.email, *file_id, details).await?;
        }
        if let (true, Some(user_id), Some(buyer)) =
            (order.remember_buyer, order.customer.user_id, &order.buyer)
        {
            billing::remember_buyer(&mut tx, state.clock.now(), user_id, buyer).await?;
        }
        // An order that cost nothing is open already, and the settlement told of it.
        if order.quote.amount > 0 {
            events::record(&mut tx, awaiting(id, order, files.len())).await?;
        }
        tx.commit().await
    });
    if let Err(error) = told.await {
        tracing::error!(%error, pending = %id, "an order waits for its payment and nobody was told");
    }
}

fn awaiting(id: Uuid, order: &Order, files: usize) -> OrderAwaitingPayment {
    OrderAwaitingPayment {
        pending_id: id,
        customer_name: order.customer.full_name(),
        customer_email: order.customer.email.clone(),
        titre: order.titre.clone(),
        amount: order.quote.amount,
        pages: order.quote.pages,
        files: u32::try_from(files).unwrap_or(u32::MAX),
    }
}
