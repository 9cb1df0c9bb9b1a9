//! Rate limit for failed logins, by client address.
//!
//! Tokens are verified first, so a valid one is never delayed, not even behind a proxy from which
//! other clients send invalid tokens. Tokens can't be guessed: the limit does not protect them, it
//! tells clients to slow down.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The number of failures in a window after which the next is answered with a wait.
const MAX_FAILURES: usize = 10;
/// The time for which a failure counts.
const WINDOW: Duration = Duration::from_secs(60);
/// The number of addresses that are remembered; bounds the memory.
const MAX_ADDRESSES: usize = 1_024;

/// Times of the failures in the last [`WINDOW`], by address.
#[derive(Debug, Default)]
pub(in crate::serve) struct FailedLogins {
    by_address: Mutex<BTreeMap<IpAddr, VecDeque<Duration>>>,
}

/// Too many failures; the time until the oldest of them no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct RetryAfter(pub(in crate::serve) Duration);

impl FailedLogins {
    /// Counts a failure from `address` at `now`, a monotonic time. Returns the wait if there were
    /// too many; failures that are answered with a wait are not counted.
    pub(in crate::serve) fn record(
        &self,
        address: IpAddr,
        now: Duration,
    ) -> Result<(), RetryAfter> {
        let mut addresses = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Duration| now.saturating_sub(*at) < WINDOW;
        if addresses.len() >= MAX_ADDRESSES {
            addresses.retain(|_, failures| failures.back().is_some_and(is_recent));
        }
        // If all are recent, drop one of them rather than grow without bound.
        if addresses.len() >= MAX_ADDRESSES {
            addresses.pop_first();
        }
        let failures = addresses.entry(network(address)).or_default();
        while failures.front().is_some_and(|at| !is_recent(at)) {
            failures.pop_front();
        }
        match failures.front() {
            Some(oldest) if failures.len() >= MAX_FAILURES => {
                Err(RetryAfter((*oldest + WINDOW).saturating_sub(now)))
            }
            _ => {
                failures.push_back(now);
                Ok(())
            }
        }
    }
}

/// Maps an IPv6 address to its /64 network: a single host can use all addresses of it.
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
        let (first, second): (IpAddr, IpAddr) =
            ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..MAX_FAILURES {
            assert_eq!(failures.record(first, SECOND), Ok(()));
        }
        assert_eq!(
            failures.record(first, 11 * SECOND),
            Err(RetryAfter(50 * SECOND))
        );
        assert_eq!(failures.record(second, 11 * SECOND), Ok(()));
        assert_eq!(failures.record(first, 61 * SECOND), Ok(()));
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
