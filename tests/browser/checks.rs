//! The checks beside the confirm, between the login page and the simulator's phone page.

use fantoccini::{Locator, key::Key};

use crate::{
    chromium::Chromium,
    proxy::{Network, Proxy},
    simulated_phone::PhonePage,
    support::{
        Phone, TestServer,
        phone::{CAMERA, FORWARDED},
    },
};

/// Types the six digits, and presses Enter.
async fn type_digits(browser: &Chromium, digits: &str) {
    let field = browser.find(Locator::Id("digits")).await.unwrap();
    field.send_keys(digits).await.unwrap();
    browser.key(Key::Enter).await;
}

/// Six digits that are not these.
fn wrong(digits: &str) -> String {
    let digit = |digit: char| if digit == '1' { '2' } else { '1' };
    digits.chars().map(digit).collect()
}

#[track_caller]
fn expect_tries(browser: &Chromium, left: u8) -> impl Future<Output = ()> {
    let script = format!(
        "return document.documentElement.dataset.reason === 'wrong' \
         && document.getElementById('status_detail').textContent.includes('{left}')"
    );
    browser.until(format!("{left} tries left"), script)
}

#[actix_web::test]
async fn a_forwarded_picture_asks_for_the_number_that_the_page_shows() {
    let server = TestServer::start().await;
    let browser = Chromium::reading("zh-CN,zh,en").await;
    let phone = PhonePage::of(&server, "zh-CN,zh,en", "alex", FORWARDED).await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.expect_words("输入登录页面上的两位数字").await;
    phone.expect_equal_buttons().await;
    browser.expect_state("scanned").await;
    let number = browser.text("number").await;
    assert_eq!(number.len(), 2);
    assert_eq!(
        browser.text("status_title").await,
        format!("请在手机上输入 {number}")
    );
    // The scan alone confirms nothing, nor does a button without the number.
    phone.tap("确认登录").await;
    phone.expect_words("请先输入登录页面上的两位数字").await;

    let other = if number == "00" { "01" } else { "00" };
    phone.type_number(other).await;
    phone.tap("确认登录").await;
    phone.expect_words("还可以试 2 次").await;
    phone.expect_accessible("number").await;
    phone.type_number(&number).await;
    phone.tap("确认登录").await;
    browser.expect_state("not_registered").await;
    phone.expect("not_registered").await;
    phone.expect_equal_buttons().await;
    phone.tap("注册并登录").await;
    browser.expect_path("/dashboard").await;
    phone.expect("done").await;
}

#[actix_web::test]
async fn the_third_wrong_number_ends_the_login_on_both_sides() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "number")]).await;
    let browser = Chromium::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    browser.expect_state("scanned").await;
    let number = browser.text("number").await;
    let other = if number == "00" { "01" } else { "00" };
    for left in ["Tries left: 2", "Tries left: 1"] {
        phone.type_number(other).await;
        phone.tap("Sign in").await;
        phone.expect_words(left).await;
    }
    phone.type_number(other).await;
    phone.tap("Sign in").await;
    phone.expect_words("Too many wrong numbers").await;
    browser.expect_state("failed").await;
    assert_eq!(browser.text("status_title").await, "Wrong number");
}

/// With the strict check: two wrong codes, then the right one.
async fn log_in_by_code(browser: &Chromium, phone: &PhonePage, words: [&str; 3]) {
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    browser.expect_state("scanned").await;
    phone.tap(words[0]).await;
    phone.expect("code").await;
    let code = phone.words_of(".digits").await;
    browser.expect_state("code_needed").await;
    assert_eq!(browser.text("status_title").await, words[1]);
    let countdown = browser.text("countdown").await;
    assert!(
        countdown.contains("1:30") || countdown.contains("1:2"),
        "{countdown}"
    );
    // The field has the focus; fewer digits cost no try.
    assert_eq!(
        browser.run("return document.activeElement.id").await,
        "digits"
    );
    type_digits(browser, &code[..5]).await;
    browser
        .until(
            "a word about six digits".to_owned(),
            "return document.getElementById('notice').textContent.includes('6') \
             || document.getElementById('notice').textContent.includes('six')"
                .to_owned(),
        )
        .await;
    browser
        .find(Locator::Id("digits"))
        .await
        .unwrap()
        .clear()
        .await
        .unwrap();
    type_digits(browser, &wrong(&code)).await;
    expect_tries(browser, 2).await;
    assert_eq!(browser.text("status_title").await, words[2]);
    assert_eq!(
        browser
            .run("return document.activeElement.getAttribute('aria-invalid')")
            .await,
        "true"
    );
    browser
        .find(Locator::Id("digits"))
        .await
        .unwrap()
        .send_keys(&wrong(&code))
        .await
        .unwrap();
    browser.press("check").await;
    expect_tries(browser, 1).await;
    // As it stands on the phone, with a space in the middle.
    type_digits(browser, &format!("{} {}", &code[..3], &code[3..])).await;
    browser.expect_path("/dashboard").await;
    phone.expect("done").await;
}

async fn register(server: &std::sync::Arc<TestServer>, user: &str) {
    let state = server.simulator.state();
    let users = state.users();
    let openid = users.iter().find(|known| known.id == user).unwrap();
    let mut phone = server.phone().await;
    phone.openid.clone_from(&openid.openid);
    phone.sign_in().await.expect(200);
    phone.register(Some(user)).await.expect(201);
}

#[actix_web::test]
async fn the_strict_code_goes_through_after_two_wrong_ones() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    register(&server, "alex").await;
    let browser = Chromium::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    browser.open_login(&server.url).await;
    let words = ["Sign in", "Enter your phone’s code", "That was not right"];
    log_in_by_code(&browser, &phone, words).await;
    assert_eq!(browser.me().await, "alex");
}

#[actix_web::test]
async fn the_strict_code_goes_through_without_sockets_too() {
    let proxy = Proxy::start().await;
    let options = [("SAOMA_CHECK", "code"), ("SAOMA_PUBLIC_URL", &proxy.url())];
    let server = TestServer::start_with(&options).await;
    proxy.lead_to(&server.url);
    proxy.set(Network::NoSockets);
    register(&server, "alex").await;
    let browser = Chromium::reading("zh-CN,zh,en").await;
    let phone = PhonePage::of(&server, "zh-CN,zh,en", "alex", CAMERA).await;
    browser.open_login(&proxy.url()).await;
    let words = ["确认登录", "请输入手机上的验证码", "验证码不正确"];
    log_in_by_code(&browser, &phone, words).await;
}

#[actix_web::test]
async fn the_third_wrong_code_ends_the_login_on_both_sides_and_a_new_one_starts_afresh() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    register(&server, "alex").await;
    let browser = Chromium::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    phone.expect("code").await;
    let code = phone.words_of(".digits").await;
    browser.expect_state("code_needed").await;
    phone.expect_accessible("code").await;
    for left in [2, 1] {
        type_digits(&browser, &wrong(&code)).await;
        expect_tries(&browser, left).await;
    }
    // A reload knows nothing of the tries but what the server says.
    browser.refresh().await.unwrap();
    browser.expect_state("code_needed").await;
    assert!(browser.text("status_detail").await.contains("left: 1"));
    type_digits(&browser, &wrong(&code)).await;
    browser.expect_state("failed").await;
    assert_eq!(browser.text("status_title").await, "Wrong digits");
    phone.expect_words("Too many wrong codes").await;

    browser.press("refresh").await;
    browser.expect_state("pending").await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    browser.expect_state("code_needed").await;
    assert_eq!(
        browser.text("status_title").await,
        "Enter your phone’s code"
    );
}

#[actix_web::test]
async fn a_second_phone_on_the_same_code_is_told_to_the_page() {
    let server = TestServer::start().await;
    let mine = server.registered_phone("Ming").await;
    let other: Phone = server.registered_phone("Hong").await;
    let browser = Chromium::reading("zh-CN,zh,en").await;
    browser.open_login(&server.url).await;
    let scene = browser.scene().await;
    mine.scan(&scene).await.expect(200);
    browser.expect_state("scanned").await;
    other
        .scan(&scene)
        .await
        .expect_problem(409, "already_scanned");
    browser
        .until(
            "the notice".to_owned(),
            "return document.getElementById('notice').textContent.startsWith('另一部手机')"
                .to_owned(),
        )
        .await;
    // It is advice, no state: the login goes on.
    browser.expect_state("scanned").await;
    assert_eq!(browser.text("status_title").await, "扫描成功");
}
