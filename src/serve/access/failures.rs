//! Failed logins: counted by who made them, and answered with a wait after too many.
//!
//! A good token is never kept waiting: it is looked for first. It can't be guessed, so the count
//! is there for the log and the load, and somebody who fails behind the same proxy shuts nobody
//! out.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many may fail in a window before the next is told to wait.
const MOST: usize = 10;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are remembered.
const ADDRESSES: usize = 1_024;

/// The failures of the last minute, by address.
#[derive(Debug, Default)]
pub(in crate::serve) struct FailedLogins {
    by_address: Mutex<BTreeMap<IpAddr, VecDeque<Duration>>>,
}

/// Too many failures: how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct Wait(pub(in crate::serve) Duration);

impl FailedLogins {
    /// Counts a failure from `address` at `now`, a time that runs; how long to wait where there
    /// were too many. Those that are told to wait are not counted.
    pub(in crate::serve) fn count(&self, address: IpAddr, now: Duration) -> Result<(), Wait> {
        let mut known = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Duration| now.saturating_sub(*at) < WINDOW;
        if known.len() >= ADDRESSES {
            known.retain(|_, failures| failures.back().is_some_and(is_recent));
        }
        if known.len() >= ADDRESSES {
            known.pop_first();
        }
        let failures = known.entry(network(address)).or_default();
        while failures.front().is_some_and(|at| !is_recent(at)) {
            failures.pop_front();
        }
        match failures.front() {
            Some(first) if failures.len() >= MOST => {
                Err(Wait((*first + WINDOW).saturating_sub(now)))
            }
            _ => {
                failures.push_back(now);
                Ok(())
            }
        }
    }
}

/// An IPv6 host has a whole network of addresses to come from.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let bits = six.to_bits() >> 64 << 64;
            IpAddr::V6(bits.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn too_many_failures_are_told_to_wait_and_others_are_not() {
        let failures = FailedLogins::default();
        let (one, other): (IpAddr, IpAddr) =
            ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..MOST {
            assert_eq!(failures.count(one, SECOND), Ok(()));
        }
        assert_eq!(failures.count(one, 11 * SECOND), Err(Wait(50 * SECOND)));
        assert_eq!(failures.count(other, 11 * SECOND), Ok(()));
        assert_eq!(failures.count(one, 61 * SECOND), Ok(()));
    }

    #[test]
    fn a_network_of_addresses_counts_as_one_and_memory_has_an_end() {
        let failures = FailedLogins::default();
        for host in 0..MOST as u128 {
            let six = IpAddr::V6((0x2001_0db8_u128 << 96 | host).into());
            assert_eq!(failures.count(six, SECOND), Ok(()));
        }
        let six = IpAddr::V6((0x2001_0db8_u128 << 96 | 999).into());
        assert!(failures.count(six, SECOND).is_err());
        for four in 0..2 * ADDRESSES as u32 {
            failures.count(IpAddr::V4(four.into()), SECOND).unwrap();
        }
        assert!(failures.by_address.lock().unwrap().len() <= ADDRESSES);
    }
}
