//! L5: the headers of section 9.1 on every answer of every route.

use actix_web::http::Method;
use serde_json::json;

use crate::{
    support::{Answer, Browser, RawSocket, TestServer},
    upgrade::expect_refused,
};

const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:";

/// What every answer has, without the content policy, HSTS and the cache's header.
const FIXED: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=()",
    ),
];

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Every route of the public and of the admin address, read off the code, so
/// that a new one is looked at too.
fn routes() -> [Vec<String>; 2] {
    let source = include_str!("../../../src/http/mod.rs");
    let (public, admin) = source.split_once("pub fn admin_routes").unwrap();
    [public, admin].map(|source| {
        let mut found = Vec::new();
        let mut prefix = "";
        for line in source.lines() {
            if line.contains(".default_service(") {
                prefix = "";
            }
            let words: Vec<&str> = line.split('"').collect();
            let [before, path, ..] = words[..] else {
                continue;
            };
            if before.ends_with("scope(") {
                prefix = path;
            } else if before.ends_with("resource(") || before.ends_with("readable(") {
                let path = format!("{prefix}{path}");
                let id = "7b3ce6a6-1bd4-4c95-8a0f-111111111111";
                let path = path
                    .replace("{path:.*}", "x/y.js")
                    .replace("{name}", "x.jpg");
                found.push(path.replace("{attempt}", id).replace("{id}", id));
            }
        }
        found
    })
}

#[track_caller]
fn expect_headers(answer: &Answer, what: &str, policy: &str, secure: bool) {
    for (name, value) in FIXED {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    assert_eq!(answer.header("content-security-policy"), policy, "{what}");
    assert!(!policy.contains("unsafe"));
    let hsts = if secure {
        "max-age=63072000; includeSubDomains"
    } else {
        ""
    };
    assert_eq!(answer.header("strict-transport-security"), hsts, "{what}");
    let kept = ["public, max-age=300", "public, max-age=31536000, immutable"];
    let cache = answer.header("cache-control");
    let may_be_kept = ["/codes/", "/static/", "/.well-known/jwks.json"];
    let may_be_kept = may_be_kept.iter().any(|start| what.contains(start));
    assert!(
        cache == "no-store" || may_be_kept && kept.contains(&cache),
        "{what}: {cache}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "", "{what}");
}

async fn expect_headers_everywhere(options: &[(&str, &str)], policy: &str, secure: bool) {
    let server = TestServer::start_with(options).await;
    let policy = policy.replace("{port}", server.url.rsplit(':').next().unwrap());
    let [public, admin] = routes();
    assert!(public.len() > 20 && admin.len() > 2, "{public:?} {admin:?}");
    for (url, paths) in [(&server.url, public), (&server.admin_url, admin)] {
        let browser = Browser::new(url);
        for path in paths.iter().map(String::as_str).chain(["/nothing", "/%ff"]) {
            for method in METHODS {
                for accept in ["text/html", "application/json"] {
                    let headers = [("accept", accept)];
                    let answer = browser.raw(method.clone(), path, &headers, "").await;
                    let what = format!("{method} {path}: {}", answer.status);
                    expect_headers(&answer, &what, &policy, secure);
                }
            }
        }
    }
    // Errors that only a body, a cookie or a missing database give.
    let mut browser = server.browser().await;
    browser.origin = if secure {
        "https://login.example.com".to_owned()
    } else {
        server.url.clone()
    };
    let path = "/api/login/attempts";
    let origin = ("origin", browser.origin.as_str());
    let json = ("content-type", "application/json");
    let large = "x".repeat(70_000);
    for (headers, body, status) in [
        (&[origin, json][..], "{", 400),
        (&[json], "{}", 403),
        (&[origin, ("content-type", "text/plain")], "{}", 415),
        (&[origin, json], &large, 413),
        (&[origin, json], "{}", 201),
    ] {
        let answer = browser.raw(Method::POST, path, headers, body).await;
        assert_eq!(answer.status, status);
        expect_headers(&answer, path, &policy, secure);
    }
    server.database.set_away(true).await;
    let answer = browser.post(path, json!({})).await;
    assert_eq!(answer.status, 503);
    expect_headers(&answer, path, &policy, secure);
    server.database.set_away(false).await;
    // A socket's refusal.
    for path in ["/ws/login", "/ws/session"] {
        let refused = RawSocket::upgrade(&browser, path, &[]).await;
        expect_refused(&refused, 403, "origin_refused");
        for (name, value) in FIXED {
            assert!(refused.has(&format!("{name}: {value}")), "{}", refused.head);
        }
        let line = format!("content-security-policy: {}", policy.to_lowercase());
        assert!(refused.has(&line), "{}", refused.head);
    }
}

#[actix_web::test]
async fn l5_every_answer_of_every_route_has_the_security_headers() {
    let policy = format!(
        "{POLICY}; connect-src 'self' ws://localhost:{{port}}; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'"
    );
    expect_headers_everywhere(&[], &policy, false).await;
}

#[actix_web::test]
async fn l5_behind_https_with_a_code_host_and_a_report_address_too() {
    let policy = format!(
        "{POLICY} https://cdn.example.com; connect-src 'self' wss://login.example.com; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; report-to csp"
    );
    let options = [
        ("SAOMA_PUBLIC_URL", "https://login.example.com"),
        ("SAOMA_WECHAT_TRUST_BASE_URL", "true"),
        ("SAOMA_CODE_BASE_URL", "https://cdn.example.com/codes"),
        ("SAOMA_CSP_REPORT_URL", "https://reports.example.com/csp"),
    ];
    expect_headers_everywhere(&options, &policy, true).await;
    let server = TestServer::start_with(&options).await;
    let page = server.browser().await.get("/login").await;
    assert_eq!(
        page.header("reporting-endpoints"),
        "csp=\"https://reports.example.com/csp\""
    );
}

#[actix_web::test]
async fn security_txt_names_whom_to_tell_when_the_owner_says_it() {
    let path = "/.well-known/security.txt";
    let server = TestServer::start().await;
    Browser::new(&server.url)
        .get(path)
        .await
        .expect_problem(404, "not_found");
    let contacts = "mailto:security@example.com, https://example.com/report";
    let server = TestServer::start_with(&[("SAOMA_SECURITY_CONTACT", contacts)]).await;
    let answer = Browser::new(&server.url).get(path).await;
    answer.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Contact: mailto:security@example.com");
    assert_eq!(lines[1], "Contact: https://example.com/report");
    let expires = lines[2].strip_prefix("Expires: ").unwrap();
    let expires = chrono::DateTime::parse_from_rfc3339(expires).unwrap();
    let days = (expires.to_utc() - chrono::Utc::now()).num_days();
    assert!((80..=90).contains(&days), "{text}");
    assert_eq!(lines[3], "Preferred-Languages: zh, en");
    assert_eq!(lines[4], format!("Canonical: {}{path}", server.url));
    assert_eq!(lines.len(), 5);
}
