//! From a raw request to what the rules take.

use std::{future::Future, net::IpAddr, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    address,
    cookies::Kind,
    credentials,
    language::{self, Language},
    return_to,
    site::Site,
    user_agent,
};
use crate::{
    error::Error,
    login::{Login, attempt::Browser, begin::Requester, ids::Secret},
};

/// Bytes of the largest JSON body.
const BODY: usize = 64 * 1024;
/// A body that takes longer to come is somebody's mistake or attack.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// The handlers' state.
pub fn site(request: &HttpRequest) -> Result<&Site, Error> {
    let site = request.app_data::<web::Data<Site>>();
    site.map(web::Data::get_ref)
        .ok_or_else(|| Error::Internal(anyhow::anyhow!("no site")))
}

/// The language that the person reads.
pub fn language(request: &HttpRequest) -> Language {
    let header = request.headers().get(header::ACCEPT_LANGUAGE);
    let cookie = request.cookie(language::COOKIE);
    Language::choose(
        query(request, "lang").as_deref(),
        cookie.as_ref().map(actix_web::cookie::Cookie::value),
        header.and_then(|header| header.to_str().ok()),
    )
}

/// One parameter of the query.
pub fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let mut named = pairs.filter(|(key, _)| key == name);
    named.next().map(|(_, value)| value.into_owned())
}

/// The address that asks.
pub fn client_address(request: &HttpRequest, site: &Site) -> IpAddr {
    // A listener that is not TCP has no peer; there is none here.
    let peer = request
        .peer_addr()
        .map_or(IpAddr::from([0; 4]), |peer| peer.ip());
    site.addresses.client(peer, request.headers())
}

/// The browser's secret, and what an attempt keeps of the browser.
pub fn requester(
    request: &HttpRequest,
    site: &Site,
    return_to: Option<&str>,
) -> Result<(Secret, Requester), Error> {
    let settings = site.settings();
    let secret = Kind::Browser.read(request, settings.secure());
    let secret = secret.ok_or(Error::BrowserSecretMissing)?;
    let agent = request.headers().get(header::USER_AGENT);
    let (name, os) = user_agent::describe(
        agent
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default(),
    );
    let address = client_address(request, site);
    let return_to = return_to.and_then(|text| return_to::check(text, &settings.return_origins));
    let requester = Requester {
        browser_hash: secret.hash(),
        browser: Browser {
            name,
            os,
            ip: address::mask(address),
            place: None,
        },
        return_to: return_to.map(str::to_owned),
        address,
    };
    Ok((secret, requester))
}

/// The browser with the place of its address, in the words of whoever reads it.
pub fn placed(login: &Login, language: Language, browser: &Browser) -> Browser {
    let place = login.places.place(&browser.ip, language);
    Browser {
        place,
        ..browser.clone()
    }
}

/// The token of `Authorization: Bearer`.
pub fn bearer(request: &HttpRequest) -> Result<Secret, Error> {
    let line = request.headers().get(header::AUTHORIZATION);
    line.and_then(|line| credentials::bearer(line.as_bytes()))
        .ok_or(Error::PhoneSessionInvalid)
}

/// The whole of a body of at most so many bytes that comes within this time.
pub async fn read_all(
    payload: &mut Payload,
    most: usize,
    within: Duration,
) -> Result<Vec<u8>, Error> {
    let bytes = tokio::time::timeout(within, async {
        let mut bytes = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Error::BadRequest(error.to_string()))?;
            if bytes.len() + chunk.len() > most {
                return Err(Error::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    });
    let too_slow = |_| Error::BadRequest("the body came too slowly".to_owned());
    bytes.await.map_err(too_slow)?
}

/// Reads a body of at most so many bytes and keeps nothing of it, so that its sender comes to hear
/// the answer.
pub async fn pass_by(payload: &mut Payload, most: usize, within: Duration) {
    let mut passed = 0;
    let passing = async {
        while let Some(Ok(chunk)) = payload.next().await {
            passed += chunk.len();
            if passed > most {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(within, passing).await;
}

/// A JSON object; an absent body is an empty one.
#[derive(Debug)]
pub struct Body(Value);

impl Body {
    /// The fields that a request needs; others are ignored.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.0).map_err(|error| Error::BadRequest(error.to_string()))
    }

    /// All of it as it came.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl FromRequest for Body {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = request
            .content_type()
            .eq_ignore_ascii_case("application/json");
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read_all(&mut payload, BODY, BODY_LIMIT).await?;
            if bytes.is_empty() {
                return Ok(Self(Value::Object(serde_json::Map::new())));
            }
            if !json {
                return Err(Error::UnsupportedMediaType);
            }
            let value: Value = serde_json::from_slice(&bytes)
                .map_err(|error| Error::BadRequest(error.to_string()))?;
            if !value.is_object() {
                return Err(Error::BadRequest("the body is no object".to_owned()));
            }
            Ok(Self(value))
        })
    }
}
