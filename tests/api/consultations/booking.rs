//! Booking a call, and what is free.

use chrono::{TimeDelta, TimeZone, Utc};
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::{Value, json};
use staka::calendar::{easter, is_holiday, is_working_day};

use super::{at, book, calendar, line, mail, wish};
use crate::support::server::{Setup, TestServer};

#[tokio::test]
async fn a_call_is_booked_confirmed_and_told() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let booked = book(&server, " Zoe@Example.COM ", "2026-03-12", "14:30").await;
    let body = booked.ok(201);
    assert_eq!(body["success"], true);
    assert_eq!(body["data"]["requestedDateTime"], "2026-03-12T13:30:00.000Z");
    assert!(body["message"].is_string());
    let message_id = body["data"]["messageId"].as_str().unwrap().replace('-', "");

    // The conversation of the visitor, which the team reads.
    let row = server
        .row(&format!(
            "SELECT m.type, CONCAT(m.is_from_visitor), m.visitor_name, m.visitor_phone, v.visitor_email, CONCAT(v.admin_unread),
                    JSON_UNQUOTE(JSON_EXTRACT(m.metadata, '$.consultationRequest.requestedTime')), c.status
             FROM messages m JOIN conversations v ON v.id = m.conversation_id JOIN consultations c ON c.message_id = m.id
             WHERE m.id = UNHEX('{message_id}')"
        ))
        .await;
    let expected = [
        "CONSULTATION_REQUEST",
        "1",
        "Zoé Lefèvre",
        "+33 6 01 02 03 04",
        "zoe@example.com",
        "1",
        "14:30",
        "ENVOYE",
    ];
    assert_eq!(row, expected.map(|text| Some(text.to_owned())));

    let bell = server.get_as(&admin.token, "/notifications").await.ok(200)["notifications"][0].clone();
    assert_eq!((&bell["type"], &bell["priority"]), (&json!("CONSULTATION"), &json!("HAUTE")));
    assert_eq!(bell["actionUrl"], "/admin/messagerie");
    let data: Value = serde_json::from_str(bell["data"].as_str().unwrap()).unwrap();
    assert_eq!((&data["isConsultationRequest"], &data["source"]), (&json!(true), &json!("Espace client")));
    assert_eq!(data["clientMessage"], "Un roman à relire.\nMerci !");

    server.work().await;
    let told = ["admin-consultation equipe@staka.test", "consultation-user zoe@example.com"];
    assert_eq!(server.queued().await, told);
    let confirmation = mail(&server, "consultation-user").await;
    let text = confirmation["text"].as_str().unwrap();
    assert!(
        text.contains("12\u{a0}mars 2026 à 14:30") && text.contains("/api/public/rendez-vous/"),
        "{text}"
    );
    let invitation = calendar(&server, &confirmation).await;
    assert_eq!(confirmation["attachments"][0]["contentType"], "text/calendar; charset=utf-8; method=REQUEST");
    for (name, value) in [
        ("METHOD", "REQUEST"),
        ("SEQUENCE", "0"),
        ("DTSTART", "20260312T133000Z"),
        ("DTEND", "20260312T140000Z"),
        ("STATUS", "CONFIRMED"),
        ("ATTENDEE", "mailto:zoe@example.com"),
    ] {
        assert_eq!(line(&invitation, name), value, "{name}");
    }
    let team = mail(&server, "admin-consultation").await;
    assert!(team["subject"].as_str().unwrap().contains("Zoé Lefèvre"), "{team}");
    assert!(team["text"].as_str().unwrap().contains("Un roman à relire."), "{team}");
}

#[tokio::test]
async fn what_is_free_is_told_truly() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let free = async |query: &str| {
        let answer = server.get(&format!("/api/consultations/available-slots{query}")).await;
        let body = answer.ok(200).clone();
        let slots = body["slots"].as_array().unwrap().clone();
        assert_eq!((slots.len(), &body["success"]), (13, &json!(true)));
        let open = slots.iter().filter(|slot| slot["available"] == true);
        let times: Vec<String> = open.map(|slot| slot["time"].as_str().unwrap().to_owned()).collect();
        (body["date"].as_str().unwrap().to_owned(), times)
    };
    // A Tuesday, ten in the morning in Paris.
    let (today, times) = free("").await;
    assert_eq!((today.as_str(), times.len(), times[0].as_str()), ("2026-03-10", 10, "10:30"));
    assert_eq!(free("?date=2026-03-12").await.1.len(), 13);
    book(&server, "zoe@example.com", "2026-03-12", "09:30").await.ok(201);
    let times = free("?date=2026-03-12").await.1;
    assert!(times.len() == 12 && !times.contains(&"09:30".to_owned()), "{times:?}");
    for nothing in ["2026-03-09", "2026-03-14", "2026-03-15", "2026-03-20", "2026-07-14", "0001-01-01"] {
        assert_eq!(free(&format!("?date={nothing}")).await.1, Vec::<String>::new(), "{nothing}");
    }
    for wrong in ["demain", "2026-3-12", "2026-02-30", "12/03/2026", "2026-03-12T10:00:00Z", "+2026-03-12"] {
        let answer =
            server.get(&format!("/consultations/available-slots?date={}", wrong.replace('+', "%2B"))).await;
        answer.refused_fields(&["date"]);
    }
    server
        .request(reqwest::Method::GET, "/consultations/available-slots?date=")
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
}

#[tokio::test]
async fn a_slot_is_booked_once_however_many_want_it() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let wishes = (0..50).map(|number| {
        let email = format!("visiteur{number}@example.com");
        let server = &server;
        async move { book(server, &email, "2026-03-13", "11:00").await }
    });
    let answers = join_all(wishes).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(won, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "SLOT_TAKEN");
    }
    for rows in
        ["consultations", "conversations", "messages", "email_outbox WHERE template = 'consultation-user'"]
    {
        assert_eq!(server.count(rows).await, 1, "{rows}");
    }
    // The same person too.
    book(&server, "visiteur0@example.com", "2026-03-13", "11:00").await.refused(409, "SLOT_TAKEN");
}

#[tokio::test]
async fn what_cannot_be_booked_is_told_field_by_field() {
    let server = TestServer::start().await;
    let tried = async |changes: Value| {
        let mut body = wish("zoe@example.com", "2026-03-12", "14:30");
        for (key, value) in changes.as_object().unwrap() {
            body[key] = value.clone();
        }
        server.post("/api/consultations/book", &body).await
    };
    for (changes, fields) in [
        (json!({ "date": "2026-03-10", "time": "10:00" }), &["date"][..]), // now
        (json!({ "date": "2026-03-09" }), &["date"]),
        (json!({ "date": "2026-03-14" }), &["date"]),
        (json!({ "date": "2026-03-20" }), &["date"]),
        (json!({ "date": "mardi", "time": "14h-14h30" }), &["date", "time"]),
        (json!({ "date": "2026-3-12" }), &["date"]),
        (json!({ "time": "9:00" }), &["time"]),
        (json!({ "time": "12:00" }), &["time"]),
        (json!({ "time": "09:15" }), &["time"]),
        (json!({ "time": "14:30:00" }), &["time"]),
        (json!({ "date": null, "time": "" }), &["date", "time"]),
        (json!({ "firstName": " ", "lastName": null, "phone": "" }), &["firstName", "lastName", "phone"]),
        (json!({ "email": "zoe@" }), &["email"]),
        (json!({ "firstName": "é".repeat(101), "phone": "0".repeat(21) }), &["firstName", "phone"]),
        (json!({ "message": "é".repeat(2_001) }), &["message"]),
        (json!({ "firstName": 7 }), &["firstName"]),
        (json!({ "source": "ailleurs" }), &["source"]),
    ] {
        tried(changes).await.refused_fields(fields);
    }
    assert_eq!(server.count("consultations").await, 0);
    // The seventh working day, at the last hour, without what may be left out.
    tried(json!({ "date": "2026-03-19", "time": "17:00", "message": null, "source": null })).await.ok(201);
    // A robot is thanked, and nothing is kept.
    tried(json!({ "website": "https://spam.example" })).await.ok(201);
    assert_eq!(server.count("consultations").await, 1);
    assert_eq!(server.value("SELECT source FROM consultations").await.as_deref(), Some("landing_page"));
    server.ignore_mails();
}

#[tokio::test]
async fn connected_authors_book_into_their_conversation_and_correctors_do_not() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let author = server.client().await;
    let corrector = server.corrector().await;
    let body = wish("zoe@example.com", "2026-03-12", "14:30");
    let path = "/consultations/book";
    server.post_as(&corrector.token, path, &body).await.refused(403, "CLIENT_REQUIRED");
    server.post_as("n’est pas un jeton", path, &body).await.ok(201);
    server.post_as(&author.token, path, &wish("zoe@example.com", "2026-03-12", "15:00")).await.ok(201);
    assert_eq!(server.count("conversations WHERE user_id IS NOT NULL").await, 1);
    assert_eq!(server.count("conversations WHERE visitor_email = 'zoe@example.com'").await, 1);
}

#[tokio::test]
async fn bookings_are_bounded_per_address() {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    server.ignore_mails();
    for _ in 0..12 {
        book(&server, "zoe@example.com", "2026-03-14", "09:00").await.refused_fields(&["date"]);
    }
    let times = ["09:00", "09:30", "10:00", "10:30", "11:00"];
    for time in times {
        book(&server, "zoe@example.com", "2026-03-12", time).await.ok(201);
    }
    book(&server, "zoe@example.com", "2026-03-12", "14:00").await.refused(409, "TOO_MANY_BOOKINGS");
    for time in ["14:30", "15:00", "15:30", "16:00"] {
        book(&server, &format!("{}@example.com", &time[..2]), "2026-03-12", time).await.ok(201);
    }
    let limited = book(&server, "autre@example.com", "2026-03-12", "17:00").await;
    assert!(limited.refused(429, "TOO_MANY_REQUESTS")["retryAfter"].is_u64());
    assert!(limited.header("retry-after").is_some());
}

#[tokio::test]
async fn clocks_change_between_booking_and_call() {
    // A Friday in winter time; the Monday after is in summer time.
    let server = Setup::default().at(Utc.with_ymd_and_hms(2026, 3, 27, 8, 0, 0).unwrap()).start().await;
    let booked = book(&server, "zoe@example.com", "2026-03-30", "09:00").await;
    assert_eq!(booked.ok(201)["data"]["requestedDateTime"], "2026-03-30T07:00:00.000Z");
    let confirmation = mail(&server, "consultation-user").await;
    assert!(confirmation["text"].as_str().unwrap().contains("30\u{a0}mars 2026 à 09:00"), "{confirmation}");
    assert_eq!(line(&calendar(&server, &confirmation).await, "DTSTART"), "20260330T070000Z");
    // Sunday, six in the evening in summer time.
    server.advance(at("2026-03-29T15:59:59Z") - at("2026-03-27T08:00:00Z"));
    assert_eq!(server.run_job("call_reminders").await, 0);
    server.advance(TimeDelta::seconds(1));
    assert_eq!(server.run_job("call_reminders").await, 1);
    let reminder = mail(&server, "consultation-reminder-user").await;
    assert!(reminder["subject"].as_str().unwrap().starts_with("Demain"), "{reminder}");
    // Easter Monday is nobody's.
    let closed = server.get("/consultations/available-slots?date=2026-04-06").await;
    assert!(closed.ok(200)["slots"].as_array().unwrap().iter().all(|slot| slot["available"] == false));
}

/// Published dates of Easter Sunday.
const EASTERS: [&str; 12] = [
    "2024-03-31",
    "2025-04-20",
    "2026-04-05",
    "2027-03-28",
    "2028-04-16",
    "2029-04-01",
    "2030-04-21",
    "2031-04-13",
    "2035-03-25",
    "2038-04-25",
    "2049-04-18",
    "2057-04-22",
];

#[test]
fn easter_is_when_the_almanac_says() {
    for date in EASTERS {
        let date: chrono::NaiveDate = date.parse().unwrap();
        assert_eq!(easter(chrono::Datelike::year(&date)), Some(date));
    }
}

proptest! {
    #[test]
    fn eleven_holidays_a_year_and_nobody_works_on_them(year in 1900_i32..2200) {
        let first = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let days = first.iter_days().take_while(|day| chrono::Datelike::year(day) == year);
        let holidays: Vec<_> = days.filter(|day| is_holiday(*day)).collect();
        // Ascension may be the 1st or the 8th of May.
        prop_assert!((10..=11).contains(&holidays.len()), "{holidays:?}");
        prop_assert!(holidays.iter().all(|day| !is_working_day(*day)));
    }
}
