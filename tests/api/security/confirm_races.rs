//! C: what crosses a confirm: another one, a refusal, the end of its time, a
//! wrong clock, an error of the database.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Mutex;

use crate::support::{TestDatabase, TestServer};

#[actix_web::test]
async fn c2_a_thousand_confirms_and_redeems_at_once_give_one_session() {
    // A busy machine takes its time until the last of them has been sent.
    let server = TestServer::start_with(&[("SAOMA_HEAD_TIMEOUT", "1h")]).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    // So many wait for one row that some are told to come back; they do, one after the other.
    let turn = Mutex::new(());
    let confirms = (0..500).map(async |_| {
        let mut confirmed = phone.confirm(&attempt.nonce).await;
        while confirmed.status == 503 {
            let _mine = turn.lock().await;
            confirmed = phone.confirm(&attempt.nonce).await;
        }
        // The guard lets one through; the others hear what it did.
        assert_eq!(confirmed.expect(200), json!({"result": "login_succeeded"}));
        None::<String>
    });
    let tabs: Vec<_> = (0..500).map(|_| attempt.browser.tab()).collect();
    let redeems = tabs.into_iter().map(async |mut tab| {
        let mut redeemed = tab.redeem(&attempt.id).await;
        while redeemed.status == 503 {
            let _mine = turn.lock().await;
            redeemed = tab.redeem(&attempt.id).await;
        }
        if redeemed.status != 200 {
            let code = redeemed.expect(409)["code"].clone();
            // Before the first confirm, or, where a machine takes so long, half a minute after
            // the first redeem.
            assert!(["not_confirmed", "already_redeemed"].contains(&code.as_str().unwrap()));
        }
        tab.cookies.remove("saoma_session")
    });
    // All thousand are on their way before the first is answered.
    let (_, redeemed) = tokio::join!(
        join_all(confirms.map(Box::pin)),
        join_all(redeems.map(Box::pin))
    );
    let mut tokens: BTreeSet<String> = redeemed.into_iter().flatten().collect();
    attempt.browser.redeem(&attempt.id).await;
    tokens.extend(attempt.browser.cookies.get("saoma_session").cloned());
    assert_eq!(tokens.len(), 1);
    let sessions = server.database.count("select count(*) from sessions").await;
    assert_eq!(sessions, 1);
    let version = server
        .database
        .count("select version::bigint from login_attempts");
    assert_eq!(
        version.await,
        4,
        "begun, scanned, confirmed, redeemed, each once"
    );
}

#[actix_web::test]
async fn c3_a_confirm_that_races_the_browsers_cancel_leaves_one_truth() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for _ in 0..15 {
        let mut attempt = server.scanned(&phone).await;
        let cancel = format!("{}/cancel", attempt.path());
        let mut tab = attempt.browser.tab();
        let (confirm, cancel) =
            tokio::join!(phone.confirm(&attempt.nonce), tab.post(&cancel, json!({})));
        let message = attempt.browser.next().await;
        if confirm.status == 200 {
            cancel.expect_problem(409, "already_confirmed");
            assert_eq!(message["type"], "login_succeeded");
        } else {
            confirm.expect_problem(410, "attempt_cancelled");
            cancel.expect(204);
            assert_eq!(message["type"], "cancelled");
        }
        assert_eq!(message["version"], 3);
        attempt.browser.expect_silence().await;
    }
}

#[actix_web::test]
async fn c3_a_confirm_that_races_the_phones_refusal_leaves_one_truth() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for _ in 0..15 {
        let mut attempt = server.scanned(&phone).await;
        let (confirm, refuse) =
            tokio::join!(phone.confirm(&attempt.nonce), phone.refuse(&attempt.nonce));
        // A refusal ends a confirmed attempt too, so it always has the last word.
        refuse.expect(204);
        if confirm.status != 200 {
            confirm.expect_problem(410, "attempt_cancelled");
        }
        // Of two news close together the browser may hear the newer one alone.
        let mut end = attempt.browser.next().await;
        if confirm.status == 200 && end["type"] == "login_succeeded" {
            end = attempt.browser.next().await;
        }
        assert_eq!(end["type"], "cancelled");
        assert_eq!(end["reason"], "by_phone");
        attempt
            .browser
            .redeem(&attempt.id)
            .await
            .expect_problem(410, "attempt_cancelled");
    }
    let sessions = server.database.count("select count(*) from sessions").await;
    assert_eq!(sessions, 0);
}

#[actix_web::test]
async fn c4_a_confirm_at_the_end_of_its_time_is_confirmed_or_expired_never_both() {
    for (at, good) in [("- interval '1 microsecond'", true), ("", false)] {
        let server = TestServer::start().await;
        let phone = server.registered_phone("Ming").await;
        let attempt = server.scanned(&phone).await;
        let end = format!("select expires_at {at} from login_attempts");
        server.database.stop_clock_at(&end).await;
        // Whoever looks at the same time, and whatever is swept.
        let (confirm, (), swept) = tokio::join!(
            phone.confirm(&attempt.nonce),
            server.look_again(),
            server.store.delete_old()
        );
        swept.unwrap();
        let written = server
            .database
            .text("select state from login_attempts")
            .await;
        let view = phone.attempt(&attempt.id).await.expect(200);
        if good {
            confirm.expect(200);
            assert_eq!(
                (written.as_str(), &view["state"]),
                ("confirmed", &"confirmed".into())
            );
        } else {
            confirm.expect_problem(410, "attempt_expired");
            assert_eq!(
                (written.as_str(), &view["state"]),
                ("scanned", &"expired".into())
            );
        }
    }
}

#[actix_web::test]
async fn c4_on_a_running_clock_the_phones_answer_is_what_the_row_says() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for milliseconds in [0, 1, 2, 4, 8, 16] {
        let attempt = server.scanned(&phone).await;
        let id = attempt.id.as_str().unwrap();
        let ends = format!(
            "update login_attempts set expires_at = saoma_now() + interval '{milliseconds} ms'
             where id = '{id}'"
        );
        server.database.execute(&ends).await;
        let (confirm, ()) = tokio::join!(phone.confirm(&attempt.nonce), server.look_again());
        let state = format!("select state from login_attempts where id = '{id}'");
        let written = server.database.text(&state).await;
        if written == "confirmed" {
            confirm.expect(200);
        } else {
            confirm.expect_problem(410, "attempt_expired");
            assert_eq!(written, "scanned");
        }
    }
}

#[actix_web::test]
async fn c10_a_server_whose_clock_is_wrong_logs_in_as_ever() {
    for minutes in [5, -5] {
        // Between the two clocks it does not matter which is wrong.
        let database = TestDatabase::migrated().await;
        database.set_clock(&format!("{minutes} minutes")).await;
        let server = TestServer::start_on(database, &[]).await;
        let phone = server.registered_phone("Ming").await;
        let mut attempt = server.pending().await;
        assert_eq!(
            attempt.browser.tab().get(&attempt.path()).await.expect(200)["expires_in"],
            120
        );
        let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
        phone.confirm(&nonce).await.expect(200);
        attempt.browser.redeem(&attempt.id).await.expect(200);
        attempt.browser.get("/api/me").await.expect(200);
        while server.store.delete_old().await.unwrap() {}
        attempt.browser.get("/api/me").await.expect(200);
    }
}

#[actix_web::test]
async fn c12_a_session_that_cannot_be_written_takes_its_attempts_change_back() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    server
        .database
        .execute(
            "create function fail() returns trigger language plpgsql as
                $$ begin raise exception 'the disk is full'; end $$;
             create trigger fail before insert on sessions
                for each row execute function fail()",
        )
        .await;
    let refused = attempt.browser.redeem(&attempt.id).await;
    assert!(refused.status >= 500, "{}", refused.status);
    assert!(refused.cookies().is_empty());
    assert!(!refused.json().to_string().contains("disk"));
    let state = "select state || version from login_attempts";
    assert_eq!(server.database.text(state).await, "confirmed3");
    server
        .database
        .execute("drop trigger fail on sessions")
        .await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    attempt.browser.expect("redeemed").await;
}
