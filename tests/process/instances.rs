//! Several processes of one site: one is killed, and the others go on.

use std::{fs, time::Instant};

use futures_util::{StreamExt as _, stream};

use crate::{
    nginx::make_certificate,
    shutdown::confirm,
    support::{
        Phone, Place, RedisServer, Server,
        cluster::{count, execute},
        known_scenes::{KNOWN_SCENES, known_scene},
        port::free_port,
        soak,
        wait::{PATIENCE, eventually},
    },
};

const QUICK: (&str, &str) = ("SAOMA_HEARTBEAT_INTERVAL", "500ms");

#[actix_web::test]
async fn an_instance_that_is_killed_starts_again_under_its_name() {
    let database = crate::support::Cluster::shared_database().await;
    let named = [QUICK, ("SAOMA_INSTANCE", "first")];
    let mut server = Server::start_with(Some(&database), &named).await;
    server.kill_and_start_again().await;
    assert_eq!(server.stop().await.code, Some(0));
}

#[actix_web::test]
async fn r8_whoever_waits_on_an_instance_that_is_killed_logs_in_on_another() {
    let browsers = soak::times(60, 5_000);
    let database = crate::support::Cluster::shared_database().await;
    let (one, two) = (free_port(), free_port());
    let addresses = [one, two].map(|port| format!("127.0.0.1:{port}"));
    let urls = addresses.clone().map(|address| format!("http://{address}"));
    let free = [
        ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0"),
        ("SAOMA_MAX_REDEEMS_PER_ADDRESS", "0"),
        ("SAOMA_MAX_SCANS_PER_USER", "0"),
        ("SAOMA_MAX_CONFIRMS_PER_USER", "0"),
        // In full it takes minutes to open them all.
        ("SAOMA_SCAN_TTL", "1h"),
        ("SAOMA_CONFIRM_TTL", "1h"),
        ("SAOMA_REDEEM_TTL", "1h"),
        ("SAOMA_ATTEMPT_TTL", "3h"),
        ("SAOMA_PING_INTERVAL", "1h"),
        QUICK,
    ];
    let options = [
        ("SAOMA_ADMIN_LISTEN", &*addresses[0]),
        ("SAOMA_INTERNAL_URL", &*urls[0]),
    ];
    let mut a = Server::start_with(Some(&database), &[&free[..], &options].concat()).await;
    let options = [
        ("SAOMA_ADMIN_LISTEN", &*addresses[1]),
        ("SAOMA_INTERNAL_URL", &*urls[1]),
    ];
    let b = a.beside(&options).await;
    execute(&database, KNOWN_SCENES).await;

    let mut waiting = Vec::new();
    for number in 0..browsers {
        let mut browser = a.browser().await;
        let ticket = browser.open_socket().await;
        let scene = known_scene(&ticket["attempt"]);
        waiting.push((number, browser, ticket["attempt"].clone(), scene));
    }
    let phone = Phone::new(&b.url, a.wechat.url().as_str()).await;
    phone.register(Some("Ming")).await.expect(201);
    let mut nonces = Vec::new();
    for (_, browser, _, scene) in &mut waiting {
        let scanned = phone.scan(scene).await.expect(200);
        browser.expect("scanned").await;
        nonces.push(scanned["nonce"].clone());
    }
    // Of the confirms, a third is made before, a third while it dies, a third after. Of those that
    // it is asked for itself it answers some, does others and says nothing, and knows nothing of the
    // rest; whoever heard nothing asks the other one.
    let third = nonces.len() / 3;
    for nonce in &nonces[..third] {
        phone.confirm(nonce).await.expect(200);
    }
    let (here, there) = (a.url.clone(), b.url.clone());
    let during = nonces[third..2 * third].iter().enumerate();
    let during = during.map(async |(number, nonce)| {
        let urls = [[&*here, &*there], [&*there, &*here]][number % 2];
        confirm(&phone, urls, nonce).await;
    });
    let killed = async {
        // In the middle of them: not before the first one is in the database.
        let confirmed = "select count(*) from login_attempts where state = 'confirmed'";
        let deadline = Instant::now() + PATIENCE;
        while count(&database, confirmed).await == i64::try_from(third).unwrap() {
            assert!(Instant::now() < deadline, "nobody confirms");
        }
        a.program.kill();
    };
    // So many at a time as people confirm in one moment.
    let during = stream::iter(during)
        .buffer_unordered(50)
        .collect::<Vec<()>>();
    tokio::join!(during, killed);
    for nonce in &nonces[2 * third..] {
        phone.confirm(nonce).await.expect(200);
    }
    for (number, browser, attempt, _) in &mut waiting {
        browser.drop_socket();
        browser.url.clone_from(&b.url);
        let state = browser.resume(attempt).await;
        assert_eq!(state["type"], "login_succeeded", "browser {number}");
        browser.redeem(attempt).await.expect(200);
        browser.drop_socket();
    }
}

#[actix_web::test]
async fn redis_over_tls_is_trusted_by_its_certificate_alone() {
    let place = Place::new();
    make_certificate(place.path());
    let file = |name: &str| place.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let redis = RedisServer::start_with(&[
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
        "--requirepass",
        "sesame",
    ]);
    let url = format!("rediss://:sesame@localhost:{}", redis.port);
    let server = Server::start().await;
    let doctor = async |options: &[(&str, &str)]| {
        let ended = server.command(&["doctor"], options).await;
        assert!(!format!("{}{}", ended.out, ended.err).contains("sesame"));
        ended.out
    };
    let out = doctor(&[("REDIS_URL", &url), ("SSL_CERT_FILE", &certificate)]).await;
    assert!(out.contains("✓ redis: answers"), "{out}");
    let out = doctor(&[("REDIS_URL", &url)]).await;
    assert!(out.contains("✗ redis"), "{out}");
    let elsewhere = url.replace("localhost", "127.0.0.1");
    let out = doctor(&[("REDIS_URL", &elsewhere), ("SSL_CERT_FILE", &certificate)]).await;
    assert!(out.contains("✗ redis"), "{out}");

    let options = [("REDIS_URL", &*url), ("SSL_CERT_FILE", &*certificate)];
    let other = server.beside(&options).await;
    eventually("Redis carries news", async || {
        other.metric("saoma_broker_connected{way=\"redis\"}").await > 0.0
    })
    .await;
    let log = format!("{}{}", other.program.out(), other.program.err());
    assert!(!log.contains("sesame"), "{log}");
    drop(fs::remove_file(certificate));
}
