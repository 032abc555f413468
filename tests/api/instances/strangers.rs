//! What is said on the way is a hint: duplicates, old news and lies change nothing.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Attempt, Phone, Site, Way,
    site::{self, over_both_ways},
};

fn changed(id: &Value, version: i32) -> Value {
    json!({"attempt": {"id": id, "version": version}})
}

/// Goes on as if nothing had been said, to the end.
async fn logs_in(attempt: &mut Attempt, phone: &Phone) {
    phone.confirm(&attempt.nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    attempt.browser.expect("redeemed").await;
}

async fn scanned(site: &Site, phone: &Phone) -> Attempt {
    let mut attempt = site.a.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    attempt.nonce = scanned["nonce"].clone();
    attempt.browser.expect("scanned").await;
    attempt
}

#[actix_web::test]
async fn r5_duplicate_and_old_news_in_any_order_are_told_to_nobody() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut attempt = scanned(&site, &phone).await;
        for version in [2, 1, 2, 0, -1, 2] {
            let news = changed(&attempt.id, version);
            site.say(&json!([news, news]).to_string()).await;
        }
        attempt.browser.expect_silence().await;
        phone.confirm(&attempt.nonce).await.expect(200);
        let news = attempt.browser.expect("login_succeeded").await;
        assert_eq!(news["version"], 3);
        // News of a minute ago, after those of now.
        for version in [1, 2, 3] {
            site.say(&json!([changed(&attempt.id, version)]).to_string())
                .await;
        }
        attempt.browser.expect_silence().await;
        attempt.browser.redeem(&attempt.id).await.expect(200);
    })
    .await;
}

#[actix_web::test]
async fn r6_lies_on_the_way_tell_a_browser_nothing_and_end_nothing() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut attempt = scanned(&site, &phone).await;
        let unknown = json!("7b3ce6a6-1bd4-4c95-8a0f-111111111111");
        let lies = [
            json!([changed(&attempt.id, i32::MAX)]),
            json!([{"contested": {"id": attempt.id}}]),
            json!([changed(&unknown, i32::MAX), {"contested": {"id": unknown}}]),
            json!([{"login_succeeded": {"id": attempt.id}}]),
            json!({"type": "login_succeeded", "attempt": attempt.id, "version": 9}),
            json!(vec![changed(&attempt.id, 9); 1000]),
        ];
        for lie in lies {
            site.say(&lie.to_string()).await;
            attempt.browser.expect_silence().await;
        }
        for garbage in [
            "",
            "[",
            "probe",
            "probe 18446744073709551616",
            "probe 1",
            "\u{0}",
        ] {
            site.say(garbage).await;
        }
        site.say(&"[".repeat(1 << 20)).await;
        logs_in(&mut attempt, &phone).await;
        let sessions = "select count(*) from sessions";
        assert_eq!(site.a.database.count(sessions).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn r6_news_of_attempts_that_wait_nowhere_cost_no_read() {
    over_both_ways(async |site| {
        let phone = site.b.registered_phone("Ming").await;
        let mut attempt = scanned(&site, &phone).await;
        let database = &site.a.database;
        // Whoever reads now waits, and is seen waiting.
        let mut keeper = PgConnection::connect_with(&database.options).await.unwrap();
        let lock = "begin; lock table login_attempts, audit_log in access exclusive mode";
        sqlx::raw_sql(lock).execute(&mut keeper).await.unwrap();
        let reads = "select count(*) from pg_locks
            where not granted and database = (
                select oid from pg_database where datname = current_database())";
        for _ in 0..20 {
            let unknown = json!(uuid::Uuid::new_v4());
            let contested = json!({"contested": {"id": unknown}});
            site.say(&json!([changed(&unknown, 2), contested]).to_string())
                .await;
            assert_eq!(database.count(reads).await, 0);
        }
        attempt.browser.expect_silence().await;
        assert_eq!(database.count(reads).await, 0);
        // Of one that waits here the row is read, to find out that it is a lie.
        site.say(&json!([changed(&attempt.id, 9)]).to_string())
            .await;
        site::until(async || database.count(reads).await > 0).await;
        keeper.close().await.unwrap();
        attempt.browser.expect_silence().await;
        logs_in(&mut attempt, &phone).await;
    })
    .await;
}

#[actix_web::test]
async fn r6_whoever_listens_to_redis_reads_ids_and_versions_only() {
    use futures_util::StreamExt as _;

    let site = Site::start(Way::Redis).await;
    let redis = site.redis.as_ref().unwrap();
    let client = redis::Client::open(redis.url()).unwrap();
    let mut listener = client.get_async_pubsub().await.unwrap();
    listener.psubscribe("*").await.unwrap();
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = scanned(&site, &phone).await;
    logs_in(&mut attempt, &phone).await;
    let mut news = Vec::new();
    let mut messages = listener.on_message();
    while news.len() < 2 {
        let message = messages.next().await.unwrap();
        let channel = message.get_channel_name().to_owned();
        assert!(channel.starts_with("saoma:"), "{channel}");
        let payload: String = message.get_payload().unwrap();
        if !payload.starts_with("probe ") {
            news.push(serde_json::from_str::<Value>(&payload).unwrap());
        }
    }
    assert_eq!(
        news,
        [
            json!([changed(&attempt.id, 2)]),
            json!([changed(&attempt.id, 3)])
        ]
    );
}

#[actix_web::test]
async fn whoever_has_not_the_key_finds_no_internal_address() {
    let site = Site::start(Way::Direct).await;
    let phone = site.b.phone().await;
    let mut attempt = scanned(&site, &phone).await;
    let message = json!([changed(&attempt.id, 9)]).to_string();
    let right = site::bearer(&site.a);
    for wrong in [
        "",
        "Bearer",
        "Bearer x",
        &right[..right.len() - 1],
        &format!("{right}x"),
    ] {
        let answer = site::post(&site.a, wrong, &message).await;
        answer.expect_problem(404, "not_found");
    }
    site::post(&site.a, &right, &message).await.expect(204);
    site::post(&site.a, &right, "{}")
        .await
        .expect_problem(400, "bad_request");
    site::post(&site.a, &right, &" ".repeat(1 << 16))
        .await
        .expect_problem(413, "too_large");
    attempt.browser.expect_silence().await;
    let public = attempt.browser.post("/internal/news", json!([])).await;
    public.expect_problem(404, "not_found");
}
