//! Random values by name and day: the same seed, name and day always give the same values, whatever
//! was drawn before.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::domain::Day;

/// The number of 32-bit words of a stream that belong to one day; far more than a day uses.
const WORDS_PER_DAY: u128 = 4_096;
/// The probability of an extreme fat-tailed value, and its factor.
const FAT_TAIL: (f64, f64) = (0.03, 3.0);

/// The random stream of one name. It continues until [`at_day`](Self::at_day) moves it.
pub(super) struct RandomSource(ChaCha8Rng);

impl RandomSource {
    /// Opens the stream of `name` under `seed` at its start, which belongs to no day.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(fnv(name));
        Self(stream)
    }

    /// Moves to the start of a day in the stream.
    pub(super) fn at_day(&mut self, day: Day) -> &mut Self {
        // The first block of words is that of values without a day.
        let block = i64::from(day.number()) - i64::from(Day::MIN.number()) + 1;
        self.0
            .set_word_pos(block.unsigned_abs() as u128 * WORDS_PER_DAY);
        self
    }

    /// Draws an integer from its full range.
    pub(super) fn next_u64(&mut self) -> u64 {
        self.0.random()
    }

    /// Draws an index below `count`, which must not be zero.
    pub(super) fn index_below(&mut self, count: usize) -> usize {
        (self.0.random_range(0..count as u64)) as usize
    }

    /// Draws a number from `least` (included) to `most` (excluded), uniformly.
    pub(super) fn uniform(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.0.random::<f64>()
    }

    /// Draws `true` with this probability, 0 to 1.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// Draws a value of the standard normal distribution.
    pub(super) fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// Draws a standard normal value that is three times as large with a probability of 3 %.
    pub(super) fn fat_tailed(&mut self) -> f64 {
        let (share, times) = FAT_TAIL;
        let is_extreme = self.chance(share);
        self.normal() * if is_extreme { times } else { 1.0 }
    }
}

/// Returns the 64-bit FNV-1a hash of a name, which is the same on every machine and version.
fn fnv(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_day_do_not_depend_on_earlier_draws() {
        let day: Day = "2026-01-08".parse().unwrap();
        let mut fresh = RandomSource::new(7, "QLNT");
        let mut used = RandomSource::new(7, "QLNT");
        used.at_day(day.previous()).fat_tailed();
        used.normal();
        assert_eq!(fresh.at_day(day).next_u64(), used.at_day(day).next_u64());
    }

    #[test]
    fn seeds_names_and_days_give_different_values() {
        let day: Day = "2026-01-08".parse().unwrap();
        let mut values = vec![
            RandomSource::new(7, "QLNT").next_u64(),
            RandomSource::new(7, "QLNT").at_day(day).next_u64(),
            RandomSource::new(7, "QLNT").at_day(day.next()).next_u64(),
            RandomSource::new(7, "NIMB").at_day(day).next_u64(),
            RandomSource::new(8, "QLNT").at_day(day).next_u64(),
        ];
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 5);
    }
}
