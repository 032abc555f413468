//! Instances, Redis and browsers on a network that loses or delays what is sent, without a word.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use saoma::simulator::Simulator;
use serde_json::{Value, json};

use crate::support::{
    Browser, Cluster, Phone, Place, Program, Server,
    net::{HERE, Net},
    program::{Environment, binary},
    server::{environment, wechat_on},
    wait::eventually,
};

const A: u8 = 2;
const B: u8 = 3;
const REDIS: u8 = 4;

/// No browser hears later of what got lost; half a second is the test's own.
const LATEST: Duration = Duration::from_millis(3_500);
/// What no look has found: it comes every two seconds.
const PUSHED: Duration = Duration::from_millis(300);
/// A phone waits for no instance and no Redis that is gone.
const ANSWERED: Duration = Duration::from_millis(1_000);

/// Two instances, each on a machine of its own, as Redis is. Dropped last: the network.
struct Site {
    a: Server,
    b: Server,
    phone: Phone,
    _redis: Option<Program>,
    _place: Place,
    net: Net,
}

impl Site {
    async fn with_redis() -> Option<Self> {
        Self::start(true).await
    }

    async fn without_redis() -> Option<Self> {
        Self::start(false).await
    }

    async fn start(by_redis: bool) -> Option<Self> {
        let net = Net::of(3)?;
        let place = Place::new();
        let redis = by_redis.then(|| {
            let mut command = net.command(REDIS, "redis-server");
            command.args(["--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]);
            Program::spawn(command, &Environment::new(), place.path())
        });
        let database = Cluster::shared_database().await;
        let wechat = Arc::new(wechat_on(&net.address(HERE)));
        let a = serve(&net, A, by_redis, &database, &wechat).await;
        let b = serve(&net, B, by_redis, &database, &wechat).await;
        for server in [&a, &b] {
            eventually("all hear each other", async || {
                warnings(server).await == json!([])
            })
            .await;
        }
        let phone = b.registered_phone("Ming").await;
        let site = Self {
            a,
            b,
            phone,
            _redis: redis,
            _place: place,
            net,
        };
        site.is_pushed().await;
        Some(site)
    }

    /// A browser at A, whose code the phone has scanned at B, and the nonce.
    async fn scanned(&self) -> (Browser, Value, Value) {
        let mut browser = self.a.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        let began = Instant::now();
        let scanned = self.phone.scan(&scene).await.expect(200);
        assert!(began.elapsed() < ANSWERED, "{:?}", began.elapsed());
        browser.expect("scanned").await;
        (browser, ticket["attempt"].clone(), scanned["nonce"].clone())
    }

    /// Confirms at B; how long the browser at A waited for it, who then logs in.
    async fn logs_in(&self, (mut browser, attempt, nonce): (Browser, Value, Value)) -> Duration {
        let began = Instant::now();
        self.phone.confirm(&nonce).await.expect(200);
        assert!(began.elapsed() < ANSWERED, "{:?}", began.elapsed());
        browser.expect("login_succeeded").await;
        let waited = began.elapsed();
        browser.redeem(&attempt).await.expect(200);
        waited
    }

    /// The whole way is quick: A is told.
    async fn is_pushed(&self) {
        eventually("what B decides is pushed at A", async || {
            self.logs_in(self.scanned().await).await < PUSHED
        })
        .await;
    }

    /// A login while something is lost: nobody waits longer than the next look.
    async fn is_found_by_a_look(&self) {
        let waited = self.logs_in(self.scanned().await).await;
        assert!(waited < LATEST, "{waited:?}");
    }
}

/// An instance on a machine of its own; only its database is on none.
async fn serve(
    net: &Net,
    machine: u8,
    by_redis: bool,
    database: &str,
    wechat: &Arc<Simulator>,
) -> Server {
    let address = net.address(machine);
    let (url, admin_url) = (
        format!("http://{address}:8080"),
        format!("http://{address}:9180"),
    );
    // One site, to which browsers come by either.
    let public_url = format!("http://{}:8080", net.address(A));
    let redis_url = format!("redis://{}:6379", net.address(REDIS));
    let way = if by_redis {
        ("REDIS_URL", &*redis_url)
    } else {
        ("SAOMA_INTERNAL_URL", &*admin_url)
    };
    let options = [
        way,
        ("SAOMA_LISTEN", "0.0.0.0:8080"),
        ("SAOMA_ADMIN_LISTEN", "0.0.0.0:9180"),
        ("SAOMA_PUBLIC_URL", &public_url),
        (
            "SAOMA_SECRET_KEY",
            "YSBuZXR3b3JrIHRoYXQgbG9zZXMgd2hhdCBpcyBzZW4",
        ),
        ("SAOMA_RECHECK_INTERVAL", "2s"),
        ("SAOMA_PROBE_INTERVAL", "500ms"),
        ("SAOMA_HEARTBEAT_INTERVAL", "500ms"),
    ];
    let place = Place::new();
    let environment = environment(&place, 8080, 9180, Some(database), wechat, &options);
    let mut command = net.command(machine, binary());
    command.arg("serve");
    let program = Program::spawn(command, &environment, place.path());
    let mut server = Server {
        url,
        admin_url,
        wechat: wechat.clone(),
        place,
        environment,
        program,
    };
    server.is_ready().await;
    server
}

async fn warnings(server: &Server) -> Value {
    let ready = Browser::new(&server.url).get("/readyz").await.expect(200);
    ready["warnings"].clone()
}

async fn until_warned(server: &Server) {
    eventually("it knows that it is cut off", async || {
        let warnings = warnings(server).await;
        warnings.as_array().unwrap().contains(&json!("broker_down"))
    })
    .await;
}

#[actix_web::test]
async fn r2_an_instance_whose_redis_is_out_of_reach_hears_at_its_next_look() {
    let Some(site) = Site::with_redis().await else {
        return;
    };
    let waiting = site.scanned().await;
    site.net.part(A, REDIS);
    // At once, before anybody can have noticed.
    let waited = site.logs_in(waiting).await;
    assert!(waited < LATEST, "{waited:?}");
    until_warned(&site.a).await;
    assert_eq!(warnings(&site.b).await, json!([]));
    site.is_found_by_a_look().await;
    site.net.heal(A, REDIS);
    site.is_pushed().await;
    eventually("all is well", async || warnings(&site.a).await == json!([])).await;
}

#[actix_web::test]
async fn r4_an_instance_that_sends_and_hears_nothing_or_hears_and_cannot_send_is_found_out() {
    for (from, to) in [(REDIS, A), (A, REDIS)] {
        let Some(site) = Site::with_redis().await else {
            return;
        };
        let waiting = site.scanned().await;
        site.net.lose(from, to);
        let waited = site.logs_in(waiting).await;
        assert!(waited < LATEST, "{waited:?}");
        until_warned(&site.a).await;
        site.is_found_by_a_look().await;
        site.net.heal(from, to);
        site.is_pushed().await;
    }
}

#[actix_web::test]
async fn r2_a_phone_waits_for_no_redis_that_is_out_of_reach() {
    let Some(site) = Site::with_redis().await else {
        return;
    };
    let waiting = site.scanned().await;
    site.net.part(B, REDIS);
    let waited = site.logs_in(waiting).await;
    assert!(waited < LATEST, "{waited:?}");
    until_warned(&site.b).await;
    site.is_found_by_a_look().await;
    site.net.heal(B, REDIS);
    site.is_pushed().await;
}

#[actix_web::test]
async fn r2_a_redis_behind_a_slow_line_delays_a_login_by_a_look_at_the_most() {
    let Some(site) = Site::with_redis().await else {
        return;
    };
    let waiting = site.scanned().await;
    if !site.net.slow(REDIS) {
        return;
    }
    let waited = site.logs_in(waiting).await;
    assert!(waited < LATEST, "{waited:?}");
    for _ in 0..5 {
        site.is_found_by_a_look().await;
    }
    site.net.quick(REDIS);
    site.is_pushed().await;
}

#[actix_web::test]
async fn r2_instances_out_of_each_others_reach_hear_at_their_next_look() {
    let Some(site) = Site::without_redis().await else {
        return;
    };
    let waiting = site.scanned().await;
    site.net.part(A, B);
    let waited = site.logs_in(waiting).await;
    assert!(waited < LATEST, "{waited:?}");
    until_warned(&site.b).await;
    site.is_found_by_a_look().await;
    site.net.heal(A, B);
    site.is_pushed().await;
}

#[actix_web::test]
async fn r8_a_browser_out_of_its_instances_reach_goes_on_at_another() {
    let Some(site) = Site::with_redis().await else {
        return;
    };
    let (mut browser, attempt, nonce) = site.scanned().await;
    site.net.part(HERE, A);
    // What it hears first at B was decided while A still held its old socket.
    site.phone.confirm(&nonce).await.expect(200);
    browser.drop_socket();
    browser.url.clone_from(&site.b.url);
    let state = browser.resume(&attempt).await;
    assert_eq!(state["type"], "login_succeeded");
    browser.redeem(&attempt).await.expect(200);
    browser.expect("redeemed").await;
}
