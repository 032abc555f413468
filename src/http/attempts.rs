//! PROTOCOL, section 6: the login without sockets.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde::Deserialize;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::{
    extract::{Body, query, requester, site},
    origin,
    site::Site,
};
use crate::{
    error::Error,
    hub::{
        ask,
        messages::{Poller, TooManyPolls, Wait, Wake},
    },
    login::{attempt::Step, begin::Requester, ids::AttemptId},
};

/// Seconds that a poll may wait at the most.
const WAIT: u64 = 25;

/// `POST /api/login/attempts`
pub async fn begin(request: HttpRequest, body: Body) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        return_to: Option<String>,
    }
    let site = changing(&request)?;
    let fields: Fields = body.read()?;
    let (_, requester) = requester(&request, site, fields.return_to.as_deref())?;
    if site.draining.has_begun() {
        return Err(Error::Draining);
    }
    let attempt = site.login.begin(&requester).await?;
    Ok(HttpResponse::Created().json(site.login.message(&attempt)))
}

/// `GET /api/login/attempts/{attempt}`
pub async fn poll(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let (_, requester) = requester(&request, site, None)?;
    let id = attempt_id(&id)?;
    let read = async || {
        let attempt = site.login.find(id, &requester).await?;
        Ok((attempt.version, site.login.message(&attempt)))
    };
    let found = long_poll(&request, site, id, Poller::Browser, read).await?;
    Ok(found.map_or_else(
        || HttpResponse::NoContent().finish(),
        |message| HttpResponse::Ok().json(message),
    ))
}

/// `POST /api/login/attempts/{attempt}/refresh`
pub async fn refresh(
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        version: i32,
        silent: bool,
    }
    let site = changing(&request)?;
    let (_, requester) = requester(&request, site, None)?;
    let id = attempt_id(&id)?;
    let Fields { version, silent } = body.read()?;
    let refreshed = site.login.refresh(id, version, silent, &requester).await?;
    if let Some(ended) = &refreshed.ended {
        site.login.publish(ended);
    }
    Ok(HttpResponse::Ok().json(site.login.message(&refreshed.attempt)))
}

/// `POST /api/login/attempts/{attempt}/cancel`
pub async fn cancel(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, id, requester) = own(&request, &id)?;
    site.login.cancel(id, &requester).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/login/attempts/{attempt}/link`: for a page on the phone itself.
pub async fn link(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let (site, id, requester) = own(&request, &id)?;
    let url = site.login.link(id, &requester).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "url": url })))
}

/// `POST /api/login/attempts/{attempt}/check`: the strict check's six digits.
pub async fn check(
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Error> {
    #[derive(Deserialize)]
    struct Fields {
        code: String,
    }
    let (site, id, requester) = own(&request, &id)?;
    let Fields { code } = body.read()?;
    let checked = site.login.check(id, &requester, &code).await?;
    let attempt = &checked.attempt;
    if checked.wrong {
        let over = !attempt.state.is_open();
        return Err(Error::CodeWrong(if over { 0 } else { attempt.tries_left }));
    }
    if !attempt.state.is_open() {
        return Err(attempt.refusal(Step::PassCheck));
    }
    Ok(HttpResponse::Ok().json(site.login.message(attempt)))
}

/// Answers at once if what `read` finds is not the version that the client
/// knows, else when it changes; none when the wait is over first.
pub async fn long_poll<T>(
    request: &HttpRequest,
    site: &Site,
    id: AttemptId,
    poller: Poller,
    read: impl AsyncFn() -> Result<(i32, T), Error>,
) -> Result<Option<T>, Error> {
    if site.draining.has_begun() {
        return Err(Error::Draining);
    }
    let number = |name: &str| {
        let text = query(request, name);
        let number = text.map(|text| text.parse::<u32>()).transpose();
        number.map_err(|_| Error::BadRequest(format!("{name} is no number")))
    };
    let after = number("after_version")?;
    let wait = number("wait")?.map_or(0, u64::from).min(WAIT);
    let end = Instant::now() + Duration::from_secs(wait);
    let is_news = |version: i32| after.is_none_or(|after| i64::from(after) != i64::from(version));

    let (version, found) = read().await?;
    let mut waiting = wait_in_hub(site, id, poller, version, false).await?;
    if is_news(version) {
        return Ok(Some(found));
    }
    if wait == 0 {
        return Ok(None);
    }
    // Whoever holds the phone waits for a person; a page without a socket can come again.
    if matches!(poller, Poller::Browser) {
        site.connections.room_to_wait()?;
    }
    loop {
        // Once more, now that the hub would tell: nothing falls between.
        let (version, found) = read().await?;
        if is_news(version) {
            return Ok(Some(found));
        }
        match timeout_at(end, waiting).await {
            Ok(Ok(Wake::Changed)) => {
                waiting = wait_in_hub(site, id, poller, version, true).await?;
            }
            Ok(Ok(Wake::Replaced) | Err(_)) | Err(_) => return Ok(None),
        }
    }
}

async fn wait_in_hub(
    site: &Site,
    attempt: AttemptId,
    poller: Poller,
    version: i32,
    again: bool,
) -> Result<oneshot::Receiver<Wake>, Error> {
    let order = Wait {
        attempt,
        poller,
        version,
        again,
    };
    let waiting = ask(&site.hub, order).await?;
    waiting.map_err(|TooManyPolls| Error::SlowDown(Duration::from_secs(2)))
}

/// The attempt of a path; what is no id is nobody's attempt.
pub fn attempt_id(text: &str) -> Result<AttemptId, Error> {
    text.parse::<Uuid>()
        .map(AttemptId)
        .map_err(|_| Error::AttemptUnknown)
}

/// For requests that change something.
pub fn changing(request: &HttpRequest) -> Result<&Site, Error> {
    let site = site(request)?;
    origin::require_same(request.headers(), &site.settings().public_origin())?;
    Ok(site)
}

fn own<'a>(request: &'a HttpRequest, id: &str) -> Result<(&'a Site, AttemptId, Requester), Error> {
    let site = changing(request)?;
    let (_, requester) = requester(request, site, None)?;
    Ok((site, attempt_id(id)?, requester))
}
