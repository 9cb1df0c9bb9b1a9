//! What is drawn from a seed: the same seed and name, the same draws, on every machine.

use sha2::{Digest, Sha256};

/// Draws one after the other.
#[derive(Debug, Clone)]
pub(super) struct RandomSource {
    seed: u64,
    /// What the draws are for: those of one purpose say nothing of those of another.
    purpose: &'static str,
    count: u64,
}

impl RandomSource {
    pub(super) const fn new(seed: u64, purpose: &'static str) -> Self {
        Self {
            seed,
            purpose,
            count: 0,
        }
    }

    /// Any number.
    pub(super) fn next_u64(&mut self) -> u64 {
        let mut sum = Sha256::new();
        sum.update(self.purpose);
        sum.update(self.seed.to_le_bytes());
        sum.update(self.count.to_le_bytes());
        self.count += 1;
        let drawn = sum.finalize();
        u64::from_le_bytes(std::array::from_fn(|at| drawn[at]))
    }

    /// A number from 0 to one below `end`; 0 where that is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % end.max(1) as u64) as usize
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) fn chance(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    /// One of some things.
    pub(super) fn choose<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get(self.below(things.len()))
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
        let mut draws = RandomSource::new(1, "a");
        let all: std::collections::BTreeSet<_> = (0..100).map(|_| draws.below(5)).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(draws.below(0), 0);
        assert!(draws.choose(&[] as &[u8]).is_none());
        let often = (0..1_000).filter(|_| draws.chance(20)).count();
        assert!((150..250).contains(&often), "{often}");
    }
}
