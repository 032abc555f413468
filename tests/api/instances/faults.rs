//! Redis goes away, comes back, hangs and turns deaf while people log in.

use serde_json::json;

use crate::support::{
    Attempt, Phone, Proxy, RedisServer, Site, TestServer, Wire,
    port::free_port,
    site::{until, until_without_warning, warnings},
};

/// Two instances that reach their Redis through a wire.
async fn wired() -> (Site, RedisServer, Proxy) {
    let redis = RedisServer::start();
    let proxy = Proxy::to(redis.port).await;
    let url = format!("redis://127.0.0.1:{}", proxy.port);
    (Site::with_redis(&url, &[]).await, redis, proxy)
}

async fn until_warned(server: &TestServer) {
    until(async || {
        let warnings = warnings(server).await;
        warnings.as_array().unwrap().contains(&json!("broker_down"))
    })
    .await;
}

/// A login from one instance to the other, told by Redis alone.
async fn is_pushed(site: &Site, phone: &Phone) {
    let mut attempt = site.a.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

/// The phone is answered, and the browser hears at its instance's next look.
async fn is_found_by_a_look(site: &Site, attempt: &mut Attempt, phone: &Phone) {
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.expect_silence().await;
    site.a.look_again().await;
    assert_eq!(
        attempt.browser.expect("login_succeeded").await["version"],
        3
    );
}

#[actix_web::test]
async fn r2_with_redis_cut_off_confirms_go_on_and_browsers_hear_at_the_next_look() {
    let (site, _redis, proxy) = wired().await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    proxy.set(Wire::Cut);
    until_warned(&site.b).await;
    is_found_by_a_look(&site, &mut attempt, &phone).await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    proxy.set(Wire::Good);
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn r2_a_redis_that_hangs_keeps_no_phone_waiting() {
    let (site, _redis, proxy) = wired().await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    proxy.set(Wire::Stalled);
    // At once, before anybody has noticed.
    is_found_by_a_look(&site, &mut attempt, &phone).await;
    until_warned(&site.a).await;
    until_warned(&site.b).await;
    proxy.set(Wire::Good);
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    // What hung on the wire arrives now: old news, told to nobody.
    attempt.browser.expect_silence().await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn r3_what_is_confirmed_while_redis_restarts_is_told_when_it_is_back() {
    let mut redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), &[]).await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    redis.kill();
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.expect_silence().await;
    redis.run();
    // Nobody tells it to look: it does so itself, once it hears again.
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn r3_flushing_redis_loses_nothing_since_nothing_there_lasts() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), &[]).await;
    let phone = site.b.registered_phone("Ming").await;
    is_pushed(&site, &phone).await;
    // Nothing but what limits count, and that for a while.
    let keys: Vec<String> = redis.command(&["KEYS", "*"]).await;
    for key in keys {
        let left: i64 = redis.command(&["PTTL", &key]).await;
        // Gone by now, or with an end.
        assert!(left == -2 || left > 0, "{key}: {left}");
    }
    let _: String = redis.command(&["FLUSHALL"]).await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn r3_connections_that_redis_kills_are_made_again() {
    let redis = RedisServer::start();
    let site = Site::with_redis(&redis.url(), &[]).await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    for kind in ["pubsub", "normal"] {
        let _: i64 = redis
            .command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"])
            .await;
        until(async || redis.channels().await.len() == 2).await;
    }
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
}

#[actix_web::test]
async fn r4_a_connection_that_hears_nothing_is_found_out_and_made_anew() {
    let (site, redis, proxy) = wired().await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    let listeners = async || -> i64 {
        let channel = &redis.channels().await[0];
        let counted: (String, i64) = redis.command(&["PUBSUB", "NUMSUB", channel]).await;
        counted.1
    };
    proxy.set(Wire::Deaf);
    // The connections stay, and Redis believes that both listen.
    assert_eq!(listeners().await, 1);
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    // The new connection is as deaf, but with it comes a look.
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);
    until_warned(&site.a).await;
    proxy.set(Wire::Good);
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn r2_without_redis_at_the_start_an_instance_starts_all_the_same() {
    let mut redis = RedisServer::start();
    redis.kill();
    let options = [
        ("REDIS_URL", redis.url()),
        ("SAOMA_PROBE_INTERVAL", "100ms".to_owned()),
    ];
    let options = options
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let a = TestServer::start_with(&options).await;
    let b = a.beside(&options).await;
    let site = Site { a, b, redis: None };
    until_warned(&site.a).await;
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    is_found_by_a_look(&site, &mut attempt, &phone).await;
    redis.run();
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    is_pushed(&site, &phone).await;
}

#[actix_web::test]
async fn a_redis_with_a_password_on_a_unix_socket() {
    let folder = tempfile();
    let socket = format!("{folder}/redis.sock");
    let options = ["--unixsocket", &socket, "--requirepass", "open sesame"];
    let _redis = RedisServer::start_with(&options);
    let url = format!("redis+unix://{socket}?pass=open%20sesame");
    let site = Site::with_redis(&url, &[]).await;
    let phone = site.b.registered_phone("Ming").await;
    is_pushed(&site, &phone).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn a_redis_user_who_may_do_what_the_manual_says_and_no_more() {
    let manual = include_str!("../../../docs/DEPLOY.md");
    let (_, rules) = manual.split_once("ACL SETUSER saoma ").unwrap();
    let (rules, _) = rules.split_once('`').unwrap();
    let redis = RedisServer::start();
    let mut words = vec!["ACL", "SETUSER", "saoma"];
    words.extend(rules.split(' '));
    let _: String = redis.command(&words).await;
    let url = format!("redis://saoma:password@127.0.0.1:{}/1", redis.port);
    let site = Site::with_redis(&url, &[]).await;
    let phone = site.b.registered_phone("Ming").await;
    is_pushed(&site, &phone).await;
    let denied: Vec<redis::Value> = redis.command(&["ACL", "LOG"]).await;
    assert!(denied.is_empty(), "{denied:?}");
}

/// A folder whose name is short enough for a socket in it.
fn tempfile() -> String {
    let folder = std::env::temp_dir().join(format!("saoma-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.display().to_string()
}

#[actix_web::test]
async fn two_sites_that_share_one_redis_do_not_meet() {
    let redis = RedisServer::start();
    let url = redis.url();
    let options = [("REDIS_URL", url.as_str()), ("SAOMA_INSTANCE", "same")];
    let one = TestServer::start_with(&options).await;
    let other = TestServer::start_with(&options).await;
    until_without_warning(&one).await;
    until_without_warning(&other).await;
    let channels = redis.channels().await;
    assert_eq!(channels.len(), 2);
    // Nobody else knows the middle part, which follows from the secret key.
    for channel in channels {
        let secret = channel.strip_prefix("saoma:").unwrap();
        assert_eq!(secret.strip_suffix(":same").unwrap().len(), 22);
    }
}

#[actix_web::test]
async fn an_instance_that_is_cut_off_or_hangs_is_told_again_once_it_answers() {
    for fault in [Wire::Cut, Wire::Stalled] {
        let admin = free_port();
        let proxy = Proxy::to(admin).await;
        let site = Site::direct(admin, proxy.port).await;
        let phone = site.b.registered_phone("Ming").await;
        is_pushed(&site, &phone).await;
        let mut attempt = site.a.pending().await;
        proxy.set(fault);
        is_found_by_a_look(&site, &mut attempt, &phone).await;
        until_warned(&site.b).await;
        // Its neighbours on the other instance do not wait with it.
        let mut beside = site.b.pending().await;
        phone.scan(&beside.scene).await.expect(200);
        beside.browser.expect("scanned").await;
        proxy.set(Wire::Good);
        until_without_warning(&site.b).await;
        attempt.browser.expect_silence().await;
        is_pushed(&site, &phone).await;
    }
}
