//! PROTOCOL, section 10.

use serde_json::json;

use crate::support::{Browser, TestServer};

#[actix_web::test]
async fn a_healthy_server_says_so_on_both_addresses() {
    let server = TestServer::start().await;
    for url in [&server.url, &server.admin_url] {
        let mut client = Browser::new(url);
        assert_eq!(client.get("/healthz").await.expect(200)["status"], "ok");
        let ready = client.get("/readyz").await.expect(200);
        let codes = json!({"source": "live", "stock": null, "pool": null});
        let expected = json!({"ready": true, "reasons": [], "warnings": [], "codes": codes});
        assert_eq!(ready, expected);
    }
}

#[actix_web::test]
async fn a_server_without_its_database_is_alive_but_not_ready() {
    let server = TestServer::start().await;
    server.database.set_away(true).await;
    for url in [&server.url, &server.admin_url] {
        let mut client = Browser::new(url);
        client.get("/healthz").await.expect(200);
        let answer = client.get("/readyz").await;
        assert_eq!(answer.expect(503)["reasons"], json!(["database"]));
        assert_eq!(answer.header("retry-after"), "2");
    }
    server.database.set_away(false).await;
    Browser::new(&server.url).get("/readyz").await.expect(200);
}

#[actix_web::test]
async fn metrics_are_on_the_admin_address_only() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    attempt
        .browser
        .get("/metrics")
        .await
        .expect_problem(404, "not_found");
    let answer = Browser::new(&server.admin_url).get("/metrics").await;
    answer.expect(200);
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    for name in [
        "saoma_sockets",
        "saoma_attempts_total",
        "saoma_requests_total",
    ] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
    assert!(!text.contains(attempt.id.as_str().unwrap()));
}
