//! `saoma codes`, beside a server that runs.

use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use nix::sys::signal::Signal;
use saoma::simulator::{Fault, FaultMode};
use serde_json::Value;

use crate::support::{
    Cluster, Program, Server,
    cluster::execute,
    program::Ended,
    server::set,
    wait::{PATIENCE, eventually},
};

const CODE: &str = "/wxa/getwxacodeunlimit";

impl Server {
    /// `saoma codes` with these words, which succeeds.
    async fn codes(&self, words: &[&str]) -> Ended {
        let ended = self.codes_with(words, &[]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        ended
    }

    /// The same with other settings, however it ends.
    async fn codes_with(&self, words: &[&str], options: &[(&str, &str)]) -> Ended {
        self.command(&[&["codes"], words].concat(), options).await
    }

    /// `saoma codes` as it goes on, for an instance of this name.
    fn codes_of(&self, instance: &str, words: &[&str]) -> Program {
        let mut environment = self.environment.clone();
        set(&mut environment, &[("SAOMA_INSTANCE", instance)]);
        let words = [&["codes"], words].concat();
        Program::start(&words, &environment, self.place.path())
    }

    async fn codes_status(&self) -> Value {
        let ended = self.codes(&["status", "--json"]).await;
        serde_json::from_str(&ended.out).unwrap()
    }

    /// The files of the image folder.
    fn images(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.place.join("data/codes")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    /// Codes that WeChat was asked for.
    fn drawn(&self) -> u64 {
        self.wechat.state().stats()[CODE].calls
    }

    fn suffers(&self, mode: FaultMode, errcode: Option<i32>, delay_ms: Option<u64>) {
        let fault = Fault {
            path: CODE.to_owned(),
            mode,
            errcode,
            delay_ms,
            count: None,
            probability: None,
        };
        self.wechat.state().add_fault(fault).unwrap();
    }
}

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

#[actix_web::test]
async fn verify_finds_what_is_wrong_and_sees_to_it_that_nobody_gets_it() {
    let server = Server::start().await;
    server.codes(&["fill", "6"]).await;
    let stock = server.images();
    server.codes(&["pool", "--size", "3"]).await;
    let pool: Vec<_> = server
        .images()
        .into_iter()
        .filter(|file| !stock.contains(file))
        .collect();
    let clean = server.codes(&["verify"]).await.out;
    assert_eq!(clean.matches('✓').count(), 5, "{clean}");
    fs::remove_file(&stock[0]).unwrap();
    fs::write(&stock[1], b"\xFF\xD8 of somebody else").unwrap();
    fs::remove_file(&pool[0]).unwrap();
    let found = server.codes_with(&["verify"], &[]).await;
    assert_eq!(found.code, Some(1));
    assert_eq!(found.err, "saoma: 2 of 5 checks failed\n");
    for part in [
        "✗ images: 1 in the folder",
        stock[1].file_name().unwrap().to_str().unwrap(),
        "✗ codes: 2 without an image",
        "2 codes of the stock now count as taken",
        "1 code left the pool",
    ] {
        assert!(found.out.contains(part), "{part}: {}", found.out);
    }
    server.codes(&["verify"]).await;
    let status = server.codes_status().await;
    assert_eq!(
        (&status["stock"]["left"], &status["pool"]["size"]),
        (&4.into(), &2.into())
    );
    server.codes(&["pool", "--size", "3"]).await;
}

#[actix_web::test]
async fn verify_deletes_old_images_without_a_code_when_it_is_told_to() {
    let server = Server::start().await;
    server.codes(&["fill", "2"]).await;
    let named = |letter: &str| {
        server
            .place
            .join(&format!("data/codes/{}.jpg", letter.repeat(64)))
    };
    let (old, young) = (named("a"), named("b"));
    for file in [&old, &young] {
        fs::write(file, "an image").unwrap();
    }
    let hours_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(hours_ago)
        .unwrap();
    let found = server.codes_with(&["verify"], &[]).await;
    assert_eq!(found.code, Some(1), "{}", found.out);
    assert!(
        found.out.contains("✗ images without a code: 1,"),
        "{}",
        found.out
    );
    server.codes(&["verify", "--delete"]).await;
    assert!(!old.exists() && young.exists());
    assert_eq!(server.images().len(), 3);
}

#[actix_web::test]
async fn verify_deletes_what_other_settings_left_in_the_pool_once_there_are_codes_of_these() {
    let server = Server::start().await;
    server.codes(&["pool", "--size", "2"]).await;
    let wide = [("SAOMA_CODE_WIDTH", "300")];
    let refused = server.codes_with(&["verify", "--delete"], &wide).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("no code at all opens"),
        "{}",
        refused.err
    );
    server.codes_with(&["fill", "1"], &wide).await;
    let found = server.codes_with(&["verify"], &wide).await;
    assert!(
        found.out.contains("✗ pool: 2 codes open something else"),
        "{}",
        found.out
    );
    let deleted = server.codes_with(&["verify", "--delete"], &wide).await;
    assert_eq!(deleted.code, Some(0), "{}", deleted.out);
    assert_eq!(server.images().len(), 1);
}

#[actix_web::test]
async fn verify_reads_a_sample_as_browsers_do() {
    let server = Server::start().await;
    server.codes(&["fill", "20"]).await;
    let cdn = format!("{}/codes", server.url);
    let read = server
        .codes_with(&["verify"], &[("SAOMA_CODE_BASE_URL", &cdn)])
        .await;
    assert_eq!(read.code, Some(0), "{}", read.out);
    assert!(
        read.out.contains("a sample of 16, from http"),
        "{}",
        read.out
    );
    let elsewhere = format!("{}/elsewhere", server.url);
    let read = server
        .codes_with(&["verify"], &[("SAOMA_CODE_BASE_URL", &elsewhere)])
        .await;
    assert_eq!(read.code, Some(1));
    assert!(read.out.contains("answers 404"), "{}", read.out);
}

#[actix_web::test]
async fn verify_with_another_store_changes_nothing() {
    let server = Server::start().await;
    server.codes(&["fill", "2"]).await;
    let elsewhere = server.place.join("elsewhere");
    let options = [("SAOMA_CODE_STORE", elsewhere.to_str().unwrap())];
    let refused = server.codes_with(&["verify", "--delete"], &options).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("SAOMA_CODE_STORE"), "{}", refused.err);
    assert_eq!(server.codes_status().await["stock"]["left"], 2);
}
