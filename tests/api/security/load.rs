//! H6 and H7: many browsers, in small here; in full with `SAOMA_SOAK`.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::support::{Attempt, TestServer, soak};

/// These browsers read nothing while they wait, which in full takes minutes: no ping ends them,
/// and no code.
const NO_LIMIT: &[(&str, &str)] = &[
    ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0"),
    ("SAOMA_PING_INTERVAL", "1h"),
    ("SAOMA_SCAN_TTL", "1h"),
    ("SAOMA_ATTEMPT_TTL", "2h"),
];

async fn waiting(server: &Arc<TestServer>, number: usize) -> Vec<Attempt> {
    let mut all = Vec::with_capacity(number);
    // Beginning is not what is looked at here: a few at a time.
    for _ in 0..number.div_ceil(4) {
        let four = (0..4).map(async |_| server.pending().await);
        all.extend(join_all(four).await);
    }
    all
}

/// Four for all, six for what many ask for at once, one for new attempts, and one for looks,
/// whatever waits.
const MOST: i64 = 12;

/// What the server holds open to its database.
async fn connections(server: &TestServer) -> i64 {
    let own = "select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    server.database.count(own).await
}

#[actix_web::test]
async fn h6_logins_go_on_while_many_browsers_wait() {
    let server = TestServer::start_with(NO_LIMIT).await;
    let phone = server.registered_phone("Ming").await;
    let mut waiting = waiting(&server, soak::times(60, 5_000)).await;
    let before = connections(&server).await;
    for _ in 0..soak::times(4, 1_000) {
        let five = (0..5).map(async |_| server.signed_in(&phone).await);
        join_all(five).await;
    }
    server.look_again().await;
    let after = connections(&server).await;
    assert!(after <= MOST, "{before} before, {after} after");
    // Who waited heard nothing of the others, and hears of his own.
    for attempt in &mut waiting {
        attempt.browser.expect_silence().await;
    }
    let last = waiting.last_mut().unwrap();
    phone.scan(&last.scene).await.expect(200);
    last.browser.expect("scanned").await;
}

#[actix_web::test]
async fn h7_when_all_reconnect_at_once_all_read_their_state() {
    let server = TestServer::start_with(NO_LIMIT).await;
    let phone = server.registered_phone("Ming").await;
    let mut all = waiting(&server, soak::times(60, 5_000)).await;
    let nonce = phone.scan(&all[0].scene).await.expect(200)["nonce"].clone();
    all[0].browser.expect("scanned").await;
    for attempt in &mut all {
        attempt.browser.drop_socket();
    }
    // What happened while nobody listened.
    phone.confirm(&nonce).await.expect(200);
    let back = all
        .iter_mut()
        .map(async |attempt| attempt.browser.resume(&attempt.id).await["type"].clone());
    let states = join_all(back).await;
    assert_eq!(states[0], "login_succeeded");
    assert!(states[1..].iter().all(|state| state == "ticket"));
    // One look finds nothing that any of them has not been told.
    server.look_again().await;
    for attempt in &mut all {
        attempt.browser.expect_silence().await;
    }
    assert!(connections(&server).await <= MOST);
}

#[actix_web::test]
async fn logins_one_after_the_other_take_the_same_connections() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for _ in 0..12 {
        server.signed_in(&phone).await;
    }
    let confirms = "select count(*) from pg_stat_activity
        where datname = current_database() and query like '%login_succeeded%'";
    let all = connections(&server).await;
    assert!(all <= 7, "{all}, {}", server.database.count(confirms).await);
}
