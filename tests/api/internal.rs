//! PROTOCOL, section 10: the access token for the owner's other systems.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use saoma::simulator::FaultMode;

use crate::support::{Answer, TestServer, browser::client, canaries};

const PATH: &str = "/internal/wechat/access_token";
const KEY: &str = "q0w9e8r7t6y5u4i3o2p1a0s9d8";

async fn ask(url: &str, authorization: Option<&str>) -> Answer {
    let mut request = client().get(format!("{}{PATH}", url.trim_end_matches('/')));
    if let Some(authorization) = authorization {
        request = request.insert_header((AUTHORIZATION, authorization));
    }
    Answer::of(request.send().await.unwrap()).await
}

#[actix_web::test]
async fn other_systems_get_the_token_that_the_server_uses() {
    let server = TestServer::start_with(&[("SAOMA_INTERNAL_KEY", KEY)]).await;
    canaries::met(KEY);
    let bearer = format!("Bearer {KEY}");
    server.pending().await;
    let answer = ask(&server.admin_url, Some(&bearer)).await;
    let lent = answer.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = lent["access_token"].as_str().unwrap().to_owned();
    canaries::met(&token);
    let expires_in = lent["expires_in"].as_u64().unwrap();
    assert!((7000..=7200).contains(&expires_in), "{expires_in}");
    let again = ask(&server.admin_url, Some(&bearer)).await.expect(200);
    assert_eq!(again["access_token"], token);
    assert_eq!(
        server.simulator.state().stats()["/cgi-bin/stable_token"].calls,
        1
    );
    // Another instance lends the same one; the database has it sealed.
    let sealed = "select count(*) from wechat_tokens where sealed is not null and position(convert_to('88_', 'utf8') in sealed) = 0";
    assert_eq!(server.database.count(sealed).await, 1);
}

#[actix_web::test]
async fn without_the_key_there_is_no_token_and_without_a_key_no_such_address() {
    let server = TestServer::start_with(&[("SAOMA_INTERNAL_KEY", KEY)]).await;
    for wrong in [None, Some("Bearer x"), Some("Bearer "), Some(KEY)] {
        ask(&server.admin_url, wrong)
            .await
            .expect_problem(401, "internal_key_wrong");
    }
    let bearer = format!("Bearer {KEY}");
    ask(&server.url, Some(&bearer))
        .await
        .expect_problem(404, "not_found");
    let keyless = TestServer::start().await;
    ask(&keyless.admin_url, Some(&bearer))
        .await
        .expect_problem(404, "not_found");
}

#[actix_web::test]
async fn a_token_is_lent_while_the_database_is_away() {
    let server = TestServer::start_with(&[("SAOMA_INTERNAL_KEY", KEY)]).await;
    let bearer = format!("Bearer {KEY}");
    server.database.set_away(true).await;
    let first = ask(&server.admin_url, Some(&bearer)).await.expect(200);
    server.simulator.state().advance(Duration::from_secs(60));
    server.fault("*", FaultMode::Error);
    let again = ask(&server.admin_url, Some(&bearer)).await.expect(200);
    assert_eq!(again["access_token"], first["access_token"]);
}

#[actix_web::test]
async fn without_wechat_other_systems_hear_when_to_ask_again() {
    let server = TestServer::start_with(&[("SAOMA_INTERNAL_KEY", KEY)]).await;
    server.fault("*", FaultMode::Error);
    let refused = ask(&server.admin_url, Some(&format!("Bearer {KEY}"))).await;
    let problem = refused.expect_problem(503, "wechat_unavailable");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
}
