//! Pairs of browsers and phones, as if each had logged in.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_codec::Framed;
use actix_http::ws::{Codec, Frame, Message};
use actix_web::rt::{spawn, time::sleep};
use awc::BoxedSocket;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt, future::join_all, stream::SplitSink};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, PgConnection};

use crate::process::Bench;

/// Sockets that open at the same time.
const AT_ONCE: usize = 64;

type Sink = SplitSink<Framed<BoxedSocket, Codec>, Message>;

/// How much is said.
#[derive(Clone, Copy)]
pub struct Load {
    /// Texts a second, of all pairs together.
    pub rate: usize,
    pub time: Duration,
}

/// Secrets of sessions and phone sessions, and the browsers' open sockets.
pub struct Pairs {
    public_port: u16,
    tokens: Vec<[[u8; 32]; 2]>,
    browsers: Vec<Sink>,
    began: Instant,
    heard: Rc<RefCell<Vec<Duration>>>,
}

/// What came of it.
pub struct Times {
    pub sent: usize,
    /// The quickest first.
    pub heard: Vec<Duration>,
}

impl Pairs {
    /// Writes so many pairs into the database.
    pub async fn put(bench: &Bench, count: usize) -> Self {
        let tokens: Vec<[[u8; 32]; 2]> = (0..count).map(|_| rand::random()).collect();
        let hashes = |of: usize| -> Vec<Vec<u8>> {
            let hashed = tokens.iter().map(|pair| Sha256::digest(pair[of]).to_vec());
            hashed.collect()
        };
        let phones = "insert into phone_sessions (id, token_hash, app_id, openid, expires_at)
            select gen_random_uuid(), hash, 'wx', 'o' || n, saoma_now() + interval '1 day'
            from unnest($1::bytea[]) with ordinality as t(hash, n)";
        let users = "insert into users (id, nickname)
            select gen_random_uuid(), n::text
            from unnest($1::bytea[]) with ordinality as t(hash, n)";
        let sessions =
            "insert into sessions (id, token_hash, attempt_id, user_id, browser_name, browser_os,
                browser_ip, presented_at, expires_at, phone_session_id)
            select gen_random_uuid(), hash, gen_random_uuid(), u.id, 'Chrome', 'Windows',
                '127.0.0.0/24', saoma_now(), saoma_now() + interval '1 day', p.id
            from unnest($1::bytea[]) with ordinality as t(hash, n)
            join users u on u.nickname = n::text
            join phone_sessions p on p.openid = 'o' || n";
        let options = bench.postgres().connect_options();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        for (sql, hashes) in [
            (users, hashes(0)),
            (phones, hashes(1)),
            (sessions, hashes(0)),
        ] {
            let bound = sqlx::query(sql).bind(hashes);
            bound.execute(&mut connection).await.unwrap();
        }
        Self {
            public_port: bench.port,
            tokens,
            browsers: Vec::new(),
            began: Instant::now(),
            heard: Rc::default(),
        }
    }

    /// Opens all sockets: of browsers at one port, of phones at another.
    pub async fn open(&mut self, browsers: u16, phones: u16) {
        let client = awc::Client::builder()
            .timeout(Duration::from_secs(30))
            .connector(awc::Connector::new().limit(0))
            .finish();
        let origin = format!("http://localhost:{}", self.public_port);
        let mut left = self.tokens.iter().rev().collect::<Vec<_>>();
        while !left.is_empty() {
            let batch = left.split_off(left.len().saturating_sub(AT_ONCE));
            let opened = batch.into_iter().map(async |[session, phone]| {
                let cookie = format!("saoma_session={}", URL_SAFE_NO_PAD.encode(session));
                let browser = client
                    .ws(format!("http://127.0.0.1:{browsers}/ws/session"))
                    .origin(&origin)
                    .set_header("cookie", cookie);
                let phone = client
                    .ws(format!("http://127.0.0.1:{phones}/ws/phone"))
                    .set_header(
                        "authorization",
                        format!("Bearer {}", URL_SAFE_NO_PAD.encode(phone)),
                    );
                let (_, browser) = browser.connect().await.unwrap();
                let (_, mut phone) = phone.connect().await.unwrap();
                // It knows of the browser before anything is said.
                loop {
                    let message = next(&mut phone).await.expect("a phone's socket");
                    if message["type"] == "peer" && message["present"] == true {
                        break;
                    }
                }
                (browser, phone)
            });
            for (browser, mut phone) in join_all(opened).await {
                let (began, heard) = (self.began, self.heard.clone());
                spawn(async move {
                    while let Some(message) = next(&mut phone).await {
                        if let Some(sent) = message["text"].as_str() {
                            let sent = Duration::from_nanos(sent.parse().unwrap());
                            let took = began.elapsed().saturating_sub(sent);
                            heard.borrow_mut().push(took);
                        }
                    }
                });
                let (sink, mut stream) = browser.split();
                spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
                self.browsers.push(sink);
            }
        }
    }

    /// Lets browsers talk, one after the other.
    pub async fn talk(&mut self, load: Load) -> Times {
        self.heard.borrow_mut().clear();
        let start = Instant::now();
        let count = load.rate * usize::try_from(load.time.as_secs()).unwrap();
        let pause = Duration::from_secs(1) / u32::try_from(load.rate).unwrap();
        for number in 0..count {
            let due = start + pause * u32::try_from(number).unwrap();
            sleep(due.saturating_duration_since(Instant::now())).await;
            // Far apart, so that no two follow each other in the server's tables.
            let browser = number * 2_741 % self.browsers.len();
            let text = self.began.elapsed().as_nanos().to_string();
            let message = json!({"type": "message", "text": text}).to_string();
            let message = Message::Text(message.into());
            self.browsers[browser].send(message).await.unwrap();
        }
        sleep(Duration::from_secs(2)).await;
        let mut heard = self.heard.take();
        heard.sort_unstable();
        Times { sent: count, heard }
    }
}

/// The next message; pings are answered.
async fn next(socket: &mut Framed<BoxedSocket, Codec>) -> Option<Value> {
    loop {
        match socket.next().await? {
            Ok(Frame::Text(text)) => return serde_json::from_slice(&text).ok(),
            Ok(Frame::Ping(bytes)) => socket.send(Message::Pong(bytes)).await.ok()?,
            Ok(_) | Err(_) => return None,
        }
    }
}
