//! `GET /codes/{name}`, whatever the images lie in.

use std::{fs, sync::Arc};

use actix_web::web::Bytes;
use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, TestServer, eventually,
    object_storage::{Bucket, KEY_ID, SECRET},
};

async fn server_on(bucket: &Bucket) -> Arc<TestServer> {
    TestServer::start_with(&[
        ("SAOMA_CODE_STORE", &bucket.store()),
        ("SAOMA_CODE_STORE_KEY_ID", KEY_ID),
        ("SAOMA_CODE_STORE_SECRET", SECRET),
    ])
    .await
}

async fn ticket(server: &Arc<TestServer>) -> Value {
    server.browser().await.open_socket().await
}

/// The name in a ticket's address.
fn image_of(ticket: &Value) -> String {
    let address = ticket["code_url"].as_str().unwrap();
    address.rsplit_once('/').unwrap().1.to_owned()
}

async fn get(server: &TestServer, image: &str) -> Answer {
    Browser::new(&server.url)
        .get(&format!("/codes/{image}"))
        .await
}

#[actix_web::test]
async fn a_code_of_one_instance_is_shown_by_another_from_their_bucket() {
    let Some(bucket) = Bucket::create().await else {
        return;
    };
    let (one, other) = (server_on(&bucket).await, server_on(&bucket).await);
    let image = image_of(&ticket(&one).await);
    let answer = get(&other, &image).await;
    answer.expect(200);
    assert_eq!(answer.bytes, bucket.object(&image).await.bytes);
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
}

#[actix_web::test]
async fn without_the_storage_shown_codes_stay_and_new_ones_wait() {
    let Some(bucket) = Bucket::create().await else {
        return;
    };
    let server = server_on(&bucket).await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    bucket.fault("busy", 1000).await;
    browser.scene(&ticket).await;
    let begun = browser.post("/api/login/attempts", json!({})).await;
    begun.expect_problem(503, "codes_unavailable");
    let unseen = format!("{}.jpg", "0a".repeat(32));
    let answer = get(&server, &unseen).await;
    answer.expect_problem(503, "codes_unavailable");
    assert_eq!(answer.header("cache-control"), "no-store");
    bucket.fault("busy", 0).await;
    eventually(async || {
        let begun = browser.post("/api/login/attempts", json!({})).await;
        begun.status == 201
    })
    .await;
    get(&server, &unseen)
        .await
        .expect_problem(404, "code_unknown");
}

#[actix_web::test]
async fn pl9_an_altered_image_is_shown_to_nobody_and_counted() {
    // Nothing stays in memory, so the store is what is read.
    let server = TestServer::start_with(&[("SAOMA_CODE_CACHE", "0")]).await;
    let ticket = ticket(&server).await;
    let (image, another) = (image_of(&ticket), Bytes::from_static(b"\xFF\xD8\xFF\xE0"));
    get(&server, &image).await.expect(200);
    let file = server.data_dir.join("codes").join(&image);
    fs::write(file, another).unwrap();
    let answer = get(&server, &image).await;
    answer.expect_problem(404, "code_unknown");
    assert_eq!(answer.header("cache-control"), "no-store");
    let metrics = Browser::new(&server.admin_url).get("/metrics").await;
    let metrics = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("saoma_code_images_altered_total "));
    assert!(counted.is_some(), "{metrics}");
}

#[actix_web::test]
async fn with_a_cdn_a_code_is_found_there() {
    let cdn = "https://cdn.example.com/login/";
    let server = TestServer::start_with(&[("SAOMA_CODE_BASE_URL", cdn)]).await;
    let ticket = ticket(&server).await;
    let image = image_of(&ticket);
    assert_eq!(ticket["code_url"], format!("{cdn}{image}"));
    assert!(server.data_dir.join("codes").join(&image).exists());
    let answer = get(&server, &image).await;
    answer.expect(302);
    assert_eq!(answer.header("location"), format!("{cdn}{image}"));
    for none in ["secret.key", "..%2Fsecret.key", "x.jpg"] {
        get(&server, none).await.expect_problem(404, "code_unknown");
    }
}

#[actix_web::test]
async fn codes_have_the_width_of_the_settings() {
    for (options, width) in [(&[][..], 430), (&[("SAOMA_CODE_WIDTH", "800")][..], 800)] {
        let server = TestServer::start_with(options).await;
        let image = image_of(&ticket(&server).await);
        let image = image::load_from_memory(&get(&server, &image).await.bytes).unwrap();
        assert_eq!(image.width(), width);
    }
}

#[actix_web::test]
async fn a_stock_is_not_used_up_by_a_storage_that_is_away() {
    let Some(bucket) = Bucket::create().await else {
        return;
    };
    let server = TestServer::start_with(&[
        ("SAOMA_CODES", "stock"),
        ("SAOMA_CODE_STORE", &bucket.store()),
        ("SAOMA_CODE_STORE_KEY_ID", KEY_ID),
        ("SAOMA_CODE_STORE_SECRET", SECRET),
    ])
    .await;
    let codes = server.make_codes(3).await;
    let opens = server.opens();
    server.store.add_stock(&opens, &codes).await.unwrap();
    bucket.fault("busy", 1000).await;
    server.stock.was_filled();
    let mut browser = server.browser().await;
    for _ in 0..3 {
        let begun = browser.post("/api/login/attempts", json!({})).await;
        begun.expect_problem(503, "codes_unavailable");
    }
    bucket.fault("busy", 0).await;
    server.stock.was_filled();
    // The codes that the keeper could not load are shown, each once.
    for _ in 0..3 {
        assert_eq!(ticket(&server).await["source"], "stock");
    }
}
