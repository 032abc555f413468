//! Access tokens, and the public keys that they are checked with.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    SecretKey,
    rotation::{KeyState, states},
};
use crate::{settings::Settings, store::SealedKey};

/// Whole seconds that an access token lasts.
pub const ACCESS_TOKEN_SECONDS: i64 = 300;

/// The keys that sign access tokens (Ed25519), as this instance saw them last.
pub struct SigningKeys {
    issuer: String,
    audience: String,
    ring: RwLock<Arc<Ring>>,
}

#[derive(Default)]
struct Ring {
    /// None: no token can be signed that a published key would prove.
    signing: Option<Arc<(String, EncodingKey)>>,
    public: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ring = self.ring();
        f.debug_struct("SigningKeys")
            .field("kid", &ring.signing.as_ref().map(|key| &key.0))
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: Uuid,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: Uuid,
    amr: [&'static str; 1],
}

impl SigningKeys {
    /// No keys yet; see [`SigningKeys::take`].
    pub(super) fn none(settings: &Settings) -> Self {
        Self {
            issuer: settings.public_origin(),
            audience: settings.token_audience.clone(),
            ring: RwLock::default(),
        }
    }

    /// Publishes these keys and signs with the one whose time it is.
    ///
    /// Fails when the secret key does not open that one. Then the key that signed
    /// so far goes on, as long as it is published.
    pub(super) fn take(&self, keys: &[SealedKey], secret: &SecretKey) -> anyhow::Result<()> {
        let states = states(keys);
        let live = keys.iter().zip(&states);
        let live = live.filter(|(_, state)| **state != KeyState::Dead);
        let public: Vec<_> = live
            .map(|(key, _)| (key.kid.clone(), key.public_key.clone()))
            .collect();
        let before = self.ring().signing.clone();
        let before = before.filter(|before| public.iter().any(|(kid, _)| *kid == before.0));
        let due = states.iter().position(|state| *state == KeyState::Signing);
        let (signing, opened) = match due.map(|place| &keys[place]) {
            None => (None, Err(anyhow!("the database keeps no signing key"))),
            Some(due) if before.as_ref().is_some_and(|before| before.0 == due.kid) => {
                (before, Ok(()))
            }
            Some(due) => match secret.open(&due.kid, &due.sealed_private) {
                Ok(opened) => {
                    let key = EncodingKey::from_ed_der(opened.private.expose_secret());
                    tracing::info!(kid = %due.kid, "this key signs access tokens now");
                    (Some(Arc::new((due.kid.clone(), key))), Ok(()))
                }
                Err(error) => (before, Err(error)),
            },
        };
        let ring = Arc::new(Ring { signing, public });
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        opened
    }

    /// A signed statement that this session's user is signed in.
    pub fn sign(&self, session: Uuid, user: Uuid) -> anyhow::Result<String> {
        let signing = self.ring().signing.clone();
        let signing = signing.context("no published key can sign an access token")?;
        let (kid, key) = &*signing;
        let now = chrono::Utc::now().timestamp();
        let header = Header {
            kid: Some(kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = Claims {
            iss: &self.issuer,
            sub: user,
            aud: &self.audience,
            iat: now,
            exp: now + ACCESS_TOKEN_SECONDS,
            jti: Uuid::new_v4(),
            sid: session,
            amr: ["qr"],
        };
        jsonwebtoken::encode(&header, &claims, key).context("an access token could not be signed")
    }

    /// The public parts, as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let ring = self.ring();
        let keys = ring.public.iter().map(|(kid, public)| {
            let x = URL_SAFE_NO_PAD.encode(public);
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x})
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
