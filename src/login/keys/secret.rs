//! Keys: the one secret key of a database, and the keys that sign access tokens.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    settings::Settings,
    store::{SealedKey, Store},
};

/// Whole seconds that an access token lasts.
pub const ACCESS_TOKEN_SECONDS: i64 = 300;

/// From this key all others are derived, one for each purpose (HKDF, RFC 5869).
pub struct SecretKey(SecretBox<[u8; 32]>);

impl SecretKey {
    /// The key of the settings, or the one in the data directory, made there at
    /// the first start with mode 0600.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(text) = &settings.secret_key {
            return Self::parse(text);
        }
        let path = settings.data_dir.join("secret.key");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&SecretString::from(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::create(&path),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn parse(text: &SecretString) -> anyhow::Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret().trim()).ok();
        let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = key.ok_or_else(|| {
            anyhow!("SAOMA_SECRET_KEY is not 32 bytes in base64url (43 characters)")
        })?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    fn create(path: &Path) -> anyhow::Result<Self> {
        let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.with_context(|| format!("cannot make the secret key {}", path.display()))?;
        Self::parse(&SecretString::from(text))
    }

    fn derive(&self, purpose: &str) -> anyhow::Result<RandomizedNonceKey> {
        let salt = Salt::new(HKDF_SHA256, b"saoma");
        let root = salt.extract(self.0.expose_secret());
        let info = [purpose.as_bytes()];
        let mut key = [0; 32];
        let derived = root
            .expand(&info, HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key));
        derived.map_err(|_| anyhow!("a key could not be derived"))?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| anyhow!("no key"))
    }

    /// Nonce, ciphertext and tag of `secret`, bound to `name`.
    fn seal(&self, name: &str, secret: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut text = secret.to_vec();
        let key = self.derive("signing keys")?;
        let nonce = key.seal_in_place_append_tag(Aad::from(name), &mut text);
        let nonce = nonce.map_err(|_| anyhow!("a key could not be sealed"))?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    fn open(&self, name: &str, sealed: &[u8]) -> anyhow::Result<SecretBox<Vec<u8>>> {
        let (nonce, text) = sealed
            .split_at_checked(NONCE_LEN)
            .context("a sealed key is cut off")?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("no nonce"))?;
        let mut text = text.to_vec();
        let opened = self
            .derive("signing keys")?
            .open_in_place(nonce, Aad::from(name), &mut text);
        let length = opened.map(|open| open.len()).map_err(|_| {
            anyhow!(
                "the database was made with another SAOMA_SECRET_KEY: all instances of one \
                 database need the same key (the first start wrote it to secret.key in its data \
                 directory)"
            )
        })?;
        text.truncate(length);
        Ok(SecretBox::new(Box::new(text)))
    }
}

/// The keys that sign access tokens (Ed25519), the newest first.
pub struct SigningKeys {
    issuer: String,
    audience: String,
    signing: (String, EncodingKey),
    public: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys")
            .field("kid", &self.signing.0)
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
    /// Opens the database's keys, and makes the first one.
    ///
    /// Fails when the secret key is not the one that sealed them.
    pub async fn load(settings: &Settings, key: &SecretKey, store: &Store) -> anyhow::Result<Self> {
        let mut rows = store.list_signing_keys().await?;
        if rows.is_empty() {
            store.add_first_signing_key(&new_key(key)?).await?;
            rows = store.list_signing_keys().await?;
        }
        let Some(newest) = rows.first() else {
            bail!("the database keeps no signing key");
        };
        let private = key.open(&newest.kid, &newest.sealed_private)?;
        Ok(Self {
            issuer: settings.public_origin(),
            audience: settings.token_audience.clone(),
            signing: (
                newest.kid.clone(),
                EncodingKey::from_ed_der(private.expose_secret()),
            ),
            public: rows
                .into_iter()
                .map(|row| (row.kid, row.public_key))
                .collect(),
        })
    }

    /// A signed statement that this session's user is signed in.
    pub fn sign(&self, session: Uuid, user: Uuid) -> anyhow::Result<String> {
        let (kid, key) = &self.signing;
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
        let keys = self.public.iter().map(|(kid, public)| {
            let x = URL_SAFE_NO_PAD.encode(public);
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x})
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

fn new_key(key: &SecretKey) -> anyhow::Result<SealedKey> {
    let pair = Ed25519KeyPair::generate().map_err(|_| anyhow!("no signing key could be made"))?;
    let private = pair
        .to_pkcs8()
        .map_err(|_| anyhow!("no signing key could be made"))?;
    let kid = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 9]>());
    Ok(SealedKey {
        sealed_private: key.seal(&kid, private.as_ref())?,
        public_key: pair.public_key().as_ref().to_vec(),
        kid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey(SecretBox::new(Box::new([byte; 32])))
    }

    #[test]
    fn what_one_key_sealed_opens_with_it_and_under_its_name_only() {
        let sealed = key(1).seal("name", b"private").unwrap();
        assert_eq!(
            key(1).open("name", &sealed).unwrap().expose_secret(),
            b"private"
        );
        assert!(key(1).open("other", &sealed).is_err());
        let refused = key(2).open("name", &sealed).unwrap_err().to_string();
        assert!(refused.contains("SAOMA_SECRET_KEY"), "{refused}");
    }

    #[test]
    fn sealing_twice_never_gives_the_same_bytes() {
        assert_ne!(
            key(1).seal("name", b"x").unwrap(),
            key(1).seal("name", b"x").unwrap()
        );
    }
}
