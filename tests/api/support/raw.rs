//! A socket by hand: frames that no library would send.

use std::fmt::Write as _;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{Browser, answer::PATIENCE};

/// The first byte of a whole text frame, and of others.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// One TCP connection after (or instead of) an upgrade.
pub struct RawSocket {
    pub stream: TcpStream,
}

/// What an upgrade was answered with.
pub struct Upgrade {
    pub status: u16,
    /// In small letters.
    pub head: String,
    pub body: serde_json::Value,
    pub socket: RawSocket,
}

/// An HTTP answer.
pub struct Answer {
    pub status: u16,
    /// In small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Upgrade {
    pub fn has(&self, line: &str) -> bool {
        self.head.lines().any(|known| known == line)
    }
}

impl RawSocket {
    /// An open socket of this browser.
    pub async fn open(browser: &Browser, path: &str) -> Self {
        let origin = ("origin", browser.origin.as_str());
        let upgrade = Self::upgrade(browser, path, &[origin]).await;
        assert_eq!(upgrade.status, 101, "{}", upgrade.body);
        upgrade.socket
    }

    /// Asks for an upgrade with these headers besides the cookies.
    pub async fn upgrade(browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Upgrade {
        let mut socket = Self::connect(browser).await;
        socket.send(&upgrade_request(browser, path, headers)).await;
        let Answer { status, head, body } = socket.answer().await;
        Upgrade {
            status,
            head,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            socket,
        }
    }

    /// A connection on which nothing has been said.
    pub async fn connect(browser: &Browser) -> Self {
        let address = browser.url.trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.unwrap();
        Self { stream }
    }

    /// A connection whose client takes a few kilobytes before it reads.
    pub async fn connect_narrow(browser: &Browser) -> Self {
        let port = browser.url.rsplit(':').next().unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2_048).unwrap();
        let stream = socket.connect(([127, 0, 0, 1], port).into());
        Self {
            stream: stream.await.unwrap(),
        }
    }

    /// An HTTP answer.
    pub async fn answer(&mut self) -> Answer {
        let stream = &mut self.stream;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        Answer { status, head, body }
    }

    pub async fn send(&mut self, frame: &[u8]) {
        self.stream.write_all(frame).await.unwrap();
    }

    /// The next frame's first byte and payload; none when the connection has ended.
    pub async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let stream = &mut self.stream;
        timeout(PATIENCE, async {
            let first = stream.read_u8().await.ok()?;
            let length = match stream.read_u8().await.ok()? {
                126 => usize::from(stream.read_u16().await.ok()?),
                length => usize::from(length),
            };
            let mut payload = vec![0; length];
            stream.read_exact(&mut payload).await.ok()?;
            Some((first, payload))
        })
        .await
        .expect("nothing came in time")
    }

    /// The code of the close that ends what is said.
    pub async fn expect_close(&mut self) -> u16 {
        while let Some((first, payload)) = self.read().await {
            if first == CLOSE {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
        panic!("the connection ended without a close");
    }
}

/// What a browser sends to get a socket, with these headers besides the cookies.
pub fn upgrade_request(browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let address = browser.url.trim_start_matches("http://");
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    if !browser.cookies.is_empty() {
        let cookies = browser.cookie_header();
        write!(request, "cookie: {cookies}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    (request + "\r\n").into_bytes()
}

/// A frame as a browser sends it: masked.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 11, 13, 17];
    let mut frame = vec![first];
    // The second byte is the bit of a masked frame and a short length, or 126 and a longer one.
    if let Ok(length @ ..126) = u8::try_from(payload.len()) {
        frame.push(0x80 | length);
    } else {
        frame.push(0xfe);
        frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}
