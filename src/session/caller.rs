//! Whose socket it is.

use std::{cell::RefCell, net::IpAddr, rc::Rc};

use crate::{
    error::Error,
    http::language::Language,
    login::{
        Login,
        begin::Requester,
        ids::Secret,
        limits::SocketPermit,
        phone::{Asking, Phone},
    },
};

/// The one behind a socket. A clone is the same one.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A browser.
    Browser(Requester),
    /// A phone with the mini program.
    Phone(Rc<PhoneCaller>),
}

/// A phone, known or not yet.
#[derive(Debug)]
pub struct PhoneCaller {
    /// Where it asks from.
    pub address: IpAddr,
    /// The same, masked.
    pub ip: String,
    /// What its person reads.
    pub language: Language,
    /// Of its phone session, once it is known.
    pub token: RefCell<Option<Secret>>,
    /// Counts the socket towards its address until the phone is known: many
    /// phones may share one, and a phone session has one socket only.
    pub permit: RefCell<Option<SocketPermit>>,
}

impl PhoneCaller {
    /// What it asks with.
    pub fn asking(&self) -> Result<Asking, Error> {
        let token = self.token.borrow().clone();
        Ok(Asking {
            token: token.ok_or(Error::PhoneSessionInvalid)?,
            address: self.address,
            ip: self.ip.clone(),
        })
    }

    /// What is known of it now: its session may have ended, its person may have
    /// registered since the socket opened.
    pub async fn phone(&self, login: &Login) -> Result<Phone, Error> {
        login.phone(self.asking()?).await
    }
}
