//! Hooks for faults between the steps of a run: request, survey, plan, compute, commit. Mutation
//! tests inject a fault there to check that some scenario finds it. A production run has none.

use std::fmt::Debug;
use std::sync::Arc;

use super::EngineError;
use crate::domain::output::CellOutput;
use crate::plan::{Plan, Survey};
use crate::store::{Batch, Progress, ReadTransaction, StoreError, Writer};

/// Holds the injected fault of a run, if there is one; part of [`super::Settings`].
#[derive(Debug, Clone, Default)]
pub struct FaultHooks(Option<Arc<dyn InjectedFault>>);

/// An action that every run must take and that a fault can skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredAction {
    /// Take the forced cells out of the ledger.
    Force,
    /// Stop when the run is cancelled.
    Cancel,
    /// Close the run and release the lease.
    Close,
    /// Plan again when the sources change.
    Replan,
    /// Report a commit after it is made, not before.
    ReportAfterCommit,
    /// Refuse a plan that is not the requested one, or is too large.
    CheckLimits,
}

/// A fault injected into a run. The default of each method changes nothing.
pub trait InjectedFault: Debug + Send + Sync {
    /// Changes the survey before the plan is made from it.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn alter_survey(&self, _: &mut Survey, _: &ReadTransaction<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// Changes the plan before it is executed.
    fn alter_plan(&self, _: &mut Plan) {}

    /// Changes the outputs of a chunk before they are batched.
    fn alter_outputs(&self, _: &mut Vec<CellOutput>) {}

    /// Changes a batch and its counts before they are committed.
    fn alter_batch(&self, _: &mut Batch, _: &mut Progress) {}

    /// Acts on the database before a batch is committed.
    ///
    /// # Errors
    ///
    /// The store cannot be written; the run then ends with this error.
    fn before_commit(&self, _: &mut Writer, _: &Batch) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns whether the fault skips an action.
    fn skips(&self, _: RequiredAction) -> bool {
        false
    }
}

impl FaultHooks {
    /// Returns hooks that run `fault`.
    pub fn with_fault(fault: Arc<dyn InjectedFault>) -> Self {
        Self(Some(fault))
    }

    /// Returns the injected fault; `None` in a production run.
    pub(super) fn fault(&self) -> Option<&dyn InjectedFault> {
        self.0.as_deref()
    }

    pub(super) fn skips(&self, action: RequiredAction) -> bool {
        self.fault().is_some_and(|fault| fault.skips(action))
    }
}
