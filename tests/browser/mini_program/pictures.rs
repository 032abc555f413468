//! A person's picture, from the phone to the browser.

use std::{fs, path::Path};

use serde_json::json;
use uuid::Uuid;

use super::support::MiniProgram;
use crate::{
    chromium::Chromium,
    people::site_that_keeps_the_page,
    support::{TestServer, phone::CAMERA, pictures::png},
};

/// The picture that the page shows has come, and has this many pixels a side.
async fn expect_picture(browser: &Chromium, side: u32) {
    let script = format!(
        "const image = document.getElementById('avatar'); \
         return !image.hidden && image.complete && image.naturalWidth === {side}"
    );
    browser.until("the picture".to_owned(), script).await;
}

#[actix_web::test]
async fn a_picture_that_is_chosen_on_the_phone_is_seen_in_the_browser() {
    let site = site_that_keeps_the_page().await;
    let server = TestServer::start_with(&[("SAOMA_RETURN_ORIGINS", &site)]).await;
    let phone = server.registered_phone("Ming").await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
    fs::create_dir_all(&folder).unwrap();
    let chosen = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        json!(["choose", path])
    };
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.open("pages/profile/profile");
    mini.expect("account").await;
    mini.act(&chosen("a.png", &png()));
    let view = mini.expect_words("The picture is changed").await;
    let url = view["picture"].as_str().unwrap().to_owned();
    assert!(
        url.starts_with(&format!("{}/avatars/", server.url)),
        "{url}"
    );
    mini.act(&chosen("a.gif", b"GIF89a"));
    mini.expect_words("choose a JPG or PNG").await;
    mini.act(&chosen("b.png", &png()[..50]));
    let view = mini.expect_words("damaged").await;
    assert_eq!(view["picture"], url);

    let browser = Chromium::start().await;
    let page = format!("{}/login?return_to={site}/welcome", server.url);
    browser.goto(&page).await.unwrap();
    browser.expect_state("pending").await;
    mini.scan(&browser.scene().await, CAMERA).await;
    mini.tap("Sign in");
    browser.expect_state("done").await;
    expect_picture(&browser, 200).await;
    let dashboard = format!("{}/dashboard", server.url);
    browser.goto(&dashboard).await.unwrap();
    expect_picture(&browser, 200).await;
    let shown = "return document.getElementById('avatar').src";
    assert_eq!(browser.run(shown).await, url);
    let _ = fs::remove_dir_all(folder);
}
