//! Draws the steps of a history.

use std::num::{NonZeroU64, NonZeroUsize};

use chrono::{NaiveTime, TimeDelta};

use super::world::{
    FREE_DAYS, Generator, HELD, INSTRUMENTS, SESSIONS, crash, day, evening, value_factor, word,
};
use crate::domain::calendar::Amendments;
use crate::domain::{Day, Phase, RiskModel};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::format::to_toml;
use crate::scenario::script::file_import::{
    DeleteActionSpec, DeletePricesSpec, ImportKindSpec, ImportSpec, VoidSpec,
};
use crate::scenario::script::spec::{
    ConfigurationSpec, CrashSpec, InvalidationSpec, RetrySpec, RunSpec, ScenarioSpec, StepSpec,
};
use crate::scenario::script::{Crash, Point, SignedDuration};
use crate::scenario::world::Span;
use crate::scenario::world::spec::AcceptedPricesSpec;
use crate::scenario::world::values::CellPhase;

/// Returns the history of a seed as the TOML of a scenario. It ends with a run of all portfolios.
pub fn generate_history(seed: u64) -> String {
    to_toml(&history(seed))
}

fn history(seed: u64) -> ScenarioSpec {
    let mut generator = Generator::new(seed);
    generator.push(run_of_all());
    for _ in 0..6 + generator.random.below(19) {
        generator.step();
    }
    generator.push(run_of_all());
    generator.spec
}

fn run_of_all() -> StepSpec {
    RunSpec::default().into()
}

fn single(session: Day) -> Lenient<Span> {
    Lenient(Span::from_day(session))
}

impl Generator {
    fn push(&mut self, step: StepSpec) {
        self.spec.script.step.push(step.into());
    }

    fn step(&mut self) {
        match self.dated.below(24) {
            0 => {
                let own = self.own_calendar();
                self.push(StepSpec {
                    own_calendar: Some(own.into()),
                    ..StepSpec::default()
                });
            }
            1 => {
                let text = self.dated_securities_file();
                self.push(restating_file(ImportKindSpec::Securities, text));
            }
            2 => {
                let text = self.own_calendar_file();
                self.push(restating_file(ImportKindSpec::Portfolios, text));
            }
            _ => {}
        }
        let step = match self.random.below(42) {
            // Only some steps are runs, so that several changes meet before one applies them.
            0..=6 => run_of_all(),
            7..=9 => self.run(),
            10..=12 => return self.night(),
            13..=16 => {
                let text = self.closes_file();
                self.file(ImportKindSpec::Prices, text, false)
            }
            18..=20 => {
                let text = self.transactions_file(false);
                self.file(ImportKindSpec::Transactions, text, false)
            }
            21 | 22 => {
                let text = self.transactions_file(true);
                self.file(ImportKindSpec::Transactions, text, true)
            }
            25 | 26 => {
                let text = self.actions_file();
                self.file(ImportKindSpec::Actions, text, false)
            }
            30 | 31 => {
                let text = self.securities_file();
                self.file(ImportKindSpec::Securities, text, false)
            }
            32 | 33 => {
                let text = self.portfolios_file();
                self.file(ImportKindSpec::Portfolios, text, false)
            }
            other => self.change(other),
        };
        self.push(step);
    }

    /// Returns the step of a number that is neither a run nor a file.
    fn change(&mut self, number: usize) -> StepSpec {
        let mut step = StepSpec::default();
        match number {
            17 => {
                let symbol = INSTRUMENTS[self.random.below(INSTRUMENTS.len())].symbol;
                step.delete_prices = Some(DeletePricesSpec {
                    symbol: symbol.to_owned(),
                    days: single(day(self.session())),
                    reason: None,
                });
            }
            23 | 24 => {
                step.void = Some(VoidSpec {
                    transactions: OneOrMany::one(self.known_transaction()),
                    reason: None,
                });
            }
            27 => step.delete_action = Some(self.delete_action()),
            28 | 29 => step.calendar = Some(self.calendar().into()),
            34 | 35 => step.configure = Some(self.configuration()),
            36 => {
                let (first, second) = (day(self.session()), day(self.session()));
                let decision = AcceptedPricesSpec {
                    from: first.min(second),
                    to: first.max(second),
                    reason: "drawn".to_owned(),
                    by: None,
                };
                step.accept_prices = Some(decision.into());
            }
            37 | 38 => self.lifecycle(&mut step),
            39 => step.invalidate = Some(self.invalidation()),
            40 => step.retry = Some(RetrySpec::default()),
            _ => {
                let hours = self.random.choose(&[-26, -3, 2, 14]).copied();
                let by = TimeDelta::hours(hours.unwrap_or_default());
                step.advance = Some(Lenient(SignedDuration(by)));
            }
        }
        step
    }

    /// Adds the next evening: its clock, its closes and a run.
    fn night(&mut self) {
        if self.today + 1 == SESSIONS.len() {
            return;
        }
        self.today += 1;
        self.push(StepSpec {
            clock: Some(Lenient(evening(self.today))),
            ..StepSpec::default()
        });
        let feed = self.feed(self.today);
        let feed = self.file(ImportKindSpec::Prices, feed, false);
        self.push(feed);
        self.push(run_of_all());
    }

    fn run(&mut self) -> StepSpec {
        let mut run = RunSpec::default();
        let crash_at = |point| Some(CrashSpec(Crash::new(point)));
        match self.random.below(7) {
            0 => run.portfolios = Some(OneOrMany::one(self.portfolio())),
            1 => run.force = Some(single(day(self.session()))),
            2 => run.limit = NonZeroU64::new(1 + self.random.below(6) as u64),
            3 => run.to = Some(day(self.session())),
            4 => run.crash = crash_at(Point::AfterPlanning),
            5 => run.crash = crash_at(Point::InsideCommit(1)),
            _ => run.crash = crash_at(Point::AfterCommit(1)),
        }
        run.into()
    }

    /// Refused unless a step before recorded it.
    fn delete_action(&mut self) -> DeleteActionSpec {
        let (symbol, session) = (self.one_of(&HELD), self.session());
        let kind = self.one_of(&[
            "split",
            "return-of-capital",
            "merger",
            "delisting",
            "symbol-change",
        ]);
        DeleteActionSpec {
            symbol: symbol.to_owned(),
            day: day(session),
            kind: word(kind),
            received: None,
            reason: None,
        }
    }

    fn calendar(&mut self) -> Amendments {
        let mut amendments = Amendments::default();
        match self.random.below(3) {
            0 => amendments.sessions.push(day(self.one_of(&FREE_DAYS))),
            1 => {
                let (today, close) = (day(SESSIONS[self.today]), NaiveTime::from_hms_opt(13, 0, 0));
                amendments
                    .half_days
                    .extend(close.map(|close| (today, close)));
            }
            // Today stays a session, so that there is always one to do.
            _ => {
                let closed = SESSIONS[self.random.below(self.today)];
                amendments.closed.push(day(closed));
            }
        }
        amendments
    }

    fn configuration(&mut self) -> ConfigurationSpec {
        let number = self.random.below(4) as u32;
        let mut spec = ConfigurationSpec::default();
        match self.random.below(9) {
            0 => {
                spec.risk = Some(RiskModel {
                    benchmark: Some("VAL".to_owned()),
                    ..RiskModel::default()
                });
            }
            1 => {
                spec.risk = Some(RiskModel {
                    benchmark: Some("IDX".to_owned()),
                    factors: vec![value_factor()],
                    ..RiskModel::default()
                });
            }
            2 => {
                spec.risk = Some(RiskModel {
                    shocks: vec![crash(-0.1)],
                    ..RiskModel::default()
                });
            }
            3 => spec.wait_sessions = Some(number as usize),
            4 => spec.dead_after = Some(1 + number as u16),
            5 => spec.unpriced_above = Some(f64::from(2 + 2 * number) / 10.0),
            6 => spec.least_share = Some(f64::from(5 + number) / 10.0),
            7 => spec.batch_cells = NonZeroUsize::new(1 + number as usize),
            _ => spec.quarantine_after = Some(1 + number),
        }
        spec
    }

    fn lifecycle(&mut self, step: &mut StepSpec) {
        let name = self.portfolio();
        match self.random.below(4) {
            0 => step.delete = Some(OneOrMany::one(name).into()),
            1 | 2 => step.restore = Some(OneOrMany::one(name).into()),
            _ => step.close = Some([(name.to_owned().into(), day(self.session()))].into()),
        }
    }

    fn invalidation(&mut self) -> InvalidationSpec {
        let (name, session) = (self.portfolio(), self.session());
        let phases = [None, Some(Phase::Risk), Some(Phase::Snapshot)];
        let phase = self.random.choose(&phases).copied().flatten();
        InvalidationSpec {
            portfolios: Some(OneOrMany::one(name).into()),
            days: single(day(session)),
            phases: phase.map(|phase| OneOrMany(vec![CellPhase(phase)])),
            reason: None,
        }
    }
}

/// Returns the step that imports a file, which may restate the books.
fn restating_file(kind: ImportKindSpec, text: String) -> StepSpec {
    StepSpec {
        import: Some(ImportSpec {
            allow_restatement: true,
            ..ImportSpec::new(kind, text)
        }),
        ..StepSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::script::{FixtureError, Scenario};

    #[test]
    fn generated_histories_parse_and_have_every_kind_of_change() {
        let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let mut keys = BTreeSet::new();
        for seed in 0..300 {
            let text = generate_history(seed);
            let read = Scenario::read("history", &text, &none);
            assert!(read.is_ok(), "{seed}: {:?}\n{text}", read.err());
            for step in &history(seed).script.step {
                let actions = step.get().present_actions().into_iter();
                keys.extend(actions.filter(|(_, present)| *present).map(|(key, _)| key));
            }
        }
        // Histories draw none of these: files make the same changes, and `plan` and `onboard` make none.
        let other_steps = ["plan", "onboard", "add", "prices", "transaction", "split"];
        for (name, _) in StepSpec::default().present_actions() {
            assert_ne!(keys.contains(name), other_steps.contains(&name), "{name}");
        }
        assert_eq!(generate_history(7), generate_history(7));
        assert_ne!(generate_history(7), generate_history(8));
    }
}
