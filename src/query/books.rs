//! What a portfolio is worth, session by session, and how it got there.

use serde::Serialize;

use super::holdings::Holdings;
use super::{QueryError, serialize};
use crate::domain::output::Snapshot;
use crate::domain::{
    Absence, Calendar, Cell, Currency, Day, DayRange, Figure, Phase, Portfolio, PortfolioKey,
};
use crate::phases::series;
use crate::store::{ReadTransaction, Store};

/// A portfolio's books up to a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Books {
    /// Whose.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// The currency of all amounts.
    #[serde(serialize_with = "serialize::text")]
    pub currency: Currency,
    /// The last session with books, if there is any.
    pub as_of: Option<Day>,
    /// The sessions that have books, ascending.
    pub series: Vec<SessionBooks>,
    /// The sessions between the first and the last that have none.
    pub gaps: Vec<Day>,
    /// The whole series in figures.
    pub totals: Totals,
    /// What is held at the end, and its weights and risk.
    #[serde(rename = "held")]
    pub holdings: Option<Holdings>,
}

/// A session's books.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionBooks {
    /// Which session.
    pub day: Day,
    /// Whether they are proven done.
    pub validity: Validity,
    /// The books.
    #[serde(flatten, serialize_with = "serialize::snapshot")]
    pub snapshot: Snapshot,
    /// How far the compounded returns lie below their peak in this series, as a ratio of zero
    /// or less; nothing from the first return on that is missing.
    pub drawdown: Option<f64>,
}

/// Whether an output is proven done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// The ledger says so.
    Valid,
    /// It was, and is to be done again; the old output is kept until then.
    Stale,
}

/// A series in figures, made of its session returns. They are absent where a session's books or
/// return are missing: what happened on it would be left out in silence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Totals {
    /// The returns, compounded: flows in and out do not move it.
    #[serde(serialize_with = "serialize::figure")]
    pub period_return: Figure,
    /// The deepest drawdown, a ratio of zero or less.
    #[serde(serialize_with = "serialize::figure")]
    pub max_drawdown: Figure,
    /// Annualised volatility of the returns.
    #[serde(serialize_with = "serialize::figure")]
    pub volatility: Figure,
}

impl Validity {
    /// Whether the ledger holds `phase` of `cell`.
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        cell: Cell,
        phase: Phase,
    ) -> Result<Self, QueryError> {
        let done = reading.done(cell.day, phase)?;
        Ok(match done.contains(cell.portfolio.0) {
            true => Self::Valid,
            false => Self::Stale,
        })
    }
}

/// The books of `portfolio` up to the last session with any on or before `as_of` (the last of
/// all where not given), over the last so many sessions, or all of them.
pub fn books(
    store: &Store,
    calendar: &Calendar,
    portfolio: &Portfolio,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<Books, QueryError> {
    store.read(|reading| {
        let days = sessions_with_books(reading, calendar, portfolio, as_of, sessions)?;
        let mut series = Vec::new();
        let mut gaps = Vec::new();
        for day in days {
            let cell = Cell::new(*day, portfolio.id);
            match reading.snapshot(cell)? {
                None if series.is_empty() => {}
                None => gaps.push(*day),
                Some(snapshot) => series.push(SessionBooks {
                    day: *day,
                    validity: Validity::read(reading, cell, Phase::Snapshot)?,
                    snapshot,
                    drawdown: None,
                }),
            }
        }
        let totals = compound(&mut series, &gaps);
        let as_of = series.last().map(|last| last.day);
        let held = as_of.map(|day| Holdings::read(reading, Cell::new(day, portfolio.id)));
        Ok(Books {
            key: portfolio.key,
            name: portfolio.name.clone(),
            currency: portfolio.currency,
            as_of,
            series,
            gaps,
            totals,
            holdings: held.transpose()?,
        })
    })
}

/// The sessions to look at: they end with the last that has books.
fn sessions_with_books<'c>(
    reading: &ReadTransaction<'_>,
    calendar: &'c Calendar,
    portfolio: &Portfolio,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<&'c [Day], QueryError> {
    let newest = reading.last_snapshot_day()?;
    let known = calendar.known_days();
    let last = match (as_of, newest) {
        (_, None) => return Ok(&[]),
        (None, Some(newest)) => newest,
        (Some(as_of), Some(newest)) => as_of.min(newest),
    };
    let life = DayRange::new(portfolio.lifecycle.inception(), last).ok();
    let Some(range) = life.and_then(|life| life.intersection(known)) else {
        return Ok(&[]);
    };
    let mut days = calendar.sessions(range)?;
    while let [before @ .., last] = days {
        if reading.snapshot(Cell::new(*last, portfolio.id))?.is_some() {
            break;
        }
        days = before;
    }
    let most = sessions.unwrap_or(days.len());
    Ok(&days[days.len().saturating_sub(most)..])
}

/// Fills in the drawdowns, and works out the totals. The return of the first session belongs to
/// the series too: it is against the session before.
fn compound(series: &mut [SessionBooks], gaps: &[Day]) -> Totals {
    let (mut wealth, mut peak) = (1.0, 1.0_f64);
    let mut returns = Vec::new();
    let mut broken = false;
    let mut nothing_before = true;
    for session in series {
        let here = &session.snapshot;
        broken |= gaps.first().is_some_and(|gap| *gap < session.day);
        match here.session_return.value() {
            Some(change) => {
                wealth *= 1.0 + change;
                peak = peak.max(wealth);
                returns.push(change);
            }
            None => broken |= !nothing_before,
        }
        nothing_before = here.nav.is_zero();
        session.drawdown = (!broken).then(|| wealth / peak - 1.0);
    }
    let figure = |value: Result<f64, Absence>| {
        let observations = u32::try_from(returns.len()).unwrap_or(u32::MAX);
        match value {
            Ok(value) if !broken => Figure::new(value, observations),
            Ok(_) => Figure::absent(Absence::TooFewObservations, observations),
            Err(absence) => Figure::absent(absence, observations),
        }
    };
    let first = returns.first().ok_or(Absence::TooFewObservations);
    Totals {
        period_return: figure(first.map(|_| wealth - 1.0)),
        max_drawdown: figure(series::max_drawdown(&returns)),
        volatility: figure(series::volatility(&returns)),
    }
}

impl Books {
    /// The headings of [`Books::series_rows`].
    pub const SERIES_HEADINGS: [&'static str; 16] = [
        "day",
        "validity",
        "cash",
        "long",
        "short",
        "gross",
        "net",
        "nav",
        "flow",
        "pnl",
        "return",
        "drawdown",
        "realized",
        "unrealized",
        "quality",
        "currency",
    ];

    /// The series as plain rows, for a file. What is absent is empty.
    pub fn series_rows(&self) -> impl Iterator<Item = [String; 16]> {
        self.series.iter().map(|session| {
            let books = &session.snapshot;
            let ratio = |value: Option<f64>| value.map(|value| value.to_string());
            [
                session.day.to_string(),
                session.validity.name().to_owned(),
                books.cash.to_string(),
                books.long.to_string(),
                books.short.to_string(),
                books.gross.to_string(),
                books.net.to_string(),
                books.nav.to_string(),
                books.flow.to_string(),
                books.pnl.to_string(),
                ratio(books.session_return.value()).unwrap_or_default(),
                ratio(session.drawdown).unwrap_or_default(),
                books.realized.to_string(),
                books.unrealized.to_string(),
                books.quality.to_string(),
                self.currency.to_string(),
            ]
        })
    }
}

impl Validity {
    /// The word people see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Stale => "stale",
        }
    }
}
