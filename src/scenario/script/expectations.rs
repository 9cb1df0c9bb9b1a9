//! Reads expectations: resolves the names of portfolios in them, and refuses what could never be
//! found wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::cell_days::CellDays;
use super::cell_status::CellStatus;
use super::error::{ExpectationError, ScenarioError};
use super::expectation_spec::{
    AmountSpec, AmountsSpec, ExpectationSpec, NamesByDay, WatermarkSpec,
};
use super::expected_values::{Amount, ExpectedQuality};
use super::model::Expectation;
use super::resolver::Resolver;
use crate::domain::{Day, Money};
use crate::scenario::format::lenient::{Lenient, Located, OneOrMany};
use crate::scenario::world::values::CellPhase;

/// The part of a scenario that an `expect` table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectationPlace {
    /// The whole scenario.
    Scenario { has_runs: bool },
    /// A step that is a run.
    Run,
    /// A step that only plans a run.
    Plan,
    /// A step that is not a run.
    Change,
}

/// Reads expectations against the portfolios and days of a scenario.
#[derive(Clone, Copy)]
pub(super) struct ExpectationReader<'r> {
    pub(super) resolver: Resolver<'r>,
    pub(super) days: &'r CellDays,
    pub(super) place: ExpectationPlace,
    /// The byte range of the step; none for a whole scenario.
    pub(super) step: Option<&'r Range<usize>>,
}

impl ExpectationReader<'_> {
    pub(super) fn read(&self, spec: ExpectationSpec) -> Result<Expectation, ScenarioError> {
        let days_by_status = [
            ("processed", CellStatus::Processed, spec.processed),
            ("planned", CellStatus::Planned, spec.planned),
            ("left-behind", CellStatus::LeftBehind, spec.left_behind),
            ("failed", CellStatus::Failed, spec.failed),
            ("blocked", CellStatus::Blocked, spec.blocked),
            ("quarantined", CellStatus::Quarantined, spec.quarantined),
            ("open", CellStatus::Open, spec.open),
            ("waiting", CellStatus::Waiting, spec.waiting),
            ("stale", CellStatus::Stale, spec.stale),
            ("old-inputs", CellStatus::OldInputs, spec.old_inputs),
            ("unpriced", CellStatus::Unpriced, spec.unpriced),
        ];
        let mut cells = BTreeMap::new();
        for (key, status, days) in days_by_status {
            if days.is_empty() {
                continue;
            }
            self.check_status_key(key, status)?;
            cells.insert(status, self.cells(key, &days, status.is_of_state())?);
        }
        let mut reasons = BTreeMap::new();
        for (reason, days) in spec.reasons {
            self.check_plan_key("reasons")?;
            reasons.insert(reason, self.cells("reasons", &days, false)?);
        }
        let counts_by_status = [
            (
                "processed-cells",
                CellStatus::Processed,
                spec.processed_cells,
            ),
            ("planned-cells", CellStatus::Planned, spec.planned_cells),
            (
                "left-behind-cells",
                CellStatus::LeftBehind,
                spec.left_behind_cells,
            ),
            ("failed-cells", CellStatus::Failed, spec.failed_cells),
            ("blocked-cells", CellStatus::Blocked, spec.blocked_cells),
            (
                "quarantined-cells",
                CellStatus::Quarantined,
                spec.quarantined_cells,
            ),
            ("open-cells", CellStatus::Open, spec.open_cells),
            ("waiting-cells", CellStatus::Waiting, spec.waiting_cells),
            ("stale-cells", CellStatus::Stale, spec.stale_cells),
            (
                "old-inputs-cells",
                CellStatus::OldInputs,
                spec.old_inputs_cells,
            ),
        ];
        let mut counts = BTreeMap::new();
        for (key, status, count) in counts_by_status {
            if let Some(count) = count {
                self.check_status_key(key, status)?;
                counts.insert(status, count);
            }
        }
        if spec.end.is_some() {
            self.check_plan_key("end")?;
        }
        if spec.exit.is_some() {
            self.check_plan_key("exit")?;
        }
        let messages = spec.messages.map_or_else(Vec::new, |messages| messages.0);
        if messages.iter().any(String::is_empty) {
            return Err(self.refused("says", ExpectationError::EmptyMessage));
        }
        let mut watermarks = BTreeMap::new();
        for (name, Lenient(WatermarkSpec(day))) in spec.watermarks {
            self.resolver.resolve(&name)?;
            self.check_watermark("watermarks", day)?;
            watermarks.insert(name.into_inner(), day);
        }
        let watermark = spec.watermark.map(|Lenient(WatermarkSpec(day))| day);
        self.check_watermark("watermark", watermark.flatten())?;
        let mut amounts = BTreeMap::new();
        for (amount, spec) in [
            (Amount::Nav, spec.nav),
            (Amount::Cash, spec.cash),
            (Amount::Pnl, spec.pnl),
            (Amount::Realized, spec.realized),
            (Amount::Unrealized, spec.unrealized),
            (Amount::FxGain, spec.fx_gain),
        ] {
            self.read_amounts(amount, spec, &mut amounts)?;
        }
        for (code, spec) in spec.cash_in {
            let currency = code.get().parse().map_err(|_| ScenarioError::Expectation {
                error: ExpectationError::Currency(code.get().clone()),
                key: "cash-in",
                at: Some(code.span()),
            })?;
            self.read_amounts(Amount::CashIn(currency), spec, &mut amounts)?;
        }
        let mut quality = BTreeMap::new();
        for (name, days) in spec.quality {
            self.resolver.resolve(&name)?;
            for (day, expected) in days {
                self.check_day("quality", &day, name.get())?;
                if expected == ExpectedQuality::default() {
                    return Err(self.refused("quality", ExpectationError::EmptyQuality));
                }
                quality.insert((name.get().clone(), day.into_inner()), expected);
            }
        }
        let mut phases = BTreeMap::new();
        for (name, days) in spec.phases {
            self.resolver.resolve(&name)?;
            for (day, OneOrMany(done)) in days {
                self.check_day("phases", &day, name.get())?;
                let done = done.into_iter().map(|CellPhase(phase)| phase).collect();
                phases.insert((name.get().clone(), day.into_inner()), done);
            }
        }
        Ok(Expectation {
            cells,
            counts,
            reasons,
            amounts,
            quality,
            phases,
            watermark,
            watermarks,
            end: spec.end,
            exit: spec.exit,
            messages,
            invalidated_phases: spec.invalidated_phases,
        })
    }

    fn cells(
        &self,
        key: &'static str,
        days: &NamesByDay,
        must_be_expected: bool,
    ) -> Result<BTreeMap<Day, BTreeSet<String>>, ScenarioError> {
        let mut cells = BTreeMap::new();
        for (span, words) in days {
            let at = |error| ScenarioError::Expectation {
                error,
                key: "expect",
                at: Some(span.span()),
            };
            let names = self.resolver.resolve_names(words)?;
            let names: BTreeSet<String> = names.into_iter().collect();
            for day in self.days.sessions(*span.get()).map_err(at)? {
                if must_be_expected {
                    self.days.check_expected(day, key, None).map_err(at)?;
                }
                if cells.insert(day, names.clone()).is_some() {
                    return Err(at(ExpectationError::DayTwice { key, day }));
                }
            }
        }
        Ok(cells)
    }

    fn read_amounts(
        &self,
        amount: Amount,
        spec: AmountsSpec,
        amounts: &mut BTreeMap<(Amount, String, Day), Option<Money>>,
    ) -> Result<(), ScenarioError> {
        for (name, days) in spec {
            self.resolver.resolve(&name)?;
            for (day, Lenient(AmountSpec(expected))) in days {
                self.check_day(amount.name(), &day, name.get())?;
                amounts.insert((amount, name.get().clone(), day.into_inner()), expected);
            }
        }
        Ok(())
    }

    fn check_day(
        &self,
        key: &'static str,
        day: &Located<Day>,
        portfolio: &str,
    ) -> Result<(), ScenarioError> {
        self.days
            .check_expected(*day.get(), key, Some(portfolio))
            .map_err(|error| ScenarioError::Expectation {
                error,
                key,
                at: Some(day.span()),
            })
    }

    /// Refuses a status that is not known at the place.
    fn check_status_key(&self, key: &'static str, status: CellStatus) -> Result<(), ScenarioError> {
        match status {
            _ if status.is_of_state() => Ok(()),
            _ if status.is_of_plan() => self.check_plan_key(key),
            _ => self.check_run_key(key),
        }
    }

    /// Refuses a key that only a run or a plan has a value for, where there is none.
    fn check_plan_key(&self, key: &'static str) -> Result<(), ScenarioError> {
        match self.place {
            ExpectationPlace::Plan => Ok(()),
            _ => self.check_run_key(key),
        }
    }

    /// Refuses a key that only a run has a value for, where there is no run.
    fn check_run_key(&self, key: &'static str) -> Result<(), ScenarioError> {
        match self.place {
            ExpectationPlace::Run | ExpectationPlace::Scenario { has_runs: true } => Ok(()),
            ExpectationPlace::Plan | ExpectationPlace::Change => {
                Err(self.refused(key, ExpectationError::NotARun(key)))
            }
            ExpectationPlace::Scenario { .. } => {
                Err(self.refused(key, ExpectationError::NoRun(key)))
            }
        }
    }

    fn check_watermark(&self, key: &'static str, day: Option<Day>) -> Result<(), ScenarioError> {
        day.map_or(Ok(()), |day| self.days.check_session(day))
            .map_err(|error| self.refused(key, error))
    }

    fn refused(&self, key: &'static str, error: ExpectationError) -> ScenarioError {
        ScenarioError::Expectation {
            error,
            key,
            at: self.step.cloned(),
        }
    }
}
