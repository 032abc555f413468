//! Where a browser may be sent after its login.

use url::Url;

/// `text` if it is a path on this site or a URL of one of `origins`; none for
/// anything else, which is ignored and never an error.
pub fn check<'a>(text: &'a str, origins: &[Url]) -> Option<&'a str> {
    if text.len() > 2048 || text.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    if text.starts_with('/') {
        return (!text.starts_with("//")).then_some(text);
    }
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    let known = origins.iter().any(|origin| origin.origin() == url.origin());
    (plain && known && matches!(url.scheme(), "http" | "https")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_this_site_or_a_named_origin_is_kept_and_nothing_else() {
        let origins = [Url::parse("https://shop.example.com").unwrap()];
        for good in [
            "/",
            "/dashboard?x=1#y",
            "https://shop.example.com/cart",
            "https://shop.example.com",
        ] {
            assert_eq!(check(good, &origins), Some(good));
        }
        for bad in [
            "",
            "dashboard",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://evil.example/",
            "https://shop.example.com.evil.example/",
            "https://shop.example.com:8443/",
            "http://shop.example.com/",
            "https://shop.example.com@evil.example/",
            "https://user@shop.example.com/",
            "/a\r\nSet-Cookie: x=1",
            "/\u{0}",
            &format!("/{}", "a".repeat(3000)),
        ] {
            assert_eq!(check(bad, &origins), None, "{bad:?}");
        }
    }
}
