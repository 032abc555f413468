//! D: from a confirmed attempt to a session, and what a session withstands.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use actix_web::http::{Method, StatusCode};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures_util::future::join_all;
use saoma::login::{ids::Secret, tidy};
use serde_json::{Value, json};

use crate::{
    keys::claims,
    origins::JSON,
    redeem::token,
    support::{Browser, TestServer},
};

#[actix_web::test]
async fn d1_fifty_redeems_at_once_give_one_session_and_one_cookie_value() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.confirmed(&phone).await;
    let tabs = (0..50).map(|_| {
        let mut tab = attempt.browser.tab();
        let id = &attempt.id;
        async move {
            let mut answer = tab.redeem(id).await;
            // A busy machine may ask for another try.
            while answer.status == 503 {
                answer = tab.redeem(id).await;
            }
            answer
        }
    });
    let answers = join_all(tabs).await;
    let mut sessions = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for answer in &answers {
        assert_eq!(answer.expect(200)["user"]["nickname"], "Ming");
        tokens.insert(token(answer));
        let jwt = answer.json()["access_token"].as_str().unwrap().to_owned();
        sessions.insert(claims(&jwt)["sid"].as_str().unwrap().to_owned());
    }
    assert_eq!((tokens.len(), sessions.len()), (1, 1));
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        1
    );
}

#[actix_web::test]
async fn d2_the_same_browser_gets_the_same_token_for_30_seconds_and_then_none() {
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
    tidy::delete_ended(&server.store).await.unwrap();
    let salts = "select count(*) from sessions where token_salt is not null";
    assert_eq!(server.database.count(salts).await, 0);
    // The session lives on.
    let mut tab = attempt.browser.tab();
    tab.cookies.insert("saoma_session".to_owned(), first);
    tab.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn d3_every_changing_request_of_a_browser_is_guarded() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let path = attempt.path();
    let evil = [("origin", "https://evil.example"), JSON];
    let body = r#"{"version":3,"silent":false,"code":"123456"}"#;
    for path in [
        "/api/login/attempts".to_owned(),
        format!("{path}/refresh"),
        format!("{path}/cancel"),
        format!("{path}/check"),
        format!("{path}/redeem"),
        "/api/token".to_owned(),
        "/api/logout".to_owned(),
    ] {
        let answer = attempt.browser.raw(Method::POST, &path, &evil, body).await;
        answer.expect_problem(403, "origin_refused");
        assert!(answer.cookies().is_empty(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn d3_another_site_redeems_by_no_means_that_a_browser_gives_it() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let path = format!("{}/redeem", attempt.path());
    let cross = ("sec-fetch-site", "cross-site");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let text = ("content-type", "text/plain");
    let evil = ("origin", "https://evil.example");
    for headers in [
        // A form; a fetch without CORS; both from a page without an origin, such as a sandbox.
        &[evil, cross, form][..],
        &[evil, cross, text],
        &[("origin", "null"), cross, form],
        &[("origin", "null"), ("sec-fetch-site", "same-site"), text],
        &[cross, text],
        &[text],
    ] {
        let answer = attempt.browser.raw(Method::POST, &path, headers, "").await;
        answer.expect_problem(403, "origin_refused");
        assert!(answer.cookies().is_empty());
    }
    // A link, an image, a prefetch.
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        let answer = attempt.browser.raw(method, &path, &[cross], "").await;
        assert_eq!(answer.status, 405);
        assert!(answer.cookies().is_empty());
    }
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn d4_a_cookie_that_somebody_planted_is_worth_nothing_after_the_login() {
    let server = TestServer::start().await;
    let attacker = server.registered_phone("Mallory").await;
    let victim = server.registered_phone("Ming").await;
    let planted = server.signed_in(&attacker).await;
    let old = planted.cookies["saoma_session"].clone();
    let made_up = Secret::random().expose();
    for session in [old, made_up] {
        let mut browser = server.browser().await;
        browser
            .cookies
            .insert("saoma_session".to_owned(), session.clone());
        let secret = browser.cookies["saoma_browser"].clone();
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        let nonce = victim.scan(&scene).await.expect(200)["nonce"].clone();
        victim.confirm(&nonce).await.expect(200);
        browser.redeem(&ticket["attempt"]).await.expect(200);
        // New values, and the old ones are gone.
        assert_ne!(browser.cookies["saoma_session"], session);
        assert!(!browser.cookies.contains_key("saoma_browser"));
        let me = browser.get("/api/me").await.expect(200);
        assert_eq!(me["nickname"], "Ming");
        let mut attacker = Browser::new(&server.url);
        attacker.cookies.insert("saoma_session".to_owned(), session);
        let refused = attacker.get("/api/me").await;
        refused.expect_problem(401, "session_missing");
        server.advance(Duration::from_secs(30)).await;
        attacker.cookies.insert("saoma_browser".to_owned(), secret);
        let refused = attacker.redeem(&ticket["attempt"]).await;
        refused.expect_problem(409, "already_redeemed");
        browser.open_login_page().await;
        assert_ne!(
            browser.cookies["saoma_browser"],
            attacker.cookies["saoma_browser"]
        );
    }
}

#[actix_web::test]
async fn d5_a_dump_of_the_database_holds_no_secret() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let secret = attempt.browser.cookies["saoma_browser"].clone();
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let token = attempt.browser.cookies["saoma_session"].clone();
    let secrets = [&secret, &token, &phone.token, &attempt.scene];
    let nonce = attempt.nonce.as_str().unwrap().to_owned();
    for secret in secrets.into_iter().chain([&nonce]) {
        for table in [
            "login_attempts",
            "attempt_scenes",
            "sessions",
            "phone_sessions",
            "signing_keys",
        ] {
            let sql = format!("select count(*) from {table} t where t::text like '%{secret}%'");
            assert_eq!(server.database.count(&sql).await, 0, "{table}");
        }
    }
}

#[actix_web::test]
async fn d5_no_value_of_a_database_dump_opens_anything() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    // One attempt in each state that something could be taken from.
    let pending = server.pending().await;
    let scanned = server.scanned(&phone).await;
    let confirmed = server.confirmed(&phone).await;
    let signed_in = server.signed_in(&phone).await;
    let thief = server.phone().await;
    let values = dump(&server).await;
    assert!(values.len() > 40, "{values:?}");
    for value in &values {
        let mut browser = Browser::new(&server.url);
        for name in ["saoma_browser", "saoma_session"] {
            browser.cookies.insert(name.to_owned(), value.clone());
        }
        let me = browser.get("/api/me").await;
        me.expect_problem(401, "session_missing");
        for attempt in [&pending, &scanned, &confirmed] {
            let refused = browser.get(&attempt.path()).await;
            assert!([401, 404].contains(&refused.status), "{value}");
            let refused = browser.redeem(&attempt.id).await;
            assert!([401, 404].contains(&refused.status), "{value}");
        }
        let mut stolen = thief.copy();
        stolen.token.clone_from(value);
        let refused = stolen.scan(&pending.scene).await;
        refused.expect_problem(401, "phone_session_invalid");
        stolen.token.clone_from(&thief.token);
        let refused = stolen.confirm(&json!(value)).await;
        refused.expect_problem(403, "nonce_invalid");
        let refused = stolen.scan(value).await;
        assert!([400, 404].contains(&refused.status), "{value}");
    }
    // What they stand for still does.
    signed_in.tab().get("/api/me").await.expect(200);
    confirmed
        .browser
        .tab()
        .redeem(&confirmed.id)
        .await
        .expect(200);
}

/// Every value in every table, in every form in which it could be a credential.
pub async fn dump(server: &TestServer) -> BTreeSet<String> {
    let tables = "select string_agg(format('select to_jsonb(t) as row from %I t', table_name),
            ' union all ') from information_schema.tables where table_schema = 'public'";
    let rows = server.database.text(tables).await;
    let all = format!("select coalesce(jsonb_agg(row), '[]') from ({rows}) all_rows");
    let rows: Value = serde_json::from_str(&server.database.text(&all).await).unwrap();
    let mut values = BTreeSet::new();
    for value in rows
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_object().unwrap().values())
    {
        let Some(text) = value.as_str() else {
            continue;
        };
        // A header takes no more.
        if !text.is_ascii() || text.contains(|c: char| c.is_ascii_control()) || text.len() > 500 {
            continue;
        }
        values.insert(text.to_owned());
        if let Some(hex) = text.strip_prefix("\\x") {
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            values.insert(hex.to_owned());
            values.insert(URL_SAFE_NO_PAD.encode(&bytes));
            values.insert(STANDARD.encode(&bytes));
        }
    }
    values
}

#[actix_web::test]
async fn d6_a_revoked_session_is_dead_at_once_and_its_sockets_within_3_seconds() {
    // By the owner's command, another process ends it: the next look finds that.
    let server = TestServer::start_with(&[("SAOMA_RECHECK_INTERVAL", "2s")]).await;
    for how in [
        "this browser",
        "the phone",
        "report",
        "block",
        "delete",
        "command",
    ] {
        let phone = server.registered_phone("Ming").await;
        let mut browser = server.signed_in(&phone).await;
        let mut tab = browser.tab();
        tab.open_session().await;
        tab.expect_silence().await;
        let id = phone.get("/api/phone/sessions").await.expect(200)["sessions"][0]["id"].clone();
        let id = id.as_str().unwrap();
        let user = browser.get("/api/me").await.expect(200)["id"].clone();
        let user = user.as_str().unwrap().parse().unwrap();
        let token = browser.cookies["saoma_session"].clone();
        let began = Instant::now();
        let sessions = format!("/api/phone/sessions/{id}");
        match how {
            "this browser" => {
                let path = format!("/api/sessions/{id}");
                browser
                    .request(Method::DELETE, &path, None)
                    .await
                    .expect(204);
            }
            "the phone" => {
                phone
                    .request(Method::DELETE, &sessions, None)
                    .await
                    .expect(204);
            }
            "report" => {
                let path = format!("{sessions}/report");
                phone.request(Method::POST, &path, None).await.expect(204);
            }
            "block" => assert!(server.store.block_user(user).await.unwrap()),
            "delete" => {
                let path = "/api/phone/account";
                phone.request(Method::DELETE, path, None).await.expect(204);
            }
            _ => {
                let sql = format!("delete from sessions where id = '{id}'");
                server.database.execute(&sql).await;
            }
        }
        let mut old = Browser::new(&server.url);
        old.cookies.insert("saoma_session".to_owned(), token);
        let refused = old.get("/api/me").await;
        refused.expect_problem(401, "session_missing");
        let refused = old.post("/api/token", json!({})).await;
        refused.expect_problem(401, "session_missing");
        let again = old.try_socket("/ws/session").await;
        assert_eq!(again, Err(StatusCode::UNAUTHORIZED), "{how}");
        assert_eq!(tab.expect_close().await, 4009, "{how}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{how}: {:?}",
            began.elapsed()
        );
    }
}

#[actix_web::test]
async fn d8_return_to_is_checked_stored_with_the_attempt_and_sent_back() {
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
        ("\\\\evil.example", json!(null)),
        ("javascript:alert(1)", json!(null)),
        ("https://shop.example.com.evil.example/", json!(null)),
        ("https://shop.example.com@evil.example/", json!(null)),
        ("http://shop.example.com/", json!(null)),
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
async fn d1_the_sessions_token_never_travels_over_a_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    attempt.browser.expect("redeemed").await;
    let token = &attempt.browser.cookies["saoma_session"];
    assert!(
        attempt
            .browser
            .heard
            .iter()
            .all(|frame| !frame.contains(token))
    );
}
