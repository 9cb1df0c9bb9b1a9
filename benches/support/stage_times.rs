//! Prints the median time of each stage over many runs.

use std::time::Duration;

use plimsoll::engine::Times;

/// The measured runs of one shape.
#[derive(Debug, Default)]
pub(crate) struct StageMedians {
    times: Vec<Times>,
    cells: u64,
    bytes: u64,
}

impl StageMedians {
    /// Adds one run: its times, the number of cells, and the growth of the database in bytes.
    pub(crate) fn add(&mut self, times: Times, cells: u64, bytes: u64) {
        self.times.push(times);
        (self.cells, self.bytes) = (cells, bytes);
    }

    /// Prints the medians, or nothing if no run was measured.
    #[expect(
        clippy::print_stdout,
        reason = "the table is what the bench is run for"
    )]
    pub(crate) fn print(&self, name: &str) {
        if self.times.is_empty() {
            return;
        }
        let total = self.median(|times| times.total);
        let per_second = self.cells as f64 / total.as_secs_f64();
        let per_cell = self.bytes / self.cells.max(1);
        println!(
            "{name}: {} cells, {per_second:.0} a second, {per_cell} bytes each; median of {} runs",
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
            ("total", total),
        ] {
            let share = 100.0 * time.as_secs_f64() / total.as_secs_f64();
            println!(
                "  {stage:<11}{:>10.1} ms {share:>5.1} %",
                time.as_secs_f64() * 1e3
            );
        }
    }

    fn median(&self, of: impl Fn(&Times) -> Duration) -> Duration {
        let mut durations: Vec<_> = self.times.iter().map(of).collect();
        durations.sort_unstable();
        durations[durations.len() / 2]
    }
}
