//! L1 for the whole of `make test`: every secret that a test meets, and every
//! log and metric of the servers under test, for `scripts/canaries.sh` to
//! search at the end. Nothing is kept unless `SAOMA_CANARIES` names a folder.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process,
    sync::Mutex,
    time::Duration,
};

use serde_json::Value;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// All that the server logs, and what is below it but for what the tests
/// themselves use too: their client, their SQL and their WeChat run in the same
/// process and may know what they send. A server in a process of its own is
/// searched with all of that in `tests/process/canaries.rs`.
const WHAT: &str = "debug,saoma=trace,saoma::simulator=off,awc=off,actix_http=off,sqlx=info";

/// This process's file of a kind: `secrets`, `log` or `metrics`.
pub fn open(kind: &str) -> Option<File> {
    let folder = PathBuf::from(std::env::var_os("SAOMA_CANARIES")?);
    let path = folder.join(format!("{}.{kind}", process::id()));
    let file = OpenOptions::new().create(true).append(true).open(path);
    Some(file.expect("SAOMA_CANARIES names a folder"))
}

/// A secret that must stand in no log.
pub fn met(secret: &str) {
    // What is shorter may stand somewhere by chance.
    if secret.len() > 20
        && let Some(mut file) = open("secrets")
    {
        // In one piece, since other threads write too.
        file.write_all(format!("{secret}\n").as_bytes()).unwrap();
    }
}

/// The secrets in an answer's body.
pub fn met_in(body: &Value) {
    for name in ["nonce", "token", "access_token"] {
        if let Some(secret) = body[name].as_str() {
            met(secret);
        }
    }
}

/// The log of the servers in this process: as ever, or into the folder.
pub fn start_log() {
    let Some(file) = open("log") else {
        saoma::telemetry::init().unwrap();
        return;
    };
    let layer = fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let registry = tracing_subscriber::registry().with(EnvFilter::new(WHAT));
    // The first server's log serves all.
    let _ = registry.with(layer).try_init();
}

/// Keeps the metrics of a server that is about to stop.
pub fn keep_metrics(admin_url: &str) {
    let Some(mut file) = open("metrics") else {
        return;
    };
    let address = admin_url.trim_start_matches("http://");
    let Ok(mut stream) = TcpStream::connect(address) else {
        return;
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut metrics = Vec::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut metrics);
    file.write_all(&metrics).unwrap();
}
