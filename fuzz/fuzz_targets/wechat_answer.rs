//! Any answer in WeChat's place: the first byte chooses the status, the rest is the body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::wechat::{self, ImageKind, WechatError};
use serde_json::Value;

const APP_SECRET: &str = "canary-app-secret";
const JS_CODE: &str = "canary-js-code";

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let status = match first {
        b'b' => 502,
        b'r' => 302,
        b'n' => 404,
        _ => 200,
    };
    let read = wechat::read(status, body, &[APP_SECRET, JS_CODE]);

    if let Ok(token) = &read.token {
        assert!(!token.is_empty());
    }
    if let Ok(identity) = &read.identity {
        assert!(!identity.open_id.is_empty());
        assert_ne!(identity.union_id.as_deref(), Some(""));
    }
    if let Ok(image) = &read.image {
        let magic: &[u8] = match image.kind {
            ImageKind::Jpeg => b"\xFF\xD8\xFF",
            ImageKind::Png => b"\x89PNG\r\n\x1A\n",
        };
        assert!(image.bytes.starts_with(magic));
        assert_eq!(image.bytes, body);
    }

    let refused = refusal(body);
    for (answer, is_ok) in [
        (read.token.as_ref().err(), read.token.is_ok()),
        (read.identity.as_ref().err(), read.identity.is_ok()),
        (read.image.as_ref().err(), read.image.is_ok()),
    ] {
        assert!(
            !is_ok || status == 200 && refused.is_none(),
            "taken for a success"
        );
        if let Some(error) = answer {
            is_fit_for_a_log(error);
            if let Some(code) = refused {
                assert_eq!(error.errcode(), Some(code));
            }
        }
    }
});

/// WeChat's number in a body that is an error.
fn refusal(body: &[u8]) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        errcode: i64,
        #[allow(dead_code)]
        errmsg: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    // Whether it is an object: an array would do for serde.
    serde_json::from_slice::<Value>(body).ok()?.as_object()?;
    (refusal.errcode != 0).then_some(refusal.errcode)
}

/// One short line without a secret, with advice in both languages.
fn is_fit_for_a_log(error: &WechatError) {
    let texts = [
        error.to_string(),
        format!("{error:?}"),
        error.advice_en().into_owned(),
        error.advice_zh().into_owned(),
    ];
    for text in texts {
        assert!(!text.is_empty() && text.len() < 4096);
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(
            !text.contains(APP_SECRET) && !text.contains(JS_CODE),
            "{text}"
        );
    }
}
