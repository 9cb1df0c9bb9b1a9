//! Generates a scenario from a seed: a small world, and the steps on it.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use chrono::TimeDelta;

use crate::domain::{Day, Money, Phase, Price, TransactionKind};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::format::to_toml;
use crate::scenario::script::spec::{
    ConfigurationSpec, CrashSpec, FaultSpec, InvalidationSpec, RetrySpec, RunSpec, ScenarioSpec,
    ScriptSpec, StepSpec,
};
use crate::scenario::script::{Crash, Point, Power, SignedDuration};
use crate::scenario::world::Span;
use crate::scenario::world::spec::{
    MarketSpec, PortfolioSpec, PortfolioSpecs, TransactionSpec, WorldSpec,
};
use crate::scenario::world::values::CellPhase;
use crate::sim::random::RandomSource;

/// Evenings on which scenarios start: an ordinary one, after a holiday, before and after the
/// clocks change, a half-day, and the first session of a year.
const START_EVENINGS: [(&str, &str); 6] = [
    ("2026-01-08", "-05:00"),
    ("2026-01-20", "-05:00"),
    ("2026-03-06", "-05:00"),
    ("2026-03-10", "-04:00"),
    ("2025-11-28", "-05:00"),
    ("2026-01-02", "-05:00"),
];

/// Symbols that every made-up market has.
const SYMBOLS: [&str; 3] = ["MKT", "F-VALUE", "F-SIZE"];
const NAMES: [&str; 4] = ["A", "B", "C", "D"];

/// Returns the scenario of a seed as TOML. It always ends with a run of all portfolios.
pub fn generate_scenario(seed: u64) -> String {
    let mut generator = Generator::new(seed);
    let mut spec = generator.scenario();
    for _ in 0..2 + generator.random.below(6) {
        spec.script.step.push(generator.step().into());
        let more = generator.rare_steps.chance(25);
        let rare = more.then(|| generator.rare_step().into());
        spec.script.step.extend(rare);
        let plan = generator.plans.chance(10);
        let plan = plan.then(|| generator.plan_step().into());
        spec.script.step.extend(plan);
    }
    spec.script
        .step
        .push(StepSpec::from(RunSpec::default()).into());
    to_toml(&spec)
}

struct Generator {
    random: RandomSource,
    evening: Day,
    offset: &'static str,
    portfolios: usize,
    added: usize,
    /// Draws the steps that were added later, so that the other steps of a seed stay as they were.
    rare_steps: RandomSource,
    own_calendars: RandomSource,
    /// Draws the steps that only plan, for the same reason.
    plans: RandomSource,
    /// The last day with closes, if the price feed stops.
    feed_stop: Option<Day>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        // The purpose is hashed: another word would change every pinned seed.
        let mut random = RandomSource::new(seed, "tale");
        let (evening, offset) = START_EVENINGS[random.below(START_EVENINGS.len())];
        let evening: Day = evening.parse().expect("the evenings are days");
        // A source of its own, so that the scenarios of other seeds stay as they were.
        let mut feed = RandomSource::new(seed, "feed");
        let feed_stop = feed.chance(15).then(|| -(feed.below(6) as i32));
        Self {
            evening,
            feed_stop: feed_stop.map(|days| evening.saturating_add(days)),
            offset,
            portfolios: 1 + random.below(3),
            added: 0,
            random,
            rare_steps: RandomSource::new(seed, "rare steps"),
            own_calendars: RandomSource::new(seed, "own calendars"),
            plans: RandomSource::new(seed, "plans"),
        }
    }

    /// Returns a day at most `most` days before the evening.
    fn day(&mut self, most: usize) -> Day {
        let back = self.random.below(most + 1) as i32;
        self.evening.saturating_add(-back)
    }

    fn days(&mut self, most: usize) -> Span {
        let (first, second) = (self.day(most), self.day(most));
        Span::new(Some(first.min(second)), Some(first.max(second)))
    }

    fn portfolio_name(&mut self) -> &'static str {
        NAMES[self.random.below(self.portfolios)]
    }

    /// Returns a number from 1 to `most`.
    fn number(&mut self, most: usize) -> u32 {
        1 + self.random.below(most) as u32
    }

    fn scenario(&mut self) -> ScenarioSpec {
        let now = format!("{}T18:00:00{}", self.evening, self.offset);
        let world = WorldSpec {
            now: Some(Lenient(now.parse().expect("the evenings are instants"))),
            seed: Some(self.random.below(1_000) as u64),
            market: MarketSpec {
                shares: Some(1 + self.random.below(4)),
                from: Some(self.evening.saturating_add(-30)),
                last: self.feed_stop,
                ..MarketSpec::default()
            },
            portfolios: PortfolioSpecs(
                (NAMES[..self.portfolios].iter())
                    .map(|name| ((*name).to_owned().into(), self.portfolio()))
                    .collect(),
            ),
            ..WorldSpec::default()
        };
        let script = ScriptSpec {
            fault: self.fault().into_iter().collect(),
            ..ScriptSpec::default()
        };
        ScenarioSpec {
            world,
            script,
            ..ScenarioSpec::default()
        }
    }

    fn portfolio(&mut self) -> PortfolioSpec {
        let inception = self.day(7);
        // A world can have no done cell after its last close.
        let last_close = self.feed_stop.unwrap_or(Day::MAX);
        let complete = match self.random.below(4) {
            0 => None,
            1 => (last_close >= inception.saturating_add(3)).then_some(Span::EVERY_DAY),
            _ => {
                let until = self.day(5).min(last_close);
                // A shorter span may hold no session on a long weekend, which is an error.
                (until >= inception.saturating_add(3)).then(|| Span::new(None, Some(until)))
            }
        };
        PortfolioSpec {
            inception: Some(inception),
            complete: complete.map(OneOrMany::one),
            ..PortfolioSpec::default()
        }
    }

    fn fault(&mut self) -> Option<FaultSpec> {
        if !self.random.chance(40) {
            return None;
        }
        let phase = Phase::CELL_PHASES[self.random.below(Phase::CELL_PHASES.len())];
        let times = Some(self.number(4));
        Some(FaultSpec {
            phase: Lenient(CellPhase(phase)),
            portfolios: OneOrMany::one(self.portfolio_name()).into(),
            days: Some(OneOrMany::one(self.days(3))),
            times,
        })
    }

    fn step(&mut self) -> StepSpec {
        let mut step = StepSpec::default();
        match self.random.below(20) {
            // Runs are the most frequent step: they are what is tested.
            0..=5 => step.run = Some(self.run()),
            6 => step.delete = Some(OneOrMany::one(self.portfolio_name()).into()),
            7 => step.restore = Some(OneOrMany::one(self.portfolio_name()).into()),
            8 => self.add(&mut step),
            9 => step.onboard = Some(self.portfolio_name().to_owned().into()),
            10 => {
                let (symbol, day) = (SYMBOLS[self.random.below(SYMBOLS.len())], self.day(6));
                let wholes = 50 + self.random.below(100) as i64;
                let close = Price::from_units(wholes * Price::SCALE + Price::SCALE / 4);
                let closes = BTreeMap::from([(day, Lenient(close))]);
                step.prices = Some([(symbol.to_owned().into(), closes)].into());
            }
            11 | 12 => step.transaction = Some(self.deposit()),
            13 => {
                step.invalidate = Some(InvalidationSpec {
                    portfolios: Some(OneOrMany::one(self.portfolio_name()).into()),
                    days: Lenient(self.days(5)),
                    phases: None,
                    reason: Some("drawn".to_owned()),
                });
            }
            14 => step.retry = Some(RetrySpec::default()),
            15 => {
                let name = self.portfolio_name().to_owned();
                step.close = Some([(name.into(), self.day(3))].into());
            }
            16 => step.advance = Some(hours(-i64::from(self.number(3)))),
            17 => {
                step.configure = Some(ConfigurationSpec {
                    quarantine_after: Some(self.number(3)),
                    ..ConfigurationSpec::default()
                });
            }
            _ => step.advance = Some(hours(i64::from(self.number(60)))),
        }
        step
    }

    fn deposit(&mut self) -> TransactionSpec {
        let (name, day) = (self.portfolio_name(), self.day(5));
        let amount = Money::whole(100 + self.random.below(900) as i32);
        TransactionSpec {
            amount: Some(Lenient(amount)),
            ..TransactionSpec::new(name, day, TransactionKind::Deposit)
        }
    }

    /// Adds a portfolio, or a run if all names are used.
    fn add(&mut self, step: &mut StepSpec) {
        let free = NAMES.len() - self.portfolios;
        if free == 0 || self.added >= free {
            step.run = Some(self.run());
            return;
        }
        let name = NAMES[self.portfolios + self.added];
        self.added += 1;
        let spec = PortfolioSpec {
            inception: Some(self.day(4)),
            ..PortfolioSpec::default()
        };
        step.add = Some(PortfolioSpecs(vec![(name.to_owned().into(), spec)]));
    }

    fn run(&mut self) -> RunSpec {
        let mut run = RunSpec::default();
        if self.random.chance(25) {
            run.portfolios = Some(OneOrMany::one(self.portfolio_name()));
        }
        match self.random.below(8) {
            0 => run.force = Some(Lenient(self.days(4))),
            1 => run.limit = NonZeroU64::new(u64::from(self.number(4))),
            _ => {}
        }
        if self.random.chance(35) {
            let number = i64::from(self.number(4));
            let mut crash = Crash::new(match self.random.below(4) {
                0 => Point::AfterPlanning,
                1 => Point::BeforeClosing,
                2 => Point::InsideCommit(number),
                _ => Point::AfterCommit(number),
            });
            if self.random.chance(40) {
                crash.power = Power::Cut;
            }
            run.crash = Some(CrashSpec(crash));
        }
        run
    }
}

fn hours(hours: i64) -> Lenient<SignedDuration> {
    Lenient(SignedDuration(TimeDelta::hours(hours)))
}

mod rare_steps;
#[cfg(test)]
mod tests;
