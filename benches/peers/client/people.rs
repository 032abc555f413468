//! People with phones, who log in.

use std::{cell::Cell, io, rc::Rc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    page::{Dialect, Page},
    requests::{Answer, Requests},
};

/// So many are in the database; see `database.rs`.
pub const PEOPLE: u32 = 2_000;

/// Who uses one server.
pub struct People {
    port: u16,
    dialect: Dialect,
    requests: Requests,
    next: Cell<u32>,
}

/// A page whose code was scanned by a phone that has not confirmed yet.
pub struct Scanned {
    pub page: Page,
    person: u32,
    nonce: String,
}

impl People {
    pub fn new(port: u16, dialect: Dialect) -> Rc<Self> {
        let people = Self {
            port,
            dialect,
            requests: Requests::new(port),
            // Each process begins with somebody else.
            next: Cell::new(std::process::id() % PEOPLE),
        };
        Rc::new(people)
    }

    /// Opens a page.
    pub async fn open(&self) -> io::Result<Page> {
        Page::open(self.port, self.dialect).await
    }

    /// Opens a page and scans its code.
    pub async fn open_and_scan(&self) -> io::Result<Scanned> {
        let mut page = self.open().await?;
        let person = self.next.replace((self.next.get() + 1) % PEOPLE);
        let body = format!(r#"{{"scene":"{}","entry_scene":1047}}"#, page.scene);
        let answer = self.phone(person, "/api/phone/scan", &body).await?;
        page.hear("scanned", 2).await?;
        let nonce = answer.body["nonce"].as_str().unwrap_or_default().to_owned();
        Ok(Scanned {
            page,
            person,
            nonce,
        })
    }

    /// Confirms; the page hears of it by its socket.
    pub async fn confirm(&self, person: u32, nonce: &str) -> io::Result<()> {
        let body = format!(r#"{{"nonce":"{nonce}"}}"#);
        self.phone(person, "/api/phone/confirm", &body).await?;
        Ok(())
    }

    /// A whole login: open, ticket, scan, confirm, push, redeem. Each message comes once, in its
    /// order, or it has failed.
    pub async fn log_in(&self) -> io::Result<()> {
        let Scanned {
            mut page,
            person,
            nonce,
        } = self.open_and_scan().await?;
        self.confirm(person, &nonce).await?;
        page.hear("login_succeeded", 3).await?;
        let path = format!("/api/login/attempts/{}/redeem", page.attempt);
        let headers = format!(
            "Origin: http://localhost:{}\r\nCookie: saoma_browser={}\r\n",
            self.port, page.secret
        );
        done(self.requests.post(&path, &headers, "{}").await?)?;
        Ok(())
    }

    async fn phone(&self, person: u32, path: &str, body: &str) -> io::Result<Answer> {
        let headers = format!("Authorization: Bearer {}\r\n", token_of(person));
        done(self.requests.post(path, &headers, body).await?)
    }
}

impl Scanned {
    /// The page, and what its phone confirms with.
    pub fn split(self) -> (Page, u32, String) {
        (self.page, self.person, self.nonce)
    }
}

fn done(answer: Answer) -> io::Result<Answer> {
    match answer.status {
        200 => Ok(answer),
        status => Err(io::Error::other(format!("{status}: {}", answer.body))),
    }
}

/// The token of a person's phone session.
fn token_of(person: u32) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("person {person}")))
}
