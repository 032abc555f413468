//! What a simulated `WeChat` is made of: mini programs, users, addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

/// How a [`Simulator`](super::Simulator) starts.
///
/// The default is what `saoma demo` needs: one mini program with well-known credentials and four
/// people who can scan.
#[derive(Clone, Debug)]
pub struct SimulatorSettings {
    /// The address that codes carry, followed by `/phone?scene=…`. Without it, codes carry the
    /// address that the simulator listens on, which only this machine can open.
    pub public_url: Option<Url>,
    /// Where the phone finds Saoma's phone API. Without it, `WeChat`'s endpoints work and the phone
    /// page says that it has nobody to call.
    pub saoma_url: Option<Url>,
    /// The name of the website in that mini program's `config`.
    pub site_name: String,
    /// The app id of the first mini program, the one whose page `/phone` shows.
    pub app_id: String,
    /// Its app secret.
    pub app_secret: String,
    /// The pages of its published version; the first one is its home page.
    pub pages: Vec<String>,
    /// The `WeChat` users that the phone page offers.
    pub users: Vec<SimulatedUser>,
    /// More mini programs, for tests of codes and tokens that belong to another one.
    pub other_apps: Vec<SimulatedApp>,
    /// Refuse calls above the limits that `WeChat` publishes. Off by default, so that a load test
    /// measures the server and not these limits.
    pub published_quotas: bool,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            saoma_url: None,
            site_name: "Saoma".into(),
            app_id: DEMO_APP_ID.into(),
            app_secret: DEMO_APP_SECRET.into(),
            pages: vec![DEMO_PAGE.into()],
            users: [
                ("xiaoming", "小明"),
                ("xiaohong", "小红"),
                ("alex", "Alex"),
                ("robin", "Robin"),
            ]
            .map(|(id, nickname)| SimulatedUser::new(id, nickname))
            .into(),
            other_apps: Vec::new(),
            published_quotas: false,
        }
    }
}

/// The app id of the demo's mini program.
pub(super) const DEMO_APP_ID: &str = "wx0123456789abcdef";
/// Known to everybody who reads this line: it protects nothing and opens only the simulator.
pub(crate) const DEMO_APP_SECRET: &str = "5a0ad0e1c0de5a0ad0e1c0de5a0ad0e1";
/// The page that scans open in the demo's mini program.
pub(super) const DEMO_PAGE: &str = "pages/index/wsLogin";

/// A mini program that the simulator knows.
#[derive(Clone, Debug)]
pub struct SimulatedApp {
    /// `wx` and 16 hex digits, by custom.
    pub app_id: String,
    /// The secret that token and code calls must carry.
    pub app_secret: String,
    /// The pages of its published version; the first one is its home page.
    pub pages: Vec<String>,
}

/// Somebody with `WeChat` on a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SimulatedUser {
    /// How the phone page's address and requests name this user.
    pub id: String,
    /// What the phone page shows. `WeChat` tells a server no nickname, so nobody else learns it.
    pub nickname: String,
    /// The openid in the first mini program; other mini programs see another one.
    pub openid: String,
    /// The unionid, seen only while the mini programs are bound to an Open Platform account.
    pub unionid: Option<String>,
}

impl SimulatedUser {
    /// A user whose openid and unionid follow from `id`, so that a restarted simulator knows them
    /// again.
    pub fn new(id: &str, nickname: &str) -> Self {
        Self {
            id: id.into(),
            nickname: nickname.into(),
            openid: wechat_id(&["openid", id]),
            unionid: Some(wechat_id(&["unionid", id])),
        }
    }

    /// The openid of this user in a mini program other than the first.
    pub(super) fn openid_in(&self, app_id: &str) -> String {
        wechat_id(&["openid", &self.openid, app_id])
    }
}

/// 28 characters beginning with `o`, as openids and unionids look.
fn wechat_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    let mut id = format!("o{}", URL_SAFE_NO_PAD.encode(digest));
    id.truncate(28);
    id
}
