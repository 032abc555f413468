//! The two languages of the phone page.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

impl Language {
    /// The one that the request likes better; English for those who like neither.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = request.headers().get(ACCEPT_LANGUAGE);
        let accepted = header.and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut best = (Self::English, 0.0);
        for entry in accepted.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let language = match parts.next().and_then(|tag| tag.split('-').next()) {
                Some(tag) if tag.eq_ignore_ascii_case("zh") => Self::Chinese,
                Some(tag) if tag.eq_ignore_ascii_case("en") => Self::English,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let quality: f32 = quality.unwrap_or(1.0);
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }

    /// As `lang` attributes and Accept-Language name it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}
