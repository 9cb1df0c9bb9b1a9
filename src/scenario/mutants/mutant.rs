//! What a mutant is, and where it is planted.

use std::sync::Arc;

use super::{execution, plans, rules, survey};
use crate::domain::output::CellOutput;
use crate::engine::{EngineError, FaultHooks, InjectedFault, RequiredAction};
use crate::plan::{Plan, Survey};
use crate::scenario::script::Scenario;
use crate::store::{Batch, Progress, ReadTransaction, StoreError, Writer};

/// A fault that is planted on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it, in a few words.
    pub fault: &'static str,
    pub(super) change: Change,
}

/// Where a mutant does otherwise than it should.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// In the rules and settings that a scenario is played by.
    Rules(fn(&mut Scenario)),
    /// In what is read before planning.
    Survey(fn(&mut Survey, &ReadTransaction<'_>) -> Result<(), EngineError>),
    /// In the plan.
    Plan(fn(&mut Plan)),
    /// In what is computed.
    Outputs(fn(&mut Vec<CellOutput>)),
    /// In what is committed and counted.
    Batch(fn(&mut Batch, &mut Progress)),
    /// Before a batch is committed.
    BeforeCommit(fn(&mut Writer, &Batch) -> Result<(), StoreError>),
    /// It leaves a duty undone.
    Skip(RequiredAction),
}

/// Every mutant.
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
    /// The scenario with the fault planted in it.
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

    fn skips(&self, duty: RequiredAction) -> bool {
        matches!(*self, Change::Skip(neglected) if neglected == duty)
    }
}
