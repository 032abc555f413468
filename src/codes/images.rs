//! Code images in a folder, each under the hash of its bytes.
//!
//! WeChat's bytes are kept as they came: a code that was drawn anew could be unreadable.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use actix_web::web;
use sha2::{Digest, Sha256};

use crate::wechat::{CodeImage, ImageKind};

/// The images of all codes.
#[derive(Debug, Clone)]
pub struct Images {
    path: PathBuf,
}

/// An image as a browser gets it.
#[derive(Debug)]
pub struct Image {
    /// As WeChat made it.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`, by the bytes and not by WeChat's header.
    pub content_type: &'static str,
}

impl Images {
    /// The folder, made if it is missing.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Keeps an image and returns its name. Either the whole file is there, or none.
    pub async fn keep(&self, image: CodeImage) -> io::Result<String> {
        let folder = self.path.clone();
        in_background(move || {
            let digest: [u8; 32] = Sha256::digest(&image.bytes).into();
            let hash = format!("{:x}", Hex(&digest));
            let name = format!("{hash}.{}", extension(image.kind));
            let part = folder.join(format!("{hash}.{}.part", rand::random::<u32>()));
            let done =
                fs::write(&part, &image.bytes).and_then(|()| fs::rename(&part, folder.join(&name)));
            if done.is_err() {
                // Half an image helps nobody; a file that was never made is gone as well.
                let _ = fs::remove_file(&part);
            }
            done.map(|()| name)
        })
        .await
    }

    /// The image of a name; none for a name that we never give.
    pub async fn read(&self, name: &str) -> io::Result<Option<Image>> {
        let Some(content_type) = content_type(name) else {
            return Ok(None);
        };
        let path = self.path.join(name);
        in_background(move || match fs::read(path) {
            Ok(bytes) => Ok(Some(Image {
                bytes,
                content_type,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Makes sure that a code's image can be shown.
    pub async fn warm(&self, name: &str) -> io::Result<()> {
        let found = self.read(name).await?;
        found
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Deletes an image; one that is gone already is deleted.
    pub async fn delete(&self, name: &str) -> io::Result<()> {
        if content_type(name).is_none() {
            return Ok(());
        }
        let path = self.path.join(name);
        in_background(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    web::block(work)
        .await
        .map_err(|_| io::Error::other("the thread pool has stopped"))?
}

/// Bytes as hex digits.
struct Hex<'a>(&'a [u8]);

impl std::fmt::LowerHex for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn extension(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Jpeg => "jpg",
        ImageKind::Png => "png",
    }
}

/// The type of a name of ours: 64 hex digits and a known ending, so that no
/// name leads out of the folder.
fn content_type(name: &str) -> Option<&'static str> {
    let (hash, ending) = name.split_once('.')?;
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if hash.len() != 64 || !hash.bytes().all(hex) {
        return None;
    }
    match ending {
        "jpg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_looked_for() {
        let hash = "0a".repeat(32);
        assert_eq!(content_type(&format!("{hash}.jpg")), Some("image/jpeg"));
        assert_eq!(content_type(&format!("{hash}.png")), Some("image/png"));
        for other in [
            "",
            "..",
            "../secret.key",
            "x.jpg",
            &hash,
            &format!("{hash}.jpg/.."),
        ] {
            assert_eq!(content_type(other), None, "{other}");
        }
    }
}
