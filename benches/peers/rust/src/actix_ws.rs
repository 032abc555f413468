//! A login server on actix-web with actix-ws.

mod login;

use std::{collections::HashMap, sync::Mutex, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, get,
    http::StatusCode,
    http::header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE},
    post, rt,
    web::{Data, Json, Path, Payload},
};
use actix_ws::{Message, MessageStream, Session};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use login::{Login, Status, Told, port, secret};

struct Server {
    login: Login,
    waiting: Mutex<HashMap<Uuid, Session>>,
}

impl Server {
    async fn tell(&self, told: Result<Told, Status>) -> HttpResponse {
        match told {
            Ok(told) => {
                let waiting = self.waiting.lock().unwrap().get(&told.attempt).cloned();
                if let Some(mut session) = waiting {
                    let _ = session.text(told.message).await;
                }
                HttpResponse::Ok().json(told.answer)
            }
            Err(status) => refuse(status),
        }
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = port();
    let waiting = Mutex::default();
    let server = Data::new(Server {
        login: Login::new(port),
        waiting,
    });
    HttpServer::new(move || {
        App::new()
            .app_data(server.clone())
            .service(page)
            .service(scan)
            .service(confirm)
            .service(redeem)
            .service(ready)
    })
    .backlog(4096)
    .tcp_nodelay(true)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

#[get("/ws/login")]
async fn page(
    request: HttpRequest,
    body: Payload,
    server: Data<Server>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, stream) = actix_ws::handle(&request, body)?;
    let secret = secret(text(&request, COOKIE)).to_owned();
    drop(request);
    rt::spawn(async move {
        let Ok((attempt, ticket)) = server.login.open(&secret).await else {
            return;
        };
        server
            .waiting
            .lock()
            .unwrap()
            .insert(attempt, session.clone());
        wait(session, stream, ticket).await;
        server.waiting.lock().unwrap().remove(&attempt);
    });
    Ok(response)
}

/// Until either side has enough.
async fn wait(mut session: Session, stream: MessageStream, ticket: String) {
    let mut stream = stream.max_frame_size(8192);
    if session.text(ticket).await.is_err() {
        return;
    }
    let mut pings = interval(Duration::from_secs(25));
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        let sent = tokio::select! {
            _ = pings.tick() => session.ping(b"").await,
            frame = stream.next() => match frame {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

#[post("/api/phone/scan")]
async fn scan(request: HttpRequest, body: Json<Value>, server: Data<Server>) -> HttpResponse {
    let told = server
        .login
        .scan(text(&request, AUTHORIZATION), &body)
        .await;
    server.tell(told).await
}

#[post("/api/phone/confirm")]
async fn confirm(request: HttpRequest, body: Json<Value>, server: Data<Server>) -> HttpResponse {
    let told = server
        .login
        .confirm(text(&request, AUTHORIZATION), &body)
        .await;
    server.tell(told).await
}

#[post("/api/login/attempts/{attempt}/redeem")]
async fn redeem(request: HttpRequest, attempt: Path<Uuid>, server: Data<Server>) -> HttpResponse {
    match server
        .login
        .redeem(*attempt, secret(text(&request, COOKIE)))
        .await
    {
        Ok(done) => HttpResponse::Ok()
            .insert_header((SET_COOKIE, done.cookie))
            .json(done.answer),
        Err(status) => refuse(status),
    }
}

#[get("/readyz")]
async fn ready() -> &'static str {
    "{}"
}

fn refuse(status: Status) -> HttpResponse {
    HttpResponse::new(StatusCode::from_u16(status).unwrap_or_default())
}

fn text(request: &HttpRequest, name: HeaderName) -> &str {
    let value = request.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
