//! Every caller, every verb, every attachment.

use super::*;

const OWNER: Uuid = Uuid::from_u128(1);
const CORRECTOR: Uuid = Uuid::from_u128(2);

/// Who asks, in the order of the columns of a row.
const CALLERS: [(Uuid, Role); 6] = [
    (OWNER, Role::User),
    (Uuid::from_u128(3), Role::User),
    (CORRECTOR, Role::Corrector),
    (Uuid::from_u128(4), Role::Corrector),
    (Uuid::from_u128(5), Role::Admin),
    // The corrector of the order, whose role was taken away.
    (CORRECTOR, Role::User),
];

const VERBS: [Verb; 4] = [Verb::List, Verb::Read, Verb::Upload, Verb::Delete];

/// `y` where allowed: owner, other client, corrector, other corrector, administrator, former corrector.
type Row = [&'static str; 4];

fn order() -> Attachment {
    Attachment::Order { owner: OWNER, corrector: Some(CORRECTOR) }
}

fn file(uploader: Option<Uuid>, attachments: &[Attachment]) -> Facts {
    Facts { uploader, is_corrected: false, attachments: attachments.to_vec() }
}

fn corrected(uploader: Uuid) -> Facts {
    Facts { is_corrected: true, ..file(Some(uploader), &[order()]) }
}

/// As the caller meets a message of the owner's conversation.
fn message(caller: Uuid, sent_by_others: bool) -> Attachment {
    let part = match caller {
        OWNER => Part::Author,
        CORRECTOR => Part::Corrector,
        _ => Part::Stranger,
    };
    Attachment::Message { part, sent_by_others }
}

#[track_caller]
fn check(what: &str, facts: impl Fn(Uuid) -> Facts, expected: Row) {
    for (verb, expected) in VERBS.into_iter().zip(expected) {
        let allowed: String = CALLERS
            .iter()
            .map(|&(id, role)| if may(Caller { id, role }, verb, &facts(id)) { 'y' } else { '-' })
            .collect();
        assert_eq!(allowed, expected, "{what}: {verb:?}");
    }
}

#[test]
fn documents_of_an_order() {
    check("the author's", |_| file(Some(OWNER), &[order()]), ["y-y-y-", "y-y-y-", "y-y-y-", "y---y-"]);
    check("a guest's, paid since", |_| file(None, &[order()]), ["y-y-y-", "y-y-y-", "y-y-y-", "----y-"]);
    // Who sent a document goes on reading it.
    check("the corrected one", |_| corrected(CORRECTOR), ["y-y-yy", "y-y-yy", "y-y-y-", "----y-"]);
    check("corrected by its author", |_| corrected(OWNER), ["y-y-y-", "y-y-y-", "y-y-y-", "----y-"]);
    let alone = Attachment::Order { owner: OWNER, corrector: None };
    check("without a corrector", |_| file(None, &[alone]), ["y---y-", "y---y-", "y---y-", "----y-"]);
}

#[test]
fn documents_of_an_order_not_paid_yet() {
    let of = |owner| Attachment::PendingOrder { owner };
    check("an author's", |_| file(Some(OWNER), &[of(Some(OWNER))]), ["y---y-", "y---y-", "------", "------"]);
    check("a guest's", |_| file(None, &[of(None)]), ["----y-", "----y-", "------", "------"]);
}

#[test]
fn attachments_of_messages() {
    check(
        "the author's",
        |caller| file(Some(OWNER), &[message(caller, false)]),
        ["y-y-y-", "y-y-y-", "y-y-y-", "y---y-"],
    );
    check(
        "sent on by someone else",
        |caller| file(Some(OWNER), &[message(caller, true)]),
        ["y-y-y-", "y-y-y-", "y-y-y-", "----y-"],
    );
    check(
        "the corrector's",
        |caller| file(Some(CORRECTOR), &[message(caller, false)]),
        ["y-y-yy", "y-y-yy", "y-y-y-", "--y-yy"],
    );
}

#[test]
fn documents_of_no_order_and_no_message() {
    check(
        "not sent yet",
        |_| file(Some(OWNER), &[Attachment::Loose]),
        ["y---y-", "y---y-", "yyyyyy", "y---y-"],
    );
    check("a sample", |_| file(None, &[Attachment::Sample]), ["----y-", "----y-", "------", "----y-"]);
    let export = Attachment::Export { owner: OWNER };
    check("an export", |_| file(None, &[export]), ["y-----", "y-----", "------", "------"]);
    check("attached to nothing", |_| file(Some(OWNER), &[]), ["------"; 4]);
}

#[test]
fn a_document_of_an_order_that_was_sent_with_a_message_too() {
    // Read through either, removed only where both allow it.
    check(
        "the author's",
        |caller| file(Some(OWNER), &[order(), message(caller, true)]),
        ["y-y-y-", "y-y-y-", "y-y-y-", "----y-"],
    );
    let other = Attachment::Order { owner: Uuid::from_u128(9), corrector: None };
    check(
        "of another order",
        |caller| file(None, &[other, message(caller, false)]),
        ["y-y-y-", "y-y-y-", "y-y-y-", "----y-"],
    );
}
