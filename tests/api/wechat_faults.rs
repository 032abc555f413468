//! WeChat slow, hanging, refusing, hanging up, talking nonsense.

use futures_util::future::join_all;
use saoma::simulator::FaultMode;
use serde_json::json;

use crate::support::TestServer;

const CODE: &str = "/wxa/getwxacodeunlimit";
const IDENTITY: &str = "/sns/jscode2session";
const TOKEN: &str = "/cgi-bin/stable_token";

const BROKEN: [FaultMode; 3] = [FaultMode::Error, FaultMode::Garbage, FaultMode::Reset];

#[actix_web::test]
async fn without_wechat_a_socket_says_so_and_the_next_refresh_works() {
    for path in [TOKEN, CODE] {
        for mode in BROKEN {
            // A new server has no access token yet.
            let server = TestServer::start().await;
            server.fault(path, mode);
            let mut browser = server.browser().await;
            browser.try_socket("/ws/login").await.unwrap();
            let error = browser.expect("error").await;
            assert_eq!(error["code"], "codes_unavailable", "{mode:?}");
            assert!(error["retry_in"].is_u64(), "{error}");
            server.simulator.state().clear_faults();
            browser.refresh(&json!(0), true).await;
            assert_eq!(browser.expect("ticket").await["version"], 1);
        }
    }
}

#[actix_web::test]
async fn a_renewal_that_fails_leaves_the_code_that_is_shown() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    server.fault(CODE, FaultMode::Error);
    attempt.browser.refresh(&json!(1), true).await;
    assert_eq!(
        attempt.browser.expect("error").await["code"],
        "codes_unavailable"
    );
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
}

#[actix_web::test]
async fn without_wechat_a_begin_by_http_is_503_and_says_when_to_come_back() {
    let server = TestServer::start().await;
    let mut browser = server.browser().await;
    for mode in BROKEN {
        server.fault(CODE, mode);
        let refused = browser.post("/api/login/attempts", json!({})).await;
        let problem = refused.expect_problem(503, "codes_unavailable");
        assert_eq!(
            refused.header("retry-after"),
            problem["retry_in"].to_string()
        );
        server.simulator.state().clear_faults();
        browser
            .post("/api/login/attempts", json!({}))
            .await
            .expect(201);
    }
}

#[actix_web::test]
async fn without_wechat_a_new_phone_session_is_503_and_older_ones_work() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let token = phone.token.clone();
    for mode in BROKEN {
        server.fault(IDENTITY, mode);
        let refused = phone.sign_in().await;
        let problem = refused.expect_problem(503, "wechat_unavailable");
        assert_eq!(
            refused.header("retry-after"),
            problem["retry_in"].to_string()
        );
        phone.token.clone_from(&token);
        let attempt = server.scanned(&phone).await;
        phone.confirm(&attempt.nonce).await.expect(200);
        server.simulator.state().clear_faults();
    }
    phone.sign_in().await.expect(200);
}

#[actix_web::test]
async fn a_known_user_logs_in_while_wechat_is_down() {
    for mode in [FaultMode::Hang, FaultMode::Reset, FaultMode::Error] {
        let server = TestServer::start().await;
        let phone = server.registered_phone("Ming").await;
        let mut attempt = server.pending().await;
        server.fault("*", mode);
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        attempt.browser.expect("login_succeeded").await;
        attempt.browser.redeem(&attempt.id).await.expect(200);
        attempt.browser.get("/api/me").await.expect(200);
        phone.get("/api/phone/sessions").await.expect(200);
    }
}

#[actix_web::test]
async fn renewals_of_one_attempt_that_come_together_share_one_call() {
    let server = TestServer::start().await;
    let attempt = server.pending().await;
    server.slow(CODE, 300);
    let before = server.simulator.state().stats()[CODE].calls;
    let path = format!("{}/refresh", attempt.path());
    let renewals = (0..8).map(|_| async {
        let mut tab = attempt.browser.tab();
        tab.post(&path, json!({"version": 1, "silent": true}))
            .await
            .expect(200)
    });
    let tickets = join_all(renewals).await;
    for ticket in &tickets {
        assert_eq!(ticket["version"], 2);
        assert_eq!(ticket["code_url"], tickets[0]["code_url"]);
    }
    assert_eq!(server.simulator.state().stats()[CODE].calls, before + 1);
}

#[actix_web::test]
async fn a_wechat_that_is_slow_is_waited_for() {
    let server = TestServer::start().await;
    server.slow(CODE, 300);
    server.pending().await;
}

#[actix_web::test]
async fn a_token_that_wechat_has_forgotten_is_asked_for_again_once() {
    let server = TestServer::start().await;
    server.pending().await;
    for errcode in [40001, 40014, 42001] {
        let once = saoma::simulator::Fault {
            errcode: Some(errcode),
            count: Some(1),
            ..saoma::simulator::Fault::new(CODE, FaultMode::Error)
        };
        server.simulator.state().add_fault(once).unwrap();
        server.pending().await;
    }
}

#[actix_web::test]
async fn what_went_wrong_inside_is_shown_to_nobody() {
    let server = TestServer::start().await;
    let mut browser = server.browser().await;
    for mode in BROKEN {
        server.fault("*", mode);
        let answer = browser.post("/api/login/attempts", json!({})).await;
        let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
        for inside in [
            "errcode",
            "system error",
            "Gateway",
            "127.0.0.1",
            "access_token",
        ] {
            assert!(!text.contains(inside), "{text}");
        }
        server.simulator.state().clear_faults();
    }
}
