//! Instances behind a real nginx with `deploy/nginx-cluster.conf`: any of them serves anything, and
//! one that goes costs nobody his login.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_web::http::Method;
use nix::sys::signal::Signal;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    nginx::Nginx,
    support::{Browser, Cluster, Phone, Server, wait::eventually},
};

/// Instances on one database, each with a data directory and a WeChat of its own.
pub struct Site {
    pub nginx: Nginx,
    pub servers: Vec<Server>,
}

impl Site {
    async fn start() -> Self {
        Self::start_with(2, &[]).await
    }

    /// So many instances with these settings.
    pub async fn start_with(instances: usize, more: &[(&str, &str)]) -> Self {
        let nginx = Nginx::prepare();
        let url = nginx.url();
        let database = Cluster::shared_database().await;
        let mut options = vec![
            ("SAOMA_PUBLIC_URL", url.as_str()),
            ("SAOMA_TRUSTED_PROXIES", "127.0.0.1/32"),
            (
                "SAOMA_SECRET_KEY",
                "Zm91ciBpbnN0YW5jZXMgYW5kIG9uZSBzZWNyZXQga2U",
            ),
        ];
        options.extend(more);
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(Server::start_with(Some(&database), &options).await);
        }
        let urls: Vec<&str> = servers.iter().map(|server| &*server.url).collect();
        let nginx = nginx.before_instances(&urls);
        Self { nginx, servers }
    }

    /// A browser with the login page, which comes by nginx.
    pub async fn browser(&self) -> Browser {
        let mut browser = browser(&self.nginx);
        browser.open_login_page().await;
        browser
    }

    /// A client without any connection.
    pub fn client(&self) -> awc::Client {
        trusting(&self.nginx.certificate())
    }

    /// Two browsers with an open socket and what their codes carry: one on each instance, since
    /// nginx takes the one with fewer connections.
    async fn two_browsers(&self) -> [(Browser, Value, String); 2] {
        let (first, second) = (self.waiting().await, self.waiting().await);
        for server in &self.servers {
            eventually("each instance has a socket", async || {
                server.metric(SOCKETS).await > 0.5
            })
            .await;
        }
        [first, second]
    }

    pub async fn waiting(&self) -> (Browser, Value, String) {
        let mut browser = self.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        (browser, ticket["attempt"].clone(), scene)
    }
}

const SOCKETS: &str = "saoma_sockets ";

fn browser(nginx: &Nginx) -> Browser {
    let mut browser = Browser::new(&nginx.url());
    browser.client = trusting(&nginx.certificate());
    browser
}

/// A client that trusts this certificate and no other.
fn trusting(certificate: &Path) -> awc::Client {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    awc::Client::builder()
        .timeout(Duration::from_secs(40))
        .connector(awc::Connector::new().rustls_0_23(Arc::new(config)))
        .finish()
}

/// Scan, confirm, redeem, and the session is known wherever it is asked for.
pub async fn log_in(browser: &mut Browser, attempt: &Value, scene: &str, phone: &Phone) {
    let scanned = phone.scan(scene).await.expect(200);
    browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect("login_succeeded").await;
    browser.redeem(attempt).await.expect(200);
    for _ in 0..4 {
        browser.get("/api/me").await.expect(200);
    }
}

#[actix_web::test]
async fn a_phone_at_one_instance_logs_in_the_browsers_of_both() {
    let site = Site::start().await;
    let phone = site.servers[0].registered_phone("Ming").await;
    for (mut browser, attempt, scene) in site.two_browsers().await {
        log_in(&mut browser, &attempt, &scene, &phone).await;
    }
}

#[actix_web::test]
async fn a_code_is_found_by_nginx_on_whichever_instance_has_its_image() {
    let site = Site::start().await;
    let mut browser = site.browser().await;
    let ticket = browser.open_socket().await;
    for _ in 0..4 {
        browser.scene(&ticket).await;
    }
    let unknown = format!("/codes/{}.png", "0".repeat(64));
    let answer = browser.get(&unknown).await;
    answer.expect_problem(404, "code_unknown");
}

#[actix_web::test]
async fn a_browser_without_sockets_waits_at_any_instance() {
    let site = Site::start().await;
    let phone = site.servers[1].registered_phone("Ming").await;
    let mut browser = site.browser().await;
    let ticket = browser.post("/api/login/attempts", json!({})).await;
    let ticket = ticket.expect(201);
    let scene = browser.scene(&ticket).await;
    let attempt = ticket["attempt"].as_str().unwrap();
    let scanned = phone.scan(&scene).await.expect(200);
    let poll = format!("/api/login/attempts/{attempt}?after_version=1&wait=25");
    assert_eq!(browser.get(&poll).await.expect(200)["type"], "scanned");
    let confirming = async {
        // The poll has gone out first.
        tokio::task::yield_now().await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
    };
    let poll = format!("/api/login/attempts/{attempt}?after_version=2&wait=25");
    let (answer, ()) = tokio::join!(browser.get(&poll), confirming);
    assert_eq!(answer.expect(200)["type"], "login_succeeded");
    browser.redeem(&ticket["attempt"]).await.expect(200);
}

#[actix_web::test]
async fn an_instance_that_is_killed_costs_nobody_his_login() {
    let mut site = Site::start().await;
    let phone = site.servers[1].registered_phone("Ming").await;
    let browsers = site.two_browsers().await;
    site.servers[0].program.kill();
    for (mut browser, attempt, scene) in browsers {
        // The page does not know which instance it was.
        browser.drop_socket();
        assert_eq!(browser.resume(&attempt).await["type"], "ticket");
        log_in(&mut browser, &attempt, &scene, &phone).await;
    }
    let mut newcomer = site.browser().await;
    for _ in 0..8 {
        newcomer.get("/readyz").await.expect(200);
        let begun = newcomer.post("/api/login/attempts", json!({})).await;
        begun.expect(201);
    }
}

#[actix_web::test]
async fn an_instance_that_is_stopped_sends_nobody_away() {
    let mut site = Site::start().await;
    let phone = site.servers[1].registered_phone("Ming").await;
    let browsers = site.two_browsers().await;
    site.servers[0].program.signal(Signal::SIGTERM);
    for (mut browser, attempt, scene) in browsers {
        // At once: the instance may be refusing sockets, or listen no more.
        browser.drop_socket();
        assert_eq!(browser.resume(&attempt).await["type"], "ticket");
        log_in(&mut browser, &attempt, &scene, &phone).await;
    }
    let ended = site.servers[0].stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[actix_web::test]
async fn nginx_sends_a_post_once_and_asks_another_instance_only_for_what_may_be_asked_twice() {
    // Two that read a request and hang up, as one that dies over it.
    let dying = [listener().await, listener().await];
    let asked = Arc::new(AtomicU32::new(0));
    let urls = dying.each_ref().map(|listener| {
        let port = listener.local_addr().unwrap().port();
        format!("http://localhost:{port}")
    });
    for listener in dying {
        let asked = asked.clone();
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = [0; 4096];
                assert!(stream.read(&mut bytes).await.unwrap() > 0);
                asked.fetch_add(1, Ordering::Relaxed);
                stream.shutdown().await.unwrap();
            }
        });
    }
    let nginx = Nginx::prepare().before_instances(&[&urls[0], &urls[1]]);
    let browser = browser(&nginx);
    for (method, times) in [(Method::POST, 1), (Method::GET, 2)] {
        asked.store(0, Ordering::Relaxed);
        let answer = browser.raw(method.clone(), "/api/me", &[], "").await;
        assert_eq!(answer.status, 502, "{method}");
        assert_eq!(asked.load(Ordering::Relaxed), times, "{method}");
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
