//! A server that is stopped or killed, as a process of its own.

use nix::sys::signal::Signal;

use crate::support::process::ServerProcess;

#[actix_web::test]
async fn a_server_that_stops_closes_its_sockets_with_4012_and_ends_well() {
    let mut server = ServerProcess::start().await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    server.signal(Signal::SIGTERM);
    assert_eq!(browser.expect_close().await, 4012);
    browser.drop_socket();
    assert!(server.ended_well().await);
    server.start_again().await;
    assert_eq!(browser.resume(&ticket["attempt"]).await["type"], "ticket");
}

#[actix_web::test]
async fn after_a_kill_in_any_state_the_browser_resumes_and_the_login_goes_on() {
    let mut server = ServerProcess::start().await;
    let phone = server.registered_phone().await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    let id = &ticket["attempt"];
    let scene = browser.scene(&ticket).await;

    kill_and_start(&mut server).await;
    assert_eq!(browser.resume(id).await["type"], "ticket");
    let nonce = phone.scan(&scene).await.expect(200)["nonce"].clone();
    browser.expect("scanned").await;

    kill_and_start(&mut server).await;
    assert_eq!(browser.resume(id).await["type"], "scanned");
    phone.confirm(&nonce).await.expect(200);
    browser.expect("login_succeeded").await;

    kill_and_start(&mut server).await;
    assert_eq!(browser.resume(id).await["type"], "login_succeeded");
    browser.redeem(id).await.expect(200);
    browser.expect("redeemed").await;

    kill_and_start(&mut server).await;
    browser.get("/api/me").await.expect(200);
    assert_eq!(phone.attempt(id).await.expect(200)["state"], "redeemed");
}

async fn kill_and_start(server: &mut ServerProcess) {
    server.signal(Signal::SIGKILL);
    server.start_again().await;
}
