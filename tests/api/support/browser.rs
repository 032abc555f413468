//! A browser: cookies, requests, one socket.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    time::Duration,
};

use actix_web::http::{Method, StatusCode, header};
use awc::error::WsClientError;
use image::{
    GrayImage,
    imageops::{self, FilterType},
};
use serde_json::{Value, json};

pub use super::answer::Answer;
use super::{canaries, line::Line};

/// A browser with one login page.
pub struct Browser {
    pub url: String,
    pub origin: String,
    pub client: awc::Client,
    pub cookies: BTreeMap<String, String>,
    pub user_agent: String,
    pub language: String,
    /// Where a trusted proxy says that it is.
    pub address: Option<String>,
    line: Line,
}

impl Deref for Browser {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl DerefMut for Browser {
    fn deref_mut(&mut self) -> &mut Line {
        &mut self.line
    }
}

impl Browser {
    /// A browser that has been nowhere yet.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            origin: url.to_owned(),
            client: client(),
            cookies: BTreeMap::new(),
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36".to_owned(),
            language: "en".to_owned(),
            address: None,
            line: Line::closed(),
        }
    }

    /// Another tab of the same browser: the same cookies, a socket of its own.
    pub fn tab(&self) -> Self {
        let mut tab = Self::new(&self.url);
        tab.origin.clone_from(&self.origin);
        tab.cookies.clone_from(&self.cookies);
        tab
    }

    pub async fn open_login_page(&mut self) -> Answer {
        let page = self.get("/login").await;
        page.expect(200);
        page
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    pub async fn request(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self
            .client
            .request(method.clone(), format!("{}{path}", self.url))
            .insert_header((header::COOKIE, self.cookie_header()))
            .insert_header((header::USER_AGENT, self.user_agent.clone()))
            .insert_header((header::ACCEPT_LANGUAGE, self.language.clone()));
        let mut request = if method == Method::GET {
            request
        } else {
            request.insert_header((header::ORIGIN, self.origin.clone()))
        };
        if let Some(address) = &self.address {
            request = request.insert_header(("x-forwarded-for", address.clone()));
        }
        let sent = match body {
            Some(body) => request.send_json(&body),
            None => request.send(),
        };
        let answer = Answer::of(sent.await.unwrap()).await;
        canaries::met_in(&answer.json());
        for cookie in answer.cookies() {
            if cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                canaries::met(cookie.value());
                self.cookies
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        answer
    }

    /// A request with exactly these headers besides the cookies.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .insert_header((header::COOKIE, self.cookie_header()));
        for &(name, value) in headers {
            request = request.insert_header((name, value));
        }
        Answer::of(request.send_body(body.to_owned()).await.unwrap()).await
    }

    pub fn cookie_header(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Opens `/ws/login`, or says with which status the upgrade was refused.
    pub async fn try_socket(&mut self, path: &str) -> Result<(), StatusCode> {
        let mut request = self
            .client
            .ws(format!("{}{path}", self.url))
            .origin(&self.origin)
            .set_header(header::COOKIE, self.cookie_header())
            .set_header(header::USER_AGENT, self.user_agent.clone())
            .set_header(header::ACCEPT_LANGUAGE, self.language.clone());
        if let Some(address) = &self.address {
            request = request.set_header("x-forwarded-for", address.clone());
        }
        match request.connect().await {
            Ok((_, socket)) => {
                self.line.open(socket);
                Ok(())
            }
            Err(WsClientError::InvalidResponseStatus(status)) => Err(status),
            Err(error) => panic!("{error}"),
        }
    }

    /// A new attempt: its `ticket`.
    pub async fn open_socket(&mut self) -> Value {
        self.try_socket("/ws/login").await.unwrap();
        self.expect("ticket").await
    }

    /// The state of an earlier attempt.
    pub async fn resume(&mut self, attempt: &Value) -> Value {
        let attempt = attempt.as_str().unwrap();
        self.try_socket(&format!("/ws/login?resume={attempt}"))
            .await
            .unwrap();
        self.next().await
    }

    /// A signed-in browser's socket, once it has heard whether its phone is there.
    pub async fn open_session(&mut self) -> Value {
        self.try_socket("/ws/session").await.unwrap();
        self.expect("peer").await
    }

    /// Says something to the phone.
    pub async fn say(&mut self, text: &str) {
        self.send(json!({"type": "message", "text": text})).await;
    }

    pub async fn refresh(&mut self, version: &Value, silent: bool) {
        self.send(json!({"type": "refresh", "version": version, "silent": silent}))
            .await;
    }

    pub async fn redeem(&mut self, attempt: &Value) -> Answer {
        let attempt = attempt.as_str().unwrap();
        self.post(&format!("/api/login/attempts/{attempt}/redeem"), json!({}))
            .await
    }

    /// Reads the scene off the code's image, as a phone's camera would.
    pub async fn scene(&mut self, ticket: &Value) -> String {
        let address = url::Url::parse(ticket["code_url"].as_str().unwrap()).unwrap();
        let answer = self.raw(Method::GET, address.path(), &[], "").await;
        answer.expect(200);
        let scene = scene_of(&answer.bytes);
        canaries::met(&scene);
        scene
    }
}

/// Sends as many requests at once as a test likes.
pub fn client() -> awc::Client {
    awc::Client::builder()
        .timeout(Duration::from_secs(40))
        .disable_redirects()
        // The server hangs up on a connection that rests for five seconds.
        .connector(
            awc::Connector::new()
                .conn_keep_alive(Duration::from_secs(2))
                .limit(0),
        )
        .finish()
}

/// The scene in a code's image.
pub fn scene_of(image: &[u8]) -> String {
    let address = address_in(image);
    let scene = address.query_pairs().find(|(name, _)| name == "scene");
    scene.expect("a scene in the code").1.into_owned()
}

/// The address that a camera reads in an image. As a camera does, it looks again
/// from another distance: one in ten thousand codes is not read at first sight.
pub fn address_in(image: &[u8]) -> url::Url {
    let image = image::load_from_memory(image).unwrap().to_luma8();
    let (width, height) = image.dimensions();
    let text = text_in(&image).or_else(|| {
        let nearer = FilterType::Triangle;
        text_in(&imageops::resize(
            &image,
            width * 3 / 2,
            height * 3 / 2,
            nearer,
        ))
    });
    let text = text.expect("a code in the image");
    url::Url::parse(&text).unwrap()
}

fn text_in(image: &GrayImage) -> Option<String> {
    let (width, height) = image.dimensions();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            let pixel = |at: usize| u32::try_from(at).unwrap();
            image.get_pixel(pixel(x), pixel(y)).0[0]
        });
    let grids = prepared.detect_grids();
    let read = grids.iter().find_map(|grid| grid.decode().ok());
    read.map(|(_, text)| text)
}
