//! The owner in charge of his users: blocked, approved, deleted.

use uuid::Uuid;

use crate::support::{Phone, TestServer};

async fn id_of(server: &TestServer) -> Uuid {
    let users = server.store.list_users(10).await.unwrap();
    users[0].id
}

async fn is_known(phone: &mut Phone) -> bool {
    phone.sign_in().await.expect(200)["registered"] == true
}

#[actix_web::test]
async fn blocking_a_user_ends_his_sessions_and_the_login_that_he_is_about_to_finish() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut signed_in = server.signed_in(&phone).await;
    signed_in.open_session().await;
    signed_in.expect_silence().await;
    let mut confirmed = server.confirmed(&phone).await;
    let id = id_of(&server).await;
    assert!(server.store.block_user(id).await.unwrap());
    signed_in
        .tab()
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
    server.look_again().await;
    assert_eq!(signed_in.expect_close().await, 4009);
    let end = confirmed.browser.expect("failed").await;
    assert_eq!(end["reason"], "user_blocked");
    let redeemed = confirmed.browser.redeem(&confirmed.id).await;
    redeemed.expect_problem(410, "attempt_failed");
    assert!(!server.store.block_user(id).await.unwrap());
    for ended in ["session_ended", "login"] {
        let sql = format!(
            "select count(*) from audit_log where event = '{ended}' and outcome = 'user_blocked'"
        );
        assert_eq!(server.database.count(&sql).await, 1, "{ended}");
    }
}

#[actix_web::test]
async fn a_blocked_user_may_scan_and_is_told_so_when_he_confirms() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let id = id_of(&server).await;
    server.store.block_user(id).await.unwrap();
    let mut attempt = server.scanned(&phone).await;
    let refused = phone.confirm(&attempt.nonce).await;
    refused.expect_problem(410, "attempt_failed");
    assert_eq!(
        attempt.browser.expect("failed").await["reason"],
        "user_blocked"
    );
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(view["reason"], "user_blocked");
    assert!(server.store.unblock_user(id).await.unwrap());
    server.signed_in(&phone).await;
    assert!(!server.store.unblock_user(id).await.unwrap());
}

#[actix_web::test]
async fn a_session_that_slipped_past_the_block_does_not_come_to_life_with_its_end() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let id = id_of(&server).await;
    let mut signed_in = server.signed_in(&phone).await;
    let mut confirmed = server.confirmed(&phone).await;
    // As a redeem and a confirm leave it that began before the block and end after it.
    let block = "update users set blocked_at = saoma_now()";
    server.database.execute(block).await;
    let refused = signed_in.get("/api/me").await;
    refused.expect_problem(401, "session_missing");
    assert!(server.store.unblock_user(id).await.unwrap());
    let refused = signed_in.get("/api/me").await;
    refused.expect_problem(401, "session_missing");
    let refused = confirmed.browser.redeem(&confirmed.id).await;
    refused.expect_problem(410, "attempt_failed");
}

#[actix_web::test]
async fn a_blocked_user_gets_past_the_block_by_no_deletion() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let id = id_of(&server).await;
    server.store.block_user(id).await.unwrap();
    phone.delete("/api/phone/account").await.expect(204);
    phone.sign_in().await.expect(200);
    let attempt = server.scanned(&phone).await;
    let answer = phone.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(answer["result"], "not_registered");
    let refused = phone.register(Some("Ming")).await;
    refused.expect_problem(403, "registration_closed");
    assert_eq!(server.database.count("select count(*) from users").await, 0);
    // Whoever was unblocked before may come back.
    let mut other = server.registered_phone("Hong").await;
    let id = id_of(&server).await;
    server.store.block_user(id).await.unwrap();
    server.store.unblock_user(id).await.unwrap();
    other.delete("/api/phone/account").await.expect(204);
    other.sign_in().await.expect(200);
    other.register(Some("Hong")).await.expect(201);
}

#[actix_web::test]
async fn the_owner_may_approve_somebody_whom_he_had_blocked() {
    let closed = [("SAOMA_REGISTRATION", "closed")];
    let server = TestServer::start_with(&closed).await;
    let mut phone = server.phone().await;
    for blocked in [false, true] {
        let attempt = server.scanned(&phone).await;
        let answer = phone.confirm(&attempt.nonce).await.expect(200);
        let reference = answer["reference"].as_str().unwrap();
        let approved = server.store.approve_pending_user(reference).await;
        let user = approved.unwrap().expect("somebody waits");
        server.signed_in(&phone).await;
        if !blocked {
            server.store.block_user(user).await.unwrap();
            phone.delete("/api/phone/account").await.expect(204);
            phone.sign_in().await.expect(200);
        }
    }
    let left = server.database.count("select count(*) from barred_people");
    assert_eq!(left.await, 0);
}

#[actix_web::test]
async fn a_stranger_waits_under_a_reference_until_the_owner_approves_him() {
    let server = TestServer::start_with(&[("SAOMA_REGISTRATION", "closed")]).await;
    let mut phone = server.phone().await;
    let attempt = server.scanned(&phone).await;
    let answer = phone.confirm(&attempt.nonce).await.expect(200);
    let reference = answer["reference"].as_str().unwrap().to_owned();
    assert_eq!(reference.len(), 9);
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(view["reference"], reference);
    // Asking once more gives no second entry.
    let again = server.scanned(&phone).await;
    let answer = phone.confirm(&again.nonce).await.expect(200);
    assert_eq!(answer["reference"], reference);
    let waiting = server.store.list_pending_users(10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].reference.as_str(), waiting[0].ip.as_str()),
        (reference.as_str(), "127.0.0.0/24")
    );

    assert!(
        server
            .store
            .approve_pending_user("BBBB-BBBB")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        server
            .store
            .approve_pending_user(&reference)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        server
            .store
            .approve_pending_user(&reference)
            .await
            .unwrap()
            .is_none()
    );
    assert!(is_known(&mut phone).await);
    server.signed_in(&phone).await;
}

#[actix_web::test]
async fn a_wrong_number_leaves_no_entry_among_the_strangers() {
    let closed = [("SAOMA_REGISTRATION", "closed"), ("SAOMA_CHECK", "number")];
    let server = TestServer::start_with(&closed).await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    let refused = phone.confirm_with(&scanned["nonce"], &"xx".into()).await;
    refused.expect_problem(422, "number_wrong");
    assert!(
        server
            .store
            .list_pending_users(10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[actix_web::test]
async fn entries_of_strangers_go_after_30_days() {
    let server = TestServer::start_with(&[("SAOMA_REGISTRATION", "closed")]).await;
    let phone = server.phone().await;
    let attempt = server.scanned(&phone).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    server.store.delete_old().await.unwrap();
    assert_eq!(server.store.list_pending_users(10).await.unwrap().len(), 1);
    server
        .advance(std::time::Duration::from_secs(30 * 86_400 + 1))
        .await;
    server.store.delete_old().await.unwrap();
    assert!(
        server
            .store
            .list_pending_users(10)
            .await
            .unwrap()
            .is_empty()
    );
}
