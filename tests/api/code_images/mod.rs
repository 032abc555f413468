//! Where code images are kept: a folder, and S3-compatible storage.

mod folder;
mod served;
mod storage;

use std::path::PathBuf;

use actix_web::web::Bytes;
use saoma::{
    codes::{ImageStore, Images},
    settings::{Flags, Settings},
    wechat::{CodeImage, ImageKind},
};
use uuid::Uuid;

use crate::support::object_storage::{Bucket, KEY_ID, SECRET};

/// The image store of these settings.
fn store(options: &[(&str, &str)]) -> ImageStore {
    let wechat = [
        ("SAOMA_WECHAT_APP_ID", "wx0123456789abcdef"),
        ("SAOMA_WECHAT_APP_SECRET", "not-a-real-secret"),
    ];
    let pairs = wechat.iter().chain(options);
    let set = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let settings = Settings::load(&Flags {
        set,
        ..Flags::default()
    });
    ImageStore::open(&settings.unwrap()).unwrap()
}

/// A bucket, and a way to it with an empty memory.
fn images_in(bucket: &Bucket) -> Images {
    store(&[
        ("SAOMA_CODE_STORE", &bucket.store()),
        ("SAOMA_CODE_STORE_KEY_ID", KEY_ID),
        ("SAOMA_CODE_STORE_SECRET", SECRET),
    ])
    .images()
}

/// A folder that is empty, or made by whoever opens it.
fn new_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string())
}

/// An image unlike all others.
fn image() -> CodeImage {
    let bytes = [&b"\xFF\xD8\xFF\xE0"[..], &rand::random::<[u8; 32]>()].concat();
    CodeImage {
        bytes: Bytes::from(bytes.repeat(1000)),
        kind: ImageKind::Jpeg,
    }
}
