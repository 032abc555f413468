//! Saoma in an application of one's own, as `examples/mounted.rs` has it.

use std::{net::TcpListener, path::PathBuf, time::Duration};

use actix_web::rt::{spawn, time::sleep};
use saoma::settings::{Flags, Settings};
use uuid::Uuid;

use crate::support::{
    Browser, Phone, TestDatabase, eventually,
    port::free_port,
    server::{settings, simulator},
};

#[allow(dead_code, reason = "the test calls what its main calls")]
#[path = "../../examples/mounted.rs"]
mod example;

#[actix_web::test]
async fn an_application_with_a_page_of_its_own_logs_people_in() {
    let (port, database) = (free_port(), TestDatabase::migrated().await);
    let url = format!("http://localhost:{port}");
    let simulator = simulator(&url);
    let data_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
    let settings = Settings::load(&Flags {
        set: settings(port, &database, &simulator, &data_dir),
        ..Flags::default()
    });
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let application = spawn(example::serve(settings.unwrap(), listener));

    let mut browser = Browser::new(&url);
    eventually(async || {
        // The listener takes connections before the application serves them.
        sleep(Duration::from_millis(20)).await;
        browser.get("/healthz").await.status == 200
    })
    .await;
    assert_eq!(
        browser.get("/hello").await.bytes,
        "This page is not Saoma's."
    );
    assert_eq!(browser.get("/nowhere").await.status, 404);

    browser.open_login_page().await;
    let phone = Phone::new(&url, simulator.url().as_str()).await;
    phone.register(Some("Ming")).await.expect(201);
    let ticket = browser.open_socket().await;
    let scene = browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect("login_succeeded").await;
    browser.redeem(&ticket["attempt"]).await.expect(200);
    browser.expect("redeemed").await;
    assert_eq!(browser.expect_close().await, 4002);
    assert_eq!(browser.get("/api/me").await.expect(200)["nickname"], "Ming");
    application.abort();
    let _ = std::fs::remove_dir_all(data_dir);
}
