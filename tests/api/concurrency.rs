//! Two who act at once: exactly one of them wins, and all hear the same.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{
    TestServer,
    phone::{CAMERA, FORWARDED},
};

/// Keeps a lock until it is dropped, so that requests wait behind it in the order of their arrival.
pub async fn hold(server: &TestServer, lock: &str) -> PgConnection {
    let options = &server.database.options;
    let mut holder = PgConnection::connect_with(options).await.unwrap();
    let sql = AssertSqlSafe(format!("begin; {lock}"));
    sqlx::raw_sql(sql).execute(&mut holder).await.unwrap();
    holder
}

/// Waits until so many requests wait for a lock.
pub async fn until_waiting(server: &TestServer, number: i64) {
    let sql = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..200 {
        if server.database.count(sql).await >= number {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("fewer than {number} requests wait for the lock");
}

#[actix_web::test]
async fn a_renewal_that_crosses_a_scan_loses_neither() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    for _ in 0..15 {
        let mut attempt = server.pending().await;
        attempt.browser.refresh(&json!(1), true).await;
        phone.scan(&attempt.scene).await.expect(200);
        let mut versions = vec![1];
        loop {
            let message = attempt.browser.next().await;
            versions.push(message["version"].as_i64().unwrap());
            if message["type"] == "scanned" {
                break;
            }
            assert_eq!(message["type"], "ticket");
        }
        assert!(versions.is_sorted(), "{versions:?}");
        // The renewal may still be answered, by the state that is known by now.
        attempt.browser.refresh(&json!(0), true).await;
        assert_eq!(
            attempt.browser.expect("scanned").await["attempt"],
            attempt.id
        );
    }
}

#[actix_web::test]
async fn a_redeem_that_races_a_refusal_leaves_one_truth() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for _ in 0..15 {
        let attempt = server.confirmed(&phone).await;
        let mut tab = attempt.browser.tab();
        let (redeem, refuse) = tokio::join!(tab.redeem(&attempt.id), phone.refuse(&attempt.nonce));
        if redeem.status == 200 {
            refuse.expect_problem(409, "already_redeemed");
        } else {
            redeem.expect_problem(410, "attempt_cancelled");
            refuse.expect(204);
        }
    }
}

#[actix_web::test]
async fn a_person_who_registers_twice_at_once_has_one_account() {
    let server = TestServer::start().await;
    for _ in 0..10 {
        let phone = server.phone().await;
        let (a, b) = tokio::join!(phone.register(Some("A")), phone.register(Some("B")));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
    assert_eq!(
        server.database.count("select count(*) from users").await,
        10
    );
}

#[actix_web::test]
async fn numbers_that_are_guessed_at_once_are_no_more_tries_than_one_after_the_other() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let scanned = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    let number = attempt.browser.expect("scanned").await["number"].clone();
    let right: u8 = number.as_str().unwrap().parse().unwrap();
    // One is left, as with a code of the pool.
    let last_try = "update login_attempts set tries_left = 1";
    server.database.execute(last_try).await;
    // Whatever the first guess asks the database for after the guess itself, takes long.
    let second_is_slow = "create sequence asked;
        create function be_slow() returns trigger language plpgsql as $$ begin
            if nextval('asked') = 2 then perform pg_sleep(0.5); end if; return null;
        end $$;
        create trigger slow before update on login_attempts execute function be_slow()";
    server.database.execute(second_is_slow).await;
    let guess = |number: u8| {
        let (phone, nonce) = (phone.clone(), scanned["nonce"].clone());
        let number = Value::from(format!("{:02}", number % 100));
        actix_web::rt::spawn(async move { phone.confirm_with(&nonce, &number).await })
    };
    let first = guess(right + 1);
    while !first.is_finished() && server.database.count("select last_value from asked").await < 2 {}
    let second = guess(right).await.unwrap();
    second.expect_problem(410, "attempt_failed");
    let first = first.await.unwrap();
    first.expect_problem(422, "number_wrong");
    let end = attempt.browser.expect("failed").await;
    assert_eq!(end["reason"], "number_wrong");
}

#[actix_web::test]
async fn of_two_rescans_at_once_the_one_that_asks_for_more_wins() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let holder = hold(&server, "select from login_attempts for update").await;
    let scan = |entry_scene: i32| {
        let (phone, scene) = (phone.clone(), attempt.scene.clone());
        actix_web::rt::spawn(async move { phone.scan_by(&scene, entry_scene).await })
    };
    let forwarded = scan(FORWARDED);
    until_waiting(&server, 1).await;
    let camera = scan(CAMERA);
    until_waiting(&server, 2).await;
    holder.close().await.unwrap();
    let forwarded = forwarded.await.unwrap().expect(200);
    let camera = camera.await.unwrap().expect(200);
    assert_eq!(
        (&forwarded["check"], &camera["check"]),
        (&"number".into(), &"number".into())
    );
    let news = attempt.browser.expect("scanned").await;
    assert_eq!(news["version"], 3);
    attempt.browser.expect_silence().await;
    let refused = phone.confirm(&camera["nonce"]).await;
    refused.expect_problem(422, "number_wrong");
    let agreed = phone.confirm_with(&camera["nonce"], &news["number"]).await;
    agreed.expect(200);
}
