//! The keys that sign access tokens change, and no token is refused before its time.

use std::{
    collections::HashMap,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use saoma::store::Store;
use serde_json::{Value, json};

use crate::support::{Browser, TestServer};

const UNTIL_IT_SIGNS: Duration = Duration::from_secs(360);
const UNTIL_IT_IS_GONE: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Another service, with the keys that it has fetched.
struct Service {
    url: String,
    keys: HashMap<String, DecodingKey>,
}

impl Service {
    async fn of(server: &TestServer) -> Self {
        let jwks = Browser::new(&server.url)
            .get("/.well-known/jwks.json")
            .await
            .expect(200);
        let key = |key: &Value| {
            let decoded = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
            (key["kid"].as_str().unwrap().to_owned(), decoded)
        };
        Self {
            url: server.url.clone(),
            keys: jwks["keys"].as_array().unwrap().iter().map(key).collect(),
        }
    }

    fn accepts(&self, jwt: &str) -> bool {
        let Some(key) = self.keys.get(&kid(jwt)) else {
            return false;
        };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[&self.url]);
        validation.set_issuer(&[&self.url]);
        jsonwebtoken::decode::<Value>(jwt, key, &validation).is_ok()
    }

    fn knows(&self) -> usize {
        self.keys.len()
    }
}

fn kid(jwt: &str) -> String {
    jsonwebtoken::decode_header(jwt)
        .unwrap()
        .kid
        .expect("a kid")
}

async fn token(browser: &mut Browser) -> String {
    let body = browser.post("/api/token", json!({})).await.expect(200);
    body["access_token"].as_str().unwrap().to_owned()
}

/// `saoma keys …`, beside the running server.
fn keys(server: &TestServer, arguments: &[&str], data_dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_saoma"))
        .arg("keys")
        .args(arguments)
        .env("DATABASE_URL", server.database.url())
        .env("SAOMA_DATA_DIR", data_dir)
        .output()
        .unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "it was done");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[actix_web::test]
async fn d9_a_key_rotated_mid_flow_ends_no_token_and_no_login_and_an_unknown_key_is_refused() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let body = attempt.browser.redeem(&attempt.id).await.expect(200);
    let first = body["access_token"].as_str().unwrap().to_owned();
    // This one has its code and its scan, and is confirmed under the next key.
    let mut between = server.scanned(&phone).await;

    let before = Service::of(&server).await;
    done(&keys(&server, &["rotate"], &server.data_dir));
    server.look_again().await;
    let early = Service::of(&server).await;
    assert_eq!((before.knows(), early.knows()), (1, 2));
    assert_eq!(kid(&token(&mut attempt.browser).await), kid(&first));
    phone.confirm(&between.nonce).await.expect(200);
    let answer = between.browser.redeem(&between.id).await.expect(200);
    assert!(early.accepts(answer["access_token"].as_str().unwrap()));

    server.advance(UNTIL_IT_SIGNS).await;
    let second = token(&mut attempt.browser).await;
    assert_ne!(kid(&second), kid(&first));
    // Whoever has kept the keys since before the change of signers knows the new one.
    assert!(early.accepts(&second) && early.accepts(&first));
    assert!(Service::of(&server).await.accepts(&first));
    // A key that nobody has published proves nothing.
    assert!(!before.accepts(&second));

    server
        .advance(UNTIL_IT_IS_GONE.saturating_sub(Duration::from_secs(2)))
        .await;
    assert!(Service::of(&server).await.accepts(&first));
    server.advance(Duration::from_secs(2)).await;
    let late = Service::of(&server).await;
    assert_eq!(late.knows(), 1);
    assert!(late.accepts(&second) && !late.accepts(&first));
    let rows = server.database.count("select count(*) from signing_keys");
    assert_eq!(rows.await, 1);
}

#[actix_web::test]
async fn d9_a_login_that_began_before_an_immediate_change_ends_under_the_new_key() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut signed_in = server.confirmed(&phone).await;
    let body = signed_in.browser.redeem(&signed_in.id).await.expect(200);
    let stolen = body["access_token"].as_str().unwrap().to_owned();
    let mut attempt = server.scanned(&phone).await;

    done(&keys(&server, &["rotate", "--now"], &server.data_dir));
    server.look_again().await;
    phone.confirm(&attempt.nonce).await.expect(200);
    let body = attempt.browser.redeem(&attempt.id).await.expect(200);
    let service = Service::of(&server).await;
    assert_eq!(service.knows(), 1);
    assert!(service.accepts(body["access_token"].as_str().unwrap()));
    assert!(!service.accepts(&stolen));
    // The session itself has nothing to do with these keys.
    assert!(service.accepts(&token(&mut signed_in.browser).await));
}

#[actix_web::test]
async fn a_key_is_followed_by_the_next_at_its_age() {
    let server = TestServer::start_with(&[("SAOMA_KEY_ROTATION", "3d")]).await;
    let first = Service::of(&server).await;
    server.advance(2 * DAY).await;
    assert_eq!(Service::of(&server).await.knows(), 1);
    server.advance(DAY).await;
    assert_eq!(Service::of(&server).await.knows(), 2);
    server.advance(UNTIL_IT_SIGNS).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let body = attempt.browser.redeem(&attempt.id).await.expect(200);
    assert!(!first.accepts(body["access_token"].as_str().unwrap()));
    server.advance(UNTIL_IT_IS_GONE).await;
    assert_eq!(Service::of(&server).await.knows(), 1);
    // The next one is not counted from the first one's day.
    server.look_again().await;
    assert_eq!(Service::of(&server).await.knows(), 1);
}

#[actix_web::test]
async fn of_many_instances_that_look_at_once_one_makes_the_next_key() {
    let server = TestServer::start_with(&[("SAOMA_KEY_ROTATION", "3d")]).await;
    server.database.advance(&[&server.store], 3 * DAY).await;
    let looks = (0..8).map(|_| server.look_again());
    join_all(looks).await;
    assert_eq!(Service::of(&server).await.knows(), 2);
    let rows = server.database.count("select count(*) from signing_keys");
    assert_eq!(rows.await, 2);
}

#[actix_web::test]
async fn a_change_of_keys_that_was_refused_leaves_no_lock_behind() {
    let server = TestServer::start().await;
    // A store whose connections nobody else uses.
    let timers = server.recheck.settings.timers;
    let store = Store::new(&server.database.options, 2, timers);
    let refused = store.change_signing_keys(|_| anyhow::bail!("not today"));
    refused.await.unwrap().unwrap_err();
    let free = "select count(*) from (
        select pg_try_advisory_xact_lock(hashtext('saoma signing keys')) as is_free) t
        where is_free";
    assert_eq!(server.database.count(free).await, 1);
}

#[actix_web::test]
async fn the_command_tells_each_keys_age_and_state() {
    let server = TestServer::start().await;
    server.advance(2 * DAY).await;
    let listed = done(&keys(&server, &["list"], &server.data_dir));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(
        listed.contains("2 d") && listed.contains("signing since"),
        "{listed}"
    );
    done(&keys(&server, &["rotate"], &server.data_dir));
    let listed = done(&keys(&server, &["list"], &server.data_dir));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].contains("published, signs from 20"), "{listed}");
    assert!(lines[1].contains("signing since"), "{listed}");
    // Once more would be a key that nobody needs.
    let sentence = refused(&keys(&server, &["rotate"], &server.data_dir));
    assert!(
        sentence.contains("published already and signs from"),
        "{sentence}"
    );
    server.advance(UNTIL_IT_SIGNS).await;
    let listed = done(&keys(&server, &["list"], &server.data_dir));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].contains("signing since"), "{listed}");
    assert!(
        lines[1].contains("retiring, published until 20"),
        "{listed}"
    );
}

#[actix_web::test]
async fn a_command_without_the_servers_secret_key_changes_nothing() {
    let server = TestServer::start().await;
    let elsewhere = server.data_dir.join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let sentence = refused(&keys(&server, &["rotate"], &elsewhere));
    assert!(sentence.contains("no secret key"), "{sentence}");
    // Nor does it leave one that the next start would take.
    assert!(!elsewhere.join("secret.key").exists());
    std::fs::write(elsewhere.join("secret.key"), "a".repeat(42) + "A").unwrap();
    for arguments in [&["rotate"][..], &["rotate", "--now"]] {
        let sentence = refused(&keys(&server, arguments, &elsewhere));
        assert!(sentence.contains("another SAOMA_SECRET_KEY"), "{sentence}");
    }
    server.look_again().await;
    assert_eq!(Service::of(&server).await.knows(), 1);
    // What is public needs no secret.
    done(&keys(&server, &["list"], &elsewhere));
}

#[actix_web::test]
async fn an_older_version_finds_a_published_key_where_it_looks_for_the_newest() {
    let server = TestServer::start().await;
    done(&keys(&server, &["rotate"], &server.data_dir));
    server.look_again().await;
    // What it does when it starts.
    let newest = "select count(*) from (select kid from signing_keys order by created_at desc \
                  limit 1) newest join signing_keys using (kid) where signs_from > saoma_now()";
    assert_eq!(server.database.count(newest).await, 1);
    assert_eq!(Service::of(&server).await.knows(), 2);
}
