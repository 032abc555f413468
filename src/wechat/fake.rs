//! A WeChat for the tests here that answers, breaks off, hangs and resets byte by byte as told.
//!
//! The simulator is the faithful one; this one misbehaves below HTTP, which no HTTP server does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{AccessToken, Endpoint, Wechat, WechatSettings};

/// What the fake does with one request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A whole answer.
    Answer {
        status: u16,
        content_type: &'static str,
        body: Vec<u8>,
    },
    /// These bytes, then the connection's end.
    Raw(Vec<u8>),
    /// These bytes, then nothing for as long as the client stays.
    Stall(Vec<u8>),
    /// The answer after a while.
    Late(Duration, Box<Reply>),
    /// A connection reset.
    Reset,
}

impl Reply {
    /// Nothing, for as long as the client stays.
    pub(super) const HANG: Self = Self::Stall(Vec::new());
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) body: String,
}

impl Request {
    pub(super) fn is(&self, endpoint: Endpoint) -> bool {
        self.path().ends_with(endpoint.path())
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A running fake; it lives as long as the test's runtime.
pub(super) struct Fake {
    pub(super) settings: WechatSettings,
    /// Of all clients.
    pub(super) token: Arc<AccessToken>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    /// Starts on a free port. `script` gets each request and how many of its path came before.
    pub(super) async fn start(
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&script)));
            }
        });
        Self {
            settings: settings(address),
            token: Arc::default(),
            requests,
        }
    }

    pub(super) fn client(&self) -> Wechat {
        Wechat::new(Arc::new(self.settings.clone()), Arc::clone(&self.token))
    }

    pub(super) fn requests(&self, endpoint: Endpoint) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        let of_it = requests.iter().filter(|request| request.is(endpoint));
        of_it.cloned().collect()
    }

    pub(super) fn all_requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(super) fn calls(&self, endpoint: Endpoint) -> usize {
        self.requests(endpoint).len()
    }
}

/// Settings with canaries for secrets, and a limit long enough for a busy machine.
pub(super) fn settings(address: SocketAddr) -> WechatSettings {
    WechatSettings {
        app_id: "wx0123456789abcdef".to_owned(),
        app_secret: SecretString::from("canary-app-secret"),
        base_url: format!("http://{address}").parse().unwrap(),
        page: "pages/index/wsLogin".to_owned(),
        env_version: "release".to_owned(),
        width: 430,
        timeout: Duration::from_secs(20),
        image_timeout: Duration::from_secs(20),
        longest_pause: Duration::from_secs(60),
    }
}

pub(super) fn answer(content_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answer {
        status: 200,
        content_type,
        body: body.into(),
    }
}

pub(super) fn json(body: &str) -> Reply {
    answer("application/json; encoding=utf-8", body)
}

pub(super) fn refusal(errcode: i64, errmsg: &str) -> Reply {
    json(&format!(r#"{{"errcode":{errcode},"errmsg":"{errmsg}"}}"#))
}

/// A grant of a token that carries its number.
pub(super) fn grant(number: usize) -> Reply {
    json(&format!(
        r#"{{"access_token":"canary-token-{number}","expires_in":7200}}"#
    ))
}

async fn serve(
    mut stream: TcpStream,
    requests: Arc<Mutex<Vec<Request>>>,
    script: Arc<impl Fn(&Request, usize) -> Reply>,
) {
    while let Some(request) = read_request(&mut stream).await {
        let mut reply = {
            let mut requests = requests.lock().unwrap();
            let path = request.path();
            let before = requests.iter().filter(|r| r.path() == path).count();
            let reply = script(&request, before);
            requests.push(request);
            reply
        };
        while let Reply::Late(delay, later) = reply {
            tokio::time::sleep(delay).await;
            reply = *later;
        }
        match reply {
            Reply::Answer {
                status,
                content_type,
                body,
            } => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nlocation: /elsewhere\r\n\r\n"
                );
                let whole = [head.as_bytes(), &body].concat();
                if stream.write_all(&whole).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Stall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Reply::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Reply::Late(..) => unreachable!("waited for above"),
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        // Whoever tries TLS here gets no answer.
        if head[0] == 0x16 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request {
        method,
        target,
        body: String::from_utf8(body).ok()?,
    })
}
