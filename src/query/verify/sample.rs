//! Selects the cells that `verify` computes again. With the same seed and ledger, the selection is
//! the same.

use std::collections::{BTreeMap, BinaryHeap};

use crate::domain::{Cell, Day, IdSet, PortfolioId};

/// The part of the done cells that `verify` computes again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// All cells that are done.
    All,
    /// About this share of the cells.
    Share {
        /// The share of the cells, 0 to 1.
        share: f64,
        /// Seed of the random selection.
        seed: u64,
    },
    /// This number of cells, or all if there are fewer.
    Count {
        /// Number of cells to select.
        cells: usize,
        /// Seed of the random selection.
        seed: u64,
    },
}

impl Sample {
    /// Returns the cells of `done` that are in the sample, by day.
    pub(super) fn select(self, done: &BTreeMap<Day, IdSet>) -> BTreeMap<Day, IdSet> {
        match self {
            Self::All => done.clone(),
            Self::Share { share, seed } => {
                let highest = (share.clamp(0.0, 1.0) * u64::MAX as f64) as u64;
                Cell::by_day(cells(done).filter(|cell| cell_hash(*cell, seed) <= highest))
            }
            Self::Count { cells: count, seed } => {
                // Selects the cells with the lowest hashes. A heap of `count` cells does so without
                // sorting all cells of the ledger, which may be millions. `count` may be far larger
                // than the ledger, so the capacity is bounded.
                let mut lowest = BinaryHeap::with_capacity(count.saturating_add(1).min(1 << 20));
                for cell in cells(done) {
                    lowest.push((cell_hash(cell, seed), cell));
                    if lowest.len() > count {
                        lowest.pop();
                    }
                }
                Cell::by_day(lowest.into_iter().map(|(_, cell)| cell))
            }
        }
    }
}

fn cells(done: &BTreeMap<Day, IdSet>) -> impl Iterator<Item = Cell> {
    let days = done.iter();
    days.flat_map(|(day, ids)| ids.iter().map(|id| Cell::new(*day, PortfolioId(id))))
}

/// Returns a hash that is spread evenly over 64 bits: one step of SplitMix64 (Steele, Lea and
/// Flood, 2014) from the key of the cell, then one from that result XOR the seed.
fn cell_hash(cell: Cell, seed: u64) -> u64 {
    mix(mix(cell.key().cast_unsigned()) ^ seed)
}

fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::count_ids;

    fn done() -> BTreeMap<Day, IdSet> {
        let day = |number| Day::from_number(20_000 + number).unwrap();
        (0..50).map(|at| (day(at), (1..=40).collect())).collect()
    }

    #[test]
    fn a_count_selects_exactly_that_many_cells() {
        let sample = |cells| count_ids(&Sample::Count { cells, seed: 7 }.select(&done()));
        assert_eq!(sample(0), 0);
        assert_eq!(sample(123), 123);
        assert_eq!(sample(1_000_000), 2_000);
    }

    #[test]
    fn a_share_selects_about_that_many_cells() {
        let share = |share| count_ids(&Sample::Share { share, seed: 7 }.select(&done()));
        assert_eq!(share(1.0), 2_000);
        assert!((150..250).contains(&share(0.1)), "{}", share(0.1));
    }

    #[test]
    fn the_seed_determines_the_selection() {
        let chosen = |seed| Sample::Count { cells: 50, seed }.select(&done());
        assert_eq!(chosen(1), chosen(1));
        assert_ne!(chosen(1), chosen(2));
    }
}
