//! PL: codes that are shown again, each time to another browser.

use std::{collections::BTreeSet, time::Duration};

use saoma::{codes::PoolOrder, login::ids::AttemptId, simulator::FaultMode};
use serde_json::{Value, json};

use crate::support::{
    TestServer,
    pool::{POOL, add_bare_codes, another, rules},
    soak,
};

const CODE: &str = "/wxa/getwxacodeunlimit";

/// A lease of 120 s and a quarantine of 900 s, and a little more.
const CYCLE: Duration = Duration::from_secs(1021);
/// The same for a code whose attempt a phone has held for 60 s.
const HELD_CYCLE: Duration = Duration::from_secs(961);

#[actix_web::test]
async fn pl1_a_confirm_after_the_lease_went_to_another_browser_changes_nothing_there() {
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let mut old = server.pending().await;
    let nonce = phone.scan(&old.scene).await.expect(200)["nonce"].clone();
    let number = old.browser.expect("scanned").await["number"].clone();
    server.advance(CYCLE).await;

    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    assert_eq!(ticket["source"], "pool");
    assert_eq!(browser.scene(&ticket).await, old.scene);
    let late = phone.confirm_with(&nonce, &number).await;
    late.expect_problem(410, "attempt_expired");
    phone
        .refuse(&nonce)
        .await
        .expect_problem(410, "attempt_expired");
    browser.expect_silence().await;
    let taken = browser.redeem(&ticket["attempt"]).await;
    taken.expect_problem(409, "not_confirmed");
    // Nor has the browser before anything of it.
    let taken = old.browser.redeem(&old.id).await;
    taken.expect_problem(410, "attempt_expired");
}

#[actix_web::test]
async fn pl2_a_code_whose_socket_dropped_goes_to_nobody_else_and_its_browser_resumes() {
    let server = TestServer::start_with_pool(2).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt.browser.drop_socket();
    server.advance(Duration::from_secs(5)).await;
    let mut sources = Vec::new();
    for _ in 0..3 {
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        assert_ne!(browser.scene(&ticket).await, attempt.scene);
        sources.push(ticket["source"].clone());
    }
    assert_eq!(sources, ["pool", "live", "live"]);
    let ticket = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&ticket["type"], &ticket["version"]),
        (&"ticket".into(), &1.into())
    );
    assert_eq!(attempt.browser.scene(&ticket).await, attempt.scene);
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["attempt"], attempt.id);
}

#[actix_web::test]
async fn readiness_tells_what_is_left_of_the_pool() {
    let server = TestServer::start_with_pool(2).await;
    let mut browser = server.browser().await;
    browser.open_socket().await;
    // It counts at its start, and every 15 s from then on.
    let other = server.beside(POOL).await;
    let mut watcher = other.browser().await;
    let left = loop {
        let ready = watcher.get("/readyz").await.expect(200);
        if ready["codes"]["pool"] != Value::Null {
            break ready["codes"]["pool"].clone();
        }
    };
    assert_eq!(left, json!({"free": 1, "size": 2}));
}

#[actix_web::test]
async fn pl4_the_last_free_code_goes_to_one_of_two_servers_and_the_other_falls_back() {
    let server = TestServer::start_with_pool(1).await;
    let other = server.beside(POOL).await;
    let (mut one, mut two) = (server.browser().await, other.browser().await);
    for _ in 0..5 {
        let begin = || json!({});
        let (one, two) = tokio::join!(
            one.post("/api/login/attempts", begin()),
            two.post("/api/login/attempts", begin()),
        );
        let (one, two) = (one.expect(201), two.expect(201));
        assert_ne!(one["code_url"], two["code_url"]);
        let sources = [&one, &two].map(|ticket| ticket["source"].as_str().unwrap());
        assert_eq!(BTreeSet::from(sources), BTreeSet::from(["live", "pool"]));
        let both = [&server.store, &other.store];
        server.database.advance(&both, CYCLE).await;
    }
    server.fault(CODE, FaultMode::Error);
    one.post("/api/login/attempts", json!({})).await.expect(201);
    let refused = two.post("/api/login/attempts", json!({})).await;
    let problem = refused.expect_problem(503, "codes_unavailable");
    assert!(problem["retry_in"].is_u64(), "{problem}");
}

#[actix_web::test]
async fn pl5_a_late_scan_of_an_old_picture_gets_nowhere_without_the_number_shown_now() {
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let old = server.pending().await;
    // Before anybody shows it again, it is over.
    server.advance(Duration::from_secs(600)).await;
    let resting = phone.scan(&old.scene).await;
    resting.expect_problem(410, "attempt_expired");
    server.advance(CYCLE).await;

    let mut now = server.pending().await;
    assert_eq!(now.scene, old.scene);
    let scanned = phone.scan(&old.scene).await.expect(200);
    assert_eq!(
        (&scanned["attempt"], &scanned["check"]),
        (&now.id, &"number".into())
    );
    let warnings = scanned["warnings"].as_array().unwrap();
    assert!(warnings.contains(&"reusable_code".into()), "{scanned}");
    // The code is not old: its lease is new.
    assert!(!warnings.contains(&"code_old".into()), "{scanned}");
    let number = now.browser.expect("scanned").await["number"].clone();
    let without = phone.confirm(&scanned["nonce"]).await;
    assert_eq!(without.expect_problem(422, "number_wrong")["tries_left"], 1);
    let guess = phone
        .confirm_with(&scanned["nonce"], &another(&number))
        .await;
    assert_eq!(guess.expect_problem(422, "number_wrong")["tries_left"], 0);
    let end = now.browser.expect("failed").await;
    assert_eq!(end["reason"], "number_wrong");
    let again = phone.confirm_with(&scanned["nonce"], &number).await;
    again.expect_problem(410, "attempt_failed");
    // The one try is gone, the code rests, and the page goes on with another.
    now.browser.refresh(&end["version"], true).await;
    assert_eq!(now.browser.expect("ticket").await["source"], "live");
}

#[actix_web::test]
async fn pl5_a_late_scan_asks_for_the_number_even_where_the_owner_asks_for_nothing_since() {
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let old = server.pending().await;
    server.advance(CYCLE).await;
    let mut now = server.pending().await;
    let unasked = server.beside(&[("SAOMA_CHECK", "none")]).await;
    let mut phone = phone.copy();
    phone.url.clone_from(&unasked.url);
    let scanned = phone.scan(&old.scene).await.expect(200);
    assert_eq!(
        (&scanned["attempt"], &scanned["check"]),
        (&now.id, &"number".into())
    );
    let refused = phone.confirm(&scanned["nonce"]).await;
    refused.expect_problem(422, "number_wrong");
    server.look_again().await;
    let number = now.browser.expect("scanned").await["number"].clone();
    phone
        .confirm_with(&scanned["nonce"], &number)
        .await
        .expect(200);
}

#[actix_web::test]
async fn pl6_one_address_has_its_share_of_the_pool_and_no_more() {
    let attempts = soak::times(60, 1000);
    let options = [
        ("SAOMA_CODES", "pool"),
        ("SAOMA_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("SAOMA_MAX_POOL_PER_ADDRESS", "10"),
    ];
    let server = TestServer::start_with(&options).await;
    server.fill_pool(30).await;
    let mut browser = server.browser().await;
    let mut of_pool = [0, 0];
    for number in 0..attempts {
        let one_network = format!("2001:db8:1:2::{number:x}");
        for (count, address) in of_pool.iter_mut().zip(["203.0.113.77", &one_network]) {
            *count += usize::from(browser.source_from(address).await == "pool");
        }
    }
    assert_eq!(of_pool, [10, 10]);
    // Others are still served, also their neighbours.
    for address in ["203.0.113.78", "2001:db8:1:3::1", "198.51.100.1"] {
        assert_eq!(browser.source_from(address).await, "pool", "{address}");
    }
    assert_eq!(free(&server).await, 30 - 23);
}

async fn free(server: &TestServer) -> i64 {
    let mut rules = rules(PoolOrder::Random);
    let opens = server.opens();
    rules.opens = &opens;
    server.store.pool_state(&rules).await.unwrap().free
}

#[actix_web::test]
async fn pl10_the_next_code_cannot_be_told_from_those_before() {
    let server = TestServer::start().await;
    add_bare_codes(&server.store, 200).await;
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let mut numbers = Vec::new();
        let mut scenes = BTreeSet::new();
        for _ in 0..100 {
            let rules = rules(PoolOrder::Random);
            let lease = server.store.lease_code(AttemptId::random(), &rules).await;
            let lease = lease.unwrap().unwrap();
            numbers.push(lease.number);
            scenes.insert(lease.scene);
        }
        assert_eq!(scenes.len(), 100);
        // Of 100 draws about one is the number after the one before; ten are one chance in 10^7.
        let followed = numbers.windows(2).filter(|pair| pair[0] + 1 == pair[1]);
        assert!(followed.count() < 10, "{numbers:?}");
        rounds.push(numbers);
        server.advance(CYCLE).await;
    }
    let same = rounds[0].iter().zip(&rounds[1]).filter(|(a, b)| a == b);
    assert!(same.count() < 10, "{rounds:?}");
}

#[actix_web::test]
async fn the_lowest_free_code_is_shown_where_the_owner_wants_it_so() {
    let options = [("SAOMA_CODES", "pool"), ("SAOMA_POOL_ORDER", "lowest")];
    let server = TestServer::start_with(&options).await;
    server.fill_pool(5).await;
    for expected in 0..3 {
        server.pending().await;
        let leased = "select max(number) from codes where epoch = 1";
        assert_eq!(server.database.text(leased).await, expected.to_string());
    }
    server.advance(CYCLE).await;
    server.pending().await;
    let again = "select number from codes where epoch = 2";
    assert_eq!(server.database.text(again).await, "0");
}

#[actix_web::test]
async fn however_a_login_ended_its_code_rests_before_the_next() {
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    for end in ["redeemed", "cancelled", "refused", "left"] {
        let mut attempt = server.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        let number = attempt.browser.expect("scanned").await["number"].clone();
        let nonce = &scanned["nonce"];
        match end {
            "redeemed" => {
                phone.confirm_with(nonce, &number).await.expect(200);
                attempt.browser.expect("login_succeeded").await;
                attempt.browser.redeem(&attempt.id).await.expect(200);
            }
            "cancelled" => attempt.browser.send(json!({"type": "cancel"})).await,
            "refused" => _ = phone.refuse(nonce).await.expect(204),
            _ => {}
        }
        for wait in [0, 60, 600, 239] {
            server.advance(Duration::from_secs(wait)).await;
            assert_eq!(free(&server).await, 0, "{end}");
        }
        let mut browser = server.browser().await;
        assert_eq!(browser.open_socket().await["source"], "live", "{end}");
        server.advance(HELD_CYCLE).await;
        assert_eq!(free(&server).await, 1, "{end}");
    }
}

#[actix_web::test]
async fn a_renewal_keeps_the_code_before_it_from_everybody_else_for_as_long_as_it_is_good() {
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    server.advance(Duration::from_secs(110)).await;
    attempt.browser.refresh(&json!(1), true).await;
    assert_eq!(attempt.browser.expect("ticket").await["source"], "live");
    server.advance(Duration::from_secs(119)).await;
    phone.scan(&attempt.scene).await.expect(200);
    // It was good until 230 s, and a phone holds its attempt until 289 s.
    server.advance(Duration::from_secs(60 + 890)).await;
    assert_eq!(free(&server).await, 0);
    server.advance(Duration::from_secs(12)).await;
    assert_eq!(free(&server).await, 1);
}

#[actix_web::test]
async fn the_check_follows_the_code_that_was_scanned_and_not_the_one_shown_last() {
    // A pool of one: the second code of each attempt is of the other source.
    let server = TestServer::start_with_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt.browser.refresh(&json!(1), true).await;
    let newer = attempt.browser.expect("ticket").await;
    assert_eq!(newer["source"], "live");
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["check"], "number");
    let warned = scanned["warnings"].as_array().unwrap();
    assert!(warned.contains(&"reusable_code".into()));
    let missing = phone.confirm(&scanned["nonce"]).await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 1);
}

#[actix_web::test]
async fn a_rescan_by_a_code_of_the_pool_asks_for_the_number_and_leaves_one_try() {
    let server = TestServer::start().await;
    server.fill_pool(1).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    // WeChat is away at the renewal, so the page goes on with a code of the pool.
    server.fault(CODE, FaultMode::Error);
    attempt.browser.refresh(&json!(1), true).await;
    let newer = attempt.browser.expect("ticket").await;
    assert_eq!(
        (&newer["source"], &newer["attempt"]),
        (&"pool".into(), &attempt.id)
    );
    let of_pool = attempt.browser.scene(&newer).await;

    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["check"], "none", "the single-use code was scanned");
    assert_eq!(scanned["warnings"], json!([]));
    attempt.browser.expect("scanned").await;
    let again = phone.scan(&of_pool).await.expect(200);
    assert_eq!(
        (&again["attempt"], &again["check"]),
        (&attempt.id, &"number".into())
    );
    assert_eq!(again["warnings"], json!(["reusable_code"]));
    attempt.browser.expect("scanned").await;
    let missing = phone.confirm(&again["nonce"]).await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 1);
    // And back: nothing is taken back.
    let back = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(back["check"], "number");
    let missing = phone.confirm(&back["nonce"]).await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 1);
}

#[actix_web::test]
async fn where_nobody_is_asked_for_a_number_no_code_of_the_pool_is_shown() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "none")]).await;
    server.fill_pool(3).await;
    server.fault(CODE, FaultMode::Error);
    let mut browser = server.browser().await;
    let refused = browser.post("/api/login/attempts", json!({})).await;
    refused.expect_problem(503, "codes_unavailable");
    assert_eq!(free(&server).await, 3);
}

#[actix_web::test]
async fn codes_that_open_something_else_are_never_shown() {
    let server = TestServer::start_with(POOL).await;
    add_bare_codes(&server.store, 3).await;
    let mut browser = server.browser().await;
    assert_eq!(browser.open_socket().await["source"], "live");
}
