//! What a phone may send, and what each mistake is called.

use serde_json::{Value, json};

use crate::support::TestServer;

#[actix_web::test]
async fn a7_a_scan_says_what_is_wrong_with_it() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let good = "A".repeat(32);
    let scan = async |body: Value| phone.post("/api/phone/scan", body).await;
    for body in [
        json!({"scene": good}),
        json!({"scene": good, "entry_scene": "1047"}),
        json!({"scene": good, "entry_scene": null}),
        json!({"scene": good, "entry_scene": 10_470_000_000_i64}),
        json!({"scene": good, "entry_scene": 1047.5}),
        json!({"scene": good, "entry_scene": [1047]}),
        json!({"scene": "%", "entry_scene": "1047"}),
        json!({}),
    ] {
        scan(body).await.expect_problem(400, "entry_scene_missing");
    }
    let long = "A".repeat(33);
    for scene in [
        json!(null),
        json!(7),
        json!(""),
        json!(&good[1..]),
        json!(long),
        json!("扫".repeat(32)),
        json!("A".repeat(10 * 1024)),
        json!("A\0".repeat(16)),
        json!("😀".repeat(8)),
        json!("%41".repeat(10) + "AA"),
        json!("%".repeat(32)),
        json!([good]),
    ] {
        let body = json!({"scene": scene, "entry_scene": 1047});
        scan(body).await.expect_problem(400, "scene_malformed");
    }
    scan(json!({"scene": good, "entry_scene": 1047}))
        .await
        .expect_problem(404, "scene_unknown");
}

#[actix_web::test]
async fn an_entry_that_is_no_camera_is_warned_about() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let attempt = server.pending().await;
    let body = json!({"scene": attempt.scene, "entry_scene": 1048});
    let answer = phone.post("/api/phone/scan", body).await.expect(200);
    assert_eq!(answer["warnings"], json!(["entry_scene"]));
}
