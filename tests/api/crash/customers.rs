//! What customers and Stripe do, and do again when they are not answered.

use chrono::Utc;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    multipart::{Form, Part},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use staka::{links::SignedLinks, payments::signature};
use uuid::Uuid;

use super::scene::Scene;
use crate::support::{
    answer::{Answer, read, send},
    server::CLIENT,
    settings::{JWT_SECRET, WEBHOOK_SECRET},
    sql_proxy::{Fault, Point},
};

/// What is done while the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// Stripe tells that someone without an account has paid.
    GuestPays,
    /// Stripe tells that an author has paid an order that existed.
    AuthorPays,
    /// Someone without an account sends an order with a document.
    GuestPlaces,
    /// The same, an order that costs nothing.
    GuestPlacesFree,
    /// An author asks for the payment page of an order.
    AuthorOpens,
    /// Stripe tells of a refund.
    Refund,
    /// An author asks what became of a payment that no webhook told of.
    AuthorAsks,
}

/// An order, and how it came about.
pub struct Order {
    pub play: Play,
    /// What was done to the server meanwhile.
    pub fate: String,
    /// In the title, and unlike any other.
    pub mark: String,
    pub email: String,
    /// The author's, before it is paid.
    id: Value,
    /// Stripe's, once there is one.
    pub session: String,
}

/// What is given back of an order that was paid, in cents.
pub const REFUNDED: i64 = 8_000;

impl Play {
    pub fn by_guest(self) -> bool {
        matches!(self, Self::GuestPays | Self::GuestPlaces | Self::GuestPlacesFree | Self::Refund)
    }

    pub fn is_free(self) -> bool {
        self == Self::GuestPlacesFree
    }
}

impl Scene {
    /// Brings things to where the play begins.
    pub async fn prepare(&mut self, play: Play, fate: String) {
        let mark = format!("Livre-{:05}", self.orders.len() + 1);
        let email = if play.by_guest() {
            format!("{}@example.com", mark.to_lowercase())
        } else {
            CLIENT.0.to_owned()
        };
        let (id, session) = (Value::Null, String::new());
        self.orders.push(Order { play, fate, mark, email, id, session });
        match play {
            Play::GuestPlaces | Play::GuestPlacesFree => {}
            Play::GuestPays => self.place().await,
            Play::AuthorOpens => self.create().await,
            Play::AuthorPays => {
                self.create().await;
                self.open_page().await;
            }
            Play::AuthorAsks => {
                self.create().await;
                self.open_page().await;
                self.pay_without_a_word().await;
            }
            Play::Refund => {
                self.place().await;
                self.settle().await;
            }
        }
    }

    /// Does what the play is about, once; none when the server did not live to answer.
    pub async fn attempt(&mut self, play: Play) -> Option<Answer> {
        let request = match play {
            Play::GuestPays | Play::AuthorPays => self.webhook(self.paid().await),
            Play::Refund => self.webhook(self.refunded().await),
            Play::GuestPlaces => self.order_request("150"),
            Play::GuestPlacesFree => self.order_request("10"),
            Play::AuthorOpens => self.page_request(),
            Play::AuthorAsks => {
                let path = format!("/api/payments/status/{}", self.order().session);
                self.request(Method::GET, &path).bearer_auth(&self.author)
            }
        };
        Some(read(request.send().await.ok()?).await)
    }

    /// Does it until it is answered well; what Stripe tells, once more.
    pub async fn repeat(&mut self, play: Play) {
        let twice = !matches!(play, Play::GuestPlaces | Play::GuestPlacesFree);
        for _ in 0..1 + usize::from(twice) {
            let answer = self.attempt(play).await;
            let answer = answer.unwrap_or_else(|| panic!("not answered:\n{}", self.program.text()));
            assert!(answer.status.is_success(), "{}\n{}", answer.text(), self.program.text());
            if let Some(session) = answer.body["sessionId"].as_str() {
                self.order_mut().session = session.to_owned();
            }
        }
    }

    /// Plays it on a server that nothing happens to; answers where it is worth dying.
    pub async fn rehearse(&mut self, play: Play) -> Vec<Point> {
        self.prepare(play, "nothing happened".to_owned()).await;
        self.quiet().await;
        self.proxy.record();
        let answer = self.attempt(play).await.unwrap();
        self.proxy.disarm();
        assert!(answer.status.is_success(), "{}", answer.text());
        if let Some(session) = answer.body["sessionId"].as_str() {
            self.order_mut().session = session.to_owned();
        }
        let points = if super::everywhere() { self.proxy.seen() } else { self.proxy.telling() };
        self.conclude(play).await;
        points
    }

    /// Plays it on a server that is killed at a statement, and again on the next one.
    pub async fn play_through_a_kill(&mut self, play: Play, fault: Fault) {
        self.prepare(play, format!("killed {:?} {}", fault.side, fault.point.sql)).await;
        self.quiet().await;
        self.proxy.kill_at(fault.clone(), Some(self.program.pid()));
        let answer = self.attempt(play).await;
        match self.proxy.disarm() {
            true => self.restart().await,
            // A statement of the background, which may come after the answer.
            false => assert!(is_background(&fault.point), "{fault:?} did not strike: {answer:?}"),
        }
        self.repeat(play).await;
        self.conclude(play).await;
    }

    /// Pays an order on a server that loses its database at a statement of the settlement, and lives on.
    pub async fn pay_through_a_cut(&mut self, fault: Fault) {
        let play = Play::GuestPays;
        self.prepare(play, format!("cut {:?} {}", fault.side, fault.point.sql)).await;
        self.quiet().await;
        self.proxy.kill_at(fault.clone(), None);
        let answer = self.attempt(play).await.expect("the server lives");
        assert!(answer.status.is_server_error() && self.proxy.tripped(), "{fault:?}: {}", answer.status);
        // Each connection of the pool that was cut may cost one more attempt.
        for _ in 0..10 {
            if self.attempt(play).await.is_some_and(|answer| answer.status == StatusCode::OK) {
                break;
            }
        }
        self.repeat(play).await;
    }

    /// Brings the order to its payment, or to its confirmation, if it is not there yet.
    async fn conclude(&mut self, play: Play) {
        if play.is_free() {
            self.confirm().await;
        }
        if matches!(play, Play::GuestPlaces | Play::AuthorOpens) {
            self.settle().await;
        }
    }

    pub fn order(&self) -> &Order {
        self.orders.last().unwrap()
    }

    fn order_mut(&mut self) -> &mut Order {
        self.orders.last_mut().unwrap()
    }

    fn order_request(&self, pages: &str) -> RequestBuilder {
        self.guest_request(&self.order().mark, &self.order().email, pages)
    }

    /// A guest's order with a document, ready to be sent.
    pub fn guest_request(&self, mark: &str, email: &str, pages: &str) -> RequestBuilder {
        let document = include_bytes!("../../fixtures/extrait.pdf").as_slice();
        let document = Part::bytes(document).file_name("extrait.pdf").mime_str("application/pdf").unwrap();
        let form = Form::new()
            .text("prenom", "Zoé")
            .text("nom", "Lefèvre")
            .text("email", email.to_owned())
            .text("telephone", "06 12 34 56 78")
            .text("serviceId", self.tarif.to_string())
            .text("nombrePages", pages.to_owned())
            .text("titre", mark.to_owned())
            .text("description", "Un roman.")
            .text("consentementRgpd", "true")
            .part("files", document);
        self.post("/api/public/order").multipart(form)
    }

    async fn place(&mut self) {
        let answer = send(self.order_request("150")).await;
        self.order_mut().session = answer.ok(201)["sessionId"].as_str().unwrap().to_owned();
    }

    /// An order of the author, whose price the team fixes.
    async fn create(&mut self) {
        let body = json!({ "titre": self.order().mark, "packType": self.tarif, "pagesDeclarees": 150 });
        let created = send(self.post("/api/commandes").bearer_auth(&self.author).json(&body)).await;
        self.order_mut().id = created.ok(201)["commande"]["id"].clone();
        self.execute("UPDATE commandes SET prix_final = 28000 WHERE prix_final IS NULL").await;
    }

    fn page_request(&self) -> RequestBuilder {
        let body = json!({ "commandeId": self.order().id });
        self.post("/api/payments/create-checkout-session").bearer_auth(&self.author).json(&body)
    }

    async fn open_page(&mut self) {
        let opened = send(self.page_request()).await;
        self.order_mut().session = opened.ok(200)["sessionId"].as_str().unwrap().to_owned();
    }

    /// The guest follows the link of the mail about an order that costs nothing, twice.
    async fn confirm(&self) {
        let id =
            sqlx::query_scalar("SELECT id FROM pending_commandes WHERE titre = ?").bind(&self.order().mark);
        let id: Uuid = id.fetch_one(self.db.pool()).await.unwrap();
        let links = SignedLinks::new(&SecretString::from(JWT_SECRET));
        let path = format!("/api/public/commande-offerte/{}", links.ticket("commande-offerte", id));
        for _ in 0..2 {
            assert_eq!(self.post(&path).send().await.unwrap().status(), 200);
        }
    }

    /// Stripe tells of the payment, and is heard.
    async fn settle(&self) {
        let answer = send(self.webhook(self.paid().await)).await;
        answer.ok(200);
    }

    /// The customer pays, and every webhook about it is lost.
    async fn pay_without_a_word(&self) {
        let details = json!({ "name": "Zoé Lefèvre", "email": "z@example.com", "address": address() });
        let paid = "UPDATE dev_stripe_sessions SET status = 'complete', payment_status = 'paid', customer_details = ? WHERE id = ?";
        let paid = sqlx::query(paid).bind(details.to_string()).bind(&self.order().session);
        paid.execute(self.db.pool()).await.unwrap();
    }

    fn webhook(&self, event: String) -> RequestBuilder {
        let signed = signature::sign(event.as_bytes(), &SecretString::from(WEBHOOK_SECRET), Utc::now());
        let request = self.post("/payments/webhook").header("stripe-signature", signed);
        request.header("content-type", "application/json").body(event)
    }

    /// What Stripe tells when the session is paid: the same, however often.
    async fn paid(&self) -> String {
        let (session, (id, amount)) = (&self.order().session, self.checkout().await);
        event(
            "evt_paid",
            id,
            "checkout.session.completed",
            json!({
                "id": session, "object": "checkout.session", "client_reference_id": id, "status": "complete",
                "payment_status": "paid", "amount_total": amount, "currency": "eur",
                "payment_intent": format!("pi_{}", id.simple()), "metadata": { "source": "livrestaka.fr" },
                "customer_details": { "name": "Zoé Lefèvre", "email": "z@example.com", "address": address() },
            }),
        )
    }

    /// What Stripe tells when a part is given back.
    async fn refunded(&self) -> String {
        let (id, amount) = self.checkout().await;
        event(
            "evt_refunded",
            id,
            "charge.refunded",
            json!({
                "id": format!("ch_{}", id.simple()), "object": "charge", "payment_intent": format!("pi_{}", id.simple()),
                "amount": amount, "amount_refunded": REFUNDED, "currency": "eur",
                "metadata": { "source": "livrestaka.fr" },
            }),
        )
    }

    async fn checkout(&self) -> (Uuid, i32) {
        let row = sqlx::query_as("SELECT id, amount FROM checkout_sessions WHERE stripe_session_id = ?");
        row.bind(&self.order().session).fetch_one(self.db.pool()).await.unwrap()
    }
}

fn address() -> Value {
    json!({ "line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR" })
}

fn event(prefix: &str, id: Uuid, kind: &str, object: Value) -> String {
    json!({
        "id": format!("{prefix}_{}", id.simple()), "type": kind, "livemode": false,
        "created": Utc::now().timestamp(), "data": { "object": object },
    })
    .to_string()
}

/// Statements of the background: of queues, of drawing an invoice, of the simulated Stripe, of jobs on a slow machine.
const BACKGROUND: [&str; 11] = [
    "SKIP LOCKED",
    "email_outbox",
    "SET render_due_at",
    "SET pdf_key",
    "dev_mailbox",
    "dev_stripe_events",
    "DELETE FROM stripe_events",
    "status = 'SCHEDULED'",
    "SHA2(DATABASE()",
    "GET_LOCK",
    "RELEASE_LOCK",
];

/// Whether a statement may have been the background's, seen by chance.
fn is_background(point: &Point) -> bool {
    BACKGROUND.iter().any(|word| point.sql.contains(word))
}
