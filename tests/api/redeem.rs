//! From a confirmed attempt to one session, however many tabs ask.

use std::{collections::BTreeSet, time::Duration};

use actix_web::cookie::{SameSite, time};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, TestServer};

/// The session cookie's value.
fn token(answer: &Answer) -> String {
    let cookies = answer.cookies();
    let cookie = cookies
        .iter()
        .find(|cookie| cookie.name() == "saoma_session");
    cookie.expect("a session cookie").value().to_owned()
}

#[actix_web::test]
async fn fifty_redeems_at_once_give_one_session_and_one_cookie_value() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.confirmed(&phone).await;
    let tabs = (0..50).map(|_| {
        let mut tab = attempt.browser.tab();
        let id = &attempt.id;
        async move { tab.redeem(id).await }
    });
    let answers = join_all(tabs).await;
    let mut sessions = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for answer in &answers {
        assert_eq!(answer.expect(200)["user"]["nickname"], "Ming");
        tokens.insert(token(answer));
        let jwt = answer.json()["access_token"].as_str().unwrap().to_owned();
        sessions.insert(
            super::keys::claims(&jwt)["sid"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!((tokens.len(), sessions.len()), (1, 1));
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        1
    );
}

#[actix_web::test]
async fn the_same_browser_gets_the_same_token_for_30_seconds_and_then_none() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.confirmed(&phone).await;
    let first = token(&attempt.browser.tab().redeem(&attempt.id).await);
    server.advance(Duration::from_secs(25)).await;
    assert_eq!(
        token(&attempt.browser.tab().redeem(&attempt.id).await),
        first
    );
    server.advance(Duration::from_secs(5)).await;
    let late = attempt.browser.tab().redeem(&attempt.id).await;
    late.expect_problem(409, "already_redeemed");
    assert!(late.cookies().is_empty());
    server.store.erase_salts().await.unwrap();
    let salts = "select count(*) from sessions where token_salt is not null";
    assert_eq!(server.database.count(salts).await, 0);
    // The session lives on.
    let mut tab = attempt.browser.tab();
    tab.cookies.insert("saoma_session".to_owned(), first);
    tab.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn a_redeem_before_the_confirm_is_too_early_and_after_an_end_too_late() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    phone.confirm(&nonce).await.expect(200);
    server
        .browser()
        .await
        .redeem(&attempt.id)
        .await
        .expect_problem(404, "attempt_unknown");
    phone.refuse(&nonce).await.expect(204);
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_cancelled");
    let unknown = json!("7b3ce6a6-1bd4-4c95-8a0f-111111111111");
    attempt
        .browser
        .redeem(&unknown)
        .await
        .expect_problem(404, "attempt_unknown");
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        0
    );
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
async fn return_to_is_checked_stored_with_the_attempt_and_sent_back() {
    let server =
        TestServer::start_with(&[("SAOMA_RETURN_ORIGINS", "https://shop.example.com")]).await;
    let phone = server.registered_phone("Ming").await;
    for (asked, kept) in [
        ("/orders?page=2#end", json!("/orders?page=2#end")),
        (
            "https://shop.example.com/cart",
            json!("https://shop.example.com/cart"),
        ),
        ("https://evil.example/", json!(null)),
        ("//evil.example", json!(null)),
        ("/\\evil.example", json!(null)),
    ] {
        let mut browser = server.browser().await;
        let mut query = url::form_urlencoded::Serializer::new("/ws/login?".to_owned());
        let path = query
            .append_pair("return_to", asked)
            .finish()
            .replace("?&", "?");
        browser.try_socket(&path).await.unwrap();
        let ticket = browser.expect("ticket").await;
        let scene = browser.scene(&ticket).await;
        let nonce = phone.scan(&scene).await.expect(200)["nonce"].clone();
        phone.confirm(&nonce).await.expect(200);
        let body = browser.redeem(&ticket["attempt"]).await.expect(200);
        assert_eq!(body["return_to"], kept, "{asked}");
    }
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
