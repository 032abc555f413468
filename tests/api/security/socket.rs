//! W: who gets a socket, and what it says.

use actix_web::http::Method;
use saoma::{
    hub::messages::AttemptChanged, login::ids::AttemptId, session::protocol::ServerMessage,
};
use serde_json::{Value, json};

use crate::{
    support::{Browser, RawSocket, TestServer},
    upgrade::{expect_refused, with_origin},
};

#[actix_web::test]
async fn w1_a_socket_from_another_origin_is_refused() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let other_port = format!("http://localhost:{}", port ^ 1);
    for path in ["/ws/login", "/ws/session"] {
        for origin in [
            "https://evil.example",
            "null",
            "",
            &other_port,
            "http://localhost",
            &server.url.replace("http:", "https:"),
            &server.url.replace("localhost", "127.0.0.1"),
            &format!("{}.evil.example", server.url),
        ] {
            let refused = RawSocket::upgrade(&browser, path, &[("origin", origin)]).await;
            expect_refused(&refused, 403, "origin_refused");
        }
        let missing = RawSocket::upgrade(&browser, path, &[]).await;
        expect_refused(&missing, 403, "origin_refused");
        let same_site = [("sec-fetch-site", "same-origin")];
        let missing = RawSocket::upgrade(&browser, path, &same_site).await;
        expect_refused(&missing, 403, "origin_refused");
    }
}

#[actix_web::test]
async fn w1_a_wrong_host_opens_nothing_and_closes_nothing() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let evil = "http://evil.example";
    let host = ("host", "evil.example");
    let as_evil = browser
        .raw(Method::GET, "/ws/login", &[host, ("origin", evil)], "")
        .await;
    as_evil.expect_problem(403, "origin_refused");
    // A proxy's host name: `Host` decides nothing, the page's own origin does.
    let ours = [host, ("origin", browser.origin.as_str())];
    let as_ours = browser.raw(Method::GET, "/ws/login", &ours, "").await;
    as_ours.expect_problem(400, "bad_request");
}

#[actix_web::test]
async fn w2_a_socket_without_a_secret_of_the_right_shape_is_refused() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server.url);
    expect_refused(
        &with_origin(&browser, "/ws/login").await,
        401,
        "browser_secret_missing",
    );
    let good = "a".repeat(42) + "A";
    for bad in [
        "x",
        "",
        &"a".repeat(42),
        &"a".repeat(44),
        &("+".to_owned() + &good[1..]),
    ] {
        browser
            .cookies
            .insert("saoma_browser".to_owned(), bad.to_owned());
        let refused = with_origin(&browser, "/ws/login").await;
        expect_refused(&refused, 401, "browser_secret_missing");
    }
    // The name of an https site does not count here.
    browser.cookies.clear();
    browser
        .cookies
        .insert("__Host-saoma_browser".to_owned(), good.clone());
    expect_refused(
        &with_origin(&browser, "/ws/login").await,
        401,
        "browser_secret_missing",
    );
    browser.cookies.insert("saoma_browser".to_owned(), good);
    assert_eq!(with_origin(&browser, "/ws/login").await.status, 101);
}

#[actix_web::test]
async fn w2_an_id_or_a_scene_in_the_address_is_no_secret() {
    let server = TestServer::start().await;
    let attempt = server.pending().await;
    let nobody = Browser::new(&server.url);
    let id = attempt.id.as_str().unwrap();
    let secret = &attempt.browser.cookies["saoma_browser"];
    for query in [
        format!("resume={id}"),
        format!("attempt={id}"),
        format!("scene={}", attempt.scene),
        format!("resume={id}&saoma_browser={secret}"),
        format!("resume={id}&secret={secret}&token={secret}"),
    ] {
        let refused = with_origin(&nobody, &format!("/ws/login?{query}")).await;
        expect_refused(&refused, 401, "browser_secret_missing");
    }
}

#[actix_web::test]
async fn w3_a_newer_socket_of_the_same_attempt_wins_and_the_older_is_closed_with_4001() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let mut tab = attempt.browser.tab();
    tab.resume(&attempt.id).await;
    assert_eq!(attempt.browser.expect_close().await, 4001);
    phone.scan(&attempt.scene).await.expect(200);
    tab.expect("scanned").await;
}

#[actix_web::test]
async fn w9_a_reload_in_every_state_gets_the_one_message_that_tells_it() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let id = attempt.id.clone();
    let mut tab = attempt.browser.tab();
    tab.resume(&id).await;
    let back = |message: &Value, kind: &str, version: i32| {
        assert_eq!(
            (&message["type"], &message["version"]),
            (&kind.into(), &version.into())
        );
        assert_eq!(message["attempt"], id);
    };
    back(&tab.resume(&id).await, "ticket", 1);
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    back(&tab.resume(&id).await, "scanned", 2);
    phone.confirm(&nonce).await.expect(200);
    back(&tab.resume(&id).await, "not_registered", 3);
    phone.register(None).await.expect(201);
    back(&tab.resume(&id).await, "scanned", 4);
    phone.confirm(&nonce).await.expect(200);
    back(&tab.resume(&id).await, "login_succeeded", 5);
    tab.expect_silence().await;
    attempt.browser.redeem(&id).await.expect(200);
    tab.expect("redeemed").await;
    tab.drop_socket();
    back(&tab.resume(&id).await, "redeemed", 6);
    assert_eq!(tab.expect_close().await, 4002);
}

#[actix_web::test]
async fn w9_a_page_that_missed_everything_reads_the_whole_state_and_no_difference() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt.browser.drop_socket();
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    phone.confirm(&nonce).await.expect(200);
    let state = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&state["type"], &state["version"]),
        (&"login_succeeded".into(), &3.into())
    );
    attempt.browser.expect_silence().await;
    // A version of before is no order to go back.
    for version in [0, 1, 2] {
        attempt.browser.refresh(&json!(version), false).await;
        assert_eq!(attempt.browser.next().await, state);
    }
}

#[actix_web::test]
async fn w11_a_forged_login_succeeded_redeems_nothing() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let id = AttemptId(attempt.id.as_str().unwrap().parse().unwrap());
    let forged = AttemptChanged {
        claimer: None,
        attempt: id,
        version: 99,
        message: ServerMessage::LoginSucceeded {
            attempt: id,
            version: 99,
            expires_in: 60,
        },
    };
    server.recheck.hub.send(forged).await.unwrap();
    attempt.browser.expect("login_succeeded").await;
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    // Nor can the browser claim it.
    for message in [
        json!({"type": "login_succeeded", "attempt": attempt.id, "version": 3}),
        json!({"type": "scanned", "attempt": attempt.id}),
    ] {
        attempt.browser.send(message).await;
        assert_eq!(
            attempt.browser.expect("error").await["code"],
            "unknown_message"
        );
    }
    let state = server.database.text("select state from login_attempts");
    assert_eq!(state.await, "pending");
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        0
    );
}
