//! Clients as small as they can be: a task and a socket that answers pings.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use actix_web::rt::task::JoinHandle;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::process::Bench;

/// Sockets that open at the same time.
const AT_ONCE: usize = 32;

/// Sockets that are left alone.
#[derive(Default)]
pub struct Open(Vec<JoinHandle<()>>);

impl Open {
    pub fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// All at once, as when a network goes away.
    pub fn close(&mut self) {
        for socket in self.0.drain(..) {
            socket.abort();
        }
    }
}

/// Opens this many login pages' sockets, each with a browser secret of its own
/// and a code of its own, and leaves them open.
pub async fn open(bench: &Bench, count: usize) -> Open {
    let next = AtomicUsize::new(0);
    let opener = async || {
        let mut open = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < count {
            let socket = connect(bench).await;
            // A reset leaves no port waiting.
            let _ = socket.set_zero_linger();
            open.push(actix_web::rt::spawn(answer_pings(socket)));
        }
        open
    };
    let open = join_all((0..AT_ONCE).map(|_| opener())).await;
    Open(open.into_iter().flatten().collect())
}

async fn connect(bench: &Bench) -> TcpStream {
    let (stream, answer, _) = open_page(bench.port).await.unwrap();
    assert!(answer.contains("\"type\":\"ticket\""), "{answer}");
    stream
}

/// Opens a login page's socket, reads its first message and leaves. How long that came after
/// the socket was open; none if it was no ticket.
pub async fn view(port: u16) -> Option<Duration> {
    let (stream, answer, waited) = open_page(port).await.ok()?;
    // A reset leaves no port waiting.
    let _ = stream.set_zero_linger();
    answer.contains("\"type\":\"ticket\"").then_some(waited)
}

async fn open_page(port: u16) -> io::Result<(TcpStream, String, Duration)> {
    let request = upgrade(port, "/ws/login", &secret());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    // The ticket follows the 101; then there is silence.
    let mut answer = Vec::new();
    let mut open = None;
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::Error::other("closed"));
        }
        // The 101 and the ticket may come in one piece.
        if open.is_none() && answer.windows(4).any(|four| four == b"\r\n\r\n") {
            open = Some(Instant::now());
        }
    }
    let waited = open.map_or(Duration::ZERO, |open| open.elapsed());
    let answer = String::from_utf8_lossy(&answer).into_owned();
    Ok((stream, answer, waited))
}

/// A browser's secret.
pub fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What a browser of the site at this port sends, so that the server's buffers fill as with one.
pub fn upgrade(site: u16, path: &str, secret: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:{site}\r\nConnection: Upgrade\r\n\
         Pragma: no-cache\r\nCache-Control: no-cache\r\n\
         User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
         (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\n\
         Origin: http://localhost:{site}\r\nSec-WebSocket-Version: 13\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
         Cookie: saoma_browser={secret}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    )
}

/// As long as nobody scans, the server sends empty pings, and a close at its end.
async fn answer_pings(mut stream: TcpStream) {
    let mut frame = [0; 2];
    while stream.read_exact(&mut frame).await.is_ok() {
        if frame[0] == 0x88 {
            // The measurement is over.
            return;
        }
        assert_eq!(frame, [0x89, 0], "not an empty ping");
        let pong = [0x8a, 0x80, 0, 0, 0, 0];
        if stream.write_all(&pong).await.is_err() {
            return;
        }
    }
}
