//! Finds the portfolios whose books, foreign cash included, use prices or exchange rates that are
//! older than allowed.
//!
//! Judged are the books at a portfolio's watermark and, after a gap, its newest books: those are what
//! pages and `show` present. Older books are history, which no later price can make fresher.
//!
//! To stay cheap, it first finds the securities without a close in the sessions up to the judged
//! day, and reads the holdings only of portfolios that ever traded one, or one that is converted at
//! such a rate, and of those with an amount that was moved at one.

mod aged_moves;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::output::{Position, Snapshot};
use crate::domain::{
    Calendar, Cell, Currency, Day, IdSet, Phase, Portfolio, PortfolioId, PortfolioKey,
    PriceQuality, Scope, Security, SecurityCalendars, SecurityId, is_closed,
};
use crate::engine::{Conversions, sessions_held};
use crate::plan::{Survey, Watermarks};
use crate::query::error::QueryError;
use crate::store::{ReadTransaction, StoreError};

/// A portfolio whose books use prices or rates that are older than allowed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StalePortfolio {
    /// The id of the portfolio in the database.
    #[serde(skip)]
    pub id: PortfolioId,
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The session of the books.
    pub day: Day,
    /// Share of the gross value that depends on an old price or rate, 0 to 1.
    pub share: f64,
    /// Age in sessions of the oldest of them; for a holding at cost, since its first transaction.
    pub sessions_old: usize,
    /// The symbols of the old prices and rates, in alphabetical order.
    pub inputs: Vec<String>,
}

/// Finds the portfolios `by_day` whose books of the day use a price or rate that is more than
/// `max_stale` sessions old, the largest share of value first. Of two such books, those with the
/// older price count.
pub(super) fn stale_portfolios(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    survey: &Survey,
    by_day: &BTreeMap<Day, IdSet>,
    max_stale: usize,
) -> Result<Vec<StalePortfolio>, QueryError> {
    let mut oldest: BTreeMap<PortfolioId, StalePortfolio> = BTreeMap::new();
    for stale in stale_cells(reading, calendar, survey, by_day, max_stale)? {
        let known = oldest.get(&stale.id);
        if known.is_none_or(|known| known.sessions_old < stale.sessions_old) {
            oldest.insert(stale.id, stale);
        }
    }
    let mut found: Vec<_> = oldest.into_values().collect();
    found.sort_by(|a: &StalePortfolio, b| b.share.total_cmp(&a.share).then(a.id.cmp(&b.id)));
    Ok(found)
}

/// Finds the cells of the portfolios `by_day`, which are complete, whose books use a price or rate
/// that is more than `max_stale` sessions old. Prices that are not expected, of private assets and
/// inactive securities, may have any age.
pub(in crate::query) fn stale_cells(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    survey: &Survey,
    by_day: &BTreeMap<Day, IdSet>,
    max_stale: usize,
) -> Result<Vec<StalePortfolio>, QueryError> {
    // A portfolio without a complete cell has no books, so it has no old ones.
    if by_day.is_empty() {
        return Ok(Vec::new());
    }
    let securities = reading.securities().all()?;
    let conversions = Conversions::read(reading, &securities)?;
    let security_calendars = reading.security_calendars().in_force()?;
    let mut search = Search {
        reading,
        calendar,
        sessions: &survey.sessions,
        conversions: &conversions,
        calendars: &security_calendars,
        securities: &securities,
        max_stale,
        priced: BTreeMap::new(),
    };
    let mut all = Vec::new();
    let calendars = survey.lifecycles.calendars();
    let others = calendars.portfolios();
    for (day, ids) in by_day {
        all.extend(search.on(*day, &(ids - &others))?);
    }
    for own in calendars.iter() {
        let sessions = own.pick(&survey.sessions);
        let mut search = search.by_sessions(&sessions);
        for (day, ids) in by_day {
            all.extend(search.on(*day, &(ids & &own.portfolios))?);
        }
    }
    Ok(all)
}

/// Returns the days on which the books of each portfolio are judged: its watermark, and its newest
/// books if they come after a gap.
pub(super) fn judged_days(
    survey: &Survey,
    marks: &Watermarks,
    scope: &Scope,
    target: Day,
) -> BTreeMap<Day, IdSet> {
    let mut by_day: BTreeMap<Day, IdSet> = BTreeMap::new();
    let mut open = IdSet::new();
    for id in survey.lifecycles.active_members(scope) {
        let portfolio = PortfolioId(id);
        // The books of a closed portfolio are final, so that nothing can make them fresher.
        let closed = survey.lifecycles.closing_day(portfolio);
        if closed.is_some_and(|closed| closed <= target) {
            continue;
        }
        open.insert(id);
        if let Some(day) = marks.get(portfolio) {
            by_day.entry(day).or_default().insert(id);
        }
    }
    let end = survey.sessions.partition_point(|day| *day <= target);
    for day in survey.sessions[..end].iter().rev() {
        if open.is_empty() {
            break;
        }
        if let Some(done) = survey.coverage.get(*day, Phase::Snapshot) {
            let newest = &open & done;
            open -= &newest;
            if !newest.is_empty() {
                *by_day.entry(*day).or_default() |= newest;
            }
        }
    }
    by_day
}

struct Search<'v> {
    reading: &'v ReadTransaction<'v>,
    /// The calendar of the database, which has sessions before those of the survey.
    calendar: &'v Calendar,
    sessions: &'v [Day],
    conversions: &'v Conversions,
    calendars: &'v SecurityCalendars,
    /// All securities, by id.
    securities: &'v [Security],
    max_stale: usize,
    /// The securities with a close, of the sessions read so far.
    priced: BTreeMap<Day, IdSet>,
}

/// The prices and rates as of a day that are older than allowed.
struct OldInputs {
    securities: BTreeSet<SecurityId>,
    /// By the currencies converted from and to: the pairs that are old.
    rates: BTreeMap<(Currency, Currency), Vec<SecurityId>>,
    /// The portfolios that may use them.
    suspects: IdSet,
}

/// An amount that was moved at an aged price or rate.
struct OldMove {
    /// The size of its value, in units of money.
    size: u64,
    /// The age of the price or rate in sessions, and the securities that make it; `None` if it is
    /// not older than allowed, or not expected to be younger.
    old: Option<(usize, Vec<SecurityId>)>,
}

impl<'v> Search<'v> {
    /// Returns the same search by other sessions.
    fn by_sessions<'s>(&self, sessions: &'s [Day]) -> Search<'s>
    where
        'v: 's,
    {
        Search {
            sessions,
            priced: BTreeMap::new(),
            ..*self
        }
    }

    /// Returns the stale ones of the portfolios `ids`, which have books of `day`.
    fn on(&mut self, day: Day, ids: &IdSet) -> Result<Vec<StalePortfolio>, QueryError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let old = self.old_inputs(day, ids)?;
        let moving = self.reading.outputs().with_aged_moves(day)?;
        let mut found = Vec::new();
        for id in (&old.suspects | &moving) & ids {
            let id = PortfolioId(id);
            let Some(portfolio) = self.reading.portfolios().get(id)? else {
                continue;
            };
            let (outputs, cell) = (self.reading.outputs(), Cell::new(day, id));
            let positions = outputs.positions(cell)?.unwrap_or_default();
            let Some(books) = outputs.snapshot(cell)? else {
                continue;
            };
            let moves = self.old_moves(&portfolio, &books.aged_moves)?;
            found.extend(self.stale(portfolio, day, (&positions, &books, &moves), &old)?);
        }
        Ok(found)
    }

    /// Returns the old inputs as of a day of the portfolios `ids`, and perhaps of others.
    fn old_inputs(&mut self, day: Day, ids: &IdSet) -> Result<OldInputs, StoreError> {
        let recent = self.priced_recently(day)?;
        let mut old = OldInputs {
            securities: BTreeSet::new(),
            rates: BTreeMap::new(),
            suspects: IdSet::new(),
        };
        for security in self.securities {
            let is_expected = security.can_be_held() && security.is_price_expected(day);
            if is_expected && !recent.contains(security.id.0) {
                old.securities.insert(security.id);
                old.suspects |= self.conversions.traders_of(self.reading, security.id)?;
            }
        }
        for conversion in self.conversions.without_rate(&recent) {
            let traders = self.conversions.traders(self.reading, conversion)?;
            if traders.is_disjoint(ids) {
                continue;
            }
            old.suspects |= traders;
            let pairs = self.pairs_of(conversion, &recent, day)?;
            old.rates
                .insert((conversion.from(), conversion.to()), pairs);
        }
        Ok(old)
    }

    /// Returns the securities with a close that is not too old on `day`.
    fn priced_recently(&mut self, day: Day) -> Result<IdSet, StoreError> {
        let sessions = self.sessions;
        let end = sessions.partition_point(|session| *session <= day);
        // A close of the day itself is no session old.
        let first = end.saturating_sub(self.max_stale.saturating_add(1));
        let mut recent = IdSet::new();
        for session in &sessions[first..end] {
            if !self.priced.contains_key(session) {
                let priced = self.reading.closes().priced_securities(*session)?;
                self.priced.insert(*session, priced);
            }
            recent |= &self.priced[session];
        }
        for security in self
            .securities
            .iter()
            .filter(|known| known.calendar.is_some())
        {
            if recent.contains(security.id.0) {
                continue;
            }
            // Age counts the sessions of the security, so its own reach further back.
            let own = self.calendars.sessions_of(security);
            let open = (0..end).rev().filter(|at| !is_closed(own, sessions[*at]));
            let first = open
                .take(self.max_stale.saturating_add(1))
                .last()
                .unwrap_or(end);
            let closes = self.reading.closes();
            if closes
                .first_on(security.id, &sessions[first..end])?
                .is_some()
            {
                recent.insert(security.id.0);
            }
        }
        Ok(recent)
    }

    fn stale(
        &self,
        portfolio: Portfolio,
        day: Day,
        (positions, books, moves): (&[Position], &Snapshot, &[OldMove]),
        old: &OldInputs,
    ) -> Result<Option<StalePortfolio>, QueryError> {
        let (mut gross, mut stale, mut oldest) = (0, 0, 0);
        let mut inputs = BTreeSet::new();
        for position in positions {
            let size = position.value.units().unsigned_abs();
            gross += u128::from(size);
            let is_price_old = old.securities.contains(&position.security);
            let (age, rate) = match position.quality {
                PriceQuality::Fresh | PriceQuality::Closed => continue,
                PriceQuality::Stale(age) => {
                    let rate = self.currency(position.security);
                    let rate = rate.and_then(|from| old.rates.get(&(from, portfolio.currency)));
                    (usize::from(age), rate)
                }
                // A cost is in the portfolio's currency and has no age of its own.
                PriceQuality::Cost | PriceQuality::None if is_price_old => (
                    self.sessions_held(portfolio.id, position.security, day)?,
                    None,
                ),
                PriceQuality::Cost | PriceQuality::None => continue,
            };
            let rate = rate.into_iter().flatten().copied();
            let own = is_price_old.then_some(position.security);
            let old_inputs: Vec<_> = own.into_iter().chain(rate).collect();
            if age > self.max_stale && !old_inputs.is_empty() {
                stale += u128::from(size);
                oldest = age.max(oldest);
                inputs.extend(old_inputs);
            }
        }
        for balance in &books.foreign_cash {
            let size = u128::from(balance.value.units().unsigned_abs());
            gross += size;
            let rate = old.rates.get(&(balance.currency, portfolio.currency));
            if let (PriceQuality::Stale(age), Some(pairs)) = (balance.quality, rate)
                && usize::from(age) > self.max_stale
            {
                stale += size;
                oldest = oldest.max(age.into());
                inputs.extend(pairs.iter().copied());
            }
        }
        for moved in moves {
            gross += u128::from(moved.size);
            if let Some((age, old_inputs)) = &moved.old {
                stale += u128::from(moved.size);
                oldest = oldest.max(*age);
                inputs.extend(old_inputs.iter().copied());
            }
        }
        if inputs.is_empty() {
            return Ok(None);
        }
        let symbols = inputs.iter().filter_map(|id| self.security(*id));
        let symbols: BTreeSet<_> = symbols
            .map(|security| security.symbol_on(day).to_owned())
            .collect();
        Ok(Some(StalePortfolio {
            id: portfolio.id,
            key: portfolio.key,
            name: portfolio.name,
            day,
            share: match gross {
                0 => 1.0,
                gross => stale as f64 / gross as f64,
            },
            sessions_old: oldest,
            inputs: symbols.into_iter().collect(),
        }))
    }

    /// Returns the number of sessions since the first transaction in a security, up to `day`.
    fn sessions_held(
        &self,
        portfolio: PortfolioId,
        security: SecurityId,
        day: Day,
    ) -> Result<usize, StoreError> {
        let entries = self.reading.entries().of_portfolio(portfolio)?;
        Ok(sessions_held(&entries, security, self.sessions, day))
    }

    fn currency(&self, id: SecurityId) -> Option<Currency> {
        self.security(id).map(|security| security.currency)
    }

    fn security(&self, id: SecurityId) -> Option<&Security> {
        let at = self.securities.binary_search_by_key(&id, |known| known.id);
        at.ok().map(|at| &self.securities[at])
    }
}
