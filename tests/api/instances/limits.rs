//! Limits that all instances count together in Redis, and what is left of them without it.

use std::time::Instant;

use serde_json::json;

use crate::support::{
    Answer, Proxy, RedisServer, Site, TestServer, Wire,
    server::Options,
    site::{until, until_without_warning, warnings},
};

/// 24 codes at once, and another every 2.5 s.
const STARTS: Options<'_> = &[("SAOMA_MAX_STARTS_PER_ADDRESS", "24")];
const STARTS_AT_ONCE: usize = 24;
/// What 48 requests get by one limit, with some for the time that they take.
const ONE_LIMIT: std::ops::RangeInclusive<usize> = 24..=34;

async fn begin(server: &std::sync::Arc<TestServer>) -> Answer {
    let mut browser = server.browser().await;
    browser.post("/api/login/attempts", json!({})).await
}

/// Refused with 429, and the header says the same as the body.
fn retry_in(refused: &Answer) -> u64 {
    let problem = refused.expect_problem(429, "slow_down");
    let retry_in = problem["retry_in"].as_u64().unwrap();
    assert_eq!(refused.header("retry-after"), retry_in.to_string());
    retry_in
}

/// What an address is told that has had its share; it may have got a little since.
async fn refusal(server: &std::sync::Arc<TestServer>) -> Answer {
    for _ in 0..STARTS_AT_ONCE {
        let answer = begin(server).await;
        if answer.status != 201 {
            return answer;
        }
    }
    panic!("an address that has had its share gets as much again");
}

/// How many of 48 codes one address gets which asks both instances in turn.
async fn taken(site: &Site) -> usize {
    let mut taken = 0;
    for _ in 0..STARTS_AT_ONCE {
        for server in [&site.a, &site.b] {
            let answer = begin(server).await;
            if answer.status == 201 {
                taken += 1;
            } else {
                assert!((1..=3).contains(&retry_in(&answer)));
            }
        }
    }
    taken
}

async fn until_apart(server: &TestServer) {
    until(async || {
        let warnings = warnings(server).await;
        warnings
            .as_array()
            .unwrap()
            .contains(&json!("limits_apart"))
    })
    .await;
}

#[actix_web::test]
async fn instances_with_one_redis_count_an_address_together() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), STARTS).await;
    let taken = taken(&site).await;
    assert!(ONE_LIMIT.contains(&taken), "{taken}");
    // Whoever reads there learns no address, and nothing stays.
    let keys: Vec<String> = redis.command(&["KEYS", "*"]).await;
    assert!(!keys.is_empty());
    for key in keys {
        assert!(!key.contains("127.0.0.1"), "{key}");
        assert!(key.starts_with("saoma:{"), "{key}");
        let left: i64 = redis.command(&["PTTL", &key]).await;
        assert!((1..=60_000).contains(&left) || left == -2, "{key}: {left}");
    }
}

#[actix_web::test]
async fn all_together_are_all_of_all_instances() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), &[("SAOMA_MAX_PER_SECOND", "20")]).await;
    let mut browsers = [site.a.browser().await, site.b.browser().await];
    let began = Instant::now();
    let mut taken = 0.0;
    for _ in 0..40 {
        for browser in &mut browsers {
            let answer = browser.post("/api/login/attempts", json!({})).await;
            if answer.status == 201 {
                taken += 1.0;
            } else {
                retry_in(&answer);
            }
        }
    }
    // Twenty and what time has given back, with half of it for a busy machine; apart it is double.
    let most = 30.0 * (1.0 + began.elapsed().as_secs_f64());
    assert!(taken < most, "{taken} of {most}");
}

#[actix_web::test]
async fn whoever_typed_wrong_numbers_at_one_instance_rests_at_the_other() {
    let redis = RedisServer::start();
    let options = [
        ("SAOMA_MAX_FAILURES_PER_USER", "2"),
        ("SAOMA_CHECK", "number"),
    ];
    let site = Site::with_redis(&redis.url(), &options).await;
    let phone = site.a.registered_phone("Ming").await;
    let attempt = site.a.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    for _ in 0..2 {
        let wrong = phone.confirm_with(&scanned["nonce"], &"xx".into()).await;
        wrong.expect_problem(422, "number_wrong");
    }
    // His answers did not wait for the count.
    until(async || {
        let keys: Vec<String> = redis.command(&["KEYS", "*:failures:*"]).await;
        let [key] = &keys[..] else { return false };
        let count: i64 = redis.command(&["GET", key]).await;
        count == 2
    })
    .await;
    let mut elsewhere = phone;
    elsewhere.url.clone_from(&site.b.url);
    let rest = retry_in(&elsewhere.scan(&attempt.scene).await);
    assert!((500..=600).contains(&rest), "{rest}");
    let other = site.b.registered_phone("Hong").await;
    let answer = other.scan(&attempt.scene).await;
    answer.expect_problem(409, "already_scanned");
}

#[actix_web::test]
async fn scans_of_one_person_are_counted_at_all_instances() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), &[("SAOMA_MAX_SCANS_PER_USER", "12")]).await;
    let mut phone = site.a.registered_phone("Ming").await;
    let attempt = site.a.pending().await;
    let mut taken = 0;
    for _ in 0..6 {
        for server in [&site.a, &site.b] {
            phone.url.clone_from(&server.url);
            let answer = phone.scan(&attempt.scene).await;
            if answer.status == 200 {
                taken += 1;
            } else {
                retry_in(&answer);
            }
        }
    }
    // Half of the person's share belongs to one phone session; apart it would be all twelve.
    assert!((6..=9).contains(&taken), "{taken}");
}

#[actix_web::test]
async fn r9_with_redis_stopped_each_instance_goes_by_its_own_limit() {
    let mut redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), STARTS).await;
    redis.kill();
    // Neither without any limit, nor without any code: at each as many as alone.
    let apart = taken(&site).await;
    assert_eq!(apart, 48);
    for server in [&site.a, &site.b] {
        until_apart(server).await;
        assert!((1..=3).contains(&retry_in(&refusal(server).await)));
    }
    redis.run();
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
}

#[actix_web::test]
async fn r9_a_redis_that_hangs_keeps_nobody_waiting_and_lets_nobody_through() {
    let redis = RedisServer::start();
    let proxy = Proxy::to(redis.port).await;
    let url = format!("redis://127.0.0.1:{}", proxy.port);
    let site = Site::with_redis(&url, STARTS).await;
    proxy.set(Wire::Stalled);
    // The first waits for the limit of an answer; after it nobody does.
    assert_eq!(taken(&site).await, 48);
    until_apart(&site.a).await;
    assert!((1..=3).contains(&retry_in(&refusal(&site.a).await)));
    proxy.set(Wire::Good);
    until_without_warning(&site.a).await;
}

#[actix_web::test]
async fn r9_a_redis_that_was_flushed_gives_an_address_no_more_than_each_instance_does() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), STARTS).await;
    let mut taken = taken(&site).await;
    for _ in 0..3 {
        let _: String = redis.command(&["FLUSHALL"]).await;
        for server in [&site.a, &site.b] {
            taken += usize::from(begin(server).await.status == 201);
        }
    }
    // Each instance has counted all that it was asked, so nothing new begins.
    assert!(ONE_LIMIT.contains(&taken), "{taken}");
}

#[actix_web::test]
async fn r9_a_redis_that_does_not_let_saoma_count_leaves_it_its_own_limits() {
    let redis = RedisServer::start();
    let rules = "ACL SETUSER saoma on >pw resetkeys &saoma:* +@all -eval";
    let words: Vec<_> = rules.split(' ').collect();
    let _: String = redis.command(&words).await;
    let url = format!("redis://saoma:pw@127.0.0.1:{}", redis.port);
    let options = [("REDIS_URL", url.as_str()), STARTS[0]];
    let server = TestServer::start_with(&options).await;
    until(async || warnings(&server).await == json!(["limits_apart"])).await;
    for _ in 0..STARTS_AT_ONCE {
        begin(&server).await.expect(201);
    }
    retry_in(&begin(&server).await);
}

#[actix_web::test]
async fn what_somebody_writes_into_redis_stops_nobody_for_longer_than_a_limit_could() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), STARTS).await;
    begin(&site.a).await.expect(201);
    let keys: Vec<String> = redis.command(&["KEYS", "saoma:{*:start:*"]).await;
    let [key] = &keys[..] else { panic!("{keys:?}") };
    for value in ["nan", "inf", "-inf", "1e300", "9999999999999999", "x", ""] {
        let _: String = redis.command(&["SET", key, value]).await;
        begin(&site.b).await.expect(201);
    }
    let _: i64 = redis.command(&["DEL", key]).await;
    let _: i64 = redis.command(&["LPUSH", key, "x"]).await;
    begin(&site.b).await.expect(201);
    // And it counts again.
    let kind: String = redis.command(&["TYPE", key]).await;
    assert_eq!(kind, "string");
    assert_eq!(warnings(&site.b).await, json!([]));
}
