//! WeChat's error numbers: which error each becomes, and what the operator should do about it.
//!
//! The numbers and their meaning are those of WeChat's pages on `token`, `stable_token`,
//! `getUnlimitedQRCode`, `code2Session`, `getPhoneNumber` and `checkSession`, and of its list of
//! global return codes (全局返回码).

use super::error::{Endpoint, Refusal, WechatError};

/// One number of WeChat's.
pub(super) struct Row {
    pub(super) code: i64,
    /// Makes the error: one of [`WechatError`]'s variants.
    pub(super) error: fn(Refusal) -> WechatError,
    pub(super) advice: Advice,
}

/// A sentence or two that tell the operator what to do.
pub(super) struct Advice {
    pub(super) en: &'static str,
    pub(super) zh: &'static str,
}

/// Stands in an advice for the address that WeChat saw us call from.
pub(super) const CALLER: &str = "{caller}";

/// What a number means when this endpoint answers it; none for a number that is not listed.
pub(super) fn find(endpoint: Endpoint, code: i64) -> Option<&'static Row> {
    // A token is asked for with the AppSecret alone, so that is what "invalid credential" means
    // there; elsewhere it means the token.
    let code = match (endpoint, code) {
        (Endpoint::StableToken, 40001) => 40125,
        _ => code,
    };
    ROWS.iter().find(|row| row.code == code)
}

const fn row(
    code: i64,
    error: fn(Refusal) -> WechatError,
    en: &'static str,
    zh: &'static str,
) -> Row {
    Row {
        code,
        error,
        advice: Advice { en, zh },
    }
}

const TOKEN_EN: &str = "WeChat refused a fresh access token too. Check that no other program keeps force-refreshing this mini program's stable_token, and that SAOMA_WECHAT_BASE_URL leads to one WeChat only.";
const TOKEN_ZH: &str = "刷新后的 access_token 仍被微信拒绝。请检查是否有其他程序在反复强制刷新（force_refresh）该小程序的 stable_token，并确认 SAOMA_WECHAT_BASE_URL 只指向同一个微信接口。";
const LOGIN_EN: &str = "The mini program has to call wx.login again. If it keeps happening, check that the mini program's AppID is SAOMA_WECHAT_APP_ID and that the developer tools run with it, not with a test account.";
const LOGIN_ZH: &str = "小程序需要重新调用 wx.login。若反复出现，请确认小程序的 AppID 与 SAOMA_WECHAT_APP_ID 一致，并确认开发者工具使用的是该 AppID 而不是测试号。";
const ACCOUNT_EN: &str = "WeChat gives this account no access token. Look at the notices and the account's state at mp.weixin.qq.com.";
const ACCOUNT_ZH: &str =
    "微信不允许该账号获取 access_token。请登录 mp.weixin.qq.com 查看通知和账号状态。";
const PERMISSION_EN: &str = "This mini program may not call the interface. Check its state and permissions at mp.weixin.qq.com; some accounts get this until their program is published.";
const PERMISSION_ZH: &str = "该小程序没有调用此接口的权限。请在 mp.weixin.qq.com 检查小程序的状态和接口权限；部分账号在小程序发布之前会遇到此错误。";
const SCENE_EN: &str = "Saoma sent a scene that WeChat does not take. Please report this with the error text, it is a fault in Saoma.";
const SCENE_ZH: &str =
    "Saoma 发送的 scene 不符合微信的要求。这是 Saoma 的缺陷，请附上错误信息反馈给我们。";
const REQUEST_EN: &str = "WeChat could not read Saoma's request. Check any proxy between this server and WeChat; without one, please report this with the error text.";
const REQUEST_ZH: &str = "微信无法识别 Saoma 的请求。请检查本服务器与微信之间的代理；若没有代理，请附上错误信息反馈给我们。";

pub(super) const ROWS: &[Row] = &[
    // Later.
    row(
        -1,
        WechatError::Busy,
        "WeChat has a problem of its own. Try again shortly; if it goes on, look for notices from WeChat.",
        "微信系统繁忙，请稍后重试；若持续出现，请留意微信的故障公告。",
    ),
    row(
        45009,
        WechatError::Quota,
        "The interface's quota is used up. See the numbers at mp.weixin.qq.com; a daily quota is full again tomorrow, or clear it there (10 times a month).",
        "接口调用次数已达上限。请在 mp.weixin.qq.com 查看用量；每日额度次日恢复，也可以手动清零（每月 10 次）。",
    ),
    row(
        45011,
        WechatError::MinuteQuota,
        "Too many calls this minute; they work again in the next one. If it keeps happening, check what else calls WeChat with this AppID.",
        "本分钟内调用过于频繁，下一分钟自动恢复。若反复出现，请检查还有哪些程序在使用该 AppID。",
    ),
    // The access token.
    row(40001, WechatError::TokenRefused, TOKEN_EN, TOKEN_ZH),
    row(40014, WechatError::TokenRefused, TOKEN_EN, TOKEN_ZH),
    row(42001, WechatError::TokenRefused, TOKEN_EN, TOKEN_ZH),
    row(41001, WechatError::OurRequest, REQUEST_EN, REQUEST_ZH),
    // The login.
    row(40029, WechatError::CodeInvalid, LOGIN_EN, LOGIN_ZH),
    row(41008, WechatError::CodeInvalid, LOGIN_EN, LOGIN_ZH),
    row(
        40163,
        WechatError::CodeUsed,
        "The mini program has to call wx.login again: a code works once. If it keeps happening, something sends the same login twice.",
        "每个 code 只能使用一次，小程序需要重新调用 wx.login。若反复出现，请检查是否有重复提交的请求。",
    ),
    row(
        40226,
        WechatError::UserBlocked,
        "WeChat rates this user as a high risk and lets nobody log in as them. There is nothing to do here; the user can turn to WeChat.",
        "该用户被微信判定为高风险，无法登录。服务器侧无需处理，用户可自行联系微信客服。",
    ),
    // The account and the settings.
    row(
        40002,
        WechatError::Configuration,
        "WeChat did not get the grant_type that Saoma sends. Check SAOMA_WECHAT_BASE_URL and any proxy that changes requests.",
        "微信没有收到 Saoma 发送的 grant_type。请检查 SAOMA_WECHAT_BASE_URL，以及是否有代理改动了请求。",
    ),
    row(
        40013,
        WechatError::Configuration,
        "Set SAOMA_WECHAT_APP_ID to the mini program's own AppID from mp.weixin.qq.com, not to that of an official account or a website.",
        "请把 SAOMA_WECHAT_APP_ID 设为小程序自己的 AppID（见 mp.weixin.qq.com），不要填公众号或网站应用的 AppID。",
    ),
    row(
        41002,
        WechatError::Configuration,
        "WeChat got no AppID. Set SAOMA_WECHAT_APP_ID, and check any proxy that drops query parameters.",
        "微信没有收到 AppID。请设置 SAOMA_WECHAT_APP_ID，并检查是否有代理丢弃了查询参数。",
    ),
    row(
        40125,
        WechatError::Configuration,
        "The AppSecret is wrong. Check SAOMA_WECHAT_APP_SECRET for blanks and for another program's secret; if it was reset at mp.weixin.qq.com, set the new one.",
        "AppSecret 不正确。请检查 SAOMA_WECHAT_APP_SECRET 是否含有空格，或填成了其他小程序的密钥；如果在 mp.weixin.qq.com 重置过，请填入新的 AppSecret。",
    ),
    row(
        41004,
        WechatError::Configuration,
        "WeChat got no AppSecret. Set SAOMA_WECHAT_APP_SECRET, and check any proxy that drops query parameters.",
        "微信没有收到 AppSecret。请设置 SAOMA_WECHAT_APP_SECRET，并检查是否有代理丢弃了查询参数。",
    ),
    row(
        40243,
        WechatError::Configuration,
        "The AppSecret is frozen. Unfreeze or reset it at mp.weixin.qq.com, then set SAOMA_WECHAT_APP_SECRET.",
        "AppSecret 已被冻结。请在 mp.weixin.qq.com 解冻或重置，然后更新 SAOMA_WECHAT_APP_SECRET。",
    ),
    row(
        40164,
        WechatError::Configuration,
        "Add this server's address {caller} to the API IP allow-list (IP 白名单) of the mini program at mp.weixin.qq.com, under development settings.",
        "请在 mp.weixin.qq.com 小程序后台的“开发设置”中，把本服务器的地址 {caller} 加入 API IP 白名单。",
    ),
    row(
        43002,
        WechatError::Configuration,
        "WeChat got another method than POST. Check SAOMA_WECHAT_BASE_URL (https, no redirect) and any proxy that changes requests.",
        "微信收到的请求不是 POST。请检查 SAOMA_WECHAT_BASE_URL（应为 https，且没有重定向），以及是否有代理改动了请求。",
    ),
    row(
        48001,
        WechatError::Configuration,
        PERMISSION_EN,
        PERMISSION_ZH,
    ),
    row(
        45063,
        WechatError::Configuration,
        PERMISSION_EN,
        PERMISSION_ZH,
    ),
    row(50004, WechatError::Configuration, ACCOUNT_EN, ACCOUNT_ZH),
    row(50007, WechatError::Configuration, ACCOUNT_EN, ACCOUNT_ZH),
    row(
        86369,
        WechatError::Configuration,
        "The mini program has to finish its filing (备案) before it can be listed. Do it at mp.weixin.qq.com.",
        "小程序需先完成备案才能上架，请在 mp.weixin.qq.com 办理。",
    ),
    row(
        89503,
        WechatError::Configuration,
        "The mini program's administrator has to allow this server's call. They got a message in WeChat: confirm it there, then try again.",
        "此次调用需要小程序管理员确认。请管理员在微信中查看通知并确认，然后重试。",
    ),
    row(
        89506,
        WechatError::Configuration,
        "The mini program's administrator refused this server's address. Ask them; WeChat takes the next try after 24 hours.",
        "小程序管理员拒绝了本服务器 IP 的调用。请与管理员沟通，24 小时后才能再次尝试。",
    ),
    row(
        89507,
        WechatError::Configuration,
        "The mini program's administrator refused this server's address. Ask them; WeChat takes the next try after 1 hour.",
        "小程序管理员拒绝了本服务器 IP 的调用。请与管理员沟通，1 小时后才能再次尝试。",
    ),
    // The request.
    row(
        41030,
        WechatError::OurRequest,
        "The published mini program has no page SAOMA_WECHAT_PAGE. Publish it with that page, or set SAOMA_WECHAT_ENV_VERSION=trial while you test.",
        "已发布的小程序中没有 SAOMA_WECHAT_PAGE 指定的页面。请发布包含该页面的版本；测试期间可设置 SAOMA_WECHAT_ENV_VERSION=trial。",
    ),
    row(
        40097,
        WechatError::OurRequest,
        "WeChat does not take one of the parameters. SAOMA_WECHAT_ENV_VERSION has to be release, trial or develop.",
        "有参数不被微信接受。SAOMA_WECHAT_ENV_VERSION 只能是 release、trial 或 develop。",
    ),
    row(40129, WechatError::OurRequest, SCENE_EN, SCENE_ZH),
    row(40169, WechatError::OurRequest, SCENE_EN, SCENE_ZH),
    row(40189, WechatError::OurRequest, REQUEST_EN, REQUEST_ZH),
    row(47001, WechatError::OurRequest, REQUEST_EN, REQUEST_ZH),
    row(
        85096,
        WechatError::OurRequest,
        "SAOMA_WECHAT_PAGE must not contain scancode_time, which WeChat keeps for itself.",
        "SAOMA_WECHAT_PAGE 中不能包含 scancode_time，这是微信的保留字段。",
    ),
    row(87009, WechatError::OurRequest, REQUEST_EN, REQUEST_ZH),
];

/// Stands for [`CALLER`] when WeChat's text does not hold the address.
pub(super) const SOME_CALLER: Advice = Advice {
    en: "(see the error text)",
    zh: "（见错误信息）",
};

/// For a number that is not listed.
pub(super) const UNKNOWN: Advice = Advice {
    en: "Look the number up among WeChat's global return codes (全局返回码); name the rid in the text when you ask WeChat about it.",
    zh: "请在微信文档的“全局返回码”中查询该错误码；向微信反馈时请附上错误信息中的 rid。",
};

/// For an answer that did not come in time.
pub(super) const TIMEOUT: Advice = Advice {
    en: "Check that this server reaches SAOMA_WECHAT_BASE_URL (DNS, firewall, proxy). If it does, WeChat is slow: try again shortly.",
    zh: "请检查本服务器能否访问 SAOMA_WECHAT_BASE_URL（DNS、防火墙、代理）；若网络正常，则是微信响应慢，请稍后重试。",
};

/// For a connection that did not come about, or broke.
pub(super) const UNREACHABLE: Advice = Advice {
    en: "Check SAOMA_WECHAT_BASE_URL and that this server may connect to it: DNS, firewall, and whether something on the way replaces the certificate.",
    zh: "请检查 SAOMA_WECHAT_BASE_URL，以及本服务器能否连接到该地址：DNS、防火墙，以及途中是否有设备替换了证书。",
};

/// For a call that was held back.
pub(super) const PAUSED: Advice = Advice {
    en: "Look at the failure in the log that opened this pause; calls go on by themselves once WeChat works again.",
    zh: "请查看日志中触发暂停的错误；微信恢复后会自动继续调用。",
};

/// For an answer that is not one of WeChat's API.
pub(super) const GARBAGE: Advice = Advice {
    en: "Something other than WeChat's API answered. Check SAOMA_WECHAT_BASE_URL and any proxy or login portal on the way, then try again.",
    zh: "应答的不是微信接口。请检查 SAOMA_WECHAT_BASE_URL，以及途中的代理或上网认证页面，然后重试。",
};
