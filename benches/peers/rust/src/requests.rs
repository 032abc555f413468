//! The requests of phones and browsers on axum, for who pushes in whatever way.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use uuid::Uuid;

use crate::login::{Login, Status, Told, secret};

/// Tells the browser that waits with an attempt.
pub trait Push: Send + Sync + 'static {
    fn push(&self, attempt: Uuid, message: String) -> impl Future<Output = ()> + Send;
}

pub struct Server<P> {
    pub login: Login,
    pub push: P,
}

pub fn routes<P: Push>() -> Router<Arc<Server<P>>> {
    Router::new()
        .route("/api/phone/scan", post(scan::<P>))
        .route("/api/phone/confirm", post(confirm::<P>))
        .route("/api/login/attempts/{attempt}/redeem", post(redeem::<P>))
        .route("/readyz", get(async || "{}"))
}

async fn scan<P: Push>(
    State(server): State<Arc<Server<P>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let told = server
        .login
        .scan(text(&headers, header::AUTHORIZATION), &body)
        .await;
    tell(&server.push, told).await
}

async fn confirm<P: Push>(
    State(server): State<Arc<Server<P>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let told = server
        .login
        .confirm(text(&headers, header::AUTHORIZATION), &body)
        .await;
    tell(&server.push, told).await
}

async fn tell(push: &impl Push, told: Result<Told, Status>) -> Response {
    match told {
        Ok(told) => {
            push.push(told.attempt, told.message).await;
            Json(told.answer).into_response()
        }
        Err(status) => refuse(status),
    }
}

async fn redeem<P: Push>(
    State(server): State<Arc<Server<P>>>,
    Path(attempt): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    let secret = secret(text(&headers, header::COOKIE));
    match server.login.redeem(attempt, secret).await {
        Ok(done) => ([(header::SET_COOKIE, done.cookie)], Json(done.answer)).into_response(),
        Err(status) => refuse(status),
    }
}

pub fn refuse(status: Status) -> Response {
    StatusCode::from_u16(status)
        .unwrap_or_default()
        .into_response()
}

pub fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Room for as many that knock at once as the others have.
pub fn listen(port: u16) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket
        .bind(SocketAddr::from(([127, 0, 0, 1], port)))
        .unwrap();
    socket.listen(4096).unwrap()
}
