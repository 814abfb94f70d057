//! From an [`Outgoing`] to an RFC 5322 message: alternative text and HTML, then the attachments.

use super::{Attachment, Outgoing, SendError, Sender};
use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, Message, MultiPart, SinglePart};

pub(super) fn build(mail: &Outgoing, sender: &Sender, date: DateTime<Utc>) -> Result<Message, SendError> {
    let ours = |_| SendError::Transient("the sender's address is not valid".to_owned());
    let from = mailbox(Some(&sender.from_name), &sender.from_email).map_err(ours)?;
    let to = mailbox(mail.to_name.as_deref(), &mail.to)
        .map_err(|_| permanent("the recipient's address is not valid"))?;
    let mut builder = Message::builder()
        .from(from)
        .to(to)
        .subject(without_controls(&mail.subject))
        .date(date.into())
        .raw_header(verbatim("Message-ID", message_id(&mail.message_id)?))
        // RFC 3834 section 5: no vacation reply to a robot.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(header("X-Template", without_controls(&mail.template)));
    if let Some(reply_to) = &sender.reply_to {
        builder = builder.reply_to(mailbox(None, reply_to).map_err(ours)?);
    }
    if let Some(url) = &mail.unsubscribe_url {
        // RFC 8058 section 3.1: both headers, the second exactly so.
        builder = builder
            .raw_header(verbatim("List-Unsubscribe", unsubscribe(url)?))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    builder.multipart(body(mail)).map_err(|_| permanent("the message cannot be built"))
}

fn body(mail: &Outgoing) -> MultiPart {
    let content = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    if mail.attachments.is_empty() {
        return content;
    }
    mail.attachments.iter().map(attached).fold(MultiPart::mixed().multipart(content), MultiPart::singlepart)
}

fn attached(file: &Attachment) -> SinglePart {
    let content_type = ContentType::parse(&file.content_type)
        .or_else(|_| ContentType::parse("application/octet-stream"))
        .unwrap_or(ContentType::TEXT_PLAIN);
    // Bytes (rather than a string) always travel in base64, so even text keeps its line ends.
    Part::new(without_controls(&file.filename)).body(file.bytes.clone(), content_type)
}

fn mailbox(name: Option<&str>, email: &str) -> Result<Mailbox, lettre::address::AddressError> {
    let address: Address = email.trim().parse()?;
    let name = name.map(without_controls).filter(|name| !name.trim().is_empty());
    Ok(Mailbox::new(name, address))
}

/// Header whose value is encoded and folded as needed.
pub(super) fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Header whose value must travel untouched; callers have checked it is printable ASCII.
fn verbatim(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

/// RFC 5322 section 3.6.4, in its plain form: `<left@right>`, one line.
fn message_id(id: &str) -> Result<String, SendError> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    match inner.and_then(|inner| inner.split_once('@')) {
        Some((left, right)) if token(left) && token(right) && !right.contains('@') => Ok(id.to_owned()),
        _ => Err(permanent("the Message-ID is not valid")),
    }
}

fn unsubscribe(url: &str) -> Result<String, SendError> {
    let http = url.starts_with("https://") || url.starts_with("http://");
    if http && token(url) {
        Ok(format!("<{url}>"))
    } else {
        Err(permanent("the unsubscribe link is not valid"))
    }
}

/// Short printable ASCII that closes no bracket.
fn token(text: &str) -> bool {
    (1..=900).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
}

fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn permanent(text: &str) -> SendError {
    SendError::Permanent(text.to_owned())
}
