//! HTTP requests of phones and browsers, on connections that are kept.

use std::{
    cell::RefCell,
    io,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::connect::{connect, count_bytes};

/// Servers hang up after five seconds as a rule.
const REST: Duration = Duration::from_secs(2);

/// What a server answered.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// The connections to one server.
pub struct Requests {
    port: u16,
    idle: RefCell<Vec<(TcpStream, Instant)>>,
}

impl Requests {
    pub fn new(port: u16) -> Self {
        Self {
            port,
            idle: RefCell::default(),
        }
    }

    /// Sends a request on a connection that is free, or on a new one.
    pub async fn post(&self, path: &str, headers: &str, body: &str) -> io::Result<Answer> {
        let request = post(self.port, path, headers, body);
        while let Some((stream, since)) = self.take_idle() {
            if since.elapsed() > REST {
                continue;
            }
            // The server may have hung up in this moment; then it has not read the request.
            if let Ok(answer) = self.ask(stream, &request).await {
                return Ok(answer);
            }
        }
        let stream = connect(self.port).await?;
        self.ask(stream, &request).await
    }

    fn take_idle(&self) -> Option<(TcpStream, Instant)> {
        self.idle.borrow_mut().pop()
    }

    async fn ask(&self, mut stream: TcpStream, request: &str) -> io::Result<Answer> {
        let answer = ask(&mut stream, request).await?;
        self.idle.borrow_mut().push((stream, Instant::now()));
        Ok(answer)
    }
}

/// The text of a request.
pub fn post(port: u16, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Sends a request and reads its whole answer, which must say its length.
pub async fn ask(stream: &mut TcpStream, request: &str) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(1024);
    let (status, head, length) = loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(head) = head_of(&read) {
            break head?;
        }
    };
    while read.len() < head + length {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    count_bytes(request.len() + read.len());
    let body = serde_json::from_slice(&read[head..head + length]).unwrap_or_default();
    Ok(Answer { status, body })
}

/// Status, length of the head and length of the body, once the head is there.
fn head_of(read: &[u8]) -> Option<io::Result<(u16, usize, usize)>> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok());
    let parsed = status
        .zip(length)
        .map(|(status, length)| (status, end, length));
    Some(parsed.ok_or_else(|| io::Error::other(format!("not an answer with a length: {head}"))))
}
