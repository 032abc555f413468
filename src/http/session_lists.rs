//! PROTOCOL, sections 7 and 8: a user's sessions, from a browser and from the phone.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    address::mask,
    attempts::changing,
    extract::{client_address, language, placed},
    phone, session,
    site::Site,
};
use crate::{
    error::Error,
    login::sessions::Owner,
    store::{EndedBy, ListedSession, Session},
};

/// `GET /api/sessions`
pub async fn of_browser(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, current, owner) = browser(&request, super::extract::site(&request)?).await?;
    let sessions = site.login.sessions(&owner).await?;
    let listed = sessions
        .iter()
        .map(|session| entry(&request, site, session, session.id == current.id));
    Ok(HttpResponse::Ok().json(json!({"sessions": listed.collect::<Vec<_>>()})))
}

/// `DELETE /api/sessions/{id}`
pub async fn end_by_browser(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, _, owner) = browser(&request, changing(&request)?).await?;
    site.login.end_session(&owner, session_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /api/sessions`: all but this one.
pub async fn end_others(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, current, owner) = browser(&request, changing(&request)?).await?;
    site.login.end_sessions(&owner, Some(current.id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /api/phone/sessions`: an entry is `new` until this has listed it once.
pub async fn of_phone(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, owner) = phone_owner(&request).await?;
    let Some(owner) = owner else {
        return Ok(HttpResponse::Ok().json(json!({"sessions": []})));
    };
    let sessions = site.login.sessions(&owner).await?;
    let listed = sessions.iter().map(|session| {
        let mut entry = entry(&request, site, session, false);
        entry["new"] = session.is_new.into();
        entry
    });
    Ok(HttpResponse::Ok().json(json!({"sessions": listed.collect::<Vec<_>>()})))
}

/// `DELETE /api/phone/sessions/{id}`
pub async fn end_by_phone(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, owner) = phone_owner(&request).await?;
    let owner = owner.ok_or(Error::SessionUnknown)?;
    site.login.end_session(&owner, session_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /api/phone/sessions`: all of them.
pub async fn end_all(request: HttpRequest) -> Result<HttpResponse, Error> {
    let (site, owner) = phone_owner(&request).await?;
    if let Some(owner) = owner {
        site.login.end_sessions(&owner, None).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/phone/sessions/{id}/report`: 'this was not me'.
pub async fn report(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, owner) = phone_owner(&request).await?;
    let owner = owner.ok_or(Error::SessionUnknown)?;
    site.login.report_session(&owner, session_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn entry(request: &HttpRequest, site: &Site, session: &ListedSession, current: bool) -> Value {
    let browser = placed(&site.login, language(request), &session.browser);
    json!({
        "id": session.id,
        "browser": browser.name,
        "os": browser.os,
        "ip": browser.ip,
        "place": browser.place,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "current": current,
    })
}

async fn browser<'a>(
    request: &HttpRequest,
    site: &'a Site,
) -> Result<(&'a Site, Session, Owner), Error> {
    let session = session::current(site, request).await?;
    let owner = Owner {
        user: session.user.id,
        by: EndedBy::Browser,
        ip: mask(client_address(request, site)),
    };
    Ok((site, session, owner))
}

/// None for somebody without an account, who has no sessions.
async fn phone_owner(request: &HttpRequest) -> Result<(&Site, Option<Owner>), Error> {
    let (site, phone) = phone::phone(request).await?;
    let owner = phone.user.as_ref().map(|user| Owner {
        user: user.id,
        by: EndedBy::Phone,
        ip: phone.ip.clone(),
    });
    Ok((site, owner))
}

/// The session of a path; what is no id is nobody's session.
fn session_id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::SessionUnknown)
}
