//! What a mutant is, and how it is planted in a run.

use std::sync::Arc;

use crate::domain::output::CellOutput;
use crate::engine::{Duty, Planted, Seams};
use crate::environment::{Environment, Process, Processes};
use crate::sim::Subject;
use crate::store::{Batch, Progress, Slip, StoreError, Writer};

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
pub(super) enum Change {
    /// In the store.
    Store(Slip),
    /// It leaves a duty of the engine undone.
    Neglect(Duty),
    /// In what is computed.
    Outputs(fn(&mut Vec<CellOutput>)),
    /// In what is committed and counted.
    Batch(fn(&mut Batch, &mut Progress)),
    /// Before a batch is committed.
    BeforeCommit(fn(&mut Writer, &Batch) -> Result<(), StoreError>),
    /// In what a process sees of the others.
    Process(Sight),
}

/// What a process that is wrong sees of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nobody is ever gone.
    NobodyGone,
    /// Everybody else is gone.
    EverybodyGone,
}

/// More processes than a simulation ever has.
const MOST_PROCESSES: u32 = 256;

impl Sight {
    /// The environment as such a process sees it.
    pub(super) fn of(self, mut environment: Environment) -> Environment {
        match self {
            Self::NobodyGone => environment.processes = Processes::simulated(),
            Self::EverybodyGone => {
                let own = environment.process.started;
                for number in (1..MOST_PROCESSES).filter(|number| u64::from(*number) != own) {
                    environment.processes.end(&Process {
                        pid: number,
                        started: u64::from(number),
                        ..environment.process.clone()
                    });
                }
            }
        }
        environment
    }
}

impl Mutant {
    /// The run with the fault planted in it.
    pub(super) fn planted_in(self, subject: Subject) -> Subject {
        match self.change {
            Change::Store(slip) => subject.slipping(slip),
            Change::Process(sight) => {
                subject.seeing(Arc::new(move |environment| sight.of(environment)))
            }
            _ => subject.with(Seams::with(Arc::new(self))),
        }
    }
}

impl Planted for Mutant {
    fn outputs(&self, outputs: &mut Vec<CellOutput>) {
        if let Change::Outputs(change) = self.change {
            change(outputs);
        }
    }

    fn batch(&self, batch: &mut Batch, progress: &mut Progress) {
        if let Change::Batch(change) = self.change {
            change(batch, progress);
        }
    }

    fn before_commit(&self, writer: &mut Writer, batch: &Batch) -> Result<(), StoreError> {
        match self.change {
            Change::BeforeCommit(change) => change(writer, batch),
            _ => Ok(()),
        }
    }

    fn neglects(&self, duty: Duty) -> bool {
        matches!(self.change, Change::Neglect(neglected) if neglected == duty)
    }
}
