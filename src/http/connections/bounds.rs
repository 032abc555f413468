//! How many connections there may be, and of whom.

use std::time::Duration;

/// Connections that sockets leave to others: requests come and go, so these
/// answer thousands a second.
const MOST_FOR_OTHERS: usize = 512;
/// Connections of an address that are always accepted. With few left, one that has
/// more besides its sockets gets no other.
pub(super) const FEWEST_OF_ADDRESS: usize = 64;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// All together.
    pub all: usize,
    /// Of one address, whatever they do; 0: no bound.
    pub of_address: usize,
    /// From an answer to the end of the next request's head.
    pub head: Duration,
}

impl Bounds {
    /// One address may have an eighth of `all`: at least 64, at most 1,024.
    pub fn new(all: usize, bound_addresses: bool, head: Duration) -> Self {
        let of_address = (all / 8).clamp(FEWEST_OF_ADDRESS, 1024);
        Self {
            all,
            of_address: if bound_addresses { of_address } else { 0 },
            head,
        }
    }

    /// What stays for pages, polls and phones.
    fn others(&self) -> usize {
        (self.all / 10).min(MOST_FOR_OTHERS)
    }

    /// Browsers' sockets among them.
    pub(super) fn sockets(&self) -> usize {
        self.all - self.others()
    }

    /// With so many, few are left.
    pub(super) fn full(&self) -> usize {
        self.all - self.others() / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(5);

    #[test]
    fn one_address_may_have_an_eighth() {
        let of_address = |all| Bounds::new(all, true, HEAD).of_address;
        assert_eq!([100, 4_000, 200_000].map(of_address), [64, 500, 1_024]);
        assert_eq!(Bounds::new(100, false, HEAD).of_address, 0);
    }

    #[test]
    fn sockets_leave_few_hundreds_of_many_connections_to_others() {
        let bounds = |all| Bounds::new(all, true, HEAD);
        assert_eq!(
            [1_000, 20_000].map(|all| bounds(all).sockets()),
            [900, 19_488]
        );
        assert_eq!([1_000, 20_000].map(|all| bounds(all).full()), [950, 19_744]);
    }
}
