//! Saoma inside an actix-web application of one's own: its pages, its API and its
//! sockets at the same address as yours.
//!
//! `cargo run --example mounted` takes the settings of `saoma serve` from the
//! environment and from `saoma.toml`, such as `DATABASE_URL`, `SAOMA_PUBLIC_URL`
//! and WeChat's, and listens on `SAOMA_LISTEN`.

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};
use saoma::{
    settings::{Flags, Settings},
    startup::Mounted,
};

async fn hello() -> HttpResponse {
    HttpResponse::Ok().body("This page is not Saoma's.")
}

/// Serves both until a signal comes.
pub async fn serve(settings: Settings, listener: TcpListener) -> anyhow::Result<()> {
    let saoma = Mounted::start(settings).await?;
    let routes = saoma.routes();
    let server = HttpServer::new(move || {
        App::new()
            // One's own first: what is left is Saoma's.
            .route("/hello", web::get().to(hello))
            .configure(saoma::routes(&routes))
    })
    .on_connect(saoma.on_connect())
    // Pushes are small and must not wait for one another.
    .tcp_nodelay(true)
    // Saoma closes its sockets before it lets the server stop.
    .disable_signals()
    .listen(listener)?
    .run();
    saoma.run_until_stopped(server).await
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::load(&Flags::default())?;
    let listener = TcpListener::bind(settings.listen)?;
    serve(settings, listener).await
}
