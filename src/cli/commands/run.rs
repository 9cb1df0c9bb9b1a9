//! `plimsoll run`: the nightly run.

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

/// Fills what is needed: every active portfolio, from its inception to the last closed session.
/// Takes in what lies in the inbox first, where one is configured.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll run                               the nightly run
  plimsoll run -p \"Tech Growth\"              one portfolio
  plimsoll run --plan 3f9a12                 exactly the plan that was shown
  plimsoll run --max-cells 10000             refuse anything larger
  plimsoll run --force --from 2026-01-05 --to 2026-01-08
                                             do these days again")]
pub struct RunArgs {
    #[command(flatten)]
    selection: Selection,

    /// Refuse to run if the plan is not the one with this id (its start is enough)
    #[arg(long, value_name = "ID")]
    plan: Option<String>,

    /// Refuse a plan of more cells, before anything is written
    #[arg(long, value_name = "CELLS")]
    max_cells: Option<u64>,

    /// How many threads compute; all processors where not given
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn execute(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;

    import_inbox(context, &store, &environment)?;
    let selected = args.selection.resolve(context, &store)?;
    let asked = RunRequest {
        request: selected.request,
        scope_name: selected.scope.label,
        force: selected.force,
        expected_plan: args.plan.clone(),
        max_cells: args.max_cells,
        jobs: args.jobs.or(context.configuration.jobs),
    };
    let outcome = execute_run(context, &store, &asked, &environment)?;
    show(context, &store, &outcome)
}

/// Phase 1: the new files of the inbox.
fn import_inbox(
    context: &Context,
    store: &Store,
    environment: &Environment,
) -> Result<(), CliError> {
    let Some(folder) = &context.configuration.inbox else {
        return Ok(());
    };
    let terms = import::terms(context, environment);
    let report = &report::inbox_report;
    for file in inbox::import_inbox(&mut store.writer()?, folder, &terms, report)? {
        let line = report::inbox_line(&file);
        match file.first_error() {
            None => print_stderr(&line),
            Some(_) => print_stderr(&format!("warning: {line}")),
        }
    }
    Ok(())
}

/// Runs with a meter, and stops after the current transaction on Ctrl-C.
pub(super) fn execute_run(
    context: &Context,
    store: &Store,
    asked: &RunRequest,
    environment: &Environment,
) -> Result<Outcome, CliError> {
    static CANCEL: AtomicBool = AtomicBool::new(false);
    // A handler is there already when one process runs twice, as `demo` does: it serves both.
    let _ = ctrlc::set_handler(|| {
        if CANCEL.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
        print_stderr("stopping after the current transaction; once more to stop at once");
    });
    let meter = Meter::new(context);
    let bell = notifications::notifier(context, environment);
    let ring = bell.for_run(asked);
    let watch = RunObserver {
        cancel: &CANCEL,
        on_progress: &|progress| meter.show(progress),
        on_event: &|moment| ring.on_event(moment),
    };
    let settings = &context.configuration.engine;
    let outcome = engine::run(store, asked, settings, environment, &watch);
    meter.finish();
    let books = NotifyContext {
        store,
        settings,
        environment,
    };
    ring.on_end(books, outcome.as_ref());
    notifications::deliver_pending(&bell, store, environment);
    Ok(outcome?)
}

/// Prints what a run came to.
pub(super) fn show(context: &Context, store: &Store, outcome: &Outcome) -> Result<Exit, CliError> {
    let names = Names::from(DisplayNames::for_outcome(store, outcome)?);
    match context.format() {
        Format::Json => print_json(&report::outcome_json(outcome, &names))?,
        Format::Text => print(&report::outcome_text(outcome, &names, Palette::Colour))?,
    }
    Ok(exit_code(outcome))
}

/// With which code a run ends.
pub(super) fn exit_code(outcome: &Outcome) -> Exit {
    match outcome.state {
        RunState::Complete => Exit::Complete,
        _ => Exit::Incomplete,
    }
}
