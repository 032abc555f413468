//! From a confirmed attempt to a session, and what a session is good for.

use uuid::Uuid;

use super::{
    Login,
    attempt::{State, Step},
    begin::Requester,
    ids::{AttemptId, Secret},
};
use crate::{
    error::Error,
    store::{NewSession, Session, User},
};

/// What a redeem gave.
#[derive(Debug)]
pub struct SignedIn {
    /// Goes into `Set-Cookie`, and nowhere else.
    pub token: Secret,
    /// Who is signed in.
    pub user: User,
    /// A signed statement of that for other services.
    pub access_token: String,
    /// Where the browser goes now.
    pub return_to: Option<String>,
}

impl Login {
    /// Turns the browser's confirmed attempt into its session. Any number of
    /// tabs may ask at once: within 30 s all get the same session and token.
    pub async fn redeem(
        &self,
        id: AttemptId,
        secret: &Secret,
        requester: &Requester,
        previous: Option<&Secret>,
    ) -> Result<SignedIn, Error> {
        self.limits.redeem(requester.address).await?;
        let salt = rand::random::<[u8; 32]>();
        let token = secret.session_token(&salt);
        let new = NewSession {
            id: Uuid::now_v7(),
            token_hash: token.hash(),
            salt,
        };
        let previous = previous.map(Secret::hash);
        let hash = &requester.browser_hash;
        if let Some(done) = self
            .store
            .redeem_attempt(id, hash, &new, previous.as_ref())
            .await?
        {
            for attempt in &done.changed {
                self.publish(attempt);
            }
            metrics::counter!("saoma_logins_total").increment(1);
            tracing::info!(attempt = %id, session = %new.id, "signed in");
            let attempt = done.changed.into_iter().find(|attempt| attempt.id == id);
            let return_to = attempt.and_then(|attempt| attempt.return_to);
            return self.signed_in(new.id, done.user, token, return_to);
        }
        let attempt = self.find(id, requester).await?;
        if attempt.state != State::Redeemed {
            return Err(attempt.refusal(Step::Redeem));
        }
        match self.store.find_session_of_attempt(id).await? {
            Some((session, Some(salt))) => {
                let user = self.store.find_session_user(session).await?;
                let token = secret.session_token(&salt);
                self.signed_in(session, user, token, attempt.return_to)
            }
            _ => Err(Error::AlreadyRedeemed),
        }
    }

    fn signed_in(
        &self,
        session: Uuid,
        user: Option<User>,
        token: Secret,
        return_to: Option<String>,
    ) -> Result<SignedIn, Error> {
        let user = user.ok_or(Error::AlreadyRedeemed)?;
        let access_token = self.access_token(session, &user)?;
        Ok(SignedIn {
            token,
            user,
            access_token,
            return_to,
        })
    }

    /// The session that an attempt became, for the phone that confirmed it.
    pub async fn session_of(&self, id: AttemptId) -> Result<Option<Uuid>, Error> {
        let found = self.store.find_session_of_attempt(id).await?;
        Ok(found.map(|(session, _)| session))
    }

    /// The live session of a cookie.
    pub async fn session(&self, token: &Secret) -> Result<Session, Error> {
        let found = self.store.find_session(&token.hash()).await?;
        found.ok_or(Error::SessionMissing)
    }

    /// A signed statement that this session's user is signed in.
    pub fn access_token(&self, session: Uuid, user: &User) -> Result<String, Error> {
        self.keys.sign(session, user.id).map_err(Error::Internal)
    }

    /// Ends the session of a cookie.
    pub async fn log_out(&self, token: &Secret, ip: &str) -> Result<(), Error> {
        let ended = self.store.delete_session(&token.hash(), ip).await?;
        self.broker.end_sessions(ended.into_iter().collect());
        Ok(())
    }
}
