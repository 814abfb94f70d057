//! Every mail there is, on a phone and on a desktop, in light and in dark.

use serde_json::json;
use staka::mails::Mail;

use crate::{
    chromium::Chromium,
    pages::{LOOKS, SCREENS},
    support::server::TestServer,
};

#[tokio::test]
async fn every_mail_can_be_read_on_every_screen() {
    let server = TestServer::start().await;
    let mut browser = Chromium::start(server.port).await;
    browser.scripts(false).await;
    let mut wrong = Vec::new();
    for (dark, scheme) in [(false, "light"), (true, "dark")] {
        let (mut kind, mut number) = ("", 0);
        for mail in Mail::samples() {
            number = if mail.template() == kind { number + 1 } else { 0 };
            kind = mail.template();
            browser.open(&format!("{}/dev/emails/{kind}/{number}?scheme={scheme}", server.base)).await;
            for screen in SCREENS.into_iter().filter(|screen| screen.dark == dark) {
                browser.show_on(screen).await;
                let found = browser.ask(LOOKS).await;
                browser.picture(&format!("mail-{kind}-{number}-{}-{scheme}", screen.width)).await;
                if found != json!([]) {
                    wrong.push(format!("{kind} {number} on {} {scheme}: {found}", screen.width));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
