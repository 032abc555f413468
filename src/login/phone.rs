//! What the mini program asks for: a session, a scan, the confirm or the refusal.
//!
//! Who the person is comes from WeChat alone; a body cannot say it.

use serde::Serialize;

use super::{
    Login,
    attempt::{Attempt, Identity, State, Step},
    ids::{AttemptId, Scene, Secret},
    reason::Reason,
};
use crate::{
    error::Error,
    store::{PHONE_SESSION_SECONDS, PhoneSession, RegisterError, User},
    wechat::WechatError,
};

/// The entry scene of a camera on a mini-program code, in WeChat's table.
const CAMERA: i32 = 1047;

/// A new phone session.
#[derive(Debug)]
pub struct PhoneSignedIn {
    /// Goes into the answer's body, once.
    pub token: Secret,
    /// Whole seconds.
    pub expires_in: i64,
    /// None for somebody who is not registered.
    pub user: Option<User>,
}

/// What a scan gave.
#[derive(Debug)]
pub struct Scanned {
    /// The attempt, held by this phone.
    pub attempt: Attempt,
    /// Goes into the answer's body; the one before it is dead.
    pub nonce: Secret,
    /// What the person should know before he agrees.
    pub warnings: Vec<&'static str>,
}

/// What a confirm gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Confirmed {
    /// The browser may redeem.
    LoginSucceeded,
    /// The person has no account; he may register and confirm again.
    NotRegistered,
}

impl Login {
    /// Asks WeChat who this is and remembers it.
    pub async fn sign_in_phone(&self, js_code: &str) -> Result<PhoneSignedIn, Error> {
        let known = self
            .wechat
            .identify(&js_code.into())
            .await
            .map_err(wechat_error)?;
        let identity = Identity {
            app_id: self.settings.wechat.app_id.clone(),
            openid: known.open_id,
        };
        let unionid = known.union_id.as_deref();
        let token = Secret::random();
        self.store
            .add_phone_session(&token.hash(), &identity, unionid)
            .await?;
        if let Some(unionid) = unionid {
            self.store.keep_unionid(&identity, unionid).await?;
        }
        let session = self.phone(&token).await?;
        Ok(PhoneSignedIn {
            token,
            expires_in: PHONE_SESSION_SECONDS,
            user: session.user,
        })
    }

    /// The phone that holds this token.
    pub async fn phone(&self, token: &Secret) -> Result<PhoneSession, Error> {
        let found = self.store.find_phone_session(&token.hash()).await?;
        found.ok_or(Error::PhoneSessionInvalid)
    }

    /// Ends the phone's session.
    pub async fn sign_out_phone(&self, phone: &PhoneSession) -> Result<(), Error> {
        Ok(self.store.delete_phone_session(phone.id).await?)
    }

    /// The first phone to scan a good code holds its attempt.
    pub async fn scan(
        &self,
        phone: &PhoneSession,
        scene: &Scene,
        entry_scene: i32,
    ) -> Result<Scanned, Error> {
        let nonce = Secret::random();
        let (hash, identity) = (scene.hash(), &phone.identity);
        let claimed = self
            .store
            .scan_attempt(&hash, identity, &nonce.hash(), entry_scene)
            .await?;
        let attempt = match claimed {
            Some(attempt) => {
                self.publish(&attempt);
                attempt
            }
            None => self.scan_again(phone, scene, &nonce).await?,
        };
        let warnings = if entry_scene == CAMERA {
            Vec::new()
        } else {
            vec!["entry_scene"]
        };
        Ok(Scanned {
            attempt,
            nonce,
            warnings,
        })
    }

    async fn scan_again(
        &self,
        phone: &PhoneSession,
        scene: &Scene,
        nonce: &Secret,
    ) -> Result<Attempt, Error> {
        let found = self.store.find_attempt_by_scene(&scene.hash()).await?;
        let attempt = found.ok_or(Error::SceneUnknown)?;
        if attempt.is_claimed_by(&phone.identity) {
            let again = self
                .store
                .rescan_attempt(attempt.id, &phone.identity, &nonce.hash())
                .await?;
            return again.ok_or_else(|| attempt.refusal(Step::Rescan));
        }
        match attempt.state {
            // The scene is too old, though its attempt has a newer one.
            State::Pending => Err(Error::AttemptExpired),
            State::Scanned | State::Approved | State::Confirmed => {
                self.broker.contest(attempt.id);
                Err(Error::AlreadyScanned)
            }
            State::Redeemed => Err(Error::AlreadyScanned),
            _ => Err(attempt.refusal(Step::Scan)),
        }
    }

    /// The person agreed. A known user's browser may redeem; somebody unknown
    /// may register and agree again.
    pub async fn confirm(&self, phone: &PhoneSession, nonce: &Secret) -> Result<Confirmed, Error> {
        match &phone.user {
            Some(user) => self.confirm_user(phone, nonce, user).await,
            None if self.settings.registration_open => self.await_registration(phone, nonce).await,
            None => {
                let reason = Reason::RegistrationClosed;
                self.end_by_phone(phone, nonce, Step::Fail, reason).await?;
                Ok(Confirmed::NotRegistered)
            }
        }
    }

    async fn confirm_user(
        &self,
        phone: &PhoneSession,
        nonce: &Secret,
        user: &User,
    ) -> Result<Confirmed, Error> {
        let confirmed = self
            .store
            .confirm_attempt(&nonce.hash(), &phone.identity, user.id)
            .await?;
        if let Some(attempt) = confirmed {
            self.publish(&attempt);
            metrics::counter!("saoma_confirms_total").increment(1);
            return Ok(Confirmed::LoginSucceeded);
        }
        let attempt = self.find_by_nonce(phone, nonce).await?;
        match attempt.state {
            State::Confirmed | State::Redeemed => Ok(Confirmed::LoginSucceeded),
            _ => Err(attempt.refusal(Step::Confirm)),
        }
    }

    async fn await_registration(
        &self,
        phone: &PhoneSession,
        nonce: &Secret,
    ) -> Result<Confirmed, Error> {
        let marked = self
            .store
            .await_registration(&nonce.hash(), &phone.identity)
            .await?;
        if let Some(attempt) = marked {
            self.publish(&attempt);
            return Ok(Confirmed::NotRegistered);
        }
        let attempt = self.find_by_nonce(phone, nonce).await?;
        match attempt.state {
            State::Scanned if attempt.awaiting_registration => Ok(Confirmed::NotRegistered),
            _ => Err(attempt.refusal(Step::AwaitRegistration)),
        }
    }

    /// The person refused.
    pub async fn refuse(&self, phone: &PhoneSession, nonce: &Secret) -> Result<(), Error> {
        self.end_by_phone(phone, nonce, Step::CancelByPhone, Reason::ByPhone)
            .await
    }

    async fn end_by_phone(
        &self,
        phone: &PhoneSession,
        nonce: &Secret,
        step: Step,
        reason: Reason,
    ) -> Result<(), Error> {
        let (hash, identity) = (nonce.hash(), &phone.identity);
        if let Some(attempt) = self
            .store
            .end_attempt_by_phone(&hash, identity, step, reason)
            .await?
        {
            self.publish(&attempt);
            return Ok(());
        }
        let attempt = self.find_by_nonce(phone, nonce).await?;
        // Refusing twice is refusing.
        if attempt.state == State::Cancelled && attempt.reason == Some(reason) {
            return Ok(());
        }
        Err(attempt.refusal(step))
    }

    async fn find_by_nonce(&self, phone: &PhoneSession, nonce: &Secret) -> Result<Attempt, Error> {
        let found = self
            .store
            .find_attempt_by_nonce(&nonce.hash(), &phone.identity)
            .await?;
        found.ok_or(Error::NonceInvalid)
    }

    /// An attempt that this phone holds; any other is unknown.
    pub async fn find_claimed(
        &self,
        phone: &PhoneSession,
        id: AttemptId,
    ) -> Result<Attempt, Error> {
        let found = self.store.find_claimed_attempt(id, &phone.identity).await?;
        found.ok_or(Error::AttemptUnknown)
    }

    /// Gives the person an account, and his waiting attempts another chance.
    pub async fn register(
        &self,
        phone: &PhoneSession,
        nickname: Option<&str>,
    ) -> Result<User, Error> {
        if phone.user.is_some() {
            return Err(Error::AlreadyRegistered);
        }
        if !self.settings.registration_open {
            return Err(Error::RegistrationClosed);
        }
        let nickname = nickname.map(valid_nickname).transpose()?;
        let (identity, unionid) = (&phone.identity, phone.unionid.as_deref());
        let user = match self
            .store
            .add_user(identity, unionid, nickname.as_deref())
            .await
        {
            Ok(user) => user,
            Err(RegisterError::Already) => return Err(Error::AlreadyRegistered),
            Err(RegisterError::Store(error)) => return Err(error.into()),
        };
        for attempt in self.store.clear_registration(identity).await? {
            self.publish(&attempt);
        }
        Ok(user)
    }

    /// Changes the person's nickname.
    pub async fn rename(&self, phone: &PhoneSession, nickname: &str) -> Result<User, Error> {
        let user = phone
            .user
            .as_ref()
            .ok_or(Error::BadRequest("not registered".to_owned()))?;
        let renamed = self
            .store
            .rename_user(user.id, &valid_nickname(nickname)?)
            .await?;
        renamed.ok_or(Error::PhoneSessionInvalid)
    }

    /// Deletes the person's account and everything kept about him.
    pub async fn delete_account(&self, phone: &PhoneSession) -> Result<(), Error> {
        Ok(self.store.delete_person(&phone.identity).await?)
    }
}

/// 1 to 32 characters without control characters.
fn valid_nickname(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let characters = text.chars().count();
    if !(1..=32).contains(&characters) || text.chars().any(char::is_control) {
        return Err(Error::NicknameInvalid);
    }
    Ok(text.to_owned())
}

fn wechat_error(error: WechatError) -> Error {
    match error {
        WechatError::CodeInvalid(_) => Error::WechatCodeInvalid,
        WechatError::CodeUsed(_) => Error::WechatCodeUsed,
        WechatError::UserBlocked(_) => Error::WechatUserBlocked,
        other => {
            tracing::warn!(error = %other, advice = %other.advice_en(), "WeChat did not say who this is");
            Error::WechatUnavailable(other)
        }
    }
}
