//! Nothing secret is logged, at any level, by us or by anything below us.

use std::fs;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Browser, Cluster, Phone, Server, wait::PATIENCE};

#[actix_web::test]
async fn l1_no_log_and_no_metric_holds_a_secret_at_any_level_or_format() {
    for format in ["json", "text"] {
        let database = Cluster::shared_database().await;
        let options = [("SAOMA_LOG", "trace"), ("SAOMA_LOG_FORMAT", format)];
        let mut server = Server::start_with(Some(&database), &options).await;
        let canaries = log_in_and_fail(&server).await;
        let key = fs::read_to_string(server.place.join("data/secret.key")).unwrap();
        let metrics = Browser::new(&server.admin_url).get("/metrics").await;
        let metrics = String::from_utf8(metrics.bytes.to_vec()).unwrap();
        assert!(metrics.contains("saoma_logins_total"), "{metrics}");
        let ended = server.stop().await;
        let said = format!("{metrics}{}{}", ended.out, ended.err);
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

/// What somebody would write into a log to mislead its reader.
const FORGED: &str = "2026-01-01T00:00:00Z  INFO saoma: signed in user=admin";

#[actix_web::test]
async fn l2_nobody_writes_a_line_of_his_own_into_the_log() {
    for format in ["json", "text"] {
        let database = Cluster::shared_database().await;
        let options = [("SAOMA_LOG", "debug"), ("SAOMA_LOG_FORMAT", format)];
        let mut server = Server::start_with(Some(&database), &options).await;
        let mut browser = server.browser().await;
        browser.user_agent = format!("Chrome/1 {}", "x".repeat(60_000));
        browser.get("/login").await.expect(200);
        let lines = format!("x%0d%0a{}%1b%5b2J", FORGED.replace(' ', "%20"));
        for path in [
            format!("/{lines}"),
            format!("/login?return_to={lines}"),
            format!("/codes/{lines}"),
            format!("/api/login/attempts/{lines}"),
            format!("/api/nothing?lang={lines}"),
        ] {
            browser.get(&path).await;
        }
        let words = format!("x\r\n{FORGED}\u{1b}[2J");
        let phone = server.phone().await;
        phone.register(Some(&words)).await.expect(422);
        phone.scan(&words).await.expect(400);
        phone.confirm(&json!(words)).await.expect(403);
        let body = json!({"code": words});
        assert!(phone.post("/api/phone/session", body).await.status >= 400);
        browser
            .post("/api/login/attempts", json!({"return_to": words}))
            .await
            .expect(201);
        // A megabyte, and bytes that no header has.
        let address = server.url.trim_start_matches("http://");
        for agent in [
            "x".repeat(1 << 20),
            format!("x\u{1b}[2J{FORGED}"),
            "x\u{0}".to_owned(),
        ] {
            let request =
                format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nuser-agent: {agent}\r\n\r\n");
            let status = raw_status(address, &request).await;
            assert!(["400", "431", ""].contains(&status.as_str()), "{status}");
        }
        let ended = server.stop().await;
        assert!(ended.err.contains("request was refused"), "{}", ended.err);
        for line in ended.err.lines() {
            assert!(!line.starts_with(FORGED), "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
            assert!(line.len() < 8_000, "{} bytes: {}", line.len(), &line[..200]);
            if format == "json" {
                let parsed: Value = serde_json::from_str(line).unwrap();
                assert!(parsed["timestamp"].is_string(), "{line}");
            } else {
                // Every line begins with its own time and level.
                assert!(line.starts_with("20"), "{line}");
            }
        }
    }
}

/// The status of the answer to bytes that no client library would send; empty
/// when there is none.
async fn raw_status(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may hang up before it has heard all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.take(64).read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}
