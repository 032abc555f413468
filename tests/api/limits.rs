//! What one address, one phone and one person may ask for.

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

#[actix_web::test]
async fn codes_of_one_address_are_limited_renewals_included() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "3")]).await;
    let mut browser = server.browser().await;
    browser.open_socket().await;
    browser.refresh(&json!(1), false).await;
    browser.expect("ticket").await;
    browser
        .tab()
        .post("/api/login/attempts", json!({}))
        .await
        .expect(201);
    browser.refresh(&json!(2), false).await;
    let error = browser.expect("error").await;
    assert_eq!(error["code"], "slow_down");
    assert!(
        (1..=20).contains(&error["retry_in"].as_i64().unwrap()),
        "{error}"
    );
    let refused = browser.tab().post("/api/login/attempts", json!({})).await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
    // A state costs no code.
    browser.refresh(&json!(1), false).await;
    assert_eq!(browser.expect("ticket").await["version"], 2);
    // A socket opens, says why there is no code, and stays for the next try.
    let mut tab = browser.tab();
    tab.try_socket("/ws/login").await.unwrap();
    assert_eq!(tab.expect("error").await["code"], "slow_down");
    tab.expect_silence().await;
}

#[actix_web::test]
async fn phone_sessions_of_one_address_are_limited_and_say_when_to_come_back() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "2")]).await;
    let mut phone = server.phone().await;
    phone.sign_in().await.expect(200);
    let refused = phone.sign_in().await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_visitor_counts_and_shows_alone() {
    let options = [
        ("SAOMA_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("SAOMA_MAX_STARTS_PER_ADDRESS", "1"),
    ];
    let server = TestServer::start_with(&options).await;
    let browser = server.browser().await;
    let begin = async |forwarded: &str| {
        let headers = [
            ("origin", server.url.as_str()),
            ("x-forwarded-for", forwarded),
        ];
        browser
            .raw(
                actix_web::http::Method::POST,
                "/api/login/attempts",
                &headers,
                "",
            )
            .await
    };
    let ticket = begin("203.0.113.77").await.expect(201);
    begin("198.51.100.1, 203.0.113.77")
        .await
        .expect_problem(429, "slow_down");
    begin("2001:db8:1:2::3").await.expect(201);
    begin("2001:db8:1:2:ffff::9")
        .await
        .expect_problem(429, "slow_down");
    begin("2001:db8:1:3::3").await.expect(201);
    let phone = server.phone().await;
    let scene = browser.tab().scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    assert_eq!(scanned["browser"]["ip"], "203.0.113.0/24");
    assert_eq!(scanned["browser"]["place"], Value::Null);
}

/// Refused with 429, and the header says the same as the body.
fn expect_slow_down(answer: &Answer) {
    let problem = answer.expect_problem(429, "slow_down");
    assert_eq!(
        answer.header("retry-after"),
        problem["retry_in"].to_string()
    );
}

#[actix_web::test]
async fn a_person_scans_so_often_and_others_go_on() {
    let server = TestServer::start_with(&[("SAOMA_MAX_SCANS_PER_USER", "8")]).await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    for _ in 0..3 {
        phone.scan(&attempt.scene).await.expect(200);
    }
    // Half of the person's share belongs to one phone session, and another address changes nothing.
    expect_slow_down(&phone.scan(&attempt.scene).await);
    phone.confirm(&attempt.nonce).await;
    let other = server.registered_phone("Hong").await;
    server.signed_in(&other).await;
}

#[actix_web::test]
async fn confirms_and_refusals_are_counted_together() {
    let server = TestServer::start_with(&[("SAOMA_MAX_CONFIRMS_PER_USER", "4")]).await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    phone.refuse(&attempt.nonce).await.expect(204);
    expect_slow_down(&phone.confirm(&attempt.nonce).await);
    expect_slow_down(&phone.refuse(&attempt.nonce).await);
}

#[actix_web::test]
async fn whoever_types_wrong_numbers_has_to_rest_even_with_the_right_one() {
    let options = [
        ("SAOMA_MAX_FAILURES_PER_USER", "2"),
        ("SAOMA_CHECK", "number"),
    ];
    let server = TestServer::start_with(&options).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    let number = attempt.browser.expect("scanned").await["number"].clone();
    for _ in 0..2 {
        let wrong = phone.confirm_with(&scanned["nonce"], &"xx".into()).await;
        wrong.expect_problem(422, "number_wrong");
    }
    expect_slow_down(&phone.confirm_with(&scanned["nonce"], &number).await);
    expect_slow_down(&phone.scan(&attempt.scene).await);
    // Saying no is always open to him.
    phone.refuse(&scanned["nonce"]).await.expect(204);
    attempt.browser.expect("cancelled").await;
    attempt = server.scanned(&server.registered_phone("Hong").await).await;
    let again = server.phone().await;
    again
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_scanned");
}

#[actix_web::test]
async fn redeems_of_one_address_are_limited() {
    let server = TestServer::start_with(&[("SAOMA_MAX_REDEEMS_PER_ADDRESS", "2")]).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    for _ in 0..2 {
        attempt.browser.tab().redeem(&attempt.id).await.expect(200);
    }
    expect_slow_down(&attempt.browser.redeem(&attempt.id).await);
}

#[actix_web::test]
async fn a_person_makes_so_many_accounts_in_an_hour() {
    let server = TestServer::start_with(&[("SAOMA_MAX_REGISTRATIONS_PER_USER", "2")]).await;
    let mut phone = server.phone().await;
    for _ in 0..2 {
        phone.register(None).await.expect(201);
        phone.delete("/api/phone/account").await.expect(204);
        phone.sign_in().await.expect(200);
    }
    expect_slow_down(&phone.register(None).await);
}

#[actix_web::test]
async fn all_together_have_a_limit_too() {
    let server = TestServer::start_with(&[("SAOMA_MAX_PER_SECOND", "1")]).await;
    let mut browser = server.browser().await;
    let mut refused = 0;
    for _ in 0..20 {
        let answer = browser.post("/api/login/attempts", json!({})).await;
        if answer.status == 429 {
            expect_slow_down(&answer);
            refused += 1;
        }
    }
    assert!(refused > 0);
}
