//! A person with the simulator's phone page: what is pressed there, and what it shows.

use std::{fs, path::Path};

use fantoccini::Locator;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::{axe, chromium::Chromium, look::Look, support::TestServer};

/// The phone page in a browser of its own.
pub struct PhonePage(Chromium);

impl PhonePage {
    /// A phone of this language, of one of the simulator's users, whose mini program is opened by
    /// this of WeChat's entry scenes.
    pub async fn of(server: &TestServer, language: &str, user: &str, entry_scene: i32) -> Self {
        let browser = Chromium::reading(language).await;
        let page = Self(browser);
        page.0.goto(&address(server, "")).await.unwrap();
        let remember = format!(
            "localStorage.setItem('saoma-phone-user', '{user}'); \
             localStorage.setItem('saoma-phone-entry-scene', '{entry_scene}')"
        );
        page.0.run(&remember).await;
        page
    }

    /// Opens what a code says.
    pub async fn scan(&self, code: &Url) {
        self.0.goto(code.as_str()).await.unwrap();
    }

    /// Opens the list of the browsers that are logged in.
    pub async fn devices(&self, server: &TestServer) {
        let address = address(server, "?devices");
        self.0.goto(&address).await.unwrap();
        self.expect("devices").await;
    }

    /// Opens the page of the user's own account.
    pub async fn account(&self, server: &TestServer) {
        let address = address(server, "?account");
        self.0.goto(&address).await.unwrap();
        self.expect("account_account").await;
    }

    /// Waits until the phone shows this screen and takes taps.
    #[track_caller]
    pub fn expect(&self, screen: &str) -> impl Future<Output = ()> {
        let script = format!(
            "return document.getElementById('screen').dataset.screen === '{screen}' \
             && !document.querySelector('#screen .pair [type=button][disabled]')"
        );
        self.0.until(format!("the phone's screen {screen}"), script)
    }

    /// Waits until the screen says this.
    #[track_caller]
    pub fn expect_words(&self, words: &str) -> impl Future<Output = ()> {
        let words = json!(words);
        let script =
            format!("return document.getElementById('screen').textContent.includes({words})");
        self.0.until(format!("the words {words}"), script)
    }

    /// Taps the button of the screen that says exactly this.
    pub async fn tap(&self, words: &str) {
        let button = format!("//*[@id='screen']//button[normalize-space(.)='{words}']");
        loop {
            let found = self.0.find(Locator::XPath(&button)).await.unwrap();
            match found.click().await {
                Ok(()) => return,
                // The screen was drawn anew in between.
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{words}: {error}"),
            }
        }
    }

    /// Types into the field for the nickname.
    pub async fn type_nickname(&self, nickname: &str) {
        let field = self.0.find(Locator::Id("nickname")).await.unwrap();
        field.send_keys(nickname).await.unwrap();
    }

    /// Chooses a picture with these bytes.
    pub async fn choose_picture(&self, bytes: &[u8]) {
        let name = format!("{}.png", Uuid::new_v4());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, bytes).unwrap();
        let field = self.0.find(Locator::Id("picture")).await.unwrap();
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    /// Waits until the server's picture has come, with this many pixels a side.
    pub async fn expect_picture(&self, side: u32) {
        let script = format!(
            "const image = document.querySelector('#screen img.avatar'); \
             return image?.src.includes('/avatars/') && image.naturalWidth === {side}"
        );
        self.0.until("the picture".to_owned(), script).await;
    }

    /// Types into the field for the two digits.
    pub async fn type_number(&self, number: &str) {
        let field = self.0.find(Locator::Id("number")).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(number).await.unwrap();
    }

    /// Types into the field for a text to the computer.
    pub async fn type_text(&self, text: &str) {
        let field = self.0.find(Locator::Id("text")).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// What the first element says that this selector finds.
    pub async fn words_of(&self, selector: &str) -> String {
        let found = self.0.find(Locator::Css(selector)).await.unwrap();
        found.text().await.unwrap()
    }

    /// What the links of the chat say and where they lead; each in a page of its own, which
    /// learns nothing of this one.
    pub async fn links(&self) -> Value {
        let script = "const links = [...document.querySelectorAll('#screen .chat a')]; \
             if (!links.every((a) => a.target === '_blank' && a.rel.includes('noopener'))) \
             return 'a link into this page'; \
             return links.map((a) => [a.textContent, a.href]);";
        self.0.run(script).await
    }

    /// How many elements the selector finds.
    pub async fn count(&self, selector: &str) -> u64 {
        let script = format!(
            "return document.querySelectorAll({}).length",
            json!(selector)
        );
        self.0.run(&script).await.as_u64().unwrap()
    }

    /// The two buttons of a decision are equally wide and high, and in one line.
    pub async fn expect_equal_buttons(&self) {
        let boxes = "return [...document.querySelectorAll('#screen .pair button')].map((button) => { \
             const box = button.getBoundingClientRect(); const look = getComputedStyle(button); \
             return [box.width, box.height, box.y, look.fontSize, look.fontWeight]; })";
        let boxes = self.0.run(boxes).await;
        let [refuse, accept] = boxes.as_array().unwrap().as_slice() else {
            panic!("not two buttons: {boxes}");
        };
        assert_eq!(refuse, accept);
        assert!(refuse[0].as_f64() > Some(100.0) && refuse[1].as_f64() >= Some(44.0));
    }

    /// Nothing on the screen, narrow and wide, light and dark, is in anybody's way.
    pub async fn expect_accessible(&self, name: &str) {
        axe::bring(&self.0).await;
        for look in Look::all() {
            self.0.look_as(look).await;
            let found = axe::violations(&self.0).await;
            let name = look.file_name(name, "phone");
            assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
            let wide = "return document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(self.0.run(wide).await, true, "{name} is too wide");
        }
    }
}

/// Where the phone page is.
fn address(server: &TestServer, query: &str) -> String {
    let simulator = server.simulator.url();
    format!("{}/phone{query}", simulator.as_str().trim_end_matches('/'))
}
