//! Nothing secret is logged, at any level, by us or by anything below us.

use std::fs;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Browser, Cluster, Phone, Server};

#[actix_web::test]
async fn no_log_holds_a_secret_at_any_level_or_format() {
    for format in ["json", "text"] {
        let database = Cluster::shared_database().await;
        let options = [("SAOMA_LOG", "trace"), ("SAOMA_LOG_FORMAT", format)];
        let mut server = Server::start_with(Some(&database), &options).await;
        let canaries = log_in_and_fail(&server).await;
        let key = fs::read_to_string(server.place.join("data/secret.key")).unwrap();
        let ended = server.stop().await;
        let said = format!("{}{}", ended.out, ended.err);
        assert!(
            said.contains("attempt begun"),
            "too little was logged: {}",
            said.len()
        );
        for below in ["actix_http", "sqlx"] {
            assert!(said.contains(below), "nothing was heard of {below}");
        }
        for (name, canary) in canaries.iter().chain([&("secret key", key)]) {
            assert!(canary.len() > 20, "{name} is no canary: {canary}");
            if let Some(at) = said.find(canary.as_str()) {
                let line = said[..at].rfind('\n').map_or(0, |start| start + 1);
                let line: String = said[line..]
                    .lines()
                    .next()
                    .unwrap()
                    .chars()
                    .take(2_000)
                    .collect();
                panic!("{name} is in the log ({format}): {line}");
            }
        }
    }
}

type Canaries = Vec<(&'static str, String)>;

/// A whole login and a few that fail, and every secret that they knew.
async fn log_in_and_fail(server: &Server) -> Canaries {
    let phone = server.phone().await;
    let mut browser = server.browser().await;
    let secret = browser.cookies["saoma_browser"].clone();
    let ticket = browser.open_socket().await;
    let scene = browser.scene(&ticket).await;
    let scan = phone.scan(&scene).await.expect(200);
    phone.confirm(&scan["nonce"]).await.expect(200);
    phone
        .register(Some("a nickname that nobody logs"))
        .await
        .expect(201);
    phone.confirm(&scan["nonce"]).await.expect(200);
    let redeemed = browser.redeem(&ticket["attempt"]).await.expect(200);
    let session = browser.cookies["saoma_session"].clone();
    browser.get("/api/me").await.expect(200);
    let code = failures(server, &phone, &scan["nonce"]).await;

    // The simulator gives the token that it gave the server.
    let app = saoma::simulator::SimulatorSettings::default();
    let asked = json!({
        "grant_type": "client_credential", "appid": app.app_id, "secret": app.app_secret,
    });
    let url = format!("{}cgi-bin/stable_token", server.wechat.url());
    let mut answer = awc::Client::default()
        .post(url)
        .send_json(&asked)
        .await
        .unwrap();
    let token: Value = answer.json().await.unwrap();

    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let app_secret = secrecy::SecretString::from(app.app_secret);
    vec![
        ("app secret", app_secret.expose_secret().to_owned()),
        ("WeChat's access token", word(&token["access_token"])),
        ("browser secret", secret),
        ("nonce", word(&scan["nonce"])),
        ("js_code", code),
        ("phone token", phone.token.clone()),
        ("session token", session),
        ("access token", word(&redeemed["access_token"])),
        ("scene", scene),
        ("openid", phone.openid.clone()),
        ("unionid", format!("u{}", phone.openid)),
        ("nickname", "a nickname that nobody logs".to_owned()),
    ]
}

/// Errors tell more than successes; the `js_code` that comes back was refused.
async fn failures(server: &Server, phone: &Phone, nonce: &Value) -> String {
    let code = phone.js_code().await;
    let body = json!({"code": code});
    phone
        .post("/api/phone/session", body.clone())
        .await
        .expect(200);
    assert_ne!(phone.post("/api/phone/session", body).await.status, 200);
    assert_ne!(phone.refuse(nonce).await.status, 204);
    assert_ne!(phone.scan("not a scene, not at all").await.status, 200);
    let mut stranger = Browser::new(&server.url);
    assert_ne!(stranger.get("/api/me").await.status, 200);
    server.wechat.state().set_ip_allowed_on_sns(false);
    let body = json!({"code": phone.js_code().await});
    assert_ne!(phone.post("/api/phone/session", body).await.status, 200);
    code
}
