//! Round trips of random states after random events.

use plimsoll::domain::{Cell, CellSelection, Phase, PhaseSet, Scope};
use plimsoll::invalidation::invalidate;
use plimsoll::store::RunNumber;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::harness::{Harness, day, harness, nightly, range};
use crate::scrubbed::scrubbed_round_trip;
use crate::support::round_trip;
use crate::world::{SESSIONS, run_cases};

/// An event that changes a state.
#[derive(Debug, Clone)]
enum Event {
    Run,
    Invalidate {
        portfolio: usize,
        from: usize,
        phase: Phase,
    },
    Fail {
        portfolio: usize,
        session: usize,
        phase: Phase,
        times: u32,
    },
    Row {
        portfolio: usize,
        day: &'static str,
    },
    CloseEarly {
        portfolio: usize,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let phase = || select(&Phase::CELL_PHASES[..]);
    let days = &[
        "2025-11-03",
        "2025-12-30",
        "2026-01-03",
        "2026-01-06",
        "2026-01-08",
    ][..];
    prop_oneof![
        Just(Event::Run),
        (0..4_usize, 0..SESSIONS.len(), phase()).prop_map(|(portfolio, from, phase)| {
            Event::Invalidate {
                portfolio,
                from,
                phase,
            }
        }),
        (0..4_usize, 0..SESSIONS.len(), phase(), 1..5_u32).prop_map(
            |(portfolio, session, phase, times)| {
                Event::Fail {
                    portfolio,
                    session,
                    phase,
                    times,
                }
            }
        ),
        (0..4_usize, select(days)).prop_map(|(portfolio, day)| Event::Row { portfolio, day }),
        (0..4_usize).prop_map(|portfolio| Event::CloseEarly { portfolio }),
    ]
}

impl Harness {
    fn apply(&self, names: &[String], event: &Event) {
        let nth = |index: &usize| self.portfolio(&names[index % names.len()]);
        let now = self.environment.clock.now();
        let mut writer = self.store.writer().unwrap();
        match event {
            Event::Run => {
                drop(writer);
                self.run(&nightly());
            }
            Event::Invalidate {
                portfolio,
                from,
                phase,
            } => {
                let selection = CellSelection {
                    scope: &Scope::from_ids([nth(portfolio).id]).unwrap(),
                    phases: PhaseSet::from_phase(*phase),
                    range: range(SESSIONS[*from], "2026-01-08"),
                };
                let reason = format!("\"{phase}\" looks wrong");
                let done = writer.write(|writing| {
                    invalidate(writing, &self.settings.calendar, &selection, &reason, now)
                });
                done.unwrap();
            }
            Event::Fail {
                portfolio,
                session,
                phase,
                times,
            } => {
                let cell = Cell::new(day(SESSIONS[*session]), nth(portfolio).id);
                for _ in 0..*times {
                    let counted = writer.write(|writing| {
                        let run = RunNumber(1);
                        writing.failures().record(cell, *phase, "no luck", now, run)
                    });
                    counted.unwrap();
                }
            }
            Event::Row { portfolio, day: on } => {
                let cell = Cell::new(day(on), nth(portfolio).id);
                writer
                    .write(|writing| writing.outputs().insert_placeholder_snapshot(cell))
                    .unwrap();
            }
            Event::CloseEarly { portfolio } => {
                let portfolio = nth(portfolio);
                let closed = portfolio.lifecycle.inception();
                let lifecycle = portfolio.lifecycle.with_closing_day(Some(closed)).unwrap();
                drop(writer);
                self.change_lifecycle(&portfolio.name, lifecycle);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn capture_of_disturbed_state_round_trips(
        run_case in run_cases(),
        events in vec(event(), 0..6),
        shift in -700..700_i32,
    ) {
        let harness = harness(&run_case.world);
        for event in &events {
            harness.apply(&run_case.names, event);
        }
        round_trip(&harness);
        scrubbed_round_trip(&harness, shift);
    }
}
