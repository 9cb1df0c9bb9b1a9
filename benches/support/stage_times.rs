//! Where the time of many nights went: a line for each stage, in medians.

use std::time::Duration;

use plimsoll::engine::Times;

/// The nights of one shape.
#[derive(Debug, Default)]
pub(crate) struct StageMedians {
    times: Vec<Times>,
    cells: u64,
    bytes: u64,
}

impl StageMedians {
    /// Takes in one night: where its time went, how many cells it did, and by how many bytes the
    /// database grew.
    pub(crate) fn add(&mut self, times: Times, cells: u64, bytes: u64) {
        self.times.push(times);
        (self.cells, self.bytes) = (cells, bytes);
    }

    /// Prints the medians; nothing where no night was measured.
    #[expect(
        clippy::print_stdout,
        reason = "the table is what the bench is run for"
    )]
    pub(crate) fn print(&self, name: &str) {
        if self.times.is_empty() {
            return;
        }
        let whole = self.median(|times| times.total);
        let a_second = self.cells as f64 / whole.as_secs_f64();
        let a_cell = self.bytes / self.cells.max(1);
        println!(
            "{name}: {} cells, {a_second:.0} a second, {a_cell} bytes each; median of {} nights",
            self.cells,
            self.times.len()
        );
        for (stage, time) in [
            ("planning", self.median(|times| times.planning)),
            ("loading", self.median(|times| times.loading)),
            ("books", self.median(|times| times.phases.books)),
            ("securities", self.median(|times| times.phases.securities)),
            ("exposures", self.median(|times| times.phases.exposures)),
            ("risk", self.median(|times| times.phases.risk)),
            ("committing", self.median(|times| times.committing)),
            ("whole", whole),
        ] {
            let share = 100.0 * time.as_secs_f64() / whole.as_secs_f64();
            println!(
                "  {stage:<11}{:>10.1} ms {share:>5.1} %",
                time.as_secs_f64() * 1e3
            );
        }
    }

    fn median(&self, of: impl Fn(&Times) -> Duration) -> Duration {
        let mut all: Vec<_> = self.times.iter().map(of).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }
}
