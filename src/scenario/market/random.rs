//! Chance, by name and day: the same seed, name and day always give the same draws, whatever
//! else was drawn before.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::domain::Day;

/// How many words of a stream belong to one day; far more than any day uses.
const WORDS_PER_DAY: u128 = 4_096;
/// How often a fat-tailed draw is a wild one, and how much wilder.
const FAT_TAIL: (f64, f64) = (0.03, 3.0);

/// The stream of one name. Reading continues where it stopped until another day is chosen.
pub(super) struct RandomSource(ChaCha8Rng);

impl RandomSource {
    /// The stream of `name` under `seed`, at its start: what belongs to no day.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(fnv(name));
        Self(stream)
    }

    /// The same stream where `day` starts in it.
    pub(super) fn at_day(&mut self, day: Day) -> &mut Self {
        let since_the_start = i64::from(day.number()) - i64::from(Day::MIN.number()) + 1;
        self.0
            .set_word_pos(since_the_start.unsigned_abs() as u128 * WORDS_PER_DAY);
        self
    }

    /// A whole number from everything that fits.
    pub(super) fn next_u64(&mut self) -> u64 {
        self.0.random()
    }

    /// An index below `count`, which is not zero.
    pub(super) fn index_below(&mut self, count: usize) -> usize {
        (self.0.random_range(0..count as u64)) as usize
    }

    /// A number from `least` up to `most`, all alike.
    pub(super) fn uniform(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.0.random::<f64>()
    }

    /// True in this share of the cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// A standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// A normal that is three times as large on about three days of a hundred.
    pub(super) fn fat_tailed(&mut self) -> f64 {
        let (share, times) = FAT_TAIL;
        let wild = self.chance(share);
        self.normal() * if wild { times } else { 1.0 }
    }
}

/// The 64-bit FNV-1a hash: a name's own number, the same on every machine.
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
        let mut all = vec![
            RandomSource::new(7, "QLNT").next_u64(),
            RandomSource::new(7, "QLNT").at_day(day).next_u64(),
            RandomSource::new(7, "QLNT").at_day(day.next()).next_u64(),
            RandomSource::new(7, "NIMB").at_day(day).next_u64(),
            RandomSource::new(8, "QLNT").at_day(day).next_u64(),
        ];
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
    }
}
