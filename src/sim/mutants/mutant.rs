//! What a mutant is, and how it is planted in a run.

use std::sync::Arc;

use crate::engine::FaultHooks;
use crate::environment::{Environment, Process, ProcessTable};
use crate::scenario::mutants::Change as InEngine;
use crate::sim::RunUnderTest;
use crate::store::StoreFault;

/// A fault that is planted on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it, in a few words.
    pub fault: &'static str,
    pub(super) change: InjectedChange,
}

/// Where a mutant does otherwise than it should.
#[derive(Debug, Clone, Copy)]
pub(super) enum InjectedChange {
    /// In the store.
    Store(StoreFault),
    /// In the engine, as scenarios hunt it too.
    Engine(InEngine),
    /// In what a process sees of the others.
    Process(ProcessView),
}

/// What a process that is wrong sees of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessView {
    /// Nobody is ever gone.
    NoneGone,
    /// Everybody else is gone.
    OthersGone,
}

/// More processes than a simulation ever has.
const MAX_PROCESSES: u32 = 256;

impl ProcessView {
    /// The environment as such a process sees it.
    pub(super) fn apply(self, mut environment: Environment) -> Environment {
        match self {
            Self::NoneGone => environment.processes = ProcessTable::simulated(),
            Self::OthersGone => {
                let own = environment.process.start_ticks;
                for number in (1..MAX_PROCESSES).filter(|number| u64::from(*number) != own) {
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
    pub(super) fn inject_into(self, subject: RunUnderTest) -> RunUnderTest {
        match self.change {
            InjectedChange::Store(slip) => subject.with_store_fault(slip),
            InjectedChange::Process(sight) => {
                subject.with_environment_view(Arc::new(move |environment| sight.apply(environment)))
            }
            InjectedChange::Engine(change) => {
                subject.with_fault_hooks(FaultHooks::with_fault(Arc::new(change)))
            }
        }
    }
}
