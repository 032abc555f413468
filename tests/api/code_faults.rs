//! Codes while something that they need is slow, away or wrong.

use std::sync::Arc;

use saoma::store::Counted;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Answer, TestServer, eventually, stock::unfilled};

/// The names of all images that there are rows of.
async fn images(server: &TestServer) -> Vec<String> {
    let options = &server.database.options;
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let images = sqlx::query_scalar("select image from codes");
    images.fetch_all(&mut connection).await.unwrap()
}

async fn begin(server: &Arc<TestServer>) -> Answer {
    let mut browser = server.browser().await;
    browser.post("/api/login/attempts", json!({})).await
}

/// Attempts and other codes are ordinary; only the folder is no folder any more.
fn lose_images(server: &TestServer) {
    let folder = server.data_dir.join("codes");
    std::fs::rename(&folder, server.data_dir.join("lost")).unwrap();
    std::fs::write(&folder, "").unwrap();
}

fn find_images(server: &TestServer) {
    let folder = server.data_dir.join("codes");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(server.data_dir.join("lost"), &folder).unwrap();
}

/// A database that was restored may have the code as one that nobody took.
#[actix_web::test]
async fn a_code_that_stands_for_an_attempt_is_never_shown_for_another() {
    let (server, _lock) = unfilled(&[]).await;
    server.fill_stock(1).await;
    let first = server.pending().await;
    let forget = "update codes set taken_by = null, taken_at = null where kind = 'stock'";
    server.database.execute(forget).await;
    server.stock.was_filled();
    let refused = begin(&server).await;
    assert_eq!(refused.status, 500);
    let ticket: Value = begin(&server).await.expect(201);
    assert_eq!(ticket["source"], "live");

    let mut other = server.pending().await;
    server.database.execute(forget).await;
    server.stock.was_filled();
    other.browser.refresh(&json!(1), false).await;
    let ticket = other.browser.expect("ticket").await;
    assert_ne!(other.browser.scene(&ticket).await, first.scene);
}

#[actix_web::test]
async fn a_refill_that_takes_its_time_counts_the_use_of_the_last_minute_and_not_since_it_began() {
    let server = TestServer::start().await;
    let mut lock = server.store.lock_refill("it").await.unwrap().unwrap();
    server
        .database
        .execute(
            "insert into codes (kind, scene_hash, image, bytes, opens, taken_by, taken_at)
         values ('live', 'a scene', 'none.png', 0, 'this', 'it',
            clock_timestamp() - interval '59.8 seconds')",
        )
        .await;
    eventually(async || {
        lock.count_stock("this", 1, Counted::default())
            .await
            .unwrap()
            .used
            == 0
    })
    .await;
    lock.release().await;
}

#[actix_web::test]
async fn codes_whose_commit_is_heard_of_too_late_keep_their_images() {
    let (server, lock) = unfilled(&[("SAOMA_STOCK_SIZE", "3"), ("SAOMA_STOCK_MAX", "3")]).await;
    // The disk of the database takes longer for one commit than anybody waits.
    server
        .database
        .execute(
            "create sequence commits;
         create function slow() returns trigger language plpgsql as $$ begin
            if nextval('commits') = 1 then perform pg_sleep(2.5); end if;
            return null;
         end $$;
         create constraint trigger slow after insert on codes
            deferrable initially deferred for each row execute function slow();",
        )
        .await;
    drop(lock);
    let rows = "select count(*) from codes";
    eventually(async || server.database.count(rows).await >= 3).await;
    for name in images(&server).await {
        assert!(server.images().read(&name).await.unwrap().is_some());
    }
}

#[actix_web::test]
async fn without_a_database_no_view_costs_a_code_of_wechats() {
    for source in ["stock", "pool", "live"] {
        let (server, _lock) = unfilled(&[("SAOMA_CODES", source)]).await;
        begin(&server).await.expect(201);
        let mut browser = server.browser().await;
        server.database.set_away(true).await;
        // The first may find it out by such a code.
        let refused = browser.post("/api/login/attempts", json!({})).await;
        refused.expect_problem(503, "unavailable");
        let calls = || server.simulator.state().stats()["/wxa/getwxacodeunlimit"].calls;
        let before = calls();
        for _ in 0..5 {
            let refused = browser.post("/api/login/attempts", json!({})).await;
            refused.expect_problem(503, "unavailable");
        }
        assert_eq!(calls(), before, "{source}");
        server.database.set_away(false).await;
        eventually(async || {
            let answer = browser.post("/api/login/attempts", json!({})).await;
            answer.status == 201
        })
        .await;
    }
}

#[actix_web::test]
async fn while_images_cannot_be_kept_wechat_is_not_asked_for_each_view() {
    let server = TestServer::start().await;
    lose_images(&server);
    for _ in 0..20 {
        begin(&server)
            .await
            .expect_problem(503, "codes_unavailable");
    }
    assert!(server.drawn() <= 5, "{}", server.drawn());
    find_images(&server);
    eventually(async || begin(&server).await.status == 201).await;
}

#[actix_web::test]
async fn a_code_of_the_pool_whose_image_is_not_here_is_not_shown() {
    let server = TestServer::start_with_pool(3).await;
    for name in images(&server).await {
        server.images().delete(&name).await.unwrap();
    }
    for _ in 0..3 {
        let ticket = begin(&server).await.expect(201);
        assert_eq!(ticket["source"], "live");
    }
    let leased = "select count(*) from codes where lease_ends_at is not null";
    assert_eq!(server.database.count(leased).await, 1);
}

#[actix_web::test]
async fn whoever_makes_up_names_of_images_does_not_keep_the_store_busy() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "100")]).await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    let mut refused = None;
    for number in 0..100 {
        let answer = browser.get(&format!("/codes/{number:064x}.jpg")).await;
        if answer.status != 404 {
            refused = Some(answer);
            break;
        }
    }
    refused.unwrap().expect_problem(429, "slow_down");
    // What is in memory is shown to everybody.
    browser.scene(&ticket).await;
}
