//! One file a command: its arguments, and what it does with them.

pub(super) mod backup;
pub(super) mod completions;
pub(super) mod demo;
pub(super) mod explain;
pub(super) mod import;
pub(super) mod init;
pub(super) mod invalidate;
pub(super) mod man;
pub(super) mod onboard;
pub(super) mod plan;
pub(super) mod portfolio;
pub(super) mod retry;
pub(super) mod run;
pub(super) mod runs;
mod selection;
pub(super) mod show;
pub(super) mod status;
pub(super) mod verify;

use super::{Arguments, CliError, Command, Context, Exit};

/// Does what was typed.
pub(super) fn execute(arguments: Arguments) -> Result<Exit, CliError> {
    match arguments.command {
        Command::Completions(args) => return completions::execute(&args),
        Command::Man(args) => return man::execute(&args),
        _ => {}
    }
    let context = Context::new(arguments.global)?;
    match arguments.command {
        Command::Demo(args) => demo::execute(&context, &args),
        Command::Init(args) => init::execute(&context, &args),
        Command::Import(args) => import::execute(&context, &args),
        Command::Plan(args) => plan::execute(&context, &args),
        Command::Run(args) => run::execute(&context, &args),
        Command::Onboard(args) => onboard::execute(&context, &args),
        Command::Invalidate(args) => invalidate::execute(&context, &args),
        Command::Retry(args) => retry::execute(&context, &args),
        Command::Status(args) => status::execute(&context, &args),
        Command::Explain(args) => explain::execute(&context, &args),
        Command::Runs(args) => runs::execute(&context, &args),
        Command::Show(args) => show::execute(&context, &args),
        Command::Verify(args) => verify::execute(&context, &args),
        Command::Backup(args) => backup::execute(&context, &args),
        Command::Portfolio(args) => portfolio::execute(&context, &args),
        Command::Completions(_) | Command::Man(_) => Ok(Exit::Complete),
    }
}
