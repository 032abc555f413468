//! Whether a browser's request comes from our own page.

use actix_web::http::header::{HeaderMap, ORIGIN};

use crate::error::Error;

/// For requests that change something: an `Origin` that is there decides alone,
/// without one (or with `null`) the browser has to say `same-origin`.
pub fn require_same(headers: &HeaderMap, public_origin: &str) -> Result<(), Error> {
    let same = match origin(headers) {
        Some(origin) if origin != "null" => origin == public_origin,
        _ => headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "same-origin"),
    };
    if same {
        Ok(())
    } else {
        Err(Error::OriginRefused)
    }
}

/// For sockets, which every browser opens with an `Origin`: it must be ours.
pub fn require_ours(headers: &HeaderMap, public_origin: &str) -> Result<(), Error> {
    if origin(headers) == Some(public_origin) {
        Ok(())
    } else {
        Err(Error::OriginRefused)
    }
}

/// One header or none; two are nobody's honest request.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(ORIGIN);
    let first = all.next()?;
    if all.next().is_some() {
        return Some("");
    }
    Some(first.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const OURS: &str = "https://login.example.com";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for &(name, value) in pairs {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        map
    }

    #[test]
    fn an_origin_decides_alone() {
        assert!(require_same(&headers(&[("origin", OURS)]), OURS).is_ok());
        let lie = [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert!(require_same(&headers(&lie), OURS).is_err());
    }

    #[test]
    fn without_an_origin_the_browser_must_say_same_origin() {
        for (pairs, good) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (
                vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("origin", "null")], false),
            (vec![], false),
        ] {
            assert_eq!(
                require_same(&headers(&pairs), OURS).is_ok(),
                good,
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn a_socket_needs_exactly_our_origin() {
        assert!(require_ours(&headers(&[("origin", OURS)]), OURS).is_ok());
        for other in [
            "null",
            "https://login.example.com.evil.example",
            "https://login.example.com:8443",
            "http://login.example.com",
            "login.example.com",
            "",
        ] {
            assert!(
                require_ours(&headers(&[("origin", other)]), OURS).is_err(),
                "{other}"
            );
        }
        assert!(require_ours(&headers(&[]), OURS).is_err());
        assert!(require_ours(&headers(&[("origin", OURS), ("origin", OURS)]), OURS).is_err());
    }
}
