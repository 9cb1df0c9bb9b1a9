//! Generates a scenario from a seed: a small world, and the steps on it.

use crate::domain::Day;
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
    let mut text = generator.world();
    for _ in 0..2 + generator.random.below(6) {
        text += "\n[[step]]\n";
        text += &generator.step();
        text += "\n";
    }
    text + "\n[[step]]\nrun = {}\n"
}

struct Generator {
    random: RandomSource,
    evening: Day,
    offset: &'static str,
    portfolios: usize,
    added: usize,
}

impl Generator {
    fn new(seed: u64) -> Self {
        // The purpose is hashed: another word would change every pinned seed.
        let mut random = RandomSource::new(seed, "tale");
        let (evening, offset) = START_EVENINGS[random.below(START_EVENINGS.len())];
        Self {
            evening: evening.parse().expect("the evenings are days"),
            offset,
            portfolios: 1 + random.below(3),
            added: 0,
            random,
        }
    }

    /// Returns a day at most `most` days before the evening.
    fn day(&mut self, most: usize) -> Day {
        let back = self.random.below(most + 1) as i32;
        self.evening.saturating_add(-back)
    }

    fn days(&mut self, most: usize) -> String {
        let (first, second) = (self.day(most), self.day(most));
        format!("{}..{}", first.min(second), first.max(second))
    }

    fn portfolio_name(&mut self) -> &'static str {
        NAMES[self.random.below(self.portfolios)]
    }

    fn world(&mut self) -> String {
        let from = self.evening.saturating_add(-30);
        let mut text = format!(
            "now = {}T18:00:00{}\nseed = {}\n\n[market]\nshares = {}\nfrom = {from}\n",
            self.evening,
            self.offset,
            self.random.below(1_000),
            1 + self.random.below(4),
        );
        text += "\n[portfolios]\n";
        for name in &NAMES[..self.portfolios] {
            let inception = self.day(7);
            let mut keys = vec![format!("inception = {inception}")];
            match self.random.below(4) {
                0 => {}
                1 => keys.push("complete = \"..\"".to_owned()),
                _ => {
                    let until = self.day(5);
                    // A shorter span may hold no session on a long weekend, which is an error.
                    if until >= inception.saturating_add(3) {
                        keys.push(format!("complete = \"..{until}\""));
                    }
                }
            }
            text += &format!("{name} = {{ {} }}\n", keys.join(", "));
        }
        if self.random.chance(40) {
            let phase = ["snapshot", "positions", "exposures", "risk"][self.random.below(4)];
            let times = 1 + self.random.below(4);
            text += &format!(
                "\n[[fault]]\nphase = \"{phase}\"\nportfolios = \"{}\"\ndays = \"{}\"\ntimes = {times}\n",
                self.portfolio_name(),
                self.days(3)
            );
        }
        text
    }

    fn step(&mut self) -> String {
        match self.random.below(20) {
            // Runs are the most frequent step: they are what is tested.
            0..=5 => self.run(),
            6 => format!("delete = \"{}\"", self.portfolio_name()),
            7 => format!("restore = \"{}\"", self.portfolio_name()),
            8 => self.add(),
            9 => format!("onboard = \"{}\"", self.portfolio_name()),
            10 => {
                let (symbol, day) = (SYMBOLS[self.random.below(SYMBOLS.len())], self.day(6));
                let close = 50 + self.random.below(100);
                format!("prices = {{ {symbol} = {{ {day} = {close}.25 }} }}")
            }
            11 | 12 => format!(
                "transaction = {{ portfolio = \"{}\", day = {}, kind = \"deposit\", amount = {} }}",
                self.portfolio_name(),
                self.day(5),
                100 + self.random.below(900)
            ),
            13 => format!(
                "invalidate = {{ portfolios = \"{}\", days = \"{}\", reason = \"drawn\" }}",
                self.portfolio_name(),
                self.days(5)
            ),
            14 => "retry = {}".to_owned(),
            15 => format!("close = {{ {} = {} }}", self.portfolio_name(), self.day(3)),
            16 => format!("advance = \"-{} hours\"", 1 + self.random.below(3)),
            17 => format!(
                "configure = {{ quarantine-after = {} }}",
                1 + self.random.below(3)
            ),
            _ => format!("advance = \"{} hours\"", 1 + self.random.below(60)),
        }
    }

    fn add(&mut self) -> String {
        let free = NAMES.len() - self.portfolios;
        if free == 0 || self.added >= free {
            return self.run();
        }
        let name = NAMES[self.portfolios + self.added];
        self.added += 1;
        format!("add = {{ {name} = {{ inception = {} }} }}", self.day(4))
    }

    fn run(&mut self) -> String {
        let mut keys = Vec::new();
        if self.random.chance(25) {
            keys.push(format!("portfolios = [\"{}\"]", self.portfolio_name()));
        }
        match self.random.below(8) {
            0 => keys.push(format!("force = \"{}\"", self.days(4))),
            1 => keys.push(format!("limit = {}", 1 + self.random.below(4))),
            _ => {}
        }
        if self.random.chance(35) {
            let number = 1 + self.random.below(4);
            let point = match self.random.below(4) {
                0 => "after planning".to_owned(),
                1 => "before closing".to_owned(),
                2 => format!("inside commit {number}"),
                _ => format!("after commit {number}"),
            };
            let power = if self.random.chance(40) { "cut" } else { "on" };
            keys.push(format!(
                "crash = {{ at = \"{point}\", power = \"{power}\" }}"
            ));
        }
        format!("run = {{ {} }}", keys.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::script::{FixtureError, Scenario};

    #[test]
    fn generated_scenarios_parse_and_differ() {
        let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let mut texts = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let text = generate_scenario(seed);
            let read = Scenario::read("generated", &text, &none);
            assert!(read.is_ok(), "{seed}: {:?}\n{text}", read.err());
            texts.insert(text);
        }
        assert!(texts.len() > 290, "{}", texts.len());
        assert_eq!(generate_scenario(7), generate_scenario(7));
    }
}
