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
const MAX_FAILURES: usize = 10;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are remembered.
const MAX_ADDRESSES: usize = 1_024;

/// The failures of the last minute, by address.
#[derive(Debug, Default)]
pub(in crate::serve) struct FailedLogins {
    by_address: Mutex<BTreeMap<IpAddr, VecDeque<Duration>>>,
}

/// Too many failures: how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct RetryAfter(pub(in crate::serve) Duration);

impl FailedLogins {
    /// Counts a failure from `address` at `now`, a time that runs; how long to wait where there
    /// were too many. Those that are told to wait are not counted.
    pub(in crate::serve) fn record(
        &self,
        address: IpAddr,
        now: Duration,
    ) -> Result<(), RetryAfter> {
        let mut known = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Duration| now.saturating_sub(*at) < WINDOW;
        if known.len() >= MAX_ADDRESSES {
            known.retain(|_, failures| failures.back().is_some_and(is_recent));
        }
        if known.len() >= MAX_ADDRESSES {
            known.pop_first();
        }
        let failures = known.entry(network(address)).or_default();
        while failures.front().is_some_and(|at| !is_recent(at)) {
            failures.pop_front();
        }
        match failures.front() {
            Some(first) if failures.len() >= MAX_FAILURES => {
                Err(RetryAfter((*first + WINDOW).saturating_sub(now)))
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
    fn an_address_with_too_many_failures_must_wait_and_others_need_not() {
        let failures = FailedLogins::default();
        let (one, other): (IpAddr, IpAddr) =
            ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..MAX_FAILURES {
            assert_eq!(failures.record(one, SECOND), Ok(()));
        }
        assert_eq!(
            failures.record(one, 11 * SECOND),
            Err(RetryAfter(50 * SECOND))
        );
        assert_eq!(failures.record(other, 11 * SECOND), Ok(()));
        assert_eq!(failures.record(one, 61 * SECOND), Ok(()));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_the_table_is_bounded() {
        let failures = FailedLogins::default();
        for host in 0..MAX_FAILURES as u128 {
            let six = IpAddr::V6((0x2001_0db8_u128 << 96 | host).into());
            assert_eq!(failures.record(six, SECOND), Ok(()));
        }
        let six = IpAddr::V6((0x2001_0db8_u128 << 96 | 999).into());
        assert!(failures.record(six, SECOND).is_err());
        for four in 0..2 * MAX_ADDRESSES as u32 {
            failures.record(IpAddr::V4(four.into()), SECOND).unwrap();
        }
        assert!(failures.by_address.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}
