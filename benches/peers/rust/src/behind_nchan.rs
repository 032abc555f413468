//! The application behind nginx with nchan: it holds no socket and publishes by HTTP.

mod login;
mod requests;

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use uuid::Uuid;

use login::{Login, port, secret};
use requests::{Push, Server, listen, refuse, routes, text};

/// nchan's publisher location.
struct Publisher {
    client: reqwest::Client,
    url: String,
}

impl Push for Publisher {
    async fn push(&self, attempt: Uuid, message: String) {
        let request = self
            .client
            .post(format!("{}/{attempt}", self.url))
            .body(message);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {}
            other => eprintln!("not published: {other:?}"),
        }
    }
}

#[tokio::main]
async fn main() {
    let number = |name: &str| std::env::var(name).unwrap().parse::<u16>().unwrap();
    let (site, publisher) = (number("SITE_PORT"), number("PUBLISHER_PORT"));
    let push = Publisher {
        client: reqwest::Client::builder()
            .tcp_nodelay(true)
            .build()
            .unwrap(),
        url: format!("http://127.0.0.1:{publisher}/publish"),
    };
    let server = Arc::new(Server {
        login: Login::new(site),
        push,
    });
    let routes = routes()
        .route("/api/login/attempts", post(open))
        .with_state(server);
    axum::serve(listen(port()), routes).await.unwrap();
}

/// A page gets its ticket here, then it subscribes to its attempt's channel.
async fn open(State(server): State<Arc<Server<Publisher>>>, headers: HeaderMap) -> Response {
    match server
        .login
        .open(secret(text(&headers, header::COOKIE)))
        .await
    {
        Ok((_, ticket)) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::CREATED, json, ticket).into_response()
        }
        Err(status) => refuse(status),
    }
}
