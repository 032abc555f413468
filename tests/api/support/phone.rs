//! A phone with the mini program: it talks to the phone API as WeChat's `wx.request` would.

use actix_web::http::{Method, StatusCode, header};
use awc::error::WsClientError;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    browser::{Answer, client},
    canaries,
    line::PhoneSocket,
};

/// WeChat's entry scenes: the camera on a code, and a picture that somebody sent.
pub const CAMERA: i32 = 1047;
pub const FORWARDED: i32 = 1048;

/// One person's phone; a clone asks at the same time.
#[derive(Clone)]
pub struct Phone {
    pub url: String,
    pub openid: String,
    pub token: String,
    pub language: String,
    /// Where a trusted proxy says that it is.
    pub address: Option<String>,
    wechat: String,
    pub client: awc::Client,
}

impl Phone {
    /// A phone of a new person, signed in with `wx.login`.
    pub async fn new(url: &str, wechat: &str) -> Self {
        let mut phone = Self {
            url: url.to_owned(),
            openid: format!("o{}", Uuid::new_v4().simple()),
            token: String::new(),
            language: "en".to_owned(),
            address: None,
            wechat: wechat.trim_end_matches('/').to_owned(),
            client: client(),
        };
        canaries::met(&phone.openid);
        phone.sign_in().await.expect(200);
        phone
    }

    /// The same phone once more.
    pub fn copy(&self) -> Self {
        Self {
            url: self.url.clone(),
            openid: self.openid.clone(),
            token: self.token.clone(),
            language: self.language.clone(),
            address: self.address.clone(),
            wechat: self.wechat.clone(),
            client: self.client.clone(),
        }
    }

    /// What `wx.login` gives this person.
    pub async fn js_code(&self) -> String {
        let body = json!({"openid": self.openid, "unionid": format!("u{}", self.openid)});
        let request = self.client.post(format!("{}/_sim/js_code", self.wechat));
        let answer = Answer::of(request.send_json(&body).await.unwrap()).await;
        let code = answer.expect(200)["code"].as_str().unwrap().to_owned();
        canaries::met(&code);
        code
    }

    pub async fn sign_in(&mut self) -> Answer {
        let body = json!({"code": self.js_code().await});
        let answer = self
            .request(Method::POST, "/api/phone/session", Some(body))
            .await;
        let body = answer.json();
        body["token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.token);
        answer
    }

    pub async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .insert_header((header::AUTHORIZATION, format!("Bearer {}", self.token)))
            .insert_header((header::ACCEPT_LANGUAGE, self.language.clone()));
        if let Some(address) = &self.address {
            request = request.insert_header(("x-forwarded-for", address.clone()));
        }
        let sent = match body {
            Some(body) => request.send_json(&body),
            None => request.send(),
        };
        let answer = Answer::of(sent.await.unwrap()).await;
        canaries::met_in(&answer.json());
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, None).await
    }

    /// By the camera.
    pub async fn scan(&self, scene: &str) -> Answer {
        self.scan_by(scene, CAMERA).await
    }

    /// By this of WeChat's entry scenes.
    pub async fn scan_by(&self, scene: &str, entry_scene: i32) -> Answer {
        let body = json!({"scene": scene, "entry_scene": entry_scene});
        self.post("/api/phone/scan", body).await
    }

    pub async fn confirm(&self, nonce: &Value) -> Answer {
        self.confirm_with(nonce, &Value::Null).await
    }

    pub async fn confirm_with(&self, nonce: &Value, number: &Value) -> Answer {
        let body = json!({"nonce": nonce, "number": number});
        self.post("/api/phone/confirm", body).await
    }

    pub async fn refuse(&self, nonce: &Value) -> Answer {
        self.post("/api/phone/cancel", json!({"nonce": nonce}))
            .await
    }

    pub async fn register(&self, nickname: Option<&str>) -> Answer {
        self.post("/api/phone/register", json!({"nickname": nickname}))
            .await
    }

    pub async fn rename(&self, nickname: &str) -> Answer {
        let body = json!({"nickname": nickname});
        self.request(Method::PUT, "/api/phone/me", Some(body)).await
    }

    /// As `wx.request` sends an `ArrayBuffer`; an empty content type is none.
    pub async fn send_avatar(&self, content_type: &str, picture: Vec<u8>) -> Answer {
        let mut request = self
            .client
            .put(format!("{}/api/phone/avatar", self.url))
            .insert_header((header::AUTHORIZATION, format!("Bearer {}", self.token)))
            .insert_header((header::ACCEPT_LANGUAGE, self.language.clone()));
        if !content_type.is_empty() {
            request = request.insert_header((header::CONTENT_TYPE, content_type));
        }
        Answer::of(request.send_body(picture).await.unwrap()).await
    }

    /// Opens `/ws/phone` with the token in the request, or says with which status it was refused.
    pub async fn try_socket(&self) -> Result<PhoneSocket, StatusCode> {
        self.try_socket_with(Some(&self.token)).await
    }

    /// With this token in the request, or none.
    pub async fn try_socket_with(&self, token: Option<&str>) -> Result<PhoneSocket, StatusCode> {
        let mut request = self
            .client
            .ws(format!("{}/ws/phone", self.url))
            .set_header(header::ACCEPT_LANGUAGE, self.language.clone());
        if let Some(token) = token {
            request = request.set_header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        match request.connect().await {
            Ok((_, socket)) => Ok(PhoneSocket::new(socket)),
            Err(WsClientError::InvalidResponseStatus(status)) => Err(status),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens `/ws/phone`, and says who this is in the first frame.
    pub async fn socket(&self) -> PhoneSocket {
        let mut socket = self.try_socket_with(None).await.unwrap();
        let auth = json!({"type": "auth", "token": self.token});
        socket.send(auth).await;
        socket
    }

    pub async fn attempt(&self, attempt: &Value) -> Answer {
        self.get(&format!(
            "/api/phone/attempts/{}",
            attempt.as_str().unwrap()
        ))
        .await
    }
}
