//! The invalidations that the next run records, because the configured risk model or calendar is
//! not in force yet or a session became unpriced, and the failures that it forgets. A survey applies them, so that plans, statuses
//! and pages see the ledger as the run will see it.

use std::collections::BTreeSet;

use super::calendar::calendar_change;
use super::closed_sessions::security_calendar_changes;
use super::failures::touched_failures;
use super::ledger::keep_done;
use super::portfolio_calendars::portfolio_calendar_changes;
use super::risk_model::model_change;
use crate::domain::{
    Calendar, Cell, InvalidationCause, NewInvalidation, Phase, RiskModel, count_ids,
};
use crate::store::{ReadTransaction, StoreError};

/// The invalidations that the next run records, and the failures that it forgets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PendingInvalidations {
    /// In the order of the run. No id is in two of them, and each has only ids that are in the ledger.
    invalidations: Vec<NewInvalidation>,
    /// Of cells whose session became unpriced. No id is in two of them, or in one of the above.
    unpriced: Vec<NewInvalidation>,
    forgotten: BTreeSet<(Cell, Phase)>,
}

impl PendingInvalidations {
    /// Compares the configured model, if there is one, and the calendars with those in force.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn read(
        reading: &ReadTransaction<'_>,
        model: Option<&RiskModel>,
        calendar: &Calendar,
    ) -> Result<Self, StoreError> {
        let forgotten = touched_failures(reading, |failed| {
            if let Some(model) = model {
                failed.of_model(model)?;
            }
            failed.of_calendar(calendar)
        })?;
        let model = model
            .map(|model| model_change(reading, model))
            .transpose()?;
        let of_database = calendar_change(reading, calendar)?.into_invalidations();
        let of_securities = security_calendar_changes(reading, calendar)?;
        let changes = model.flatten().into_iter().chain(of_database);
        let mut pending: Vec<NewInvalidation> = Vec::new();
        let of_portfolios = portfolio_calendar_changes(reading, calendar)?;
        for mut new in changes.chain(of_securities).chain(of_portfolios) {
            subtract(&mut new, &pending);
            keep_done(reading, &mut new.cells)?;
            if !new.cells.is_empty() {
                pending.push(new);
            }
        }
        let forgotten = forgotten.into_iter();
        Ok(Self {
            invalidations: pending,
            unpriced: Vec::new(),
            forgotten: forgotten
                .map(|failure| (failure.cell, failure.phase))
                .collect(),
        })
    }

    /// Adds those of done cells whose session became unpriced, one a session.
    #[must_use]
    pub fn with_unpriced(mut self, unpriced: Vec<NewInvalidation>) -> Self {
        for mut new in unpriced {
            subtract(&mut new, &self.invalidations);
            new.cells.retain(|_, ids| !ids.is_empty());
            if !new.cells.is_empty() {
                self.unpriced.push(new);
            }
        }
        self
    }

    /// Returns whether the next run records no invalidation.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns whether another calendar invalidates any cell.
    pub fn change_calendars(&self) -> bool {
        let mut causes = self.invalidations.iter().map(|new| new.cause);
        causes.any(|cause| cause == InvalidationCause::Calendar)
    }

    /// Returns the invalidations, in the order in which the run records them.
    pub fn iter(&self) -> impl Iterator<Item = &NewInvalidation> {
        self.invalidations.iter().chain(&self.unpriced)
    }

    /// Returns whether the next run forgets the failures of a phase of a cell.
    pub fn forgets(&self, cell: Cell, phase: Phase) -> bool {
        self.forgotten.contains(&(cell, phase))
    }

    /// Returns whether a phase of a cell is to be invalidated. The id is that of a security in the
    /// phase `securities`.
    pub fn contains(&self, cell: Cell, phase: Phase) -> bool {
        let at = (cell.day, phase);
        let mut ids = self.iter().filter_map(|new| new.cells.get(&at));
        ids.any(|ids| ids.contains(cell.portfolio.0))
    }

    /// Returns the reasons of those by configuration, each with the number of outputs that it
    /// concerns.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, u64)> {
        (self.invalidations.iter()).map(|new| (new.reason.as_str(), count_ids(&new.cells)))
    }
}

/// Leaves out the ids that are in one of the `earlier` ones.
fn subtract(new: &mut NewInvalidation, earlier: &[NewInvalidation]) {
    for earlier in earlier {
        for (at, ids) in &earlier.cells {
            if let Some(rest) = new.cells.get_mut(at) {
                *rest -= ids;
            }
        }
    }
}
