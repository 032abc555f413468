//! The demo's secret key, which everybody can tell from a server's.

use std::{fs, io::ErrorKind};

use anyhow::{Context, ensure};
use secrecy::ExposeSecret;

use super::{
    SecretKey,
    source::{create, key_file, old_key_file},
};
use crate::{settings::Settings, store::Store};

/// How the key begins: `saoma-demo-key--` in base64url, so that it also reads so
/// in its file. 20 random bytes follow: the demo listens on a network with `--lan`.
const MARK: [u8; 12] = [
    0xb1, 0xaa, 0x26, 0x6b, 0xe7, 0x5e, 0x9a, 0x8f, 0xa4, 0x7b, 0x2f, 0xbe,
];

/// The demo's key, made if it is not there.
///
/// A demo of an earlier version had a key like a server's; it is set aside for
/// [`forget_old`], and replaced. Refuses a data directory that has people of a
/// real mini program.
pub async fn key(settings: &Settings, store: &Store) -> anyhow::Result<SecretKey> {
    let app = &settings.wechat.app_id;
    ensure!(
        !store.has_people_of_other_apps(app).await?,
        "{} belongs to a server with people of its own; give the demo another folder with \
         --data-dir",
        settings.data_dir.display()
    );
    let (file, old_file) = (key_file(settings), old_key_file(settings));
    if let Some(found) = SecretKey::find(settings)? {
        if is_marked(found.key.bytes.expose_secret()) {
            return Ok(found);
        }
        // From here to the end a start that is cut short is taken up by the next one.
        fs::rename(&file, &old_file)
            .with_context(|| format!("cannot set {} aside", file.display()))?;
    }
    SecretKey::beside(create(&file, new_key())?, settings)
}

/// Removes the key that was replaced, once nothing is sealed under it any more.
pub fn forget_old(settings: &Settings) -> anyhow::Result<()> {
    let file = old_key_file(settings);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// A new key with the mark.
pub(super) fn new_key() -> [u8; 32] {
    let mut key: [u8; 32] = rand::random();
    key[..MARK.len()].copy_from_slice(&MARK);
    key
}

/// Whether a key is of a demo.
pub(super) fn is_marked(key: &[u8; 32]) -> bool {
    key.starts_with(&MARK)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn the_mark_reads_as_what_it_is() {
        let text = URL_SAFE_NO_PAD.encode(new_key());
        assert!(text.starts_with("saoma-demo-key--"), "{text}");
        assert!(is_marked(&new_key()));
        assert_ne!(new_key(), new_key());
    }
}
