//! The owner's commands, beside a server that runs.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{
    Cluster, Place, Program, Server, cluster::execute, server::run, wait::eventually,
};

/// The first word of the line that shows this nickname.
async fn user(server: &Server, nickname: &str) -> String {
    let listed = server.command(&["users", "list"], &[]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    let line = listed.out.lines().find(|line| line.ends_with(nickname));
    let id = line.expect("a line for everybody").split(' ').next();
    id.unwrap().to_owned()
}

#[actix_web::test]
async fn blocking_a_user_closes_his_sockets_and_unblocking_lets_him_in_again() {
    let server = Server::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    browser.open_session().await;
    let id = user(&server, "Ming").await;
    let done = server.command(&["users", "block", &id], &[]).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    // The server has heard of it by its own look.
    assert_eq!(browser.expect_close().await, 4009);
    browser
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
    let again = server.command(&["users", "block", &id], &[]).await;
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("is blocked already"), "{}", again.err);
    let done = server.command(&["users", "unblock", &id], &[]).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    server.signed_in(&phone).await;
}

#[actix_web::test]
async fn a_stranger_is_approved_by_the_reference_that_his_phone_shows() {
    let database = Cluster::shared_database().await;
    let closed = [("SAOMA_REGISTRATION", "closed")];
    let server = Server::start_with(Some(&database), &closed).await;
    let phone = server.phone().await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    let scene = browser.scene(&ticket).await;
    let scan = phone.scan(&scene).await.expect(200);
    let refused = phone.confirm(&scan["nonce"]).await.expect(200);
    let reference = refused["reference"].as_str().unwrap();
    let waiting = server.command(&["users", "pending"], &[]).await;
    assert!(waiting.out.contains(reference), "{}", waiting.out);
    assert!(waiting.out.contains("127.0.0.0/24"), "{}", waiting.out);
    let unknown = server
        .command(&["users", "approve", "bbbb-bbbb"], &[])
        .await;
    assert_eq!(unknown.code, Some(1));
    assert_eq!(unknown.err.lines().count(), 1, "{}", unknown.err);
    let typed = reference.to_lowercase();
    let done = server.command(&["users", "approve", &typed], &[]).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    server.signed_in(&phone).await;
}

#[actix_web::test]
async fn deleting_a_user_ends_his_sessions_and_leaves_a_nameless_entry() {
    let server = Server::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let id = user(&server, "Ming").await;
    let done = server.command(&["users", "delete", &id], &[]).await;
    assert!(done.out.contains("1 sessions end"), "{}", done.out);
    browser
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
    let log = server.command(&["audit"], &[]).await;
    assert!(log.out.contains("account_deleted by_owner"), "{}", log.out);
    assert!(!log.out.contains(&id), "{}", log.out);
    let again = server.command(&["users", "delete", &id], &[]).await;
    assert_eq!(again.code, Some(1));
}

#[actix_web::test]
async fn the_audit_log_is_read_as_text_or_json_and_followed() {
    let server = Server::start().await;
    let phone = server.registered_phone("Ming").await;
    server.signed_in(&phone).await;
    let text = server.command(&["audit"], &[]).await;
    let login = text.out.lines().find(|line| line.contains("  login ok  "));
    let login = login.expect("a login");
    for part in [
        "user=",
        "from=127.0.0.0/24",
        "\"Chrome on Windows\"",
        "check=none",
    ] {
        assert!(login.contains(part), "{login}");
    }
    let json = server
        .command(&["audit", "--json", "--limit", "1"], &[])
        .await;
    let entry: Value = serde_json::from_str(json.out.trim()).unwrap();
    assert_eq!(
        (&entry["event"], &entry["outcome"]),
        (&"login".into(), &"ok".into())
    );
    let none = server
        .command(&["audit", "--user", &uuid::Uuid::nil().to_string()], &[])
        .await;
    assert_eq!((none.code, none.out.as_str()), (Some(0), ""));
    let wrong = server
        .command(&["audit", "--since", "yesterday"], &[])
        .await;
    assert_eq!(wrong.code, Some(2));

    let arguments = ["audit", "--follow", "--limit", "1"];
    let mut follower = Program::start(&arguments, &server.environment, server.place.path());
    eventually("it shows the newest", async || {
        follower.out().lines().count() == 1
    })
    .await;
    let other = server.registered_phone("Hong").await;
    server.signed_in(&other).await;
    eventually("it shows what is new", async || {
        follower.out().lines().count() == 5
    })
    .await;
    follower.signal(Signal::SIGINT);
    let ended = follower
        .ends_within(std::time::Duration::from_secs(10))
        .await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}

#[actix_web::test]
async fn whoever_follows_the_audit_log_keeps_up_with_a_rush() {
    let database = Cluster::shared_database().await;
    let server = Server::start_with(Some(&database), &[]).await;
    server.registered_phone("Ming").await;
    let arguments = ["audit", "--follow", "--json"];
    let follower = Program::start(&arguments, &server.environment, server.place.path());
    eventually("it follows", async || !follower.out().is_empty()).await;
    let rush = "insert into audit_log (event) select 'scan' from generate_series(1, 20000)";
    execute(&database, rush).await;
    eventually("it shows all of them, each once", async || {
        follower.out().lines().count() == 20_001
    })
    .await;
}

#[actix_web::test]
async fn beside_a_private_database_the_commands_find_it() {
    let server = Server::start_private().await;
    server.registered_phone("Ming").await;
    user(&server, "Ming").await;
}

#[actix_web::test]
async fn a_folder_without_a_database_is_named_and_gets_none() {
    let place = Place::new();
    for command in [&["users", "list"][..], &["audit"], &["keys", "list"]] {
        let ended = run(command, &Vec::new(), &place).await;
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.err.contains("there is no database in data"),
            "{}",
            ended.err
        );
    }
    assert!(!place.join("data").exists());
}
