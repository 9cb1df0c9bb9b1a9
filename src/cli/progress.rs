//! How long work is shown: a bar on a terminal, plain lines otherwise.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Context;
use super::output::print_stderr;
use crate::query::VerifyProgress;
use crate::store::Progress;

/// In plain lines, one is said for each such share of the whole.
const PROGRESS_LINES: u64 = 10;

/// Shows how far a run is.
pub(super) struct Meter {
    display: MeterDisplay,
}

enum MeterDisplay {
    Hidden,
    Bar(ProgressBar),
    /// The last tenth that was said.
    Lines(Mutex<u64>),
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the template is one of ours")
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            // A bar that can't be written to has nobody to show the rate to.
            let _ = write!(out, "{:.0} a second", state.per_sec());
        })
        .progress_chars("█▉▊▋▌▍▎▏ ")
}

impl Meter {
    /// A meter that fits where the command runs.
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

    /// Shows progress after a commit.
    pub(super) fn show(&self, progress: &Progress) {
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

    /// Shows how far a verification is.
    pub(super) fn show_verification(&self, pace: VerifyProgress) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.set_style(style(
                "{bar:30} {human_pos} of {human_len} sessions checked",
            ));
            bar.set_length(pace.total as u64);
            bar.set_position(pace.done as u64);
        }
    }

    /// Shows how much of something is done.
    pub(super) fn show_count(&self, done: usize, of: usize) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.set_style(style(
                "{bar:30} {human_pos} of {human_len}, {rate}, {eta} left",
            ));
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let MeterDisplay::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}
