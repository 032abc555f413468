//! One access token for all instances: kept in the database, renewed by one of them at a time.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep};

use super::{answer::FreshToken, error::WechatError};
use crate::{
    login::keys::Seal,
    store::{SealedToken, Store, StoreError},
};

/// A token with less time than this is renewed: WeChat has its successor from then on.
pub(super) const OVERLAP: Duration = Duration::from_mins(5);

/// How long a claim holds when its instance dies; a call takes less.
const CLAIM: Duration = Duration::from_secs(10);

/// Between two looks at what another instance brings.
const LOOK: Duration = Duration::from_millis(100);

/// How long another instance is waited for. Then WeChat is asked all the same: in its normal
/// mode that ends nobody's token.
const WAIT: Duration = Duration::from_millis(1500);

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// WeChat gives the token that it has until shortly before its end.
    Normal,
    /// WeChat makes another, which it does 20 times a day.
    Forced,
}

/// Keeps the access token in the database.
///
/// Who needs a token reads the row; who finds it near its end, or refused, claims the row by the
/// token's number, asks WeChat, and puts the new one there. The database decides who does it. A
/// process that cannot reach the database asks WeChat for itself.
#[derive(Debug)]
pub struct Steward {
    store: Store,
    seal: Seal,
    account: String,
    instance: String,
}

impl Steward {
    /// For one mini program at one address of the API (`account`), on this instance.
    pub fn new(store: Store, seal: Seal, account: String, instance: String) -> Self {
        Self {
            store,
            seal,
            account,
            instance,
        }
    }

    /// How long the token in the database lives; the inner none: another secret key sealed it.
    pub async fn shared_for(&self) -> Result<Option<Option<Duration>>, StoreError> {
        let stored = self.store.find_wechat_token(&self.account).await?;
        let stored = stored.filter(|stored| stored.sealed.is_some());
        Ok(stored.map(|stored| self.open(stored).map(|token| token.expires_in)))
    }

    /// A token other than the one that WeChat has refused. `ask` has to have a time limit.
    pub(super) async fn obtain(
        &self,
        refused: Option<&SecretString>,
        ask: impl AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    ) -> Result<FreshToken, WechatError> {
        match self.shared(refused, &ask).await {
            Ok(obtained) => obtained,
            Err(error) => {
                tracing::warn!(%error, "the shared access token cannot be read; asking WeChat for it");
                ask(Ask::Normal).await
            }
        }
    }

    async fn shared(
        &self,
        refused: Option<&SecretString>,
        ask: &impl AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    ) -> Result<Result<FreshToken, WechatError>, StoreError> {
        let deadline = Instant::now() + WAIT;
        loop {
            let stored = self.store.find_wechat_token(&self.account).await?;
            let number = stored.as_ref().map_or(0, |stored| stored.number);
            let token = stored.and_then(|stored| self.open(stored));
            let token = token.filter(|token| !is(refused, token));
            if let Some(token) = &token
                && token.expires_in > OVERLAP
            {
                return Ok(Ok(token.clone()));
            }
            let (account, instance) = (&self.account, &self.instance);
            let claim = self
                .store
                .claim_wechat_token(account, number, instance, CLAIM);
            let claimed = claim.await?;
            if !claimed && Instant::now() < deadline {
                sleep(LOOK).await;
                continue;
            }
            let renewed = self.renew(number, refused, ask).await;
            // What is near its end still works when WeChat does not answer now.
            return Ok(match token {
                Some(token) if !token.expires_in.is_zero() => renewed.or(Ok(token)),
                _ => renewed,
            });
        }
    }

    async fn renew(
        &self,
        number: i64,
        refused: Option<&SecretString>,
        ask: &impl AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    ) -> Result<FreshToken, WechatError> {
        let mut asked_at = Instant::now();
        let mut fresh = ask(Ask::Normal).await;
        if let Ok(same) = &fresh
            && is(refused, same)
            && self.may_force().await
        {
            tracing::warn!("WeChat gives the access token again that it refuses; forcing another");
            asked_at = Instant::now();
            match ask(Ask::Forced).await {
                Ok(forced) => fresh = Ok(forced),
                Err(error) => tracing::warn!(%error, "no other access token could be forced"),
            }
        }
        let done = if let Ok(fresh) = &fresh {
            self.keep(number, fresh, asked_at).await
        } else {
            let (account, instance) = (&self.account, &self.instance);
            let released = self.store.release_wechat_token(account, instance).await;
            released.map_err(Into::into)
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the access token could not be shared with the other instances");
        }
        fresh
    }

    async fn may_force(&self) -> bool {
        let allowed = self.store.may_force_wechat_token(&self.account).await;
        allowed.unwrap_or(false)
    }

    async fn keep(&self, number: i64, fresh: &FreshToken, asked_at: Instant) -> anyhow::Result<()> {
        let secret = fresh.secret.expose_secret();
        let sealed = self.seal.seal(&self.account, secret.as_bytes())?;
        let expires_in = fresh.expires_in.saturating_sub(asked_at.elapsed());
        self.store
            .keep_wechat_token(&self.account, number, &sealed, expires_in)
            .await?;
        Ok(())
    }

    /// None for a token that another secret key sealed, which is replaced.
    fn open(&self, stored: SealedToken) -> Option<FreshToken> {
        let opened = self.seal.open(&self.account, &stored.sealed?).ok()??;
        let secret = String::from_utf8(opened.expose_secret().clone()).ok()?;
        Some(FreshToken {
            secret: secret.into(),
            expires_in: stored.expires_in,
        })
    }
}

fn is(refused: Option<&SecretString>, token: &FreshToken) -> bool {
    refused.is_some_and(|refused| refused.expose_secret() == token.secret.expose_secret())
}
