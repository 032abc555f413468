//! Making codes: the stock by `fill`, the pool by `pool`.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use saoma::simulator::FaultMode;
use serde_json::Value;

use crate::support::{
    Cluster, Server,
    wait::{PATIENCE, eventually},
};

#[actix_web::test]
async fn fill_brings_the_stock_up_to_a_number_and_no_further() {
    let server = Server::start().await;
    let filled = server.codes(&["fill", "20"]).await;
    assert!(filled.out.starts_with("0 of 20 codes\n"), "{}", filled.out);
    assert!(
        filled.out.contains("The stock has 20 codes."),
        "{}",
        filled.out
    );
    assert!(filled.out.contains("SAOMA_CODES is live"), "{}", filled.out);
    assert_eq!(filled.err, "");
    let drawn = server.drawn();
    server.codes(&["fill", "5"]).await;
    assert_eq!((server.drawn(), drawn), (20, 20));
    let status = server.codes_status().await;
    assert_eq!(status["stock"]["left"], 20);
    assert_eq!(
        (status["images"]["count"].clone(), server.images().len()),
        (20.into(), 20)
    );
}

#[actix_web::test]
async fn a_server_that_begins_with_the_stock_shows_the_codes_that_fill_made() {
    let database = Cluster::shared_database().await;
    let server = Server::start_with(Some(&database), &[]).await;
    server.codes(&["fill", "3"]).await;
    let options = [
        ("SAOMA_CODES", "stock"),
        ("SAOMA_STOCK_SIZE", "3"),
        (
            "SAOMA_DATA_DIR",
            server.place.join("data").to_str().unwrap(),
        ),
        ("SAOMA_WECHAT_BASE_URL", server.wechat.url().as_str()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let options = options
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let other = Server::start_with(Some(&database), &options).await;
    let ticket = other.browser().await.open_socket().await;
    assert_eq!(ticket["source"], "stock");
}

#[actix_web::test]
async fn of_two_who_fill_one_waits_and_says_for_whom() {
    let server = Server::start().await;
    server.suffers(FaultMode::Slow, None, Some(300));
    let mut one = server.codes_of("one", &["fill", "40"]);
    eventually("one fills", async || {
        server.codes_status().await["stock"]["filled_by"] == "one"
    })
    .await;
    let mut two = server.codes_of("two", &["fill", "40"]);
    let (one, two) = (
        one.ends_within(PATIENCE).await,
        two.ends_within(PATIENCE).await,
    );
    assert_eq!(
        (one.code, two.code),
        (Some(0), Some(0)),
        "{}{}",
        one.err,
        two.err
    );
    let waits = "Instance one fills the stock now; this waits for it.\n";
    assert_eq!(two.out.matches(waits).count(), 1, "{}", two.out);
    assert_eq!(server.drawn(), 40);
    let status = server.codes_status().await;
    assert_eq!(status["stock"]["left"], 40);
    assert_eq!(status["stock"]["filled_by"], Value::Null);
}

#[actix_web::test]
async fn ctrl_c_ends_fill_and_pool_with_a_row_for_every_image() {
    let server = Server::start().await;
    server.suffers(FaultMode::Slow, None, Some(200));
    for words in [&["fill", "5000"][..], &["pool", "--size", "5000"]] {
        let before = server.images().len();
        let mut program = server.codes_of("one", words);
        eventually("codes are made", async || server.images().len() > before).await;
        program.signal(Signal::SIGINT);
        let ended = program.ends_within(PATIENCE).await;
        assert_eq!(ended.code, Some(1), "{}", ended.out);
        assert!(ended.err.contains("of 5,000 codes"), "{}", ended.err);
        let status = server.codes_status().await;
        assert_eq!(status["images"]["count"], server.images().len());
        let fewer = server.drawn() < 4000;
        assert!(fewer, "it went on");
    }
    server.codes(&["verify"]).await;
}

#[actix_web::test]
async fn fill_and_pool_say_what_wechat_said_and_what_to_do() {
    let server = Server::start().await;
    server.suffers(FaultMode::Error, Some(41030), None);
    for words in [&["fill", "5"][..], &["pool", "--size", "5"]] {
        let ended = server.codes_with(words, &[]).await;
        assert_eq!(ended.code, Some(1));
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
        for part in ["WeChat makes no more codes", "41030", "publish"] {
            assert!(ended.err.contains(part), "{part}: {}", ended.err);
        }
    }
    assert_eq!(server.images(), Vec::<PathBuf>::new());
}
