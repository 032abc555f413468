//! How often one person may do something, and how often one of his phones.

use uuid::Uuid;

use super::{MINUTE, rate::Rate, together::Shared};
use crate::{error::Error, login::attempt::Identity, store::PhoneSession};

/// So many in a minute for a person, and half of that for one of his phone sessions.
#[derive(Debug)]
pub struct PerPerson {
    what: &'static str,
    person: Rate<Identity>,
    phone: Rate<Uuid>,
}

impl PerPerson {
    /// `what` names it where all instances count.
    pub fn new(what: &'static str, number: u32) -> Self {
        // Half, but never so few that nothing is left of it.
        let half = number.div_ceil(2);
        Self {
            what,
            person: Rate::new(number, MINUTE, number),
            phone: Rate::new(half, MINUTE, half),
        }
    }

    /// Counts one, or says how long to wait.
    pub fn count(&self, phone: &PhoneSession) -> Result<(), Error> {
        self.phone.count(&phone.id)?;
        self.person.count(&phone.identity)
    }

    /// What is counted of this phone where all instances count.
    pub fn shared<'a>(&self, phone: &'a PhoneSession) -> [Option<Shared<'a>>; 2] {
        let person = self.person.shared(self.what, &phone.identity);
        [self.phone.shared(self.what, &phone.id), person]
    }

    /// Forgets whoever has been quiet.
    pub fn forget_quiet(&self) {
        self.person.forget_quiet();
        self.phone.forget_quiet();
    }
}
