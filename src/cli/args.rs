//! What can be typed. Each command's own arguments stand with the command.

use clap::{Parser, Subcommand};

use super::GlobalArgs;
use super::commands::{
    alerts, backup, bench, capture, check, completions, demo, explain, import, init, invalidate,
    man, metrics, onboard, plan, portfolio, replay, retry, run, runs, scenario, serve, show,
    shrink, sim, status, token, verify,
};

/// Keeps every portfolio's nightly books complete: which portfolio needs which trading day and
/// which calculation, done once, proven done, healed when broken.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = "\
Start with `plimsoll demo`: it needs nothing.
Exit codes: 0 complete, 1 some cells open, 2 usage, 3 refused, 4 busy,
5 store, 70 a bug."
)]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it work: the Jan 8 production state, each policy's plan, and the repair
    Demo(demo::DemoArgs),
    /// Make an empty database and a commented configuration
    Init(init::InitArgs),
    /// Take in portfolios, securities, transactions, actions or prices
    Import(import::ImportArgs),
    /// Show what a run would do, and why; writes nothing
    Plan(plan::PlanArgs),
    /// The nightly run: fill what is needed, up to the last closed session
    Run(run::RunArgs),
    /// Fill one portfolio from its inception, whatever the others need
    Onboard(onboard::OnboardArgs),
    /// Take cells out of the ledger, with a reason; the next run does them again
    Invalidate(invalidate::InvalidateArgs),
    /// Give quarantined cells another chance
    Retry(retry::RetryArgs),
    /// How far each portfolio is, and what holds it back
    Status(status::StatusArgs),
    /// A watchdog: ends with 1 if a portfolio is too far behind
    Check(check::CheckArgs),
    /// Why a cell is, or is not, to be done, with the evidence
    Explain(explain::ExplainArgs),
    /// The history of runs
    Runs(runs::RunsArgs),
    /// A portfolio's books: NAV, return, positions, exposures, risk
    Show(show::ShowArgs),
    /// Prove the database from its rows
    Verify(verify::VerifyArgs),
    /// Copy the database, consistently, even while a run goes on
    Backup(backup::BackupArgs),
    /// Write the state of a database, ours or another program's, as a world
    Capture(capture::CaptureArgs),
    /// What each policy would do on a state, by which rule, and where nights of it lead
    Replay(replay::ReplayArgs),
    /// List, delete, restore or close portfolios
    Portfolio(portfolio::PortfolioArgs),
    /// The smallest scenario on which a condition still holds
    Shrink(shrink::ShrinkArgs),
    /// Play states that are written as files, and keep what came of them
    Scenario(scenario::ScenarioArgs),
    /// Break runs on purpose: every crash point and fault, on a simulated disk
    Sim(sim::SimArgs),
    /// Serve status pages and the admin API
    Serve(serve::ServeArgs),
    /// What a monitoring system draws and watches
    Metrics(metrics::MetricsArgs),
    /// Who is told when something is wrong, and whether words arrive
    Alerts(alerts::AlertsArgs),
    /// Make, list or revoke the tokens of the server
    Token(token::TokenArgs),
    /// What a night costs on books of a given size
    #[command(hide = true)]
    Bench(bench::BenchArgs),
    /// Print a script that completes commands in your shell
    Completions(completions::CompletionsArgs),
    /// Write the manual pages into a folder
    Man(man::ManArgs),
}
