//! What `verify` finds, and what becomes of it.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use crate::support::Server;

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
