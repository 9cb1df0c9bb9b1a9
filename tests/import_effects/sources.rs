//! A small world of made-up sources, said as numbers so that a test can reason about it, and
//! written as the files that a person would import.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plimsoll::domain::{Calendar, Day, DayRange, Factor, RiskModel, Shock};
use plimsoll::import::apply::{FileKind, ImportResult};

use crate::books::Books;

/// The securities, by place; the id in the database is the place and one.
pub(crate) const SYMBOLS: [&str; 6] = ["AAA", "BBB", "EEE", "EURUSD", "BMK", "FAC"];
pub(crate) const RATE: usize = 3;
pub(crate) const BENCHMARK: usize = 4;
pub(crate) const FACTOR: usize = 5;
/// How many of them are traded.
pub(crate) const TRADED: usize = 3;
/// The currency of each security.
pub(crate) const CURRENCIES: [&str; 6] = ["USD", "USD", "EUR", "USD", "USD", "USD"];
/// The currency of each portfolio; its id is the place and one.
pub(crate) const PORTFOLIOS: [&str; 4] = ["USD", "USD", "USD", "EUR"];

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeKind {
    Buy,
    Sell,
    TransferIn,
    TransferOut,
}

/// A movement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestTransaction {
    pub(crate) portfolio: usize,
    pub(crate) day: Day,
    pub(crate) kind: TradeKind,
    pub(crate) security: usize,
    pub(crate) quantity: i64,
    pub(crate) price: Option<i64>,
    pub(crate) amount: Option<i64>,
}

/// A split into `new` for `old`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestSplit {
    pub(crate) security: usize,
    pub(crate) day: Day,
    pub(crate) new: i64,
    pub(crate) old: i64,
}

/// The sources. Days count from the first session, a Monday.
#[derive(Debug, Clone)]
pub(crate) struct TestSources {
    pub(crate) sessions: Vec<Day>,
    /// By security, then day: the close in cents.
    pub(crate) closes: BTreeMap<(usize, Day), i64>,
    pub(crate) transactions: Vec<TestTransaction>,
    pub(crate) splits: Vec<TestSplit>,
    pub(crate) sectors: [&'static str; 6],
    pub(crate) multipliers: [i64; 6],
    pub(crate) currencies: [&'static str; 4],
}

/// The first day of every sketch.
pub(crate) fn start() -> Day {
    "2026-01-05".parse().unwrap()
}

impl TestSources {
    /// A world of so many sessions without closes and movements.
    pub(crate) fn with_sessions(count: usize) -> Self {
        let range = DayRange::new(start(), start().saturating_add(2 * count as i32 + 7)).unwrap();
        let calendar = Calendar::weekdays();
        let sessions = &calendar.sessions(range).unwrap()[..count];
        Self {
            sessions: sessions.to_vec(),
            closes: BTreeMap::new(),
            transactions: Vec::new(),
            splits: Vec::new(),
            sectors: ["Tech", "Food", "Tech", "", "", ""],
            multipliers: [1; 6],
            currencies: PORTFOLIOS,
        }
    }

    /// The books of this world, not filled yet.
    pub(crate) fn books(&self) -> Books {
        let books = Books::on(*self.sessions.last().unwrap(), model());
        books.import(FileKind::Securities, &self.securities_csv());
        books.import(FileKind::Portfolios, &self.portfolios_csv());
        if !self.splits.is_empty() {
            books.import(FileKind::Actions, &actions_csv(&self.splits));
        }
        books.import(FileKind::Prices, &prices_csv(&self.closes));
        books.import(FileKind::Transactions, &self.transactions_csv());
        books
    }

    fn securities_csv(&self) -> String {
        let mut text = "symbol,class,sector,currency,multiplier\n".to_owned();
        for (at, symbol) in SYMBOLS.iter().enumerate() {
            let class = match at {
                RATE => "fx",
                BENCHMARK | FACTOR => "index",
                _ => "equity",
            };
            let (sector, currency) = (self.sectors[at], CURRENCIES[at]);
            let multiplier = self.multipliers[at];
            writeln!(text, "{symbol},{class},{sector},{currency},{multiplier}").unwrap();
        }
        text
    }

    fn portfolios_csv(&self) -> String {
        let mut text = "name,currency,inception\n".to_owned();
        for (at, currency) in self.currencies.iter().enumerate() {
            writeln!(text, "P{at},{currency},{}", start()).unwrap();
        }
        text
    }

    /// Every portfolio starts with cash, so that weights mean something.
    fn transactions_csv(&self) -> String {
        let mut text = HEADER.to_owned();
        for at in 0..PORTFOLIOS.len() {
            writeln!(text, "cash{at},P{at},{},deposit,,,,1000000", start()).unwrap();
        }
        for (at, moved) in self.transactions.iter().enumerate() {
            write_transaction(&mut text, &format!("m{at}"), moved);
        }
        text
    }
}

/// The header of a file of transactions.
pub(crate) const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount\n";

fn write_transaction(text: &mut String, id: &str, moved: &TestTransaction) {
    let kind = match moved.kind {
        TradeKind::Buy => "buy",
        TradeKind::Sell => "sell",
        TradeKind::TransferIn => "transfer-in",
        TradeKind::TransferOut => "transfer-out",
    };
    let optional = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    writeln!(
        text,
        "{id},P{},{},{kind},{},{},{},{}",
        moved.portfolio,
        moved.day,
        SYMBOLS[moved.security],
        moved.quantity,
        optional(moved.price),
        optional(moved.amount)
    )
    .unwrap();
}

fn prices_csv(closes: &BTreeMap<(usize, Day), i64>) -> String {
    let mut text = "symbol,date,close\n".to_owned();
    for ((security, day), cents) in closes {
        let (whole, part) = (cents / 100, cents % 100);
        writeln!(text, "{},{day},{whole}.{part:02}", SYMBOLS[*security]).unwrap();
    }
    text
}

fn actions_csv(splits: &[TestSplit]) -> String {
    let mut text = "symbol,date,kind,ratio\n".to_owned();
    for split in splits {
        let (symbol, day) = (SYMBOLS[split.security], split.day);
        writeln!(text, "{symbol},{day},split,{}:{}", split.new, split.old).unwrap();
    }
    text
}

fn model() -> RiskModel {
    RiskModel {
        benchmark: Some(SYMBOLS[BENCHMARK].to_owned()),
        factors: vec![Factor {
            name: "factor".to_owned(),
            symbol: SYMBOLS[FACTOR].to_owned(),
        }],
        shocks: vec![Shock {
            name: "fall".to_owned(),
            market: -0.2,
            classes: BTreeMap::new(),
            sectors: BTreeMap::from([("Tech".to_owned(), -0.1)]),
        }],
    }
}

/// A change of the sources.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Closes are set, by security and day.
    Closes(BTreeMap<(usize, Day), i64>),
    /// A transaction arrives late.
    Transactions(Vec<TestTransaction>),
    /// A split is added or corrected.
    Splits(Vec<TestSplit>),
    /// A security's sector.
    Sector(usize),
    /// A security's multiplier.
    Multiplier(usize),
    /// A portfolio's currency.
    Currency(usize),
}

impl Change {
    /// The sources after it.
    pub(crate) fn apply_to(&self, sketch: &TestSources) -> TestSources {
        let mut after = sketch.clone();
        match self {
            Self::Closes(closes) => after.closes.extend(closes),
            Self::Transactions(moves) => after.transactions.extend(moves),
            Self::Splits(splits) => {
                let days: BTreeSet<_> = splits.iter().map(|one| (one.security, one.day)).collect();
                after
                    .splits
                    .retain(|one| !days.contains(&(one.security, one.day)));
                after.splits.extend(splits);
            }
            Self::Sector(security) => after.sectors[*security] = "Media",
            Self::Multiplier(security) => after.multipliers[*security] = 3,
            Self::Currency(portfolio) => after.currencies[*portfolio] = "EUR",
        }
        after
    }

    /// Brings it into books that hold the sources `before` it.
    pub(crate) fn import_into(&self, before: &TestSources, books: &Books) -> ImportResult {
        let after = self.apply_to(before);
        match self {
            Self::Closes(closes) => books.import(FileKind::Prices, &prices_csv(closes)),
            Self::Transactions(moves) => {
                let mut text = HEADER.to_owned();
                for (at, moved) in (before.transactions.len()..).zip(moves) {
                    write_transaction(&mut text, &format!("m{at}"), moved);
                }
                books.import(FileKind::Transactions, &text)
            }
            Self::Splits(splits) => books.import(FileKind::Actions, &actions_csv(splits)),
            Self::Sector(_) | Self::Multiplier(_) => {
                books.import(FileKind::Securities, &after.securities_csv())
            }
            Self::Currency(_) => books.import(FileKind::Portfolios, &after.portfolios_csv()),
        }
    }
}
