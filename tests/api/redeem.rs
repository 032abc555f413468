//! From a confirmed attempt to one session, however many tabs ask.

use std::time::Duration;

use actix_web::cookie::{SameSite, time};

use crate::support::{Answer, TestServer};

/// The session cookie's value.
pub fn token(answer: &Answer) -> String {
    let cookies = answer.cookies();
    let cookie = cookies
        .iter()
        .find(|cookie| cookie.name() == "saoma_session");
    cookie.expect("a session cookie").value().to_owned()
}

#[actix_web::test]
async fn the_answer_has_the_fields_of_the_protocol_and_the_cookies_its_attributes() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let answer = attempt.browser.redeem(&attempt.id).await;
    let body = answer.expect(200);
    let fields: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "access_token",
            "expires_in",
            "return_to",
            "token_type",
            "user"
        ]
    );
    assert_eq!(
        (&body["expires_in"], &body["token_type"]),
        (&300.into(), &"Bearer".into())
    );
    let fields: Vec<_> = body["user"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["avatar_url", "id", "nickname"]);
    assert!(!body.to_string().contains(&token(&answer)));
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2);
    for cookie in &cookies {
        assert_eq!((cookie.http_only(), cookie.path()), (Some(true), Some("/")));
        assert_eq!(
            (cookie.same_site(), cookie.domain()),
            (Some(SameSite::Lax), None)
        );
        assert_ne!(cookie.secure(), Some(true), "an http page cannot set it");
    }
    let session = cookies
        .iter()
        .find(|cookie| cookie.name() == "saoma_session")
        .unwrap();
    assert_eq!(session.max_age(), Some(time::Duration::days(30)));
    assert_eq!(session.value().len(), 43);
    let secret = cookies
        .iter()
        .find(|cookie| cookie.name() == "saoma_browser")
        .unwrap();
    assert_eq!(
        (secret.value(), secret.max_age()),
        ("", Some(time::Duration::ZERO))
    );
}

#[actix_web::test]
async fn a_new_login_ends_the_session_that_the_browser_had_and_no_other() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let elsewhere = server.signed_in(&phone).await;
    let old = server.signed_in(&phone).await;
    let mut browser = old.tab();
    browser.open_login_page().await;
    let ticket = browser.open_socket().await;
    let scene = browser.scene(&ticket).await;
    let nonce = phone.scan(&scene).await.expect(200)["nonce"].clone();
    phone.confirm(&nonce).await.expect(200);
    browser.redeem(&ticket["attempt"]).await.expect(200);
    old.tab()
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
    elsewhere.tab().get("/api/me").await.expect(200);
    browser.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn return_to_survives_a_refresh_into_a_new_attempt() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.browser().await;
    browser
        .try_socket("/ws/login?return_to=/orders")
        .await
        .unwrap();
    browser.expect("ticket").await;
    server.advance(Duration::from_secs(121)).await;
    let end = browser.expect("expired").await;
    // The page has reloaded without its address's query.
    browser.resume(&end["attempt"]).await;
    browser.refresh(&end["version"], false).await;
    let ticket = browser.expect("ticket").await;
    let scene = browser.scene(&ticket).await;
    let nonce = phone.scan(&scene).await.expect(200)["nonce"].clone();
    phone.confirm(&nonce).await.expect(200);
    let body = browser.redeem(&ticket["attempt"]).await.expect(200);
    assert_eq!(body["return_to"], "/orders");
}
