//! What `status` shows.

use serde_json::Value;

use crate::support::{Cluster, Server, cluster::execute};

#[actix_web::test]
async fn status_shows_all_sources_and_what_they_take() {
    let server = Server::start().await;
    let empty = server.codes(&["status"]).await.out;
    assert!(empty.contains("pool    empty"), "{empty}");
    assert!(empty.contains("not known before the first code"), "{empty}");
    server.codes(&["fill", "3"]).await;
    server.codes(&["pool", "--size", "2"]).await;
    server.browser().await.open_socket().await;
    let status = server.codes_status().await;
    assert_eq!(
        (&status["first"], &status["source"]),
        (&"live".into(), &"live".into())
    );
    assert_eq!(status["stock"]["left"], 3);
    assert_eq!(status["live"]["made_in_an_hour"], 1);
    let pool = &status["pool"];
    for (name, count) in [
        ("size", 2),
        ("free", 2),
        ("leased", 0),
        ("in_quarantine", 0),
    ] {
        assert_eq!(pool[name], count, "{name}");
    }
    let bytes: u64 = server
        .images()
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert_eq!(status["images"]["bytes"], bytes);
    let each = status["images"]["bytes_per_code"].as_u64().unwrap();
    assert!(each.abs_diff(bytes / 6) <= 1, "{each}");
    assert_eq!(status["images"]["bytes_of_full_stock"], each * 2000);
    let text = server.codes(&["status"]).await.out;
    for part in [
        "source  live, as it should be",
        "stock   3 of 2,000 left, 1 taken in the last minute",
        "pool    2 codes: 2 free, 0 leased, 0 in quarantine; 0.00 logins a second",
        "live    1 code in the last hour",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let wide = [("SAOMA_CODE_WIDTH", "300")];
    let other = server.codes_with(&["status"], &wide).await.out;
    assert!(
        other.contains("unfit   3 of the stock, 2 of the pool open wx"),
        "{other}"
    );
}

#[actix_web::test]
async fn status_counts_leases_and_needs_no_server() {
    let database = Cluster::shared_database().await;
    let options = [("SAOMA_CODES", "pool")];
    let mut server = Server::start_with(Some(&database), &options).await;
    server.codes(&["pool", "--size", "3"]).await;
    // A server looks for codes in an empty pool every few seconds only; this one never looked.
    let ticket = server.browser().await.open_socket().await;
    assert_eq!(ticket["source"], "pool");
    let pool = |status: Value| {
        [
            &status["pool"]["free"],
            &status["pool"]["leased"],
            &status["pool"]["in_quarantine"],
        ]
        .map(|n| n.as_i64().unwrap())
    };
    assert_eq!(pool(server.codes_status().await), [2, 1, 0]);
    server.stop().await;
    execute(
        &database,
        "update attempt_scenes set expires_at = saoma_now() - interval '1 minute'",
    )
    .await;
    execute(&database, "update codes set lease_ends_at = saoma_now() - interval '1 minute' where lease_ends_at is not null").await;
    let status = server.codes_status().await;
    assert_eq!(status["source"], Value::Null);
    assert_eq!(pool(status), [2, 0, 1]);
}
