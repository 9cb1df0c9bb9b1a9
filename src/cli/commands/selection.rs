//! The arguments of `plan` and `run` that select cells.

use std::num::NonZeroU64;

use clap::Args;

use crate::app::{Force, RunSpec};
use crate::cli::output::print_stderr;
use crate::domain::Day;
use crate::plan::PolicyName;
use crate::query::portfolio_option;

/// The selected cells, as typed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Selection {
    /// Only this portfolio, by id or exact name; repeatable
    #[arg(short, long = "portfolio", value_name = "ID")]
    pub(crate) portfolios: Vec<String>,

    /// Skip unknown portfolios with a warning instead of failing
    #[arg(long, requires = "portfolios")]
    pub(crate) skip_unknown: bool,

    /// First day of the range; the earliest inception by default
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<Day>,

    /// Last day of the range; the target by default
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<Day>,

    /// Last session that is due; the last final one by default
    #[arg(long, value_name = "DAY")]
    pub(crate) target: Option<Day>,

    /// Policy that selects the work: per-cell, or a policy of the incident to replay it
    /// (global-max, min-of-max, target-only)
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: Option<PolicyName>,

    /// Do at most this many cells, the first in plan order; a later run continues
    #[arg(long, value_name = "CELLS")]
    pub(crate) limit: Option<NonZeroU64>,

    /// Accept that no portfolio is active, instead of ending with 3
    #[arg(long, conflicts_with = "portfolios")]
    pub(crate) allow_empty: bool,

    /// Do all cells from --from to --to again, including complete ones
    #[arg(long, requires = "from", requires = "to")]
    pub(crate) force: bool,
}

impl Selection {
    /// Returns the command line of a run with this selection.
    /// It begins with `program`, such as `plimsoll --db books.db`.
    pub(super) fn command(&self, program: &str) -> String {
        let mut words = vec![format!("{program} run")];
        for name in &self.portfolios {
            words.push(portfolio_option(name));
        }
        for (flag, day) in [
            ("--from", self.from),
            ("--to", self.to),
            ("--target", self.target),
        ] {
            words.extend(day.map(|day| format!("{flag} {day}")));
        }
        words.extend(self.policy.map(|name| format!("--policy {name}")));
        words.extend(self.limit.map(|most| format!("--limit {most}")));
        words.extend(self.skip_unknown.then(|| "--skip-unknown".to_owned()));
        words.extend(self.allow_empty.then(|| "--allow-empty".to_owned()));
        words.extend(self.force.then(|| "--force".to_owned()));
        words.join(" ")
    }

    /// Returns the words of the run.
    pub(super) fn spec(&self) -> RunSpec {
        RunSpec {
            portfolios: (!self.portfolios.is_empty()).then(|| self.portfolios.clone()),
            skip_unknown: self.skip_unknown,
            from: self.from,
            to: self.to,
            force: match self.force {
                true => Force::Range,
                false => Force::None,
            },
            target: self.target,
            policy: self.policy.map(PolicyName::policy),
            limit: self.limit,
            allow_empty: self.allow_empty,
            ..RunSpec::default()
        }
    }
}

/// Warns of an unknown portfolio that is skipped.
pub(super) fn warn_unknown_portfolio(name: &str) {
    print_stderr(&format!("warning: unknown portfolio `{name}`: skipped"));
}
