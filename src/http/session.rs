//! PROTOCOL, section 7: redeem, and what a session is good for.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde_json::json;

use super::{
    address::mask,
    attempts::{attempt_id, changing},
    cookies::Kind,
    extract::{client_address, requester, site},
    site::Site,
};
use crate::{
    error::Error,
    login::{ids::Secret, keys::ACCESS_TOKEN_SECONDS},
    store::Session,
};

/// `POST /api/login/attempts/{attempt}/redeem`
pub async fn redeem(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let site = changing(&request)?;
    let secure = site.settings().secure();
    let (secret, requester) = requester(&request, site, None)?;
    let previous = Kind::Session.read(&request, secure);
    let id = attempt_id(&id)?;
    let signed_in = site
        .login
        .redeem(id, &secret, &requester, previous.as_ref())
        .await?;
    Ok(HttpResponse::Ok()
        .cookie(Kind::Session.set(&signed_in.token, secure))
        .cookie(Kind::Browser.delete(secure))
        .json(json!({
            "user": site.login.public_user(signed_in.user),
            "access_token": signed_in.access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
            "return_to": signed_in.return_to,
        })))
}

/// `GET /api/me`
pub async fn me(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let session = current(site, &request).await?;
    Ok(HttpResponse::Ok().json(site.login.public_user(session.user)))
}

/// `POST /api/token`
pub async fn token(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = changing(&request)?;
    let session = current(site, &request).await?;
    Ok(HttpResponse::Ok().json(json!({
        "access_token": site.login.access_token(session.id, &session.user)?,
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_SECONDS,
    })))
}

/// `POST /api/logout`
pub async fn log_out(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = changing(&request)?;
    let secure = site.settings().secure();
    if let Some(token) = Kind::Session.read(&request, secure) {
        let ip = mask(client_address(&request, site));
        site.login.log_out(&token, &ip).await?;
    }
    Ok(HttpResponse::NoContent()
        .cookie(Kind::Session.delete(secure))
        .cookie(Kind::Browser.delete(secure))
        .finish())
}

/// `GET /.well-known/jwks.json`
pub async fn jwks(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=300"))
        .json(site.login.keys.jwks()))
}

/// The session of the request's cookie.
pub async fn current(site: &Site, request: &HttpRequest) -> Result<Session, Error> {
    site.login.session(&cookie(site, request)?).await
}

fn cookie(site: &Site, request: &HttpRequest) -> Result<Secret, Error> {
    Kind::Session
        .read(request, site.settings().secure())
        .ok_or(Error::SessionMissing)
}
