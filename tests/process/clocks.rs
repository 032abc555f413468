//! K5: the server's clock jumps under the running process.

use std::{fs, path::PathBuf};

use crate::support::{Cluster, Phone, Place, Server, wait::eventually};

/// Debian's libfaketime, which answers for the kernel when a program asks for the time.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let files = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    files.into_iter().find(|file| file.exists())
}

/// The hour of the server's clock, as its answers say.
async fn clock(server: &Server) -> i64 {
    let answer = server.browser().await.get("/healthz").await;
    let date = chrono::DateTime::parse_from_rfc2822(answer.header("date"));
    date.unwrap().timestamp()
}

#[actix_web::test]
async fn k5_a_clock_that_jumps_by_an_hour_ends_no_session_and_no_login() {
    let Some(library) = library() else {
        eprintln!("left out: libfaketime is not installed");
        return;
    };
    let place = Place::new();
    let offset = place.join("offset");
    fs::write(&offset, "+0").unwrap();
    let options = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let database = Cluster::shared_database().await;
    let server = Server::start_with(Some(&database), &options).await;
    let phone: Phone = server.registered_phone("Ming").await;
    let mut signed_in = server.signed_in(&phone).await;
    let begin = clock(&server).await;
    for (jump, away) in [("+3600", 3_600), ("-3600", -3_600)] {
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        let scan = phone.scan(&scene).await.expect(200);
        browser.expect("scanned").await;
        fs::write(&offset, jump).unwrap();
        eventually("the clock has jumped", async || {
            (clock(&server).await - begin - away).abs() < 600
        })
        .await;
        signed_in.get("/api/me").await.expect(200);
        browser.expect_silence().await;
        phone.confirm(&scan["nonce"]).await.expect(200);
        browser.expect("login_succeeded").await;
        browser.redeem(&ticket["attempt"]).await.expect(200);
        browser.get("/api/me").await.expect(200);
        server.log_in(&phone).await;
    }
}
