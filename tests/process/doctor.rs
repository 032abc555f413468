//! `saoma doctor` on a server that is well, and on each thing that is not.

use saoma::simulator::{Fault, FaultMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{RedisServer, Server, cluster::sibling, port::free_port, program::Ended};

#[actix_web::test]
async fn the_doctor_finds_nothing_wrong_with_a_server_that_runs() {
    let server = Server::start().await;
    let ended = server.command(&["doctor"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    for check in [
        "settings",
        "secret key: from ",
        "database: Postgres 1",
        "clock: agrees with the database and WeChat",
        "public address",
        "websocket: the upgrade and a message",
        "WeChat",
        "code: WeChat draws one",
    ] {
        assert!(ended.out.contains(&format!("✓ {check}")), "{}", ended.out);
    }
    assert!(!ended.out.contains('✗'), "{}", ended.out);
}

#[actix_web::test]
async fn the_doctor_finds_nothing_wrong_with_a_server_on_its_private_postgres() {
    let mut server = Server::start_private().await;
    let ended = server.command(&["doctor"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(server.program.runs());
    server.browser().await.open_socket().await;
}

#[actix_web::test]
async fn the_doctor_names_a_database_that_does_not_answer() {
    let server = Server::start().await;
    let (_, url) = server
        .environment
        .iter()
        .find(|(name, _)| name == "DATABASE_URL")
        .unwrap();
    let gone = sibling(url, "no_such_database");
    let nobody = format!("postgres://saoma@127.0.0.1:{}/saoma", free_port());
    for (url, why) in [(gone, "does not exist"), (nobody, "refused")] {
        let ended = server.command(&["doctor"], &[("DATABASE_URL", &url)]).await;
        finds(&ended, "database", &[why, "DATABASE_URL"]);
    }
}

#[actix_web::test]
async fn the_doctor_names_a_secret_key_that_a_server_would_refuse() {
    let server = Server::start().await;
    let weak = "A".repeat(43);
    let ended = server
        .command(&["doctor"], &[("SAOMA_SECRET_KEY", &weak)])
        .await;
    finds(&ended, "secret key", &["SAOMA_SECRET_KEY", "openssl rand"]);
}

#[actix_web::test]
async fn the_doctor_names_a_public_address_that_does_not_answer() {
    let server = Server::start().await;
    let wrong = format!("http://localhost:{}/", free_port());
    let ended = server
        .command(&["doctor"], &[("SAOMA_PUBLIC_URL", &wrong)])
        .await;
    finds(&ended, "public address", &[&wrong, "proxy"]);
    let ended = server
        .command(
            &["doctor"],
            &[
                ("SAOMA_PUBLIC_URL", "https://saoma.invalid"),
                ("SAOMA_WECHAT_TRUST_BASE_URL", "true"),
            ],
        )
        .await;
    finds(&ended, "public address", &["saoma.invalid", "DNS"]);
}

#[actix_web::test]
async fn the_doctor_tells_what_to_do_when_wechat_does_not_know_this_address() {
    let server = Server::start().await;
    server.wechat.state().set_ip_allowed(false);
    let ended = server.command(&["doctor"], &[]).await;
    finds(&ended, "WeChat", &["40164", "IP", "白名单"]);
}

#[actix_web::test]
async fn the_doctor_tells_what_to_do_when_the_app_secret_is_wrong_and_does_not_repeat_it() {
    let server = Server::start().await;
    let secret = "00000000000000000000000000000bad";
    let ended = server
        .command(&["doctor"], &[("SAOMA_WECHAT_APP_SECRET", secret)])
        .await;
    finds(&ended, "WeChat", &["40125", "AppSecret"]);
    assert!(!format!("{}{}", ended.out, ended.err).contains(secret));
}

#[actix_web::test]
async fn the_doctor_names_a_page_that_is_not_published_and_a_quota_that_is_used_up() {
    let server = Server::start().await;
    server.wechat.state().set_published(false);
    let ended = server.command(&["doctor"], &[]).await;
    finds(&ended, "code", &["41030", "SAOMA_WECHAT_PAGE", "小程序"]);
    server.wechat.state().set_published(true);
    let quota = Some(0);
    let state = server.wechat.state();
    state.set_daily_quota(saoma::simulator::Endpoint::CodeImage, quota);
    let ended = server.command(&["doctor"], &[]).await;
    finds(&ended, "code", &["45009", "quota", "上限"]);
}

#[actix_web::test]
async fn the_doctor_names_a_redis_that_does_not_answer() {
    let server = Server::start().await;
    let secret = "canary-redis-password";
    let url = format!("redis://:{secret}@127.0.0.1:{}/", free_port());
    let ended = server.command(&["doctor"], &[("REDIS_URL", &url)]).await;
    finds(&ended, "redis", &["REDIS_URL", "请确认 Redis"]);
    assert!(!format!("{}{}", ended.out, ended.err).contains(secret));
}

#[actix_web::test]
async fn the_doctor_names_a_proxy_that_passes_no_upgrade_on() {
    let server = Server::start().await;
    let proxy = proxy_without_upgrades(&server).await;
    let ended = server
        .command(&["doctor"], &[("SAOMA_PUBLIC_URL", &proxy)])
        .await;
    finds(&ended, "websocket", &["Upgrade", "nginx", "升级失败"]);
}

/// What an nginx does that nobody has told of sockets: the request goes on without its upgrade.
async fn proxy_without_upgrades(server: &Server) -> String {
    let listener = actix_web::rt::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = server.url.trim_start_matches("http://").to_owned();
    actix_web::rt::spawn(async move {
        while let Ok((mut browser, _)) = listener.accept().await {
            let behind = behind.clone();
            actix_web::rt::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(browser.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let kept = head.lines().filter(|line| {
                    let line = line.to_ascii_lowercase();
                    !line.starts_with("upgrade:") && !line.starts_with("connection:")
                });
                let head = kept.collect::<Vec<_>>().join("\r\n") + "\r\n";
                let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                let mut server = actix_web::rt::net::TcpStream::connect(behind)
                    .await
                    .unwrap();
                server.write_all(head.as_bytes()).await.unwrap();
                let _ = tokio::io::copy(&mut server, &mut browser).await;
            });
        }
    });
    format!("http://localhost:{port}")
}

#[actix_web::test]
async fn the_doctor_says_when_wechat_hangs_or_answers_garbage() {
    for mode in [FaultMode::Hang, FaultMode::Garbage, FaultMode::Reset] {
        let server = Server::start().await;
        let fault = Fault::new("*", mode);
        server.wechat.state().add_fault(fault).unwrap();
        finds(&server.command(&["doctor"], &[]).await, "WeChat", &[]);
    }
}

#[actix_web::test]
async fn the_doctor_checks_nothing_else_when_a_setting_is_wrong() {
    let server = Server::start().await;
    let ended = server
        .command(&["doctor"], &[("SAOMA_SCAN_TTL", "soon")])
        .await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains("✗ settings: SAOMA_SCAN_TTL is \"soon\""),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("database"), "{}", ended.out);
}

#[actix_web::test]
async fn the_doctor_names_a_redis_that_does_not_answer_or_does_not_let_us_in() {
    let server = Server::start().await;
    let redis = RedisServer::start_with(&["--requirepass", "open sesame"]);
    let right = format!("redis://:open%20sesame@127.0.0.1:{}", redis.port);
    let ended = server.command(&["doctor"], &[("REDIS_URL", &right)]).await;
    assert!(ended.out.contains("✓ redis: answers"), "{}", ended.out);
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let wrong = format!("redis://:wrong@127.0.0.1:{}", redis.port);
    for url in [nobody, redis.url(), wrong] {
        let ended = server.command(&["doctor"], &[("REDIS_URL", &url)]).await;
        finds(&ended, "redis", &["REDIS_URL"]);
    }
}

#[actix_web::test]
async fn the_doctor_names_instances_that_are_not_told() {
    let quick = ("SAOMA_HEARTBEAT_INTERVAL", "200ms");
    let server = Server::start().await;
    let _other = server.beside(&[quick]).await;
    let other = server.beside(&[quick]).await;
    let ended = other.command(&["doctor"], &[]).await;
    finds(
        &ended,
        "other instances",
        &["REDIS_URL", "SAOMA_INTERNAL_URL"],
    );
}

/// One thing is wrong, with these words; the others are well.
#[track_caller]
fn finds(ended: &Ended, what: &str, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    assert!(ended.err.contains("1 of 12 checks failed"), "{}", ended.err);
    let wrong = ended
        .out
        .lines()
        .find(|line| line.starts_with(&format!("✗ {what}: ")));
    let wrong = wrong.unwrap_or_else(|| panic!("nothing about {what}: {}", ended.out));
    for word in words {
        assert!(wrong.contains(word), "{word}: {wrong}");
    }
}
