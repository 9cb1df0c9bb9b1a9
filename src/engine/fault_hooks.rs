//! The seams of a run: between asking, surveying, planning, computing and committing. A fault can
//! be planted there, to see whether anything finds it. A run for real has none.

use std::fmt::Debug;
use std::sync::Arc;

use super::EngineError;
use crate::domain::output::CellOutput;
use crate::plan::{Plan, Survey};
use crate::store::{Batch, Progress, ReadTransaction, StoreError, Writer};

/// Where a fault can be planted; one of the engine's settings.
#[derive(Debug, Clone, Default)]
pub struct FaultHooks(Option<Arc<dyn InjectedFault>>);

/// Something that a run must do, and that a fault can leave undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredAction {
    /// Take out of the ledger what is forced.
    Force,
    /// Stop when a person says so.
    Cancel,
    /// Close the run and give the lease back.
    Close,
    /// Plan anew when the sources change.
    Replan,
    /// Tell of a commit once it is made, and not before.
    ReportAfterCommit,
    /// Refuse a plan that is not the one that was meant, or is too large.
    CheckLimits,
}

/// A fault that is planted in a run. What it does not speak of goes as it should.
pub trait InjectedFault: Debug + Send + Sync {
    /// Changes what was surveyed.
    fn alter_survey(&self, _: &mut Survey, _: &ReadTransaction<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// Changes what was planned.
    fn alter_plan(&self, _: &mut Plan) {}

    /// Changes what was computed.
    fn alter_outputs(&self, _: &mut Vec<CellOutput>) {}

    /// Changes what is committed, and what is counted.
    fn alter_batch(&self, _: &mut Batch, _: &mut Progress) {}

    /// Does something of its own before a batch is committed.
    fn before_commit(&self, _: &mut Writer, _: &Batch) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether it leaves a duty undone.
    fn skips(&self, _: RequiredAction) -> bool {
        false
    }
}

impl FaultHooks {
    /// The seams with a fault in them.
    pub fn with_fault(planted: Arc<dyn InjectedFault>) -> Self {
        Self(Some(planted))
    }

    /// The fault, if there is one.
    pub(super) fn fault(&self) -> Option<&dyn InjectedFault> {
        self.0.as_deref()
    }

    pub(super) fn skips(&self, duty: RequiredAction) -> bool {
        self.fault().is_some_and(|planted| planted.skips(duty))
    }
}
