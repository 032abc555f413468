//! A person's picture: sent by his phone, made anew, shown wherever he is.

use std::{convert::Infallible, io::Cursor};

use actix_web::{http::Method, web::Bytes};
use futures_util::{future::join, stream};
use image::{ImageFormat, Rgb, RgbImage, load_from_memory};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    Answer, Browser, Phone, TestServer,
    answer::PATIENCE,
    pictures::{
        self, BLUE, RED, animated, exif, jpeg, of_size, picture, png, with_chunk, with_segment,
    },
};

const MOST: usize = 256 * 1024;
const CANARY: &str = "31.2304N-121.4737E";

/// The picture's path on the server that gave its address.
fn path(server: &TestServer, user: &Value) -> String {
    let url = user["avatar_url"].as_str().expect("no picture");
    let path = url.strip_prefix(&server.url).expect(url);
    assert!(path.starts_with("/avatars/"), "{path}");
    path.to_owned()
}

/// Sends it as what it is and gives the path of what came of it.
async fn sent(server: &TestServer, phone: &Phone, picture: Vec<u8>) -> String {
    let kind = if picture[0] == 0x89 {
        "image/png"
    } else {
        "image/jpeg"
    };
    path(server, &phone.send_avatar(kind, picture).await.expect(200))
}

/// What anybody gets at this path, who needs to be nobody.
async fn shown(server: &TestServer, path: &str) -> Answer {
    Browser::new(&server.url).get(path).await
}

fn drawn(answer: &Answer) -> RgbImage {
    answer.expect(200);
    assert_eq!(answer.header("content-type"), "image/jpeg");
    load_from_memory(&answer.bytes).unwrap().into_rgb8()
}

#[track_caller]
fn expect_colour(image: &RgbImage, at: (u32, u32), wanted: [u8; 3]) {
    let Rgb(found) = image[at];
    let apart = found.iter().zip(wanted).map(|(a, b)| a.abs_diff(b)).max();
    assert!(apart.unwrap() < 24, "{found:?} instead of {wanted:?}");
}

#[actix_web::test]
async fn a_picture_is_shown_wherever_its_user_is() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    assert_eq!(
        phone.sign_in().await.expect(200)["user"]["avatar_url"],
        Value::Null
    );
    let user = phone.send_avatar("image/jpeg", jpeg()).await.expect(200);
    let url = &user["avatar_url"];
    assert_eq!(user["nickname"], "Ming");
    path(&server, &user);

    assert_eq!(
        &phone.sign_in().await.expect(200)["user"]["avatar_url"],
        url
    );
    let renamed = phone.rename("Hong").await.expect(200);
    assert_eq!(&renamed["avatar_url"], url);
    let mut attempt = server.confirmed(&phone).await;
    let signed_in = attempt.browser.redeem(&attempt.id).await.expect(200);
    assert_eq!(&signed_in["user"]["avatar_url"], url);
    let mut browser = attempt.browser;
    assert_eq!(&browser.get("/api/me").await.expect(200)["avatar_url"], url);
    let page = browser.get("/dashboard").await;
    let page = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(
        page.contains(&format!("src=\"{}\"", url.as_str().unwrap())),
        "{page}"
    );
}

#[actix_web::test]
async fn a_picture_is_an_upright_square_jpeg_that_may_be_kept_for_a_day() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for (picture, side) in [
        (jpeg(), 200),
        (png(), 200),
        (picture(640, 1000, ImageFormat::Png), 256),
        (picture(1, 1, ImageFormat::Jpeg), 1),
    ] {
        let path = sent(&server, &phone, picture).await;
        let image = drawn(&shown(&server, &path).await);
        assert_eq!(image.dimensions(), (side, side));
    }
    let path = sent(&server, &phone, jpeg()).await;
    let answer = shown(&server, &path).await;
    let image = drawn(&answer);
    expect_colour(&image, (20, 100), RED);
    expect_colour(&image, (180, 100), BLUE);
    for (name, value) in [
        ("cache-control", "private, max-age=86400, immutable"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(answer.cookies().is_empty());
}

#[actix_web::test]
async fn a_picture_is_asked_for_once_and_then_known_by_its_tag() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let path = sent(&server, &phone, jpeg()).await;
    let whole = shown(&server, &path).await;
    let tag = whole.header("etag");
    assert_eq!(tag, format!("\"{}\"", path.trim_start_matches("/avatars/")));
    let browser = Browser::new(&server.url);
    let again = async |known: &str| {
        let headers = [("if-none-match", known)];
        browser.raw(Method::GET, &path, &headers, "").await
    };
    for known in [tag, &format!("W/{tag}"), &format!("\"a\", {tag}"), "*"] {
        let answer = again(known).await;
        assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(
            answer.header("cache-control"),
            whole.header("cache-control")
        );
    }
    again("\"another\"").await.expect(200);

    let head = browser.raw(Method::HEAD, &path, &[], "").await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    for name in ["content-length", "content-type", "etag"] {
        assert_eq!(head.header(name), whole.header(name));
    }
    let put = browser.raw(Method::PUT, &path, &[], "").await;
    put.expect_problem(405, "method_not_allowed");
}

#[actix_web::test]
async fn a_new_picture_has_a_new_address_and_the_old_one_is_gone() {
    let server = TestServer::start().await;
    let (phone, other) = (
        server.registered_phone("Ming").await,
        server.registered_phone("Hong").await,
    );
    let first = sent(&server, &phone, jpeg()).await;
    let others = sent(&server, &other, jpeg()).await;
    let second = sent(&server, &phone, jpeg()).await;
    assert!(first != second && second != others && first != others);
    shown(&server, &first)
        .await
        .expect_problem(404, "not_found");
    let browser = Browser::new(&server.url);
    let known = [("if-none-match", "*")];
    let gone = browser.raw(Method::GET, &first, &known, "").await;
    gone.expect_problem(404, "not_found");
    drawn(&shown(&server, &second).await);
    drawn(&shown(&server, &others).await);
    assert_eq!(
        server.database.count("select count(*) from avatars").await,
        2
    );
}

#[actix_web::test]
async fn whoever_deletes_his_account_has_no_picture_here_any_more() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let path = sent(&server, &phone, jpeg()).await;
    phone.delete("/api/phone/account").await.expect(204);
    shown(&server, &path).await.expect_problem(404, "not_found");
    assert_eq!(
        server.database.count("select count(*) from avatars").await,
        0
    );
    phone.sign_in().await.expect(200);
    let again = phone.register(Some("Ming")).await.expect(201);
    assert_eq!(again["avatar_url"], Value::Null);
}

#[actix_web::test]
async fn two_pictures_at_once_leave_one_and_its_address() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (one, other) = (phone.clone(), phone.clone());
    let sends = join(
        one.send_avatar("image/jpeg", jpeg()),
        other.send_avatar("image/png", png()),
    )
    .await;
    for answer in [sends.0, sends.1] {
        answer.expect(200);
    }
    assert_eq!(
        server.database.count("select count(*) from avatars").await,
        1
    );
    let user = phone.rename("Ming").await.expect(200);
    drawn(&shown(&server, &path(&server, &user)).await);
}

#[actix_web::test]
async fn only_a_registered_persons_phone_sets_his_picture() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut nobody = phone.clone();
    for token in ["", "x", &"A".repeat(43)] {
        token.clone_into(&mut nobody.token);
        let refused = nobody.send_avatar("image/jpeg", jpeg()).await;
        refused.expect_problem(401, "phone_session_invalid");
    }
    let browser = server.signed_in(&phone).await;
    let headers = [
        ("origin", browser.origin.as_str()),
        ("content-type", "image/jpeg"),
    ];
    let refused = browser
        .raw(Method::PUT, "/api/phone/avatar", &headers, "x")
        .await;
    refused.expect_problem(401, "phone_session_invalid");
    let stranger = server.phone().await;
    let refused = stranger.send_avatar("image/jpeg", jpeg()).await;
    refused.expect_problem(400, "bad_request");
    phone.delete("/api/phone/session").await.expect(204);
    let refused = phone.send_avatar("image/jpeg", jpeg()).await;
    refused.expect_problem(401, "phone_session_invalid");
    assert_eq!(
        server.database.count("select count(*) from avatars").await,
        0
    );
}

#[actix_web::test]
async fn a_person_sends_so_many_pictures_in_an_hour() {
    let server = TestServer::start_with(&[("SAOMA_MAX_REGISTRATIONS_PER_USER", "2")]).await;
    let phone = server.registered_phone("Ming").await;
    sent(&server, &phone, jpeg()).await;
    let bad = phone.send_avatar("image/jpeg", b"bad".to_vec()).await;
    bad.expect_problem(415, "unsupported_media_type");
    let refused = phone.send_avatar("image/jpeg", jpeg()).await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
    // Another person's are his own.
    let other = server.registered_phone("Hong").await;
    sent(&server, &other, jpeg()).await;
}

#[actix_web::test]
async fn a_picture_is_found_by_its_one_address_only() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let path = sent(&server, &phone, jpeg()).await;
    let id = path.trim_start_matches("/avatars/");
    let user = phone.sign_in().await.expect(200)["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for other in [
        &user,
        &id.to_uppercase(),
        &id.replace('-', ""),
        &format!("{{{id}}}"),
        &format!("{id}.jpg"),
        &"0".repeat(5000),
        &"%00".to_owned(),
    ] {
        let answer = shown(&server, &format!("/avatars/{other}")).await;
        answer.expect_problem(404, "not_found");
    }
    drawn(&shown(&server, &path).await);
}

#[actix_web::test]
async fn a_refused_picture_is_explained_in_the_persons_language() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    for (language, words) in [("en", "cannot be read"), ("zh-CN", "无法读取这张图片")] {
        language.clone_into(&mut phone.language);
        let refused = phone.send_avatar("image/png", png()[..40].to_vec()).await;
        let detail = refused.expect_problem(422, "avatar_invalid")["detail"].clone();
        assert!(detail.as_str().unwrap().contains(words), "{detail}");
    }
}

mod files;
