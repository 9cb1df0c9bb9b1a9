//! Small synthetic sources: kept as numbers, so that tests can compute with them, and written as
//! files, so that tests import them like a user.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plimsoll::domain::{Calendar, Day, DayRange, Factor, RiskModel, Shock};
use plimsoll::import::apply::{FileKind, ImportResult};
use proptest::prelude::*;
use proptest::sample::select;

use crate::books::Books;

/// The securities by index; the id in the database is the index plus one.
pub(crate) const SYMBOLS: [&str; 6] = ["AAA", "BBB", "EEE", "EURUSD", "BMK", "FAC"];
pub(crate) const RATE: usize = 3;
pub(crate) const BENCHMARK: usize = 4;
pub(crate) const FACTOR: usize = 5;
/// Number of traded securities, which come first in [`SYMBOLS`].
pub(crate) const TRADED: usize = 3;
/// Currencies of the securities, in the order of [`SYMBOLS`].
pub(crate) const CURRENCIES: [&str; 6] = ["USD", "USD", "EUR", "USD", "USD", "USD"];
/// Currencies of the portfolios; the id of a portfolio is its index plus one.
pub(crate) const PORTFOLIOS: [&str; 4] = ["USD", "USD", "USD", "EUR"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeKind {
    Buy,
    Sell,
    TransferIn,
    TransferOut,
}

/// A transaction that moves a holding. Amounts are in whole units of currency.
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

/// A split with `new` units for `old` units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestSplit {
    pub(crate) security: usize,
    pub(crate) day: Day,
    pub(crate) new: i64,
    pub(crate) old: i64,
}

/// A corporate action of one security; the security received is the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestAction {
    pub(crate) security: usize,
    pub(crate) day: Day,
    /// An index in [`ACTION_TERMS`].
    pub(crate) terms: usize,
}

/// Kinds of corporate actions with their terms; `T` is the security received.
pub(crate) const ACTION_TERMS: [&str; 6] = [
    "return-of-capital,,,1.5,",
    "spin-off,T,1:4,,0.25",
    "merger,T,2:3,5,",
    "merger,,,50,",
    "delisting,,,0,",
    "cash-in-lieu,,,10,",
];

impl TestAction {
    fn row(&self) -> String {
        let received = SYMBOLS[(self.security + 1) % TRADED];
        let terms = ACTION_TERMS[self.terms].replace('T', received);
        format!("{},{},{terms}", SYMBOLS[self.security], self.day)
    }

    /// Returns the columns that tell it apart: symbol, day, kind.
    pub(crate) fn key(&self) -> String {
        let row = self.row();
        row.split(',').take(3).collect::<Vec<_>>().join(",")
    }
}

/// All sources of a test database. The first session is [`start`].
#[derive(Debug, Clone)]
pub(crate) struct TestSources {
    pub(crate) sessions: Vec<Day>,
    /// Closes in cents, by security and day.
    pub(crate) closes: BTreeMap<(usize, Day), i64>,
    pub(crate) transactions: Vec<TestTransaction>,
    pub(crate) splits: Vec<TestSplit>,
    pub(crate) actions: Vec<TestAction>,
    pub(crate) sectors: [&'static str; 6],
    pub(crate) multipliers: [i64; 6],
    pub(crate) currencies: [&'static str; 4],
    /// Calendars of the portfolios; empty for all sessions.
    pub(crate) calendars: [&'static str; 4],
}

/// Calendars with a holiday among the first sessions: January 12 in Tokyo, 19 in New York.
pub(crate) const CALENDARS: [&str; 3] = ["", "XTKS", "XNYS"];

/// Makes calendars of the portfolios; half of the sources have none.
pub(crate) fn any_calendars() -> impl Strategy<Value = [&'static str; 4]> {
    let named = || select(&CALENDARS[..]);
    prop_oneof![Just([""; 4]), [named(), named(), named(), named()]]
}

/// Returns the first session of all test sources, a Monday.
pub(crate) fn start() -> Day {
    "2026-01-05".parse().unwrap()
}

impl TestSources {
    /// Makes sources with `count` sessions and without closes and transactions.
    pub(crate) fn with_sessions(count: usize) -> Self {
        let range = DayRange::new(start(), start().saturating_add(2 * count as i32 + 7)).unwrap();
        let calendar = Calendar::weekdays();
        let sessions = &calendar.sessions(range).unwrap()[..count];
        Self {
            sessions: sessions.to_vec(),
            closes: BTreeMap::new(),
            transactions: Vec::new(),
            splits: Vec::new(),
            actions: Vec::new(),
            sectors: ["Tech", "Food", "Tech", "", "", ""],
            multipliers: [1; 6],
            currencies: PORTFOLIOS,
            calendars: [""; 4],
        }
    }

    /// Imports the sources into a new database, without a run.
    pub(crate) fn books(&self) -> Books {
        self.books_by(Calendar::weekdays())
    }

    /// Imports the sources into a new database with this calendar, without a run.
    pub(crate) fn books_by(&self, calendar: Calendar) -> Books {
        let mut books = Books::on(*self.sessions.last().unwrap(), model());
        books.settings.calendar = calendar;
        books.import(FileKind::Securities, &self.securities_csv());
        books.import(FileKind::Portfolios, &self.portfolios_csv());
        if !self.splits.is_empty() {
            books.import(FileKind::Actions, &actions_csv(&self.splits));
        }
        if !self.actions.is_empty() {
            books.import(FileKind::Actions, &other_actions_csv(&self.actions));
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
        let mut text = "name,currency,inception,calendar\n".to_owned();
        for (at, currency) in self.currencies.iter().enumerate() {
            let calendar = self.calendars[at];
            writeln!(text, "P{at},{currency},{},{calendar}", start()).unwrap();
        }
        text
    }

    /// Starts every portfolio with a cash deposit, so that net asset values are not zero.
    fn transactions_csv(&self) -> String {
        let mut text = HEADER.to_owned();
        for at in 0..PORTFOLIOS.len() {
            writeln!(text, "cash{at},P{at},{},deposit,,,,1000000", start()).unwrap();
        }
        for (at, transaction) in self.transactions.iter().enumerate() {
            write_transaction(&mut text, &format!("m{at}"), transaction);
        }
        text
    }
}

/// Header of the transaction files in these tests.
pub(crate) const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount\n";

pub(crate) fn write_transaction(text: &mut String, id: &str, transaction: &TestTransaction) {
    let kind = match transaction.kind {
        TradeKind::Buy => "buy",
        TradeKind::Sell => "sell",
        TradeKind::TransferIn => "transfer-in",
        TradeKind::TransferOut => "transfer-out",
    };
    let optional = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    writeln!(
        text,
        "{id},P{},{},{kind},{},{},{},{}",
        transaction.portfolio,
        transaction.day,
        SYMBOLS[transaction.security],
        transaction.quantity,
        optional(transaction.price),
        optional(transaction.amount)
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

fn other_actions_csv(actions: &[TestAction]) -> String {
    let mut text = "symbol,date,kind,received,ratio,cash,cost_share\n".to_owned();
    for action in actions {
        writeln!(text, "{}", action.row()).unwrap();
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

/// A change of the sources by one file.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Sets closes, by security and day.
    Closes(BTreeMap<(usize, Day), i64>),
    Transactions(Vec<TestTransaction>),
    /// Adds or corrects splits.
    Splits(Vec<TestSplit>),
    /// Adds or corrects other corporate actions.
    Actions(Vec<TestAction>),
    /// Changes the sector of a security.
    Sector(usize),
    /// Changes the multiplier of a security.
    Multiplier(usize),
    /// Changes the currency of a portfolio.
    Currency(usize),
    /// Changes the calendar of a portfolio; without a name, removes it.
    Calendar(usize, &'static str),
}

impl Change {
    /// Returns the sources after the change.
    pub(crate) fn apply_to(&self, sources: &TestSources) -> TestSources {
        let mut after = sources.clone();
        match self {
            Self::Closes(closes) => after.closes.extend(closes),
            Self::Transactions(transactions) => after.transactions.extend(transactions),
            Self::Splits(splits) => {
                let key = |split: &TestSplit| (split.security, split.day);
                let changed: BTreeSet<_> = splits.iter().map(key).collect();
                after.splits.retain(|split| !changed.contains(&key(split)));
                after.splits.extend(splits);
            }
            Self::Actions(actions) => {
                let changed: BTreeSet<_> = actions.iter().map(TestAction::key).collect();
                after
                    .actions
                    .retain(|action| !changed.contains(&action.key()));
                after.actions.extend(actions);
            }
            Self::Sector(security) => after.sectors[*security] = "Media",
            Self::Multiplier(security) => after.multipliers[*security] = 3,
            Self::Currency(portfolio) => after.currencies[*portfolio] = "EUR",
            Self::Calendar(portfolio, name) => after.calendars[*portfolio] = name,
        }
        after
    }

    /// Imports the change into books that hold the sources `before`.
    pub(crate) fn import_into(&self, before: &TestSources, books: &Books) -> ImportResult {
        let after = self.apply_to(before);
        match self {
            Self::Closes(closes) => books.import(FileKind::Prices, &prices_csv(closes)),
            Self::Transactions(transactions) => {
                let mut text = HEADER.to_owned();
                for (at, transaction) in (before.transactions.len()..).zip(transactions) {
                    write_transaction(&mut text, &format!("m{at}"), transaction);
                }
                books.import(FileKind::Transactions, &text)
            }
            Self::Splits(splits) => books.import(FileKind::Actions, &actions_csv(splits)),
            Self::Actions(actions) => books.import(FileKind::Actions, &other_actions_csv(actions)),
            Self::Sector(_) | Self::Multiplier(_) => {
                books.import(FileKind::Securities, &after.securities_csv())
            }
            Self::Currency(_) | Self::Calendar(..) => {
                books.import(FileKind::Portfolios, &after.portfolios_csv())
            }
        }
    }
}
