//! What a person reads about each code: what happened, and what to do.

use crate::http::language::Language;

/// The sentence for a code, in one language.
pub(crate) fn detail(code: &str, language: Language) -> &'static str {
    let found = TEXTS.iter().find(|(known, _, _)| *known == code);
    let (_, en, zh) = found.unwrap_or(&INTERNAL);
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

type Text = (&'static str, &'static str, &'static str);

const INTERNAL: Text = (
    "internal",
    "Something went wrong on our side. Please try again; if it stays, tell the site's owner the request id.",
    "服务器出了点问题，请重试；若仍不行，请把请求编号告诉网站管理员。",
);

const TEXTS: &[Text] = &[
    INTERNAL,
    (
        "bad_request",
        "The request could not be understood. Please check its form.",
        "请求的格式不正确，请检查后再试。",
    ),
    (
        "entry_scene_missing",
        "The request lacks entry_scene, the number of WeChat's entry scene.",
        "请求缺少 entry_scene（微信场景值，须为数字）。",
    ),
    (
        "scene_malformed",
        "This is not one of our codes. Please scan the code on the login page.",
        "这不是本站的登录码，请扫描登录页上的小程序码。",
    ),
    (
        "session_missing",
        "You are not signed in. Please sign in first.",
        "你还没有登录，请先登录。",
    ),
    (
        "browser_secret_missing",
        "This browser has no login page open. Please open the login page again.",
        "浏览器没有打开登录页，请重新打开登录页。",
    ),
    (
        "phone_session_invalid",
        "The phone's session has ended. Please call wx.login and repeat once.",
        "手机端会话已失效，请重新调用 wx.login 后再试一次。",
    ),
    (
        "wechat_code_invalid",
        "WeChat does not accept this login code. Please call wx.login again.",
        "微信登录凭证无效，请重新调用 wx.login。",
    ),
    (
        "wechat_code_used",
        "This WeChat login code was used before. Please call wx.login again.",
        "微信登录凭证已被使用，请重新调用 wx.login。",
    ),
    (
        "internal_key_wrong",
        "The key is missing or wrong. Please send SAOMA_INTERNAL_KEY as a bearer token.",
        "密钥缺失或不正确，请以 Bearer 方式携带 SAOMA_INTERNAL_KEY。",
    ),
    (
        "origin_refused",
        "This request comes from another site and was refused.",
        "请求来自其他网站，已被拒绝。",
    ),
    (
        "nonce_invalid",
        "This confirmation is not valid any more. Please scan the code again.",
        "本次确认已失效，请重新扫码。",
    ),
    (
        "registration_closed",
        "This site does not take new users at the moment. Please ask its owner.",
        "本站暂不开放注册，请联系网站管理员。",
    ),
    (
        "wechat_user_blocked",
        "WeChat has blocked this login for safety. Please try again later in WeChat.",
        "微信出于安全原因阻止了本次登录，请稍后在微信中重试。",
    ),
    (
        "not_found",
        "There is nothing at this address.",
        "这个地址没有内容。",
    ),
    (
        "attempt_unknown",
        "This login is not known here. Please start again on the login page.",
        "找不到这次登录，请在登录页重新开始。",
    ),
    (
        "session_unknown",
        "This session does not exist or has ended.",
        "该会话不存在或已结束。",
    ),
    (
        "code_unknown",
        "There is no such code. Please reload the login page.",
        "没有这个小程序码，请刷新登录页。",
    ),
    (
        "scene_unknown",
        "This code is not known here. Please scan the code on the login page.",
        "无法识别此码，请扫描登录页上的小程序码。",
    ),
    (
        "method_not_allowed",
        "This address does not take requests of this kind.",
        "该地址不支持这种请求方式。",
    ),
    (
        "peer_absent",
        "Nobody is there to read this. Please send it again when the other device is back.",
        "对方不在线，消息没有送达，请等对方上线后重新发送。",
    ),
    (
        "not_confirmed",
        "The login has not been confirmed on the phone yet.",
        "手机上还没有确认登录。",
    ),
    (
        "already_confirmed",
        "The login has already been confirmed.",
        "本次登录已经确认过了。",
    ),
    (
        "already_scanned",
        "Another phone has already scanned this code. Please refresh the code and scan again.",
        "此码已被另一部手机扫描，请刷新后重新扫码。",
    ),
    (
        "already_redeemed",
        "This login has already been used.",
        "本次登录已经完成。",
    ),
    (
        "already_registered",
        "You are already registered here.",
        "你已经注册过了。",
    ),
    (
        "attempt_expired",
        "This code has expired. Please refresh it on the login page and scan again.",
        "此码已过期，请在登录页刷新后重新扫码。",
    ),
    (
        "attempt_cancelled",
        "This login was cancelled. Please start again on the login page.",
        "本次登录已取消，请在登录页重新开始。",
    ),
    (
        "attempt_failed",
        "This login could not be completed. Please start again on the login page.",
        "本次登录未能完成，请在登录页重新开始。",
    ),
    ("too_large", "The request is too large.", "请求内容过大。"),
    (
        "unsupported_media_type",
        "This is not taken here: a request is application/json, a picture is a JPEG or PNG.",
        "不支持这种内容：请求须为 application/json 格式，图片须为 JPEG 或 PNG。",
    ),
    (
        "nickname_invalid",
        "A nickname has 1 to 32 characters and no control characters.",
        "昵称须为 1 至 32 个字符，且不含控制字符。",
    ),
    (
        "avatar_invalid",
        "This picture cannot be read, or has too many pixels. Please choose another.",
        "无法读取这张图片，或图片尺寸过大，请换一张。",
    ),
    (
        "number_wrong",
        "That is not the number on the login page. Please look at the page and type it again.",
        "与登录页上的数字不一致，请看清登录页后重新输入。",
    ),
    (
        "code_wrong",
        "That is not the code on the phone. Please look at the phone and type it again.",
        "与手机上的验证码不一致，请看清手机后重新输入。",
    ),
    (
        "tap_needed",
        "The code has been renewed several times. Please tap to get a new one.",
        "小程序码已自动刷新多次，请点击获取新码。",
    ),
    (
        "slow_down",
        "Too many requests. Please wait a moment and try again.",
        "操作太频繁，请稍候再试。",
    ),
    (
        "codes_unavailable",
        "We cannot get a code from WeChat at the moment. Please try again shortly.",
        "暂时无法从微信获取小程序码，请稍后再试。",
    ),
    (
        "wechat_unavailable",
        "WeChat does not answer at the moment. Please try again shortly.",
        "微信暂时没有响应，请稍后再试。",
    ),
    (
        "draining",
        "This server is about to restart. Please try again in a moment.",
        "服务即将重启，请稍候再试。",
    ),
    (
        "unavailable",
        "The service is briefly unavailable. Please try again in a moment.",
        "服务暂时不可用，请稍候再试。",
    ),
    (
        "bad_message",
        "The message could not be understood.",
        "消息格式不正确。",
    ),
    (
        "unknown_message",
        "This kind of message is not known.",
        "不支持的消息类型。",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_sentence_in_both_languages() {
        for (code, en, zh) in TEXTS {
            assert_eq!(detail(code, Language::En), *en, "{code} stands twice");
            assert!(!zh.is_ascii(), "{code} has no Chinese text");
        }
    }
}
