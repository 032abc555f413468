//! Access tokens, and the keys that other services check them with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::TestServer;

/// What a token states, unchecked.
pub fn claims(jwt: &str) -> Value {
    let payload = URL_SAFE_NO_PAD
        .decode(jwt.split('.').nth(1).unwrap())
        .unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// What a token states, checked with the published keys as another service would.
async fn checked(server: &TestServer, jwt: &str, audience: &str) -> Value {
    let mut client = crate::support::Browser::new(&server.url);
    let answer = client.get("/.well-known/jwks.json").await;
    let jwks = answer.expect(200);
    assert!(answer.header("cache-control").contains("max-age"));
    let kid = jsonwebtoken::decode_header(jwt)
        .unwrap()
        .kid
        .expect("a kid");
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys
        .iter()
        .find(|key| key["kid"] == *kid)
        .expect("the key is published");
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&"OKP".into(), &"Ed25519".into())
    );
    assert!(key.get("d").is_none(), "the private part is published");
    let key = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&server.url]);
    jsonwebtoken::decode::<Value>(jwt, &key, &validation)
        .unwrap()
        .claims
}

#[actix_web::test]
async fn an_access_token_is_checked_with_the_published_keys() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let body = attempt.browser.redeem(&attempt.id).await.expect(200);
    let jwt = body["access_token"].as_str().unwrap();
    let claims = checked(&server, jwt, &server.url).await;
    let mut names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        ["amr", "aud", "exp", "iat", "iss", "jti", "sid", "sub"]
    );
    assert_eq!(
        (&claims["sub"], &claims["amr"]),
        (&body["user"]["id"], &json!(["qr"]))
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        300
    );
    let session = phone.attempt(&attempt.id).await.expect(200)["session"].clone();
    assert_eq!(claims["sid"], session);
}

#[actix_web::test]
async fn a_fresh_token_is_of_the_same_session_and_needs_one() {
    let server = TestServer::start_with(&[("SAOMA_TOKEN_AUDIENCE", "shop")]).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let first = attempt.browser.redeem(&attempt.id).await.expect(200);
    let fresh = attempt
        .browser
        .post("/api/token", json!({}))
        .await
        .expect(200);
    let fields: Vec<_> = fresh.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["access_token", "expires_in", "token_type"]);
    let first = checked(&server, first["access_token"].as_str().unwrap(), "shop").await;
    let fresh = checked(&server, fresh["access_token"].as_str().unwrap(), "shop").await;
    assert_eq!(
        (&fresh["sid"], &fresh["sub"]),
        (&first["sid"], &first["sub"])
    );
    assert_ne!(fresh["jti"], first["jti"]);
    let mut stranger = server.browser().await;
    stranger
        .post("/api/token", json!({}))
        .await
        .expect_problem(401, "session_missing");
}

#[actix_web::test]
async fn an_access_token_opens_nothing_here() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let body = attempt.browser.redeem(&attempt.id).await.expect(200);
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let nobody = server.browser().await;
    let get = actix_web::http::Method::GET;
    nobody
        .raw(get.clone(), "/api/me", &headers, "")
        .await
        .expect_problem(401, "session_missing");
    let path = format!("/api/phone/attempts/{}", attempt.id.as_str().unwrap());
    nobody
        .raw(get, &path, &headers, "")
        .await
        .expect_problem(401, "phone_session_invalid");
}
