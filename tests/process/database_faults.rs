//! The database goes away while sockets are open, and comes back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Browser, Cluster, Phone, Server, browser::Answer, server::status, wait::eventually,
};

/// The limit of a request without a database, and half a second for the rest of it.
const LIMIT: Duration = Duration::from_millis(2_500);

#[actix_web::test]
async fn a_stopped_database_fails_requests_in_two_seconds_and_all_logins_go_on_when_it_is_back() {
    let mut cluster = Cluster::start();
    let mut logins = Logins::begin(&cluster).await;
    cluster.stop_at_once();
    logins.requests_fail_soon().await;
    cluster.start_again();
    logins.go_on().await;
}

#[actix_web::test]
async fn a_database_that_hangs_fails_requests_in_two_seconds_and_all_logins_go_on_when_it_is_back()
{
    let cluster = Cluster::start();
    let mut logins = Logins::begin(&cluster).await;
    cluster.freeze();
    logins.requests_fail_soon().await;
    cluster.thaw();
    logins.go_on().await;
}

/// One login that waits for its scan, and one that waits for the confirm.
struct Logins {
    server: Server,
    phone: Phone,
    waiting: Browser,
    waiting_scene: String,
    scanned: Browser,
    attempt: Value,
    nonce: Value,
}

impl Logins {
    async fn begin(cluster: &Cluster) -> Self {
        let server = Server::start_with(Some(&cluster.database().await), &[]).await;
        let phone = server.registered_phone("Ming").await;
        let mut waiting = server.browser().await;
        let ticket = waiting.open_socket().await;
        let waiting_scene = waiting.scene(&ticket).await;
        let mut scanned = server.browser().await;
        let ticket = scanned.open_socket().await;
        let scene = scanned.scene(&ticket).await;
        let scan = phone.scan(&scene).await.expect(200);
        scanned.expect("scanned").await;
        Self {
            server,
            phone,
            waiting,
            waiting_scene,
            scanned,
            attempt: ticket["attempt"].clone(),
            nonce: scan["nonce"].clone(),
        }
    }

    async fn requests_fail_soon(&mut self) {
        let attempt = self.attempt.as_str().unwrap();
        let path = format!("/api/login/attempts/{attempt}");
        let (phone, scanned) = (&self.phone, &self.scanned);
        let get = async |path: String| scanned.tab().get(&path).await;
        let post = async |path: String, body| scanned.tab().post(&path, body).await;
        let no_change = json!({"version": 2, "silent": true});
        // Twice: with connections that were open before, and with none.
        for _ in 0..2 {
            let requests = join_all::<Vec<std::pin::Pin<Box<dyn Future<Output = Taken>>>>>(vec![
                Box::pin(timed("confirm", phone.confirm(&self.nonce))),
                Box::pin(timed("phone's look", phone.attempt(&self.attempt))),
                Box::pin(timed("scan", phone.scan(&self.waiting_scene))),
                Box::pin(timed("look", get(path.clone()))),
                Box::pin(timed(
                    "refresh",
                    post(format!("{path}/refresh"), no_change.clone()),
                )),
                Box::pin(timed(
                    "new code",
                    post("/api/login/attempts".into(), json!({})),
                )),
            ]);
            for (what, answer, took) in requests.await {
                let problem = answer.expect_problem(503, "unavailable");
                assert!(problem["retry_in"].as_u64() >= Some(1), "{what}: {problem}");
                assert_ne!(answer.header("retry-after"), "", "{what}");
                assert!(took < LIMIT, "{what} took {took:?}");
            }
        }
        let (_, ready, took) = timed("readiness", get("/readyz".into())).await;
        assert_eq!(ready.expect(503)["reasons"], json!(["database"]));
        assert!(took < LIMIT, "readiness took {took:?}");
        get("/healthz".into()).await.expect(200);

        // The socket is open, and says the same.
        let asked = Instant::now();
        self.scanned.refresh(&json!(0), true).await;
        let error = self.scanned.expect("error").await;
        assert_eq!(error["code"], "unavailable");
        assert!(error["retry_in"].as_u64() >= Some(1), "{error}");
        assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    }

    async fn go_on(mut self) {
        let ready = format!("{}/readyz", self.server.url);
        eventually("it is ready again", async || {
            status(&ready).await == Some(200)
        })
        .await;
        assert!(self.server.program.runs());

        let confirmed = self.phone.confirm(&self.nonce).await.expect(200);
        assert_eq!(confirmed["result"], "login_succeeded");
        self.scanned.expect("login_succeeded").await;
        let redeemed = self.scanned.redeem(&self.attempt).await.expect(200);
        assert_eq!(redeemed["user"]["nickname"], "Ming");

        self.phone.scan(&self.waiting_scene).await.expect(200);
        self.waiting.expect("scanned").await;
        // For a second after the last code that could not be kept none is made.
        eventually("a new page gets its code", async || {
            let mut newcomer = self.server.browser().await;
            let begun = newcomer.post("/api/login/attempts", json!({})).await;
            begun.status == 201
        })
        .await;
    }
}

type Taken = (&'static str, Answer, Duration);

async fn timed(what: &'static str, answer: impl Future<Output = Answer>) -> Taken {
    let asked = Instant::now();
    let answer = answer.await;
    (what, answer, asked.elapsed())
}
