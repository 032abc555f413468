//! Where the secret key comes from: a setting, or a file in the data directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::SecretKey;
use crate::settings::Settings;

/// 32 bytes, and whence they are, for a person.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) bytes: SecretBox<[u8; 32]>,
}

impl Named {
    pub(super) fn new(name: String, bytes: [u8; 32]) -> Self {
        let bytes = SecretBox::new(Box::new(bytes));
        Self { name, bytes }
    }

    fn parse(name: String, text: &SecretString) -> anyhow::Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret().trim()).ok();
        match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
            Some(bytes) => Ok(Self::new(name, bytes)),
            None => Err(anyhow!(
                "{name} is not 32 bytes in base64url (43 characters)"
            )),
        }
    }
}

impl SecretKey {
    /// The key of the settings, or the one in the data directory, made there at
    /// the first start with mode 0600; with it the keys that it replaces.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(found) = Self::find(settings)? {
            return Ok(found);
        }
        let key = create(&key_file(settings), rand::random())?;
        Self::beside(key, settings)
    }

    /// Like [`SecretKey::load`], but makes none.
    pub fn find(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let key = match &settings.secret_key {
            Some(text) => Some(Named::parse("SAOMA_SECRET_KEY".to_owned(), text)?),
            None => read(&key_file(settings))?,
        };
        key.map(|key| Self::beside(key, settings)).transpose()
    }

    /// The setting or the file that it was read from.
    pub fn source(&self) -> &str {
        &self.key.name
    }

    pub(super) fn beside(key: Named, settings: &Settings) -> anyhow::Result<Self> {
        let mut old = Vec::new();
        if let Some(text) = &settings.secret_key_old {
            old.push(Named::parse("SAOMA_SECRET_KEY_OLD".to_owned(), text)?);
        }
        // A file that was set aside belongs to the file that replaces it.
        if settings.secret_key.is_none() {
            old.extend(read(&old_key_file(settings))?);
        }
        Ok(Self { key, old })
    }
}

pub(super) fn key_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("secret.key")
}

/// Where an owner, or the demo, sets the key aside that a new one replaces.
pub(super) fn old_key_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("secret.key.old")
}

fn read(path: &Path) -> anyhow::Result<Option<Named>> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Named::parse(name, &SecretString::from(text)).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {name}")),
    }
}

/// Writes these bytes as a new key, which is on the disk when this returns.
pub(super) fn create(path: &Path, bytes: [u8; 32]) -> anyhow::Result<Named> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| {
        file.write_all(URL_SAFE_NO_PAD.encode(bytes).as_bytes())?;
        file.sync_all()?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    });
    written.with_context(|| format!("cannot make the secret key {}", path.display()))?;
    Ok(Named::new(path.display().to_string(), bytes))
}
