//! The arguments of `plan` and `run` that select cells.

use std::num::NonZeroU64;

use clap::Args;

use crate::cli::output::print_stderr;
use crate::cli::{CliError, Context};
use crate::domain::{Day, DayRange, PhaseSet};
use crate::plan::{Limit, PolicyName, Request, Target, UnknownIds};
use crate::query::{self, NamedScope, shell_quoted};
use crate::store::Store;

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

    /// Do all cells from --from to --to again, including complete ones
    #[arg(long, requires = "from", requires = "to")]
    pub(crate) force: bool,
}

/// A selection with its names looked up.
pub(super) struct ResolvedSelection {
    pub(super) request: Request,
    pub(super) scope: NamedScope,
    pub(super) force: Option<DayRange>,
}

impl Selection {
    /// Returns the command line of a run with this selection.
    /// It begins with `program`, such as `plimsoll --db books.db`.
    pub(super) fn command(&self, program: &str) -> String {
        let mut words = vec![format!("{program} run")];
        for name in &self.portfolios {
            words.push(format!("--portfolio {}", shell_quoted(name)));
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
        words.extend(self.force.then(|| "--force".to_owned()));
        words.join(" ")
    }

    /// Looks up the names, and warns of unknown ones that are skipped.
    pub(super) fn resolve(
        &self,
        context: &Context,
        store: &Store,
    ) -> Result<ResolvedSelection, CliError> {
        let configured = &context.configuration.policy;
        let mut policy = match self.policy {
            None => *configured,
            Some(name) => name.policy(),
        };
        if self.skip_unknown {
            policy.unknown_ids = UnknownIds::Skip;
        }
        let scope = query::resolve_names(store, &self.portfolios, policy.unknown_ids)?;
        for name in &scope.unknown {
            print_stderr(&format!("warning: unknown portfolio `{name}`: skipped"));
        }
        let force = match (self.force, self.from, self.to) {
            (true, Some(from), Some(to)) => Some(DayRange::new(from, to)?),
            (_, Some(from), Some(to)) => DayRange::new(from, to).map(|_| None)?,
            _ => None,
        };
        Ok(ResolvedSelection {
            request: Request {
                scope: scope.scope.clone(),
                policy,
                from: self.from,
                to: self.to,
                target: self.target.map_or(Target::LastFinal, Target::On),
                limit: self
                    .limit
                    .map_or(Limit::None, |most| Limit::Cells(most.get())),
                phases: PhaseSet::CELL_PHASES,
            },
            scope,
            force,
        })
    }
}
