//! Two who act at once: exactly one of them wins, and all hear the same.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn a_renewal_that_crosses_a_scan_loses_neither() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    for _ in 0..15 {
        let mut attempt = server.pending().await;
        attempt.browser.refresh(&json!(1), true).await;
        phone.scan(&attempt.scene).await.expect(200);
        let mut versions = vec![1];
        loop {
            let message = attempt.browser.next().await;
            versions.push(message["version"].as_i64().unwrap());
            if message["type"] == "scanned" {
                break;
            }
            assert_eq!(message["type"], "ticket");
        }
        assert!(versions.is_sorted(), "{versions:?}");
        // The renewal may still be answered, by the state that is known by now.
        attempt.browser.refresh(&json!(0), true).await;
        assert_eq!(
            attempt.browser.expect("scanned").await["attempt"],
            attempt.id
        );
    }
}

#[actix_web::test]
async fn a_redeem_that_races_a_refusal_leaves_one_truth() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for _ in 0..15 {
        let attempt = server.confirmed(&phone).await;
        let mut tab = attempt.browser.tab();
        let (redeem, refuse) = tokio::join!(tab.redeem(&attempt.id), phone.refuse(&attempt.nonce));
        if redeem.status == 200 {
            refuse.expect_problem(409, "already_redeemed");
        } else {
            redeem.expect_problem(410, "attempt_cancelled");
            refuse.expect(204);
        }
    }
}

#[actix_web::test]
async fn a_person_who_registers_twice_at_once_has_one_account() {
    let server = TestServer::start().await;
    for _ in 0..10 {
        let phone = server.phone().await;
        let (a, b) = tokio::join!(phone.register(Some("A")), phone.register(Some("B")));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
    assert_eq!(
        server.database.count("select count(*) from users").await,
        10
    );
}
