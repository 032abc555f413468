//! Any text in the place of a scene, a nonce or an attempt's id.

#![no_main]

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::login::ids::{AttemptId, Scene, Secret};
use sha2::{Digest, Sha256};

fuzz_target!(|text: &str| {
    let scene = Scene::parse(text);
    assert_eq!(scene.is_some(), of_the_alphabet(text, 32));
    if let Some(scene) = scene {
        assert_eq!(scene.as_str(), text);
        assert_eq!(scene.hash()[..], Sha256::digest(text)[..]);
    }

    // 43 characters hold 258 bits, so some of them stand for no 32 bytes: those are refused, and
    // no secret has two forms.
    let secret = Secret::parse(text);
    assert_eq!(
        secret.is_some(),
        of_the_alphabet(text, 43) && ends_evenly(text)
    );
    if let Some(secret) = secret {
        assert_eq!(secret.expose(), text);
        assert!(!format!("{secret:?}").contains(text));
    }

    // An id has several forms for the parser, and one of ours.
    if let Ok(id) = serde_json::from_value::<AttemptId>(text.into()) {
        let written = id.to_string();
        assert_eq!(written.len(), 36);
        assert_eq!(
            serde_json::from_value::<AttemptId>(written.into()).unwrap(),
            id
        );
    }
});

fn of_the_alphabet(text: &str, length: usize) -> bool {
    let mut chars = text.chars();
    let all = chars.all(|c| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '_'));
    all && text.len() == length
}

/// Whether the last two bits are zero: every fourth letter of the alphabet.
fn ends_evenly(text: &str) -> bool {
    text.ends_with(|c| "AEIMQUYcgkosw048".contains(c))
}
