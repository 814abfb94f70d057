//! The pages behind links, and those of development.

use reqwest::Method;
use serde_json::{Value, json};
use staka::emails::unsubscribe;

use crate::{
    chromium::{Chromium, Key, Screen},
    support::server::TestServer,
};

/// The screens every page is looked at on.
pub const SCREENS: [Screen; 4] = [
    Screen { width: 390, height: 844, dark: false },
    Screen { width: 390, height: 844, dark: true },
    Screen { width: 1280, height: 800, dark: false },
    Screen { width: 1280, height: 800, dark: true },
];

/// What is wrong with a page as it is shown.
pub const LOOKS: &str = include_str!("looks.js");
/// Where the keyboard is.
const FOCUS: &str = include_str!("focus.js");

/// A page, and what becomes of it.
struct Visit {
    name: &'static str,
    path: String,
    /// The words of the heading after its first button; none for a page that does nothing.
    ending: Option<&'static str>,
}

impl Visit {
    fn new(name: &'static str, path: String) -> Self {
        Self { name, path, ending: None }
    }

    /// Its first button leads to a page with these words in its heading.
    fn ending(self, heading: &'static str) -> Self {
        Self { ending: Some(heading), ..self }
    }
}

/// The pages people reach from a mail or from a payment: they need no script.
async fn people(server: &TestServer) -> Vec<Visit> {
    let (author, links) = (server.client().await, &server.state.links);
    let offered = links.ticket("commande-offerte", server.pending_order("jeanne.dupont@example.com").await);
    let refused = links.ticket("reprise", server.unpaid_order(&author).await);
    let body = json!({ "commandeId": server.unpaid_order(&author).await });
    let opened = server.post_as(&author.token, "/payments/create-checkout-session", &body).await;
    let session = opened.ok(200)["sessionId"].as_str().unwrap().to_owned();
    let way_out = unsubscribe::url(&server.state, author.id);
    let (call, joining, leaving) = visitors(server).await;
    let thread = thread(server).await;
    vec![
        Visit::new("unsubscribe", path_of(&way_out)).ending("Vous êtes désabonné"),
        Visit::new("offered", format!("/api/public/commande-offerte/{offered}")).ending("confirmée"),
        Visit::new("resume", format!("/api/public/reprise/{refused}")).ending(""),
        Visit::new("pay", format!("/dev/stripe/checkout/{session}")).ending("Merci"),
        Visit::new("call", format!("/api/public/rendez-vous/{call}")).ending("Votre appel est déplacé"),
        Visit::new("newsletter", format!("/api/public/newsletter/confirm/{joining}")).ending("confirmée"),
        Visit::new("leave", format!("/api/public/newsletter/leave/{leaving}")).ending("désinscrit"),
        Visit::new("conversation", format!("/api/public/conversation/{thread}")).ending("conversation"),
        Visit::new("withdrawal", "/api/public/retractation".to_owned()),
        Visit::new("unknown-link", "/api/public/reprise/rien".to_owned()),
    ]
}

/// The tokens of a call that can be changed, and of the newsletter's links to join and to leave.
async fn visitors(server: &TestServer) -> (String, String, String) {
    let wish = json!({ "firstName": "Zoé", "lastName": "Durand", "email": "zoe@example.com", "phone": "0601020304",
                       "date": "2026-03-13", "time": "14:30" });
    server.post("/consultations/book", &wish).await.ok(201);
    server.post("/public/newsletter", &json!({ "email": "zoe@example.com" })).await.ok(200);
    let links = &server.state.links;
    let only = async |table: &str| {
        let id = server.value(&format!("SELECT LOWER(HEX(id)) FROM {table}")).await.unwrap();
        id.parse::<uuid::Uuid>().unwrap()
    };
    let (call, subscriber) = (only("consultations").await, only("newsletter_subscribers").await);
    let joining = links.ticket("newsletter-confirm", subscriber);
    (links.ticket("rendez-vous", call), joining, links.ticket("newsletter-leave", subscriber))
}

/// The token of the page on which a visitor reads and answers.
async fn thread(server: &TestServer) -> String {
    let words = json!({ "name": "Zoé Durand", "email": "zoe@example.com", "phone": "0601020304", "content": "Bonjour" });
    server.post("/messages/visitor", &words).await.ok(201);
    server
        .execute("UPDATE conversations SET page_until = '2026-04-09' WHERE visitor_email = 'zoe@example.com'")
        .await;
    let id = server
        .value("SELECT LOWER(HEX(id)) FROM conversations WHERE visitor_email = 'zoe@example.com'")
        .await;
    server.state.links.ticket("conversation", id.unwrap().parse().unwrap())
}

/// The pages of whoever develops; they may need scripts.
fn developers() -> Vec<Visit> {
    let page = |name, path: &str| Visit::new(name, path.to_owned());
    vec![
        page("mailbox", "/dev/mailbox"),
        page("gallery", "/dev/emails"),
        page("gallery-one", "/dev/emails?kind=invoice-user"),
    ]
}

#[tokio::test]
async fn pages_behind_links_need_no_script_and_change_nothing_until_asked() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let mut browser = Chromium::start(server.port).await;
    browser.scripts(false).await;
    for visit in people(&server).await {
        let url = format!("{}{}", server.base, visit.path);
        assert_discreet(&server, &visit).await;
        let before = state(&server).await;
        look_at(&mut browser, &visit, &url).await;
        assert_eq!(state(&server).await, before, "{}: looking at it changed something", visit.name);
        if let Some(ending) = visit.ending {
            walk(&mut browser, visit.name, &url, true).await;
            let heading = browser.ask("document.querySelector('h1')?.textContent ?? ''").await;
            assert!(heading.as_str().unwrap().contains(ending), "{}: {heading}", visit.name);
            assert_ne!(state(&server).await, before, "{}: its button did nothing", visit.name);
        }
    }
}

#[tokio::test]
async fn pages_of_development_can_be_used_by_anyone() {
    let server = TestServer::start().await;
    server.post("/auth/register", &json!({ "prenom": "Zoé", "nom": "Durand", "email": "zoe@example.com", "password": "Manuscrit-2026" })).await.ok(201);
    server.mails.drain().await;
    server.ignore_mails();
    let mut browser = Chromium::start(server.port).await;
    for visit in developers() {
        look_at(&mut browser, &visit, &format!("{}{}", server.base, visit.path)).await;
    }
    // Nobody's page of ours: what counts is that it comes up, from this server alone.
    browser.open(&format!("{}/docs", server.base)).await;
    let ready = "new Promise((done) => { const look = () => document.body.innerText.includes('Staka Livres') ? done(true) : setTimeout(look, 20); look(); })";
    assert_eq!(browser.ask(ready).await, true);
    browser.picture("docs").await;
}

/// On every screen: nothing hangs over, all has a name, all can be read, and the keyboard goes through in order.
async fn look_at(browser: &mut Chromium, visit: &Visit, url: &str) {
    for screen in SCREENS {
        browser.show_on(screen).await;
        browser.open(url).await;
        let wrong = browser.ask(LOOKS).await;
        browser
            .picture(&format!(
                "{}-{}-{}",
                visit.name,
                screen.width,
                if screen.dark { "dark" } else { "light" }
            ))
            .await;
        assert_eq!(wrong, json!([]), "{} on {screen:?}", visit.name);
        assert_eq!(browser.ask("document.querySelectorAll('h1').length").await, 1, "{}", visit.name);
    }
    if visit.ending.is_none() {
        walk(browser, visit.name, url, false).await;
    }
}

/// Goes through the page with the keyboard alone, in order and always to be seen; presses the first button, if asked to.
async fn walk(browser: &mut Chromium, name: &str, url: &str, press: bool) {
    browser.show_on(SCREENS[0]).await;
    browser.open(url).await;
    let count = browser.ask(FOCUS).await["count"].as_i64().unwrap();
    let mut last = -1;
    for _ in 0..count.min(40) {
        browser.press(Key::Tab).await;
        let at = browser.ask(FOCUS).await;
        if at["lost"] == true {
            break;
        }
        assert_eq!(at["visible"], true, "{name}: nothing shows that the keyboard is at {at}");
        let index = at["index"].as_i64().unwrap();
        assert!(
            index > last || at["frame"] == true,
            "{name}: the keyboard jumps to {at} after number {last}"
        );
        last = index;
        match at["fill"].as_str() {
            Some(text) if press && !text.is_empty() => browser.type_in(text).await,
            _ if press && at["tick"] == true => browser.press(Key::Space).await,
            _ => {}
        }
        if press && at["submits"] == true {
            return browser.enter().await;
        }
    }
    assert!(!press, "{name}: the keyboard does not reach a button");
}

/// Neither search engines nor the next page learn of the link, and no cache keeps it.
async fn assert_discreet(server: &TestServer, visit: &Visit) {
    let answer = server.call(Method::GET, &visit.path, None, None).await;
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{}", visit.name);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", visit.name);
    let robots = answer.text().contains(r#"name="robots" content="noindex"#);
    assert!(
        robots || answer.header("x-robots-tag").is_some_and(|tag| tag.contains("noindex")),
        "{}",
        visit.name
    );
}

/// Every table, as one number each.
async fn state(server: &TestServer) -> Vec<Value> {
    let tables =
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()";
    let names = server.texts(tables).await;
    let sql = format!("CHECKSUM TABLE {}", names.join(", "));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(server.state.db.pool()).await.unwrap();
    rows.iter()
        .map(|row| {
            let name: String = sqlx::Row::get_unchecked(row, 0);
            let sum: Option<i64> = sqlx::Row::get_unchecked(row, 1);
            json!([name, sum])
        })
        .collect()
}

/// The path of an absolute link.
fn path_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}
