//! `plimsoll onboard ID`.

use clap::Args;

use super::run;
use crate::cli::{CliError, Context, Exit};
use crate::domain::Scope;
use crate::engine::RunRequest;
use crate::plan::{Newcomers, PolicyName, Request};
use crate::query;

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
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let portfolio = query::resolve_portfolio(&store, &args.portfolio)?;
    if !portfolio.lifecycle.is_active() {
        return Err(CliError::Portfolio {
            portfolio: portfolio.name,
            reason: "is deleted: `plimsoll portfolio restore` brings it back".to_owned(),
        });
    }
    let scope = Scope::from_ids([portfolio.id]).expect("a scope of one id is not empty");
    let mut request = Request::new(scope);
    request.policy = PolicyName::PerCell.policy();
    request.policy.newcomers = Newcomers::FromInception;
    let run_request = RunRequest {
        jobs: context.configuration.jobs,
        ..RunRequest::new(request, portfolio.name)
    };
    let outcome = run::execute_run(context, &store, &run_request, &environment)?;
    run::show(context, &store, &outcome)
}
