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
pub struct Seams(Option<Arc<dyn Planted>>);

/// Something that a run must do, and that a fault can leave undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Take out of the ledger what is forced.
    Force,
    /// Stop when a person says so.
    Stop,
    /// Close the run and give the lease back.
    Close,
    /// Plan anew when the sources change.
    PlanAnew,
    /// Tell of a commit once it is made, and not before.
    TellAfterwards,
    /// Refuse a plan that is not the one that was meant, or is too large.
    Admit,
}

/// A fault that is planted in a run. What it does not speak of goes as it should.
pub trait Planted: Debug + Send + Sync {
    /// Changes what was surveyed.
    fn survey(&self, _: &mut Survey, _: &ReadTransaction<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    /// Changes what was planned.
    fn plan(&self, _: &mut Plan) {}

    /// Changes what was computed.
    fn outputs(&self, _: &mut Vec<CellOutput>) {}

    /// Changes what is committed, and what is counted.
    fn batch(&self, _: &mut Batch, _: &mut Progress) {}

    /// Does something of its own before a batch is committed.
    fn before_commit(&self, _: &mut Writer, _: &Batch) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether it leaves a duty undone.
    fn neglects(&self, _: Duty) -> bool {
        false
    }
}

impl Seams {
    /// The seams with a fault in them.
    pub fn with(planted: Arc<dyn Planted>) -> Self {
        Self(Some(planted))
    }

    /// The fault, if there is one.
    pub(super) fn planted(&self) -> Option<&dyn Planted> {
        self.0.as_deref()
    }

    pub(super) fn neglects(&self, duty: Duty) -> bool {
        self.planted().is_some_and(|planted| planted.neglects(duty))
    }
}
