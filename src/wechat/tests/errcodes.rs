//! The map of WeChat's error numbers.

use std::collections::HashSet;

use crate::wechat::{
    Endpoint::{CodeImage, Identity, StableToken},
    WechatError,
    errcode::ROWS,
};

/// Every number that WeChat's pages list, and what the caller has to do about it.
const LISTED: &[(i64, &str)] = &[
    (-1, "Busy"),
    (40001, "TokenRefused"),
    (40002, "Configuration"),
    (40013, "Configuration"),
    (40014, "TokenRefused"),
    (40029, "CodeInvalid"),
    (40097, "OurRequest"),
    (40125, "Configuration"),
    (40129, "OurRequest"),
    (40163, "CodeUsed"),
    (40164, "Configuration"),
    (40169, "OurRequest"),
    (40189, "OurRequest"),
    (40226, "UserBlocked"),
    (40243, "Configuration"),
    (41001, "OurRequest"),
    (41002, "Configuration"),
    (41004, "Configuration"),
    (41008, "CodeInvalid"),
    (41030, "OurRequest"),
    (42001, "TokenRefused"),
    (43002, "Configuration"),
    (45009, "Quota"),
    (45011, "MinuteQuota"),
    (45063, "Configuration"),
    (47001, "OurRequest"),
    (48001, "Configuration"),
    (50004, "Configuration"),
    (50007, "Configuration"),
    (85096, "OurRequest"),
    (86369, "Configuration"),
    (87009, "OurRequest"),
    (89503, "Configuration"),
    (89506, "Configuration"),
    (89507, "Configuration"),
];

fn refused(code: i64) -> WechatError {
    WechatError::refused(CodeImage, code, "some text rid: 1-2-3")
}

fn variant(error: &WechatError) -> String {
    let debug = format!("{error:?}");
    debug.split('(').next().unwrap().to_owned()
}

#[test]
fn t2_every_listed_number_becomes_its_error() {
    for (code, expected) in LISTED {
        let error = refused(*code);
        assert_eq!(variant(&error), *expected, "{code}");
        assert_eq!(error.errcode(), Some(*code));
        assert_eq!(error.endpoint(), CodeImage);
    }
    let listed: HashSet<_> = LISTED.iter().map(|(code, _)| *code).collect();
    let rows: HashSet<_> = ROWS.iter().map(|row| row.code).collect();
    assert_eq!(listed, rows);
    assert_eq!(rows.len(), ROWS.len(), "a number stands twice");
}

#[test]
fn every_error_has_advice_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (code, _) in LISTED {
        let error = refused(*code);
        let (en, zh) = (error.advice_en(), error.advice_zh());
        assert!(en.ends_with('.') && en.len() > 40, "{code}: {en}");
        assert!(zh.ends_with('。') && chinese(&zh), "{code}: {zh}");
        assert!(!zh.contains(", ") && !zh.contains('('), "{code}: {zh}");
        assert!(!en.contains('{') && !zh.contains('{'), "{code}");
    }
}

#[test]
fn only_what_passes_by_itself_is_worth_repeating() {
    let repeated = ["Busy", "TokenRefused", "Quota", "MinuteQuota"];
    for (code, expected) in LISTED {
        let error = refused(*code);
        assert_eq!(error.is_retryable(), repeated.contains(expected), "{code}");
    }
    assert!(!refused(12345).is_retryable());
    let in_seconds = |endpoint, code| {
        let error = WechatError::refused(endpoint, code, "");
        error.retry_in().map(|wait| wait.as_secs())
    };
    assert_eq!(in_seconds(CodeImage, 45009), Some(60));
    assert_eq!(in_seconds(StableToken, 45009), Some(3600));
    assert_eq!(in_seconds(Identity, 45011), Some(60));
}

#[test]
fn the_address_to_allow_is_taken_from_the_text() {
    for (errmsg, address) in [
        (
            "invalid ip 192.0.2.7 ipv6 ::ffff:192.0.2.7, not in whitelist rid: 6-4-0",
            "192.0.2.7",
        ),
        (
            "invalid ip ::ffff:192.0.2.7, not in whitelist, rid: 6-4-0",
            "192.0.2.7",
        ),
        (
            "invalid ip 2001:db8::7, not in whitelist rid: 6-4-0",
            "2001:db8::7",
        ),
    ] {
        let error = WechatError::refused(Identity, 40164, errmsg);
        assert!(
            error.advice_en().contains(&format!(" {address} ")),
            "{errmsg}"
        );
        assert!(
            error.advice_zh().contains(&format!(" {address} ")),
            "{errmsg}"
        );
    }
    let unnamed = WechatError::refused(StableToken, 40164, "not in whitelist");
    assert!(unnamed.advice_en().contains("(see the error text)"));
    assert!(unnamed.advice_zh().contains("（见错误信息）"));
}

#[test]
fn an_invalid_credential_means_the_secret_where_a_token_is_asked_for() {
    let error = WechatError::refused(StableToken, 40001, "invalid credential");
    assert_eq!(variant(&error), "Configuration");
    assert!(error.advice_en().contains("SAOMA_WECHAT_APP_SECRET"));
    assert_eq!(error.errcode(), Some(40001));
}

#[test]
fn an_unknown_number_keeps_number_and_text() {
    let error = WechatError::refused(Identity, 61_234, "something new, rid: 1-2-3");
    assert_eq!(variant(&error), "Unknown");
    assert_eq!(
        error.to_string(),
        "WeChat refused with an unknown code: /sns/jscode2session answered 61234 something new, rid: 1-2-3"
    );
    assert!(error.advice_en().contains("rid"));
}

#[test]
fn a_text_cannot_forge_a_log_line() {
    let long = format!("a\r\nb\u{1b}[31m{}", "x".repeat(1000));
    let error = WechatError::refused(Identity, 40029, &long);
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text}");
    assert!(text.len() < 400);
}
