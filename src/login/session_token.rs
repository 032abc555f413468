//! The session's token, which any tab of the browser can have made again for a while.

use aws_lc_rs::hmac;

use super::ids::Secret;

impl Secret {
    /// The session token that this browser secret gives with `salt`
    /// (HMAC-SHA-256): asking again within the salt's life gives the same one.
    pub fn session_token(&self, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bytes());
        let tag = hmac::sign(&key, salt);
        let mut token = [0; 32];
        token.copy_from_slice(tag.as_ref());
        Self::from(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_salt_gives_the_same_session_token_and_another_gives_another() {
        let secret = Secret::random();
        assert_eq!(
            secret.session_token(b"one").hash(),
            secret.session_token(b"one").hash()
        );
        assert_ne!(
            secret.session_token(b"one").hash(),
            secret.session_token(b"two").hash()
        );
        assert_ne!(
            secret.session_token(b"one").hash(),
            Secret::random().session_token(b"one").hash()
        );
    }
}
