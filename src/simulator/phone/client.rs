//! The phones' calls to Saoma's phone API, each with the session of the user who holds the phone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, REFERER, RETRY_AFTER,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use awc::error::WsClientError;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::super::settings::SimulatedUser;
use super::super::state::SharedState;
use super::channel::Socket;
use super::language::Language;
use super::problem::Problem;

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Shorter than servers keep idle connections (5 s by actix-web's default), so that no call goes
/// out on one that is being closed.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// Of a whole answer, long polls included: those wait 25 s at Saoma.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const LARGEST_ANSWER: usize = 256 * 1024;
const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
     AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60 \
     NetType/WIFI Language/zh_CN";

/// One call of the phone API.
pub(super) struct Call<'a> {
    pub(super) user: &'a SimulatedUser,
    pub(super) method: Method,
    /// Path and query, from `/api/phone` on.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) language: Language,
}

/// All the phones: one HTTP client, and one phone token a user and server.
pub(super) struct Phones {
    http: awc::Client,
    tokens: RefCell<HashMap<(Url, String), String>>,
    /// Held while a session is opened, so that two calls at once do not open two.
    opening: Mutex<()>,
}

struct Answer {
    status: StatusCode,
    content_type: Option<String>,
    retry_after: Option<String>,
    body: Bytes,
}

impl Phones {
    pub(super) fn new() -> Self {
        let mut connector = awc::Connector::new()
            .timeout(CONNECT_LIMIT)
            .conn_keep_alive(IDLE_LIMIT);
        if let Some(tls) = tls() {
            connector = connector.rustls_0_23(Arc::new(tls));
        }
        let http = awc::Client::builder()
            .connector(connector)
            .timeout(ANSWER_LIMIT)
            .disable_redirects()
            .add_default_header(("User-Agent", USER_AGENT))
            .finish();
        Self {
            http,
            tokens: RefCell::default(),
            opening: Mutex::new(()),
        }
    }

    /// Makes the call with the user's phone session, opening one where there is none and once
    /// more where Saoma does not take it, and hands on whatever Saoma answers.
    pub(super) async fn call(&self, state: &SharedState, call: &Call<'_>) -> HttpResponse {
        let answer = match state.saoma_url() {
            Some(saoma) => self.with_session(state, &saoma, call).await,
            None => Err(Problem::SaomaUnset),
        };
        match answer {
            Ok(answer) => answer.into_response(),
            Err(problem) => problem.response(call.language),
        }
    }

    async fn with_session(
        &self,
        state: &SharedState,
        saoma: &Url,
        call: &Call<'_>,
    ) -> Result<Answer, Problem> {
        let mut refused = None;
        loop {
            let token = match self.token(state, saoma, call, refused.as_deref()).await? {
                Ok(token) => token,
                Err(refusal) => return Ok(refusal),
            };
            let answer = self.send(state, saoma, call, Some(&token)).await?;
            if answer.status != StatusCode::UNAUTHORIZED || refused.is_some() {
                return Ok(answer);
            }
            refused = Some(token);
        }
    }

    /// The user's socket at Saoma, opened with his phone session as [`Self::call`] does, or
    /// Saoma's refusal.
    pub(super) async fn socket(
        &self,
        state: &SharedState,
        user: &SimulatedUser,
        language: Language,
    ) -> Result<Result<Socket, HttpResponse>, Problem> {
        let saoma = state.saoma_url().ok_or(Problem::SaomaUnset)?;
        let call = Call {
            user,
            method: Method::GET,
            path: "/ws/phone".to_owned(),
            body: None,
            language,
        };
        let mut refused = None;
        loop {
            let token = self.token(state, &saoma, &call, refused.as_deref()).await?;
            let token = match token {
                Ok(token) => token,
                Err(refusal) => return Ok(Err(refusal.into_response())),
            };
            let request = self
                .http
                .ws(address(&saoma, &call.path))
                .set_header(ACCEPT_LANGUAGE, language.tag())
                .set_header(AUTHORIZATION, format!("Bearer {token}"));
            match request.connect().await {
                Ok((_, socket)) => return Ok(Ok(socket)),
                Err(WsClientError::InvalidResponseStatus(status)) => {
                    if status != StatusCode::UNAUTHORIZED || refused.is_some() {
                        return Err(Problem::SaomaUnreachable);
                    }
                    refused = Some(token);
                }
                Err(error) => {
                    tracing::warn!(%error, path = %call.path, "the phone does not reach Saoma");
                    return Err(Problem::SaomaUnreachable);
                }
            }
        }
    }

    /// The user's phone token, or Saoma's refusal to give one. `refused` is a token that Saoma no
    /// longer takes.
    async fn token(
        &self,
        state: &SharedState,
        saoma: &Url,
        call: &Call<'_>,
        refused: Option<&str>,
    ) -> Result<Result<String, Answer>, Problem> {
        let _opening = self.opening.lock().await;
        let key = (saoma.clone(), call.user.id.clone());
        let known = self.tokens.borrow().get(&key).cloned();
        if let Some(token) = known.filter(|token| Some(token.as_str()) != refused) {
            return Ok(Ok(token));
        }
        let code = state
            .login_code_of(call.user, None)
            .map_err(|_| Problem::BadRequest)?;
        let open = Call {
            user: call.user,
            method: Method::POST,
            path: "/api/phone/session".into(),
            body: Some(json!({ "code": code })),
            language: call.language,
        };
        let answer = self.send(state, saoma, &open, None).await?;
        if !answer.status.is_success() {
            return Ok(Err(answer));
        }
        let session: Value =
            serde_json::from_slice(&answer.body).map_err(|_| Problem::SaomaUnintelligible)?;
        let token = session["token"]
            .as_str()
            .ok_or(Problem::SaomaUnintelligible)?
            .to_owned();
        self.tokens.borrow_mut().insert(key, token.clone());
        Ok(Ok(token))
    }

    async fn send(
        &self,
        state: &SharedState,
        saoma: &Url,
        call: &Call<'_>,
        token: Option<&str>,
    ) -> Result<Answer, Problem> {
        let address = address(saoma, &call.path);
        let referer = format!(
            "https://servicewechat.com/{}/1/page-frame.html",
            state.app_id()
        );
        let mut request = self
            .http
            .request(call.method.clone(), address)
            .insert_header((ACCEPT_LANGUAGE, call.language.tag()))
            .insert_header((REFERER, referer));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let sent = match &call.body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let mut response = sent.map_err(|error| {
            tracing::warn!(%error, path = %call.path, "the phone does not reach Saoma");
            Problem::SaomaUnreachable
        })?;
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (content_type, retry_after) = (header(CONTENT_TYPE), header(RETRY_AFTER));
        let body = response.body().limit(LARGEST_ANSWER).await;
        Ok(Answer {
            status: response.status(),
            content_type,
            retry_after,
            body: body.map_err(|_| Problem::SaomaUnreachable)?,
        })
    }
}

fn address(saoma: &Url, path: &str) -> String {
    format!("{}{path}", saoma.as_str().trim_end_matches('/'))
}

impl Answer {
    fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(content_type) = self.content_type {
            response.insert_header((CONTENT_TYPE, content_type));
        }
        if let Some(retry_after) = self.retry_after {
            response.insert_header((RETRY_AFTER, retry_after));
        }
        response.body(self.body)
    }
}

/// TLS for a Saoma behind https, with the roots that browsers trust. `None` only if the provider
/// lacked the protocol versions that it has.
fn tls() -> Option<ClientConfig> {
    let roots = webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .cloned()
        .collect::<RootCertStore>();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Some(
        config
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}
