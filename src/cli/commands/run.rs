//! `plimsoll run`: the nightly run. Also the run of `demo` and `onboard`.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::selection::{Selection, warn_unknown_portfolio};
use crate::app::{AppContext, FetchOutcome, FetchedPrices, RunSpec, RunSurface};
use crate::cli::output::print_stderr;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit, notifications};
use crate::engine::Outcome;
use crate::import::apply::ApplyError;
use crate::import::inbox::InboxFile;
use crate::notify::Notifier;
use crate::query::Names;
use crate::report::{self, Palette};
use crate::store::{Progress, RunState, Store};

/// Fills all needed cells: every active portfolio, from its inception to the last final session.
/// It first imports the files of the inbox and fetches missing prices, if both are configured.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll run                               the nightly run
  plimsoll run -p \"Tech Growth\"              this portfolio only
  plimsoll run --plan 3f9a12                 only the plan that was shown
  plimsoll run --max-cells 10000             refuse a larger plan
  plimsoll run --force --from 2026-01-05 --to 2026-01-08
                                             do these days again")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    selection: Selection,

    /// Refuse to run unless the plan has this id, or an id that starts with it
    #[arg(long, value_name = "ID")]
    plan: Option<String>,

    /// Refuse a plan of more cells before anything is written
    #[arg(long, value_name = "CELLS")]
    max_cells: Option<u64>,

    /// Number of compute threads; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn execute(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let spec = RunSpec {
        expected_plan: args.plan.clone(),
        max_cells: args.max_cells,
        jobs: args.jobs,
        ..args.selection.spec()
    };
    let outcome = app.import_and_run(&spec, &Terminal::new(context, &app))?;
    show(context, &app.store, &outcome)
}

/// The terminal of a command that makes a run: it shows the progress, and delivers the
/// notifications at the end. Ctrl-C stops the run after the current transaction, a second one at
/// once.
pub(super) struct Terminal<'c> {
    context: &'c Context,
    app: &'c AppContext,
    cancel: &'static AtomicBool,
    meter: Meter,
    /// Made for the run, because unreadable secrets are reported only if there is one.
    notifier: OnceLock<Notifier>,
}

impl<'c> Terminal<'c> {
    pub(super) fn new(context: &'c Context, app: &'c AppContext) -> Self {
        static CANCEL: AtomicBool = AtomicBool::new(false);
        // Fails if this process has a handler from an earlier run: that one serves both.
        let _ = ctrlc::set_handler(|| {
            if CANCEL.swap(true, Ordering::AcqRel) {
                std::process::exit(130);
            }
            print_stderr(
                "stopping after the current transaction; press Ctrl-C again to stop at once",
            );
        });
        Self {
            context,
            app,
            cancel: &CANCEL,
            meter: Meter::new(context),
            notifier: OnceLock::new(),
        }
    }
}

impl RunSurface for Terminal<'_> {
    fn cancel(&self) -> &AtomicBool {
        self.cancel
    }

    fn notifier(&self) -> &Notifier {
        let (context, environment) = (self.context, &self.app.environment);
        (self.notifier).get_or_init(|| notifications::notifier(context, environment))
    }

    fn on_inbox_file(&self, file: &InboxFile) {
        let line = report::inbox_line(file);
        match file.is_questionable() {
            false => print_stderr(&line),
            true => print_stderr(&format!("warning: {line}")),
        }
    }

    fn on_inbox_error(&self, error: ApplyError) -> Result<(), ApplyError> {
        Err(error)
    }

    fn on_prices(&self, fetched: &FetchedPrices) {
        print_prices(fetched);
    }

    fn on_unknown_portfolio(&self, name: &str) {
        warn_unknown_portfolio(name);
    }

    fn on_progress(&self, progress: &Progress) {
        self.meter.show(progress);
    }

    fn on_end(&self) {
        self.meter.finish();
        notifications::deliver_pending(self.notifier(), &self.app.store, &self.app.environment);
    }
}

/// Prints the result of a request for prices, unless there was nothing to request.
pub(super) fn print_prices(fetched: &FetchedPrices) {
    match (&fetched.outcome, fetched.is_questionable()) {
        (FetchOutcome::NothingRequested, _) => {}
        (_, false) => print_stderr(&fetched.to_string()),
        (_, true) => print_stderr(&format!("warning: {fetched}")),
    }
}

/// Prints the outcome of a run and returns the exit code.
pub(super) fn show(context: &Context, store: &Store, outcome: &Outcome) -> Result<Exit, CliError> {
    let names = Names::for_outcome(store, outcome)?;
    context.show(&report::outcome_json(outcome, &names), || {
        report::outcome_text(outcome, &names, Palette::Colour)
    })?;
    Ok(exit_code(outcome))
}

/// Returns the exit code of a run.
pub(super) fn exit_code(outcome: &Outcome) -> Exit {
    match outcome.state {
        RunState::Complete => Exit::Complete,
        _ => Exit::Incomplete,
    }
}
