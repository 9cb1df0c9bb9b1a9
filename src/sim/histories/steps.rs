//! Draws the steps of a history.

use std::fmt::Write;

use super::world::{FREE_DAYS, Generator, HELD, INSTRUMENTS, SESSIONS, evening};

/// Returns the history of a seed as the TOML of a scenario. It ends with a run of all portfolios.
pub fn generate_history(seed: u64) -> String {
    let mut generator = Generator::new(seed);
    generator.push("run = {}");
    for _ in 0..6 + generator.random.below(19) {
        generator.step();
    }
    generator.push("run = {}");
    generator.text
}

impl Generator {
    fn push(&mut self, step: &str) {
        let _ = write!(self.text, "\n[[step]]\n{step}\n");
    }

    fn step(&mut self) {
        let step = match self.random.below(42) {
            // Only some steps are runs, so that several changes meet before one applies them.
            0..=6 => "run = {}".to_owned(),
            7..=9 => self.run(),
            10..=12 => return self.night(),
            13..=16 => {
                let text = self.closes_file();
                self.file("prices", &text, false)
            }
            17 => {
                let symbol = INSTRUMENTS[self.random.below(INSTRUMENTS.len())].symbol;
                let day = self.session();
                format!("delete-prices = {{ symbol = \"{symbol}\", days = {day} }}")
            }
            18..=20 => {
                let text = self.transactions_file(false);
                self.file("transactions", &text, false)
            }
            21 | 22 => {
                let text = self.transactions_file(true);
                self.file("transactions", &text, true)
            }
            23 | 24 => format!(
                "void = {{ transactions = \"{}\" }}",
                self.known_transaction()
            ),
            25 | 26 => {
                let text = self.actions_file();
                self.file("actions", &text, false)
            }
            27 => self.delete_action(),
            28 | 29 => self.calendar(),
            30 | 31 => {
                let text = self.securities_file();
                self.file("securities", &text, false)
            }
            32 | 33 => {
                let text = self.portfolios_file();
                self.file("portfolios", &text, false)
            }
            34 | 35 => self.configuration(),
            36 => {
                let (first, second) = (self.session(), self.session());
                let (from, to) = (first.min(second), first.max(second));
                format!("accept-prices = {{ from = {from}, to = {to}, reason = \"drawn\" }}")
            }
            37 | 38 => self.lifecycle(),
            39 => self.invalidation(),
            40 => "retry = {}".to_owned(),
            _ => {
                let hours = self.one_of(&["-26h", "-3h", "2h", "14h"]);
                format!("advance = \"{hours}\"")
            }
        };
        self.push(&step);
    }

    /// Adds the next evening: its clock, its closes and a run.
    fn night(&mut self) {
        if self.today + 1 == SESSIONS.len() {
            return;
        }
        self.today += 1;
        let clock = format!("clock = {}", evening(self.today));
        self.push(&clock);
        let feed = self.feed(self.today);
        let feed = self.file("prices", &feed, false);
        self.push(&feed);
        self.push("run = {}");
    }

    fn run(&mut self) -> String {
        let keys = match self.random.below(7) {
            0 => format!("portfolios = \"{}\"", self.portfolio()),
            1 => format!("force = {}", self.session()),
            2 => format!("limit = {}", 1 + self.random.below(6)),
            3 => format!("to = {}", self.session()),
            4 => "crash = \"after planning\"".to_owned(),
            5 => "crash = \"inside commit 1\"".to_owned(),
            _ => "crash = \"after commit 1\"".to_owned(),
        };
        format!("run = {{ {keys} }}")
    }

    /// Refused unless a step before recorded it.
    fn delete_action(&mut self) -> String {
        let (symbol, day) = (self.one_of(&HELD), self.session());
        let kind = self.one_of(&[
            "split",
            "return-of-capital",
            "merger",
            "delisting",
            "symbol-change",
        ]);
        format!("delete-action = {{ symbol = \"{symbol}\", day = {day}, kind = \"{kind}\" }}")
    }

    fn calendar(&mut self) -> String {
        match self.random.below(3) {
            0 => format!("calendar = {{ sessions = [{}] }}", self.one_of(&FREE_DAYS)),
            1 => format!(
                "calendar = {{ half-days = {{ {} = \"13:00\" }} }}",
                SESSIONS[self.today]
            ),
            // Today stays a session, so that there is always one to do.
            _ => {
                let day = SESSIONS[self.random.below(self.today)];
                format!("calendar = {{ closed = [{day}] }}")
            }
        }
    }

    fn configuration(&mut self) -> String {
        let number = self.random.below(4);
        let keys = match self.random.below(9) {
            0 => "risk = { benchmark = \"VAL\" }".to_owned(),
            1 => {
                "risk = { benchmark = \"IDX\", factor = [{ name = \"Value\", symbol = \"VAL\" }] }"
                    .to_owned()
            }
            2 => "risk = { shock = [{ name = \"Crash\", market = -0.1 }] }".to_owned(),
            3 => format!("wait-sessions = {number}"),
            4 => format!("dead-after = {}", 1 + number),
            5 => format!("unpriced-above = 0.{}", 2 + 2 * number),
            6 => format!("least-share = 0.{}", 5 + number),
            7 => format!("batch-cells = {}", 1 + number),
            _ => format!("quarantine-after = {}", 1 + number),
        };
        format!("configure = {{ {keys} }}")
    }

    fn lifecycle(&mut self) -> String {
        let name = self.portfolio();
        match self.random.below(4) {
            0 => format!("delete = \"{name}\""),
            1 | 2 => format!("restore = \"{name}\""),
            _ => format!("close = {{ {name} = {} }}", self.session()),
        }
    }

    fn invalidation(&mut self) -> String {
        let (name, day) = (self.portfolio(), self.session());
        let phases = self.one_of(&["", ", phases = \"risk\"", ", phases = \"snapshot\""]);
        format!("invalidate = {{ portfolios = \"{name}\", days = {day}{phases} }}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::script::spec::StepSpec;
    use crate::scenario::script::{FixtureError, Scenario};

    #[test]
    fn generated_histories_parse_and_have_every_kind_of_change() {
        let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let mut keys = BTreeSet::new();
        for seed in 0..300 {
            let text = generate_history(seed);
            let read = Scenario::read("history", &text, &none);
            assert!(read.is_ok(), "{seed}: {:?}\n{text}", read.err());
            let steps = text.lines().filter_map(|line| line.split_once(" = "));
            keys.extend(steps.map(|(key, _)| key.to_owned()));
        }
        // Histories draw none of these: files make the same changes, `plan` and `onboard` make none,
        // and no file of theirs names a calendar that is not built in.
        let other_steps = [
            "plan",
            "onboard",
            "add",
            "prices",
            "transaction",
            "split",
            "own-calendar",
        ];
        for (name, _) in StepSpec::default().present_actions() {
            let drawn = keys.contains(name) || other_steps.contains(&name);
            assert!(drawn, "{name}");
        }
        assert_eq!(generate_history(7), generate_history(7));
        assert_ne!(generate_history(7), generate_history(8));
    }
}
