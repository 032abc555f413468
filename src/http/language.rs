//! Which language a person reads: their own choice first, then what their browser asks for.

/// A language the pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese, simplified.
    Zh,
    /// English, also for everybody who reads neither.
    En,
}

/// The cookie that remembers the choice made with `?lang=`; it is no secret and needs no consent.
pub const COOKIE: &str = "saoma_lang";

impl Language {
    /// Chooses by the query's `lang`, else the cookie [`COOKIE`], else `Accept-Language`.
    ///
    /// A value that names no language of ours counts as absent, so that a broken link or cookie
    /// never takes a page away from anybody.
    pub fn choose(query: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Self {
        query
            .and_then(Self::from_tag)
            .or_else(|| cookie.and_then(Self::from_tag))
            .or_else(|| accept.and_then(Self::from_accept_language))
            .unwrap_or(Self::En)
    }

    /// The BCP 47 tag for `<html lang>` and `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language that the switch on a page offers.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The language's name in itself, as the switch shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zh => "简体中文",
            Self::En => "English",
        }
    }

    /// The `Set-Cookie` value that keeps the choice for a year.
    pub fn set_cookie(self) -> String {
        let tag = self.tag();
        format!("{COOKIE}={tag}; Path=/; Max-Age=31536000; SameSite=Lax")
    }

    /// Every Chinese reads the simplified page, and every English the English one.
    fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The language of ours with the highest quality value (RFC 9110, section 12.5.4); the
    /// earlier one wins a tie, `q=0` means never.
    fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |value| value.trim().parse().unwrap_or(0.0));
            if quality > best.map_or(0.0, |(_, highest)| highest) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, Zh};

    fn accepted(header: &str) -> Language {
        Language::choose(None, None, Some(header))
    }

    #[test]
    fn the_browser_s_first_language_is_used() {
        assert_eq!(accepted("zh-CN,zh;q=0.9,en;q=0.8"), Zh);
        assert_eq!(accepted("en-GB,en;q=0.9,zh-CN;q=0.8"), En);
        assert_eq!(accepted("ZH-hant-TW"), Zh);
    }

    #[test]
    fn quality_goes_before_order() {
        assert_eq!(accepted("en;q=0.5, zh;q=0.9"), Zh);
        assert_eq!(accepted("zh;q=0, en;q=0.1"), En);
        assert_eq!(accepted("zh;q=0"), En);
    }

    #[test]
    fn other_languages_are_passed_over_and_end_in_english() {
        assert_eq!(accepted("de-DE, fr;q=0.9, zh;q=0.1"), Zh);
        assert_eq!(accepted("de, *;q=0.5"), En);
        assert_eq!(Language::choose(None, None, None), En);
    }

    #[test]
    fn a_choice_goes_before_the_browser_and_the_newest_choice_before_all() {
        assert_eq!(Language::choose(None, Some("zh-CN"), Some("en")), Zh);
        assert_eq!(Language::choose(Some("en"), Some("zh-CN"), Some("zh")), En);
    }

    #[test]
    fn nonsense_takes_no_page_away() {
        assert_eq!(Language::choose(Some("<script>"), Some(""), Some("zh")), Zh);
        assert_eq!(accepted(";;q=,,zh;q=nine,\u{0}"), En);
    }
}
