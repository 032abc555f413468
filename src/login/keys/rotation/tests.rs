use super::*;
use crate::login::keys::source::Named;

fn secret(byte: u8) -> SecretKey {
    let key = Named::new("SAOMA_SECRET_KEY".to_owned(), [byte; 32]);
    SecretKey {
        key,
        old: Vec::new(),
    }
}

/// Keys that began to sign so many seconds ago; the newest first.
fn keys(ages: &[i64]) -> Vec<SealedKey> {
    let read_at = Utc::now();
    let key = |age: &i64| {
        let new = new_key(&secret(1), Duration::ZERO).unwrap();
        SealedKey {
            kid: new.kid,
            public_key: new.public_key,
            sealed_private: new.sealed_private,
            created_at: read_at - TimeDelta::seconds(age + 360),
            signs_from: read_at - TimeDelta::seconds(*age),
            read_at,
        }
    };
    ages.iter().map(key).collect()
}

fn words(ages: &[i64]) -> Vec<&'static str> {
    let word = |state: &KeyState| match state {
        KeyState::Next(_) => "next",
        KeyState::Signing => "signing",
        KeyState::Retiring(_) => "retiring",
        KeyState::Dead => "dead",
    };
    states(&keys(ages)).iter().map(word).collect()
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_key_is_published_before_it_signs_and_until_its_last_token_has_died() {
    assert_eq!(words(&[]), Vec::<&str>::new());
    assert_eq!(words(&[0]), ["signing"]);
    assert_eq!(words(&[-360, 9000]), ["next", "signing"]);
    assert_eq!(words(&[-1, 9000]), ["next", "signing"]);
    assert_eq!(words(&[0, 9360]), ["signing", "retiring"]);
    assert_eq!(words(&[599, 9999]), ["signing", "retiring"]);
    assert_eq!(words(&[600, 9999]), ["signing", "dead"]);
    assert_eq!(words(&[-9, 599, 9999]), ["next", "signing", "retiring"]);
}

#[test]
fn a_key_leaves_only_when_the_next_one_signs_long_enough() {
    let table = keys(&[100, 5000, 9000]);
    let KeyState::Retiring(until) = states(&table)[1] else {
        panic!("{:?}", states(&table));
    };
    assert_eq!(until, table[0].signs_from + PUBLISHED_AFTER);
    assert_eq!(states(&table)[2], KeyState::Dead);
}

#[test]
fn a_clock_that_was_set_back_leaves_nobody_without_a_key() {
    assert_eq!(words(&[-3600]), ["signing"]);
    assert_eq!(words(&[-3600, -1800]), ["next", "signing"]);
}

#[test]
fn a_key_is_followed_at_its_age_and_once_only() {
    let day = 24 * 3600;
    assert!(due(&keys(&[day - 1]), &secret(1), DAY).unwrap().is_none());
    let change = due(&keys(&[day]), &secret(1), DAY).unwrap().unwrap();
    assert_eq!(change.add.unwrap().published_before, PUBLISHED_BEFORE);
    assert!(change.delete.is_empty());
    let followed = keys(&[-360, day]);
    assert!(due(&followed, &secret(1), DAY).unwrap().is_none());
    let refusal = next(&followed, &secret(1)).unwrap_err().to_string();
    assert!(refusal.contains(&followed[0].kid), "{refusal}");
}

#[test]
fn the_first_key_signs_at_once() {
    let change = due(&[], &secret(1), DAY).unwrap().unwrap();
    assert_eq!(change.add.unwrap().published_before, Duration::ZERO);
}

#[test]
fn dead_keys_are_deleted_and_no_others() {
    let table = keys(&[-9, 700, 9000]);
    let change = due(&table, &secret(1), DAY).unwrap().unwrap();
    assert_eq!(change.delete, [table[2].kid.clone()]);
    assert!(change.add.is_none());
}

#[test]
fn at_once_all_others_are_gone() {
    let table = keys(&[-9, 300, 9000]);
    let change = at_once(&table, &secret(1)).unwrap();
    assert_eq!(change.delete.len(), 3);
    assert_eq!(change.add.unwrap().published_before, Duration::ZERO);
}

#[test]
fn whoever_has_another_secret_key_changes_nothing() {
    let table = keys(&[9000 * 24 * 3600]);
    assert!(due(&table, &secret(2), DAY).is_err());
    assert!(next(&table, &secret(2)).is_err());
    assert!(at_once(&table, &secret(2)).is_err());
}

#[test]
fn what_the_old_secret_key_sealed_is_sealed_anew() {
    let table = keys(&[-9, 300]);
    let both = SecretKey {
        old: vec![secret(1).key],
        ..secret(2)
    };
    let change = due(&table, &both, DAY).unwrap().unwrap();
    assert_eq!(change.seal_anew.len(), 2);
    for (kid, sealed) in &change.seal_anew {
        assert!(!secret(2).open(kid, sealed).unwrap().by_old);
        assert!(secret(1).open(kid, sealed).is_err());
    }
}
