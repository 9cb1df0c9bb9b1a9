//! Defines the program's commands. The arguments of a command are in the command's own file.

use clap::{Parser, Subcommand};

use super::commands::{
    accept_prices, action, alerts, backup, calendar, capture, check, completions, demo, explain,
    export, import, init, invalidate, job, man, metrics, onboard, plan, portfolio, price, repair,
    replay, restore, retry, run, runs, scenario, security, serve, show, shrink, sim, status, token,
    transaction, verify,
};
use super::context::GlobalArgs;

/// Keep every portfolio's nightly books complete: find missing sessions and calculations, do each
/// once, and prove it
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = "\
Start with `plimsoll demo`: it needs no input.
Exit codes: 0 complete, 1 some cells open, 2 usage, 3 refused, 4 busy,
5 store, 70 a bug."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

// Help prints these comments. Those of the argument structs are for readers of the code.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reproduce the Jan 8 incident, compare the policies, and fix it
    Demo(demo::DemoArgs),
    /// Create an empty database and a commented configuration
    Init(init::InitArgs),
    /// List calendars, show the holidays of one, import or remove one
    Calendar(calendar::CalendarArgs),
    /// Import portfolios, securities, transactions, actions or prices
    Import(import::ImportArgs),
    /// Show what a run would do, and why, without writing anything
    Plan(plan::PlanArgs),
    /// Run the nightly batch: fill all open cells that are due
    Run(run::RunArgs),
    /// Fill one portfolio from its inception, and no other
    Onboard(onboard::OnboardArgs),
    /// Invalidate cells with a reason; the next run does them again
    Invalidate(invalidate::InvalidateArgs),
    /// Do unpriced sessions with the prices there are, or list these decisions
    AcceptPrices(accept_prices::AcceptPricesArgs),
    /// Release quarantined cells; the next run tries them again
    Retry(retry::RetryArgs),
    /// Show how far each portfolio is complete, and what holds it back
    Status(status::StatusArgs),
    /// Exit with code 1 if a portfolio is too far behind (a watchdog)
    Check(check::CheckArgs),
    /// Explain why a cell is or is not needed, with the evidence
    Explain(explain::ExplainArgs),
    /// List past runs, or show one in detail
    Runs(runs::RunsArgs),
    /// Show a portfolio's books: NAV, return, positions, exposures, risk
    Show(show::ShowArgs),
    /// Verify the ledger and the outputs from their rows
    Verify(verify::VerifyArgs),
    /// Copy the database consistently, even during a run
    Backup(backup::BackupArgs),
    /// Fix what `verify` found, as far as the sources allow it
    Repair(repair::RepairArgs),
    /// Put a backup in the place of the database, and keep the old one
    Restore(restore::RestoreArgs),
    /// Write all sources and books as files that can be imported again
    Export(export::ExportArgs),
    /// Write the state of a Plimsoll or other database as a world file
    Capture(capture::CaptureArgs),
    /// Compare the policies on a state, and simulate their next nights
    Replay(replay::ReplayArgs),
    /// Add or void transactions, or show what one was before it changed
    Transaction(transaction::TransactionArgs),
    /// Delete closes, show corrected or missing ones, or fetch these
    Price(price::PriceArgs),
    /// List or delete corporate actions, or show which were corrected or deleted
    Action(action::ActionArgs),
    /// List securities with the attributes that they had before, add or edit one
    Security(security::SecurityArgs),
    /// List, add, delete, restore, close or reopen portfolios
    Portfolio(portfolio::PortfolioArgs),
    /// Shrink a scenario to the smallest one on which a condition holds
    Shrink(shrink::ShrinkArgs),
    /// Run scenario files and compare them with their golden transcripts
    Scenario(scenario::ScenarioArgs),
    /// Test your own nightly job: promises, generated worlds, faults
    Job(job::JobArgs),
    /// Simulate runs that crash, fail or overlap, on a simulated disk
    Sim(sim::SimArgs),
    /// Serve status pages and the admin API
    Serve(serve::ServeArgs),
    /// Print metrics in the text format of Prometheus
    Metrics(metrics::MetricsArgs),
    /// List channels and active alerts, or send a test message
    Alerts(alerts::AlertsArgs),
    /// Create, list or revoke access tokens of the server
    Token(token::TokenArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Write the manual pages into a folder
    Man(man::ManArgs),
}
