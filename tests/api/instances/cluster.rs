//! A cluster of Redis servers: sharded channels, so that news go to one server and no other.

use serde_json::json;

use crate::support::{
    RedisServer, Site,
    port::free_port,
    site::{until, until_without_warning, warnings},
};

/// Three servers that share the slots.
async fn cluster() -> Vec<RedisServer> {
    let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
    let mut servers: Vec<RedisServer> = Vec::new();
    for (first, last) in slots {
        let bus = free_port().to_string();
        let options = [
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--cluster-require-full-coverage",
            "no",
            "--cluster-node-timeout",
            "1000",
        ];
        let server = RedisServer::start_with(&options);
        let added: String = server
            .command(&["CLUSTER", "ADDSLOTSRANGE", first, last])
            .await;
        assert_eq!(added, "OK");
        if let Some(known) = servers.first() {
            let port = server.port.to_string();
            let met: String = known
                .command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])
                .await;
            assert_eq!(met, "OK");
        }
        servers.push(server);
    }
    for server in &servers {
        until(async || {
            let info: String = server.command(&["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
        })
        .await;
    }
    servers
}

async fn channels(servers: &[RedisServer], kind: &str) -> usize {
    let mut count = 0;
    for server in servers {
        let channels: Vec<String> = server.command(&["PUBSUB", kind]).await;
        count += channels.len();
    }
    count
}

#[actix_web::test]
async fn r1_a_cluster_carries_news_in_sharded_channels_and_heals() {
    let mut servers = cluster().await;
    let url = format!(
        "redis+cluster://127.0.0.1:{},127.0.0.1:{}",
        servers[0].port, servers[1].port
    );
    let limit = [("SAOMA_MAX_SCANS_PER_USER", "4")];
    let site = Site::with_redis(&url, &limit).await;
    assert_eq!(channels(&servers, "SHARDCHANNELS").await, 2);
    assert_eq!(channels(&servers, "CHANNELS").await, 0);
    let phone = site.b.registered_phone("Ming").await;
    let mut attempt = site.a.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    // Limits count a request in one go, so all of a site's counters are on one server.
    let mut counting = 0;
    for server in &servers {
        let keys: Vec<String> = server.command(&["KEYS", "saoma:{*:scans:*"]).await;
        counting += usize::from(!keys.is_empty());
    }
    assert_eq!(counting, 1);

    for server in &mut servers {
        server.kill();
    }
    until(async || {
        let warnings = warnings(&site.b).await;
        warnings.as_array().unwrap().contains(&json!("broker_down"))
    })
    .await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.expect_silence().await;
    for server in &mut servers {
        server.run();
    }
    // With the new connection comes a look.
    attempt.browser.expect("login_succeeded").await;
    until_without_warning(&site.a).await;
    until_without_warning(&site.b).await;
    let mut attempt = site.a.pending().await;
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
}
