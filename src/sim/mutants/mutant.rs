//! A mutant, and how it is injected into a run.

use std::sync::Arc;

use crate::engine::FaultHooks;
use crate::environment::{Environment, Process, ProcessTable};
use crate::scenario::mutants::Change as InEngine;
use crate::sim::RunUnderTest;
use crate::store::StoreFault;

/// A fault that is injected on purpose.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The name, as `--filter` matches it.
    pub name: &'static str,
    /// The fault in a few words.
    pub fault: &'static str,
    pub(super) change: InjectedChange,
}

/// The part of the program that a fault is in.
#[derive(Debug, Clone, Copy)]
pub(super) enum InjectedChange {
    /// The store writes or syncs wrongly.
    Store(StoreFault),
    /// The engine is changed in one of the ways that the mutants of scenarios use.
    Engine(InEngine),
    /// A process sees other processes wrongly.
    Process(ProcessView),
}

/// The way in which a faulty process sees other processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProcessView {
    /// No process is ever gone.
    NoneGone,
    /// Every other process is gone.
    OthersGone,
}

/// More processes than any simulation starts.
const MAX_PROCESSES: u32 = 256;

impl ProcessView {
    /// Returns the environment as such a process sees it.
    pub(super) fn apply(self, mut environment: Environment) -> Environment {
        match self {
            Self::NoneGone => environment.processes = ProcessTable::simulated(),
            Self::OthersGone => {
                // A process always sees itself as running.
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
    /// Returns the run with the fault injected.
    pub(super) fn inject_into(self, run: RunUnderTest) -> RunUnderTest {
        match self.change {
            InjectedChange::Store(fault) => run.with_store_fault(fault),
            InjectedChange::Process(view) => {
                run.with_environment_view(Arc::new(move |environment| view.apply(environment)))
            }
            InjectedChange::Engine(change) => {
                run.with_fault_hooks(FaultHooks::with_fault(Arc::new(change)))
            }
        }
    }
}
