//! The database goes away and comes back while sockets are open.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn g3_sockets_stay_requests_fail_soon_and_the_login_goes_on_without_a_restart() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    server.database.set_away(true).await;

    let began = Instant::now();
    let refused = phone.scan(&attempt.scene).await;
    let problem = refused.expect_problem(503, "unavailable");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
    let refused = attempt.browser.post("/api/login/attempts", json!({})).await;
    refused.expect_problem(503, "unavailable");
    attempt.browser.refresh(&json!(1), false).await;
    assert_eq!(attempt.browser.expect("error").await["code"], "unavailable");
    assert!(server.recheck.once().await.is_err());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    attempt.browser.expect_silence().await;

    server.database.set_away(false).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
}
