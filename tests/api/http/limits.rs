//! Rate limits, with the hands of the clock in the test's hand.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use staka::clock::{Clock, ManualClock};
use staka::http::limits::{Budget, LimitKey, RateLimitSettings, RateLimits};
use uuid::Uuid;

use super::demo::{Demo, Options};

fn clock() -> (Clock, ManualClock) {
    Clock::manual(DateTime::from_timestamp(1_700_000_000, 0).unwrap())
}

fn limits() -> (RateLimits, ManualClock) {
    let (clock, hand) = clock();
    (RateLimits::new(&RateLimitSettings::default(), clock), hand)
}

async fn demo() -> (Demo, ManualClock) {
    let (clock, hand) = clock();
    (Demo::with(Options { limits: RateLimitSettings::default(), clock, ..Options::default() }).await, hand)
}

#[tokio::test]
async fn visitors_have_six_hundred_requests_per_quarter_of_an_hour() {
    let (demo, hand) = demo().await;
    let ask = || demo.get("/plain").header("x-forwarded-for", "203.0.113.9");
    for left in (0..600).rev() {
        let answer = ask().send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["ratelimit-limit"], "600");
        assert_eq!(answer.headers()["ratelimit-remaining"], left.to_string());
        assert_eq!(answer.headers()["ratelimit-reset"], "900");
    }
    hand.advance(TimeDelta::seconds(60));
    let refused = ask().send().await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "840");
    assert_eq!(refused.headers()["ratelimit-remaining"], "0");
    assert_eq!(refused.json::<Value>().await.unwrap()["retryAfter"], 840);
    demo.refused(ask(), 429, "TOO_MANY_REQUESTS").await;
    // Another address and another user are not concerned, and the webhook never is.
    demo.json(demo.get("/plain").header("x-forwarded-for", "203.0.113.10")).await;
    let signed = ask().bearer_auth(Uuid::from_u128(1)).send().await.unwrap();
    assert_eq!(signed.headers()["ratelimit-limit"], "2000");
    for path in ["/auth/me", "/api/auth/me", "/dev/mailbox"] {
        demo.json(demo.get(path).header("x-forwarded-for", "203.0.113.9")).await;
    }
    demo.json(demo.post("/payments/webhook").header("x-forwarded-for", "203.0.113.9")).await;
    hand.advance(TimeDelta::seconds(840));
    demo.json(ask()).await;
}

#[tokio::test]
async fn a_switched_off_limit_says_nothing() {
    let demo = Demo::start().await;
    for _ in 0..10 {
        assert!(!demo.get("/plain").send().await.unwrap().headers().contains_key("ratelimit-limit"));
    }
}

#[test]
fn only_failures_count_where_only_failures_should() {
    let (limits, hand) = limits();
    let key = || LimitKey::ip_account("203.0.113.9".parse().unwrap(), " Auteur@Example.com ");
    for _ in 0..20 {
        drop(limits.attempt(Budget::Login, key()).unwrap());
    }
    for _ in 0..5 {
        limits.attempt(Budget::Login, key()).unwrap().failed();
    }
    let same = LimitKey::ip_account("203.0.113.9".parse().unwrap(), "auteur@example.com");
    assert_eq!(limits.peek(Budget::Login, &same).unwrap_err().retry_after, 3600);
    assert!(limits.attempt(Budget::Login, same).is_err());
    let elsewhere = LimitKey::ip_account("203.0.113.10".parse().unwrap(), "auteur@example.com");
    assert!(limits.peek(Budget::Login, &elsewhere).is_ok());
    hand.advance(TimeDelta::hours(1));
    assert_eq!(limits.peek(Budget::Login, &key()).unwrap().remaining, 5);
}

#[test]
fn attempts_at_the_same_time_cannot_outnumber_the_budget() {
    let (limits, _) = limits();
    let key = LimitKey::account("a@b.fr");
    let held: Vec<_> = (0..5).map(|_| limits.attempt(Budget::Login, key.clone()).unwrap()).collect();
    assert!(limits.attempt(Budget::Login, key.clone()).is_err());
    drop(held);
    assert!(limits.attempt(Budget::Login, key).is_ok());
}

#[test]
fn one_failure_of_a_window_says_that_it_spent_the_budget() {
    let (limits, hand) = limits();
    let key = LimitKey::account("a@b.fr");
    for _ in 0..2 {
        let open = || limits.attempt(Budget::Login, key.clone()).unwrap();
        let mut held: Vec<_> = (0..5).map(|_| open()).collect();
        drop(held.pop());
        let mut last: Vec<_> = held.into_iter().map(|attempt| attempt.failed()).collect();
        last.push(open().failed());
        assert_eq!(last, [false, false, false, false, true]);
        hand.advance(TimeDelta::hours(1));
    }
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits_for_an_outcome() {
    let (limits, _) = limits();
    let key = LimitKey::account("a@b.fr");
    let mut held: Vec<_> = (0..5).map(|_| limits.attempt(Budget::Login, key.clone()).unwrap()).collect();
    let waiting = limits.attempt_in_turn(Budget::Login, key.clone());
    let settling = async { held.pop().map(drop) };
    let (turn, _) = tokio::join!(waiting, settling);
    held.push(turn.unwrap());
    for attempt in held {
        attempt.failed();
    }
    let refused = limits.attempt_in_turn(Budget::Login, key).await;
    assert!(!refused.err().unwrap().pending);
}

#[test]
fn an_ipv6_network_is_one_client() {
    let (limits, _) = limits();
    for host in 0..3 {
        limits
            .record_failure(Budget::Export, &LimitKey::ip(format!("2001:db8:0:1::{host}").parse().unwrap()));
    }
    assert!(limits.peek(Budget::Export, &LimitKey::ip("2001:db8:0:1:ffff::9".parse().unwrap())).is_err());
    assert!(limits.peek(Budget::Export, &LimitKey::ip("2001:db8:0:2::1".parse().unwrap())).is_ok());
}

#[test]
fn a_clock_set_back_locks_nobody_out() {
    let (limits, hand) = limits();
    let key = LimitKey::user(Uuid::from_u128(7));
    (0..3).for_each(|_| limits.record_failure(Budget::Export, &key));
    hand.advance(TimeDelta::days(-400));
    assert!(limits.check(Budget::Export, &key).is_ok());
}

#[tokio::test]
async fn exempt_is_what_was_said_and_nothing_below_it() {
    let (demo, _) = demo().await;
    for path in ["/payments/webhook/x", "/docs", "/openapi.json", "/healthy", "/health/other"] {
        let answer = demo.get(path).send().await.unwrap();
        assert!(answer.headers().contains_key("ratelimit-limit"), "{path}");
    }
    for path in ["/payments/webhook", "/health", "/api/health/live", "/metrics", "/auth/me", "/public/health"]
    {
        let answer = demo.get(path).send().await.unwrap();
        assert!(!answer.headers().contains_key("ratelimit-limit"), "{path}");
    }
}

#[tokio::test]
async fn cached_lists_spend_nothing() {
    let (demo, _) = demo().await;
    let left = async |path| {
        let answer = demo.get(path).send().await.unwrap();
        answer.headers()["ratelimit-remaining"].to_str().unwrap().to_owned()
    };
    assert_eq!(left("/plain").await, "599");
    for _ in 0..3 {
        assert_eq!(left("/list").await, "599");
    }
    assert_eq!(left("/plain").await, "598");
}

#[test]
fn a_full_table_forgets_whom_it_has_not_seen_for_long_and_never_who_has_spent() {
    let (clock, hand) = clock();
    let mut settings = RateLimitSettings::default();
    settings.max_keys = 8;
    let limits = RateLimits::new(&settings, clock);
    let key = |n: u32| LimitKey::user(Uuid::from_u128(n.into()));
    let left = |n: u32| limits.peek(Budget::Export, &key(n)).map(|quota| quota.remaining);
    (0..3).for_each(|_| limits.record_failure(Budget::Export, &key(0)));
    for n in 1..8 {
        limits.record_failure(Budget::Export, &key(n));
    }
    limits.record_failure(Budget::Export, &key(1));
    limits.record_failure(Budget::Export, &key(8));
    assert!(left(0).is_err(), "spent");
    assert_eq!([1, 2, 3, 4, 8].map(|n| left(n).unwrap()), [1, 3, 3, 2, 2]);
    // Whoever floods the table frees nobody.
    for n in 100..1000 {
        limits.record_failure(Budget::Export, &key(n));
    }
    assert!(left(0).is_err());
    // Nor when all of it is spent, and then nothing grows.
    for n in 100..1000 {
        (0..3).for_each(|_| limits.record_failure(Budget::Export, &key(n)));
    }
    assert!(left(0).is_err());
    assert_eq!((100..1000).filter(|n| left(*n).is_err()).count(), 7);
    hand.advance(TimeDelta::days(1));
    limits.record_failure(Budget::Export, &key(5));
    assert_eq!(left(5).unwrap(), 2);
}
