//! The user in charge of his sessions: see them, end one or all, say 'this was not me'.

use uuid::Uuid;

use super::Login;
use crate::{
    error::Error,
    store::{EndedBy, ListedSession},
};

/// Who asks for it, on behalf of which user.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Whose sessions.
    pub user: Uuid,
    /// From which side.
    pub by: EndedBy,
    /// From where, masked.
    pub ip: String,
}

impl Login {
    /// The user's sessions, the newest first. What the phone has been shown
    /// once is no longer new.
    pub async fn sessions(&self, owner: &Owner) -> Result<Vec<ListedSession>, Error> {
        let on_phone = owner.by == EndedBy::Phone;
        Ok(self.store.list_sessions(owner.user, on_phone).await?)
    }

    /// Ends one session: its cookie is dead at once, its sockets close.
    pub async fn end_session(&self, owner: &Owner, id: Uuid) -> Result<(), Error> {
        let ended = self
            .store
            .end_session(owner.user, id, owner.by, &owner.ip)
            .await?;
        if !ended {
            return Err(Error::SessionUnknown);
        }
        self.broker.end_sessions(vec![id]);
        Ok(())
    }

    /// Ends all sessions but the one that asks, if a browser does.
    pub async fn end_sessions(&self, owner: &Owner, kept: Option<Uuid>) -> Result<(), Error> {
        let ended = self
            .store
            .end_all_sessions(owner.user, kept, owner.by, &owner.ip)
            .await?;
        self.broker.end_sessions(ended);
        Ok(())
    }

    /// 'This was not me': ends the session and marks its login in the audit log.
    pub async fn report_session(&self, owner: &Owner, id: Uuid) -> Result<(), Error> {
        let found = self.store.report_session(owner.user, id, &owner.ip).await?;
        if !found {
            return Err(Error::SessionUnknown);
        }
        tracing::warn!(session = %id, user = %owner.user, "a user says that this login was not his");
        self.broker.end_sessions(vec![id]);
        Ok(())
    }
}
