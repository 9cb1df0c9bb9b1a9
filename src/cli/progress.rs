//! Shows the progress of long work: a bar on a terminal, plain lines otherwise.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::context::Context;
use super::output::print_stderr;
use crate::query::VerifyProgress;
use crate::store::Progress;

/// The number of plain lines that a run prints at most: one per tenth.
const PROGRESS_LINES: u64 = 10;

/// A progress display on standard error.
pub(super) struct Meter {
    display: MeterDisplay,
}

enum MeterDisplay {
    Hidden,
    Bar(ProgressBar),
    /// Plain lines, with the last tenth that was printed.
    Lines(Mutex<u64>),
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("templates are constants of this file")
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            // A formatting error costs only the display of the rate.
            let _ = write!(out, "{:.0} a second", state.per_sec());
        })
        .progress_chars("█▉▊▋▌▍▎▏ ")
}

impl Meter {
    /// Creates the display that fits the command's options and standard error.
    pub(super) fn new(context: &Context) -> Self {
        let display = if context.global.quiet || context.global.json {
            MeterDisplay::Hidden
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style(
                "{bar:30} {human_pos} of {human_len} cells, {rate}, {eta} left {msg}",
            ));
            MeterDisplay::Bar(bar)
        } else {
            MeterDisplay::Lines(Mutex::new(0))
        };
        Self { display }
    }

    /// Shows the progress of a run after a commit.
    pub(super) fn show(&self, progress: &Progress) {
        // Failed cells count: otherwise the bar would not reach its end.
        let tried = progress.done + progress.failed;
        match &self.display {
            MeterDisplay::Hidden => {}
            MeterDisplay::Bar(bar) => {
                bar.set_length(progress.planned);
                bar.set_position(tried);
                if progress.failed > 0 {
                    bar.set_message(format!("({} failed)", progress.failed));
                }
            }
            MeterDisplay::Lines(last) => {
                let tenth = tried * PROGRESS_LINES / progress.planned.max(1);
                let mut last = last
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                if tenth > *last {
                    *last = tenth;
                    print_stderr(&format!(
                        "{tried} of {} cells ({} failed)",
                        progress.planned, progress.failed
                    ));
                }
            }
        }
    }

    /// Shows the progress of a verification.
    pub(super) fn show_verification(&self, progress: VerifyProgress) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.set_style(style(
                "{bar:30} {human_pos} of {human_len} sessions checked",
            ));
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
        }
    }

    /// Shows that `done` items out of `of` are done.
    pub(super) fn show_count(&self, done: usize, of: usize) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.set_style(style(
                "{bar:30} {human_pos} of {human_len}, {rate}, {eta} left",
            ));
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    }

    /// Removes the bar from the terminal.
    pub(super) fn finish(&self) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}
