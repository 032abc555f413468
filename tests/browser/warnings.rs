//! The phone's confirm page with everything that may have to be said, in a real browser.

use std::{env, fs, path::Path, sync::Arc};

use serde_json::json;

use crate::{
    chromium::Chromium,
    support::{
        TestServer,
        geoip::{Geoip, SERVER},
    },
};

const PAYLOAD: &str = "<img src=x onerror=document.title='owned'>";

async fn server_with(geoip: &Geoip, site_name: &str) -> Arc<TestServer> {
    let options = geoip.options();
    let mut options: Vec<(&str, &str)> = options
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    options.push(("SAOMA_SITE_NAME", site_name));
    TestServer::start_with(&options).await
}

/// A rented server abroad asks for a code; the simulated phone opens it as from an album.
async fn scanned_from_album(server: &Arc<TestServer>, agent: &str, language: &str) -> Chromium {
    let mut relay = server.browser().await;
    relay.address = Some(SERVER.to_owned());
    relay.user_agent = agent.to_owned();
    let ticket = relay.open_socket().await;
    let scene = relay.scene(&ticket).await;
    let phone = Chromium::reading(language).await;
    phone_page(&phone, server, &scene).await;
    phone
}

async fn phone_page(phone: &Chromium, server: &Arc<TestServer>, scene: &str) {
    let page = format!("{}phone", server.simulator.url());
    phone.goto(&page).await.unwrap();
    phone
        .run("localStorage.setItem('saoma-phone-entry-scene', '1049')")
        .await;
    let user = server.simulator.state().users()[0].id.clone();
    phone
        .goto(&format!("{page}?scene={scene}&user={user}"))
        .await
        .unwrap();
    let shown = "return document.getElementById('screen').dataset.screen === 'confirm'";
    phone
        .until("the confirm page".to_owned(), shown.to_owned())
        .await;
}

#[actix_web::test]
async fn l7_what_others_wrote_is_text_on_the_phones_confirm_page() {
    let geoip = Geoip::new();
    geoip.put_cities(PAYLOAD);
    let server = server_with(&geoip, PAYLOAD).await;
    let phone = scanned_from_album(&server, PAYLOAD, "en-US").await;
    let seen = phone
        .run("return document.getElementById('screen').innerText")
        .await;
    let seen = seen.as_str().unwrap();
    // Twice as the site's name, once as the town. A browser's name comes from a table of ours.
    assert_eq!(seen.matches(PAYLOAD).count(), 3, "{seen}");
    assert!(
        seen.contains(&format!("{PAYLOAD}, United States")),
        "{seen}"
    );
    let made = "return document.querySelectorAll('#screen img, #screen script').length";
    assert_eq!(phone.run(made).await, 0);
    assert_ne!(phone.run("return document.title").await, "owned");
}

/// Both buttons can be pressed by somebody who has read all, and neither is the easier one.
#[actix_web::test]
async fn all_warnings_at_once_leave_refuse_as_large_as_confirm() {
    let geoip = Geoip::new();
    let server = server_with(&geoip, "Example").await;
    for (language, refuse) in [("zh-CN", "拒绝"), ("en-US", "Refuse")] {
        let phone = scanned_from_album(&server, "Firefox/140.0", language).await;
        // The pool's codes and old ones are told by the server alone: here the page gets all six.
        let all = format!(
            "Promise.all([import('/phone/assets/screens.js'), import('/phone/assets/mini.js')])\
             .then(([screens, {{ mini }}]) => {{ \
             const state = {{ screen: 'confirm', scan: {SCAN}, entryScene: 1049, number: '' }}; \
             const {{ lang }} = document.documentElement; \
             const view = mini('view').viewOf(state, lang, Date.now()); \
             document.getElementById('screen').replaceChildren(\
             ...screens.login(view, {{}}).filter(Boolean)); }})"
        );
        for width in [360, 1280] {
            let height = if width == 360 { 640 } else { 800 };
            let screen = json!({
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
            });
            phone
                .cdp("Emulation.setDeviceMetricsOverride", screen)
                .await;
            phone.run_async(&all).await;
            assert_eq!(phone.run(WARNINGS).await, 6);
            keep(&phone, &format!("{language}-{width}-top")).await;
            let [left, right] = phone
                .run(BUTTONS)
                .await
                .as_array()
                .unwrap()
                .clone()
                .try_into()
                .unwrap();
            assert_eq!(left["words"], refuse);
            for side in ["width", "height", "top"] {
                assert_eq!(left[side], right[side], "{side}: {left} {right}");
            }
            for button in [left, right] {
                assert_eq!(button["on_top"], true, "{button}");
            }
            keep(&phone, &format!("{language}-{width}-end")).await;
        }
    }
}

const SCAN: &str = "{ site: { name: 'Example', host: 'login.example.com' }, check: 'number', \
     browser: { name: 'Firefox', os: 'Linux', ip: '198.51.100.0/24', place: 'Ashburn' }, \
     requested_at: new Date().toISOString(), warnings: ['entry_scene', 'reusable_code', \
     'code_old', 'network_differs', 'country_differs', 'hosting_network'] }";

const WARNINGS: &str = "return document.querySelectorAll('.warnings li').length";

/// Scrolls to the two buttons and measures them.
const BUTTONS: &str = "const pair = document.querySelector('.pair'); pair.scrollIntoView(); \
     return [...pair.children].map((button) => { const box = button.getBoundingClientRect(); \
     return { words: button.textContent, width: box.width, height: box.height, top: box.top, \
     on_top: document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === button } })";

/// With `SAOMA_SCREENS` the page is kept among the tests' files, to be looked at.
async fn keep(phone: &Chromium, name: &str) {
    if env::var_os("SAOMA_SCREENS").is_some() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("warnings-{name}.png"));
        fs::write(path, phone.picture().await).unwrap();
    }
}
