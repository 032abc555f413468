//! The phones whose sockets are on this instance, and what each was told.

use std::collections::HashMap;

use uuid::Uuid;

use super::messages::SocketId;
use crate::{
    login::{attempt::Identity, ids::AttemptId},
    store::{Known, SeenPhone},
};

/// Phones by their sessions, of which each has one socket.
#[derive(Debug, Default)]
pub struct Phones {
    phones: HashMap<Uuid, Phone>,
    persons: HashMap<Identity, Vec<Uuid>>,
}

/// One phone.
#[derive(Debug)]
pub struct Phone {
    /// Its socket.
    pub socket: SocketId,
    /// Tells the socket from older ones of the same phone session.
    pub number: i32,
    /// Who holds it.
    pub person: Identity,
    /// The attempt that it was told of last, unless that was its end.
    pub attempt: Option<Known>,
    /// The sessions that it is paired with.
    pub sessions: Vec<Uuid>,
}

impl Phones {
    /// Whether a newer socket of this phone session is here.
    pub fn has_newer(&self, id: Uuid, number: i32) -> bool {
        let phone = self.phones.get(&id);
        phone.is_some_and(|phone| phone.number > number)
    }

    /// Adds a phone that is not there.
    pub fn add(&mut self, id: Uuid, phone: Phone) {
        let of_person = self.persons.entry(phone.person.clone()).or_default();
        of_person.push(id);
        self.phones.insert(id, phone);
    }

    /// Takes a phone away.
    pub fn remove(&mut self, id: Uuid) -> Option<Phone> {
        let phone = self.phones.remove(&id)?;
        if let Some(of_person) = self.persons.get_mut(&phone.person) {
            of_person.retain(|other| *other != id);
            if of_person.is_empty() {
                self.persons.remove(&phone.person);
            }
        }
        Some(phone)
    }

    /// One phone.
    pub fn get(&self, id: Uuid) -> Option<&Phone> {
        self.phones.get(&id)
    }

    /// One phone.
    pub fn get_mut(&mut self, id: Uuid) -> Option<&mut Phone> {
        self.phones.get_mut(&id)
    }

    /// All of them.
    pub fn ids(&self) -> Vec<Uuid> {
        self.phones.keys().copied().collect()
    }

    /// This person's phones that have not been told this of the attempt.
    pub fn behind(&self, person: &Identity, attempt: AttemptId, version: i32) -> Vec<SocketId> {
        let of_person = self.persons.get(person).into_iter().flatten();
        let phones = of_person.filter_map(|id| self.phones.get(id));
        let behind = phones.filter(|phone| !phone.knows(attempt, version));
        behind.map(|phone| phone.socket).collect()
    }
}

impl Phone {
    fn knows(&self, attempt: AttemptId, version: i32) -> bool {
        self.attempt
            .is_some_and(|known| known.id == attempt && known.version >= version)
    }

    /// Whether it was told all that the database says.
    pub fn is_up_to_date(&self, seen: &SeenPhone) -> bool {
        let attempt = match (&self.attempt, &seen.newest) {
            (None, None) => true,
            (Some(_), Some(newest)) => self.knows(newest.id, newest.version),
            _ => false,
        };
        attempt && self.sessions == seen.sessions
    }
}
