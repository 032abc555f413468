use url::Url;

use super::{DashboardPage, ErrorPage, LoginPage, dashboard, error_page, login};
use crate::http::assets;
use crate::http::language::Language;

const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

fn login_page(language: Language, site_name: &str, return_to: &str) -> String {
    let public_url = Url::parse("https://login.example.com/").unwrap();
    login(&LoginPage {
        language,
        site_name,
        public_url: &public_url,
        return_to,
        device: "",
    })
    .unwrap()
}

fn dashboard_page(language: Language, nickname: Option<&str>) -> String {
    dashboard(&DashboardPage {
        language,
        site_name: "Example",
        nickname,
        avatar_url: None,
        browser: Some("Chrome 141"),
        os: Some("Windows"),
        ip: Some("203.0.113.0"),
        place: None,
        created_at: "2026-01-02T03:04:05Z",
    })
    .unwrap()
}

fn problem_page(language: Language, status: u16, retry_in: Option<u32>) -> String {
    error_page(&ErrorPage {
        language,
        site_name: "Example",
        status,
        code: "slow_down",
        detail: None,
        request_id: "0f2c",
        retry_in,
    })
    .unwrap()
}

/// Every page in every language, for what must hold on all of them.
fn all_pages() -> Vec<String> {
    LANGUAGES
        .into_iter()
        .flat_map(|language| {
            [
                login_page(language, "Example", "/dashboard"),
                dashboard_page(language, Some("Ming")),
                problem_page(language, 404, None),
                problem_page(language, 429, Some(7)),
                problem_page(language, 503, Some(2)),
                problem_page(language, 500, None),
            ]
        })
        .collect()
}

#[test]
fn every_page_renders_in_its_language_with_no_place_left_open() {
    for page in all_pages() {
        assert!(page.starts_with("<!doctype html>\n<html lang=\""));
        // What a script fills in stands in data attributes and keeps its places.
        let shown = page
            .split(" data-")
            .map(|part| part.split_once('>').map_or("", |(_, text)| text));
        for text in shown.skip(1) {
            assert!(!text.contains('{'), "{text}");
        }
    }
    assert!(login_page(Language::Zh, "示例", "/").contains("<h1>登录示例</h1>"));
    assert!(login_page(Language::En, "Example", "/").contains("<h1>Log in to Example</h1>"));
}

#[test]
fn no_page_holds_inline_script_or_style() {
    for page in all_pages() {
        assert!(
            !page.contains("<style") && !page.contains(" style="),
            "{page}"
        );
        assert!(!page.contains(" onclick=") && !page.contains("javascript:"));
        for script in page.split("<script").skip(1) {
            let (attributes, _) = script.split_once('>').unwrap();
            assert!(attributes.contains(" src=\"/static/"), "{attributes}");
        }
    }
}

#[test]
fn names_cannot_become_markup() {
    let evil = "<b>\"'&";
    for page in [
        login_page(Language::En, evil, "/"),
        dashboard_page(Language::En, Some(evil)),
    ] {
        assert!(!page.contains("<b>"), "{page}");
        assert!(page.contains("&#60;b&#62;"), "{page}");
    }
}

#[test]
fn the_switch_keeps_where_the_person_wanted_to_go() {
    let page = login_page(Language::En, "Example", "/reports?year=1&x=ü");
    assert!(page.contains("/login?lang=zh-CN&#38;return_to=%2Freports%3Fyear%3D1%26x%3D%C3%BC"));
    assert!(page.contains("https://login.example.com/login?lang=en&#38;return_to="));
}

#[test]
fn the_dashboard_shows_this_session_and_greets_a_user_without_a_name() {
    let page = dashboard_page(Language::En, None);
    assert!(page.contains("Hello, WeChat user"));
    assert!(page.contains("Chrome 141 on Windows"));
    assert!(page.contains("203.0.113.0"));
    assert!(dashboard_page(Language::Zh, None).contains("Chrome 141 · Windows"));
}

#[test]
fn an_error_that_passes_tells_when_to_try_again() {
    assert!(problem_page(Language::En, 429, Some(7)).contains("data-retry-in=\"7\""));
    assert!(!problem_page(Language::En, 404, None).contains("data-retry-in"));
}

#[test]
fn the_login_page_with_all_it_loads_is_below_60_kb() {
    for language in LANGUAGES {
        let page = login_page(language, "Example", "/dashboard");
        let mut sum = page.len();
        for part in page.split("\"/static/").skip(1) {
            let (path, _) = part.split_once('"').unwrap();
            sum += assets::lookup(path).map_or(0, |asset| asset.bytes.len());
        }
        assert!(sum < 60_000, "{sum} bytes");
    }
}
