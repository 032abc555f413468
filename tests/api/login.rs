//! The main job: open the page, scan, confirm, logged in.

use crate::support::TestServer;

#[actix_web::test]
async fn a_known_user_scans_and_confirms_and_that_browser_is_logged_in() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    assert_eq!(
        (&ticket["version"], &ticket["source"]),
        (&1.into(), &"live".into())
    );
    assert_eq!(ticket["expires_in"], 120);

    let scene = browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    assert_eq!(scanned["site"]["name"], "Test Site");
    assert_eq!(scanned["browser"]["name"], "Chrome");
    assert_eq!(scanned["browser"]["os"], "Windows");
    assert_eq!(scanned["browser"]["ip"], "127.0.0.0/24");
    assert_eq!(
        (&scanned["registered"], &scanned["check"]),
        (&true.into(), &"none".into())
    );
    let news = browser.expect("scanned").await;
    assert_eq!(
        (&news["attempt"], &news["version"]),
        (&ticket["attempt"], &2.into())
    );

    let confirmed = phone.confirm(&scanned["nonce"]).await.expect(200);
    assert_eq!(confirmed["result"], "login_succeeded");
    let news = browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);

    let redeemed = browser.redeem(&ticket["attempt"]).await;
    assert_eq!(redeemed.expect(200)["user"]["nickname"], "Ming");
    browser.expect("redeemed").await;
    assert_eq!(browser.expect_close().await, 4002);

    assert_eq!(browser.get("/api/me").await.expect(200)["nickname"], "Ming");
    assert_eq!(browser.get("/dashboard").await.status, 200);
    let view = phone.attempt(&ticket["attempt"]).await.expect(200);
    assert_eq!(view["state"], "redeemed");
    assert!(view["session"].is_string());
}
