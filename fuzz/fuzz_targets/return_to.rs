//! Any text as the place to go after a login: none that is kept leads a browser elsewhere.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::http::return_to;
use url::Url;

/// The pages from which a browser is sent on, which is where a path counts from.
static PAGES: LazyLock<Vec<Url>> = LazyLock::new(|| {
    urls(&[
        "https://login.example.com/login?return_to=%2F",
        "http://localhost:8080/login",
    ])
});
static ORIGINS: LazyLock<Vec<Url>> = LazyLock::new(|| {
    urls(&[
        "https://shop.example.com",
        "http://127.0.0.1:3000",
        "https://xn--fsq.example",
    ])
});

fuzz_target!(|text: &str| {
    let kept = return_to::check(text, &ORIGINS);
    if let Some(kept) = kept {
        assert_eq!(kept, text);
        assert!(text.len() <= 2048 && !text.contains(char::is_control));
    }
    for page in PAGES.iter() {
        // `Url` parses as browsers do: blanks at the ends, tabs, backslashes, IDNA and all.
        let Ok(target) = page.join(text) else {
            assert_eq!(kept, None, "leads nowhere");
            continue;
        };
        let here = target.origin() == page.origin();
        let named = ORIGINS
            .iter()
            .any(|origin| origin.origin() == target.origin());
        assert!(
            kept.is_none() || here || named,
            "{text:?} leads to {target}"
        );
        assert!(kept.is_none() || target.username().is_empty() && target.password().is_none());
    }
    // It must not be safe by keeping nothing.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~?&=#%".contains(c);
    if text.len() <= 2048
        && text
            .strip_prefix('/')
            .is_some_and(|rest| rest.chars().all(plain))
    {
        assert_eq!(kept, Some(text));
    }
});

fn urls(texts: &[&str]) -> Vec<Url> {
    texts.iter().map(|text| Url::parse(text).unwrap()).collect()
}
