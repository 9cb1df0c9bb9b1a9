//! Reads the books of a portfolio: its value, flows and returns, session by session.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::QueryError;
use super::holdings::{Holdings, PositionsView, Validity, name_positions};
use super::serialize;
use crate::domain::output::Snapshot;
use crate::domain::{
    Absence, Calendar, Cell, Currency, Day, DayRange, Figure, Phase, Portfolio, PortfolioCalendar,
    PortfolioCalendars, PortfolioKey, Security, SecurityId, SessionsPerYear,
};
use crate::engine::{Settings, pending_invalidations};
use crate::invalidation::PendingInvalidations;
use crate::phases::series;
use crate::store::{ReadTransaction, Store};

/// The books of a portfolio up to a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Books {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The currency of all amounts.
    #[serde(serialize_with = "serialize::text")]
    pub currency: Currency,
    /// The name of the calendar that picks its sessions, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The last session with books; absent where there are none.
    pub as_of: Option<Day>,
    /// The sessions with books, ascending.
    pub series: Vec<SessionBooks>,
    /// The sessions without books between the first and the last.
    pub gaps: Vec<Day>,
    /// Figures over the whole series.
    pub totals: Totals,
    /// Positions, exposures and risk at the end of the series.
    #[serde(rename = "held")]
    pub holdings: Option<Holdings>,
}

/// The books of one session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionBooks {
    /// The session of the books.
    pub day: Day,
    /// Validity of the books according to the ledger.
    pub validity: Validity,
    /// Amounts, return and price quality.
    #[serde(flatten, serialize_with = "serialize::snapshot")]
    pub snapshot: Snapshot,
    /// Distance of the compounded returns from their peak in this series, a ratio of 0 or less.
    /// Absent after a session without books, and from the first missing return on.
    pub drawdown: Option<f64>,
}

/// Figures over the session returns of a series. They are absent where the books or the return
/// of a session are missing or stale: the others alone would give a plausible but wrong number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Totals {
    /// The compounded returns. Flows in and out do not change it.
    #[serde(serialize_with = "serialize::figure")]
    pub period_return: Figure,
    /// The deepest drawdown, a ratio of 0 or less.
    #[serde(serialize_with = "serialize::figure")]
    pub max_drawdown: Figure,
    /// Annualised volatility of the session returns.
    #[serde(serialize_with = "serialize::figure")]
    pub volatility: Figure,
}

/// Reads the books of `portfolio` up to the last session with books on or before `as_of` (or the
/// very last one), over the last `sessions` sessions (or all).
///
/// # Errors
///
/// Where the store cannot be read, or the calendar does not know a day.
pub fn books(
    store: &Store,
    settings: &Settings,
    portfolio: &Portfolio,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<Books, QueryError> {
    store.read(|reading| BooksReader::new(reading, settings)?.books(portfolio, as_of, sessions))
}

/// Reads the books of portfolios as of one moment.
pub struct BooksReader<'r> {
    reading: &'r ReadTransaction<'r>,
    settings: &'r Settings,
    pending: PendingInvalidations,
    calendars: PortfolioCalendars,
    securities: BTreeMap<SecurityId, Security>,
}

impl<'r> BooksReader<'r> {
    /// Reads what the books of all portfolios share.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn new(
        reading: &'r ReadTransaction<'r>,
        settings: &'r Settings,
    ) -> Result<Self, QueryError> {
        let securities = reading.securities().all()?.into_iter();
        Ok(Self {
            reading,
            settings,
            pending: pending_invalidations(reading, settings)?,
            calendars: (reading.security_calendars()).of_portfolios(&settings.calendar)?,
            securities: securities.map(|security| (security.id, security)).collect(),
        })
    }

    /// Reads the books of a portfolio, as [`books`] does.
    ///
    /// # Errors
    ///
    /// Those of [`books`].
    pub fn books(
        &self,
        portfolio: &Portfolio,
        as_of: Option<Day>,
        sessions: Option<usize>,
    ) -> Result<Books, QueryError> {
        let (reading, calendar) = (self.reading, &self.settings.calendar);
        let own = self.calendars.of(portfolio.id);
        let days = sessions_with_books(reading, calendar, own, portfolio, as_of, sessions)?;
        let mut series = Vec::new();
        let mut gaps = Vec::new();
        for day in days {
            let cell = Cell::new(day, portfolio.id);
            match reading.outputs().snapshot(cell)? {
                None if series.is_empty() => {}
                None => gaps.push(day),
                Some(snapshot) => series.push(SessionBooks {
                    day,
                    validity: Validity::read(reading, &self.pending, cell, Phase::Snapshot)?,
                    snapshot,
                    drawdown: None,
                }),
            }
        }
        let per_year = calendar.sessions_per_year();
        let per_year = own.map_or(per_year, |own| own.sessions_per_year);
        let totals = compound(&mut series, &gaps, per_year);
        let as_of = series.last().map(|last| last.day);
        let holdings = as_of.map(|day| {
            let cell = Cell::new(day, portfolio.id);
            Holdings::read(reading, &self.pending, &self.securities, cell)
        });
        Ok(Books {
            key: portfolio.key,
            name: portfolio.name.clone(),
            currency: portfolio.currency,
            calendar: portfolio.calendar.clone(),
            as_of,
            series,
            gaps,
            totals,
            holdings: holdings.transpose()?,
        })
    }

    /// Reads the positions of a session, if there are any. `books` are those of the same cell.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn positions(
        &self,
        cell: Cell,
        books: &Snapshot,
    ) -> Result<Option<PositionsView>, QueryError> {
        let Some(positions) = self.reading.outputs().positions(cell)? else {
            return Ok(None);
        };
        Ok(Some(PositionsView {
            validity: Validity::read(self.reading, &self.pending, cell, Phase::Positions)?,
            rows: name_positions(&self.securities, cell.day, &positions, Some(books)),
        }))
    }
}

/// The sessions of the series: they end with the last one that has books.
fn sessions_with_books(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    own: Option<&PortfolioCalendar>,
    portfolio: &Portfolio,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<Vec<Day>, QueryError> {
    let newest = reading.outputs().last_snapshot_day()?;
    let known = calendar.known_days();
    let last = match (as_of, newest) {
        (_, None) => return Ok(Vec::new()),
        (None, Some(newest)) => newest,
        (Some(as_of), Some(newest)) => as_of.min(newest),
    };
    let since_inception = DayRange::new(portfolio.lifecycle.inception(), last).ok();
    let Some(range) = since_inception.and_then(|range| range.intersection(known)) else {
        return Ok(Vec::new());
    };
    let days = calendar.sessions(range)?;
    let mut days = own.map_or_else(|| days.to_vec(), |own| own.pick(days));
    while let Some(last) = days.last() {
        if reading
            .outputs()
            .snapshot(Cell::new(*last, portfolio.id))?
            .is_some()
        {
            break;
        }
        days.pop();
    }
    let most = sessions.unwrap_or(days.len());
    Ok(days.split_off(days.len().saturating_sub(most)))
}

/// The change of a portfolio's wealth on one session.
pub(super) enum Change {
    /// A return, as a ratio.
    Return(f64),
    /// No return, and none is missing: the NAV before was zero.
    NothingBefore,
    /// A return that is missing: without it a product of returns would be wrong.
    Missing,
}

/// Returns the change of each session. The return of the first session, measured against the session
/// before it, is part of the series.
pub(super) fn changes(series: &[SessionBooks]) -> Vec<Change> {
    let mut nothing_before = true;
    let change = |session: &SessionBooks| {
        let change = match session.snapshot.session_return.value() {
            // The session is to be done again, and the return that it will have is not known.
            _ if session.validity == Validity::Stale => Change::Missing,
            Some(change) => Change::Return(change),
            None if nothing_before => Change::NothingBefore,
            None => Change::Missing,
        };
        nothing_before = session.snapshot.nav.is_zero();
        change
    };
    series.iter().map(change).collect()
}

/// Returns the last session with books on or before `as_of`, or the very last one.
pub(super) fn last_session_with_books(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    portfolio: &Portfolio,
    as_of: Option<Day>,
) -> Result<Option<Day>, QueryError> {
    let calendars = reading.security_calendars().of_portfolios(calendar)?;
    let own = calendars.of(portfolio.id);
    let days = sessions_with_books(reading, calendar, own, portfolio, as_of, Some(1))?;
    Ok(days.last().copied())
}

/// Fills in the drawdowns and calculates the totals.
fn compound(
    series: &mut [SessionBooks],
    gaps: &[Day],
    sessions_per_year: SessionsPerYear,
) -> Totals {
    let (mut wealth, mut peak) = (1.0, 1.0_f64);
    let mut returns = Vec::new();
    let mut broken = false;
    for (change, session) in changes(series).into_iter().zip(series) {
        broken |= gaps.first().is_some_and(|gap| *gap < session.day);
        match change {
            Change::Return(change) => {
                wealth *= 1.0 + change;
                peak = peak.max(wealth);
                returns.push(change);
            }
            Change::NothingBefore => {}
            Change::Missing => broken = true,
        }
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
        volatility: figure(series::volatility(&returns, sessions_per_year)),
    }
}

impl Books {
    /// The column headings of [`Books::series_rows`].
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

    /// The column headings of [`Books::cash_rows`].
    pub const CASH_HEADINGS: [&'static str; 9] = [
        "day",
        "validity",
        "currency",
        "balance",
        "value",
        "cost",
        "quality",
        "fx_gain",
        "fx_realized",
    ];

    /// Returns the foreign cash of each session as rows of text for a file, by day and currency.
    pub fn cash_rows(&self) -> impl Iterator<Item = [String; 9]> {
        self.series.iter().flat_map(|session| {
            session.snapshot.foreign_cash.iter().map(|cash| {
                [
                    session.day.to_string(),
                    session.validity.name().to_owned(),
                    cash.currency.to_string(),
                    cash.balance.to_string(),
                    cash.value.to_string(),
                    cash.cost.to_string(),
                    cash.quality.to_string(),
                    cash.fx_gain.to_string(),
                    cash.fx_realized.to_string(),
                ]
            })
        })
    }

    /// Returns the series as rows of text for a file. Absent values are empty.
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
