//! The other commands.

use std::{collections::BTreeSet, time::Duration};

use nix::sys::signal::Signal;

use crate::support::{
    Cluster, Phone, Place, Program, Server,
    port::free_port,
    program::Environment,
    server::{run, status},
    wait::eventually,
};

#[actix_web::test]
async fn migrate_makes_the_schema_and_may_be_repeated_and_needs_no_mini_program() {
    let (place, database) = (Place::new(), Cluster::shared_database().await);
    let environment: Environment = vec![("DATABASE_URL".to_owned(), database.clone())];
    for _ in 0..2 {
        let ended = run(&["migrate"], &environment, &place).await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert!(ended.out.contains("up to date"), "{}", ended.out);
    }
    Server::start_with(Some(&database), &[]).await;
}

#[actix_web::test]
async fn migrate_makes_the_private_database_and_stops_its_postgres() {
    let place = Place::new();
    let ended = run(&["migrate"], &Vec::new(), &place).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(place.join("data/postgres/PG_VERSION").exists());
    assert_eq!(place.processes(), Vec::<String>::new());
}

#[actix_web::test]
async fn migrate_says_in_one_sentence_that_the_database_does_not_answer() {
    let place = Place::new();
    let url = format!("postgres://saoma@127.0.0.1:{}/saoma", free_port());
    let environment = vec![("DATABASE_URL".to_owned(), url)];
    let mut program = Program::start(&["migrate"], &environment, place.path());
    let ended = program.ends_within(Duration::from_secs(10)).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(
        ended.err.contains("DATABASE_URL") && ended.err.contains("refused"),
        "{}",
        ended.err
    );
}

#[actix_web::test]
async fn simulate_is_wechat_for_a_server_elsewhere_until_it_is_told_to_stop() {
    let server = Server::start().await;
    let port = free_port();
    let (listen, url) = (
        format!("127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}"),
    );
    let place = Place::new();
    let arguments = ["simulate", "--listen", &listen, "--saoma-url", &server.url];
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut program = Program::start(&arguments, &Vec::new(), place.path());
        let page = format!("{url}/phone");
        eventually("it answers", async || status(&page).await == Some(200)).await;
        assert!(program.out().contains(&page), "{}", program.out());
        let database = Cluster::shared_database().await;
        let options = [("SAOMA_WECHAT_BASE_URL", url.as_str())];
        let other = Server::start_with(Some(&database), &options).await;
        let phone = Phone::new(&other.url, &url).await;
        phone.register(Some("Ming")).await.expect(201);
        program.signal(signal);
        let ended = program.ends_within(Duration::from_secs(10)).await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
}

#[actix_web::test]
async fn simulate_says_in_one_sentence_that_its_port_is_taken() {
    let server = Server::start().await;
    let listen = server.wechat.url().authority().to_owned();
    let ended = run(
        &["simulate", "--listen", &listen],
        &Vec::new(),
        &server.place,
    )
    .await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(ended.err.contains(&listen), "{}", ended.err);
}

#[actix_web::test]
async fn the_help_lists_every_setting_and_no_other() {
    let ended = run(&["serve", "--help"], &Vec::new(), &Place::new()).await;
    assert_eq!(ended.code, Some(0));
    let word = |c: char| c.is_ascii_uppercase() || c == '_';
    let listed: BTreeSet<&str> = ended
        .out
        .split(|c| !word(c))
        .filter(|name| name.starts_with("SAOMA_") || name.ends_with("_URL"))
        .collect();
    let source = include_str!("../../src/settings/flags.rs");
    let (_, names) = source.split_once("NAMES: &[&str] = &[").unwrap();
    let (names, _) = names.split_once("];").unwrap();
    let known: BTreeSet<&str> = names.split('"').skip(1).step_by(2).collect();
    assert_eq!(listed, known);
}

#[actix_web::test]
async fn what_is_logged_can_stand_in_the_settings_file_too() {
    let place = Place::new();
    let lines = "SAOMA_LOG = \"debug\"\nSAOMA_LOG_FORMAT = \"json\"\n";
    std::fs::write(place.join("saoma.toml"), lines).unwrap();
    let ended = run(&["migrate"], &Vec::new(), &place).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("\"level\":\"DEBUG\""), "{}", ended.err);
}

#[actix_web::test]
async fn every_command_has_help_and_an_unknown_one_is_refused() {
    let place = Place::new();
    for command in [
        "serve",
        "demo",
        "simulate",
        "migrate",
        "doctor",
        "healthcheck",
        "users",
        "codes",
        "audit",
        "keys",
        "codes",
    ] {
        let ended = run(&[command, "--help"], &Vec::new(), &place).await;
        assert_eq!(ended.code, Some(0), "{command}: {}", ended.err);
        assert!(ended.out.contains("Usage: saoma"), "{}", ended.out);
    }
    let ended = run(&["server"], &Vec::new(), &place).await;
    assert_eq!(ended.code, Some(2));
}
