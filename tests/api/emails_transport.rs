//! Conversations with a real SMTP server, and what it received.

use chrono::{DateTime, TimeZone, Utc};
use mail_parser::{MessageParser, MimeHeaders};
use staka::emails::transport::{Attachment, Outgoing, SendError, Sender, SmtpTransport};
use std::time::Duration;
use tokio::net::TcpListener;

use crate::support::smtp::{Script, Server, header};

fn sender() -> Sender {
    Sender {
        from_name: "Staka Livres – l'équipe".to_owned(),
        from_email: "contact@livrestaka.example".to_owned(),
        reply_to: Some("aide@livrestaka.example".to_owned()),
    }
}

fn date() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 7, 29, 9, 8, 7).unwrap()
}

fn outgoing() -> Outgoing {
    Outgoing {
        message_id: "<01981b2c-7a1e-7c4e-9d56-0a7f3c2b1d00.outbox@livrestaka.example>".to_owned(),
        to: "eloise@example.com".to_owned(),
        to_name: Some("Éloïse d'Aubigné, \"Élo\"".to_owned()),
        subject: "Votre projet est enregistré : L'été d'Élise & <b>Noé</b> 📚 ".to_owned()
            + &"très long ".repeat(20),
        html: "<p>L’été d’Élise &amp; Noé 📚</p>\n<p>.</p>\n".to_owned() + &"é".repeat(2000),
        text: "L'été d'Élise & Noé 📚\n.\nLigne\n".to_owned() + &"long ".repeat(400),
        attachments: vec![],
        unsubscribe_url: None,
        template: "client-project-confirmation".to_owned(),
    }
}

async fn sent(mail: &Outgoing) -> Vec<u8> {
    let mut server = Server::start(Script::default()).await;
    server.transport().send(&sender(), mail, date()).await.unwrap();
    server.messages.recv().await.unwrap()
}

#[tokio::test]
async fn text_html_and_names_arrive_as_written() {
    let mail = outgoing();
    let raw = sent(&mail).await;
    assert!(raw.is_ascii(), "an 8-bit message may be refused on the way");
    assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 999));
    let message = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(message.subject().unwrap().trim(), mail.subject.trim());
    let lf = |text: std::borrow::Cow<'_, str>| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(lf(message.body_text(0).unwrap()), mail.text.trim_end());
    assert_eq!(lf(message.body_html(0).unwrap()), mail.html.trim_end());
    let to = message.to().unwrap().first().unwrap();
    assert_eq!(to.address(), Some("eloise@example.com"));
    assert_eq!(to.name(), mail.to_name.as_deref());
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some(sender().from_name.as_str()));
    assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some("aide@livrestaka.example"));
    assert_eq!(message.date().unwrap().to_timestamp(), date().timestamp());
    assert_eq!(message.attachment_count(), 0);
}

#[tokio::test]
async fn headers_say_what_the_mail_is() {
    let mail = outgoing();
    let raw = sent(&mail).await;
    assert_eq!(header(&raw, "Message-ID").unwrap(), mail.message_id);
    assert_eq!(header(&raw, "Auto-Submitted").unwrap(), "auto-generated");
    assert_eq!(header(&raw, "X-Template").unwrap(), "client-project-confirmation");
    assert_eq!(header(&raw, "List-Unsubscribe"), None);
    assert_eq!(header(&raw, "X-SMTPAPI"), None);
}

#[tokio::test]
async fn refusable_mail_carries_the_one_click_link() {
    let url = format!("https://livrestaka.example/api/public/unsubscribe?token={}", "aB3-_".repeat(40));
    let raw = sent(&Outgoing { unsubscribe_url: Some(url.clone()), ..outgoing() }).await;
    assert_eq!(header(&raw, "List-Unsubscribe").unwrap(), format!("<{url}>"));
    assert_eq!(header(&raw, "List-Unsubscribe-Post").unwrap(), "List-Unsubscribe=One-Click");
}

#[tokio::test]
async fn attachments_arrive_byte_for_byte() {
    let binary: Vec<u8> = (0..=255u8).cycle().take(50_000).collect();
    // Both kinds of line ends, and a line an SMTP server reads as the end.
    let calendar = "BEGIN:VCALENDAR\r\nSUMMARY:L'été\n.\r\nEND:VCALENDAR".as_bytes().to_vec();
    let file = |filename: &str, content_type: &str, bytes: &Vec<u8>| Attachment {
        filename: filename.to_owned(),
        content_type: content_type.to_owned(),
        bytes: bytes.clone(),
    };
    let nasty_name = "été \"d'Élise\"\r\nBcc: x@example.com.ics";
    let attachments = vec![
        file("facture-FA-2026-000123.pdf", "application/pdf", &binary),
        file(nasty_name, "text/calendar; method=REQUEST; charset=utf-8", &calendar),
        file("inconnu.bin", "not a media type", &calendar),
    ];
    let raw = sent(&Outgoing { attachments, ..outgoing() }).await;
    let message = MessageParser::default().parse(&raw).unwrap();
    let parts: Vec<_> = message.attachments().collect();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0].contents(), binary);
    assert_eq!(parts[1].contents(), calendar);
    assert_eq!(parts[2].contents(), calendar);
    assert_eq!(parts[0].attachment_name(), Some("facture-FA-2026-000123.pdf"));
    assert_eq!(parts[0].content_type().unwrap().subtype(), Some("pdf"));
    assert!(parts[1].attachment_name().unwrap().starts_with("été \"d'Élise\""));
    assert_eq!(parts[1].content_type().unwrap().attribute("method"), Some("REQUEST"));
    assert_eq!(parts[2].content_type().unwrap().subtype(), Some("octet-stream"));
    assert!(message.bcc().is_none());
    assert!(message.body_text(0).unwrap().starts_with("L'été"));
}

#[tokio::test]
async fn line_ends_in_data_start_no_header() {
    let raw = sent(&Outgoing {
        subject: "Bonjour\r\nBcc: victime@example.com\r\n\r\nCorps".to_owned(),
        to_name: Some("Nom\r\nBcc: victime@example.com".to_owned()),
        template: "x\r\nBcc: victime@example.com".to_owned(),
        ..outgoing()
    })
    .await;
    let message = MessageParser::default().parse(&raw).unwrap();
    assert!(message.bcc().is_none());
    assert_eq!(message.to().unwrap().as_list().unwrap().len(), 1);
    assert!(message.body_text(0).unwrap().starts_with("L'été"));
}

#[tokio::test]
async fn what_cannot_be_written_in_a_message_is_permanent() {
    let server = Server::start(Script::default()).await;
    let broken = [
        Outgoing { to: "pas une adresse".to_owned(), ..outgoing() },
        Outgoing { to: "a@example.com\r\nRCPT TO:<b@example.com>".to_owned(), ..outgoing() },
        Outgoing { message_id: "sans-chevrons@x".to_owned(), ..outgoing() },
        Outgoing { message_id: "<a@b>\r\nBcc: c@d".to_owned(), ..outgoing() },
        Outgoing { unsubscribe_url: Some("javascript:x".to_owned()), ..outgoing() },
        Outgoing { unsubscribe_url: Some("https://x/\r\nBcc: c@d".to_owned()), ..outgoing() },
    ];
    for mail in broken {
        let refused = server.transport().send(&sender(), &mail, date()).await;
        assert!(matches!(refused, Err(SendError::Permanent(_))), "{refused:?}");
    }
    let misconfigured = Sender { from_email: "rien".to_owned(), ..sender() };
    let refused = server.transport().send(&misconfigured, &outgoing(), date()).await;
    assert!(matches!(refused, Err(SendError::Transient(_))), "{refused:?}");
}

async fn refused(script: Script) -> SendError {
    let server = Server::start(script).await;
    server.transport().send(&sender(), &outgoing(), date()).await.unwrap_err()
}

#[tokio::test]
async fn refusals_of_the_message_are_permanent_and_tell_no_address() {
    let to_recipient = "550 5.1.1 <eloise@example.com>: no such user";
    let error = refused(Script { to_recipient, ..Script::default() }).await;
    let SendError::Permanent(text) = &error else { panic!("{error:?}") };
    assert!(text.contains("550") && text.contains("no such user"), "{text}");
    assert!(!text.contains("eloise"), "{text}");
    let error = refused(Script { to_data: "554 spam", ..Script::default() }).await;
    assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
}

#[tokio::test]
async fn delays_are_transient() {
    let error = refused(Script { to_recipient: "451 greylisted", ..Script::default() }).await;
    assert!(matches!(error, SendError::Transient(_)), "{error:?}");
    let error = refused(Script { to_data: "452 full", ..Script::default() }).await;
    assert!(matches!(error, SendError::Transient(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_login_is_ours_to_mend_hence_transient() {
    let server = Server::start(Script { to_login: "535 5.7.8 bad key", ..Script::default() }).await;
    let url = format!("smtp://apikey:SECRET%40KEY@127.0.0.1:{}", server.port);
    let transport = SmtpTransport::from_url(&url).unwrap();
    let error = transport.send(&sender(), &outgoing(), date()).await.unwrap_err();
    assert!(matches!(&error, SendError::Transient(text) if text.contains("535")), "{error:?}");
    let probe = transport.probe().await.unwrap_err();
    assert!(!format!("{error:?}{probe:?}").contains("SECRET"));
}

#[tokio::test]
async fn a_silent_server_holds_nobody() {
    let server = Server::start(Script { silent: true, ..Script::default() }).await;
    let transport = server.transport().with_timeout(Duration::from_millis(50));
    let error = transport.send(&sender(), &outgoing(), date()).await.unwrap_err();
    assert!(matches!(error, SendError::Transient(_)), "{error:?}");
}

#[tokio::test]
async fn an_absent_server_is_transient_and_probed_as_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let transport = SmtpTransport::from_url(&url).unwrap();
    let error = transport.send(&sender(), &outgoing(), date()).await.unwrap_err();
    assert!(matches!(error, SendError::Transient(_)), "{error:?}");
    assert!(transport.probe().await.is_err());
    let server = Server::start(Script::default()).await;
    server.transport().probe().await.unwrap();
}

#[tokio::test]
async fn a_message_that_will_not_leave_in_the_clear_does_not() {
    // The server offers no STARTTLS: a required upgrade fails rather than sends.
    let mut server = Server::start(Script::default()).await;
    for query in ["tls=required", "tls=starttls"] {
        let transport = SmtpTransport::from_url(&format!("{}?{query}", server.url())).unwrap();
        let error = transport.send(&sender(), &outgoing(), date()).await.unwrap_err();
        assert!(matches!(error, SendError::Transient(_)), "{error:?}");
    }
    assert!(server.messages.try_recv().is_err());
}

#[tokio::test]
async fn tracking_is_asked_of_the_relay_that_offers_it() {
    let mut server = Server::start(Script::default()).await;
    let transport = server.transport().with_tracking(true);
    transport.send(&sender(), &outgoing(), date()).await.unwrap();
    let raw = server.messages.recv().await.unwrap();
    let asked: serde_json::Value = serde_json::from_str(&header(&raw, "X-SMTPAPI").unwrap()).unwrap();
    assert_eq!(asked["filters"]["clicktrack"]["settings"]["enable"], 1);
    assert_eq!(asked["filters"]["opentrack"]["settings"]["enable"], 1);
    assert!(SmtpTransport::from_sendgrid_key("SG.key").is_ok());
    assert!(SmtpTransport::from_resend_key("re_key").is_ok());
}

#[tokio::test]
async fn a_wrong_address_of_the_server_is_said_without_its_password() {
    for url in ["", "http://user:hunter2@host", "smtp://", "not a url", "smtp://user:hunter2@host?tls=maybe"]
    {
        let Err(error) = SmtpTransport::from_url(url) else { panic!("{url}") };
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn the_same_mail_has_the_same_message_id_at_every_attempt() {
    let first = outgoing().message(&sender(), date()).unwrap().formatted();
    let second = sent(&outgoing()).await;
    assert_eq!(header(&first, "Message-ID"), header(&second, "Message-ID"));
}
