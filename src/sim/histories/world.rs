//! Draws the world in which a history begins: securities in four currencies, currency pairs,
//! closes, and portfolios with their first transactions.

use std::fmt::Write;

use crate::sim::random::RandomSource;

/// The sessions of New York around two holidays: Toronto is closed on May 18, New York on May 25.
pub(super) const SESSIONS: [&str; 18] = [
    "2026-05-11",
    "2026-05-12",
    "2026-05-13",
    "2026-05-14",
    "2026-05-15",
    "2026-05-18",
    "2026-05-19",
    "2026-05-20",
    "2026-05-21",
    "2026-05-22",
    "2026-05-26",
    "2026-05-27",
    "2026-05-28",
    "2026-05-29",
    "2026-06-01",
    "2026-06-02",
    "2026-06-03",
    "2026-06-04",
];

/// Days without a session in New York.
pub(super) const FREE_DAYS: [&str; 3] = ["2026-05-16", "2026-05-17", "2026-05-25"];

pub(super) const PORTFOLIOS: [&str; 4] = ["A", "B", "C", "D"];

/// A security of the world.
pub(super) struct Instrument {
    pub(super) symbol: &'static str,
    /// Its keys in the file of the world.
    keys: &'static str,
    /// The close around which its closes are, in ten-thousandths.
    close: u32,
}

const fn instrument(symbol: &'static str, keys: &'static str, close: u32) -> Instrument {
    Instrument {
        symbol,
        keys,
        close,
    }
}

pub(super) const INSTRUMENTS: [Instrument; 13] = [
    instrument("IDX", "class = \"index\"", 1_000_000),
    instrument("VAL", "class = \"index\"", 500_000),
    instrument("AAA", "sector = \"Technology\"", 400_000),
    instrument("BBB", "sector = \"Energy\"", 250_000),
    instrument("CCC", "currency = \"CAD\", calendar = \"XTSE\"", 600_000),
    instrument("DDD", "currency = \"CHF\"", 800_000),
    instrument("FUT", "class = \"future\", multiplier = 50", 30_000),
    instrument("PRV", "class = \"private\"", 1_000_000),
    instrument("CADUSD", "class = \"fx\", calendar = \"XTSE\"", 7_300),
    instrument("USDCAD", "class = \"fx\", currency = \"CAD\"", 13_700),
    instrument("EURUSD", "class = \"fx\"", 11_200),
    instrument("EURCHF", "class = \"fx\", currency = \"CHF\"", 9_500),
    instrument("CHFUSD", "class = \"fx\"", 12_000),
];

/// Symbols that portfolios hold.
pub(super) const HELD: [&str; 6] = ["AAA", "BBB", "CCC", "DDD", "FUT", "PRV"];

/// A history that is being drawn.
pub(super) struct Generator {
    pub(super) random: RandomSource,
    /// The index of the last session whose evening has come, in [`SESSIONS`].
    pub(super) today: usize,
    /// The number of transactions drawn so far; they are called `h1`, `h2` and so on.
    pub(super) transactions: usize,
    pub(super) text: String,
}

impl Generator {
    /// Draws the world of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut generator = Self {
            random: RandomSource::new(seed, "history"),
            today: 0,
            transactions: 0,
            text: String::new(),
        };
        generator.today = 3 + generator.random.below(5);
        let now = evening(generator.today);
        let _ = writeln!(
            generator.text,
            "now = {now}\nsources = \"given\"\n\n[securities]"
        );
        for instrument in &INSTRUMENTS {
            let Instrument { symbol, keys, .. } = instrument;
            let _ = writeln!(generator.text, "{symbol} = {{ {keys} }}");
        }
        generator.risk_model();
        generator.closes();
        generator.portfolios();
        generator
    }

    fn risk_model(&mut self) {
        if self.random.chance(70) {
            self.text += "\n[risk]\nbenchmark = \"IDX\"\n\
                          factor = [{ name = \"Value\", symbol = \"VAL\" }]\n\
                          shock = [{ name = \"Crash\", market = -0.2 }]\n";
        }
    }

    fn closes(&mut self) {
        self.text += "\n[prices]\n";
        for instrument in &INSTRUMENTS {
            let mut closes = Vec::new();
            for (at, day) in SESSIONS[..=self.today].iter().enumerate() {
                if self.has_close(instrument, at) {
                    closes.push(format!("{day} = {}", self.close(instrument)));
                }
            }
            let _ = writeln!(
                self.text,
                "{} = {{ {} }}",
                instrument.symbol,
                closes.join(", ")
            );
        }
    }

    /// Returns whether a session of the feed has a close. The first one always has, later ones nearly
    /// always; `PRV` has no later one.
    pub(super) fn has_close(&mut self, instrument: &Instrument, at: usize) -> bool {
        match instrument.symbol {
            "PRV" => at == 0,
            "CCC" | "CADUSD" if SESSIONS[at] == "2026-05-18" => self.random.chance(10),
            _ => at == 0 || self.random.chance(95),
        }
    }

    /// Returns a close, as text.
    pub(super) fn close(&mut self, instrument: &Instrument) -> String {
        let close = instrument.close / 100 * (90 + self.random.below(21) as u32);
        format!("{}.{:04}", close / 10_000, close % 10_000)
    }

    fn portfolios(&mut self) {
        let mut transactions = String::new();
        self.text += "\n[portfolios]\n";
        for (at, name) in PORTFOLIOS.into_iter().enumerate() {
            let first = self.random.below(3);
            let inception = SESSIONS[first];
            let mut keys = vec![format!("inception = {inception}")];
            let choices: [&[&str]; 3] = [
                &["currency = \"CAD\"", "currency = \"EUR\""],
                &["calendar = \"XTSE\""],
                &[
                    "cost-basis = \"lifo\"",
                    "cost-basis = \"average\"",
                    "fees = \"capitalize\"",
                ],
            ];
            // The first portfolio has all defaults.
            for choice in choices.iter().filter(|_| at > 0) {
                if self.random.chance(40) {
                    keys.extend(self.random.choose(choice).map(|key| (*key).to_owned()));
                }
            }
            let _ = writeln!(self.text, "{name} = {{ {} }}", keys.join(", "));
            transactions +=
                &self.given_transaction(name, inception, "\"deposit\"\namount = 100000");
            for _ in 0..1 + self.random.below(3) {
                let symbol = HELD[self.random.below(HELD.len())];
                let quantity = 10 + self.random.below(50);
                let day = SESSIONS[first + self.random.below(self.today + 1 - first)];
                let keys = format!(
                    "\"transfer-in\"\nsymbol = \"{symbol}\"\nquantity = {quantity}\nprice = 40"
                );
                transactions += &self.given_transaction(name, day, &keys);
            }
        }
        self.text += &transactions;
    }

    fn given_transaction(&mut self, portfolio: &str, day: &str, kind_and_terms: &str) -> String {
        self.transactions += 1;
        format!(
            "\n[[transaction]]\nportfolio = \"{portfolio}\"\nday = {day}\nreference = \"h{}\"\n\
             kind = {kind_and_terms}\n",
            self.transactions
        )
    }

    /// Returns a session up to today.
    pub(super) fn session(&mut self) -> &'static str {
        SESSIONS[self.random.below(self.today + 1)]
    }

    /// Returns one of some texts.
    pub(super) fn one_of(&mut self, choices: &[&'static str]) -> &'static str {
        self.random.choose(choices).copied().unwrap_or_default()
    }

    pub(super) fn portfolio(&mut self) -> &'static str {
        self.one_of(&PORTFOLIOS)
    }
}

/// Returns the evening of a session, after its close.
pub(super) fn evening(session: usize) -> String {
    format!("{}T18:00:00-04:00", SESSIONS[session])
}
