//! Who looks for a free code while there is none.

use std::sync::atomic::{AtomicBool, Ordering};

/// Every view would ask the database to look through all codes for nothing: while the pool is
/// used up, one of this process does at a time.
#[derive(Debug, Default)]
pub(super) struct Turns {
    used_up: AtomicBool,
    taken: AtomicBool,
}

/// The right to look.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    alone: bool,
}

impl Turns {
    /// None while another looks for us all.
    pub(super) fn take(&self) -> Option<Turn<'_>> {
        let alone = self.used_up.load(Ordering::Relaxed);
        if alone && self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(Turn { turns: self, alone })
    }
}

impl Turn<'_> {
    /// What was found.
    pub(super) fn note(&self, used_up: bool) {
        self.turns.used_up.store(used_up, Ordering::Relaxed);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.alone {
            self.turns.taken.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_look_while_there_are_codes_and_one_while_there_are_none() {
        let turns = Turns::default();
        let (first, second) = (turns.take().unwrap(), turns.take().unwrap());
        first.note(true);
        drop((first, second));
        let looks = turns.take().unwrap();
        assert!(turns.take().is_none());
        drop(looks);
        let looks = turns.take().unwrap();
        looks.note(false);
        assert!(turns.take().is_some());
        drop(looks);
        assert!(turns.take().is_some());
    }
}
