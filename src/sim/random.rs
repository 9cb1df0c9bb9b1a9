//! Random numbers from a seed and a purpose: the same sequence on every machine.

use sha2::{Digest, Sha256};

/// A deterministic sequence of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct RandomSource {
    seed: u64,
    /// Separates the sequences of one seed. It is hashed, so renaming it changes all numbers drawn
    /// for it.
    purpose: &'static str,
    count: u64,
}

impl RandomSource {
    pub(crate) const fn new(seed: u64, purpose: &'static str) -> Self {
        Self {
            seed,
            purpose,
            count: 0,
        }
    }

    /// Returns the next number of the sequence.
    pub(super) fn next_u64(&mut self) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.purpose);
        hasher.update(self.seed.to_le_bytes());
        hasher.update(self.count.to_le_bytes());
        self.count += 1;
        let digest = hasher.finalize();
        u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
    }

    /// Returns a number from 0 to `end - 1`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // The bias of the remainder is below 2^-50 for the small ranges drawn here.
        (self.next_u64() % end.max(1) as u64) as usize
    }

    /// Returns true in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of the items; none if there are none.
    pub(super) fn choose<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_only_on_seed_and_purpose() {
        let draw = |seed, purpose| RandomSource::new(seed, purpose).next_u64();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let mut random = RandomSource::new(1, "a");
        let numbers: std::collections::BTreeSet<_> = (0..100).map(|_| random.below(5)).collect();
        assert_eq!(numbers.len(), 5);
        assert_eq!(random.below(0), 0);
        assert!(random.choose(&[] as &[u8]).is_none());
        let hits = (0..1_000).filter(|_| random.chance(20)).count();
        assert!((150..250).contains(&hits), "{hits}");
    }
}
