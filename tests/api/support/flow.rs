//! The way to the state that a test begins with.

use std::sync::Arc;

use serde_json::Value;

use super::{Browser, Phone, TestServer};

/// A browser and the attempt that it shows.
pub struct Attempt {
    pub browser: Browser,
    pub id: Value,
    pub scene: String,
    /// Of the newest scan; null before it.
    pub nonce: Value,
}

impl Attempt {
    /// The attempt's address in the API.
    pub fn path(&self) -> String {
        format!("/api/login/attempts/{}", self.id.as_str().unwrap())
    }
}

impl TestServer {
    /// A new browser shows a code.
    pub async fn pending(self: &Arc<Self>) -> Attempt {
        let mut browser = self.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        Attempt {
            browser,
            id: ticket["attempt"].clone(),
            scene,
            nonce: Value::Null,
        }
    }

    /// This phone has scanned it.
    pub async fn scanned(self: &Arc<Self>, phone: &Phone) -> Attempt {
        let mut attempt = self.pending().await;
        let scanned = phone.scan(&attempt.scene).await.expect(200);
        attempt.nonce = scanned["nonce"].clone();
        attempt.browser.expect("scanned").await;
        attempt
    }

    /// This phone, whose person is registered, has agreed.
    pub async fn confirmed(self: &Arc<Self>, phone: &Phone) -> Attempt {
        let mut attempt = self.scanned(phone).await;
        phone.confirm(&attempt.nonce).await.expect(200);
        attempt.browser.expect("login_succeeded").await;
        attempt
    }

    /// A browser that is signed in by this phone.
    pub async fn signed_in(self: &Arc<Self>, phone: &Phone) -> Browser {
        let mut attempt = self.confirmed(phone).await;
        attempt.browser.redeem(&attempt.id).await.expect(200);
        attempt.browser.drop_socket();
        attempt.browser
    }
}
