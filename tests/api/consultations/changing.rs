//! The page of a call, and the mail of the evening before.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{at, book, calendar, line, mail, page, page_path, submit};
use crate::support::server::{TestServer, start_of_time};

#[tokio::test]
async fn a_call_is_moved_and_cancelled_by_its_page() {
    let server = TestServer::start().await;
    book(&server, "zoe@example.com", "2026-03-13", "14:30").await.ok(201);
    let first = mail(&server, "consultation-user").await;
    let text = first["text"].as_str().unwrap();
    let (_, token) = text.split_once("/api/public/rendez-vous/").unwrap();
    let path = format!("/api/public/rendez-vous/{}", token.split_whitespace().next().unwrap());
    assert_eq!(path, page_path(&server).await);

    // Looking changes nothing, however often: mail scanners open links too.
    for _ in 0..2 {
        let (status, html) = page(&server, &path).await;
        assert_eq!(status, 200);
        assert!(html.contains("vendredi 13\u{a0}mars 2026 à 14:30"), "{html}");
        assert!(
            html.contains("<option value=\"2026-03-16T08:00:00Z\">lundi 16\u{a0}mars 2026 à 09:00</option>")
                && !html.contains("<script"),
            "{html}"
        );
        assert!(!html.contains(r#"value="2026-03-13T13:30:00Z""#), "its own slot is taken: {html}");
    }
    assert_eq!(
        server.value("SELECT CONCAT(sequence, slot) FROM consultations").await.unwrap(),
        "02026-03-13 13:30:00.000"
    );

    let (status, html) =
        submit(&server, &path, &[("action", "deplacer"), ("creneau", "2026-03-16T08:00:00Z")]).await;
    assert!(status == 200 && html.contains("lundi 16\u{a0}mars 2026 à 09:00"), "{html}");
    // Pressed twice it is one.
    submit(&server, &path, &[("action", "deplacer"), ("creneau", "2026-03-16T08:00:00Z")]).await;
    let moved = mail(&server, "consultation-user").await;
    assert!(moved["text"].as_str().unwrap().contains("16\u{a0}mars 2026 à 09:00"), "{moved}");
    let (one, two) = (calendar(&server, &first).await, calendar(&server, &moved).await);
    assert_eq!(line(&one, "UID"), line(&two, "UID"));
    assert_eq!((line(&one, "SEQUENCE"), line(&two, "SEQUENCE")), ("0", "1"));
    assert_eq!((line(&two, "DTSTART"), line(&two, "METHOD")), ("20260316T080000Z", "REQUEST"));
    // The slot it left is free, the one it took is not.
    book(&server, "autre@example.com", "2026-03-16", "09:00").await.refused(409, "SLOT_TAKEN");
    book(&server, "autre@example.com", "2026-03-13", "14:30").await.ok(201);

    let (status, html) = submit(&server, &path, &[("action", "annuler")]).await;
    assert!(status == 200 && html.contains("Votre appel est annulé"), "{html}");
    assert_eq!(submit(&server, &path, &[("action", "annuler")]).await.0, 200);
    let cancelled = mail(&server, "consultation-cancelled-user").await;
    let last = calendar(&server, &cancelled).await;
    assert_eq!(line(&last, "UID"), line(&one, "UID"));
    assert_eq!(
        (line(&last, "METHOD"), line(&last, "STATUS"), line(&last, "SEQUENCE")),
        ("CANCEL", "CANCELLED", "2")
    );
    let (status, html) = page(&server, &path).await;
    assert!(status == 200 && html.contains("Cet appel est annulé") && !html.contains("<form"), "{html}");
    let (status, _) =
        submit(&server, &path, &[("action", "deplacer"), ("creneau", "2026-03-16T08:00:00Z")]).await;
    assert_eq!(status, 409);
    book(&server, "troisieme@example.com", "2026-03-16", "09:00").await.ok(201);

    server.work().await;
    let told = server.queued().await;
    let of = |kind: &str| told.iter().filter(|mail| mail.starts_with(kind)).count();
    // Three bookings, a move and a cancellation.
    assert_eq!(
        (of("consultation-user"), of("consultation-cancelled-user"), of("admin-consultation")),
        (4, 1, 5),
        "{told:?}"
    );
    assert_eq!(server.count("notifications WHERE type = 'CONSULTATION'").await, 5);
}

#[tokio::test]
async fn a_change_is_refused_within_a_day_and_when_it_makes_no_sense() {
    let server = TestServer::start().await;
    server.ignore_mails();
    book(&server, "zoe@example.com", "2026-03-13", "14:30").await.ok(201);
    book(&server, "autre@example.com", "2026-03-16", "10:00").await.ok(201);
    let id = server.value("SELECT HEX(id) FROM consultations WHERE email = 'zoe@example.com'").await.unwrap();
    let id = id.parse().unwrap();
    let path = staka::consultations::changing::path(&server.state, id);
    for (fields, status) in [
        (&[][..], 400),
        (&[("action", "offrir")][..], 400),
        (&[("action", "deplacer")], 400),
        (&[("action", "deplacer"), ("creneau", "demain")], 400),
        (&[("action", "deplacer"), ("creneau", "2026-03-16T11:00:00Z")], 400),
        (&[("action", "deplacer"), ("creneau", "2026-03-14T09:00:00Z")], 400),
        (&[("action", "deplacer"), ("creneau", "2026-03-09T09:00:00Z")], 400),
        (&[("action", "deplacer"), ("creneau", "2026-03-16T09:00:00Z")], 409),
    ] {
        let (answered, html) = submit(&server, &path, fields).await;
        assert_eq!(answered, status, "{fields:?}: {html}");
        assert!(html.contains("role=\"alert\"") && html.contains("Annuler mon appel"), "{html}");
    }
    let forged = format!("{}A", path);
    for unknown in [forged.as_str(), "/public/rendez-vous/abc", "/public/rendez-vous/%C3%A9"] {
        assert_eq!(page(&server, unknown).await.0, 404);
        assert_eq!(submit(&server, unknown, &[("action", "annuler")]).await.0, 404);
    }
    // A link of something else opens nothing here.
    let other = format!("/public/rendez-vous/{}", server.state.links.ticket("commande-offerte", id));
    assert_eq!(page(&server, &other).await.0, 404);
    // 24 hours before, to the second.
    server.advance(at("2026-03-12T13:30:00Z") - start_of_time());
    assert!(page(&server, &path).await.1.contains("Annuler mon appel"));
    server.advance(TimeDelta::seconds(1));
    let (status, html) = page(&server, &path).await;
    assert!(status == 200 && html.contains("24 heures") && !html.contains("<form"), "{html}");
    let (status, html) = submit(&server, &path, &[("action", "annuler")]).await;
    assert!(status == 409 && html.contains("24 heures"), "{html}");
    server.advance(TimeDelta::days(2));
    assert!(page(&server, &path).await.1.contains("Cet appel est passé"));
    assert_eq!(server.count("consultations WHERE sequence = 0").await, 2);
    server.execute("DELETE FROM consultations").await;
    assert_eq!(page(&server, &path).await.0, 404);
}

#[tokio::test]
async fn changes_at_once_are_one_after_the_other() {
    let server = TestServer::start().await;
    server.ignore_mails();
    book(&server, "zoe@example.com", "2026-03-13", "14:30").await.ok(201);
    let path = page_path(&server).await;
    let slots =
        ["2026-03-16T08:00:00Z", "2026-03-16T08:30:00Z", "2026-03-16T09:00:00Z", "2026-03-16T09:30:00Z"];
    let moves = slots.map(|slot| {
        let (server, path) = (&server, &path);
        async move { submit(server, path, &[("action", "deplacer"), ("creneau", slot)]).await.0 }
    });
    assert_eq!(join_all(moves).await, [200; 4]);
    let row = server.row("SELECT CONCAT(sequence), CONCAT(slot = starts_at) FROM consultations").await;
    assert_eq!(row, ["4", "1"].map(|text| Some(text.to_owned())));
    // Each one was told; nobody moves a call for ever.
    assert_eq!(server.count("email_outbox WHERE template = 'consultation-user'").await, 5);
    server.execute("UPDATE consultations SET sequence = 10").await;
    let (status, html) = submit(&server, &path, &[("action", "annuler")]).await;
    assert!(status == 409 && html.contains("trop souvent"), "{html}");
}

#[tokio::test]
async fn a_reminder_leaves_once_the_evening_before_whatever_happens() {
    let server = TestServer::start().await;
    let scenes =
        [("reste@example.com", "09:00"), ("deplace@example.com", "09:30"), ("annule@example.com", "10:00")];
    for (email, time) in scenes {
        book(&server, email, "2026-03-12", time).await.ok(201);
    }
    // Six in the evening before is past: the confirmation has to do.
    book(&server, "aujourdhui@example.com", "2026-03-10", "17:00").await.ok(201);
    for (email, action) in [("deplace@example.com", "deplacer"), ("annule@example.com", "annuler")] {
        let id = server
            .value(&format!("SELECT HEX(id) FROM consultations WHERE email = '{email}'"))
            .await
            .unwrap();
        let path = staka::consultations::changing::path(&server.state, id.parse().unwrap());
        let fields = [("action", action), ("creneau", "2026-03-17T08:00:00Z")];
        assert_eq!(submit(&server, &path, &fields).await.0, 200);
    }
    assert_eq!(server.run_job("call_reminders").await, 0);
    server.advance(at("2026-03-11T17:00:00Z") - start_of_time());
    // Two servers at once: the lock of the job, and below it the row's.
    let (one, two) =
        tokio::join!(server.scheduler.run_now("call_reminders"), server.scheduler.run_now("call_reminders"),);
    assert!(format!("{one:?} {two:?}").contains("Done(1)"), "{one:?} {two:?}");
    assert_eq!(server.run_job("call_reminders").await, 0);
    server.work().await;
    let reminders = async || {
        let told = server.queued().await;
        told.into_iter().filter(|mail| mail.starts_with("consultation-reminder")).collect::<Vec<_>>()
    };
    assert_eq!(reminders().await, ["consultation-reminder-user reste@example.com"]);
    let reminder = mail(&server, "consultation-reminder-user").await;
    assert!(reminder["text"].as_str().unwrap().contains("/api/public/rendez-vous/"), "{reminder}");
    assert_eq!(reminder["attachments"], json!([]));
    // The server was down until the call that was moved had begun.
    server.advance(at("2026-03-17T08:00:00Z") - at("2026-03-11T17:00:00Z"));
    assert_eq!(server.run_job("call_reminders").await, 0);
    assert_eq!(server.count("consultations WHERE remind_at IS NOT NULL").await, 0);
    assert_eq!(reminders().await.len(), 1);
}
