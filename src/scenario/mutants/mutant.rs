//! A mutant and the places where it can be injected.

use std::sync::Arc;

use super::{execution, plans, rules, survey};
use crate::domain::output::CellOutput;
use crate::engine::{EngineError, FaultHooks, InjectedFault, RequiredAction};
use crate::plan::{Plan, Survey};
use crate::scenario::script::Scenario;
use crate::store::{Batch, Progress, ReadTransaction, StoreError, Writer};

/// A fault that is injected on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The name, as `--filter` matches it.
    pub name: &'static str,
    /// The fault in a few words.
    pub fault: &'static str,
    pub(super) change: Change,
}

/// The place of a fault, with the change it makes there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Changes the rules and settings that a scenario is played by.
    Rules(fn(&mut Scenario)),
    /// Changes the survey before planning.
    Survey(fn(&mut Survey, &ReadTransaction<'_>) -> Result<(), EngineError>),
    /// Changes the plan before it is executed.
    Plan(fn(&mut Plan)),
    /// Changes the computed outputs of a batch.
    Outputs(fn(&mut Vec<CellOutput>)),
    /// Changes a batch and its progress before they are committed.
    Batch(fn(&mut Batch, &mut Progress)),
    /// Writes to the database before a batch is committed.
    BeforeCommit(fn(&mut Writer, &Batch) -> Result<(), StoreError>),
    /// Skips an action that the engine must take.
    Skip(RequiredAction),
}

/// Returns all mutants, in the order of the reports.
pub fn all_mutants() -> Vec<Mutant> {
    [
        rules::MUTANTS,
        survey::MUTANTS,
        plans::MUTANTS,
        execution::MUTANTS,
    ]
    .concat()
}

impl Mutant {
    /// Returns the scenario with the fault injected.
    pub(super) fn inject_into(&self, scenario: &Scenario) -> Scenario {
        let mut scenario = scenario.clone();
        match self.change {
            Change::Rules(change) => change(&mut scenario),
            _ => scenario.settings.fault_hooks = FaultHooks::with_fault(Arc::new(self.change)),
        }
        scenario
    }
}

impl InjectedFault for Change {
    fn alter_survey(
        &self,
        survey: &mut Survey,
        reading: &ReadTransaction<'_>,
    ) -> Result<(), EngineError> {
        match *self {
            Change::Survey(change) => change(survey, reading),
            _ => Ok(()),
        }
    }

    fn alter_plan(&self, plan: &mut Plan) {
        if let Change::Plan(change) = *self {
            change(plan);
        }
    }

    fn alter_outputs(&self, outputs: &mut Vec<CellOutput>) {
        if let Change::Outputs(change) = *self {
            change(outputs);
        }
    }

    fn alter_batch(&self, batch: &mut Batch, progress: &mut Progress) {
        if let Change::Batch(change) = *self {
            change(batch, progress);
        }
    }

    fn before_commit(&self, writer: &mut Writer, batch: &Batch) -> Result<(), StoreError> {
        match *self {
            Change::BeforeCommit(change) => change(writer, batch),
            _ => Ok(()),
        }
    }

    fn skips(&self, action: RequiredAction) -> bool {
        matches!(*self, Change::Skip(skipped) if skipped == action)
    }
}
