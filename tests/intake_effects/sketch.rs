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
pub(crate) enum Act {
    Buy,
    Sell,
    In,
    Out,
}

/// A movement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    pub(crate) portfolio: usize,
    pub(crate) day: Day,
    pub(crate) act: Act,
    pub(crate) security: usize,
    pub(crate) quantity: i64,
    pub(crate) price: Option<i64>,
    pub(crate) amount: Option<i64>,
}

/// A split into `new` for `old`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Splitting {
    pub(crate) security: usize,
    pub(crate) day: Day,
    pub(crate) new: i64,
    pub(crate) old: i64,
}

/// The sources. Days count from the first session, a Monday.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) sessions: Vec<Day>,
    /// By security, then day: the close in cents.
    pub(crate) closes: BTreeMap<(usize, Day), i64>,
    pub(crate) moves: Vec<Move>,
    pub(crate) splits: Vec<Splitting>,
    pub(crate) sectors: [&'static str; 6],
    pub(crate) multipliers: [i64; 6],
    pub(crate) currencies: [&'static str; 4],
}

/// The first day of every sketch.
pub(crate) fn start() -> Day {
    "2026-01-05".parse().unwrap()
}

impl Sketch {
    /// A world of so many sessions without closes and movements.
    pub(crate) fn of_sessions(count: usize) -> Self {
        let range = DayRange::new(start(), start().saturating_add(2 * count as i32 + 7)).unwrap();
        let calendar = Calendar::weekdays();
        let sessions = &calendar.sessions(range).unwrap()[..count];
        Self {
            sessions: sessions.to_vec(),
            closes: BTreeMap::new(),
            moves: Vec::new(),
            splits: Vec::new(),
            sectors: ["Tech", "Food", "Tech", "", "", ""],
            multipliers: [1; 6],
            currencies: PORTFOLIOS,
        }
    }

    /// The books of this world, not filled yet.
    pub(crate) fn books(&self) -> Books {
        let books = Books::on(*self.sessions.last().unwrap(), model());
        books.take(FileKind::Securities, &self.securities());
        books.take(FileKind::Portfolios, &self.portfolios());
        if !self.splits.is_empty() {
            books.take(FileKind::Actions, &actions(&self.splits));
        }
        books.take(FileKind::Prices, &prices(&self.closes));
        books.take(FileKind::Transactions, &self.transactions());
        books
    }

    fn securities(&self) -> String {
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

    fn portfolios(&self) -> String {
        let mut text = "name,currency,inception\n".to_owned();
        for (at, currency) in self.currencies.iter().enumerate() {
            writeln!(text, "P{at},{currency},{}", start()).unwrap();
        }
        text
    }

    /// Every portfolio starts with cash, so that weights mean something.
    fn transactions(&self) -> String {
        let mut text = HEADER.to_owned();
        for at in 0..PORTFOLIOS.len() {
            writeln!(text, "cash{at},P{at},{},deposit,,,,1000000", start()).unwrap();
        }
        for (at, moved) in self.moves.iter().enumerate() {
            write_move(&mut text, &format!("m{at}"), moved);
        }
        text
    }
}

/// The header of a file of transactions.
pub(crate) const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount\n";

fn write_move(text: &mut String, id: &str, moved: &Move) {
    let kind = match moved.act {
        Act::Buy => "buy",
        Act::Sell => "sell",
        Act::In => "transfer-in",
        Act::Out => "transfer-out",
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

fn prices(closes: &BTreeMap<(usize, Day), i64>) -> String {
    let mut text = "symbol,date,close\n".to_owned();
    for ((security, day), cents) in closes {
        let (whole, part) = (cents / 100, cents % 100);
        writeln!(text, "{},{day},{whole}.{part:02}", SYMBOLS[*security]).unwrap();
    }
    text
}

fn actions(splits: &[Splitting]) -> String {
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
    Moves(Vec<Move>),
    /// A split is added or corrected.
    Splits(Vec<Splitting>),
    /// A security's sector.
    Sector(usize),
    /// A security's multiplier.
    Multiplier(usize),
    /// A portfolio's currency.
    Currency(usize),
}

impl Change {
    /// The sources after it.
    pub(crate) fn upon(&self, sketch: &Sketch) -> Sketch {
        let mut after = sketch.clone();
        match self {
            Self::Closes(closes) => after.closes.extend(closes),
            Self::Moves(moves) => after.moves.extend(moves),
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
    pub(crate) fn take_in(&self, before: &Sketch, books: &Books) -> ImportResult {
        let after = self.upon(before);
        match self {
            Self::Closes(closes) => books.take(FileKind::Prices, &prices(closes)),
            Self::Moves(moves) => {
                let mut text = HEADER.to_owned();
                for (at, moved) in (before.moves.len()..).zip(moves) {
                    write_move(&mut text, &format!("m{at}"), moved);
                }
                books.take(FileKind::Transactions, &text)
            }
            Self::Splits(splits) => books.take(FileKind::Actions, &actions(splits)),
            Self::Sector(_) | Self::Multiplier(_) => {
                books.take(FileKind::Securities, &after.securities())
            }
            Self::Currency(_) => books.take(FileKind::Portfolios, &after.portfolios()),
        }
    }
}
