//! Who may log in, and what a person does from the phone about a login that was not his.

use std::time::{Duration, Instant};

use crate::{
    chromium::Chromium,
    simulated_phone::PhonePage,
    support::{TestServer, phone::CAMERA, pictures::png},
};

/// Logs this browser in by the phone page, whose person has no account yet.
async fn log_in(server: &TestServer, phone: &PhonePage, words: [&str; 2]) -> Chromium {
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    // A scan alone logs nobody in.
    browser.expect_state("scanned").await;
    assert!(browser.me().await.is_null());
    phone.expect_equal_buttons().await;
    phone.tap(words[0]).await;
    phone.expect("not_registered").await;
    phone.type_nickname("Alex").await;
    phone.tap(words[1]).await;
    browser.expect_path("/dashboard").await;
    phone.expect("done").await;
    browser
}

#[actix_web::test]
async fn a_login_is_new_on_the_phone_and_ends_there() {
    let server = TestServer::start().await;
    let phone = PhonePage::of(&server, "zh-CN,zh,en", "alex", CAMERA).await;
    let browser = log_in(&server, &phone, ["确认登录", "注册并登录"]).await;
    phone.devices(&server).await;
    assert_eq!(phone.count(".session").await, 1);
    assert_eq!(phone.words_of(".session .new").await, "新");
    phone.expect_accessible("devices").await;
    phone.expect_words(" · Linux").await;
    phone.devices(&server).await;
    assert_eq!(phone.count(".session .new").await, 0);

    phone.tap("退出登录").await;
    phone.expect_equal_buttons().await;
    phone.tap("取消").await;
    assert!(!browser.me().await.is_null());
    phone.tap("退出登录").await;
    phone.tap("退出登录").await;
    let start = Instant::now();
    browser.expect_state("ended").await;
    assert!(start.elapsed() < Duration::from_secs(3), "{start:?}");
    phone.expect_words("已让它退出登录。").await;
    assert_eq!(phone.count(".session").await, 0);
}

#[actix_web::test]
async fn this_was_not_me_ends_the_login_and_marks_it() {
    let server = TestServer::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    let browser = log_in(&server, &phone, ["Sign in", "Register"]).await;
    phone.devices(&server).await;
    phone.tap("Not me").await;
    phone.expect_words("the website keeps a note").await;
    phone.expect_accessible("report").await;
    phone.tap("Not me").await;
    phone
        .expect_words("It is signed out, and noted as not yours")
        .await;
    browser.expect_state("ended").await;
    let marked = "SELECT count(*) FROM audit_log WHERE reported_at IS NOT NULL";
    assert!(server.database.count(marked).await > 0);
}

#[actix_web::test]
async fn all_logins_end_from_the_phone_and_the_account_goes_with_all_that_belongs_to_it() {
    let server = TestServer::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    let first = log_in(&server, &phone, ["Sign in", "Register"]).await;
    let second = Chromium::start().await;
    second.open_login(&server.url).await;
    phone.scan(&second.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    second.expect_path("/dashboard").await;
    phone.devices(&server).await;
    assert_eq!(phone.count(".session").await, 2);
    phone.tap("Sign out all").await;
    phone.expect_words("Sign all 2 browsers out?").await;
    phone.tap("Sign out all").await;
    phone.expect_words("All browsers are signed out.").await;
    first.expect_state("ended").await;
    second.expect_state("ended").await;

    phone.account(&server).await;
    phone.choose_picture(&png()).await;
    phone.expect_words("The picture is changed").await;
    phone.expect_picture(200).await;
    let pictures = "select count(*) from avatars";
    assert_eq!(server.database.count(pictures).await, 1);
    phone.tap("Delete account").await;
    phone.expect_words("This cannot be undone").await;
    phone.expect_accessible("deleting").await;
    phone.tap("Delete for good").await;
    phone.expect_words("Account deleted").await;
    assert_eq!(server.database.count(pictures).await, 0);
    // Whoever comes back is somebody new.
    second.expect_path("/login").await;
    second.expect_state("pending").await;
    phone.scan(&second.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    second.expect_state("not_registered").await;
}

#[actix_web::test]
async fn a_blocked_user_is_told_so_on_both_sides() {
    let server = TestServer::start().await;
    let phone = PhonePage::of(&server, "zh-CN,zh,en", "alex", CAMERA).await;
    let browser = log_in(&server, &phone, ["确认登录", "注册并登录"]).await;
    let user = browser
        .run_async("fetch('/api/me').then((answer) => answer.json()).then((me) => me.id)")
        .await;
    let user = user.as_str().unwrap().parse().unwrap();
    assert!(server.store.block_user(user).await.unwrap());
    server.look_again().await;
    browser.expect_state("ended").await;
    browser.expect_path("/login").await;
    browser.expect_state("pending").await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("确认登录").await;
    phone.expect_words("无法登录").await;
    browser.expect_state("failed").await;
    assert_eq!(browser.text("status_title").await, "Account blocked");
}

#[actix_web::test]
async fn with_registration_closed_the_phone_shows_the_reference_for_the_sites_owner() {
    let server = TestServer::start_with(&[("SAOMA_REGISTRATION", "closed")]).await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    phone.expect("registration_closed").await;
    phone.expect_accessible("reference").await;
    browser.expect_state("failed").await;
    assert_eq!(browser.text("status_title").await, "No account here");
    let reference = phone.words_of("#reference").await;
    let known = format!("SELECT count(*) FROM pending_users WHERE reference = '{reference}'");
    assert_eq!(server.database.count(&known).await, 1);
}
