//! L: what is kept, shown and sent. L1 and L2, which read a process's log, are
//! in `tests/process`.

use actix_web::http::Method;
use serde_json::Value;

use crate::{
    phone_sessions::is_alive,
    support::{Phone, TestServer, soak},
};

#[actix_web::test]
async fn l3_deleting_the_account_removes_the_person_and_ends_everything_of_theirs() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let bystander = server.registered_phone("Hong").await;
    let mut browser = server.signed_in(&phone).await;
    browser.open_session().await;
    browser.expect_silence().await;
    let mut scanned = server.scanned(&phone).await;
    let mut confirmed = server.confirmed(&phone).await;
    let second = phone.token.clone();
    phone.sign_in().await.expect(200);
    phone
        .request(Method::DELETE, "/api/phone/account", None)
        .await
        .expect(204);
    assert!(!is_alive(&phone).await);
    phone.token = second;
    assert!(!is_alive(&phone).await);
    server.look_again().await;
    assert_eq!(browser.expect_close().await, 4009);
    for attempt in [&mut scanned, &mut confirmed] {
        assert_eq!(
            attempt.browser.expect("failed").await["reason"],
            "account_deleted"
        );
        attempt
            .browser
            .redeem(&attempt.id)
            .await
            .expect_problem(410, "attempt_failed");
    }
    for table in ["users", "wechat_identities", "phone_sessions"] {
        let rows = server
            .database
            .count(&format!("select count(*) from {table}"))
            .await;
        assert_eq!(rows, 1, "{table}");
    }
    for table in [
        "users",
        "wechat_identities",
        "phone_sessions",
        "login_attempts",
        "sessions",
    ] {
        let trace = format!(
            "select count(*) from {table} t where t::text like '%{}%'",
            phone.openid
        );
        assert_eq!(server.database.count(&trace).await, 0, "{table}");
    }
    assert!(is_alive(&bystander).await);
    assert_eq!(phone.sign_in().await.expect(200)["registered"], false);
}

#[actix_web::test]
async fn l3_deleting_twice_is_deleting_and_leaves_nothing_to_show() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Unmistakable").await;
    let openid = phone.openid.clone();
    let delete = async |phone: &Phone| {
        let path = "/api/phone/account";
        phone.request(Method::DELETE, path, None).await
    };
    delete(&phone).await.expect(204);
    delete(&phone)
        .await
        .expect_problem(401, "phone_session_invalid");
    // The same person signs in again as somebody unknown, and may delete that too.
    let again = phone.sign_in().await.expect(200);
    assert_eq!(
        (&again["registered"], &again["user"]),
        (&false.into(), &Value::Null)
    );
    delete(&phone).await.expect(204);
    for personal in [openid.as_str(), "Unmistakable"] {
        assert_eq!(rows_with(&server, personal).await, 0, "{personal}");
    }
}

/// Rows of any table that hold this text.
async fn rows_with(server: &TestServer, text: &str) -> i64 {
    let tables = "select string_agg(format('select t::text as row from %I t', table_name),
            ' union all ') from information_schema.tables where table_schema = 'public'";
    let rows = server.database.text(tables).await;
    let sql = format!("select count(*) from ({rows}) all_rows where row like '%{text}%'");
    server.database.count(&sql).await
}

#[actix_web::test]
async fn l4_old_attempts_go_in_batches_while_logins_go_on() {
    let rows = i64::try_from(soak::times(20_000, 1_000_000)).unwrap();
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let old = format!(
        "with a as (
            insert into login_attempts (id, browser_hash, instance, state, code_name, code_source,
                browser_name, browser_os, browser_ip, created_at, expires_at, ends_at)
            select gen_random_uuid(), sha256(n::text::bytea), 'gone', 'pending', 'x.jpg', 'live',
                'Chrome', 'Windows', '192.0.2.0/24', at, at + interval '2 minutes',
                at + interval '15 minutes'
            from generate_series(1, {rows}) n, lateral (
                select saoma_now() - interval '3 hours' - n * interval '1 millisecond' as at
            ) t
            returning id, expires_at
        ) insert into attempt_scenes (scene_hash, attempt_id, expires_at)
        select sha256(id::text::bytea), id, expires_at from a"
    );
    server.database.execute(&old).await;
    let open = server.pending().await;
    let sweep = async {
        let mut batches = 0;
        while server.store.delete_old().await.unwrap() {
            batches += 1;
        }
        batches
    };
    // The server's own limits (1 s for a lock, 2 s for a statement) would refuse one of these.
    let logins = async {
        let mut done = 0;
        for _ in 0..5 {
            server.signed_in(&phone).await;
            done += 1;
        }
        done
    };
    let (batches, logins) = tokio::join!(sweep, logins);
    assert_eq!((batches, logins), (rows / 1000, 5));
    let left = "select count(*) from login_attempts";
    assert_eq!(server.database.count(left).await, 1 + 5);
    let left = "select count(*) from attempt_scenes where expires_at < saoma_now()";
    assert_eq!(server.database.count(left).await, 0);
    phone.scan(&open.scene).await.expect(200);
}
