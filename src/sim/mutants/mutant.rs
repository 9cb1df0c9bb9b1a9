//! What a mutant is, and how it is planted in a run.

use std::sync::Arc;

use crate::engine::FaultHooks;
use crate::environment::{Environment, Process, ProcessTable};
use crate::scenario::mutants::Change as InEngine;
use crate::sim::Subject;
use crate::store::StoreFault;

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
    Store(StoreFault),
    /// In the engine, as scenarios hunt it too.
    Engine(InEngine),
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
            Self::NobodyGone => environment.processes = ProcessTable::simulated(),
            Self::EverybodyGone => {
                let own = environment.process.start_ticks;
                for number in (1..MOST_PROCESSES).filter(|number| u64::from(*number) != own) {
                    environment.processes.mark_gone(&Process {
                        pid: number,
                        start_ticks: u64::from(number),
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
            Change::Engine(change) => subject.with(FaultHooks::with_fault(Arc::new(change))),
        }
    }
}
