//! The sockets of browsers and phones: what is checked before the upgrade.

use std::{cell::RefCell, rc::Rc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::Payload,
};

use super::{
    address::mask,
    attempts::attempt_id,
    connections::Asked,
    edge,
    extract::{bearer, client_address, language, query, requester, site},
    origin, session,
    site::Site,
};
use crate::{
    error::Error,
    login::{attempt::Browser, begin::Requester},
    session::{
        caller::{Caller, PhoneCaller},
        logic::Logic,
        socket::{Opening, Purpose, Session},
        transport,
    },
};

/// `GET /ws/login`. No middleware stands around this route: whatever wraps a
/// response lives as long as the socket.
pub async fn login(request: HttpRequest, payload: Payload) -> HttpResponse {
    let asked = Asked::by(&request);
    let answer = open_login(&request, payload);
    answer_with(asked, &request, answer)
}

fn open_login(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let site = site(request)?;
    origin::require_ours(request.headers(), &site.settings().public_origin())?;
    let (_, requester) = requester(request, site, query(request, "return_to").as_deref())?;
    if site.draining.has_begun() {
        return Err(Error::Draining);
    }
    site.connections.room_for_socket()?;
    let permit = site.login.limits.socket(requester.address)?;
    // What is no id is an attempt that nobody has: said on the socket, like any other.
    let resume = query(request, "resume").filter(|resume| !resume.is_empty());
    let resume = resume.map(|text| attempt_id(&text).unwrap_or_else(|_| unknown()));
    let (logic, first) = Logic::login(resume, language(request));
    let opening = Opening {
        logic,
        purpose: Purpose::Command(first),
        caller: Caller::Browser(requester),
        permit,
    };
    open(site, opening, request, payload)
}

/// `GET /ws/session`
pub async fn session(request: HttpRequest, payload: Payload) -> HttpResponse {
    let asked = Asked::by(&request);
    let answer = open_session(&request, payload).await;
    answer_with(asked, &request, answer)
}

/// `GET /ws/phone`. Whoever has no token in its request says who it is on the
/// socket, which counts towards its address until then. No `Origin` is asked
/// for: a phone has no cookies that another site could use.
pub async fn phone(request: HttpRequest, payload: Payload) -> HttpResponse {
    let asked = Asked::by(&request);
    let answer = open_phone(&request, payload).await;
    answer_with(asked, &request, answer)
}

async fn open_phone(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let site = site(request)?;
    let address = client_address(request, site);
    let asked = request.headers().contains_key(header::AUTHORIZATION);
    let token = asked.then(|| bearer(request)).transpose()?;
    if let Some(token) = &token {
        site.login.phone_session(token).await?;
    }
    if site.draining.has_begun() {
        return Err(Error::Draining);
    }
    site.connections.room_for_socket()?;
    let permit = match token {
        Some(_) => None,
        None => site.login.limits.socket(address)?,
    };
    let language = language(request);
    let (logic, first) = Logic::phone(token.is_some(), language);
    let caller = PhoneCaller {
        address,
        ip: mask(address),
        language,
        token: RefCell::new(token),
        permit: RefCell::new(permit),
    };
    let opening = Opening {
        logic,
        purpose: Purpose::Command(first),
        caller: Caller::Phone(Rc::new(caller)),
        permit: None,
    };
    open(site, opening, request, payload)
}

fn answer_with(
    asked: Asked,
    request: &HttpRequest,
    answer: Result<HttpResponse, Error>,
) -> HttpResponse {
    let answer = answer.unwrap_or_else(|error| edge::refuse(request, &error));
    asked.answered(answer.status());
    answer
}

async fn open_session(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let site = site(request)?;
    origin::require_ours(request.headers(), &site.settings().public_origin())?;
    let session = session::current(site, request).await?;
    if site.draining.has_begun() {
        return Err(Error::Draining);
    }
    let address = client_address(request, site);
    site.connections.room_for_socket()?;
    let permit = site.login.limits.socket(address)?;
    let opening = Opening {
        logic: Logic::session(language(request)),
        purpose: Purpose::Session(session.id),
        caller: Caller::Browser(Requester {
            browser_hash: [0; 32],
            browser: Browser {
                ip: String::new(),
                ..session.browser
            },
            return_to: None,
            address,
        }),
        permit,
    };
    open(site, opening, request, payload)
}

/// Answers 101 and hands the connection to a transport.
fn open(
    site: &Site,
    opening: Opening,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let (login, hub, pings) = (site.login.clone(), site.hub.clone(), site.pings.clone());
    let session = Session::new(login, hub, pings, opening);
    transport::open(session, request, payload)
}

/// Any other method at a socket's address.
pub async fn only_get(request: HttpRequest) -> HttpResponse {
    let mut response = edge::refuse(&request, &Error::MethodNotAllowed);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
    response
}

fn unknown() -> crate::login::ids::AttemptId {
    crate::login::ids::AttemptId(uuid::Uuid::nil())
}
