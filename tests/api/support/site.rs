//! A site of two instances, as behind one load balancer.

use std::{sync::Arc, time::Duration};

use actix_web::http::Method;
use saoma::{
    broker::key::NewsKey,
    login::keys::SecretKey,
    settings::{Flags, Settings},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    Answer, Browser, RedisServer, TestServer, answer::PATIENCE, browser::client, port::free_port,
    server::Options,
};

/// How news get from one instance to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Redis,
    Direct,
}

/// Two instances with one database.
pub struct Site {
    pub a: Arc<TestServer>,
    pub b: Arc<TestServer>,
    pub redis: Option<RedisServer>,
}

/// Runs a test over both ways.
pub async fn over_both_ways(test: impl AsyncFn(Site)) {
    for way in [Way::Redis, Way::Direct] {
        eprintln!("{way:?}");
        test(Site::start(way).await).await;
    }
}

impl Site {
    pub async fn start(way: Way) -> Self {
        match way {
            Way::Redis => {
                let redis = RedisServer::start();
                let mut site = Self::with_redis(&redis.url(), &[]).await;
                site.redis = Some(redis);
                site
            }
            Way::Direct => {
                let admin = free_port();
                Self::direct(admin, admin).await
            }
        }
    }

    /// Without Redis; the first instance's admin address has one port for itself
    /// and another by which it is reached.
    pub async fn direct(admin: u16, reached: u16) -> Self {
        let [listen, url] = direct_options(admin, reached);
        let options = [
            ("SAOMA_ADMIN_LISTEN", listen.as_str()),
            ("SAOMA_INTERNAL_URL", url.as_str()),
        ];
        let a = TestServer::start_with(&options).await;
        let admin = free_port();
        let [listen, url] = direct_options(admin, admin);
        let options = [
            ("SAOMA_ADMIN_LISTEN", listen.as_str()),
            ("SAOMA_INTERNAL_URL", url.as_str()),
        ];
        let b = a.beside(&options).await;
        Self { a, b, redis: None }
    }

    /// Both with the Redis at this address, and these settings.
    pub async fn with_redis(url: &str, options: Options<'_>) -> Self {
        let mut all = vec![("REDIS_URL", url), ("SAOMA_PROBE_INTERVAL", "100ms")];
        all.extend(options);
        let a = TestServer::start_with(&all).await;
        let b = a.beside(&all).await;
        until_without_warning(&a).await;
        until_without_warning(&b).await;
        Self { a, b, redis: None }
    }

    /// Without any way but the looks, in this interval.
    pub async fn with_interval(interval: &str) -> Self {
        let options = [("SAOMA_RECHECK_INTERVAL", interval)];
        let a = TestServer::start_with(&options).await;
        let b = a.beside(&options).await;
        Self { a, b, redis: None }
    }

    /// Says something to the first instance, as whoever got hold of the way.
    pub async fn say(&self, message: &str) {
        match &self.redis {
            Some(redis) => {
                for channel in redis.channels().await {
                    let heard: i64 = redis.command(&["PUBLISH", &channel, message]).await;
                    assert_eq!(heard, 1);
                }
            }
            None => drop(post(&self.a, &bearer(&self.a), message).await),
        }
    }

    /// The load balancer now leads this browser to the second instance.
    pub fn lead_to_b(&self, browser: &mut Browser) {
        browser.url.clone_from(&self.b.url);
    }
}

fn direct_options(admin: u16, reached: u16) -> [String; 2] {
    [
        format!("127.0.0.1:{admin}"),
        format!("http://127.0.0.1:{reached}/"),
    ]
}

/// The warnings of an instance's `/readyz`.
pub async fn warnings(server: &TestServer) -> Value {
    let request = client().get(format!("{}/readyz", server.admin_url));
    let ready = Answer::of(request.send().await.unwrap()).await;
    ready.expect(200)["warnings"].clone()
}

/// Waits until an instance's `/readyz` has no warning.
pub async fn until_without_warning(server: &TestServer) {
    until(async || warnings(server).await == serde_json::json!([])).await;
}

/// Waits until something holds.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "it never holds");
        sleep(Duration::from_millis(10)).await;
    }
}

/// What one instance presents to another.
pub fn bearer(server: &TestServer) -> String {
    let set = super::server::settings(1, &server.database, &server.simulator, &server.data_dir);
    let settings = Settings::load(&Flags {
        set,
        ..Flags::default()
    });
    let key = SecretKey::load(&settings.unwrap()).unwrap();
    NewsKey::new(&key).unwrap().bearer()
}

/// Posts to an instance's internal address.
pub async fn post(server: &TestServer, authorization: &str, message: &str) -> Answer {
    let request = client()
        .request(Method::POST, format!("{}/internal/news", server.admin_url))
        .insert_header(("authorization", authorization))
        .send_body(message.to_owned());
    Answer::of(request.await.unwrap()).await
}
