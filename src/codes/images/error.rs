//! Why an image could not be kept or read, in sentences for the operator.

use std::io;

/// What stands between us and an image. No text holds a key or a signed address.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The store has no such image.
    #[error("the code image {0} is not in the store")]
    Missing(String),
    /// The store gave other bytes than were put there; they are shown to nobody.
    #[error("the code image {0} was altered or cut off: its bytes are not those of its name")]
    Altered(String),
    /// There is no room left.
    #[error("there is no room for code images in {0}: make some, or grow the disk")]
    Full(String),
    /// The store did not answer, or answered that it cannot now; another try may help.
    #[error("the code store does not answer: {0}")]
    Away(String),
    /// The store answers, and does not let us; a setting is wrong here or there.
    #[error("the code store refuses: {0}")]
    Refused(String),
}

impl ImageError {
    /// Whether the store itself is in the way, and not the one image.
    pub fn is_of_the_store(&self) -> bool {
        !matches!(self, Self::Missing(_) | Self::Altered(_))
    }

    /// What went wrong with a file in this folder.
    pub(super) fn of_folder(folder: &str, error: &io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(folder.to_owned()),
            PermissionDenied => Self::Refused(format!("{folder}: {error}")),
            _ => Self::Away(format!("{folder}: {error}")),
        }
    }
}
