//! Nothing personal reaches a browser before it is signed in.

use crate::support::TestServer;

#[actix_web::test]
async fn a_browser_learns_nothing_about_the_person_before_the_redeem() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    attempt.browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect("not_registered").await;
    let user = phone.register(Some("Unmistakable")).await.expect(201);
    attempt.browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    let state = attempt.browser.get(&attempt.path()).await;
    let mut heard = attempt.browser.heard.clone();
    heard.push(String::from_utf8(state.bytes.to_vec()).unwrap());
    let other = server.phone().await;
    other.scan(&attempt.scene).await.expect(409);
    attempt.browser.expect("contested").await;
    heard.extend(attempt.browser.heard.iter().cloned());
    for text in &heard {
        for personal in [
            phone.openid.as_str(),
            &other.openid,
            "Unmistakable",
            user["id"].as_str().unwrap(),
            nonce.as_str().unwrap(),
            &phone.token,
            &attempt.scene,
        ] {
            assert!(!text.contains(personal), "{text}");
        }
    }
    assert!(heard.len() > 5);
}

#[actix_web::test]
async fn the_sessions_token_never_travels_over_a_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    attempt.browser.expect("redeemed").await;
    let token = &attempt.browser.cookies["saoma_session"];
    assert!(
        attempt
            .browser
            .heard
            .iter()
            .all(|frame| !frame.contains(token))
    );
}

#[actix_web::test]
async fn a_dump_of_the_database_holds_no_secret() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let secret = attempt.browser.cookies["saoma_browser"].clone();
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let token = attempt.browser.cookies["saoma_session"].clone();
    let secrets = [&secret, &token, &phone.token, &attempt.scene];
    let nonce = attempt.nonce.as_str().unwrap().to_owned();
    for secret in secrets.into_iter().chain([&nonce]) {
        for table in [
            "login_attempts",
            "attempt_scenes",
            "sessions",
            "phone_sessions",
            "signing_keys",
        ] {
            let sql = format!("select count(*) from {table} t where t::text like '%{secret}%'");
            assert_eq!(server.database.count(&sql).await, 0, "{table}");
        }
    }
}
