//! The client: what Saoma asks WeChat.

use std::{fmt, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{
    CodeImage, WechatIdentity, WechatSettings,
    answer::FreshToken,
    call::Call,
    error::{Endpoint, WechatError},
    steward::Ask,
    tls,
    token::{AccessToken, Token},
};

/// WeChat's API for one worker.
///
/// awc's client stays on its thread, so each worker has its own; cloning is cheap and shares
/// connections. All calls have time limits, follow no redirects, and bound what they read.
#[derive(Clone)]
pub struct Wechat {
    http: awc::Client,
    settings: Arc<WechatSettings>,
    token: Arc<AccessToken>,
}

impl Wechat {
    /// A client for the current thread, which has to run an actix `System`. Connects to nobody.
    pub fn new(settings: Arc<WechatSettings>, token: Arc<AccessToken>) -> Self {
        let http = awc::Client::builder()
            .connector(awc::Connector::new().rustls_0_23(tls::client_config()))
            // A redirect could lead the secrets in our queries elsewhere.
            .disable_redirects()
            // Each call has its own limit, which covers the body as well.
            .disable_timeout()
            .add_default_header(("User-Agent", concat!("saoma/", env!("CARGO_PKG_VERSION"))))
            .finish();
        Self {
            http,
            settings,
            token,
        }
    }

    /// Has WeChat draw a mini-program code whose scan opens our page with `scene`.
    ///
    /// `scene` is at most 32 characters of `A-Z a-z 0-9 - _`. The code never expires. WeChat
    /// draws 5,000 a minute. Takes `image_timeout` at most; when WeChat refuses the access token,
    /// asks for another and tries once more within that time.
    pub async fn code_image(&self, scene: &str) -> Result<CodeImage, WechatError> {
        let limit = self.settings.image_timeout;
        tokio::time::timeout(limit, async {
            match self.draw(scene).await {
                Err(WechatError::TokenRefused(refusal)) => {
                    tracing::info!(%refusal, "WeChat refused the access token; asking for another");
                    self.draw(scene).await
                }
                answer => answer,
            }
        })
        .await
        .unwrap_or(Err(WechatError::Timeout {
            endpoint: Endpoint::CodeImage,
            limit,
        }))
    }

    /// Exchanges the code that the mini program got from `wx.login` for the user's identity.
    ///
    /// A code works once, within 5 minutes, and may be used up by a call that fails: ask the
    /// mini program for a new one instead of repeating. Takes `timeout` at most.
    pub async fn identify(&self, js_code: &SecretString) -> Result<WechatIdentity, WechatError> {
        /// Codes have 32 characters; this leaves room and keeps the address short.
        const LONGEST_CODE: usize = 512;
        let js_code = js_code.expose_secret();
        if js_code.len() > LONGEST_CODE {
            const INVALID_CODE: i64 = 40029;
            let why = "not sent to WeChat: longer than any code";
            return Err(WechatError::refused(Endpoint::Identity, INVALID_CODE, why));
        }
        let secret = self.settings.app_secret.expose_secret();
        let mut url = self.url(Endpoint::Identity);
        url.query_pairs_mut()
            .append_pair("appid", &self.settings.app_id)
            .append_pair("secret", secret)
            .append_pair("js_code", js_code)
            .append_pair("grant_type", "authorization_code");
        let secrets = [secret, js_code];
        let call = self.call(Endpoint::Identity, &secrets);
        let answer = call.answer(self.http.get(url.as_str()).send()).await?;
        answer.identity()
    }

    /// Asks for an access token, unless one is at hand: whether WeChat takes this `AppID`,
    /// `AppSecret` and address. Takes twice `timeout` at most.
    pub async fn check_token(&self) -> Result<(), WechatError> {
        self.access_token().await.map(drop)
    }

    /// The access token for another system of the owner's, and how long it may use it.
    pub async fn lend_token(&self) -> Result<(SecretString, Duration), WechatError> {
        let token = self.access_token().await?;
        let remaining = token.remaining();
        Ok((token.secret, remaining))
    }

    /// Renews the access token shortly before its end, as long as the process runs, so that no
    /// page waits for it. A token that nobody has needed yet is not asked for.
    pub async fn keep_token_fresh(self) {
        /// Between two looks at the token's age.
        const LOOK: Duration = Duration::from_secs(5);
        /// After renewals that failed. The old token works for four minutes and a half.
        const LONGEST_PAUSE: Duration = Duration::from_secs(60);
        let mut pause = LOOK;
        loop {
            tokio::time::sleep(pause).await;
            pause = match self.renew_token_if_due().await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, advice = %error.advice_en(), "the access token could not be renewed");
                    (pause * 2)
                        .min(LONGEST_PAUSE)
                        .mul_f64(rand::random_range(0.75..1.0))
                }
            };
        }
    }

    pub(super) async fn renew_token_if_due(&self) -> Result<(), WechatError> {
        if !self.token.is_due() {
            return Ok(());
        }
        let ask = async |how| self.ask_token(how).await;
        self.token.renew(self.settings.timeout, ask).await
    }

    async fn draw(&self, scene: &str) -> Result<CodeImage, WechatError> {
        let token = self.access_token().await?;
        let secret = token.secret.expose_secret();
        let mut url = self.url(Endpoint::CodeImage);
        url.query_pairs_mut().append_pair("access_token", secret);
        let secrets = [secret];
        let call = Call {
            limit: self.settings.image_timeout,
            max_body: 1024 * 1024,
            ..self.call(Endpoint::CodeImage, &secrets)
        };
        let request = self.http.post(url.as_str());
        let drawn = call
            .answer(request.send_json(&CodeRequest::new(&self.settings, scene)))
            .await
            .and_then(|answer| answer.image());
        if let Err(WechatError::TokenRefused(_)) = &drawn {
            self.token.forget(&token);
        }
        drawn
    }

    async fn access_token(&self) -> Result<Token, WechatError> {
        self.token
            .get(self.settings.timeout, async |how| self.ask_token(how).await)
            .await
    }

    async fn ask_token(&self, how: Ask) -> Result<FreshToken, WechatError> {
        let secret = self.settings.app_secret.expose_secret();
        let secrets = [secret];
        let call = self.call(Endpoint::StableToken, &secrets);
        let request = self.http.post(self.url(Endpoint::StableToken).as_str());
        let answer = call
            .answer(request.send_json(&TokenRequest {
                grant_type: "client_credential",
                appid: &self.settings.app_id,
                secret,
                force_refresh: how == Ask::Forced,
            }))
            .await?;
        let token = answer.token()?;
        tracing::debug!(expires_in = ?token.expires_in, "WeChat gave an access token");
        Ok(token)
    }

    fn call<'a>(&self, endpoint: Endpoint, secrets: &'a [&'a str]) -> Call<'a> {
        Call {
            endpoint,
            limit: self.settings.timeout,
            max_body: 64 * 1024,
            secrets,
        }
    }

    fn url(&self, endpoint: Endpoint) -> Url {
        let mut url = self.settings.base_url.clone();
        let prefix = url.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{}", endpoint.path()));
        url
    }
}

impl fmt::Debug for Wechat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wechat")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The body of `stable_token`. In its normal mode WeChat gives out the token it has until shortly
/// before its end, so several processes may ask without ending each other's.
#[derive(Serialize)]
struct TokenRequest<'a> {
    grant_type: &'static str,
    appid: &'a str,
    secret: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force_refresh: bool,
}

/// The body of `getwxacodeunlimit`. WeChat refuses a field that is empty; what is left out has
/// its default.
#[derive(Serialize)]
struct CodeRequest<'a> {
    scene: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    page: &'a str,
    /// Whether the page has to be in the published version; a trial may be ahead of that.
    check_path: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_version: Option<&'a str>,
    width: u32,
}

impl<'a> CodeRequest<'a> {
    fn new(settings: &'a WechatSettings, scene: &'a str) -> Self {
        let env_version = Some(settings.env_version.as_str())
            .filter(|version| !matches!(*version, "" | "release"));
        Self {
            scene,
            page: settings.page.trim_start_matches('/'),
            check_path: env_version.is_none(),
            env_version,
            width: settings.width,
        }
    }
}
