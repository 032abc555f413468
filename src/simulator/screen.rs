//! The computer's screen, at which a phone looks that has no camera.

use std::{fmt, sync::Arc};

use futures_util::future::LocalBoxFuture;

use super::drawing;

/// What the computer shows now. A clone looks at the same one.
#[derive(Clone)]
pub struct Screen(Arc<dyn Fn() -> LocalBoxFuture<'static, Option<Vec<u8>>> + Send + Sync>);

impl Screen {
    /// A screen whose picture of a code `look` gives, as the simulator drew it; none while it
    /// shows no code. `look` has to have a time limit.
    pub fn new<F, P>(look: F) -> Self
    where
        F: Fn() -> P + Send + Sync + 'static,
        P: Future<Output = Option<Vec<u8>>> + 'static,
    {
        Self(Arc::new(move || Box::pin(look())))
    }

    /// The scene in the code that it shows.
    pub(super) async fn scene(&self) -> Option<String> {
        drawing::scene_of(&(self.0)().await?)
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}
