//! WeChat as Saoma needs it: codes and identities. The only place that knows its API.
//!
//! Three calls: the access token (`/cgi-bin/stable_token`), a mini-program code
//! (`/wxa/getwxacodeunlimit`) and the identity behind a `wx.login` code (`/sns/jscode2session`).
//! WeChat answers errors with status 200 and an `errcode`; here each becomes a [`WechatError`]
//! with a sentence for the operator.
//!
//! One [`AccessToken`] is shared by the whole process, and by a [`Steward`] with all instances; each worker has a [`Wechat`] of its own.

mod answer;
mod breaker;
mod call;
mod client;
mod errcode;
mod error;
#[cfg(test)]
mod fake;
mod image;
#[cfg(test)]
mod tests;
mod tls;

mod steward;
mod token;

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use answer::WechatIdentity;
pub use breaker::{Breaker, Breakers};
pub(crate) use call::{announced_length, why_not_read, why_not_sent};
pub use client::Wechat;
pub use error::{Endpoint, Refusal, WechatError};
pub use image::{CodeImage, ImageKind};
pub use steward::Steward;
pub(crate) use tls::client_config;
pub use tls::https_client;
pub use token::AccessToken;

/// How to reach WeChat, and as which mini program.
#[derive(Debug, Clone)]
pub struct WechatSettings {
    /// The mini program's `AppID`, such as `wx` and 16 hex digits.
    pub app_id: String,
    /// The mini program's `AppSecret`.
    pub app_secret: SecretString,
    /// `https://api.weixin.qq.com`, or the simulator; a path in it is kept.
    pub base_url: Url,
    /// The page a scan opens, such as `pages/index/wsLogin`; empty: the home page.
    pub page: String,
    /// The version of the mini program a scan opens: `release`, `trial` or `develop`.
    pub env_version: String,
    /// The width of a code image in pixels, 280 to 1280; WeChat's usual one is 430.
    pub width: u32,
    /// The time limit of one call for a token or an identity. 3 s is usual.
    pub timeout: Duration,
    /// The time limit of one code image, an access token for it included. 5 s is usual.
    pub image_timeout: Duration,
    /// How long calls are held back at the most after others failed. 60 s is usual.
    pub longest_pause: Duration,
}
