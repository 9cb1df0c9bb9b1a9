//! Runs the command that was typed.

use clap::CommandFactory;

use super::{
    accept_prices, action, alerts, backup, calendar, capture, check, completions, demo, explain,
    export, import, init, invalidate, job, man, metrics, onboard, plan, portfolio, price, repair,
    replay, restore, retry, run, runs, scenario, security, serve, show, shrink, sim, status, token,
    transaction, verify,
};
use crate::app::note_damage;
use crate::cli::{
    args::{Arguments, Command},
    context::Context,
    error::CliError,
    exit::Exit,
};
use crate::store::StoreError;

/// Runs the command. Completions and manual pages need no configuration, and so work with an
/// invalid one.
pub(in crate::cli) fn execute(arguments: Arguments) -> Result<Exit, CliError> {
    match arguments.command {
        Command::Completions(args) => return completions::execute(&args, Arguments::command()),
        Command::Man(args) => return man::execute(&args, Arguments::command()),
        _ => {}
    }
    let context = Context::new(arguments.global)?;
    let has_database = works_on_the_database(&arguments.command);
    let executed = execute_in(&context, arguments.command);
    let is_damaged = |error: &CliError| error.store_error().is_some_and(StoreError::is_damaged);
    executed.map_err(|error| match has_database && is_damaged(&error) {
        true => {
            note_damage_of(&context, &error);
            let path = context.configuration.database.clone();
            CliError::DamagedDatabase(path, Box::new(error))
        }
        false => error,
    })
}

/// Returns whether the rows that a command reads are those of the configured database. Recording
/// known damage again changes nothing.
const fn works_on_the_database(command: &Command) -> bool {
    matches!(
        command,
        Command::Import(_)
            | Command::Plan(_)
            | Command::Run(_)
            | Command::Onboard(_)
            | Command::Invalidate(_)
            | Command::AcceptPrices(_)
            | Command::Retry(_)
            | Command::Check(_)
            | Command::Status(_)
            | Command::Explain(_)
            | Command::Runs(_)
            | Command::Show(_)
            | Command::Transaction(_)
            | Command::Price(_)
            | Command::Action(_)
            | Command::Security(_)
            | Command::Portfolio(_)
            | Command::Token(_)
            | Command::Metrics(_)
            | Command::Alerts(_)
            | Command::Calendar(_)
            | Command::Export(_)
    )
}

/// Records the damage that a command met.
fn note_damage_of(context: &Context, error: &CliError) {
    let Some(error) = error.store_error() else {
        return;
    };
    // If the database cannot be opened, no surface can show it as well.
    if let Ok(store) = context.store()
        && let Ok(environment) = context.environment(&store)
    {
        note_damage(&store, &environment, error);
    }
}

fn execute_in(context: &Context, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Demo(args) => demo::execute(context, &args),
        Command::Init(args) => init::execute(context, &args),
        Command::Import(args) => import::execute(context, &args),
        Command::Plan(args) => plan::execute(context, &args),
        Command::Run(args) => run::execute(context, &args),
        Command::Onboard(args) => onboard::execute(context, &args),
        Command::Invalidate(args) => invalidate::execute(context, &args),
        Command::AcceptPrices(args) => accept_prices::execute(context, &args),
        Command::Retry(args) => retry::execute(context, &args),
        Command::Check(args) => check::execute(context, &args),
        Command::Status(args) => status::execute(context, &args),
        Command::Explain(args) => explain::execute(context, &args),
        Command::Runs(args) => runs::execute(context, &args),
        Command::Show(args) => show::execute(context, &args),
        Command::Verify(args) => verify::execute(context, &args),
        Command::Backup(args) => backup::execute(context, &args),
        Command::Repair(args) => repair::execute(context, &args),
        Command::Restore(args) => restore::execute(context, &args),
        Command::Calendar(args) => calendar::execute(context, &args),
        Command::Capture(args) => capture::execute(context, &args),
        Command::Export(args) => export::execute(context, &args),
        Command::Replay(args) => replay::execute(context, &args),
        Command::Transaction(args) => transaction::execute(context, &args),
        Command::Price(args) => price::execute(context, &args),
        Command::Action(args) => action::execute(context, &args),
        Command::Security(args) => security::execute(context, &args),
        Command::Portfolio(args) => portfolio::execute(context, &args),
        Command::Shrink(args) => shrink::execute(context, &args),
        Command::Sim(args) => sim::execute(context, &args),
        Command::Job(args) => job::execute(context, &args),
        Command::Scenario(args) => scenario::execute(context, &args),
        Command::Serve(args) => serve::execute(context, &args),
        Command::Metrics(args) => metrics::execute(context, &args),
        Command::Alerts(args) => alerts::execute(context, &args),
        Command::Token(args) => token::execute(context, &args),
        Command::Completions(_) | Command::Man(_) => Ok(Exit::Complete),
    }
}
