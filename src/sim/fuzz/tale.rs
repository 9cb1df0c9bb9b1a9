//! A scenario that a seed tells: a small world, and what happens to it.

use crate::domain::Day;
use crate::sim::draws::Draws;

/// Evenings on which tales begin: an ordinary one, after a holiday, before and after the clocks
/// change, a half-day, the turn of a year.
const EVENINGS: [(&str, &str); 6] = [
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

/// The scenario of a seed, as TOML text.
pub fn tale(seed: u64) -> String {
    let mut teller = Teller::new(seed);
    let mut text = teller.world();
    for _ in 0..2 + teller.draws.below(6) {
        text += "\n[[step]]\n";
        text += &teller.step();
        text += "\n";
    }
    text + "\n[[step]]\nrun = {}\n"
}

struct Teller {
    draws: Draws,
    evening: Day,
    offset: &'static str,
    portfolios: usize,
    added: usize,
}

impl Teller {
    fn new(seed: u64) -> Self {
        let mut draws = Draws::new(seed, "tale");
        let (evening, offset) = EVENINGS[draws.below(EVENINGS.len())];
        Self {
            evening: evening.parse().expect("the evenings are days"),
            offset,
            portfolios: 1 + draws.below(3),
            added: 0,
            draws,
        }
    }

    /// A day so many days before the evening, at most.
    fn day(&mut self, most: usize) -> Day {
        let back = self.draws.below(most + 1) as i32;
        self.evening.saturating_add(-back)
    }

    fn days(&mut self, most: usize) -> String {
        let (one, other) = (self.day(most), self.day(most));
        format!("{}..{}", one.min(other), one.max(other))
    }

    fn who(&mut self) -> &'static str {
        NAMES[self.draws.below(self.portfolios)]
    }

    fn world(&mut self) -> String {
        let from = self.evening.saturating_add(-30);
        let mut text = format!(
            "now = {}T18:00:00{}\nseed = {}\n\n[market]\nshares = {}\nfrom = {from}\n",
            self.evening,
            self.offset,
            self.draws.below(1_000),
            1 + self.draws.below(4),
        );
        text += "\n[portfolios]\n";
        for name in &NAMES[..self.portfolios] {
            let inception = self.day(7);
            let mut keys = vec![format!("inception = {inception}")];
            match self.draws.below(4) {
                0 => {}
                1 => keys.push("complete = \"..\"".to_owned()),
                _ => {
                    let until = self.day(5);
                    // Sooner there may be no session, on a long weekend.
                    if until >= inception.saturating_add(3) {
                        keys.push(format!("complete = \"..{until}\""));
                    }
                }
            }
            text += &format!("{name} = {{ {} }}\n", keys.join(", "));
        }
        if self.draws.percent(40) {
            let phase = ["snapshot", "positions", "exposures", "risk"][self.draws.below(4)];
            let times = 1 + self.draws.below(4);
            text += &format!(
                "\n[[fault]]\nphase = \"{phase}\"\nportfolios = \"{}\"\ndays = \"{}\"\ntimes = {times}\n",
                self.who(),
                self.days(3)
            );
        }
        text
    }

    fn step(&mut self) -> String {
        match self.draws.below(20) {
            0..=5 => self.run(),
            6 => format!("delete = \"{}\"", self.who()),
            7 => format!("restore = \"{}\"", self.who()),
            8 => self.add(),
            9 => format!("onboard = \"{}\"", self.who()),
            10 => {
                let (symbol, day) = (SYMBOLS[self.draws.below(SYMBOLS.len())], self.day(6));
                let close = 50 + self.draws.below(100);
                format!("prices = {{ {symbol} = {{ {day} = {close}.25 }} }}")
            }
            11 | 12 => format!(
                "transaction = {{ portfolio = \"{}\", day = {}, kind = \"deposit\", amount = {} }}",
                self.who(),
                self.day(5),
                100 + self.draws.below(900)
            ),
            13 => format!(
                "invalidate = {{ portfolios = \"{}\", days = \"{}\", why = \"drawn\" }}",
                self.who(),
                self.days(5)
            ),
            14 => "retry = {}".to_owned(),
            15 => format!("close = {{ {} = {} }}", self.who(), self.day(3)),
            16 => format!("advance = \"-{} hours\"", 1 + self.draws.below(3)),
            17 => format!(
                "configure = {{ quarantine-after = {} }}",
                1 + self.draws.below(3)
            ),
            _ => format!("advance = \"{} hours\"", 1 + self.draws.below(60)),
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
        if self.draws.percent(25) {
            keys.push(format!("portfolios = [\"{}\"]", self.who()));
        }
        match self.draws.below(8) {
            0 => keys.push(format!("force = \"{}\"", self.days(4))),
            1 => keys.push(format!("limit = {}", 1 + self.draws.below(4))),
            _ => {}
        }
        if self.draws.percent(35) {
            let number = 1 + self.draws.below(4);
            let point = match self.draws.below(4) {
                0 => "after planning".to_owned(),
                1 => "before closing".to_owned(),
                2 => format!("inside commit {number}"),
                _ => format!("after commit {number}"),
            };
            let power = if self.draws.percent(40) { "cut" } else { "on" };
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
    fn every_tale_can_be_read_and_most_differ() {
        let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let mut told = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let text = tale(seed);
            let read = Scenario::read("tale", &text, &none);
            assert!(read.is_ok(), "{seed}: {:?}\n{text}", read.err());
            told.insert(text);
        }
        assert!(told.len() > 290, "{}", told.len());
        assert_eq!(tale(7), tale(7));
    }
}
