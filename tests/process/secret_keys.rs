//! The secret key is replaced, the signing keys change, and no server has to be new for it.

use std::fs;

use serde_json::json;

use crate::support::{Browser, Cluster, Server, server::set, wait::eventually};

/// 32 bytes each, drawn for these tests.
const FIRST: &str = "0p3NlJXQJ0mXy0VgDd5hV0q8u4bSxkqKqW1rT7cZ3eE";
const SECOND: &str = "mS0k8bYxw9GQv2uFhJt6D1oCqZ7aL3nRiE5yT4pXc_U";
const THIRD: &str = "Rk7uWq2ZxJ1sLd9vYb4TnG6hPc0mEoX8fAiU3tHjS5Q";

/// The names of the published keys.
async fn kids(server: &Server) -> Vec<String> {
    let mut client = Browser::new(&server.url);
    let jwks = client.get("/.well-known/jwks.json").await.expect(200);
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The name of the key that signs.
async fn signs(browser: &mut Browser) -> String {
    let body = browser.post("/api/token", json!({})).await.expect(200);
    let header = jsonwebtoken::decode_header(body["access_token"].as_str().unwrap());
    header.unwrap().kid.unwrap()
}

/// The last sentence of a start with other settings, which must fail.
async fn refusal(server: &Server, options: &[(&str, &str)]) -> String {
    let ended = server.command(&["serve"], options).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    ended.err.lines().last().unwrap().to_owned()
}

#[actix_web::test]
async fn the_secret_key_is_replaced_with_the_old_one_beside_it_and_no_login_is_lost() {
    let database = Cluster::shared_database().await;
    let first = [("SAOMA_SECRET_KEY", FIRST)];
    let mut one = Server::start_with(Some(&database), &first).await;
    let mut other = Server::start_with(Some(&database), &first).await;
    let mut browser = one.signed_in(&one.registered_phone("Ming").await).await;
    let kid = signs(&mut browser).await;

    // A wrong old key, and none, leave all as it is.
    one.stop().await;
    let wrong = [
        ("SAOMA_SECRET_KEY", SECOND),
        ("SAOMA_SECRET_KEY_OLD", THIRD),
    ];
    let sentence = refusal(&one, &wrong).await;
    assert!(
        sentence.contains("SAOMA_SECRET_KEY_OLD is not"),
        "{sentence}"
    );
    assert!(sentence.contains("until now"), "{sentence}");
    let sentence = refusal(&one, &wrong[..1]).await;
    assert!(sentence.contains("as SAOMA_SECRET_KEY_OLD"), "{sentence}");

    // The first instance of two gets both, while the other goes on with the old one.
    let both = [
        ("SAOMA_SECRET_KEY", SECOND),
        ("SAOMA_SECRET_KEY_OLD", FIRST),
    ];
    set(&mut one.environment, &both);
    one.kill_and_start_again().await;
    assert!(one.program.err().contains("sealed anew"));
    assert_eq!(signs(&mut browser).await, kid);
    let mut elsewhere = browser.tab();
    elsewhere.origin.clone_from(&other.url);
    elsewhere.url.clone_from(&other.url);
    assert_eq!(signs(&mut elsewhere).await, kid);
    // A command with the old key alone would seal what the new instances cannot open.
    let refused = other.command(&["keys", "rotate"], &[]).await;
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert_eq!(kids(&one).await, [kid.as_str()]);

    // The other follows; in the end the old key is needed no more, and opens nothing.
    set(&mut other.environment, &both);
    other.kill_and_start_again().await;
    assert!(other.program.err().contains("remove SAOMA_SECRET_KEY_OLD"));
    for server in [&mut one, &mut other] {
        set(&mut server.environment, &[("SAOMA_SECRET_KEY_OLD", "")]);
        server.kill_and_start_again().await;
        assert_eq!(kids(server).await, [kid.as_str()]);
    }
    one.stop().await;
    let sentence = refusal(&one, &first).await;
    assert!(sentence.contains("another SAOMA_SECRET_KEY"), "{sentence}");
}

#[actix_web::test]
async fn an_instance_with_the_old_secret_key_publishes_what_it_cannot_sign_with() {
    let database = Cluster::shared_database().await;
    let first = [("SAOMA_SECRET_KEY", FIRST)];
    let late = Server::start_with(Some(&database), &first).await;
    let mut browser = late.signed_in(&late.registered_phone("Ming").await).await;
    let kid = signs(&mut browser).await;
    let both = [
        ("SAOMA_SECRET_KEY", SECOND),
        ("SAOMA_SECRET_KEY_OLD", FIRST),
    ];
    let new = Server::start_with(Some(&database), &both).await;
    let rotated = new.command(&["keys", "rotate"], &[]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    eventually("both keys are published by it", async || {
        kids(&late).await.len() == 2
    })
    .await;
    assert_eq!(signs(&mut browser).await, kid);
    // A key that is published no more is signed with no more.
    let rotated = new.command(&["keys", "rotate", "--now"], &[]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    eventually("the old key is gone", async || {
        !kids(&late).await.contains(&kid)
    })
    .await;
    let refused = browser.post("/api/token", json!({})).await;
    refused.expect_problem(500, "internal");
    assert!(late.program.err().contains("the signing keys stay"));
}

#[actix_web::test]
async fn the_key_in_the_data_directory_is_replaced_by_setting_it_aside() {
    let mut server = Server::start().await;
    let kid = kids(&server).await;
    server.stop().await;
    let (key, old) = (
        server.place.join("data/secret.key"),
        server.place.join("data/secret.key.old"),
    );
    let before = fs::read_to_string(&key).unwrap();
    fs::rename(&key, &old).unwrap();
    server.kill_and_start_again().await;
    assert!(server.program.err().contains("sealed anew"));
    assert_ne!(fs::read_to_string(&key).unwrap(), before);
    fs::remove_file(&old).unwrap();
    server.kill_and_start_again().await;
    assert_eq!(kids(&server).await, kid);
}

#[actix_web::test]
async fn a_running_server_with_its_private_postgres_takes_a_new_key_without_a_restart() {
    let server = Server::start_private().await;
    let mut browser = server
        .signed_in(&server.registered_phone("Ming").await)
        .await;
    let kid = signs(&mut browser).await;
    let listed = server.command(&["keys", "list"], &[]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(listed.out.starts_with(&kid), "{}", listed.out);
    let rotated = server.command(&["keys", "rotate"], &[]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    eventually("the next key is published", async || {
        kids(&server).await.len() == 2
    })
    .await;
    assert_eq!(signs(&mut browser).await, kid);
    let rotated = server.command(&["keys", "rotate", "--now"], &[]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.err);
    eventually("only the newest key is published", async || {
        !kids(&server).await.contains(&kid)
    })
    .await;
    assert_eq!(kids(&server).await, [signs(&mut browser).await]);
}

#[actix_web::test]
async fn the_commands_also_work_while_no_server_runs() {
    let mut server = Server::start_private().await;
    let kid = kids(&server).await;
    server.stop().await;
    let listed = server.command(&["keys", "list"], &[]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(listed.out.starts_with(&kid[0]), "{}", listed.out);
    assert_eq!(server.place.processes(), Vec::<String>::new());
    server.kill_and_start_again().await;
}

#[actix_web::test]
async fn k7_a_secret_key_that_anybody_could_guess_starts_no_server() {
    let mut server = Server::start().await;
    server.stop().await;
    let counting = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    for weak in ["A".repeat(43).as_str(), counting] {
        let sentence = refusal(&server, &[("SAOMA_SECRET_KEY", weak)]).await;
        assert!(sentence.contains("can be guessed"), "{sentence}");
        assert!(sentence.contains("openssl rand"), "{sentence}");
        assert!(!sentence.contains(weak), "{sentence}");
    }
}
