//! `plimsoll run`: the nightly run. Also the run of `demo` and `onboard`.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::import;
use super::selection::Selection;
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::progress::Meter;
use crate::cli::{CliError, Context, Exit, notifications};
use crate::engine::{self, Outcome, RunObserver, RunRequest};
use crate::environment::Environment;
use crate::notify::NotifyContext;

use crate::import::inbox;
use crate::query::DisplayNames;
use crate::report::{self, Names, Palette};
use crate::store::{RunState, Store};

/// Fills all needed cells: every active portfolio, from its inception to the last final session.
/// It first imports the files of the inbox, if one is configured.
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
    let store = context.store()?;
    let environment = context.environment(&store)?;

    // Before the plan is made, so that it covers the new files.
    import_inbox(context, &store, &environment)?;
    let selected = args.selection.resolve(context, &store)?;
    let run_request = RunRequest {
        request: selected.request,
        scope_name: selected.scope.label,
        force: selected.force,
        expected_plan: args.plan.clone(),
        max_cells: args.max_cells,
        jobs: args.jobs.or(context.configuration.jobs),
    };
    let outcome = execute_run(context, &store, &run_request, &environment)?;
    show(context, &store, &outcome)
}

/// Imports the new files of the inbox. A refused file is a warning, not an error.
fn import_inbox(
    context: &Context,
    store: &Store,
    environment: &Environment,
) -> Result<(), CliError> {
    let Some(folder) = &context.configuration.inbox else {
        return Ok(());
    };
    let import_context = import::import_context(context, environment);
    let report = &report::inbox_report;
    for file in inbox::import_inbox(&mut store.writer()?, folder, &import_context, report)? {
        let line = report::inbox_line(&file);
        match file.first_error() {
            None => print_stderr(&line),
            Some(_) => print_stderr(&format!("warning: {line}")),
        }
    }
    Ok(())
}

/// Runs with a progress display and notifications. Ctrl-C stops it after the current transaction,
/// a second one at once.
pub(super) fn execute_run(
    context: &Context,
    store: &Store,
    run_request: &RunRequest,
    environment: &Environment,
) -> Result<Outcome, CliError> {
    static CANCEL: AtomicBool = AtomicBool::new(false);
    // Fails if this process has a handler from an earlier run: that one serves both.
    let _ = ctrlc::set_handler(|| {
        if CANCEL.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
        print_stderr("stopping after the current transaction; press Ctrl-C again to stop at once");
    });
    let meter = Meter::new(context);
    let notifier = notifications::notifier(context, environment);
    let run_notifications = notifier.for_run(run_request);
    let observer = RunObserver {
        cancel: &CANCEL,
        on_progress: &|progress| meter.show(progress),
        on_event: &|event| run_notifications.on_event(event),
    };
    let settings = &context.configuration.engine;
    let outcome = engine::run(store, run_request, settings, environment, &observer);
    meter.finish();
    let notify_context = NotifyContext {
        store,
        settings,
        environment,
    };
    // A failed run notifies too: its error is returned only afterwards.
    run_notifications.on_end(notify_context, outcome.as_ref());
    notifications::deliver_pending(&notifier, store, environment);
    Ok(outcome?)
}

/// Prints the outcome of a run and returns the exit code.
pub(super) fn show(context: &Context, store: &Store, outcome: &Outcome) -> Result<Exit, CliError> {
    let names = Names::from(DisplayNames::for_outcome(store, outcome)?);
    match context.format() {
        Format::Json => print_json(&report::outcome_json(outcome, &names))?,
        Format::Text => print(&report::outcome_text(outcome, &names, Palette::Colour))?,
    }
    Ok(exit_code(outcome))
}

/// Returns the exit code of a run.
pub(super) fn exit_code(outcome: &Outcome) -> Exit {
    match outcome.state {
        RunState::Complete => Exit::Complete,
        _ => Exit::Incomplete,
    }
}
