//! What lies between the server and others: names, proxies, Redis.

use std::{net::ToSocketAddrs, time::Duration};

use awc::{
    error::WsClientError,
    http::header::{COOKIE, DATE},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use url::Url;

use super::{Checked, Finding, wrong};
use crate::{
    broker::redis::Address, http::cookies::Kind, settings::Settings, wechat::https_client,
};

/// For each look at another server.
const LIMIT: Duration = Duration::from_secs(5);

/// Asks the public address for `/healthz`, as a browser would reach it.
pub(super) async fn public_address(settings: &Settings) -> Checked {
    let url = &settings.public_url;
    let host = url.host_str().unwrap_or_default().to_owned();
    let (name, port) = (host.clone(), url.port_or_known_default().unwrap_or(80));
    let resolved = actix_web::web::block(move || (name.as_str(), port).to_socket_addrs()).await;
    if !matches!(resolved, Ok(Ok(_))) {
        return Err(wrong(
            format!("{host} has no address; is its DNS entry made?"),
            format!("域名 {host} 无法解析，请检查 DNS 记录。"),
        ));
    }
    let health = format!("{url}healthz");
    match https_client(LIMIT).get(&health).send().await {
        Ok(response) if response.status().is_success() => Ok(format!("{url} answers")),
        Ok(response) => Err(wrong(
            format!(
                "{health} answers {}; does the proxy pass requests on to {}?",
                response.status(),
                settings.listen
            ),
            format!(
                "公网地址返回 {}，请检查代理是否转发到 {}。",
                response.status(),
                settings.listen
            ),
        )),
        Err(error) => Err(wrong(
            format!(
                "{health} does not answer ({error}); is the server running, and the proxy in front?"
            ),
            "公网地址没有响应。请确认服务已启动，且前面的代理和证书正常。",
        )),
    }
}

/// Opens a real socket through the public address. It asks for an attempt that does not exist,
/// which costs no code.
pub(super) async fn websocket(settings: &Settings, reached: bool) -> Checked {
    if !reached {
        return Err(Finding::Skipped(
            "not tried, since the public address is not well",
        ));
    }
    let refused = |what: String| {
        wrong(
            format!(
                "{what}; the proxy has to pass Upgrade and Connection on for /ws/ (see deploy/nginx.conf)"
            ),
            "WebSocket 升级失败。请让代理为 /ws/ 转发 Upgrade 和 Connection 请求头（参考 deploy/nginx.conf）。",
        )
    };
    let url = settings.public_url.as_str().replacen("http", "ws", 1);
    let url = format!("{url}ws/login?resume={}", uuid::Uuid::new_v4());
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let cookie = format!("{}={secret}", Kind::Browser.name(settings.secure()));
    let request = https_client(LIMIT)
        .ws(url)
        .origin(settings.public_origin())
        .set_header(COOKIE, cookie);
    let connected = timeout(LIMIT, request.connect()).await;
    let connected = connected.map_err(|_| refused("the upgrade was not answered".to_owned()))?;
    let (_, mut socket) = connected.map_err(|error| match error {
        WsClientError::InvalidResponseStatus(status) => {
            refused(format!("the upgrade was answered {status}"))
        }
        error => refused(format!("the upgrade failed ({error})")),
    })?;
    match timeout(LIMIT, socket.next()).await {
        Ok(Some(Ok(_))) => Ok("the upgrade and a message come through".to_owned()),
        _ => Err(refused("the upgrade worked and no message came".to_owned())),
    }
}

const NOT_RUNNING: &str = "the server does not run here; ask again while it does";

/// What the running server warns of; none when none runs.
async fn warnings(settings: &Settings) -> Option<Vec<serde_json::Value>> {
    let ready = format!("http://{}/readyz", settings.admin_listen);
    let mut response = https_client(LIMIT).get(&ready).send().await.ok()?;
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    Some(body["warnings"].as_array().cloned().unwrap_or_default())
}

/// Asks the running server whether it saw a proxy that nobody declared.
pub(super) async fn proxy(settings: &Settings) -> Checked {
    let Some(warnings) = warnings(settings).await else {
        return Ok(NOT_RUNNING.to_owned());
    };
    if warnings.iter().any(|warning| warning == "untrusted_proxy") {
        return Err(wrong(
            "requests come through a proxy that is not in SAOMA_TRUSTED_PROXIES, so all visitors \
             count as one address; set it to the proxy's address, such as 127.0.0.1",
            "请求经过了未列入 SAOMA_TRUSTED_PROXIES 的代理，所有访客会被当作同一个地址。请填入代理的地址，例如 127.0.0.1。",
        ));
    }
    Ok("none that is undeclared".to_owned())
}

/// Asks the running server whether its news reach the other instances.
pub(super) async fn other_instances(settings: &Settings) -> Checked {
    let Some(warnings) = warnings(settings).await else {
        return Ok(NOT_RUNNING.to_owned());
    };
    let warned = |name: &str| warnings.iter().any(|warning| warning == name);
    if warned("instances_unreached") {
        return Err(wrong(
            "there are some that this one has no way to: give all the same REDIS_URL, or each a \
             SAOMA_INTERNAL_URL. Until then browsers hear of a confirm up to three seconds late",
            "有本实例无法通知到的其他实例：请为所有实例设置同一个 REDIS_URL，或为每个实例设置 SAOMA_INTERNAL_URL。在此之前，浏览器最多会晚三秒收到登录结果。",
        ));
    }
    if warned("broker_down") {
        return Err(wrong(
            "news do not reach them now; browsers hear of a confirm up to three seconds late. The \
             server's log says why",
            "暂时无法通知其他实例，浏览器最多会晚三秒收到登录结果。原因请查看服务日志。",
        ));
    }
    if warned("limits_apart") {
        return Err(wrong(
            "Redis does not count now, so each instance goes by its own limits: as many times as \
             much gets through as there are instances. The server's log says why",
            "Redis 暂时无法计数，各实例只按自己的计数限流，实际放行量会随实例数成倍增加。原因请查看服务日志。",
        ));
    }
    Ok("news reach all there are".to_owned())
}

/// Asks `REDIS_URL` for an answer, a subscription and a count.
pub(super) async fn redis(settings: &Settings) -> Checked {
    let Some(url) = &settings.redis_url else {
        return Err(Finding::Skipped(
            "REDIS_URL is not set; one instance needs none",
        ));
    };
    // The settings have refused what is no address.
    let Some(address) = Address::parse(url.expose_secret()) else {
        return Err(Finding::Skipped("REDIS_URL is no address of a Redis"));
    };
    match address.check().await {
        Ok(()) => Ok("answers, takes subscriptions, and counts".to_owned()),
        Err(problem) => Err(wrong(
            format!(
                "{problem}. Is it Redis 6 or newer, does it run, and does REDIS_URL name its host, \
                 user and password?"
            ),
            "无法连接 Redis。请确认 Redis（6 或更新版本）正在运行，并检查 REDIS_URL 中的主机、用户和密码。",
        )),
    }
}

/// What a server says the time is.
pub(super) async fn date_of(url: &Url) -> Option<DateTime<Utc>> {
    let response = https_client(LIMIT).get(url.as_str()).send().await.ok()?;
    let date = response.headers().get(DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.to_utc())
}
