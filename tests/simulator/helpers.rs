//! A running simulator and short ways to ask it.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::web::Bytes;
use awc::http::Method;
use awc::http::header::HeaderMap;
use saoma::simulator::{SharedState, Simulator, SimulatorSettings};
use serde_json::{Value, json};

/// No answer takes this long unless something is broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct TestSimulator {
    pub simulator: Simulator,
    pub http: awc::Client,
}

pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub fn start() -> TestSimulator {
    start_with(SimulatorSettings::default())
}

pub fn start_with(settings: SimulatorSettings) -> TestSimulator {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let simulator = Simulator::start(listener, settings).expect("the simulator starts");
    let http = awc::Client::builder().timeout(PATIENCE).finish();
    TestSimulator { simulator, http }
}

impl TestSimulator {
    pub fn state(&self) -> &SharedState {
        self.simulator.state()
    }

    pub fn advance(&self, seconds: u64) {
        self.state().advance(Duration::from_secs(seconds));
    }

    /// Moves on to the beginning of a day in China, so that no counter turns by chance.
    pub fn begin_a_day(&self) {
        let into_the_day = (self.state().now().timestamp() + 8 * 3600).rem_euclid(86_400);
        self.advance(86_400 - into_the_day.unsigned_abs());
    }

    pub fn url(&self, path: &str) -> String {
        format!(
            "{}{path}",
            self.simulator.url().as_str().trim_end_matches('/')
        )
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &body.to_string()).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &str) -> Reply {
        let request = self.http.request(method, self.url(path));
        answer(request.content_type("application/json"), body).await
    }

    /// A stable token of the first mini program.
    pub async fn access_token(&self) -> String {
        self.stable_token(false).await.token()
    }

    pub async fn stable_token(&self, force_refresh: bool) -> Reply {
        let body = json!({
            "grant_type": "client_credential",
            "appid": APP_ID,
            "secret": secret(),
            "force_refresh": force_refresh,
        });
        self.post("/cgi-bin/stable_token", &body).await
    }

    pub async fn plain_token(&self) -> Reply {
        let secret = secret();
        self.get(&format!(
            "/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={secret}"
        ))
        .await
    }

    /// Orders a code with this token.
    pub async fn code_image_with(&self, token: &str, body: &Value) -> Reply {
        self.post(
            &format!("/wxa/getwxacodeunlimit?access_token={token}"),
            body,
        )
        .await
    }

    /// Orders a code with a good token.
    pub async fn code_image(&self, body: &Value) -> Reply {
        self.code_image_with(&self.access_token().await, body).await
    }

    /// Whether this token opens a `wxa` endpoint, or the errcode that says why not.
    pub async fn errcode_with_token(&self, token: &str) -> i64 {
        let reply = self
            .code_image_with(token, &json!({ "scene": "abc" }))
            .await;
        if reply.content_type == "image/jpeg" {
            0
        } else {
            reply.errcode()
        }
    }

    pub async fn login_code(&self, body: &Value) -> String {
        self.post("/_sim/js_code", body).await.json()["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Exchanges a `wx.login` code for a session as the first mini program's server does.
    pub async fn exchange(&self, code: &str) -> Reply {
        self.exchange_as(APP_ID, &secret(), code).await
    }

    pub async fn exchange_as(&self, app_id: &str, secret: &str, code: &str) -> Reply {
        self.get(&format!(
            "/sns/jscode2session?appid={app_id}&secret={secret}&js_code={code}\
             &grant_type=authorization_code"
        ))
        .await
    }
}

/// Sends the request and takes its whole answer.
pub async fn answer(request: awc::ClientRequest, body: &str) -> Reply {
    let mut response = request.send_body(body.to_owned()).await.expect("an answer");
    let headers = response.headers().clone();
    let content_type = headers
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    Reply {
        status: response.status().as_u16(),
        content_type: content_type.unwrap_or_default(),
        headers,
        body: response.body().await.expect("a whole answer"),
    }
}

impl Reply {
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("JSON expected, got {:?}", self.body))
    }

    pub fn token(&self) -> String {
        self.json()["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.text()))
            .into()
    }

    pub fn expires_in(&self) -> i64 {
        self.json()["expires_in"]
            .as_i64()
            .unwrap_or_else(|| panic!("{}", self.text()))
    }

    /// The errcode of a refusal, which always comes with HTTP status 200.
    #[track_caller]
    pub fn errcode(&self) -> i64 {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.json()["errcode"]
            .as_i64()
            .unwrap_or_else(|| panic!("{}", self.text()))
    }

    pub fn errmsg(&self) -> String {
        self.json()["errmsg"]
            .as_str()
            .expect("an errmsg")
            .to_owned()
    }
}

pub const APP_ID: &str = "wx0123456789abcdef";

pub fn secret() -> String {
    SimulatorSettings::default().app_secret
}
