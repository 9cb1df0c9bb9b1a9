//! Random states, disturbed in every way that leaves something in the database.

use plimsoll::domain::{Cell, Phase, PhaseSet, Scope};
use plimsoll::engine::invalidate;
use plimsoll::store::RunNumber;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::harness::{Harness, day, harness, nightly, range};
use crate::scrubbed::scrubbed_round_trip;
use crate::support::round_trip;
use crate::world::{SESSIONS, run_cases};

/// What happens to a state.
#[derive(Debug, Clone)]
enum Event {
    Run,
    Invalidate {
        portfolio: usize,
        from: usize,
        phase: Phase,
    },
    Fail {
        who: usize,
        on: usize,
        phase: Phase,
        times: u32,
    },
    Row {
        who: usize,
        on: &'static str,
    },
    CloseEarly {
        who: usize,
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
        (0..4_usize, 0..SESSIONS.len(), phase(), 1..5_u32).prop_map(|(who, on, phase, times)| {
            Event::Fail {
                who,
                on,
                phase,
                times,
            }
        }),
        (0..4_usize, select(days)).prop_map(|(who, on)| Event::Row { who, on }),
        (0..4_usize).prop_map(|who| Event::CloseEarly { who }),
    ]
}

impl Harness {
    fn apply(&self, names: &[String], event: &Event) {
        let of = |who: &usize| self.portfolio(&names[who % names.len()]);
        let now = self.environment.clock.now();
        let mut writer = self.store.writer().unwrap();
        match event {
            Event::Run => {
                drop(writer);
                self.run(&nightly());
            }
            Event::Invalidate {
                portfolio: who,
                from,
                phase,
            } => {
                let scope = Scope::from_ids([of(who).id]).unwrap();
                let phases = PhaseSet::from_phase(*phase);
                let days = range(SESSIONS[*from], "2026-01-08");
                let why = format!("\"{phase}\" looks wrong");
                let done = writer.write(|writing| {
                    invalidate(writing, &scope, phases, days, &why, &self.settings, now)
                });
                done.unwrap();
            }
            Event::Fail {
                who,
                on,
                phase,
                times,
            } => {
                let cell = Cell::new(day(SESSIONS[*on]), of(who).id);
                for _ in 0..*times {
                    let counted = writer.write(|writing| {
                        let run = RunNumber(1);
                        writing.record_failure(cell, *phase, "no luck", now, run)
                    });
                    counted.unwrap();
                }
            }
            Event::Row { who, on } => {
                let cell = Cell::new(day(on), of(who).id);
                writer
                    .write(|writing| writing.insert_placeholder_snapshot(cell))
                    .unwrap();
            }
            Event::CloseEarly { who } => {
                let portfolio = of(who);
                let closed = portfolio.lifecycle.inception();
                let life = portfolio.lifecycle.with_closing_day(Some(closed)).unwrap();
                drop(writer);
                self.change_lifecycle(&portfolio.name, life);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn capture_of_disturbed_state_round_trips(
        night in run_cases(),
        events in vec(event(), 0..6),
        shift in -700..700_i32,
    ) {
        let harness = harness(&night.world);
        for event in &events {
            harness.apply(&night.names, event);
        }
        round_trip(&harness);
        scrubbed_round_trip(&harness, shift);
    }
}
