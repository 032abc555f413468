//! The audit log: who, what, when, from where, with what outcome.

use std::time::{Duration, SystemTime};

use serde_json::json;

use saoma::{
    login::{ids::first_id_of, tidy},
    store::{AuditEntry, AuditQuery},
};
use uuid::Uuid;

use crate::support::{TestServer, phone::FORWARDED, site::until};

async fn entries(server: &TestServer) -> Vec<AuditEntry> {
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    server.store.read_audit(&query).await.unwrap()
}

async fn told(server: &TestServer) -> Vec<String> {
    let entries = entries(server).await;
    let told = entries.iter().map(|e| format!("{} {}", e.event, e.outcome));
    told.collect()
}

#[actix_web::test]
async fn a_login_and_a_logout_are_told_step_by_step() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let attempt = server.scanned(&phone).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    phone.register(Some("Ming")).await.expect(201);
    phone.confirm(&attempt.nonce).await.expect(200);
    let mut browser = attempt.browser;
    browser.drop_socket();
    browser.redeem(&attempt.id).await.expect(200);
    browser.post("/api/logout", json!({})).await.expect(204);
    assert_eq!(
        told(&server).await,
        [
            "scan ok",
            "confirm not_registered",
            "register ok",
            "confirm ok",
            "login ok",
            "logout ok"
        ]
    );
    let all = entries(&server).await;
    let user = server.store.list_users(1).await.unwrap()[0].id;
    let login = &all[4];
    assert_eq!(login.user_id, Some(user));
    assert_eq!(
        login.attempt_id.unwrap().to_string(),
        attempt.id.as_str().unwrap()
    );
    assert_eq!(login.session_id, all[5].session_id);
    assert!(login.session_id.is_some());
    assert_eq!(login.ip.as_deref(), Some("127.0.0.0/24"));
    assert_eq!(login.browser_name.as_deref(), Some("Chrome"));
    assert_eq!(
        (login.entry_scene, login.check_kind.as_deref()),
        (Some(1047), Some("none"))
    );
    // Before he had an account there was nobody to name.
    assert_eq!((all[0].user_id, all[1].user_id), (None, None));
}

#[actix_web::test]
async fn what_fails_is_told_too() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let stranger = server.registered_phone("Hong").await;
    let mut attempt = server.pending().await;
    let scanned = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    attempt.browser.expect("scanned").await;
    stranger.scan(&attempt.scene).await.expect(409);
    phone.scan(&attempt.scene).await.expect(200);
    phone.confirm_with(&scanned["nonce"], &json!("00")).await;
    let again = phone.scan(&attempt.scene).await.expect(200);
    for _ in 0..3 {
        phone.confirm_with(&again["nonce"], &json!("xx")).await;
    }
    let refused = server.scanned(&phone).await;
    phone.refuse(&refused.nonce).await.expect(204);
    let mut cancelled = server.scanned(&phone).await;
    let path = format!("{}/cancel", cancelled.path());
    cancelled.browser.post(&path, json!({})).await.expect(204);
    let told = told(&server).await;
    assert_eq!(
        told,
        [
            "register ok",
            "register ok",
            "scan ok",
            "scan contested",
            "scan again",
            "scan again",
            "confirm number_wrong",
            "confirm number_wrong",
            "confirm number_wrong",
            "scan ok",
            "refuse ok",
            "scan ok",
            "cancel by_browser"
        ]
    );
    let all = entries(&server).await;
    assert_eq!(
        (all[2].entry_scene, all[2].check_kind.as_deref()),
        (Some(FORWARDED), Some("number"))
    );
    assert_ne!(all[2].user_id, all[3].user_id);
}

#[actix_web::test]
async fn c9_a_login_that_nobody_collects_is_told_once() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    note_uncollected(&server).await;
    server.advance(Duration::from_secs(64)).await;
    for _ in 0..2 {
        note_uncollected(&server).await;
    }
    assert_eq!(
        told(&server).await,
        ["register ok", "scan ok", "confirm ok", "login uncollected"]
    );
}

#[actix_web::test]
async fn of_many_logins_that_nobody_collects_each_is_told_once() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    let more = "insert into login_attempts
        select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),
            'nonce_hash', null))).*
        from login_attempts a, generate_series(1, 1199)";
    server.database.execute(more).await;
    server.advance(Duration::from_secs(64)).await;
    for _ in 0..2 {
        note_uncollected(&server).await;
    }
    assert_eq!(uncollected(&server).await, 1200);
}

#[actix_web::test]
async fn what_an_older_version_has_told_of_a_login_is_not_told_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    let told = "insert into audit_log (event, outcome, user_id, attempt_id)
        select 'login', 'uncollected', user_id, id from login_attempts";
    server.database.execute(told).await;
    server.advance(Duration::from_secs(64)).await;
    note_uncollected(&server).await;
    assert_eq!(uncollected(&server).await, 1);
}

#[actix_web::test]
async fn a_look_at_the_logins_of_late_leaves_older_ones_alone() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    let between = first_id_of(SystemTime::now() + Duration::from_secs(1));
    server.advance(Duration::from_secs(64)).await;
    tidy::note_uncollected(&server.store, between)
        .await
        .unwrap();
    assert_eq!(uncollected(&server).await, 0);
    let before = first_id_of(SystemTime::now() - Duration::from_secs(3600));
    tidy::note_uncollected(&server.store, before).await.unwrap();
    assert_eq!(uncollected(&server).await, 1);
}

async fn uncollected(server: &TestServer) -> i64 {
    let told = "select count(*) from audit_log where outcome = 'uncollected'";
    server.database.count(told).await
}

async fn note_uncollected(server: &TestServer) {
    tidy::note_uncollected(&server.store, Uuid::nil())
        .await
        .unwrap();
}

#[actix_web::test]
async fn no_secret_and_no_openid_stands_in_the_log() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    let mut browser = attempt.browser;
    let secret = browser.cookies["saoma_browser"].clone();
    browser.redeem(&attempt.id).await.expect(200);
    let session = browser.cookies["saoma_session"].clone();
    let nonce = attempt.nonce.as_str().unwrap();
    for secret in [
        &secret,
        &session,
        &phone.token,
        &phone.openid,
        &attempt.scene,
        nonce,
        "Ming",
    ] {
        let sql = format!("select count(*) from audit_log a where a::text like '%{secret}%'");
        assert_eq!(server.database.count(&sql).await, 0);
    }
}

#[actix_web::test]
async fn l3_a_deleted_person_leaves_what_happened_and_nothing_that_names_him() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.signed_in(&phone).await;
    let other = server.registered_phone("Hong").await;
    server.signed_in(&other).await;
    let before = entries(&server).await.len();
    phone.delete("/api/phone/account").await.expect(204);
    let all = entries(&server).await;
    assert_eq!(all.len(), before + 1);
    assert_eq!(all.last().unwrap().event, "account_deleted");
    let nameless = all.iter().filter(|entry| {
        entry.user_id.is_none()
            && entry.attempt_id.is_none()
            && entry.session_id.is_none()
            && entry.ip.is_none()
    });
    // His own register, scan, confirm and login, and the deletion.
    assert_eq!(nameless.count(), 5);
}

#[actix_web::test]
async fn a_deleted_person_is_not_noted_again_as_somebody_who_never_came() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    server.advance(Duration::from_secs(64)).await;
    note_uncollected(&server).await;
    phone.delete("/api/phone/account").await.expect(204);
    note_uncollected(&server).await;
    let all = entries(&server).await;
    assert_eq!(all.last().unwrap().event, "account_deleted");
    assert!(all.iter().all(|entry| entry.ip.is_none()));
}

#[actix_web::test]
async fn a_deletion_reaches_the_time_before_the_account_and_no_other_user() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let other = server.registered_phone("Hong").await;
    let attempt = server.scanned(&phone).await;
    other.scan(&attempt.scene).await.expect(409);
    phone.confirm(&attempt.nonce).await.expect(200);
    phone.register(Some("Ming")).await.expect(201);
    phone.confirm(&attempt.nonce).await.expect(200);
    // Hours later the attempt itself is gone.
    let purge = "delete from login_attempts";
    server.database.execute(purge).await;
    phone.delete("/api/phone/account").await.expect(204);
    let all = entries(&server).await;
    let named: Vec<_> = all.iter().filter(|entry| entry.ip.is_some()).collect();
    let named: Vec<_> = named.iter().map(|e| (&*e.event, &*e.outcome)).collect();
    assert_eq!(named, [("register", "ok"), ("scan", "contested")]);
    let theirs = all.iter().filter(|entry| entry.user_id.is_some());
    assert_eq!(theirs.count(), 2);
}

#[actix_web::test]
async fn saying_this_was_not_me_again_adds_nothing() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    server.signed_in(&phone).await;
    let sessions = phone.get("/api/phone/sessions").await.expect(200);
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    let report = format!("/api/phone/sessions/{id}/report");
    for _ in 0..3 {
        phone.post(&report, json!({})).await.expect(204);
    }
    let told = told(&server).await;
    assert_eq!(told.iter().filter(|told| *told == "report ok").count(), 1);
}

#[actix_web::test]
async fn entries_older_than_the_retention_go_and_the_others_stay() {
    let server = TestServer::start().await;
    let many = "insert into audit_log (event, at) select 'scan', saoma_now() - interval '200 days' \
                from generate_series(1, 2500)";
    server.database.execute(many).await;
    server.registered_phone("Ming").await;
    let half_a_year = Duration::from_secs(180 * 86_400);
    // The server tidies as well: of two that take the same entries both think that it was the rest.
    until(async || {
        while server.store.delete_old_audit(half_a_year).await.unwrap() {}
        told(&server).await == ["register ok"]
    })
    .await;
}
