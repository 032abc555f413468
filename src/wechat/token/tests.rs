use secrecy::ExposeSecret;

use super::*;

fn fresh(secret: &str) -> FreshToken {
    FreshToken {
        secret: SecretString::from(secret),
        expires_in: Duration::from_hours(2),
    }
}

fn text(token: Option<Token>) -> Option<String> {
    token.map(|token| token.secret.expose_secret().to_owned())
}

#[test]
fn a_token_is_renewed_300_seconds_before_its_end() {
    for (expires_in, kept) in [
        (7200, 6900),
        (400, 100),
        (345, 60),
        (300, 60),
        (120, 60),
        (10, 5),
        (0, 0),
        (u64::MAX, 6900),
    ] {
        assert_eq!(
            renewal_time(Duration::from_secs(expires_in)),
            Duration::from_secs(kept),
            "expires_in {expires_in}"
        );
    }
}

#[test]
fn a_token_counts_from_the_moment_it_was_asked_for() {
    let asked_at = now();
    let mut cache = Cache::default();
    assert!(cache.current(Held::is_good, asked_at).is_none());
    cache.record(Ok(fresh("one")), asked_at).unwrap();
    let due = asked_at + Duration::from_secs(6900);
    assert!(cache.current(Held::is_fresh, due).is_none());
    assert!(cache.current(Held::is_good, due).is_some());
    let last_second = asked_at + Duration::from_secs(7169);
    let over = last_second + Duration::from_secs(1);
    assert_eq!(
        text(cache.current(Held::is_good, last_second)),
        Some("one".to_owned())
    );
    assert!(cache.current(Held::is_good, over).is_none());
}

#[test]
fn only_the_token_that_was_refused_is_forgotten() {
    let now = now();
    let mut cache = Cache::default();
    let first = cache.record(Ok(fresh("one")), now).unwrap();
    cache.forget(&first);
    assert!(cache.current(Held::is_good, now).is_none());
    // WeChat may well hand out the same text again; it is a new token here.
    let second = cache.record(Ok(fresh("one")), now).unwrap();
    cache.forget(&first);
    assert!(cache.current(Held::is_good, now).is_some());
    cache.forget(&second);
    assert!(cache.current(Held::is_good, now).is_none());
}

#[test]
fn a_failure_is_shared_by_those_who_waited_and_by_nobody_after_them() {
    let now = now();
    let mut cache = Cache::default();
    let before = cache.failures;
    let failed = cache.record(
        Err(WechatError::Timeout {
            endpoint: Endpoint::StableToken,
            limit: Duration::from_secs(3),
        }),
        now,
    );
    assert!(failed.is_err());
    assert!(matches!(
        cache.since(before, Held::is_good, now),
        Some(Err(_))
    ));
    assert!(cache.since(cache.failures, Held::is_good, now).is_none());
}
