//! `kill -9` in each state of a login, and the same command again.

use std::fs;

use serde_json::Value;

use crate::support::{Browser, Phone, Server, wait::eventually};

#[actix_web::test]
async fn killed_while_a_code_is_shown_the_code_is_scanned_after_the_restart() {
    let mut login = Login::begin(Server::start().await).await;
    login.server.kill_and_start_again().await;
    let ticket = login.browser.resume(&login.attempt).await;
    assert_eq!(ticket["type"], "ticket");
    assert_eq!(login.browser.scene(&ticket).await, login.scene);
    login.scan().await;
    login.browser.expect("scanned").await;
    login.confirm().await;
    login.browser.expect("login_succeeded").await;
    login.is_redeemed().await;
}

#[actix_web::test]
async fn killed_after_the_scan_the_login_is_confirmed_after_the_restart() {
    let mut login = Login::begin(Server::start().await).await;
    login.scan().await;
    login.browser.expect("scanned").await;
    login.server.kill_and_start_again().await;
    assert_eq!(
        login.browser.resume(&login.attempt).await["type"],
        "scanned"
    );
    login.confirm().await;
    login.browser.expect("login_succeeded").await;
    login.is_redeemed().await;
}

#[actix_web::test]
async fn killed_while_somebody_unknown_may_register_the_registration_comes_after_the_restart() {
    let mut login = Login::begin(Server::start().await).await;
    login.phone = login.server.phone().await;
    login.scan().await;
    login.browser.expect("scanned").await;
    let answer = login.phone.confirm(&login.nonce).await.expect(200);
    assert_eq!(answer["result"], "not_registered");
    login.browser.expect("not_registered").await;
    login.server.kill_and_start_again().await;
    let state = login.browser.resume(&login.attempt).await;
    assert_eq!(state["type"], "not_registered");
    login.phone.register(Some("Ming")).await.expect(201);
    login.browser.expect("scanned").await;
    login.confirm().await;
    login.browser.expect("login_succeeded").await;
    login.is_redeemed().await;
}

#[actix_web::test]
async fn killed_before_the_browser_heard_of_the_confirm_it_hears_of_it_after_the_restart() {
    let mut login = Login::begin(Server::start().await).await;
    login.scan().await;
    login.browser.drop_socket();
    login.confirm().await;
    login.server.kill_and_start_again().await;
    let state = login.browser.resume(&login.attempt).await;
    assert_eq!(state["type"], "login_succeeded");
    login.is_redeemed().await;
}

#[actix_web::test]
async fn killed_between_confirm_and_redeem_the_browser_redeems_after_the_restart() {
    let mut login = Login::begin(Server::start().await).await;
    login.scan().await;
    login.confirm().await;
    login.browser.expect("scanned").await;
    login.browser.expect("login_succeeded").await;
    login.server.kill_and_start_again().await;
    login.is_redeemed().await;
}

#[actix_web::test]
async fn killed_before_the_redeem_was_answered_the_browser_gets_the_same_session_after_the_restart()
{
    let mut login = Login::begin(Server::start().await).await;
    login.scan().await;
    login.confirm().await;
    let mut again = login.browser.tab();
    login.browser.redeem(&login.attempt).await.expect(200);
    login.server.kill_and_start_again().await;
    again.redeem(&login.attempt).await.expect(200);
    assert_eq!(
        again.cookies["saoma_session"],
        login.browser.cookies["saoma_session"]
    );
    again.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn killed_with_its_private_postgres_one_postgres_runs_after_the_restart_and_the_login_goes_on()
 {
    let mut login = Login::begin(Server::start_private().await).await;
    login.scan().await;
    login.browser.expect("scanned").await;
    for _ in 0..2 {
        login.server.kill_and_start_again().await;
    }
    assert_eq!(
        login.browser.resume(&login.attempt).await["type"],
        "scanned"
    );
    login.confirm().await;
    login.browser.expect("login_succeeded").await;
    login.is_redeemed().await;

    let data = login.server.place.join("data/postgres");
    let cluster = fs::canonicalize(&data).unwrap();
    let folder = cluster.to_str().unwrap().to_owned();
    let place = &login.server.place;
    let masters = || {
        let mut all = place.processes();
        all.retain(|process| process.contains("-D ") && process.contains(&folder));
        all
    };
    eventually("one postmaster runs", async || masters().len() == 1).await;

    let ended = login.server.stop().await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(login.server.place.processes(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_killed_private_postgres_comes_back_under_the_running_server_and_the_login_goes_on() {
    use nix::{sys::signal, unistd::Pid};
    let mut login = Login::begin(Server::start_private().await).await;
    login.scan().await;
    login.browser.expect("scanned").await;
    let file = login.server.place.join("data/postgres/postmaster.pid");
    let file = fs::read_to_string(file).unwrap();
    let postmaster = Pid::from_raw(file.lines().next().unwrap().parse().unwrap());
    signal::kill(postmaster, signal::Signal::SIGKILL).unwrap();
    eventually("the confirm is taken", async || {
        login.phone.confirm(&login.nonce).await.status == 200
    })
    .await;
    login.browser.expect("login_succeeded").await;
    // The last process of the killed one may have taken the confirm.
    eventually("the redeem is taken", async || {
        login.browser.redeem(&login.attempt).await.status == 200
    })
    .await;
    login.browser.get("/api/me").await.expect(200);
}

/// One login, up to where a test has taken it.
struct Login {
    server: Server,
    phone: Phone,
    browser: Browser,
    attempt: Value,
    scene: String,
    nonce: Value,
}

impl Login {
    async fn begin(server: Server) -> Self {
        let phone = server.registered_phone("Ming").await;
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        Self {
            server,
            phone,
            browser,
            attempt: ticket["attempt"].clone(),
            scene,
            nonce: Value::Null,
        }
    }

    async fn scan(&mut self) {
        let scan = self.phone.scan(&self.scene).await.expect(200);
        self.nonce = scan["nonce"].clone();
    }

    async fn confirm(&mut self) {
        let answer = self.phone.confirm(&self.nonce).await.expect(200);
        assert_eq!(answer["result"], "login_succeeded");
    }

    async fn is_redeemed(&mut self) {
        let redeemed = self.browser.redeem(&self.attempt).await.expect(200);
        assert_eq!(redeemed["user"]["nickname"], "Ming");
        self.browser.get("/api/me").await.expect(200);
    }
}
