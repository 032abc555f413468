//! PROTOCOL, section 10: what the owner's other systems get from this one.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::extract::site;
use crate::{error::Error, wechat::Wechat};

/// `GET /internal/wechat/access_token`, on the admin address only. Without `SAOMA_INTERNAL_KEY`
/// there is no such address.
pub async fn access_token(
    request: HttpRequest,
    wechat: Data<Wechat>,
) -> Result<HttpResponse, Error> {
    let key = site(&request)?.settings().internal_key.as_ref();
    let key = key.ok_or(Error::NotFound)?;
    let line = request.headers().get(header::AUTHORIZATION);
    if !line.is_some_and(|line| is_key(line.as_bytes(), key)) {
        return Err(Error::InternalKeyWrong);
    }
    let (token, remaining) = wechat.lend_token().await.map_err(|error| {
        tracing::warn!(%error, advice = %error.advice_en(), "there is no access token to lend");
        Error::WechatUnavailable(error)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({
            "access_token": token.expose_secret(),
            "expires_in": remaining.as_secs(),
        })))
}

/// Whether an `Authorization` line carries the key. Hashes are compared, which tells by its time
/// neither the key nor its length.
fn is_key(line: &[u8], key: &SecretString) -> bool {
    let Some((scheme, token)) = line.split_at_checked("bearer ".len()) else {
        return false;
    };
    let (given, known) = (
        Sha256::digest(token.trim_ascii()),
        Sha256::digest(key.expose_secret()),
    );
    scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(given.as_slice().ct_eq(known.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_key_behind_its_scheme_counts() {
        let key = SecretString::from("0123456789abcdefghijkl");
        for line in [
            "Bearer 0123456789abcdefghijkl",
            "bearer  0123456789abcdefghijkl ",
        ] {
            assert!(is_key(line.as_bytes(), &key), "{line}");
        }
        for line in [
            "",
            "Bearer",
            "Bearer ",
            "0123456789abcdefghijkl",
            "Basic 0123456789abcdefghijkl",
            "Bearer 0123456789abcdefghijk",
            "Bearer 0123456789abcdefghijkl0",
        ] {
            assert!(!is_key(line.as_bytes(), &key), "{line}");
        }
    }
}
