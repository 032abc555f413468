//! `saoma doctor`: looks at what a server needs, and says what is wrong, in English and Chinese.

mod keeping;
mod network;
mod wechat;

use crate::settings::{Flags, Settings};

/// Why a check did not find all well.
enum Finding {
    /// There was nothing to look at, or something else has to be mended first.
    Skipped(&'static str),
    /// What is wrong and what to do, in one line.
    Wrong { en: String, zh: String },
}

/// What a check found.
type Checked = Result<String, Finding>;

fn wrong(en: impl Into<String>, zh: impl Into<String>) -> Finding {
    Finding::Wrong {
        en: en.into(),
        zh: zh.into(),
    }
}

/// Checks all; fails if anything is wrong.
pub async fn run(flags: &Flags) -> anyhow::Result<()> {
    let settings = match Settings::load(flags) {
        Ok(settings) => settings,
        Err(error) => {
            println!("✗ settings: {error}");
            anyhow::bail!("the settings are wrong; nothing else was checked");
        }
    };
    println!("✓ settings");
    crate::startup::install_tls_provider();
    let mut report = Report::default();
    report.tell("secret key", keeping::secret_key(&settings));
    let database = keeping::database(&settings).await;
    let store = report.tell_part("database", database).flatten();
    report.tell("clock", keeping::clock(&settings, store.as_ref()).await);
    report.tell("redis", network::redis(&settings).await);
    let public = network::public_address(&settings).await;
    let reached = report.tell("public address", public);
    report.tell("websocket", network::websocket(&settings, reached).await);
    report.tell("proxy", network::proxy(&settings).await);
    report.tell("other instances", network::other_instances(&settings).await);
    let token = wechat::account(&settings).await;
    let token = report.tell_part("WeChat", token);
    report.tell("code", wechat::code(token).await);
    report.tell(
        "access token",
        keeping::access_token(&settings, store.as_ref()).await,
    );
    report.tell("address databases", keeping::address_databases(&settings));
    if let Some(store) = store {
        store.close().await;
    }
    let Report { wrong, count } = report;
    anyhow::ensure!(wrong == 0, "{wrong} of {count} checks failed");
    Ok(())
}

/// Prints each check, and counts.
#[derive(Default)]
struct Report {
    wrong: usize,
    count: usize,
}

impl Report {
    /// Whether it is well.
    fn tell(&mut self, name: &str, checked: Checked) -> bool {
        self.count += 1;
        match checked {
            Ok(found) => {
                println!("✓ {name}: {found}");
                return true;
            }
            Err(Finding::Skipped(why)) => println!("- {name}: {why}"),
            Err(Finding::Wrong { en, zh }) => {
                self.wrong += 1;
                println!("✗ {name}: {en} / {zh}");
            }
        }
        false
    }

    /// The same for a check that brings something for others.
    fn tell_part<T>(&mut self, name: &str, checked: Result<(String, T), Finding>) -> Option<T> {
        match checked {
            Ok((found, part)) => {
                self.tell(name, Ok(found));
                Some(part)
            }
            Err(finding) => {
                self.tell(name, Err(finding));
                None
            }
        }
    }
}
