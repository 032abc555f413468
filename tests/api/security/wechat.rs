//! Group T: WeChat's faults. T3, T6 and T7 are tests of `src/wechat/tests` as well.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use saoma::simulator::{Fault, FaultMode};
use serde_json::json;

use crate::support::{Phone, TestServer};

const CODE: &str = "/wxa/getwxacodeunlimit";
const IDENTITY: &str = "/sns/jscode2session";
const TOKEN: &str = "/cgi-bin/stable_token";

/// A WeChat that answers this number on a path, so often.
fn refuse(server: &TestServer, path: &str, errcode: i32, count: Option<u32>) {
    let fault = Fault {
        errcode: Some(errcode),
        count,
        ..Fault::new(path, FaultMode::Error)
    };
    server.simulator.state().add_fault(fault).unwrap();
}

fn calls(server: &TestServer, path: &str) -> u64 {
    server.simulator.state().stats()[path].calls
}

async fn phones(server: &Arc<TestServer>, count: usize) -> Vec<Phone> {
    join_all((0..count).map(|_| server.phone())).await
}

#[actix_web::test]
async fn t1_while_wechat_hangs_logins_end_after_3_seconds_then_at_once_and_all_else_works() {
    let server = TestServer::start_with(&[("SAOMA_WECHAT_PAUSE", "5s")]).await;
    let known = server.registered_phone("Ming").await;
    let mut strangers = phones(&server, 5).await;
    server.fault(IDENTITY, FaultMode::Hang);
    let began = Instant::now();
    let hanging = join_all(strangers.iter_mut().map(Phone::sign_in));
    let others = async {
        for _ in 0..5 {
            let attempt = server.scanned(&known).await;
            known.confirm(&attempt.nonce).await.expect(200);
        }
        began.elapsed()
    };
    let (refused, others_took) = tokio::join!(hanging, others);
    let took = began.elapsed();
    for answer in refused {
        answer.expect_problem(503, "wechat_unavailable");
    }
    assert!(others_took < Duration::from_secs(3), "{others_took:?}");
    assert!(
        took > Duration::from_millis(2900) && took < Duration::from_secs(6),
        "{took:?}"
    );
    let before = calls(&server, IDENTITY);
    let began = Instant::now();
    let held_back = strangers[0].sign_in().await;
    assert!(began.elapsed() < Duration::from_secs(1));
    let problem = held_back.expect_problem(503, "wechat_unavailable");
    assert_eq!(
        held_back.header("retry-after"),
        problem["retry_in"].to_string()
    );
    assert_eq!(calls(&server, IDENTITY), before, "WeChat was asked");
    server.simulator.state().clear_faults();
    let patience = Instant::now() + Duration::from_secs(20);
    while strangers[0].sign_in().await.status != 200 {
        assert!(Instant::now() < patience, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn t2_each_refusal_of_wechat_means_what_it_means() {
    let server = TestServer::start().await;
    let mut phone = server.phone().await;
    for (errcode, status, code, retry_in) in [
        (-1, 503, "wechat_unavailable", Some(2)),
        (45011, 503, "wechat_unavailable", Some(60)),
        (40226, 403, "wechat_user_blocked", None),
        (40029, 401, "wechat_code_invalid", None),
        (40163, 401, "wechat_code_used", None),
    ] {
        refuse(&server, IDENTITY, errcode, Some(1));
        let problem = phone.sign_in().await.expect_problem(status, code);
        assert_eq!(problem["retry_in"].as_u64(), retry_in, "{errcode}");
        // One user's refusal is nobody else's.
        server.phone().await;
    }
}

#[actix_web::test]
async fn t2_a_used_up_quota_is_left_alone_for_a_while() {
    for errcode in [45009, 45011] {
        let server = TestServer::start().await;
        let mut browser = server.browser().await;
        refuse(&server, CODE, errcode, None);
        for _ in 0..3 {
            let refused = browser.post("/api/login/attempts", json!({})).await;
            let problem = refused.expect_problem(503, "codes_unavailable");
            let retry_in = problem["retry_in"].as_u64().unwrap();
            assert!((30..=60).contains(&retry_in), "{problem}");
        }
        assert_eq!(calls(&server, CODE), 1, "{errcode}");
    }
}

#[actix_web::test]
async fn t3_what_is_no_image_is_never_shown() {
    for mode in [FaultMode::Error, FaultMode::Garbage, FaultMode::Truncated] {
        let server = TestServer::start().await;
        let mut browser = server.browser().await;
        server.fault(CODE, mode);
        let refused = browser.post("/api/login/attempts", json!({})).await;
        refused.expect_problem(503, "codes_unavailable");
        let kept = std::fs::read_dir(server.data_dir.join("codes")).unwrap();
        assert_eq!(kept.count(), 0, "{mode:?}");
        let attempts = server.database.count("select count(*) from login_attempts");
        assert_eq!(attempts.await, 0);
    }
}

#[actix_web::test]
async fn t4_a_token_that_another_system_ended_is_replaced_once_for_all_instances() {
    let one = TestServer::start().await;
    let other = one.beside(&[]).await;
    let begin = async |server: &Arc<TestServer>| {
        let mut browser = server.browser().await;
        browser
            .post("/api/login/attempts", json!({}))
            .await
            .expect(201);
    };
    begin(&one).await;
    begin(&other).await;
    assert_eq!(calls(&one, TOKEN), 1, "both use one token");
    one.end_access_token().await;
    let before = calls(&one, TOKEN);
    let on_both = (0..10).map(|at| begin(if at % 2 == 0 { &one } else { &other }));
    join_all(on_both).await;
    assert_eq!(calls(&one, TOKEN), before + 1);
}

#[actix_web::test]
async fn t4_another_token_is_forced_only_when_wechat_gives_the_refused_one_again() {
    let server = TestServer::start().await;
    server.pending().await;
    let forced = "select forced_today::bigint from wechat_tokens";
    server.end_access_token().await;
    server.pending().await;
    assert_eq!(server.database.count(forced).await, 0);
    // Refused once each, though it is the newest.
    for _ in 0..2 {
        refuse(&server, CODE, 40001, Some(1));
        server.pending().await;
        assert_eq!(server.database.count(forced).await, 1, "one in 60 s");
    }
    server.advance(Duration::from_secs(61)).await;
    refuse(&server, CODE, 42001, Some(1));
    server.pending().await;
    assert_eq!(server.database.count(forced).await, 2);
    server
        .database
        .execute("update wechat_tokens set forced_today = 20")
        .await;
    server.advance(Duration::from_secs(61)).await;
    refuse(&server, CODE, 40014, Some(1));
    server.pending().await;
    assert_eq!(server.database.count(forced).await, 20, "20 a day");
}
