//! A person's picture: taken from his phone, made anew, kept, shown.

mod remake;

use std::time::Duration;

use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use uuid::Uuid;

use super::{Login, phone::Phone};
use crate::{error::Error, store::User};
pub use remake::{Format, Refused, remake};

/// Bytes of the largest picture that a phone may send.
pub const LARGEST: usize = 256 * 1024;

/// Decoding takes a processor for a moment, and up to a hundred megabytes: one at a time in a
/// process, and so many more that wait for their turn.
static DECODING: Semaphore = Semaphore::const_new(1);
static WAITING: Semaphore = Semaphore::const_new(16);
/// Whoever has waited so long for his turn is asked to come back.
const TURN: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_secs(2);

/// A user as others read of him.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PublicUser {
    /// Stable for ever.
    pub id: Uuid,
    /// As the person typed it.
    pub nickname: Option<String>,
    /// The picture's whole address, on this server's own origin.
    pub avatar_url: Option<String>,
}

impl Login {
    /// The user in the answers of the API.
    pub fn public_user(&self, user: User) -> PublicUser {
        let origin = self.settings.public_url.as_str().trim_end_matches('/');
        PublicUser {
            id: user.id,
            nickname: user.nickname,
            avatar_url: user.avatar_path.map(|path| format!("{origin}{path}")),
        }
    }

    /// Puts a picture in the place of the one that the person had. Of what was sent only the
    /// picture itself is kept, drawn anew.
    pub async fn set_avatar(
        &self,
        phone: &Phone,
        content_type: &str,
        picture: Vec<u8>,
    ) -> Result<User, Error> {
        let user = phone.registered()?;
        let format = Format::of(&picture).filter(|format| format.agrees_with(content_type));
        let format = format.ok_or(Error::UnsupportedMediaType)?;
        let image = in_turn(format, picture).await?;
        let replaced = self.store.replace_avatar(user.id, Uuid::new_v4(), &image);
        replaced.await?.ok_or(Error::PhoneSessionInvalid)
    }

    /// A picture, a JPEG, by the id in its address.
    pub async fn avatar(&self, id: Uuid) -> Result<Vec<u8>, Error> {
        self.store.find_avatar(id).await?.ok_or(Error::NotFound)
    }
}

async fn in_turn(format: Format, picture: Vec<u8>) -> Result<Vec<u8>, Error> {
    let busy = || Error::SlowDown(RETRY);
    let waiting = WAITING.try_acquire().map_err(|_| busy())?;
    let turn = timeout(TURN, DECODING.acquire())
        .await
        .map_err(|_| busy())?;
    let turn = turn.map_err(|error| Error::Internal(error.into()))?;
    drop(waiting);
    // The turn goes along: it lasts as long as the work, also when nobody waits for it any more.
    let work = spawn_blocking(move || {
        let _turn = turn;
        remake(format, &picture)
    });
    let done = work.await.map_err(|error| Error::Internal(error.into()))?;
    done.map_err(|refused| {
        tracing::debug!(%refused, "a picture was refused");
        Error::AvatarInvalid
    })
}
