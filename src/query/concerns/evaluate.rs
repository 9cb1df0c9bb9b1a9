//! Finds all concerns of a scope, from one survey and one plan in one read transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::concern::{Concern, Concerns};
use super::fact::ConcernFact;
use super::inbox::{rejected_files, unreadable_inbox, waiting_files};
use super::inputs::ConcernInputs;
use super::kind::ConcernKind;
use super::late::Late;
use super::price_command::price_command;
use super::risk::{absence_reasons, cells_without_figures, stale_risk_inputs};
use super::stale_inputs::{judged_days, stale_portfolios};
use super::verification::{damage, overdue};
use crate::domain::{Calendar, Cell, Day, IdSet, PortfolioId, Scope};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::invalidation::PendingInvalidations;
use crate::plan::{Decision, Plan, SkipReason, Survey, Watermarks};
use crate::query::error::QueryError;
use crate::query::evaluation::Evaluation;
use crate::query::failures::expected_failures;
use crate::query::live::{LeaseState, lease};
use crate::query::next_command::NextCommand;
use crate::query::reason::{CellReason, Facts};
use crate::store::{ReadTransaction, RunState, Store};

/// Finds the concerns of `scope` at the time of the environment's clock.
///
/// # Errors
///
/// The store cannot be read, or no plan can be made.
pub fn concerns(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    inputs: &ConcernInputs,
) -> Result<Concerns, QueryError> {
    store.read(|reading| {
        let evaluation = Evaluation::read(reading, scope, settings, environment)?;
        let facts = Facts::read(reading, &evaluation.surveyed, settings)?;
        Ok(Concerns {
            target: evaluation.plan.target.day,
            concerns: evaluation.concerns(reading, environment, scope, inputs, &facts)?,
        })
    })
}

impl Evaluation {
    /// Returns the concerns of the evaluated scope, in the order of [`ConcernKind::ALL`].
    pub(in crate::query) fn concerns(
        &self,
        reading: &ReadTransaction<'_>,
        environment: &Environment,
        scope: &Scope,
        inputs: &ConcernInputs,
        facts: &Facts<'_>,
    ) -> Result<Vec<Concern>, QueryError> {
        let reader = ConcernReader {
            reading,
            environment,
            inputs,
            scope,
            calendar: &self.calendar,
            survey: &self.surveyed.survey,
            pending: &self.surveyed.pending,
            plan: &self.plan,
            marks: &self.marks,
            facts,
        };
        let mut found = Vec::new();
        for kind in ConcernKind::ALL {
            found.extend(reader.concern(kind)?);
        }
        Ok(found)
    }
}

/// The time by which a clock may be set back.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Number of portfolios that the facts of a concern name.
const MAX_NAMED: usize = 10;

/// The values that concerns are read off, all of one transaction.
struct ConcernReader<'v> {
    reading: &'v ReadTransaction<'v>,
    environment: &'v Environment,
    inputs: &'v ConcernInputs,
    scope: &'v Scope,
    calendar: &'v Calendar,
    survey: &'v Survey,
    pending: &'v PendingInvalidations,
    plan: &'v Plan,
    marks: &'v Watermarks,
    facts: &'v Facts<'v>,
}

impl ConcernReader<'_> {
    fn concern(&self, kind: ConcernKind) -> Result<Option<Concern>, QueryError> {
        match kind {
            ConcernKind::LastRun => self.last_run(),
            ConcernKind::NoActivePortfolios => Ok(self.no_active_portfolios()),
            ConcernKind::ClockBehind => self.clock_behind(),
            ConcernKind::Damage => {
                let judged = self.judged_days();
                damage(self.reading, self.survey, &judged, self.environment)
            }
            ConcernKind::VerificationOverdue => {
                overdue(self.reading, self.inputs.limits, self.environment)
            }
            ConcernKind::Late => self.late(),
            ConcernKind::Failing => self.failing(),
            ConcernKind::Quarantined => self.quarantined(),
            ConcernKind::AbandonedRun => self.abandoned_run(),
            ConcernKind::RejectedFiles => Ok(rejected_files(&self.inputs.inbox)),
            ConcernKind::WaitingFiles => Ok(waiting_files(&self.inputs.inbox)),
            ConcernKind::InboxUnreadable => Ok(unreadable_inbox(&self.inputs.inbox)),
            ConcernKind::PriceCommand => price_command(self.reading, self.inputs.has_price_feed),
            ConcernKind::UnpricedSession => Ok(self.unpriced_session()),
            ConcernKind::StaleInputs => self.stale_inputs(),
            ConcernKind::StaleRiskInputs => self.stale_risk_inputs(),
            ConcernKind::HeldLog => self.held_log(),
            ConcernKind::Blocked => self.blocked(),
            ConcernKind::RiskAbsent => self.risk_absent(),
            ConcernKind::ConfigurationChanged => Ok(self.configuration_changed()),
        }
    }

    fn last_run(&self) -> Result<Option<Concern>, QueryError> {
        let last = self.reading.runs().latest(1)?.into_iter().next();
        let failed = last.filter(|run| run.state == RunState::Failed);
        Ok(failed.map(|run| Concern {
            fact: ConcernFact::LastRun { run: run.key },
            portfolios: IdSet::new(),
            next: Some(NextCommand::ShowRun(run.key)),
        }))
    }

    fn no_active_portfolios(&self) -> Option<Concern> {
        let lifecycles = &self.survey.lifecycles;
        let members = lifecycles.members(self.scope);
        let active = lifecycles.active_members(self.scope);
        let deleted = match self.scope {
            Scope::AllActive => lifecycles.deleted().len(),
            Scope::Only(_) => (members - &active).len(),
        };
        active.is_empty().then(|| Concern {
            fact: ConcernFact::NoActivePortfolios { deleted },
            portfolios: IdSet::new(),
            next: Some(match deleted {
                0 => NextCommand::ImportPortfolios,
                _ => NextCommand::ListPortfolios,
            }),
        })
    }

    fn clock_behind(&self) -> Result<Option<Concern>, QueryError> {
        let now = self.environment.clock.now();
        let latest = self.reading.runs().latest_start()?;
        let ahead = latest.filter(|(_, started)| *started > now + CLOCK_TOLERANCE);
        Ok(ahead.map(|(run, started)| Concern {
            fact: ConcernFact::ClockBehind { now, started, run },
            portfolios: IdSet::new(),
            next: Some(NextCommand::ShowRun(run)),
        }))
    }

    fn late(&self) -> Result<Option<Concern>, QueryError> {
        let max_lag = self.inputs.limits.max_lag;
        let active = self.survey.lifecycles.active_members(self.scope).len();
        let Some(late) = Late::find(self.marks, active, max_lag, self.plan.target.day) else {
            return Ok(None);
        };
        let next = self.next_command(late.worst_cell)?;
        Ok(Some(late.into_concern(Some(next))))
    }

    fn failing(&self) -> Result<Option<Concern>, QueryError> {
        let mut failures = expected_failures(self.reading, &self.survey.lifecycles)?;
        failures.retain(|failure| self.scope.contains(failure.cell.portfolio));
        let cells = failures.iter().map(|failure| failure.cell);
        let first = cells.clone().min_by_key(|cell| (cell.day, cell.portfolio));
        let (Some((cells, portfolios)), Some(first)) = (count(cells), first) else {
            return Ok(None);
        };
        Ok(Some(Concern {
            fact: ConcernFact::Failing { cells },
            portfolios,
            next: Some(self.explanation(first)?),
        }))
    }

    fn quarantined(&self) -> Result<Option<Concern>, QueryError> {
        let cells = self.survey.quarantined.iter().flat_map(|(day, cells)| {
            let cells = cells.iter().map(|(portfolio, _)| *portfolio);
            cells.map(|portfolio| Cell::new(*day, portfolio))
        });
        // A cell with other open phases is a step for these, and skipped afterwards.
        let cells = cells.filter(|cell| match self.plan.decision(*cell) {
            Decision::Step { .. } => true,
            Decision::Skip(reason) => reason.is_open(),
            Decision::OutOfPlan => false,
        });
        let Some((cells, portfolios)) = count(cells) else {
            return Ok(None);
        };
        let first = portfolios.iter().next().map(PortfolioId);
        let next = match first {
            None => None,
            Some(id) => self.name(id)?.map(NextCommand::Retry),
        };
        Ok(Some(Concern {
            fact: ConcernFact::Quarantined { cells },
            portfolios,
            next,
        }))
    }

    fn abandoned_run(&self) -> Result<Option<Concern>, QueryError> {
        let lease = lease(self.reading, self.environment)?;
        let dead = lease.filter(|lease| lease.state == LeaseState::LeftBehind);
        Ok(dead.map(|lease| Concern {
            fact: ConcernFact::AbandonedRun {
                run: lease.run,
                owner: lease.owner,
            },
            portfolios: IdSet::new(),
            next: Some(NextCommand::Run),
        }))
    }

    fn held_log(&self) -> Result<Option<Concern>, QueryError> {
        let Some(log) = &self.inputs.held_log else {
            return Ok(None);
        };
        // While a run writes, only the size tells a log that is held from one that is in use.
        let lease = lease(self.reading, self.environment)?;
        let is_running = lease.is_some_and(|lease| lease.state == LeaseState::Live);
        Ok((log.is_large() || !is_running).then(|| Concern {
            fact: ConcernFact::HeldLog(log.clone()),
            portfolios: IdSet::new(),
            next: None,
        }))
    }

    fn unpriced_session(&self) -> Option<Concern> {
        // The target may be unpriced until its closes arrive in the evening, which is normal.
        let mut before = self.plan.unpriced.range(..self.plan.target.day);
        let (from, first) = before.next()?;
        let later = before.clone().count() as u64;
        let last = before.next_back().map_or(first, |(_, last)| last).clone();
        let days = self.plan.days.iter();
        let waiting = days.flat_map(|day| &day.skips);
        let waiting = waiting.filter(|skips| skips.reason == SkipReason::Unpriced);
        Some(Concern {
            fact: ConcernFact::UnpricedSession {
                sessions: 1 + later,
                from: *from,
                last,
            },
            portfolios: waiting.fold(IdSet::new(), |all, skips| all | &skips.cells),
            next: Some(NextCommand::ImportPrices),
        })
    }

    fn blocked(&self) -> Result<Option<Concern>, QueryError> {
        let (mut first, mut cells, mut portfolios) = (None, 0, IdSet::new());
        for day in &self.plan.days {
            let waiting = day.skips.iter().filter(|skips| skips.reason.is_waiting());
            for skips in waiting {
                cells += skips.cells.len();
                portfolios |= &skips.cells;
                let id = skips.cells.min();
                first = first.or(id.map(|id| Cell::new(day.day, PortfolioId(id))));
            }
        }
        let Some(first) = first else {
            return Ok(None);
        };
        Ok(Some(Concern {
            fact: ConcernFact::Blocked {
                cells,
                from: first.day,
            },
            portfolios,
            next: Some(self.next_command(first)?),
        }))
    }

    fn stale_inputs(&self) -> Result<Option<Concern>, QueryError> {
        let max_stale = self.inputs.limits.max_stale;
        let (calendar, survey) = (self.calendar, self.survey);
        let by_day = self.judged_days();
        let mut stale = stale_portfolios(self.reading, calendar, survey, &by_day, max_stale)?;
        let oldest = stale.iter().map(|portfolio| portfolio.sessions_old).max();
        let (Some(oldest), Some(first)) = (oldest, stale.first()) else {
            return Ok(None);
        };
        let largest_share = first.share;
        let portfolios: IdSet = stale.iter().map(|portfolio| portfolio.id.0).collect();
        let inputs = stale.iter().flat_map(|portfolio| &portfolio.inputs);
        let inputs: BTreeSet<_> = inputs.cloned().collect();
        stale.truncate(MAX_NAMED);
        Ok(Some(Concern {
            fact: ConcernFact::StaleInputs {
                max_stale,
                oldest,
                largest_share,
                inputs: inputs.into_iter().collect(),
                worst: stale,
                stale: portfolios.len(),
            },
            portfolios,
            next: Some(NextCommand::ImportPrices),
        }))
    }

    /// Returns the days on which the books of each portfolio are judged.
    fn judged_days(&self) -> BTreeMap<Day, IdSet> {
        judged_days(self.survey, self.marks, self.scope, self.plan.target.day)
    }

    fn stale_risk_inputs(&self) -> Result<Option<Concern>, QueryError> {
        let max_stale = self.inputs.limits.max_stale;
        stale_risk_inputs(self.reading, self.calendar, &self.judged_days(), max_stale)
    }

    fn risk_absent(&self) -> Result<Option<Concern>, QueryError> {
        let cells = cells_without_figures(self.reading, self.survey, self.marks, self.scope)?;
        if cells.is_empty() {
            return Ok(None);
        }
        let portfolios: IdSet = cells.iter().map(|cell| cell.portfolio.0).collect();
        Ok(Some(Concern {
            fact: ConcernFact::RiskAbsent {
                without_figures: portfolios.len(),
                reasons: absence_reasons(self.reading, &cells)?,
            },
            portfolios,
            next: None,
        }))
    }

    fn configuration_changed(&self) -> Option<Concern> {
        let outputs = self.pending.reasons().map(|(_, outputs)| outputs).sum();
        let reasons = self.pending.reasons().map(|(reason, _)| reason.to_owned());
        (outputs > 0).then(|| Concern {
            fact: ConcernFact::ConfigurationChanged {
                reasons: reasons.collect(),
                outputs,
            },
            portfolios: IdSet::new(),
            next: Some(NextCommand::Run),
        })
    }

    /// Returns the command that helps to complete a cell.
    fn next_command(&self, cell: Cell) -> Result<NextCommand, QueryError> {
        let reason = self.facts.reason(cell, self.plan.decision(cell));
        Ok(match reason {
            CellReason::Blocked { missing_input } => missing_input.next_command(),
            CellReason::Quarantined { .. } => match self.name(cell.portfolio)? {
                Some(name) => NextCommand::Retry(name),
                None => NextCommand::Run,
            },
            _ if self.facts.failures(cell).next().is_some() => self.explanation(cell)?,
            _ => NextCommand::Run,
        })
    }

    /// Returns the command that explains a failed cell. A run alone may fail again: the explanation
    /// names the commands that correct its sources.
    fn explanation(&self, cell: Cell) -> Result<NextCommand, QueryError> {
        Ok(match self.name(cell.portfolio)? {
            Some(name) => NextCommand::Explain(name, cell.day),
            None => NextCommand::Run,
        })
    }

    fn name(&self, id: PortfolioId) -> Result<Option<String>, QueryError> {
        let known = self.reading.portfolios().get(id)?;
        Ok(known.map(|portfolio| portfolio.name))
    }
}

/// Returns the number of different cells and their portfolios; `None` if there is no cell.
fn count(cells: impl IntoIterator<Item = Cell>) -> Option<(u64, IdSet)> {
    let cells: std::collections::BTreeSet<_> = cells.into_iter().collect();
    let portfolios = cells.iter().map(|cell| cell.portfolio.0).collect();
    (!cells.is_empty()).then_some((cells.len() as u64, portfolios))
}
