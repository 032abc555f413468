//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is yes.
#[track_caller]
pub fn eventually(
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        while !condition().await {
            assert!(Instant::now() < deadline, "at {caller}: never: {what}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
