//! Sockets of clients that nobody here wrote. Each script opens several, does
//! good and bad things, and fails at the first answer that is not the protocol's.

use std::{path::Path, process::Command};

use actix_web::rt::task::spawn_blocking;

use crate::support::TestServer;

/// Runs a program with a server's socket, its origin and a browser's cookie.
async fn talks(program: String, script: &'static str) {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let url = format!("{}/ws/login", browser.url.replace("http", "ws"));
    let (origin, cookie) = (browser.origin.clone(), browser.cookie_header());
    let done = spawn_blocking(move || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        Command::new(program)
            .arg(folder.join(script))
            .args([url, origin, cookie])
            .output()
            .unwrap()
    });
    let done = done.await.unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// What a command says, or none where it cannot be run, but in CI it has to be.
fn run(command: &mut Command) -> Option<String> {
    let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).output();
    match done {
        Ok(done) if done.status.success() => Some(String::from_utf8(done.stdout).unwrap()),
        failed => {
            assert!(!in_ci(), "{failed:?}");
            None
        }
    }
}

#[actix_web::test]
async fn python_websockets_is_understood_and_understands() {
    let install = ["clients", "tests/clients/requirements.txt"];
    let python = run(Command::new("scripts/venv.sh").args(install));
    let python = python.map(|path| path.trim().to_owned());
    if let Some(python) = python.filter(|path| !path.is_empty()) {
        talks(python, "websockets_client.py").await;
    }
}

#[actix_web::test]
async fn node_ws_is_understood_and_understands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let npm = ["ci", "--no-audit", "--no-fund", "--prefix"];
    let installed = folder.join("node_modules/ws").exists()
        || run(Command::new("npm").args(npm).arg(&folder)).is_some();
    if installed {
        talks("node".to_owned(), "ws_client.mjs").await;
    }
}
