//! What is told of the store: each change once, each failure counted.

use std::sync::atomic::{AtomicBool, Ordering};

use metrics::counter;

use super::error::ImageError;

/// Whether the store works, for reading and for writing apart: a full disk can still be read.
#[derive(Debug, Default)]
pub(super) struct Health {
    no_reading: AtomicBool,
    no_writing: AtomicBool,
}

/// What was done with the store.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Read,
    Keep,
    Delete,
    List,
}

impl Health {
    /// Counts and logs how it went, and hands the result on.
    pub(super) fn note<T>(&self, deed: Deed, done: Result<T, ImageError>) -> Result<T, ImageError> {
        let (known, lost, word) = match deed {
            Deed::Read => (&self.no_reading, "code images cannot be read", "read"),
            Deed::List => (&self.no_reading, "code images cannot be read", "list"),
            Deed::Keep => (&self.no_writing, "code images cannot be kept", "keep"),
            Deed::Delete => (&self.no_writing, "code images cannot be deleted", "delete"),
        };
        match &done {
            Err(error) if error.is_of_the_store() => {
                counter!("saoma_code_store_failures_total", "operation" => word).increment(1);
                if !known.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "{lost}");
                }
            }
            _ if known.swap(false, Ordering::Relaxed) => {
                tracing::info!(operation = word, "the code store works again");
            }
            Err(error @ ImageError::Altered(_)) => {
                counter!("saoma_code_images_altered_total").increment(1);
                tracing::error!(%error, "a code image is not shown; who can write to the code store?");
            }
            _ => {}
        }
        done
    }
}
