//! Finds the closes that the command that fetches prices is asked for, and those that it is not asked
//! for because it had no answer lately.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::error::QueryError;
use super::serialize::text;
use crate::domain::{AssetClass, Currency, Day, Security, SecurityId};
use crate::engine::{Settings, missing_closes, today};
use crate::environment::Environment;
use crate::store::{PriceRefusalRow, ReadTransaction, Store};

/// The time for which a close without an answer is not requested again.
pub const REFUSED_FOR: TimeDelta = TimeDelta::days(7);

/// The missing closes of all active portfolios.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MissingPrices {
    /// The last session of which closes are due.
    pub target: Day,
    /// The closes that the next request asks for, by symbol.
    pub requested: Vec<MissingCloses>,
    /// The closes that had no answer lately, by symbol.
    pub refused: Vec<RefusedCloses>,
}

/// The missing closes of one symbol. Serialized, it is a line of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MissingCloses {
    /// The id of the security in the database.
    #[serde(skip)]
    pub security: SecurityId,
    /// Its symbol: the current one, unless another security had that on these days.
    pub symbol: String,
    /// The class that the security has today.
    #[serde(serialize_with = "text")]
    pub class: AssetClass,
    /// The currency of its prices.
    #[serde(serialize_with = "text")]
    pub currency: Currency,
    /// Name of the calendar of its exchange, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The first of the days.
    pub first: Day,
    /// The last of the days.
    pub last: Day,
    /// The days, ascending. There is at least one.
    pub days: Vec<Day>,
}

/// Missing closes of one symbol that had no answer lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RefusedCloses {
    /// The symbol, with the closes that are left out of requests.
    #[serde(flatten)]
    pub closes: MissingCloses,
    /// Time from which on the first of them is requested again.
    pub until: DateTime<Utc>,
}

impl MissingPrices {
    /// Returns the number of closes that the next request asks for.
    pub fn requested_closes(&self) -> usize {
        let closes = self.requested.iter();
        closes.map(|closes| closes.days.len()).sum()
    }

    /// Adds the refused closes to those that are requested.
    #[must_use]
    pub fn with_refused(mut self) -> Self {
        let refused = std::mem::take(&mut self.refused);
        for RefusedCloses { closes, .. } in refused {
            let of_symbol = |known: &&mut MissingCloses| {
                known.security == closes.security && known.symbol == closes.symbol
            };
            match self.requested.iter_mut().find(of_symbol) {
                Some(known) => known.add(&closes.days),
                None => self.requested.push(closes),
            }
        }
        self.requested.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        self
    }
}

impl MissingCloses {
    fn new(security: &Security, symbol: &str, days: Vec<Day>) -> Option<Self> {
        let (first, last) = (*days.first()?, *days.last()?);
        Some(Self {
            security: security.id,
            symbol: symbol.to_owned(),
            class: security.class,
            currency: security.currency,
            calendar: security.calendar.clone(),
            first,
            last,
            days,
        })
    }

    fn add(&mut self, days: &[Day]) {
        self.days.extend(days);
        self.days.sort_unstable();
        self.first = self.first.min(self.days[0]);
        self.last = self.last.max(self.days[self.days.len() - 1]);
    }
}

/// Finds the missing closes at the time of the environment's clock.
///
/// # Errors
///
/// The calendar does not know a day, or the store cannot be read.
pub fn missing_prices(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
) -> Result<MissingPrices, QueryError> {
    let now = environment.clock.now();
    store.read(|reading| read(reading, settings, now))
}

fn read(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<MissingPrices, QueryError> {
    let missing = missing_closes(reading, settings, now)?;
    let securities = reading.securities().all()?;
    let mut refusals: BTreeMap<(SecurityId, Day), PriceRefusalRow> = BTreeMap::new();
    for refusal in reading.price_requests().refusals()? {
        if refusal.at + REFUSED_FOR > now {
            refusals.insert((refusal.security, refusal.day), refusal);
        }
    }
    let mut found = MissingPrices {
        target: today(settings, now)?.last_final,
        requested: Vec::new(),
        refused: Vec::new(),
    };
    for security in &securities {
        let Some(days) = missing.get(&security.id) else {
            continue;
        };
        for (symbol, days) in by_symbol(security, &securities, days) {
            let of_day = |day: &Day| {
                let refusal = refusals.get(&(security.id, *day));
                refusal.filter(|refusal| refusal.symbol == symbol)
            };
            let known: Vec<_> = days.iter().filter_map(of_day).collect();
            let is_silent = known.iter().any(|refusal| refusal.is_silent);
            let until = known.iter().map(|refusal| refusal.at + REFUSED_FOR).min();
            let (refused, requested): (Vec<_>, Vec<_>) =
                (days.into_iter()).partition(|day| is_silent || of_day(day).is_some());
            found
                .requested
                .extend(MissingCloses::new(security, symbol, requested));
            if let (Some(closes), Some(until)) =
                (MissingCloses::new(security, symbol, refused), until)
            {
                found.refused.push(RefusedCloses { closes, until });
            }
        }
    }
    found.requested.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    (found.refused).sort_by(|a, b| a.closes.symbol.cmp(&b.closes.symbol));
    Ok(found)
}

/// Groups days by the symbol under which an import takes a close of the security: vendors write a
/// whole history under the current one, but another security may have had that on the day.
fn by_symbol<'s>(
    security: &'s Security,
    securities: &[Security],
    days: &[Day],
) -> BTreeMap<&'s str, Vec<Day>> {
    let bearers = securities.iter().filter(|other| {
        let mut symbols = other.all_symbols();
        symbols.any(|symbol| symbol == security.symbol)
    });
    let bearers: BTreeSet<_> = bearers.map(|other| other.id).collect();
    let is_only_bearer = bearers.len() == 1;
    let mut groups: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
    for day in days {
        let means_security = || {
            let bearers = securities
                .iter()
                .filter(|other| bearers.contains(&other.id));
            let found = Security::with_symbol_around(bearers, &security.symbol, *day);
            found.is_some_and(|found| found.id == security.id)
        };
        let symbol = match is_only_bearer || means_security() {
            true => security.symbol.as_str(),
            false => security.symbol_on(*day),
        };
        groups.entry(symbol).or_default().push(*day);
    }
    groups
}
