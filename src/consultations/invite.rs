//! The file that puts a call into a calendar, moves it there or takes it off (RFC 5545 and 5546).
//!
//! One event for the whole life of a booking: its UID stays, its SEQUENCE rises with every change. Instants are in UTC,
//! so that no calendar has to know when clocks change in France.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use uuid::Uuid;

use super::slots;
use crate::mails::Mail;

/// What the file is called.
pub const FILENAME: &str = "rendez-vous.ics";

const PRODUCT: &str = "-//Staka Livres//Rendez-vous//FR";

/// The parties of a call.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// Name of who calls.
    pub organizer_name: &'a str,
    /// Address of who calls.
    pub organizer: &'a str,
    /// Address of who is called.
    pub attendee: &'a str,
}

/// A calendar file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Media type, with the method.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A call as its calendar file tells of it.
struct Told<'a> {
    id: Uuid,
    sequence: u32,
    starts_at: DateTime<Utc>,
    phone: &'a str,
    cancelled: bool,
}

/// The calendar file that goes with a mail, if one does. `stamp` is when it is made.
pub fn of(mail: &Mail, parties: Parties<'_>, stamp: DateTime<Utc>) -> Option<Invite> {
    let told = match mail {
        Mail::ConsultationUser(mail) => Told {
            id: mail.consultation_id,
            sequence: mail.sequence,
            starts_at: mail.starts_at,
            phone: &mail.phone,
            cancelled: false,
        },
        Mail::ConsultationCancelledUser(mail) => Told {
            id: mail.consultation_id,
            sequence: mail.sequence,
            starts_at: mail.starts_at,
            phone: &mail.phone,
            cancelled: true,
        },
        _ => return None,
    };
    Some(told.invite(parties, stamp))
}

impl Told<'_> {
    fn invite(&self, parties: Parties<'_>, stamp: DateTime<Utc>) -> Invite {
        let (method, content_type) = match self.cancelled {
            true => ("CANCEL", "text/calendar; charset=utf-8; method=CANCEL"),
            false => ("REQUEST", "text/calendar; charset=utf-8; method=REQUEST"),
        };
        let mut calendar = Calendar::empty();
        for (name, value) in
            [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", method)]
        {
            calendar.append_property((name, value));
        }
        calendar.push(self.event(parties, stamp));
        Invite { content_type, bytes: calendar.to_string().into_bytes() }
    }

    fn event(&self, parties: Parties<'_>, stamp: DateTime<Utc>) -> Event {
        let status = if self.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed };
        let organizer = Property::new("ORGANIZER", format!("mailto:{}", parties.organizer))
            .add_parameter("CN", &quoted(parties.organizer_name))
            .done();
        let attendee = Property::new("ATTENDEE", format!("mailto:{}", parties.attendee))
            .add_parameter("ROLE", "REQ-PARTICIPANT")
            .add_parameter("PARTSTAT", "ACCEPTED")
            .add_parameter("RSVP", "FALSE")
            .done();
        Event::new()
            .uid(&format!("{}@rendez-vous.staka-livres", self.id))
            .sequence(self.sequence)
            .timestamp(stamp)
            .starts(self.starts_at)
            .ends(self.starts_at + slots::LENGTH)
            .status(status)
            .summary(&format!("Appel avec {}", parties.organizer_name))
            .description(&format!("Nous vous appelons au {}.", self.phone))
            .location("Par téléphone")
            .append_property(organizer)
            .append_property(attendee)
            .done()
    }
}

/// The value of a parameter, which no character may end early.
fn quoted(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() && *c != '"');
    format!("\"{}\"", kept.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mails::{ConsultationCancelledUser, ConsultationUser};

    const PARTIES: Parties<'static> = Parties {
        organizer_name: "Staka; \"Livres\", l’été",
        organizer: "contact@staka.fr",
        attendee: "zoe@example.com",
    };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn booked(starts_at: &str, sequence: u32) -> Mail {
        ConsultationUser {
            first_name: "Zoé".to_owned(),
            phone: "06, 01; 02\\03".to_owned(),
            consultation_id: Uuid::from_u128(7),
            starts_at: at(starts_at),
            sequence,
            moved_from: None,
            page_path: String::new(),
        }
        .into()
    }

    fn text(mail: &Mail) -> String {
        let invite = of(mail, PARTIES, at("2026-03-10T09:00:00Z")).unwrap();
        String::from_utf8(invite.bytes).unwrap()
    }

    #[test]
    fn a_booking_is_an_event_in_utc_that_every_calendar_reads_alike() {
        // The Friday before and the Monday after clocks change: both at nine in Paris.
        for (starts_at, start, end) in [
            ("2026-03-27T08:00:00Z", "20260327T080000Z", "20260327T083000Z"),
            ("2026-03-30T07:00:00Z", "20260330T070000Z", "20260330T073000Z"),
        ] {
            let text = text(&booked(starts_at, 0));
            let lines: Vec<_> = text.split("\r\n").collect();
            for line in [
                "BEGIN:VCALENDAR",
                "METHOD:REQUEST",
                "UID:00000000-0000-0000-0000-000000000007@rendez-vous.staka-livres",
                "SEQUENCE:0",
                "DTSTAMP:20260310T090000Z",
                &format!("DTSTART:{start}"),
                &format!("DTEND:{end}"),
                "STATUS:CONFIRMED",
                "END:VEVENT",
                "END:VCALENDAR",
            ] {
                assert!(lines.contains(&line), "{line} is not in {text}");
            }
            assert!(lines.iter().all(|line| line.len() <= 75), "{text}");
            assert!(!text.contains("TZID"), "{text}");
        }
    }

    #[test]
    fn what_people_typed_ends_no_line_and_no_parameter() {
        let text = text(&booked("2026-03-27T08:00:00Z", 0)).replace("\r\n ", "");
        assert!(text.contains(r"DESCRIPTION:Nous vous appelons au 06\, 01\; 02\\03."), "{text}");
        assert!(text.contains("ORGANIZER;CN=\"Staka; Livres, l’été\":mailto:contact@staka.fr"), "{text}");
    }

    #[test]
    fn a_change_is_the_same_event_with_a_higher_sequence() {
        let uid = |text: &str| text.lines().find(|line| line.starts_with("UID:")).unwrap().to_owned();
        let (first, second) =
            (text(&booked("2026-03-27T08:00:00Z", 0)), text(&booked("2026-03-30T07:00:00Z", 1)));
        assert_eq!(uid(&first), uid(&second));
        assert!(second.contains("SEQUENCE:1"));
        let cancelled = ConsultationCancelledUser {
            first_name: "Zoé".to_owned(),
            phone: "06".to_owned(),
            consultation_id: Uuid::from_u128(7),
            starts_at: at("2026-03-30T07:00:00Z"),
            sequence: 2,
        };
        let mail = Mail::from(cancelled);
        let last = text(&mail);
        assert_eq!(uid(&first), uid(&last));
        for line in ["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2"] {
            assert!(last.contains(line), "{last}");
        }
        assert!(
            of(&mail, PARTIES, at("2026-03-10T09:00:00Z")).unwrap().content_type.ends_with("method=CANCEL")
        );
    }
}
