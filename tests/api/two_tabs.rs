//! Two tabs of one browser, of the same attempt and of two.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn a_new_tab_has_an_attempt_of_its_own_and_hears_only_of_that() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let mut tab = attempt.browser.tab();
    let ticket = tab.open_socket().await;
    assert_ne!(ticket["attempt"], attempt.id);
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    tab.expect_silence().await;
}

#[actix_web::test]
async fn when_one_tab_is_signed_in_the_other_hears_redeemed() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let mut tab = attempt.browser.tab();
    let ticket = tab.open_socket().await;
    let scene = tab.scene(&ticket).await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let news = tab.expect("redeemed").await;
    assert_eq!(
        (&news["attempt"], &news["version"]),
        (&ticket["attempt"], &2.into())
    );
    assert_eq!(tab.expect_close().await, 4002);
    phone
        .scan(&scene)
        .await
        .expect_problem(410, "attempt_cancelled");
}

#[actix_web::test]
async fn a_refresh_in_two_tabs_at_once_renews_once() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let path = format!("{}/refresh", attempt.path());
    let body = json!({"version": 1, "silent": true});
    let (mut a, mut b) = (attempt.browser.tab(), attempt.browser.tab());
    let (a, b) = tokio::join!(a.post(&path, body.clone()), b.post(&path, body));
    for answer in [a.expect(200), b.expect(200)] {
        assert_eq!(
            (&answer["type"], &answer["version"]),
            (&"ticket".into(), &2.into())
        );
    }
    assert_eq!(attempt.browser.expect("ticket").await["version"], 2);
    attempt.browser.expect_silence().await;
}
