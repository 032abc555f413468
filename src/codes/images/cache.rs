//! Images kept in memory, the least recently used of which make room.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;

use super::name::ImageName;

/// What an entry takes beside the image itself, in bytes, at the most.
const OVERHEAD: usize = 256;

/// Images whose bytes are known to be those of their names, bounded by bytes.
///
/// Codes of the stock are shown once, so what came last is what is wanted next; caches that
/// favour what was asked for often would drop just these.
#[derive(Debug)]
pub(super) struct ImageCache {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    images: LruCache<ImageName, Bytes>,
    bytes: usize,
}

impl ImageCache {
    /// A cache of this many bytes; 0 keeps nothing.
    pub(super) fn new(room: usize) -> Self {
        let kept = Kept {
            images: LruCache::unbounded(),
            bytes: 0,
        };
        Self {
            room,
            kept: Mutex::new(kept),
        }
    }

    pub(super) fn get(&self, name: &ImageName) -> Option<Bytes> {
        self.with(|kept| kept.images.get(name).cloned())
    }

    pub(super) fn contains(&self, name: &ImageName) -> bool {
        self.with(|kept| kept.images.contains(name))
    }

    pub(super) fn insert(&self, name: ImageName, image: Bytes) {
        let bytes = image.len() + OVERHEAD;
        if bytes > self.room {
            return;
        }
        self.with(|kept| {
            if kept.images.put(name, image).is_none() {
                kept.bytes += bytes;
            }
            while kept.bytes > self.room
                && let Some((_, oldest)) = kept.images.pop_lru()
            {
                kept.bytes -= oldest.len() + OVERHEAD;
            }
        });
    }

    /// How many images there is room for, as large as those in it on average; of an empty one
    /// nothing is known.
    pub(super) fn places(&self) -> Option<usize> {
        self.with(|kept| (self.room * kept.images.len()).checked_div(kept.bytes))
    }

    pub(super) fn remove(&self, name: &ImageName) {
        self.with(|kept| {
            if let Some(image) = kept.images.pop(name) {
                kept.bytes -= image.len() + OVERHEAD;
            }
        });
    }

    /// Nothing in here can panic halfway, so the lock is never poisoned.
    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u8) -> ImageName {
        ImageName::parse(&format!("{}.jpg", format!("{number:02x}").repeat(32))).unwrap()
    }

    fn image() -> Bytes {
        Bytes::from(vec![0; 1000 - OVERHEAD])
    }

    #[test]
    fn the_least_recently_used_image_makes_room() {
        let cache = ImageCache::new(3000);
        for number in 1..=3 {
            cache.insert(name(number), image());
        }
        cache.get(&name(1)).unwrap();
        cache.insert(name(4), image());
        assert!(!cache.contains(&name(2)));
        for number in [1, 3, 4] {
            assert!(cache.contains(&name(number)), "{number}");
        }
    }

    #[test]
    fn bytes_are_counted_through_repeats_and_removals() {
        let cache = ImageCache::new(3000);
        for _ in 0..10 {
            cache.insert(name(1), image());
            cache.insert(name(2), image());
        }
        cache.remove(&name(2));
        cache.remove(&name(2));
        cache.insert(name(3), image());
        cache.insert(name(4), image());
        assert!(cache.contains(&name(1)));
        assert_eq!(cache.with(|kept| kept.bytes), 3000);
    }

    #[test]
    fn its_places_follow_from_the_images_in_it() {
        let cache = ImageCache::new(3500);
        assert_eq!(cache.places(), None);
        cache.insert(name(1), image());
        assert_eq!(cache.places(), Some(3));
        cache.insert(name(2), Bytes::from(vec![0; 500 - OVERHEAD]));
        assert_eq!(cache.places(), Some(4));
    }

    #[test]
    fn an_image_larger_than_the_cache_moves_nothing_out() {
        let cache = ImageCache::new(1000);
        cache.insert(name(1), image());
        cache.insert(name(2), Bytes::from(vec![0; 2000]));
        assert!(cache.contains(&name(1)));
        assert!(!cache.contains(&name(2)));
        ImageCache::new(0).insert(name(1), image());
    }
}
