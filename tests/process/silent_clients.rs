//! Clients that are there and say nothing.

use crate::support::{Cluster, Peer, Server, peer::PING};

#[actix_web::test]
async fn w8_a_client_that_misses_two_pings_is_dropped_and_may_come_back() {
    let server = server_with_short_pings().await;
    let mut browser = server.browser().await;
    let mut dead = Peer::connect(&server.url, 1).await.open(&browser).await;
    let ticket: serde_json::Value = serde_json::from_slice(&dead.text().await).unwrap();
    assert_eq!(ticket["type"], "ticket");
    let mut pings = 0;
    while let Some((opcode, _)) = dead.frame().await {
        assert_eq!(opcode, PING);
        pings += 1;
    }
    assert_eq!(pings, 2);
    let again = browser.resume(&ticket["attempt"]).await;
    assert_eq!(again["type"], "ticket");
    assert_eq!(again["attempt"], ticket["attempt"]);
}

#[actix_web::test]
async fn a_client_that_answers_pings_stays() {
    let server = server_with_short_pings().await;
    let browser = server.browser().await;
    let mut alive = Peer::connect(&server.url, 1).await.open(&browser).await;
    alive.text().await;
    // Twice as many as a silent one gets to see.
    for _ in 0..4 {
        let (opcode, payload) = alive.frame().await.expect("the socket is open");
        assert_eq!((opcode, payload.len()), (PING, 0));
        alive.send(&[0x8a, 0x80, 1, 2, 3, 4]).await;
    }
}

async fn server_with_short_pings() -> Server {
    let database = Cluster::shared_database().await;
    Server::start_with(Some(&database), &[("SAOMA_PING_INTERVAL", "300ms")]).await
}
