//! The images of codes, each under the hash of its bytes, in a folder or in S3-compatible storage.
//!
//! WeChat's bytes are kept as they came: a code that was drawn anew could be unreadable. Every
//! image is checked against its name when it is read, so what was altered is shown to nobody.

mod bucket;
mod cache;
mod error;
mod exchange;
mod folder;
mod health;
mod name;

use std::{io, sync::Arc, time::SystemTime};

use bytes::Bytes;

pub use bucket::BUCKET_CONNECTIONS;
pub use error::ImageError;

use self::{
    bucket::Bucket,
    cache::ImageCache,
    folder::Folder,
    health::{Deed, Health},
    name::ImageName,
};
use crate::{
    settings::{CodeStore, Settings},
    wechat::{CodeImage, ImageKind},
};

/// The `Cache-Control` of an image: its name is the hash of its bytes, so they never change.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The image store of the whole process; each thread takes its own [`Images`] from it.
#[derive(Debug, Clone)]
pub struct ImageStore {
    place: Place,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Folder),
    Bucket(Arc<bucket::Place>),
}

#[derive(Debug)]
struct Shared {
    cache: ImageCache,
    health: Health,
    /// Whether browsers get images from us, and not from a CDN.
    served_here: bool,
}

impl ImageStore {
    /// The store of the settings. Makes a missing folder; asks no other server anything.
    pub fn open(settings: &Settings) -> io::Result<Self> {
        let codes = &settings.codes;
        let place = match &codes.store {
            CodeStore::Folder(path) => Place::Folder(Folder::open(path)?),
            CodeStore::Bucket(bucket) => Place::Bucket(Arc::new(bucket::Place::new(bucket))),
        };
        let shared = Shared {
            cache: ImageCache::new(codes.cache),
            health: Health::default(),
            served_here: settings.code_base_url.is_none(),
        };
        Ok(Self {
            place,
            shared: Arc::new(shared),
        })
    }

    /// The store for the current thread, which has to run an actix `System`: awc's client stays
    /// on its thread. Connects to nobody.
    pub fn images(&self) -> Images {
        let way = match &self.place {
            Place::Folder(folder) => Way::Folder(folder.clone()),
            Place::Bucket(place) => Way::Bucket(Bucket::new(place.clone())),
        };
        Images {
            way,
            shared: self.shared.clone(),
        }
    }
}

/// The images of all codes, for one thread. A clone is cheap, and shares connections and memory.
///
/// Every call takes 5 seconds at most.
#[derive(Debug, Clone)]
pub struct Images {
    way: Way,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone)]
enum Way {
    Folder(Folder),
    Bucket(Bucket),
}

/// An image as a browser gets it.
#[derive(Debug)]
pub struct Image {
    /// As WeChat made it.
    pub bytes: Bytes,
    /// `image/jpeg` or `image/png`, by the bytes and not by WeChat's header.
    pub content_type: &'static str,
}

/// An image of the store's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// When it was put there, by the store's clock; none if the store does not say.
    pub put_at: Option<SystemTime>,
}

impl Images {
    /// Whether these are the bytes of the image of this name.
    pub fn are_bytes_of(name: &str, bytes: &[u8]) -> bool {
        ImageName::parse(name).is_some_and(|name| name.is_of(bytes))
    }

    /// Whether this could be the name of an image of ours.
    pub fn is_name(text: &str) -> bool {
        ImageName::parse(text).is_some()
    }

    /// Keeps an image for later and returns its name. Either all of it is kept, or nothing.
    pub async fn keep(&self, image: CodeImage) -> Result<String, ImageError> {
        Ok(self.put(&image).await?.to_string())
    }

    /// Keeps an image that is about to be shown, so that it is at hand then.
    pub async fn keep_warm(&self, image: CodeImage) -> Result<String, ImageError> {
        let name = self.put(&image).await?;
        if self.shared.served_here {
            self.shared.cache.insert(name, image.bytes);
        }
        Ok(name.to_string())
    }

    /// Loads and checks an image that is about to be shown, so that it still is when the store
    /// goes away. Where browsers find images on a CDN, there is nothing to do.
    pub async fn warm(&self, name: &str) -> Result<(), ImageError> {
        if !self.shared.served_here {
            return Ok(());
        }
        let name = parse(name)?;
        if !self.shared.cache.contains(&name) {
            let bytes = self.load(name).await?;
            self.shared.cache.insert(name, bytes);
        }
        Ok(())
    }

    /// How many images memory has room for, by those in it; none if that is not known or if
    /// browsers find images elsewhere.
    pub fn places(&self) -> Option<usize> {
        self.shared.cache.places()
    }

    /// Whether an image is in memory, so that showing it costs nothing.
    pub fn is_at_hand(&self, name: &str) -> bool {
        ImageName::parse(name).is_some_and(|name| self.shared.cache.contains(&name))
    }

    /// The image of a name; none for one that we never gave or that is not there.
    pub async fn read(&self, name: &str) -> Result<Option<Image>, ImageError> {
        let Some(name) = ImageName::parse(name) else {
            return Ok(None);
        };
        let bytes = match self.shared.cache.get(&name) {
            Some(bytes) => bytes,
            None => match self.load(name).await {
                Ok(bytes) => {
                    self.shared.cache.insert(name, bytes.clone());
                    bytes
                }
                Err(ImageError::Missing(_)) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        let content_type = name.media_type();
        Ok(Some(Image {
            bytes,
            content_type,
        }))
    }

    /// Reads an image from the store, whatever is in memory, and returns its size in bytes.
    pub async fn verify(&self, name: &str) -> Result<usize, ImageError> {
        Ok(self.load(parse(name)?).await?.len())
    }

    /// Puts a small image there, reads it back and deletes it: whether the store and its settings
    /// are as they should be.
    pub async fn check(&self) -> Result<(), ImageError> {
        let mark: [u8; 32] = rand::random();
        let image = CodeImage {
            bytes: Bytes::from([&b"\xFF\xD8\xFF\xD9"[..], &mark].concat()),
            kind: ImageKind::Jpeg,
        };
        let name = self.keep(image).await?;
        let read = self.verify(&name).await;
        self.delete(&name).await?;
        read.map(drop)
    }

    /// Deletes an image; one that is not there is deleted.
    pub async fn delete(&self, name: &str) -> Result<(), ImageError> {
        let Some(name) = ImageName::parse(name) else {
            return Ok(());
        };
        self.shared.cache.remove(&name);
        let done = match &self.way {
            Way::Folder(folder) => folder.delete(name).await,
            Way::Bucket(bucket) => bucket.delete(name).await,
        };
        self.shared.health.note(Deed::Delete, done)
    }

    /// All images in the store, a million at most, in no order. In a bucket each
    /// thousand takes up to 5 seconds.
    pub async fn list(&self) -> Result<Vec<Listed>, ImageError> {
        let names = match &self.way {
            Way::Folder(folder) => folder.list().await,
            Way::Bucket(bucket) => bucket.list().await,
        };
        let names = self.shared.health.note(Deed::List, names)?;
        let listed = names.into_iter().map(|(name, put_at)| Listed {
            name: name.to_string(),
            put_at,
        });
        Ok(listed.collect())
    }

    /// Deletes what a killed process left unfinished in the folder long ago.
    pub async fn delete_unfinished(&self) -> Result<(), ImageError> {
        let Way::Folder(folder) = &self.way else {
            return Ok(());
        };
        let done = folder.delete_unfinished().await;
        self.shared.health.note(Deed::Delete, done)
    }

    async fn put(&self, image: &CodeImage) -> Result<ImageName, ImageError> {
        let (name, bytes) = (ImageName::of(image), image.bytes.clone());
        let done = match &self.way {
            Way::Folder(folder) => folder.put(name, bytes).await,
            Way::Bucket(bucket) => bucket.put(name, bytes).await,
        };
        self.shared.health.note(Deed::Keep, done)?;
        Ok(name)
    }

    /// From the store, and checked.
    async fn load(&self, name: ImageName) -> Result<Bytes, ImageError> {
        let bytes = match &self.way {
            Way::Folder(folder) => folder.get(name).await,
            Way::Bucket(bucket) => bucket.get(name).await,
        };
        let checked = bytes.and_then(|bytes| {
            if name.is_of(&bytes) {
                Ok(bytes)
            } else {
                Err(ImageError::Altered(name.to_string()))
            }
        });
        self.shared.health.note(Deed::Read, checked)
    }
}

fn parse(name: &str) -> Result<ImageName, ImageError> {
    ImageName::parse(name).ok_or_else(|| ImageError::Missing(name.to_owned()))
}
