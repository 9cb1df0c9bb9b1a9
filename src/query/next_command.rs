//! The commands that answers suggest to run next.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::domain::{Day, RunId};

/// A command to run next. Displayed and serialized as the line to type in a POSIX shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextCommand {
    /// Run the nightly run.
    Run,
    /// Import a file of closes.
    ImportPrices,
    /// Ask the configured command for the closes that are missing.
    FetchPrices,
    /// Import a file of exchange rates.
    ImportRates,
    /// Import a file of securities. A row with `inactive-from` ends the expectation of a price.
    ImportSecurities,
    /// Import a file of portfolios.
    ImportPortfolios,
    /// List all portfolios, deleted ones included.
    ListPortfolios,
    /// Show the corrections of the transaction with this id.
    TransactionHistory(String),
    /// Import corrected transactions.
    CorrectTransactions,
    /// List the corporate actions.
    ListActions,
    /// Import corrected corporate actions.
    CorrectActions,
    /// Show the run with this id.
    ShowRun(RunId),
    /// Read the file with this path.
    ReadFile(PathBuf),
    /// Do this unpriced session with the prices there are.
    AcceptPrices(Day),
    /// Verify all cells of the ledger.
    Verify,
    /// Remove damaged outputs from the ledger, so that a run computes them again.
    Repair,
    /// Repair, and accept the rows of sources as they are.
    AcceptChanges,
    /// Put a backup in the place of the database.
    Restore,
    /// Release the quarantined cells of the portfolio with this name.
    Retry(String),
    /// Show how far the portfolio with this name is complete.
    Status(String),
    /// Show the books of the portfolio with this name.
    Show(String),
    /// Explain the cell of the portfolio with this name on this day.
    Explain(String, Day),
}

impl NextCommand {
    /// Returns the line with `program` in place of `plimsoll`, such as `plimsoll --db books.db`.
    pub fn line(&self, program: &str) -> String {
        match self {
            Self::Run => format!("{program} run"),
            Self::ImportPrices => format!("{program} import prices PRICES.csv"),
            Self::FetchPrices => format!("{program} price fetch"),
            Self::ImportRates => format!("{program} import prices RATES.csv"),
            Self::ImportSecurities => format!("{program} import securities SECURITIES.csv"),
            Self::ImportPortfolios => format!("{program} import portfolios PORTFOLIOS.csv"),
            Self::ListPortfolios => format!("{program} portfolio list"),
            Self::TransactionHistory(id) => {
                format!("{program} transaction history {}", positional(id))
            }
            Self::CorrectTransactions => {
                format!("{program} import transactions TRANSACTIONS.csv --correct")
            }
            Self::ListActions => format!("{program} action list"),
            Self::CorrectActions => format!("{program} import actions ACTIONS.csv"),
            Self::ShowRun(run) => format!("{program} runs show {run}"),
            Self::ReadFile(path) => format!("cat {}", quoted_path(path)),
            Self::AcceptPrices(day) => {
                format!("{program} accept-prices --from {day} --to {day} --reason REASON")
            }
            Self::Verify => format!("{program} verify --all"),
            Self::Repair => format!("{program} repair"),
            Self::AcceptChanges => format!("{program} repair --accept-changes"),
            Self::Restore => format!("{program} restore BACKUP"),
            Self::Retry(name) => format!("{program} retry {}", positional(name)),
            Self::Status(name) => format!("{program} status {}", portfolio_option(name)),
            Self::Show(name) => format!("{program} show {}", positional(name)),
            Self::Explain(name, day) => format!("{program} explain {} {day}", positional(name)),
        }
    }
}

impl fmt::Display for NextCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line("plimsoll"))
    }
}

impl Serialize for NextCommand {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Quotes a name for a POSIX shell as the first argument of a command. One that looks like an option
/// follows `--`.
pub fn positional(name: &str) -> String {
    let quoted = shell_quoted(name);
    match name.starts_with('-') {
        true => format!("-- {quoted}"),
        false => quoted,
    }
}

/// Returns the option that selects the portfolio with this name, quoted for a POSIX shell.
pub fn portfolio_option(name: &str) -> String {
    let quoted = shell_quoted(name);
    match name.starts_with('-') {
        true => format!("--portfolio={quoted}"),
        false => format!("--portfolio {quoted}"),
    }
}

/// Quotes a path for a POSIX shell, unless each of its parts is a plain word.
pub fn quoted_path(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = path
        .split('/')
        .all(|part| part.is_empty() || shell_quoted(part) == part);
    match is_plain {
        true => path.into_owned(),
        false => shell_quoted(&path),
    }
}

/// Quotes a name for a POSIX shell: in single quotes, unless it is a plain word.
pub fn shell_quoted(name: &str) -> String {
    let plain = |char: char| char.is_alphanumeric() || "-_.".contains(char);
    if !name.is_empty() && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
