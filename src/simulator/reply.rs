//! `WeChat`'s way to say no: HTTP 200, an `errcode`, and an `errmsg` that ends in a request id.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::json;

/// An error as an endpoint decides it, before it is dressed for the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) errcode: i32,
    text: Cow<'static, str>,
}

impl ApiError {
    /// The error with the text that real replies or the documentation carry.
    pub(super) fn new(errcode: i32) -> Self {
        Self {
            errcode,
            text: text(errcode).into(),
        }
    }

    /// 40164, which names the address that is not on the allowlist.
    pub(super) fn address_refused(address: &str) -> Self {
        let text = format!("invalid ip {address} ipv6 ::ffff:{address}, not in whitelist");
        Self {
            errcode: 40164,
            text: text.into(),
        }
    }

    /// The JSON body. `cgi-bin` and `wxa` put a space before the request id, `sns` a comma too.
    pub(super) fn body(&self, path: &str, now: DateTime<Utc>) -> String {
        let separator = if path.starts_with("/sns/") { "," } else { "" };
        let errmsg = format!("{}{separator} rid: {}", self.text, request_id(now));
        json!({ "errcode": self.errcode, "errmsg": errmsg }).to_string()
    }
}

/// Three groups of eight hex digits, the first of them the time in Unix seconds.
fn request_id(now: DateTime<Utc>) -> String {
    let [second, third] = rand::random::<[u32; 2]>();
    format!("{:08x}-{second:08x}-{third:08x}", now.timestamp())
}

fn text(errcode: i32) -> &'static str {
    match errcode {
        -1 => "system error",
        40001 => {
            "invalid credential, access_token is invalid or not latest, could get access_token \
             by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
        }
        40002 => "invalid grant_type",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40029 => "invalid code",
        40066 => "invalid url",
        40097 => "invalid args",
        40125 => "invalid appsecret",
        40129 => "invalid scene",
        40163 => "code been used",
        40164 => "invalid ip, not in whitelist",
        40169 => "invalid length for scene, or the data is not json string",
        40226 => "code blocked",
        40243 => "appsecret frozen",
        41001 => "access_token missing",
        41002 => "appid missing",
        41004 => "appsecret missing",
        41008 => "missing code",
        41030 => "invalid page",
        42001 => "access_token expired",
        43002 => "require POST method",
        45009 => "reach max api daily quota limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        45063 => "no permission to generate",
        47001 => "data format error",
        48001 => "api unauthorized",
        85096 => "not allowed to include scancode_time field",
        89503 => "此次调用需要管理员确认，请耐心等候",
        89506 => "管理员已拒绝该IP的调用，24小时内不可再次使用该IP调用",
        89507 => "管理员已拒绝该IP的调用，1小时内不可再次使用该IP调用",
        _ => "error",
    }
}
