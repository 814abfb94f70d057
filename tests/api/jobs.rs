//! The scheduler and the housekeeping jobs.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use std::time::Duration;

use chrono::TimeDelta;
use staka::auth::Role;
use staka::clock::new_id;
use staka::jobs::{Outcome, Scheduler};
use staka::launch::scheduler;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::outbox::Lab;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_job_runs_on_one_server_at_a_time() {
    let lab = Lab::start().await;
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, outside) = (entered.clone(), leave.clone());
    let mut one = Scheduler::new(lab.state.clone());
    one.add("slow", HOUR, move |_| {
        let (entered, leave) = (inside.clone(), outside.clone());
        async move {
            entered.notify_one();
            leave.notified().await;
            Ok(7)
        }
    });
    let mut other = Scheduler::new(lab.state.clone());
    other.add("slow", HOUR, |_| async { Ok(1) });
    let running = tokio::spawn(async move { one.run_now("slow").await });
    entered.notified().await;
    assert_eq!(other.run_now("slow").await, Outcome::Elsewhere);
    leave.notify_one();
    assert_eq!(running.await.unwrap(), Outcome::Done(7));
    assert_eq!(other.run_now("slow").await, Outcome::Done(1), "the lock is free again");
    assert_eq!(other.run_now("unheard-of").await, Outcome::Unknown);
}

#[tokio::test]
async fn failures_and_panics_are_contained_and_told_once() {
    let lab = Lab::start().await;
    let admin = lab.user("admin@example.com", Role::Admin, None).await;
    let mut scheduler = Scheduler::new(lab.state.clone());
    scheduler.add("broken", HOUR, |_| async { anyhow::bail!("no") });
    scheduler.add("panics", HOUR, |state| async move {
        assert!(state.clock.now().timestamp() == 0, "on purpose");
        Ok(0)
    });
    assert_eq!(scheduler.run_now("panics").await, Outcome::Failed);
    for _ in 0..7 {
        assert_eq!(scheduler.run_now("broken").await, Outcome::Failed);
    }
    assert_eq!(lab.bell(admin).await, ["Une tâche de fond échoue"]);
}

#[tokio::test]
async fn a_job_that_works_again_is_told_when_its_failures_were() {
    let lab = Lab::start().await;
    let admin = lab.user("admin@example.com", Role::Admin, None).await;
    let failures = Arc::new(AtomicU32::new(0));
    let left = failures.clone();
    let mut scheduler = Scheduler::new(lab.state.clone());
    scheduler.add("capricious", HOUR, move |_| {
        let fails =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        async move { if fails { Err(anyhow::anyhow!("on purpose")) } else { Ok(1) } }
    });
    // One failure less than is told.
    for (count, told) in [(4, 0), (5, 2)] {
        failures.store(count, Ordering::Relaxed);
        for _ in 0..count {
            assert_eq!(scheduler.run_now("capricious").await, Outcome::Failed);
        }
        for _ in 0..2 {
            assert_eq!(scheduler.run_now("capricious").await, Outcome::Done(1));
        }
        assert_eq!(lab.bell(admin).await.len(), told);
    }
    assert_eq!(lab.bell(admin).await[1], "Une tâche de fond fonctionne de nouveau");
    assert_eq!(
        lab.queued().await,
        ["admin-success equipe@livrestaka.example", "admin-system equipe@livrestaka.example"]
    );
}

#[tokio::test]
async fn the_scheduler_stops_when_told() {
    let lab = Lab::start().await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Scheduler::new(lab.state.clone()).run(stop.clone()));
    stop.cancel();
    running.await.unwrap();
}

async fn insert(
    lab: &Lab,
    sql: &'static str,
    id: Vec<u8>,
    user: uuid::Uuid,
    instant: chrono::DateTime<chrono::Utc>,
) {
    sqlx::query(sql)
        .bind(id)
        .bind(user)
        .bind(instant)
        .bind(instant)
        .bind(instant)
        .execute(lab.state.db.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn old_rows_go_and_the_others_stay() {
    let lab = Lab::start().await;
    let user = lab.user("zoe@example.com", Role::User, None).await;
    let now = lab.state.clock.now();
    let token = || hex::encode(new_id().as_bytes()).repeat(2).into_bytes();
    let id = || new_id().as_bytes().to_vec();
    for (days, count) in [(8, 3), (6, 1)] {
        for _ in 0..count {
            let expired = now - TimeDelta::days(days);
            insert(&lab, "INSERT INTO password_resets (token_hash, user_id, expires_at, created_at, used_at) VALUES (?, ?, ?, ?, ?)", token(), user, expired).await;
            insert(&lab, "INSERT INTO activation_tokens (token_hash, user_id, expires_at, created_at, used_at) VALUES (?, ?, ?, ?, ?)", token(), user, expired).await;
            insert(&lab, "INSERT INTO login_tickets (ticket_hash, user_id, token_version, expires_at, created_at) VALUES (?, ?, 0, ?, GREATEST(?, ?))", token(), user, expired).await;
        }
    }
    for (days, count) in [(91, 2), (89, 1)] {
        for _ in 0..count {
            let old = now - TimeDelta::days(days);
            insert(&lab, "INSERT INTO notifications (id, user_id, title, message, expires_at, created_at, updated_at) VALUES (?, ?, 't', 'm', ?, ?, ?)", id(), user, old).await;
            for status in ["SENT", "DEAD"] {
                sqlx::query(
                    "INSERT INTO email_outbox (id, dedupe_key, template, to_email, payload, status, sent_at, created_at, updated_at)
                     VALUES (?, ?, 'x', 'x@example.com', '{}', ?, ?, ?, ?)",
                )
                .bind(new_id())
                .bind(new_id().to_string())
                .bind(status)
                .bind(old)
                .bind(old)
                .bind(old)
                .execute(lab.state.db.pool())
                .await
                .unwrap();
            }
        }
    }
    for (days, status) in
        [(181, "PROCESSED"), (181, "FAILED"), (179, "PROCESSED"), (31, "PARKED"), (29, "PARKED")]
    {
        sqlx::query(
            "INSERT INTO stripe_events (id, type, status, payload, received_at) VALUES (?, 'x', ?, '{}', ?)",
        )
        .bind(format!("evt_{}", new_id().simple()))
        .bind(status)
        .bind(now - TimeDelta::days(days))
        .execute(lab.state.db.pool())
        .await
        .unwrap();
    }
    let scheduler = scheduler(&lab.state);
    let names = scheduler.jobs().iter().map(|job| job.name);
    let mut done = Vec::new();
    for name in names.filter(|name| name.starts_with("purge_")) {
        done.push((name, scheduler.run_now(name).await));
        assert_eq!(scheduler.run_now(name).await, Outcome::Done(0));
    }
    assert_eq!(
        done,
        [
            ("purge_password_resets", Outcome::Done(3)),
            ("purge_activation_tokens", Outcome::Done(3)),
            ("purge_login_tickets", Outcome::Done(4)),
            ("purge_sent_mails", Outcome::Done(2)),
            ("purge_notifications", Outcome::Done(2)),
            ("purge_parked_events", Outcome::Done(1)),
            ("purge_stripe_events", Outcome::Done(1)),
            ("purge_exports", Outcome::Done(0)),
        ]
    );
    for (table, left) in [
        ("password_resets", 1),
        ("activation_tokens", 1),
        ("email_outbox", 4),
        ("notifications", 1),
        ("stripe_events", 3),
    ] {
        assert_eq!(lab.count(table).await, left, "{table}");
    }
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_run() {
    let lab = Lab::start().await;
    let user = lab.user("zoe@example.com", Role::User, None).await;
    let old = lab.state.clock.now() - TimeDelta::days(100);
    for _ in 0..5 {
        let rows = vec!["(?, ?, 't', 'm', ?, ?, ?)"; 500].join(", ");
        let sql = format!(
            "INSERT INTO notifications (id, user_id, title, message, expires_at, created_at, updated_at) VALUES {rows}"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for _ in 0..500 {
            query = query.bind(new_id()).bind(user).bind(old).bind(old).bind(old);
        }
        query.execute(lab.state.db.pool()).await.unwrap();
    }
    assert_eq!(scheduler(&lab.state).run_now("purge_notifications").await, Outcome::Done(2500));
}
