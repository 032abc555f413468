//! The pages for errors, as every kind of visitor meets them.

use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use saoma::http::assets;
use saoma::http::language::Language;
use saoma::http::pages::{ErrorPage, error_page};

use crate::{axe, chromium::Chromium, look::Look};

#[actix_web::test]
async fn error_pages_are_accessible_and_obey_the_content_policy_in_every_look() {
    let port = serve();
    for language in ["zh-CN", "en"] {
        let browser = Chromium::reading(language).await;
        for (status, state) in [(404, "not_found"), (429, "slow_down"), (503, "unavailable")] {
            let url = format!("http://127.0.0.1:{port}/{status}");
            browser.goto(&url).await.unwrap();
            browser.expect_state(state).await;
            assert_eq!(
                browser.run("return document.documentElement.lang").await,
                language
            );
            let counts = !browser.text("countdown").await.is_empty();
            assert_eq!(counts, status != 404, "the script was not run as it should");
            axe::bring(&browser).await;
            for look in Look::all() {
                browser.look_as(look).await;
                let found = axe::violations(&browser).await;
                assert!(
                    found.is_empty(),
                    "{status} {language} {look:?}:\n{}",
                    found.join("\n")
                );
            }
            let styled = "return getComputedStyle(document.querySelector('.card')).display";
            assert_eq!(
                browser.run(styled).await,
                "flex",
                "the style was not loaded"
            );
        }
    }
}

/// Serves `/<status>` and the static files on a free port.
fn serve() -> u16 {
    let server = HttpServer::new(|| {
        App::new()
            .route("/static/{path:.*}", web::get().to(asset))
            .route("/{status:\\d+}", web::get().to(page))
    })
    .workers(1)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    port
}

async fn asset(path: web::Path<String>) -> HttpResponse {
    match assets::lookup(&path) {
        Some(asset) => HttpResponse::Ok()
            .content_type(asset.content_type)
            .body(asset.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn page(request: HttpRequest, status: web::Path<u16>) -> HttpResponse {
    let accept = request.headers().get(ACCEPT_LANGUAGE);
    let language = Language::choose(None, None, accept.and_then(|value| value.to_str().ok()));
    let (code, retry_in) = match *status {
        404 => ("not_found", None),
        429 => ("slow_down", Some(60)),
        _ => ("unavailable", Some(60)),
    };
    let html = error_page(&ErrorPage {
        language,
        site_name: "Example",
        status: *status,
        code,
        detail: None,
        request_id: "6f1c2a9e-0b0d-4a39-8f7e-2d0f6a1b7c55",
        retry_in,
    });
    HttpResponse::Ok()
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(html.unwrap())
}
