use uuid::Uuid;

use super::*;

fn limits(sockets_per_address: u32, starts_per_address: u32) -> Limits {
    Limits::new(
        settings::Limits {
            sockets_per_address,
            starts_per_address,
            ..settings::Limits::OFF
        },
        None,
    )
}

#[test]
fn one_address_may_open_so_many_sockets_and_no_more_until_one_closes() {
    let limits = limits(2, 0);
    let address = IpAddr::from([192, 0, 2, 1]);
    let first = limits.socket(address).unwrap();
    let _second = limits.socket(address).unwrap();
    assert!(limits.socket(address).is_err());
    assert!(limits.socket(IpAddr::from([192, 0, 2, 2])).is_ok());
    drop(first);
    assert!(limits.socket(address).is_ok());
}

#[test]
fn an_ipv6_subscriber_is_counted_by_its_64_bits() {
    let limits = limits(1, 0);
    let _first = limits.socket("2001:db8::1".parse().unwrap()).unwrap();
    assert!(limits.socket("2001:db8::ffff".parse().unwrap()).is_err());
    assert!(limits.socket("2001:db8:0:1::1".parse().unwrap()).is_ok());
}

#[actix_web::test]
async fn codes_are_limited_to_a_burst_and_the_wait_is_told() {
    let limits = limits(0, 120);
    let address = IpAddr::from([192, 0, 2, 1]);
    for _ in 0..BURST {
        limits.start(address).await.unwrap();
    }
    let refused = limits.start(address).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry_in()), ("slow_down", Some(1)));
}

#[actix_web::test]
async fn zero_switches_a_limit_off() {
    let limits = limits(0, 0);
    let address = IpAddr::from([192, 0, 2, 1]);
    assert!(limits.socket(address).unwrap().is_none());
    for _ in 0..1000 {
        limits.start(address).await.unwrap();
    }
}

fn phone(person: &str) -> PhoneSession {
    PhoneSession {
        id: Uuid::new_v4(),
        identity: Identity {
            app_id: "app".to_owned(),
            openid: person.to_owned(),
        },
        unionid: None,
        user: None,
        blocked: false,
    }
}

#[actix_web::test]
async fn a_phone_has_half_of_what_its_person_has_and_another_person_all_of_it() {
    let limits = Limits::new(
        settings::Limits {
            scans_per_user: 8,
            ..settings::Limits::OFF
        },
        None,
    );
    let (one, two) = (phone("a"), phone("a"));
    for (phone, may) in [(&one, 4), (&two, 4), (&phone("a"), 0), (&phone("b"), 4)] {
        let mut taken = 0;
        for _ in 0..10 {
            taken += u32::from(limits.scan(phone).await.is_ok());
        }
        assert_eq!(taken, may);
    }
    assert!(limits.confirm(&one).await.is_ok());
}

#[actix_web::test]
async fn whoever_is_refused_for_himself_takes_nothing_from_the_others() {
    let limits = Limits::new(
        settings::Limits {
            starts_per_address: 2,
            per_second: 3,
            ..settings::Limits::OFF
        },
        None,
    );
    let greedy = IpAddr::from([192, 0, 2, 1]);
    let mut taken = 0;
    for _ in 0..100 {
        taken += u32::from(limits.start(greedy).await.is_ok());
    }
    assert_eq!(taken, 2);
    let others = [2, 4].map(|last| IpAddr::from([192, 0, 2, last]));
    limits.start(others[0]).await.unwrap();
    // All together have had their share of this second.
    let refused = limits.start(others[1]).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry_in()), ("slow_down", Some(1)));
    // Of one kind only.
    limits.redeem(greedy).await.unwrap();
}
