//! A user sees his sessions and ends them, from a browser and from the phone.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Phone, TestServer};

async fn is_alive(browser: &Browser) -> bool {
    browser.tab().get("/api/me").await.status == 200
}

async fn listed(browser: &mut Browser) -> Vec<Value> {
    let body = browser.get("/api/sessions").await.expect(200);
    body["sessions"].as_array().unwrap().clone()
}

async fn on_phone(phone: &Phone) -> Vec<Value> {
    let body = phone.get("/api/phone/sessions").await.expect(200);
    body["sessions"].as_array().unwrap().clone()
}

fn path(session: &Value) -> String {
    format!("/api/sessions/{}", session["id"].as_str().unwrap())
}

fn phone_path(session: &Value) -> String {
    format!("/api/phone/sessions/{}", session["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_browser_lists_the_users_sessions_the_newest_first_and_knows_its_own() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut first = server.signed_in(&phone).await;
    let mut second = server.signed_in(&phone).await;
    let stranger = server.registered_phone("Hong").await;
    server.signed_in(&stranger).await;
    let sessions = listed(&mut first).await;
    let current = |sessions: &[Value]| -> Vec<bool> {
        let flags = sessions.iter().map(|s| s["current"].as_bool().unwrap());
        flags.collect()
    };
    assert_eq!(current(&sessions), [false, true]);
    assert_eq!(current(&listed(&mut second).await), [true, false]);
    let own = &sessions[1];
    let fields: Vec<_> = own.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "browser",
            "created_at",
            "current",
            "id",
            "ip",
            "last_seen_at",
            "os",
            "place"
        ]
    );
    assert_eq!(
        (&own["browser"], &own["os"]),
        (&"Chrome".into(), &"Windows".into())
    );
    assert_eq!(
        (&own["ip"], &own["place"]),
        (&"127.0.0.0/24".into(), &Value::Null)
    );
}

#[actix_web::test]
async fn ending_one_session_kills_its_cookie_at_once_and_closes_its_sockets() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut here = server.signed_in(&phone).await;
    let mut there = server.signed_in(&phone).await;
    there.open_session().await;
    there.expect_silence().await;
    let sessions = listed(&mut here).await;
    let theirs = sessions.iter().find(|s| s["current"] == false).unwrap();
    here.request(Method::DELETE, &path(theirs), None)
        .await
        .expect(204);
    // No look at the database was needed: the hub was told.
    assert_eq!(there.expect_close().await, 4009);
    assert!(!is_alive(&there).await && is_alive(&here).await);
    there
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
    let again = here.request(Method::DELETE, &path(theirs), None).await;
    again.expect_problem(404, "session_unknown");
}

#[actix_web::test]
async fn ending_all_others_keeps_the_one_that_asks_and_from_the_phone_none() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut here = server.signed_in(&phone).await;
    let others = [
        server.signed_in(&phone).await,
        server.signed_in(&phone).await,
    ];
    here.request(Method::DELETE, "/api/sessions", None)
        .await
        .expect(204);
    assert!(is_alive(&here).await);
    for other in &others {
        assert!(!is_alive(other).await);
    }
    here.open_session().await;
    here.expect_silence().await;
    phone.delete("/api/phone/sessions").await.expect(204);
    assert_eq!(here.expect_close().await, 4009);
    assert!(!is_alive(&here).await);
    assert!(on_phone(&phone).await.is_empty());
}

#[actix_web::test]
async fn another_users_session_is_unknown_from_every_side() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let victim = server.registered_phone("Hong").await;
    let theirs = server.signed_in(&victim).await;
    let session = on_phone(&victim).await.remove(0);
    let ended = browser.request(Method::DELETE, &path(&session), None).await;
    ended.expect_problem(404, "session_unknown");
    let ended = phone.delete(&phone_path(&session)).await;
    ended.expect_problem(404, "session_unknown");
    let reported = phone
        .post(&format!("{}/report", phone_path(&session)), json!({}))
        .await;
    reported.expect_problem(404, "session_unknown");
    let nobody = server.phone().await;
    assert!(on_phone(&nobody).await.is_empty());
    nobody.delete("/api/phone/sessions").await.expect(204);
    let ended = nobody.delete(&phone_path(&session)).await;
    ended.expect_problem(404, "session_unknown");
    assert!(is_alive(&theirs).await);
    for id in ["nonsense", "00000000-0000-0000-0000-000000000000"] {
        let ended = phone.delete(&format!("/api/phone/sessions/{id}")).await;
        ended.expect_problem(404, "session_unknown");
    }
}

#[actix_web::test]
async fn a_login_is_new_on_the_phone_until_its_list_was_read_once() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    // A browser that lists them takes nothing from the phone.
    listed(&mut browser).await;
    let sessions = on_phone(&phone).await;
    assert_eq!(
        (&sessions[0]["new"], &sessions[0]["current"]),
        (&true.into(), &false.into())
    );
    assert_eq!(on_phone(&phone).await[0]["new"], false);
    server.signed_in(&phone).await;
    let fresh: Vec<_> = on_phone(&phone)
        .await
        .iter()
        .map(|s| s["new"].clone())
        .collect();
    assert_eq!(fresh, [true, false]);
}

#[actix_web::test]
async fn this_was_not_me_ends_the_session_and_marks_its_login() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    browser.open_session().await;
    browser.expect_silence().await;
    let session = on_phone(&phone).await.remove(0);
    let report = format!("{}/report", phone_path(&session));
    phone.post(&report, json!({})).await.expect(204);
    assert_eq!(browser.expect_close().await, 4009);
    assert!(!is_alive(&browser).await);
    let marked = "select count(*) from audit_log where event = 'login' and reported_at is not null";
    assert_eq!(server.database.count(marked).await, 1);
    // A session that was ended a moment before can still be reported.
    phone.post(&report, json!({})).await.expect(204);
}

#[actix_web::test]
async fn ending_sessions_needs_our_own_page_and_a_session() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = server.signed_in(&phone).await;
    for path in [
        "/api/sessions",
        "/api/sessions/00000000-0000-0000-0000-000000000000",
    ] {
        let foreign = [("origin", "https://evil.example")];
        let refused = browser.raw(Method::DELETE, path, &foreign, "").await;
        refused.expect_problem(403, "origin_refused");
        let refused = browser.raw(Method::DELETE, path, &[], "").await;
        refused.expect_problem(403, "origin_refused");
    }
    let mut stranger = server.browser().await;
    for (method, path) in [
        (Method::GET, "/api/sessions"),
        (Method::DELETE, "/api/sessions"),
    ] {
        let refused = stranger.request(method, path, None).await;
        refused.expect_problem(401, "session_missing");
    }
    assert!(is_alive(&browser).await);
}
