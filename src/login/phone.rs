//! What the mini program asks for: a session, a scan, an account.
//!
//! Who the person is comes from WeChat alone; a body cannot say it.

use std::{net::IpAddr, ops::Deref, time::Instant};

use super::{
    Login,
    attempt::{Attempt, Identity, State, Step},
    check::CAMERA,
    ids::{AttemptId, Scene, Secret},
    warnings::{Signals, warnings},
};
use crate::{
    error::Error,
    store::{DeletedBy, PHONE_SESSION_SECONDS, PhoneSession, PhoneView, RegisterError, Scan, User},
    wechat::WechatError,
};

/// A phone that asks for something, with the token of its session; whether that is good is
/// to be seen.
#[derive(Debug)]
pub struct Asking {
    /// Of its phone session.
    pub token: Secret,
    /// Where it asks from.
    pub address: IpAddr,
    /// The same, masked.
    pub ip: String,
}

impl Asking {
    fn holds(self, session: PhoneSession) -> Phone {
        Phone {
            session,
            address: self.address,
            ip: self.ip,
        }
    }
}

/// A phone that is known.
#[derive(Debug)]
pub struct Phone {
    /// What WeChat has said of it.
    pub session: PhoneSession,
    /// Where it asks from.
    pub address: IpAddr,
    /// The same, masked.
    pub ip: String,
}

impl Phone {
    /// The person's account, which he must have for this.
    pub fn registered(&self) -> Result<&User, Error> {
        let user = self.user.as_ref();
        user.ok_or_else(|| Error::BadRequest("not registered".to_owned()))
    }
}

impl Deref for Phone {
    type Target = PhoneSession;

    fn deref(&self) -> &PhoneSession {
        &self.session
    }
}

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

impl Login {
    /// Asks WeChat who this is and remembers it.
    pub async fn sign_in_phone(&self, js_code: &str) -> Result<PhoneSignedIn, Error> {
        let js_code = js_code.into();
        let call = self.wechat.identify(&js_code);
        let known = self.identities.guard(call).await.map_err(wechat_error)?;
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
        let session = self.phone_session(&token).await?;
        Ok(PhoneSignedIn {
            token,
            expires_in: PHONE_SESSION_SECONDS,
            user: session.user,
        })
    }

    /// What is known of the phone that holds this token.
    pub async fn phone_session(&self, token: &Secret) -> Result<PhoneSession, Error> {
        let found = self.store.find_phone_session(&token.hash()).await?;
        found.ok_or(Error::PhoneSessionInvalid)
    }

    /// The phone that asks.
    pub async fn phone(&self, asking: Asking) -> Result<Phone, Error> {
        let session = self.phone_session(&asking.token).await?;
        Ok(asking.holds(session))
    }

    /// The phone that asks to scan: it is to confirm in a moment.
    pub async fn scanning_phone(&self, asking: Asking) -> Result<Phone, Error> {
        let token = asking.token.hash();
        let phone = self.phone(asking).await?;
        self.recent_phones.note(token, &phone, Instant::now());
        Ok(phone)
    }

    /// Ends the phone's session.
    pub async fn sign_out_phone(&self, phone: &Phone) -> Result<(), Error> {
        self.store.delete_phone_session(phone.id).await?;
        self.broker.end_sessions(vec![phone.id]);
        Ok(())
    }

    /// The number of a new socket of this phone; among all of its phone session
    /// the one with the highest wins.
    pub async fn open_phone_socket(&self, phone: &Phone) -> Result<i32, Error> {
        self.limits.phone_socket(phone).await?;
        let number = self.store.open_phone_socket(phone.id).await?;
        number.ok_or(Error::PhoneSessionInvalid)
    }

    /// What there is to tell this phone, which was told of `followed` last.
    pub async fn phone_view(
        &self,
        phone: &Phone,
        followed: Option<AttemptId>,
    ) -> Result<PhoneView, Error> {
        let (id, identity) = (phone.id, &phone.identity);
        Ok(self.store.read_phone(id, identity, followed).await?)
    }

    /// The first phone to scan a good code holds its attempt.
    pub async fn scan(
        &self,
        phone: &Phone,
        scene: &Scene,
        entry_scene: i32,
    ) -> Result<Scanned, Error> {
        self.limits.scan(phone).await?;
        let nonce = Secret::random();
        let scan = Scan {
            identity: &phone.identity,
            nonce: nonce.hash(),
            entry_scene,
            checks: self.settings.check.for_entry(entry_scene),
            ip: &phone.ip,
        };
        let number = rand::random_range(0..100);
        let claimed = self
            .store
            .scan_attempt(&scene.hash(), &scan, number)
            .await?;
        let attempt = match claimed {
            Some(attempt) => attempt,
            None => self.scan_again(scene, &scan).await?,
        };
        // Also after a scan that asks for more than the one before it.
        self.publish(&attempt);
        let warnings = self.warnings(phone, &attempt, entry_scene);
        Ok(Scanned {
            attempt,
            nonce,
            warnings,
        })
    }

    async fn scan_again(&self, scene: &Scene, scan: &Scan<'_>) -> Result<Attempt, Error> {
        let found = self.store.find_attempt_by_scene(&scene.hash()).await?;
        let Some(attempt) = found else {
            self.limits.failure(scan.identity);
            return Err(Error::SceneUnknown);
        };
        if attempt.is_claimed_by(scan.identity) {
            let again = self
                .store
                .rescan_attempt(attempt.id, &scene.hash(), scan)
                .await?;
            return again.ok_or_else(|| attempt.refusal(Step::Rescan));
        }
        match attempt.state {
            // The scene is too old, though its attempt has a newer one.
            State::Pending => Err(Error::AttemptExpired),
            State::Scanned | State::Approved | State::Confirmed => {
                // Noted first: another instance believes the note, not the news.
                self.store.note_contest(attempt.id, scan).await?;
                self.broker.contest(&attempt);
                Err(Error::AlreadyScanned)
            }
            State::Redeemed => Err(Error::AlreadyScanned),
            _ => Err(attempt.refusal(Step::Scan)),
        }
    }

    fn warnings(&self, phone: &Phone, attempt: &Attempt, entry_scene: i32) -> Vec<&'static str> {
        let allowed = self.settings.timers.scan.as_secs();
        let age = attempt.code_age.and_then(|age| u64::try_from(age).ok());
        warnings(&Signals {
            by_camera: entry_scene == CAMERA,
            reusable_code: attempt.reusable_code,
            code_old: age.is_some_and(|age| age > allowed),
            browser: &self.places.network(&attempt.browser.ip),
            phone: &self.places.network(&phone.ip),
        })
    }

    /// An attempt that this phone holds; any other is unknown.
    pub async fn find_claimed(&self, phone: &Phone, id: AttemptId) -> Result<Attempt, Error> {
        let found = self.store.find_claimed_attempt(id, &phone.identity).await?;
        found.ok_or(Error::AttemptUnknown)
    }

    /// Gives the person an account, and his waiting attempts another chance.
    pub async fn register(&self, phone: &Phone, nickname: Option<&str>) -> Result<User, Error> {
        if phone.user.is_some() {
            return Err(Error::AlreadyRegistered);
        }
        if !self.settings.registration_open {
            return Err(Error::RegistrationClosed);
        }
        let nickname = nickname.map(valid_nickname).transpose()?;
        self.limits.register(phone).await?;
        let (identity, unionid) = (&phone.identity, phone.unionid.as_deref());
        let user = match self
            .store
            .add_user(identity, unionid, nickname.as_deref(), &phone.ip)
            .await
        {
            Ok(user) => user,
            Err(RegisterError::Already) => return Err(Error::AlreadyRegistered),
            // For him it is.
            Err(RegisterError::Barred) => return Err(Error::RegistrationClosed),
            Err(RegisterError::Store(error)) => return Err(error.into()),
        };
        for attempt in self.store.clear_registration(identity).await? {
            self.publish(&attempt);
        }
        Ok(user)
    }

    /// Changes the person's nickname.
    pub async fn rename(&self, phone: &Phone, nickname: &str) -> Result<User, Error> {
        let user = phone.registered()?;
        let renamed = self
            .store
            .rename_user(user.id, &valid_nickname(nickname)?)
            .await?;
        renamed.ok_or(Error::PhoneSessionInvalid)
    }

    /// Deletes the person's account and everything kept about him.
    pub async fn delete_account(&self, phone: &Phone) -> Result<(), Error> {
        let mut ended = self
            .store
            .delete_person(&phone.identity, DeletedBy::Phone)
            .await?;
        self.recent_phones.forget(&phone.identity);
        ended.push(phone.id);
        self.broker.end_sessions(ended);
        Ok(())
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
        WechatError::Paused { .. } => Error::WechatUnavailable(error),
        other => {
            tracing::warn!(error = %other, advice = %other.advice_en(), "WeChat did not say who this is");
            Error::WechatUnavailable(other)
        }
    }
}
