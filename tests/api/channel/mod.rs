//! PROTOCOL, section 9: the phone's socket, and what browser and phone say to each other.

mod attempts;
mod bad_input;
mod pairs;
mod phone_socket;

use std::sync::Arc;

use serde_json::Value;

use crate::support::{Attempt, Browser, Phone, PhoneSocket, TestServer};

/// A signed-in browser with its socket, the phone's socket, and the session that both share.
pub struct Pair {
    pub browser: Browser,
    pub socket: PhoneSocket,
    pub session: Value,
}

impl Pair {
    /// Both ends have opened their sockets, and know of each other.
    pub async fn open(server: &Arc<TestServer>, phone: &Phone) -> Self {
        let mut browser = server.signed_in(phone).await;
        let absent = browser.open_session().await;
        let mut socket = phone.socket().await;
        let told = socket.told().await;
        assert_eq!(told.last().unwrap()["present"], true, "{told:?}");
        assert_eq!(browser.expect("peer").await["present"], true);
        Self {
            browser,
            socket,
            session: absent["session"].clone(),
        }
    }

    /// The phone says something, and the browser hears it.
    pub async fn reaches_browser(&mut self, text: &str) -> Value {
        self.socket.say(&self.session, text).await;
        let heard = self.browser.expect("message").await;
        assert_eq!(heard["text"], text);
        heard
    }

    /// The other way.
    pub async fn reaches_phone(&mut self, text: &str) -> Value {
        self.browser.say(text).await;
        let heard = self.socket.expect("message").await;
        assert_eq!(heard["text"], text);
        heard
    }
}

/// The page of an attempt that this phone has scanned, and its socket, which has heard of both.
pub async fn followed(server: &Arc<TestServer>, phone: &Phone) -> (Attempt, PhoneSocket) {
    let attempt = server.scanned(phone).await;
    let mut socket = phone.socket().await;
    let told = socket.told().await;
    assert_eq!(
        (&told[0]["state"], &told[1]["present"]),
        (&"scanned".into(), &true.into())
    );
    (attempt, socket)
}
