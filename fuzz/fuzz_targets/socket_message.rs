//! Any text that a browser's socket may bring (PROTOCOL, section 5).

#![no_main]

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::session::protocol::{BadFrame, ClientMessage, PhoneMessage};
use serde_json::Value;

fuzz_target!(|text: &str| {
    assert_eq!(ClientMessage::parse(text), as_the_protocol_says(text));
    // A phone's frames have the same form.
    let (browser, phone) = (ClientMessage::parse(text), PhoneMessage::parse(text));
    assert_eq!(
        matches!(browser, Err(BadFrame::NotJson)),
        matches!(phone, Err(BadFrame::NotJson))
    );
    if let (Ok(ClientMessage::Message { text }), Ok(PhoneMessage::Message { text: said, .. })) =
        (browser, phone)
    {
        assert_eq!(text, said);
    }
});

/// The protocol's table, read field by field from plain JSON.
fn as_the_protocol_says(text: &str) -> Result<ClientMessage, BadFrame> {
    let value: Value = serde_json::from_str(text).map_err(|_| BadFrame::NotJson)?;
    let field = |name| value.get(name).unwrap_or(&Value::Null);
    match field("type").as_str().ok_or(BadFrame::BadMessage)? {
        "refresh" => {
            let version = field("version").as_i64();
            let version = version.and_then(|number| i32::try_from(number).ok());
            Ok(ClientMessage::Refresh {
                version: version.ok_or(BadFrame::BadMessage)?,
                silent: field("silent").as_bool().ok_or(BadFrame::BadMessage)?,
            })
        }
        "cancel" => Ok(ClientMessage::Cancel),
        "check_code" => Ok(ClientMessage::CheckCode {
            code: field("code")
                .as_str()
                .ok_or(BadFrame::BadMessage)?
                .to_owned(),
        }),
        "message" => {
            let text = field("text").as_str().unwrap_or_default();
            let bad = text.trim().is_empty()
                || text.chars().count() > 1_000
                || text.chars().any(|c| c.is_control() && c != '\n');
            let text = text.to_owned();
            (!bad)
                .then_some(ClientMessage::Message { text })
                .ok_or(BadFrame::BadMessage)
        }
        _ => Err(BadFrame::UnknownMessage),
    }
}
