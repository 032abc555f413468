//! Clients that are there and say nothing.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Browser, Cluster, Server, wait::PATIENCE};

#[actix_web::test]
async fn a_client_that_misses_two_pings_is_dropped_and_may_come_back() {
    let server = server_with_short_pings().await;
    let mut browser = server.browser().await;
    let mut dead = RawSocket::open(&browser).await;
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
    let mut alive = RawSocket::open(&browser).await;
    alive.text().await;
    // Twice as many as a silent one gets to see.
    for _ in 0..4 {
        let (opcode, payload) = alive.frame().await.expect("the socket is open");
        assert_eq!((opcode, payload.len()), (PING, 0));
        alive
            .stream
            .write_all(&[0x8a, 0x80, 1, 2, 3, 4])
            .await
            .unwrap();
    }
}

async fn server_with_short_pings() -> Server {
    let database = Cluster::shared_database().await;
    Server::start_with(Some(&database), &[("SAOMA_PING_INTERVAL", "300ms")]).await
}

const TEXT: u8 = 1;
const PING: u8 = 9;

/// A socket whose client answers nothing by itself.
struct RawSocket {
    stream: TcpStream,
}

impl RawSocket {
    async fn open(browser: &Browser) -> Self {
        let host = browser.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1"))
            .await
            .unwrap();
        let request = format!(
            "GET /ws/login HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: {}\r\nCookie: {}\r\n\r\n",
            browser.origin,
            browser.cookie_header(),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        Self { stream }
    }

    async fn text(&mut self) -> Vec<u8> {
        let (opcode, payload) = self.frame().await.expect("the socket is open");
        assert_eq!(opcode, TEXT);
        payload
    }

    /// The next frame's opcode and payload; none at the connection's end.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await.ok()?;
            let length = match self.stream.read_u8().await.ok()? {
                126 => usize::from(self.stream.read_u16().await.ok()?),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some((first & 0x0f, payload))
        };
        timeout(PATIENCE, read).await.expect("nothing came in time")
    }
}
