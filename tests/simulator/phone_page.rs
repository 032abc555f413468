//! The phone page as it is delivered.

use crate::helpers::{Reply, TestSimulator, answer, start};

async fn page(sim: &TestSimulator, language: &str) -> Reply {
    let request = sim.http.get(sim.url("/phone?scene=abc"));
    answer(request.insert_header(("Accept-Language", language)), "").await
}

#[actix_web::test]
async fn the_page_comes_in_the_browsers_language() {
    let sim = start();
    for (accepted, language, title) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "模拟手机 · Saoma"),
        (
            "en-US,en;q=0.9,zh-CN;q=0.8",
            "en",
            "Simulated phone · Saoma",
        ),
        ("fr-FR", "en", "Simulated phone · Saoma"),
    ] {
        let page = page(&sim, accepted).await;
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert!(
            page.text()
                .contains(&format!(r#"<html lang="{language}">"#)),
            "{accepted}"
        );
        assert!(
            page.text().contains(&format!("<title>{title}</title>")),
            "{accepted}"
        );
    }
}

#[actix_web::test]
async fn the_page_runs_nothing_but_its_own_files() {
    let sim = start();
    let page = page(&sim, "en").await;
    let policy = page
        .headers
        .get("content-security-policy")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "));
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.headers.get("referrer-policy").unwrap(), "no-referrer");
    assert_eq!(page.headers.get("cache-control").unwrap(), "no-store");
    let html = page.text();
    assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("onclick"));
    assert_eq!(
        html.matches("<script").count(),
        html.matches("<script type=\"module\" src=").count()
    );
}

#[actix_web::test]
async fn the_page_names_the_users_but_not_their_openids() {
    let sim = start();
    let page = page(&sim, "en").await;
    for user in sim.state().users() {
        assert!(page.text().contains(&user.nickname));
        assert!(!page.text().contains(&user.openid));
    }
}

#[actix_web::test]
async fn a_nickname_cannot_break_out_of_the_page() {
    let sim = start();
    let nickname = r#""><script>alert(1)</script>"#;
    sim.state()
        .add_user(saoma::simulator::SimulatedUser::new("mallory", nickname));
    assert!(!page(&sim, "en").await.text().contains("<script>alert"));
}

#[actix_web::test]
async fn every_file_that_the_page_loads_is_there() {
    let sim = start();
    let mut waiting = files_in(page(&sim, "en").await.text());
    let mut seen = Vec::new();
    while let Some(file) = waiting.pop() {
        if seen.contains(&file) {
            continue;
        }
        let reply = sim.get(&file).await;
        assert_eq!(reply.status, 200, "{file}");
        let expected = match file.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(reply.content_type, expected, "{file}");
        waiting.extend(files_in(reply.text()));
        seen.push(file);
    }
    assert!(seen.len() > 5, "{seen:?}");
    assert_eq!(sim.get("/phone/assets/no-such-file.js").await.status, 404);
}

fn files_in(text: &str) -> Vec<String> {
    let quoted = text
        .split('"')
        .filter(|part| part.starts_with("/phone/assets/"));
    quoted.map(str::to_owned).collect()
}
