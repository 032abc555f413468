//! A client by hand, from an address of its own: it does only what it is told to.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{Browser, wait::PATIENCE};

pub const TEXT: u8 = 1;
pub const PING: u8 = 9;

/// One TCP connection.
pub struct Peer {
    pub stream: TcpStream,
}

impl Peer {
    /// Connects to a server's URL from loopback address number `from`.
    pub async fn connect(url: &str, from: u16) -> Self {
        Self::connect_with(url, from, None).await
    }

    /// The same with so small a receive buffer, in bytes, that little stops the server.
    pub async fn connect_with(url: &str, from: u16, receive_buffer: Option<u32>) -> Self {
        let [high, low] = from.to_be_bytes();
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let source = Ipv4Addr::new(127, 1, high, low);
        socket.bind(SocketAddr::from((source, 0))).unwrap();
        let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = timeout(PATIENCE, socket.connect(server)).await;
        let stream = stream.expect("nothing listens").unwrap();
        Self { stream }
    }

    /// Opens the browser's login socket here.
    pub async fn open(mut self, browser: &Browser) -> Self {
        let host = browser.url.strip_prefix("http://").unwrap();
        let request = format!(
            "GET /ws/login HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: {}\r\nCookie: {}\r\n\r\n",
            browser.origin,
            browser.cookie_header(),
        );
        self.send(request.as_bytes()).await;
        let answer = self.head().await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        self
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Asks whether the server is alive, and hears that it is.
    pub async fn healthy(&mut self) {
        self.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let answer = self.head().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let mut body = [0; br#"{"status":"ok"}"#.len()];
        self.stream.read_exact(&mut body).await.unwrap();
    }

    /// Sends a text frame, masked with zeros.
    pub async fn send_text(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        self.send(&frame).await;
    }

    /// The head of an answer.
    pub async fn head(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let byte = timeout(PATIENCE, self.stream.read_u8()).await;
            answer.push(byte.expect("nothing came in time").unwrap());
        }
        String::from_utf8(answer).unwrap()
    }

    /// The next frame, which is a text.
    pub async fn text(&mut self) -> Vec<u8> {
        let (opcode, payload) = self.frame().await.expect("the socket is open");
        assert_eq!(opcode, TEXT);
        payload
    }

    /// The next frame's opcode and payload; none at the connection's end.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
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

    /// Reads on to the connection's end, which the server makes; says what came.
    pub async fn ended(&mut self) -> String {
        let mut bytes = Vec::new();
        let end = timeout(PATIENCE, self.stream.read_to_end(&mut bytes));
        // An end by reset is one too.
        let _ = end.await.expect("the server does not end it");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
