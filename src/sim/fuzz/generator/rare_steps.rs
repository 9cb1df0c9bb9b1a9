//! Draws the kinds of steps that were added later, from sources of their own, so that the other
//! steps of a seed stay as they were.

use std::num::NonZeroU64;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::{Generator, NAMES, SYMBOLS};
use crate::domain::calendar::{Amendments, Definition};
use crate::domain::{ActionName, Day, SplitKind};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::script::file_import::{
    DeleteActionSpec, DeletePricesSpec, ImportKindSpec, ImportSpec, VoidSpec,
};
use crate::scenario::script::spec::{PlanSpec, StepSpec};
use crate::scenario::world::Span;
use crate::scenario::world::spec::{AcceptedPricesSpec, SplitSpec};

/// Symbols that every made-up market has and that may be held or risk factors.
const SPLIT_SYMBOLS: [&str; 2] = ["MKT", "QLNT"];

impl Generator {
    /// Returns a step that only plans. The portfolio may not exist.
    pub(super) fn plan_step(&mut self) -> StepSpec {
        let random = &mut self.plans;
        let mut plan = PlanSpec::default();
        match random.below(4) {
            0 => plan.portfolios = Some(OneOrMany::one(NAMES[random.below(NAMES.len())])),
            1 => plan.force = Some(Lenient(Span::new(Some(self.evening), Some(self.evening)))),
            2 => plan.limit = NonZeroU64::new(1 + random.below(3) as u64),
            _ => {}
        }
        StepSpec {
            plan: Some(plan),
            ..StepSpec::default()
        }
    }

    /// Returns a step of a kind that [`Generator::step`] does not draw.
    pub(super) fn rare_step(&mut self) -> StepSpec {
        let random = &mut self.rare_steps;
        let day = self.evening.saturating_add(-(random.below(6) as i32));
        let mut step = StepSpec::default();
        match random.below(8) {
            0 => {
                step.split = Some(SplitSpec {
                    symbol: SPLIT_SYMBOLS[random.below(SPLIT_SYMBOLS.len())].to_owned(),
                    // A split needs a session, which an evening always is.
                    day: self.evening,
                    new: 1 + random.below(4) as u32,
                    old: 1 + random.below(3) as u32,
                });
            }
            1 => {
                let decision = AcceptedPricesSpec {
                    from: day,
                    to: self.evening,
                    reason: "drawn".to_owned(),
                    by: None,
                };
                step.accept_prices = Some(decision.into());
            }
            2 => step.import = Some(self.import(day)),
            3 => {
                let to = self.evening.saturating_add(random.below(4) as i32 - 1);
                let to = format!("{to}T18:00:00{}", self.offset);
                step.clock = Some(Lenient(to.parse().expect("the evenings are instants")));
            }
            // Refused unless a step before recorded it.
            4 => {
                step.void = Some(VoidSpec {
                    transactions: OneOrMany::one(format!("step/{:04}", 1 + random.below(2))),
                    reason: None,
                });
            }
            5 => {
                step.delete_prices = Some(DeletePricesSpec {
                    symbol: SYMBOLS[random.below(SYMBOLS.len())].to_owned(),
                    days: Lenient(Span::new(Some(day), Some(day))),
                    reason: None,
                });
            }
            // Refused unless a step before recorded it.
            6 => {
                step.delete_action = Some(DeleteActionSpec {
                    symbol: SPLIT_SYMBOLS[random.below(SPLIT_SYMBOLS.len())].to_owned(),
                    day: self.evening,
                    kind: Lenient(ActionName::Split(SplitKind::Split)),
                    received: None,
                    reason: None,
                });
            }
            // The worlds name no calendar of their own, so that it changes no cell.
            7 if self.own_calendars.chance(30) => {
                let own = Definition::of_weekdays("lima", Tz::America__Lima, 2025..=2027, day);
                step.own_calendar = Some(own.into());
            }
            _ => {
                let mut amendments = Amendments::default();
                match random.below(3) {
                    0 => amendments.sessions.push(day),
                    // The evening is always a session, and stays one.
                    1 => {
                        let close = NaiveTime::from_hms_opt(13, 0, 0);
                        amendments
                            .half_days
                            .extend(close.map(|close| (self.evening, close)));
                    }
                    _ => amendments.closed.push(day.min(self.evening.previous())),
                }
                step.calendar = Some(amendments.into());
            }
        }
        step
    }

    /// Returns a file of one row. Some are refused, such as a close on a day without a session.
    fn import(&mut self, day: Day) -> ImportSpec {
        let random = &mut self.rare_steps;
        let (amount, number) = (50 + random.below(100), random.below(1_000));
        let (kind, text) = match random.below(3) {
            0 => (
                ImportKindSpec::Prices,
                format!("symbol,date,close\nMKT,{day},{amount}.5\n"),
            ),
            1 => (
                ImportKindSpec::Transactions,
                format!(
                    "id,portfolio,date,kind,amount\nf{number},{},{day},deposit,{amount}\n",
                    NAMES[random.below(self.portfolios)]
                ),
            ),
            _ => (
                ImportKindSpec::Actions,
                format!("symbol,date,new,old\nMKT,{},2,1\n", self.evening),
            ),
        };
        ImportSpec {
            allow_restatement: random.chance(50),
            all_or_nothing: random.chance(20),
            strict: random.chance(20),
            correct: random.chance(20),
            ..ImportSpec::new(kind, text)
        }
    }
}
