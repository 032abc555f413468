//! Login pages that wait at an instance, and come back to another.

use std::{
    io,
    time::{Duration, Instant},
};

use actix_web::rt::{
    spawn,
    time::{sleep, timeout},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
};

use crate::{client, support::known_scenes::known_scene};

/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// A login page with its socket.
pub struct Page {
    /// The port of the site's public address.
    site: u16,
    pub secret: String,
    pub attempt: String,
    news: mpsc::Receiver<News>,
}

/// A message of the server.
pub struct News {
    pub at: Instant,
    pub message: Value,
}

impl Page {
    /// A new attempt of a new browser at the instance with this port.
    pub async fn open(site: u16, port: u16) -> Self {
        Self::of_browser(client::secret(), site, port).await.0
    }

    /// A new attempt of the browser with this secret, and its ticket.
    pub async fn of_browser(secret: String, site: u16, port: u16) -> (Self, Value) {
        let mut news = connect(site, port, "/ws/login", &secret).await.unwrap();
        let ticket = timeout(PATIENCE, news.recv()).await.unwrap().unwrap();
        let ticket = ticket.message;
        assert_eq!(ticket["type"], "ticket", "{ticket}");
        let attempt = ticket["attempt"].as_str().unwrap().to_owned();
        let page = Self {
            site,
            secret,
            attempt,
            news,
        };
        (page, ticket)
    }

    /// What its code carries.
    pub fn scene(&self) -> String {
        known_scene(&self.attempt.as_str().into())
    }

    /// The next message; none when the socket has ended.
    pub async fn next(&mut self) -> Option<News> {
        let next = timeout(PATIENCE, self.news.recv()).await;
        next.expect("nothing came in time")
    }

    /// When it hears this; none when the socket ends first.
    pub async fn hears(&mut self, kind: &str) -> Option<Instant> {
        loop {
            let news = self.next().await?;
            if news.message["type"] == kind {
                return Some(news.at);
            }
        }
    }

    /// Waits for the socket's end, however long, then comes back to the instance with this port
    /// as PROTOCOL has it. What it is told first there.
    pub async fn come_back(&mut self, port: u16) -> News {
        while self.news.recv().await.is_some() {}
        let path = format!("/ws/login?resume={}", self.attempt);
        let mut longest: f64 = 0.5;
        loop {
            sleep(Duration::from_secs_f64(rand::random_range(0.0..longest))).await;
            longest = (longest * 2.0).min(15.0);
            let connecting = timeout(PATIENCE, connect(self.site, port, &path, &self.secret));
            if let Ok(Ok(news)) = connecting.await {
                self.news = news;
                if let Some(state) = self.next().await {
                    return state;
                }
            }
        }
    }
}

/// Opens a socket and hears what it says until it ends, or nobody wants to know.
async fn connect(
    site: u16,
    port: u16,
    path: &str,
    secret: &str,
) -> io::Result<mpsc::Receiver<News>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut stream = BufReader::with_capacity(1024, stream);
    let request = client::upgrade(site, path, secret);
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if !line.starts_with("HTTP/1.1 101") {
        return Err(io::Error::other(line));
    }
    while !line.trim_end().is_empty() {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    let (tell, news) = mpsc::channel(8);
    spawn(async move {
        tokio::select! {
            _ = listen(&mut stream, &tell) => {}
            () = tell.closed() => {}
        }
        // A reset leaves no port waiting.
        let _ = stream.get_ref().set_zero_linger();
    });
    Ok(news)
}

async fn listen(stream: &mut BufReader<TcpStream>, tell: &mpsc::Sender<News>) -> io::Result<()> {
    loop {
        let opcode = stream.read_u8().await?;
        let length = match stream.read_u8().await? {
            126 => usize::from(stream.read_u16().await?),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        match opcode {
            TEXT => {
                let at = Instant::now();
                let message = serde_json::from_slice(&payload)?;
                let news = News { at, message };
                if tell.send(news).await.is_err() {
                    return Ok(());
                }
            }
            PING => stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await?,
            _ => return Ok(()),
        }
    }
}
