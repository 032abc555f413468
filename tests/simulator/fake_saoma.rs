//! Just enough of Saoma's phone API to see what a phone asks of it.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use url::Url;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method, path and query.
    pub line: String,
    pub body: Value,
    headers: Vec<(String, String)>,
}

/// Answers whatever a test has put in line for it; otherwise gives a new token for each session,
/// and 200 with `{"path": …}` to all else.
#[derive(Clone, Default)]
pub struct FakeSaoma {
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<VecDeque<(String, Answer)>>>,
}

type Answer = (u16, Vec<(&'static str, &'static str)>, String);

pub struct RunningSaoma {
    pub saoma: FakeSaoma,
    pub url: Url,
    server: ServerHandle,
}

impl FakeSaoma {
    pub fn start() -> RunningSaoma {
        let saoma = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let state = saoma.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .default_service(web::to(answer))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        RunningSaoma {
            saoma,
            url,
            server: handle,
        }
    }

    /// What has been asked so far, without the bodies.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The next request to `path` gets this.
    pub fn answer_next_with(
        &self,
        path: &str,
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: &str,
    ) {
        let answer = (status, headers, body.to_owned());
        self.answers
            .lock()
            .unwrap()
            .push_back((path.to_owned(), answer));
    }

    fn take_answer(&self, path: &str) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap();
        let index = answers.iter().position(|(for_path, _)| for_path == path)?;
        answers.remove(index).map(|(_, answer)| answer)
    }
}

impl RunningSaoma {
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }
}

async fn answer(
    saoma: web::Data<FakeSaoma>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        (
            name.to_string(),
            value.to_str().unwrap_or_default().to_owned(),
        )
    });
    saoma.asked.lock().unwrap().push(Asked {
        line: format!("{} {}", request.method(), request.uri()),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers: headers.collect(),
    });
    if let Some((status, headers, body)) = saoma.take_answer(request.path()) {
        let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
        for header in headers {
            response.insert_header(header);
        }
        return response.body(body);
    }
    if request.path() == "/api/phone/session" {
        let sessions = saoma
            .lines()
            .iter()
            .filter(|line| line.ends_with("/session"))
            .count();
        return HttpResponse::Ok().json(json!({ "token": format!("token-{sessions}") }));
    }
    HttpResponse::Ok().json(json!({ "path": request.path() }))
}
