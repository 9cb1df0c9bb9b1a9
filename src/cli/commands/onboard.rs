//! `plimsoll onboard ID`.

use clap::Args;

use super::run;
use crate::app::RunSpec;
use crate::cli::{context::Context, error::CliError, exit::Exit};

/// Fills one portfolio from its inception, and no other. The ordinary run does so too, unless
/// `newcomers` is "left-to-onboarding".
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll onboard \"Tech Growth\"")]
pub(crate) struct OnboardArgs {
    /// Portfolio, by id or exact name
    #[arg(value_name = "ID")]
    portfolio: String,
}

pub(super) fn execute(context: &Context, args: &OnboardArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let spec = RunSpec::onboarding(args.portfolio.as_str());
    let run_request = app.resolve(&spec)?.run_request;
    let outcome = app.run(&run_request, &run::Terminal::new(context, &app))?;
    run::show(context, &app.store, &outcome)
}
