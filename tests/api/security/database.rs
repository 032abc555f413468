//! G and K4: a database that is cut off, busy, locked or read-only, or that nobody tidies.

use std::{sync::Arc, time::Duration};

use actix_web::rt::spawn;
use futures_util::future::join_all;
use saoma::login::tidy;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    concurrency::{hold, until_waiting},
    support::{Answer, Browser, Proxy, TestDatabase, TestServer, Wire, site::until},
};

/// A server that reaches its database through a wire.
async fn wired() -> (Arc<TestServer>, Proxy) {
    let database = TestDatabase::migrated().await;
    let options = &database.options;
    let socket = format!(".s.PGSQL.{}", options.get_port());
    let proxy = Proxy::to_socket(options.get_socket().unwrap().join(socket)).await;
    let name = options.get_database().unwrap();
    let url = format!(
        "postgres://saoma@127.0.0.1:{}/{name}?sslmode=disable",
        proxy.port
    );
    let server = TestServer::start_on(database, &[("DATABASE_URL", &url)]).await;
    (server, proxy)
}

/// Runs a request whose change is committed and whose answer never comes: the wire swallows it
/// and is cut.
async fn cut_after_commit<T: 'static>(
    server: &Arc<TestServer>,
    proxy: &Proxy,
    committed: &str,
    request: impl Future<Output = T> + 'static,
) -> T {
    // The change waits for the row, so that the wire turns mute at the right moment.
    let holder = hold(server, "select from login_attempts for update").await;
    let answer = spawn(request);
    until_waiting(server, 1).await;
    proxy.set(Wire::Mute);
    drop(holder);
    until(async || server.database.text(committed).await == "true").await;
    proxy.set(Wire::Cut);
    let answer = answer.await.unwrap();
    proxy.set(Wire::Good);
    answer
}

/// Asks as a client does that was told to ask again: the cut may have met more connections than
/// the one, and a request each finds those that were used a moment before.
async fn asked_again(mut ask: impl AsyncFnMut() -> Answer) -> Answer {
    for _ in 0..4 {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
    }
    ask().await
}

#[actix_web::test]
async fn g2_a_confirm_whose_commit_was_not_heard_of_is_asked_again_and_counts_once() {
    let (server, proxy) = wired().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let (asking, nonce) = (phone.clone(), attempt.nonce.clone());
    let confirmed = "select state = 'confirmed' from login_attempts";
    let confirm = async move { asking.confirm(&nonce).await };
    let unknown = cut_after_commit(&server, &proxy, confirmed, confirm).await;
    let problem = unknown.expect_problem(503, "unavailable");
    assert!(problem["retry_in"].as_u64() >= Some(1), "{problem}");

    let again = asked_again(async || phone.confirm(&attempt.nonce).await).await;
    assert_eq!(again.expect(200)["result"], "login_succeeded");
    server.look_again().await;
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);
    attempt.browser.expect_silence().await;
    let confirms = "select count(*) from audit_log where event = 'confirm'";
    assert_eq!(server.database.count(confirms).await, 1);
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn g2_a_redeem_whose_commit_was_not_heard_of_is_asked_again_and_gives_one_session() {
    let (server, proxy) = wired().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let (mut tab, id) = (attempt.browser.tab(), attempt.id.clone());
    let redeemed = "select state = 'redeemed' from login_attempts";
    let redeem = async move { tab.redeem(&id).await };
    let unknown = cut_after_commit(&server, &proxy, redeemed, redeem).await;
    unknown.expect_problem(503, "unavailable");
    assert!(unknown.cookies().is_empty());

    let again = asked_again(async || attempt.browser.redeem(&attempt.id).await).await;
    again.expect(200);
    attempt.browser.get("/api/me").await.expect(200);
    let sessions = "select count(*) from sessions";
    assert_eq!(server.database.count(sessions).await, 1);
}

#[actix_web::test]
async fn g3_what_another_instance_did_meanwhile_is_read_when_the_database_is_back() {
    let (server, proxy) = wired().await;
    let other = server.beside(&[]).await;
    let phone = other.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    proxy.set(Wire::Cut);
    let began = Instant::now();
    let refused = attempt.browser.post("/api/login/attempts", json!({})).await;
    refused.expect_problem(503, "unavailable");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(server.recheck.once().await.is_err());
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect_silence().await;
    proxy.set(Wire::Good);
    server.look_again().await;
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn g5_with_all_connections_taken_requests_fail_soon_and_the_instance_stays_ready() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let holder = hold(&server, "lock table login_attempts").await;
    let began = Instant::now();
    let ask = |_| {
        let (phone, id) = (phone.clone(), attempt.id.clone());
        spawn(async move { phone.attempt(&id).await })
    };
    let asked: Vec<_> = (0..500).map(ask).collect();
    // All four of the pool.
    until_waiting(&server, 4).await;
    for url in [&server.url, &server.admin_url] {
        let mut client = Browser::new(url);
        client.get("/healthz").await.expect(200);
        client.get("/readyz").await.expect(200);
    }
    for answer in join_all(asked).await {
        answer.unwrap().expect_problem(503, "unavailable");
    }
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(holder);
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
}

#[actix_web::test]
async fn g6_a_row_that_somebody_else_holds_fails_a_confirm_in_a_second_and_it_may_come_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let holder = hold(&server, "select from login_attempts for update").await;
    let began = Instant::now();
    let refused = phone.confirm(&attempt.nonce).await;
    let problem = refused.expect_problem(503, "unavailable");
    assert!(problem["retry_in"].as_u64() >= Some(1), "{problem}");
    assert!(began.elapsed() < Duration::from_secs(5));
    // Whoever waited waits no more.
    let waits = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    assert_eq!(server.database.count(waits).await, 0);
    // Others are not held up.
    server.signed_in(&server.registered_phone("Li").await).await;
    drop(holder);
    until(async || phone.confirm(&attempt.nonce).await.status == 200).await;
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

/// Makes the database read-only for all connections, as one that follows another, or not any more.
async fn set_read_only(server: &TestServer, read_only: bool) {
    let name = server.database.options.get_database().unwrap();
    let sql = format!("alter database {name} set default_transaction_read_only = {read_only}");
    // Whoever undoes it has to write.
    let sql = format!("begin; set transaction read write; {sql}; commit");
    server.database.execute(&sql).await;
    server.database.set_away(true).await;
    server.database.set_away(false).await;
}

#[actix_web::test]
async fn g7_a_read_only_database_logs_nobody_in_and_readiness_says_so() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut signed_in = server.signed_in(&phone).await;
    let mut confirmed = server.confirmed(&phone).await;
    let mut attempt = server.scanned(&phone).await;
    set_read_only(&server, true).await;

    let refused = phone.confirm(&attempt.nonce).await;
    refused.expect_problem(503, "unavailable");
    let refused = confirmed.browser.redeem(&confirmed.id).await;
    refused.expect_problem(503, "unavailable");
    assert!(refused.cookies().is_empty());
    let refused = attempt.browser.post("/api/login/attempts", json!({})).await;
    refused.expect_problem(503, "unavailable");
    let ready = attempt.browser.get("/readyz").await;
    assert_eq!(ready.expect(503)["reasons"], json!(["database_read_only"]));
    server.look_again().await;
    attempt.browser.expect_silence().await;

    set_read_only(&server, false).await;
    attempt.browser.get("/readyz").await.expect(200);
    confirmed.browser.redeem(&confirmed.id).await.expect(200);
    phone.confirm(&attempt.nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    signed_in.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn k4_without_a_sweep_for_hours_all_that_is_over_is_over_and_is_deleted_later() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let pending = server.pending().await;
    let scanned = server.scanned(&phone).await;
    let mut confirmed = server.confirmed(&phone).await;
    let mut never_used = server.confirmed(&phone).await;
    never_used.browser.redeem(&never_used.id).await.expect(200);
    let backlog = "insert into login_attempts
        select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),
            'nonce_hash', null))).*
        from login_attempts a, generate_series(1, 2500) where a.state = 'pending'";
    server.database.execute(backlog).await;
    // Nobody looks, nobody deletes.
    server
        .database
        .advance(&[&server.store], Duration::from_secs(3 * 3600))
        .await;

    let refused = phone.scan(&pending.scene).await;
    refused.expect_problem(410, "attempt_expired");
    let refused = phone.confirm(&scanned.nonce).await;
    refused.expect_problem(410, "attempt_expired");
    let refused = confirmed.browser.redeem(&confirmed.id).await;
    refused.expect_problem(410, "attempt_expired");
    let refused = never_used.browser.get("/api/me").await;
    refused.expect_problem(401, "session_missing");

    let mut batches = 1;
    while server.store.delete_old().await.unwrap() {
        batches += 1;
    }
    assert!(batches >= 3, "{batches}");
    tidy::delete_ended(&server.store).await.unwrap();
    for table in ["login_attempts", "sessions"] {
        let left = format!("select count(*) from {table}");
        assert_eq!(server.database.count(&left).await, 0, "{table}");
    }
    server.signed_in(&phone).await;
}
