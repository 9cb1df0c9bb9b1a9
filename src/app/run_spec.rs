//! The words that select a run or a plan on any surface, and their way to a run request.

use std::num::{NonZeroU64, NonZeroUsize};

use super::error::AppError;
use crate::domain::{Day, DayRange, PhaseSet};
use crate::engine::RunRequest;
use crate::plan::{Deleted, Limit, Newcomers, Policy, PolicyName, Request, Target, UnknownIds};
use crate::query::{NamedScope, QueryError, resolve_names};
use crate::store::ReadTransaction;

/// The words that select a run or a plan. The default is the nightly run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunSpec {
    /// Ids or exact names of portfolios; `None` selects all active ones.
    pub portfolios: Option<Vec<String>>,
    /// Skip unknown portfolios, whatever the policy says.
    pub skip_unknown: bool,
    /// The first day of the range.
    pub from: Option<Day>,
    /// The last day of the range.
    pub to: Option<Day>,
    /// Days to process again even if they are complete.
    pub force: Force,
    /// The last session that is due; the last final one if `None`.
    pub target: Option<Day>,
    /// The rules by which cells are chosen; those of the configuration if `None`.
    pub policy: Option<Policy>,
    /// The largest number of steps of the plan.
    pub limit: Option<NonZeroU64>,
    /// The id, or a prefix of it, that the plan must have.
    pub expected_plan: Option<String>,
    /// The number of cells above which the plan is refused.
    pub max_cells: Option<u64>,
    /// The number of compute threads; that of the configuration if `None`.
    pub jobs: Option<NonZeroUsize>,
    /// Accept that no portfolio is active, instead of refusing the run or plan.
    pub allow_empty: bool,
}

/// Days to process again even if they are complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Force {
    /// None.
    #[default]
    None,
    /// All days of the range, which must have both ends.
    Range,
    /// These days. They are the range too, as far as it is not set.
    Days(DayRange),
}

/// A run request with the names that were left out.
#[derive(Debug)]
pub struct ResolvedRun {
    /// The request of the run.
    pub run_request: RunRequest,
    /// The unknown names that were skipped, as typed.
    pub unknown: Vec<String>,
}

impl RunSpec {
    /// Returns the words of a run that fills the portfolio with this id or name from its inception,
    /// whatever the policy of the nightly run does with newcomers.
    pub fn onboarding(portfolio: impl Into<String>) -> Self {
        Self {
            portfolios: Some(vec![portfolio.into()]),
            policy: Some(Policy {
                newcomers: Newcomers::FromInception,
                ..PolicyName::PerCell.policy()
            }),
            ..Self::default()
        }
    }

    /// Refuses words that do not go together, without looking at a database. Returns the days to
    /// force.
    ///
    /// # Errors
    ///
    /// Force without a range, a range that ends before it begins, or unknown names to be skipped
    /// where no portfolio is named.
    pub fn check(&self) -> Result<Option<DayRange>, AppError> {
        let range = match (self.from, self.to) {
            (Some(from), Some(to)) => Some(DayRange::new(from, to)?),
            _ => None,
        };
        if self.skip_unknown && self.portfolios.is_none() {
            return Err(AppError::SkipUnknownWithoutNames);
        }
        match self.force {
            Force::None => Ok(None),
            Force::Range => range.map(Some).ok_or(AppError::ForceWithoutRange),
            Force::Days(days) => Ok(Some(days)),
        }
    }

    /// Looks up the names and returns the request of the run. `policy` applies if the words name
    /// none.
    ///
    /// # Errors
    ///
    /// Those of [`Self::check`]; a name is unknown or that of a deleted portfolio and not to be
    /// skipped, or ambiguous; no portfolio is left; or the store cannot be read.
    pub fn resolve(
        &self,
        reading: &ReadTransaction<'_>,
        policy: Policy,
    ) -> Result<ResolvedRun, AppError> {
        let force = self.check()?;
        let mut policy = self.policy.unwrap_or(policy);
        if self.skip_unknown {
            policy.unknown_ids = UnknownIds::Skip;
        }
        let named = match &self.portfolios {
            None => NamedScope::all_active(),
            Some(names) => resolve_names(reading, names, policy.unknown_ids)?,
        };
        // A name that is skipped if it is unknown may name a deleted portfolio too: the plan skips
        // its cells.
        let is_refused = policy.unknown_ids == UnknownIds::Refuse || named.only_deleted();
        if policy.deleted == Deleted::Excluded && !named.deleted.is_empty() && is_refused {
            return Err(QueryError::DeletedPortfolios(named.deleted).into());
        }
        let forced = match self.force {
            Force::Days(days) => Some(days),
            Force::None | Force::Range => None,
        };
        let request = Request {
            scope: named.scope,
            policy,
            from: self.from.or(forced.map(DayRange::first)),
            to: self.to.or(forced.map(DayRange::last)),
            target: self.target.map_or(Target::LastFinal, Target::On),
            limit: self
                .limit
                .map_or(Limit::None, |most| Limit::Cells(most.get())),
            phases: PhaseSet::CELL_PHASES,
        };
        Ok(ResolvedRun {
            run_request: RunRequest {
                request,
                scope_name: named.label,
                force,
                expected_plan: self.expected_plan.clone(),
                max_cells: self.max_cells,
                jobs: self.jobs,
            },
            unknown: named.unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Day> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn conflicting_words_are_refused() {
        let force = RunSpec {
            force: Force::Range,
            from: day("2026-01-05"),
            ..RunSpec::default()
        };
        assert!(matches!(force.check(), Err(AppError::ForceWithoutRange)));
        let skip = RunSpec {
            skip_unknown: true,
            ..RunSpec::default()
        };
        assert!(matches!(
            skip.check(),
            Err(AppError::SkipUnknownWithoutNames)
        ));
        let backwards = RunSpec {
            from: day("2026-01-08"),
            to: day("2026-01-05"),
            ..RunSpec::default()
        };
        assert!(matches!(backwards.check(), Err(AppError::Range(_))));
    }

    #[test]
    fn forced_days_are_those_of_the_range_or_those_named() {
        let mut spec = RunSpec {
            from: day("2026-01-05"),
            to: day("2026-01-08"),
            ..RunSpec::default()
        };
        assert_eq!(spec.check().unwrap(), None);
        let range = DayRange::new(spec.from.unwrap(), spec.to.unwrap()).unwrap();
        spec.force = Force::Range;
        assert_eq!(spec.check().unwrap(), Some(range));
        let days = DayRange::new(range.first(), range.first()).unwrap();
        spec.force = Force::Days(days);
        assert_eq!(spec.check().unwrap(), Some(days));
    }
}
