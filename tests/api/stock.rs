//! Codes that were made ahead: each is shown once, whatever WeChat does.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use saoma::{
    codes::{NewCode, tidy},
    simulator::FaultMode,
    store::Counted,
    wechat::{CodeImage, ImageKind},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Browser, TestServer, eventually, stock::unfilled};

const TWO_HOURS: Duration = Duration::from_secs(2 * 3600 + 1);

/// Opens the page; its first message.
async fn ticket(server: &std::sync::Arc<TestServer>) -> Value {
    server.browser().await.open_socket().await
}

#[actix_web::test]
async fn a_view_takes_its_code_from_the_stock_while_wechat_is_down() {
    let (server, _lock) = unfilled(&[]).await;
    let phone = server.registered_phone("Ming").await;
    server.fill_stock(3).await;
    server.fault("/wxa/getwxacodeunlimit", FaultMode::Error);
    let drawn = server.drawn();
    for _ in 0..3 {
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        assert_eq!(ticket["source"], "stock");
        let scene = browser.scene(&ticket).await;
        let scanned = phone.scan(&scene).await.expect(200);
        assert_eq!(scanned["check"], "none");
        browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        browser.expect("login_succeeded").await;
        browser.redeem(&ticket["attempt"]).await.expect(200);
    }
    assert_eq!(server.drawn(), drawn);
}

#[actix_web::test]
async fn a_stock_that_is_used_up_is_followed_by_live_codes_and_then_by_a_clear_answer() {
    let (server, _lock) = unfilled(&[]).await;
    server.fill_stock(1).await;
    assert_eq!(ticket(&server).await["source"], "stock");
    assert_eq!(ticket(&server).await["source"], "live");
    server.fault("/wxa/getwxacodeunlimit", FaultMode::Error);
    let mut browser = server.browser().await;
    let refused = browser.post("/api/login/attempts", json!({})).await;
    let problem = refused.expect_problem(503, "codes_unavailable");
    assert!(problem["retry_in"].is_u64(), "{problem}");
    let ready = browser.get("/readyz").await.expect(200);
    assert_eq!(ready["codes"]["source"], "none");
}

#[actix_web::test]
async fn a_renewal_takes_the_next_code_of_the_stock() {
    let (server, _lock) = unfilled(&[]).await;
    server.fill_stock(2).await;
    let mut attempt = server.pending().await;
    attempt.browser.refresh(&json!(1), true).await;
    let renewed = attempt.browser.expect("ticket").await;
    assert_eq!(renewed["source"], "stock");
    assert_ne!(attempt.browser.scene(&renewed).await, attempt.scene);
}

#[actix_web::test]
async fn two_instances_never_take_the_same_code() {
    let server = TestServer::start().await;
    let codes = server.make_codes(100).await;
    server.store.add_stock("it", &codes).await.unwrap();
    let takes = (0..20).map(|number| {
        let store = server.store.clone();
        async move {
            let instance = if number % 2 == 0 { "one" } else { "two" };
            store.take_stock(instance, "it", 0, 7).await.unwrap().codes
        }
    });
    let taken = join_all(takes).await;
    let scenes: Vec<_> = taken.iter().flatten().map(|code| code.scene).collect();
    assert_eq!(scenes.len(), 100);
    assert_eq!(scenes.iter().collect::<BTreeSet<_>>().len(), 100);
}

#[actix_web::test]
async fn codes_that_another_instance_let_go_are_taken_in_the_end() {
    let (server, _lock) = unfilled(&[]).await;
    let codes = server.make_codes(12).await;
    server
        .store
        .add_stock(&server.opens(), &codes)
        .await
        .unwrap();
    // Another one has the first in its hands while this one takes its blocks past them.
    let mut other = PgConnection::connect_with(&server.database.options)
        .await
        .unwrap();
    let mut held = other.begin().await.unwrap();
    let first = "select id from codes order by id limit 2 for update";
    sqlx::query(first).fetch_all(&mut *held).await.unwrap();
    server.stock.was_filled();
    let mut shown = BTreeSet::new();
    for _ in 0..10 {
        shown.insert(ticket(&server).await["code_url"].to_string());
    }
    held.rollback().await.unwrap();
    server.stock.was_filled();
    for _ in 0..2 {
        let ticket = ticket(&server).await;
        assert_eq!(ticket["source"], "stock");
        shown.insert(ticket["code_url"].to_string());
    }
    assert_eq!(shown.len(), 12);
}

#[actix_web::test]
async fn a_code_that_opens_something_else_is_not_shown_and_goes_after_a_day() {
    let (server, _lock) = unfilled(&[]).await;
    let codes = server.make_codes(2).await;
    let other = "another mini program";
    server.store.add_stock(other, &codes).await.unwrap();
    server.stock.was_filled();
    assert_eq!(ticket(&server).await["source"], "live");
    let left = "select count(*) from codes where kind = 'stock'";
    let (images, opens) = (server.images(), server.opens());
    let tidy = async || tidy::once(&server.store, &images, &opens).await.unwrap();
    server.advance(Duration::from_secs(23 * 3600)).await;
    tidy().await;
    let left_of = async |most| {
        let all = Counted::default();
        let count = server.store.count_stock(other, most, all).await;
        count.unwrap().left
    };
    assert_eq!(left_of(9).await, 2);
    assert_eq!(left_of(1).await, 1);
    server.advance(TWO_HOURS).await;
    tidy().await;
    assert_eq!(left_of(9).await, 0);
    // Taken by nobody; gone with what was shown at that time.
    assert_eq!(server.database.count(left).await, 2);
    server.advance(TWO_HOURS).await;
    tidy().await;
    assert_eq!(server.database.count(left).await, 0);
    for code in codes {
        assert!(images.read(&code.image).await.unwrap().is_none());
    }
}

#[actix_web::test]
async fn a_code_whose_image_is_not_here_is_left_out() {
    let (server, _lock) = unfilled(&[]).await;
    let codes = server.make_codes(2).await;
    server.images().delete(&codes[0].image).await.unwrap();
    let opens = server.opens();
    server.store.add_stock(&opens, &codes).await.unwrap();
    server.stock.was_filled();
    let ticket = ticket(&server).await;
    assert_eq!(ticket["source"], "stock");
    let url = ticket["code_url"].as_str().unwrap();
    assert!(url.ends_with(&codes[1].image), "{url}");
}

#[actix_web::test]
async fn a_stock_is_not_used_up_by_a_folder_that_is_away() {
    let (server, _lock) = unfilled(&[]).await;
    let codes = server.make_codes(20).await;
    let opens = server.opens();
    let folder = server.data_dir.join("codes");
    let away = server.data_dir.join("away");
    std::fs::rename(&folder, &away).unwrap();
    server.store.add_stock(&opens, &codes).await.unwrap();
    for _ in 0..3 {
        server.stock.was_filled();
        let mut browser = server.browser().await;
        let begun = browser.post("/api/login/attempts", json!({})).await;
        begun.expect_problem(503, "codes_unavailable");
    }
    std::fs::rename(&away, &folder).unwrap();
    server.stock.was_filled();
    // Each of them is shown.
    for _ in 0..20 {
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        assert_eq!(ticket["source"], "stock");
        browser.scene(&ticket).await;
    }
}

#[actix_web::test]
async fn a_busy_instance_holds_no_more_codes_than_memory_has_room_for_their_images() {
    let (server, _lock) = unfilled(&[("SAOMA_CODE_CACHE", "1")]).await;
    let images = server.images();
    let mut codes = Vec::new();
    for _ in 0..120 {
        // As large as WeChat's are: memory has room for ten.
        let mut bytes = vec![0; 100_000];
        bytes[..4].copy_from_slice(b"\xFF\xD8\xFF\xD9");
        bytes[4..36].copy_from_slice(&rand::random::<[u8; 32]>());
        let image = CodeImage {
            bytes: bytes.into(),
            kind: ImageKind::Jpeg,
        };
        codes.push(NewCode {
            image: images.keep(image).await.unwrap(),
            scene: rand::random(),
            bytes: 100_000,
        });
    }
    let opens = server.opens();
    server.store.add_stock(&opens, &codes).await.unwrap();
    server.stock.was_filled();
    for _ in 0..40 {
        assert_eq!(ticket(&server).await["source"], "stock");
    }
    // A block may be on its way. Less than half of eight are never held for long.
    server.stock.note_level(0, 0);
    let held = || server.stock.level().unwrap().left;
    eventually(async || held() >= 4).await;
    // The store goes; what is held is shown with its image all the same.
    let folder = server.data_dir.join("codes");
    std::fs::rename(&folder, server.data_dir.join("away")).unwrap();
    let mut shown = 0;
    loop {
        let mut browser = server.browser().await;
        let answer = browser.post("/api/login/attempts", json!({})).await.json();
        if answer["source"] != "stock" {
            break;
        }
        let image = answer["code_url"].as_str().unwrap();
        let (_, name) = image.rsplit_once('/').unwrap();
        browser.get(&format!("/codes/{name}")).await.expect(200);
        shown += 1;
    }
    assert!(shown >= 4, "{shown}");
}

#[actix_web::test]
async fn images_of_used_codes_go_after_two_hours_and_those_of_others_stay() {
    let (server, _lock) = unfilled(&[]).await;
    server.fill_stock(1).await;
    let stock = server.pending().await;
    let live = server.pending().await;
    let unused = server.make_codes(1).await;
    let opens = server.opens();
    server.store.add_stock(&opens, &unused).await.unwrap();
    let (images, opens) = (server.images(), server.opens());
    let files = || {
        std::fs::read_dir(server.data_dir.join("codes"))
            .unwrap()
            .count()
    };
    assert_eq!(files(), 3);
    server.advance(Duration::from_secs(2 * 3600 - 60)).await;
    tidy::once(&server.store, &images, &opens).await.unwrap();
    assert_eq!(files(), 3);
    server.advance(Duration::from_secs(61)).await;
    tidy::once(&server.store, &images, &opens).await.unwrap();
    assert_eq!(files(), 1);
    assert!(images.read(&unused[0].image).await.unwrap().is_some());
    assert_eq!(server.database.count("select count(*) from codes").await, 1);
    drop((stock, live));
}

#[actix_web::test]
async fn the_server_fills_its_stock_and_says_what_is_left() {
    let server = TestServer::start_with(&[
        ("SAOMA_CODES", "stock"),
        ("SAOMA_STOCK_SIZE", "20"),
        ("SAOMA_STOCK_MAX", "20"),
    ])
    .await;
    let left = "select count(*) from codes where kind = 'stock' and taken_at is null";
    eventually(async || server.database.count(left).await == 20).await;
    let mut client = Browser::new(&server.url);
    let ready = client.get("/readyz").await.expect(200);
    assert_eq!(ready["codes"]["stock"]["mark"], 20);
    assert_eq!(ticket(&server).await["source"], "stock");
    // One block, before anybody asked.
    let held = "select count(*) from codes where taken_by is not null";
    assert_eq!(server.database.count(held).await, 8);
}

#[actix_web::test]
async fn a_refill_that_fails_rests_and_goes_on_by_itself() {
    let (server, lock) = unfilled(&[
        ("SAOMA_STOCK_SIZE", "20"),
        ("SAOMA_STOCK_MAX", "20"),
        ("SAOMA_WECHAT_PAUSE", "1s"),
    ])
    .await;
    server.fault("/wxa/getwxacodeunlimit", FaultMode::Garbage);
    drop(lock);
    let calls = || server.simulator.state().stats()["/wxa/getwxacodeunlimit"].calls;
    eventually(async || calls() > 8).await;
    // A few at each try, not thousands.
    assert!(calls() < 40, "{}", calls());
    assert_eq!(server.database.count("select count(*) from codes").await, 0);
    server.simulator.state().clear_faults();
    let made = "select count(*) from codes where kind = 'stock'";
    eventually(async || server.database.count(made).await >= 20).await;
}

#[actix_web::test]
async fn a_refill_makes_no_more_codes_in_a_minute_than_the_owner_allows() {
    let (server, lock) = unfilled(&[
        ("SAOMA_STOCK_SIZE", "20"),
        ("SAOMA_STOCK_MAX", "20"),
        ("SAOMA_STOCK_RATE", "1200"),
    ])
    .await;
    let began = Instant::now();
    drop(lock);
    // A block that comes short lets the refill look at once.
    server.stock.was_filled();
    ticket(&server).await;
    let made = "select count(*) from codes where kind = 'stock'";
    eventually(async || server.database.count(made).await >= 20).await;
    // The first at once, each of the others 50 ms later.
    let least = Duration::from_millis(19 * 50);
    assert!(began.elapsed() >= least, "{:?}", began.elapsed());
}

#[actix_web::test]
async fn a_wechat_that_takes_its_time_is_asked_for_many_codes_at_once() {
    let (server, lock) = unfilled(&[]).await;
    server.fault("/wxa/getwxacodeunlimit", FaultMode::Hang);
    drop(lock);
    server.stock.was_filled();
    let calls = || server.simulator.state().stats()["/wxa/getwxacodeunlimit"].calls;
    let mut browser = server.browser().await;
    actix_web::rt::spawn(async move { browser.post("/api/login/attempts", json!({})).await });
    eventually(async || calls() > 40).await;
    // None of them has been answered, and there are not thousands.
    assert!(calls() < 60, "{}", calls());
}

#[actix_web::test]
async fn pl7_a_drained_stock_asks_for_a_tap_and_then_says_when_to_come_back() {
    let (server, lock) = unfilled(&[
        ("SAOMA_STOCK_SIZE", "30"),
        ("SAOMA_STOCK_MAX", "30"),
        ("SAOMA_WECHAT_PAUSE", "1s"),
    ])
    .await;
    server.fill_stock(30).await;
    let mut client = Browser::new(&server.url);
    eventually(async || client.get("/readyz").await.expect(200)["codes"]["stock"]["left"] == 30)
        .await;
    server.fault("/wxa/getwxacodeunlimit", FaultMode::Error);
    let mut watcher = server.pending().await;
    let mut views = 1;
    // Each by its own address, where no limit of one address stops it.
    loop {
        let mut browser = server.browser().await;
        let answer = browser.post("/api/login/attempts", json!({})).await;
        if answer.status != 201 {
            let problem = answer.expect_problem(503, "codes_unavailable");
            assert_eq!(
                answer.header("retry-after"),
                problem["retry_in"].to_string()
            );
            break;
        }
        views += 1;
    }
    assert_eq!(views, 30);
    let warned = async || {
        let ready = Browser::new(&server.url).get("/readyz").await.expect(200);
        ready["warnings"] == json!(["codes_low"])
    };
    eventually(warned).await;
    // A page that nobody looks at costs no code; a person still gets what there is.
    watcher.browser.refresh(&json!(1), true).await;
    assert_eq!(watcher.browser.expect("error").await["code"], "tap_needed");
    server.simulator.state().clear_faults();
    eventually(async || {
        watcher.browser.refresh(&json!(1), false).await;
        watcher.browser.next().await["type"] == "ticket"
    })
    .await;
    // And nobody restarts anything.
    drop(lock);
    eventually(async || server.browser().await.open_socket().await["source"] == "stock").await;
}
