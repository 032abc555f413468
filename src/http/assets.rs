//! The files a browser loads beside the pages, carried inside the program.
//!
//! Their addresses hold a digest of all of them as a folder, `/static/<digest>/login.js`: a
//! browser may keep them for ever, and a script's relative imports (`./socket.js`) stay inside
//! the same folder without being rewritten.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// One file as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The whole content.
    pub bytes: &'static [u8],
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `Cache-Control`.
    pub cache_control: &'static str,
}

/// Finds the file behind `/static/<path>`, where `path` is `<digest>/<name>`.
///
/// While versions change on several instances, a page of one may ask another for its files. It
/// gets the ones at hand rather than none, but is told to keep them no longer than this once.
pub fn lookup(path: &str) -> Option<Asset> {
    let (digest, name) = path.split_once('/')?;
    let (_, bytes) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(Asset {
        bytes,
        content_type: content_type(name),
        cache_control: if digest == *DIGEST {
            "public, max-age=31536000, immutable"
        } else {
            "no-store"
        },
    })
}

/// The address of a file, for templates: `/static/<digest>/<name>`.
pub fn address(name: &str) -> String {
    format!("/static/{}/{name}", *DIGEST)
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../static/", $name)))),*]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "api.js",
    "attempt.js",
    "chat.js",
    "dashboard.css",
    "dashboard.js",
    "error.js",
    "icon.svg",
    "icon-done.svg",
    "icon-stop.svg",
    "icon-wait.svg",
    "links.js",
    "login.js",
    "poll.js",
    "redeem.js",
    "saoma.css",
    "sessions.js",
    "socket.js",
    "view.js",
];

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = Sha256::new();
    for (name, bytes) in FILES {
        hasher.update(name);
        hasher.update(bytes.len().to_be_bytes());
        hasher.update(bytes);
    }
    // 72 bits are plenty to tell our own versions apart.
    URL_SAFE_NO_PAD.encode(&hasher.finalize()[..9])
});

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES, address, content_type, lookup};

    fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
        FILES
            .iter()
            .filter(|(name, _)| content_type(name).starts_with("text/javascript"))
            .map(|(name, bytes)| (*name, std::str::from_utf8(bytes).unwrap()))
    }

    #[test]
    fn every_file_is_found_at_its_address_and_may_be_kept() {
        for (name, bytes) in FILES {
            let address = address(name);
            let asset = lookup(address.strip_prefix("/static/").unwrap()).unwrap();
            assert_eq!(&asset.bytes, bytes);
            assert!(asset.cache_control.contains("immutable"), "{address}");
            assert_ne!(asset.content_type, "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn an_address_of_another_version_is_served_but_not_kept() {
        assert_eq!(lookup("other/login.js").unwrap().cache_control, "no-store");
    }

    #[test]
    fn nothing_else_is_served() {
        for path in ["", "/", "login.js", "x/../Cargo.toml", "x//login.js", "x/"] {
            assert!(lookup(path).is_none(), "{path}");
        }
    }

    #[test]
    fn every_import_of_a_script_is_among_the_files() {
        for (name, text) in scripts() {
            for line in text.lines().filter(|line| line.contains(" from '")) {
                let from = line.split(" from './").nth(1).unwrap();
                let imported = from.split('\'').next().unwrap();
                assert!(
                    FILES.iter().any(|(known, _)| *known == imported),
                    "{name} imports {imported}"
                );
            }
        }
    }

    #[test]
    fn no_script_writes_html_or_styles_that_the_content_policy_forbids() {
        for (name, text) in scripts() {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "eval(",
                ".write(",
            ] {
                assert!(!text.contains(word), "{name} uses {word}");
            }
        }
    }

    #[test]
    fn the_files_of_a_page_stay_small() {
        let base = include_str!("../../templates/base.html");
        for page in [
            include_str!("../../templates/login.html"),
            include_str!("../../templates/dashboard.html"),
        ] {
            // Each file that a page needs stands in its head, so that none is found late.
            let text = [base, page].concat();
            let loads = |name: &str| text.contains(&format!("\"{name}\""));
            let files = FILES.iter().filter(|(name, _)| loads(name));
            let sum: usize = files.map(|(_, bytes)| bytes.len()).sum();
            assert!(
                (20_000..50_000).contains(&sum),
                "{sum} bytes leave too little for a page under 60 KB"
            );
        }
    }
}
