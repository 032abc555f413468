//! PROTOCOL, section 8: what the mini program asks for.

use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    web::{self, Path},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    address::mask,
    attempts::{attempt_id, long_poll},
    extract::{self, Body, bearer, client_address, language, site},
    phone_calls,
    site::Site,
};
use crate::{
    error::Error,
    hub::messages::Poller,
    login::{
        attempt::{Attempt, State},
        avatar,
        phone::{Asking, Phone},
        reason::Reason,
    },
    session::protocol::PhoneCall,
};

/// As long as the mini program waits: a picture goes through a phone's bad network.
const PICTURE_LIMIT: Duration = Duration::from_secs(30);

/// `POST /api/phone/session`
pub async fn sign_in(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        code: String,
    }
    let site = site(&request)?;
    site.login
        .limits
        .phone_session(client_address(&request, site))
        .await?;
    let Fields { code } = body.read()?;
    let signed_in = site.login.sign_in_phone(&code).await?;
    let user = signed_in.user.map(|user| site.login.public_user(user));
    Ok(HttpResponse::Ok().json(json!({
        "token": signed_in.token.expose(),
        "expires_in": signed_in.expires_in,
        "registered": user.is_some(),
        "user": user,
    })))
}

/// `DELETE /api/phone/session`
pub async fn sign_out(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, phone) = phone(&request).await?;
    site.login.sign_out_phone(&phone).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/phone/scan`
pub async fn scan(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    call(&request, PhoneCall::Scan, &body).await
}

/// `POST /api/phone/confirm`
pub async fn confirm(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    call(&request, PhoneCall::Confirm, &body).await
}

/// `POST /api/phone/cancel`
pub async fn cancel(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    call(&request, PhoneCall::Cancel, &body).await
}

async fn call(request: &HttpRequest, call: PhoneCall, body: &Body) -> Result<HttpResponse, Error> {
    let site = site(request)?;
    let asking = asking(request, site)?;
    let language = language(request);
    let answered = phone_calls::answer(&site.login, asking, language, call, body.value()).await?;
    Ok(answered.into())
}

/// `GET /api/phone/attempts/{attempt}`
pub async fn attempt(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, phone) = phone(&request).await?;
    let id = attempt_id(&id)?;
    let read = async || {
        let attempt = site.login.find_claimed(&phone, id).await?;
        let view = view(site, &phone, &attempt).await?;
        Ok((attempt.version, view))
    };
    let found = long_poll(&request, site, id, Poller::Phone, read).await?;
    Ok(found.map_or_else(
        || HttpResponse::NoContent().finish(),
        |view| HttpResponse::Ok().json(view),
    ))
}

/// `POST /api/phone/register`
pub async fn register(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        nickname: Option<String>,
    }
    let (site, phone) = phone(&request).await?;
    let Fields { nickname } = body.read()?;
    // An empty field of a form is a nickname that was not given.
    let nickname = nickname.filter(|nickname| !nickname.trim().is_empty());
    let user = site.login.register(&phone, nickname.as_deref()).await?;
    Ok(HttpResponse::Created().json(site.login.public_user(user)))
}

/// `PUT /api/phone/me`
pub async fn rename(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        nickname: String,
    }
    let (site, phone) = phone(&request).await?;
    let Fields { nickname } = body.read()?;
    let user = site.login.rename(&phone, &nickname).await?;
    Ok(HttpResponse::Ok().json(site.login.public_user(user)))
}

/// `PUT /api/phone/avatar`
pub async fn set_avatar(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let asked = ready_for_avatar(&request).await;
    let mut payload = payload.into_inner();
    let (site, phone) = match asked {
        Ok(asked) => asked,
        Err(error) => {
            // Whoever is still sending does not hear the answer.
            extract::pass_by(&mut payload, avatar::LARGEST, PICTURE_LIMIT).await;
            return Err(error);
        }
    };
    let picture = extract::read_all(&mut payload, avatar::LARGEST, PICTURE_LIMIT).await?;
    let said = request.content_type();
    let user = site.login.set_avatar(&phone, said, picture).await?;
    Ok(HttpResponse::Ok().json(site.login.public_user(user)))
}

/// Who it is stands before what he sends: a stranger's picture takes no memory.
async fn ready_for_avatar(request: &HttpRequest) -> Result<(&Site, Phone), Error> {
    let (site, phone) = phone(request).await?;
    phone.registered()?;
    site.login.limits.picture(&phone).await?;
    Ok((site, phone))
}

/// `DELETE /api/phone/account`
pub async fn delete_account(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, phone) = phone(&request).await?;
    site.login.delete_account(&phone).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The phone that asks, by its token.
pub async fn phone(request: &HttpRequest) -> Result<(&Site, Phone), Error> {
    let site = site(request)?;
    let phone = site.login.phone(asking(request, site)?).await?;
    Ok((site, phone))
}

fn asking(request: &HttpRequest, site: &Site) -> Result<Asking, Error> {
    let address = client_address(request, site);
    Ok(Asking {
        token: bearer(request)?,
        address,
        ip: mask(address),
    })
}

async fn view(site: &Site, phone: &Phone, attempt: &Attempt) -> Result<Value, Error> {
    let session = match attempt.state {
        State::Redeemed => site.login.session_of(attempt.id).await?,
        _ => None,
    };
    let reference = match attempt.reason {
        Some(Reason::RegistrationClosed) => site.login.reference_of(phone).await?,
        _ => None,
    };
    let mut view = json!({
        "attempt": attempt.id,
        "version": attempt.version,
        "state": attempt.state,
        "reason": attempt.reason.map(Reason::as_public_str),
        "expires_in": attempt.expires_in,
        "check_code": site.login.check_code(attempt),
        "session": session,
    });
    if let Some(reference) = reference {
        view["reference"] = reference.into();
    }
    Ok(view)
}
