//! A login page: its socket, in the words of the server that is measured.

use std::io;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    connect::{connect, count_bytes},
    requests::{ask, post},
};

/// How a server wants its sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// The ticket is the first message of `/ws/login`.
    Plain,
    /// The same inside Engine.IO and Socket.IO packets.
    SocketIo,
    /// The ticket is asked for; the socket then subscribes to the attempt's channel.
    Subscribe,
}

/// An open page with its ticket.
pub struct Page {
    stream: TcpStream,
    dialect: Dialect,
    /// What has come and is not read yet.
    read: Vec<u8>,
    /// The browser's secret.
    pub secret: String,
    pub attempt: String,
    /// What its code says.
    pub scene: String,
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;

impl Page {
    /// Opens a page of a new browser and waits for its ticket.
    pub async fn open(port: u16, dialect: Dialect) -> io::Result<Self> {
        let mut page = Self {
            stream: connect(port).await?,
            dialect,
            read: Vec::new(),
            secret: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()),
            attempt: String::new(),
            scene: String::new(),
        };
        let ticket = match dialect {
            Dialect::Plain => {
                page.upgrade(port, "/ws/login").await?;
                page.next().await?
            }
            Dialect::SocketIo => {
                page.upgrade(port, "/socket.io/?EIO=4&transport=websocket")
                    .await?;
                page.expect("0").await?;
                page.write(TEXT, b"40").await?;
                page.expect("40").await?;
                page.next().await?
            }
            Dialect::Subscribe => {
                let cookie = format!("Cookie: saoma_browser={}\r\n", page.secret);
                let request = post(port, "/api/login/attempts", &cookie, "{}");
                let answer = ask(&mut page.stream, &request).await?;
                let attempt = answer.body["attempt"].as_str().unwrap_or_default();
                page.upgrade(port, &format!("/ws/{attempt}")).await?;
                answer.body
            }
        };
        if ticket["type"] != "ticket" {
            return Err(io::Error::other(format!("not a ticket: {ticket}")));
        }
        let attempt = ticket["attempt"].as_str().unwrap_or_default();
        attempt.clone_into(&mut page.attempt);
        page.scene = scene_of(ticket["code_url"].as_str().unwrap_or_default())
            .ok_or_else(|| io::Error::other(format!("no scene in {ticket}")))?;
        Ok(page)
    }

    /// With what a browser sends, so that the server's buffers fill as with one.
    async fn upgrade(&mut self, port: u16, path: &str) -> io::Result<()> {
        // nchan cannot be told to refuse compression; the others do when a browser offers it.
        let offer = match self.dialect {
            Dialect::Subscribe => "",
            _ => "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\n\
             Pragma: no-cache\r\nCache-Control: no-cache\r\n\
             User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
             (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\n\
             Origin: http://localhost:{port}\r\nSec-WebSocket-Version: 13\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
             Cookie: saoma_browser={}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {offer}\r\n",
            self.secret
        );
        self.stream.write_all(request.as_bytes()).await?;
        count_bytes(request.len());
        let end = loop {
            self.fill().await?;
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 101") || head.contains("permessage-deflate") {
            return Err(io::Error::other(format!("no plain upgrade: {head}")));
        }
        count_bytes(end);
        self.read.drain(..end);
        Ok(())
    }

    /// The next message of the login.
    pub async fn next(&mut self) -> io::Result<Value> {
        let text = self.text().await?;
        let json = match self.dialect {
            Dialect::SocketIo => text
                .strip_prefix("42[\"message\",")
                .and_then(|rest| rest.strip_suffix(']')),
            Dialect::Plain | Dialect::Subscribe => Some(&*text),
        };
        let json = json.ok_or_else(|| io::Error::other(format!("not a message: {text}")))?;
        Ok(serde_json::from_str(json)?)
    }

    /// The next message, which must be this one about this attempt, exactly.
    pub async fn hear(&mut self, kind: &str, version: i64) -> io::Result<()> {
        let message = self.next().await?;
        let right = message["type"] == kind
            && message["attempt"] == *self.attempt
            && message["version"] == version;
        if right {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "{kind} {version} was to come: {message}"
        )))
    }

    /// Answers pings until the socket ends.
    pub async fn rest(&mut self) -> io::Error {
        // A page that waits holds no buffer to speak of.
        self.read.shrink_to_fit();
        match self.text().await {
            Ok(text) => io::Error::other(format!("nothing was to come: {text}")),
            Err(error) => error,
        }
    }

    async fn expect(&mut self, packet: &str) -> io::Result<()> {
        let text = self.text().await?;
        if text.starts_with(packet) {
            return Ok(());
        }
        Err(io::Error::other(format!("{packet} was to come: {text}")))
    }

    /// The next text that is no ping.
    async fn text(&mut self) -> io::Result<String> {
        loop {
            let (kind, payload) = self.frame().await?;
            match kind {
                PING => self.write(10, &payload).await?,
                TEXT if self.dialect == Dialect::SocketIo && payload == b"2" => {
                    self.write(TEXT, b"3").await?;
                }
                TEXT => {
                    count_bytes(payload.len());
                    return String::from_utf8(payload).map_err(io::Error::other);
                }
                CLOSE => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => return Err(io::Error::other(format!("frame of kind {kind}"))),
            }
        }
    }

    async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        loop {
            if let Some((kind, start, end)) = frame_in(&self.read)? {
                let payload = self.read[start..end].to_vec();
                self.read.drain(..end);
                return Ok((kind, payload));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.stream.readable().await?;
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// A short frame, masked with zeros.
    async fn write(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let length = u8::try_from(payload.len()).map_err(io::Error::other)?;
        let mut frame = vec![0x80 | kind, 0x80 | length, 0, 0, 0, 0];
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }
}

/// Kind, start and end of the first frame's payload, once all of it is there.
fn frame_in(read: &[u8]) -> io::Result<Option<(u8, usize, usize)>> {
    let &[first, length, ..] = read else {
        return Ok(None);
    };
    if first & 0x70 != 0 || first & 0x80 == 0 {
        return Err(io::Error::other("a compressed or fragmented frame"));
    }
    let (start, length) = match length {
        126 if read.len() < 4 => return Ok(None),
        126 => (4, usize::from(u16::from_be_bytes([read[2], read[3]]))),
        short @ 0..126 => (2, usize::from(short)),
        _ => return Err(io::Error::other("a frame of more than 64 KiB")),
    };
    let end = start + length;
    Ok((read.len() >= end).then_some((first & 0x0f, start, end)))
}

/// The scene of a code: the first 24 bytes of its image's name, which the stock was filled by.
fn scene_of(code_url: &str) -> Option<String> {
    let (_, name) = code_url.rsplit_once('/')?;
    let digits = name.get(..48)?;
    let bytes: Option<Vec<u8>> = (0..24)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok())
        .collect();
    Some(URL_SAFE_NO_PAD.encode(bytes?))
}
