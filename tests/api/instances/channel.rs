//! The browser on one instance, its phone on the other.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::news::signed_in;
use crate::support::{
    Browser, Phone, PhoneSocket, RedisServer, Site, Way, line::Line, phone::CAMERA,
    site::over_both_ways,
};

/// The browser's socket is on the first instance, the phone's on the second.
struct Apart {
    phone: Phone,
    browser: Browser,
    socket: PhoneSocket,
    session: Value,
}

impl Apart {
    async fn open(site: &Site) -> Self {
        let phone = site.b.registered_phone("Ming").await;
        let mut browser = signed_in(site, &phone).await;
        let session = browser.open_session().await["session"].clone();
        let mut socket = phone.socket().await;
        until_present(&mut socket, "peer").await;
        until_present(&mut browser, "peer").await;
        Self {
            phone,
            browser,
            socket,
            session,
        }
    }
}

/// Whoever was asked too early may have said no before.
async fn until_present(line: &mut Line, kind: &str) {
    while line.expect(kind).await["present"] == false {}
}

#[actix_web::test]
async fn a_phone_confirms_over_its_socket_and_follows_the_page_of_the_other_instance() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut attempt = site.a.pending().await;
        let mut socket = phone.socket().await;
        let scan = json!({"scene": attempt.scene, "entry_scene": CAMERA});
        let scanned = socket.call("scan", scan).await;
        assert_eq!(socket.expect("attempt").await["state"], "scanned");
        until_present(&mut socket, "browser").await;
        attempt.browser.expect("scanned").await;
        attempt.browser.drop_socket();
        assert_eq!(socket.expect("browser").await["present"], false);
        attempt.browser.resume(&attempt.id).await;
        assert_eq!(socket.expect("browser").await["present"], true);
        let confirm = json!({"nonce": scanned["body"]["nonce"]});
        let confirmed = socket.call("confirm", confirm).await;
        assert_eq!(confirmed["body"]["result"], "login_succeeded");
        assert_eq!(socket.expect("attempt").await["state"], "confirmed");
        attempt.browser.expect("login_succeeded").await;
        // What the browser does on its instance, the phone hears without a look.
        attempt.browser.redeem(&attempt.id).await.expect(200);
        assert_eq!(socket.expect("attempt").await["state"], "redeemed");
        let mut dashboard = attempt.browser.tab();
        dashboard.open_session().await;
        until_present(&mut socket, "peer").await;
    })
    .await;
}

#[actix_web::test]
async fn a_page_that_changes_instances_is_not_missed() {
    let redis = RedisServer::start();
    let options = [("SAOMA_ABSENT_AFTER", "6s")];
    let site = Site::with_redis(&redis.url(), &options).await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    let mut socket = phone.socket().await;
    let scan = json!({"scene": attempt.scene, "entry_scene": CAMERA});
    socket.call("scan", scan).await;
    socket.expect("attempt").await;
    until_present(&mut socket, "browser").await;
    attempt.browser.expect("scanned").await;
    attempt.browser.drop_socket();
    site.lead_to_b(&mut attempt.browser);
    attempt.browser.resume(&attempt.id).await;
    socket.expect_silence().await;
}

#[actix_web::test]
async fn texts_reach_the_other_instance_both_ways_and_in_order() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        for number in 0..15 {
            pair.browser.say(&format!("扫 <i>{number}</i>")).await;
            pair.socket.say(&pair.session, &number.to_string()).await;
        }
        for number in 0..15 {
            let heard = pair.socket.expect("message").await;
            assert_eq!(heard["text"], format!("扫 <i>{number}</i>"));
            assert_eq!(heard["from"], "browser");
            let heard = pair.browser.expect("message").await;
            assert_eq!(
                (&heard["text"], &heard["session"]),
                (&number.to_string().into(), &pair.session)
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn the_longest_texts_cross_as_well() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        let text = "🎉".repeat(1_000);
        for _ in 0..10 {
            pair.browser.say(&text).await;
        }
        for _ in 0..10 {
            assert_eq!(pair.socket.expect("message").await["text"], text.as_str());
        }
    })
    .await;
}

#[actix_web::test]
async fn each_end_hears_when_the_other_leaves_its_instance() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        pair.browser.drop_socket();
        assert_eq!(pair.socket.expect("peer").await["present"], false);
        pair.socket.say(&pair.session, "anybody there?").await;
        assert_eq!(pair.socket.expect("error").await["code"], "peer_absent");
        pair.browser.open_session().await;
        assert_eq!(pair.socket.expect("peer").await["present"], true);
        pair.socket.drop_socket();
        assert_eq!(pair.browser.expect("peer").await["present"], false);
        pair.browser.say("anybody there?").await;
        assert_eq!(pair.browser.expect("error").await["code"], "peer_absent");
    })
    .await;
}

#[actix_web::test]
async fn ending_the_session_on_one_instance_ends_the_pair_on_the_other() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        let mut tab = pair.browser.tab();
        tab.post("/api/logout", json!({})).await.expect(204);
        assert_eq!(pair.browser.expect_close().await, 4009);
        assert_eq!(pair.socket.expect("peer").await["present"], false);
        pair.socket.say(&pair.session, "too late").await;
        assert_eq!(pair.socket.expect("error").await["code"], "peer_absent");
    })
    .await;
}

#[actix_web::test]
async fn a_phone_session_that_ends_elsewhere_closes_its_socket_at_the_next_look() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        pair.phone.url.clone_from(&site.a.url);
        pair.phone.delete("/api/phone/session").await.expect(204);
        site.b.look_again().await;
        assert_eq!(pair.socket.expect_close().await, 4009);
        assert_eq!(pair.browser.expect("peer").await["present"], false);
    })
    .await;
}

#[actix_web::test]
async fn the_newest_socket_of_a_phone_session_wins_across_instances() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        let mut moved = pair.phone.copy();
        moved.url.clone_from(&site.a.url);
        let mut newer = moved.socket().await;
        newer.expect("peer").await;
        assert_eq!(pair.socket.expect_close().await, 4001);
        newer.expect_silence().await;
    })
    .await;
}

#[actix_web::test]
async fn without_a_way_the_look_finds_the_newer_socket_and_nobody_is_there_to_talk_to() {
    let site = Site::with_interval("1h").await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let mut browser = attempt.browser.tab();
    browser.open_session().await;
    let mut older = phone.socket().await;
    assert_eq!(older.expect("peer").await["present"], false);
    browser.say("hello").await;
    assert_eq!(browser.expect("error").await["code"], "peer_absent");
    let mut moved = phone.copy();
    moved.url.clone_from(&site.a.url);
    let mut newer = moved.socket().await;
    newer.expect("peer").await;
    site.b.look_again().await;
    assert_eq!(older.expect_close().await, 4001);
    assert_eq!(browser.expect("peer").await["present"], true);
}

#[actix_web::test]
async fn what_strangers_put_on_the_way_is_no_text_and_nobodys_presence() {
    over_both_ways(async |site| {
        let mut pair = Apart::open(&site).await;
        let sealed = |from: &str, text: &str| {
            json!([{"sealed": {"from": from,
            "about": {"session": pair.session}, "sealed": text}}])
        };
        let nobody = "7b3ce6a6-1bd4-4c95-8a0f-111111111111";
        let real = site
            .a
            .database
            .text("select min(channel::text) from instances")
            .await;
        for from in [nobody, real.as_str()] {
            for text in ["", "%", "AAAA", &"A".repeat(4_000)] {
                site.say(&sealed(from, text).to_string()).await;
            }
        }
        let plain = json!([{"said": {"from": "phone", "text": "lie", "sent_at": ""}}]);
        site.say(&plain.to_string()).await;
        pair.browser.expect_silence().await;
        pair.socket.expect_silence().await;
        pair.browser.say("the truth").await;
        assert_eq!(pair.socket.expect("message").await["text"], "the truth");
    })
    .await;
}

#[actix_web::test]
async fn what_was_heard_on_the_way_cannot_be_read_nor_said_again() {
    let site = Site::start(Way::Redis).await;
    let redis = site.redis.as_ref().unwrap();
    let mut pair = Apart::open(&site).await;
    let mut tapped = tap(redis).await;
    pair.socket.say(&pair.session, "for you alone").await;
    assert_eq!(
        pair.browser.expect("message").await["text"],
        "for you alone"
    );
    let (channel, message) = loop {
        let (channel, message) = tapped.recv().await.unwrap();
        if message.contains("sealed") {
            break (channel, message);
        }
    };
    assert!(!message.contains("alone"));
    for _ in 0..3 {
        let _: i64 = redis.command(&["PUBLISH", &channel, &message]).await;
    }
    // For another session it does not open either.
    let other = message.replace(
        pair.session.as_str().unwrap(),
        "7b3ce6a6-1bd4-4c95-8a0f-111111111111",
    );
    let _: i64 = redis.command(&["PUBLISH", &channel, &other]).await;
    pair.socket.say(&pair.session, "the end").await;
    assert_eq!(pair.browser.expect("message").await["text"], "the end");
}

/// What goes through Redis, as whoever can read there sees it.
async fn tap(redis: &RedisServer) -> mpsc::UnboundedReceiver<(String, String)> {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut tap = client.get_async_pubsub().await.unwrap();
    for channel in redis.channels().await {
        tap.subscribe(channel).await.unwrap();
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    actix_web::rt::spawn(async move {
        let mut messages = tap.into_on_message();
        while let Some(message) = messages.next().await {
            let text = message.get_payload::<String>().unwrap();
            let _ = sender.send((message.get_channel_name().to_owned(), text));
        }
    });
    receiver
}
