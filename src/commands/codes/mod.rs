//! `saoma codes`: the codes that are made before anybody asks for them.

mod fill;
mod pool;
mod progress;
mod status;
mod verify;

use std::sync::Arc;

use anyhow::Context;

use super::database::with_store;
use crate::{
    codes::{ImageStore, Images, Maker},
    login::keys::SecretKey,
    settings::{CodeStore, Flags, Settings},
    startup,
    store::Store,
    wechat::{AccessToken, Breakers, Wechat},
};

/// What to do with the codes.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Show where codes come from, and how many are left
    Status(status::Arguments),
    /// Fill the stock of codes now, also while servers run
    Fill(fill::Arguments),
    /// Grow the pool of reusable codes, also while servers run
    Pool(pool::Arguments),
    /// Check that every code has its image, and every image its code; fails if not
    Verify(verify::Arguments),
}

impl Action {
    /// The settings' flags.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::Status(arguments) => &arguments.flags,
            Self::Fill(arguments) => &arguments.flags,
            Self::Pool(arguments) => &arguments.flags,
            Self::Verify(arguments) => &arguments.flags,
        }
    }
}

/// Unless the settings want a log there is none: the commands say themselves how it goes,
/// and a bar and a log do not go well together.
pub(super) fn log(flags: &Flags) -> anyhow::Result<[String; 2]> {
    let [mut wanted, format] = Settings::log(flags)?;
    if wanted.trim().is_empty() {
        "off".clone_into(&mut wanted);
    }
    Ok([wanted, format])
}

/// Does it on the database of the settings.
pub async fn run(action: Action) -> anyhow::Result<()> {
    let flags = action.flags();
    // What a code opens depends on WeChat's settings, so they must be there as well.
    let settings = Settings::load(flags)?;
    with_store(flags, async |_, store| {
        let at = Place {
            settings: &settings,
            store,
        };
        match &action {
            Action::Status(arguments) => status::run(arguments, &at).await,
            Action::Fill(arguments) => fill::run(arguments, &at).await,
            Action::Pool(arguments) => pool::run(arguments, &at).await,
            Action::Verify(arguments) => verify::run(arguments, &at).await,
        }
    })
    .await
}

/// What all of them act on.
struct Place<'a> {
    settings: &'a Settings,
    store: &'a Store,
}

impl Place<'_> {
    fn images(&self) -> anyhow::Result<Images> {
        let images = ImageStore::open(self.settings)
            .context("the folder for code images (SAOMA_CODE_STORE) cannot be made")?;
        Ok(images.images())
    }

    fn maker(&self) -> anyhow::Result<Maker> {
        let settings = &self.settings.wechat;
        let token = match SecretKey::find(self.settings)? {
            // The token of all instances, so that none of them loses its own.
            Some(key) => AccessToken::shared(startup::steward(self.settings, &key, self.store)?),
            // Before the first start.
            None => AccessToken::new(),
        };
        let wechat = Wechat::new(settings.clone(), Arc::new(token));
        let breaker = Breakers::new(settings.longest_pause).codes;
        Ok(Maker::new(wechat, self.images()?, breaker))
    }

    /// Where images are kept, for people.
    fn image_place(&self) -> String {
        match &self.settings.codes.store {
            CodeStore::Folder(path) => format!("folder {}", path.display()),
            CodeStore::Bucket(bucket) => {
                format!("bucket {}{}", bucket.bucket.base_url(), bucket.prefix)
            }
        }
    }
}

/// 1 code, 2 codes.
fn codes(count: i64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} code{plural}", number(count))
}

/// With a comma at each thousand.
fn number(count: i64) -> String {
    indicatif::HumanCount(count.unsigned_abs()).to_string()
}

/// In kB, MB and so on, each a thousand of the one before.
fn bytes(count: i64) -> String {
    indicatif::DecimalBytes(count.unsigned_abs()).to_string()
}
