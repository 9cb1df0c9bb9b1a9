//! What a file means: names resolved, defaults filled in, contradictions refused.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::blocked;
use super::coverage::{Invalidated, PortfolioDays, inception, remove_failed_phases};
use super::error::WorldError;
use super::history::{resolve_invalidations, resolve_runs};
use super::identity::{PortfolioIdentity, identify};
use super::instruments::{Instruments, build_listing};
use super::lenient::{Instant, Lenient};
use super::overrides::{NamedPortfolio, expand_ranges, merge_portfolios};
use super::spec::{
    CalendarSpec, Lease, MarketSpec, PortfolioSpec, PortfolioSpecs, RunLeftRunningSpec,
    SourcesSpec, WorldSpec,
};
use super::state::{Contents, MarketEnd, RunLeftRunning, World, WorldPortfolio};
use super::transactions::resolve_transactions;
use crate::domain::calendar::Amendments;
use crate::domain::{
    Calendar, CalendarError, Currency, Day, DayRange, Lifecycle, Money, Portfolio, PortfolioId,
    RiskModel,
};
use crate::scenario::market::{Style, risk_model};
use crate::store::NewInvalidation;

/// How many days of closes there are before the first inception where nobody says: some 310
/// sessions, so that windows of 252 are full on the first day.
const DEFAULT_PRICED_DAYS: i32 = 450;
/// How long ago a run that was left running started where nobody says, and how far away the end
/// of its lease is.
const DEFAULT_RUN_AGE: TimeDelta = TimeDelta::hours(1);
const LEASE_DISTANCE: TimeDelta = TimeDelta::minutes(1);

impl World {
    /// Reads a world from TOML text; an error names the line, or what contradicts what.
    pub fn read(text: &str) -> Result<Self, WorldError> {
        let written: WorldSpec = toml::from_str(text).map_err(WorldError::text)?;
        Self::from_specs(written, WorldSpec::default(), Vec::new())
    }

    /// The world that a file means with another laid over it. `later` are portfolios that are
    /// added to it afterwards: they are numbered after its own, and nothing of them is done.
    pub(in crate::scenario) fn from_specs(
        below: WorldSpec,
        over: WorldSpec,
        later: Vec<PortfolioSpecs>,
    ) -> Result<Self, WorldError> {
        let (mut below, mut over) = (below, over);
        let own = std::mem::take(&mut below.portfolios);
        let mut named = merge_portfolios(own, std::mem::take(&mut over.portfolios))?;
        let present = named.len();
        for added in later {
            named.extend(expand_ranges(added)?);
        }
        let mut written = below.overridden_by(over);
        let Lenient(Instant(now)) = written.now.take().ok_or(WorldError::MissingNow)?;
        let amendments = written.calendar_amendments.take().unwrap_or_default();
        let calendar = calendar(written.calendar.unwrap_or_default(), &amendments)?;
        let last = match written.market.last {
            Some(last) => last,
            None => calendar.last_final(now, TimeDelta::zero())?,
        };
        let sources = written.sources.unwrap_or_default();
        let mut listing = build_listing(&written)?;
        blocked::list_blocking_securities(&named, &mut listing);
        let listed = Instruments(listing);
        let mut portfolios = PortfolioReader {
            calendar: &calendar,
            listed: &listed,
            last,
            sources,
        }
        .portfolios(named)?;
        let invalidations =
            resolve_invalidations(written.invalidations, &portfolios, &calendar, last)?;
        remove_failures(&mut portfolios, &invalidations)?;
        let mut closes = listed.closes(written.prices)?;
        closes.extend(blocked::missing_closes(&portfolios));
        Ok(Self {
            description: written.description.unwrap_or_default().trim().to_owned(),
            now,
            seed: written.seed.unwrap_or_default(),
            priced_days: priced_days(&written.market, &portfolios, last)?,
            market_ends: match written.market.last {
                Some(_) => MarketEnd::Fixed,
                None => MarketEnd::FollowsClock,
            },
            closes,
            splits: listed.splits(written.splits, &calendar)?,
            corrections: listed.corrections(written.corrections)?,
            transactions: resolve_transactions(written.transactions, &portfolios, &listed)?,
            invalidations,
            runs: resolve_runs(written.runs, last)?,
            run_left_running: written
                .run_left_running
                .map(|run| left_running(&run, now, last)),
            added_later: portfolios.split_off(present),
            portfolios,
            listing: listed.0,
            model: written.risk.unwrap_or_else(|| default_model(sources)),
            calendar,
        })
    }
}

/// Against what risk is measured where nobody says: nothing, where nothing is made up.
fn default_model(sources: SourcesSpec) -> RiskModel {
    match sources {
        SourcesSpec::MadeUp => risk_model(),
        SourcesSpec::Given => RiskModel::default(),
    }
}

fn calendar(named: CalendarSpec, amendments: &Amendments) -> Result<Calendar, CalendarError> {
    let calendar = match named {
        CalendarSpec::NewYork => Calendar::new_york(),
        CalendarSpec::Weekdays => Calendar::weekdays(),
        CalendarSpec::EveryDay => Calendar::every_day(),
    };
    calendar.with_amendments(amendments)
}

/// The days that have closes: as said, or from well before the first inception to the last
/// session that has closed.
fn priced_days(
    market: &MarketSpec,
    portfolios: &[WorldPortfolio],
    last: Day,
) -> Result<DayRange, WorldError> {
    let inceptions = portfolios
        .iter()
        .map(|one| one.portfolio.lifecycle.inception());
    let earliest = inceptions.chain([last]).min().unwrap_or(last);
    let first = market
        .from
        .unwrap_or_else(|| earliest.saturating_add(-DEFAULT_PRICED_DAYS));
    DayRange::new(first, last).map_err(WorldError::Market)
}

fn left_running(run: &RunLeftRunningSpec, now: DateTime<Utc>, last: Day) -> RunLeftRunning {
    RunLeftRunning {
        started: run
            .started
            .as_ref()
            .map_or(now - DEFAULT_RUN_AGE, |Lenient(Instant(at))| *at),
        target: run.target.unwrap_or(last),
        lease: run.lease,
        lease_expires: match run.lease {
            Lease::Live => now + LEASE_DISTANCE,
            Lease::Expired => now - LEASE_DISTANCE,
        },
    }
}

/// Takes what failed out of what is said to be done.
fn remove_failures(
    portfolios: &mut [WorldPortfolio],
    invalidations: &[NewInvalidation],
) -> Result<(), WorldError> {
    for WorldPortfolio {
        portfolio,
        done,
        failed,
        ..
    } in portfolios
    {
        let taken = |day, phase| {
            let mut cells = invalidations
                .iter()
                .filter_map(|i| i.cells.get(&(day, phase)));
            match cells.any(|who| who.contains(portfolio.id.0)) {
                true => Invalidated::Yes,
                false => Invalidated::No,
            }
        };
        remove_failed_phases(&portfolio.name, done, failed, taken)?;
    }
    Ok(())
}

/// What the lines of a portfolio are read against.
struct PortfolioReader<'a> {
    calendar: &'a Calendar,
    listed: &'a Instruments,
    last: Day,
    sources: SourcesSpec,
}

impl PortfolioReader<'_> {
    /// The portfolios, numbered in order.
    fn portfolios(&self, named: Vec<NamedPortfolio>) -> Result<Vec<WorldPortfolio>, WorldError> {
        let mut known = BTreeSet::new();
        let mut portfolios = Vec::with_capacity(named.len());
        for (label, written) in named {
            let called = identify(label, &written)?;
            if !known.insert(called.key) {
                return Err(WorldError::DuplicatePortfolio(called.name));
            }
            let id = PortfolioId(portfolios.len() as u32 + 1);
            portfolios.push(self.portfolio(id, called, &written)?);
        }
        Ok(portfolios)
    }

    fn portfolio(
        &self,
        id: PortfolioId,
        PortfolioIdentity { key, name }: PortfolioIdentity,
        written: &PortfolioSpec,
    ) -> Result<WorldPortfolio, WorldError> {
        let lifecycle = self.lifecycle(&name, written)?;
        let currency = written
            .currency
            .as_ref()
            .map_or(Currency::USD, |Lenient(currency)| *currency);
        let days = PortfolioDays {
            name: &name,
            lifecycle,
            calendar: self.calendar,
            last: self.last,
        };
        Ok(WorldPortfolio {
            done: days.done_phases(written)?,
            failed: days.failed(written)?,
            rows: days.rows(written)?,
            blocked: days.blocked(written)?,
            contents: self.contents(&name, currency, written)?,
            portfolio: Portfolio {
                id,
                key,
                name,
                currency,
                lifecycle,
            },
        })
    }

    fn lifecycle(&self, name: &str, written: &PortfolioSpec) -> Result<Lifecycle, WorldError> {
        let instant =
            |said: &Option<Lenient<Instant>>| said.as_ref().map(|Lenient(Instant(at))| *at);
        let deleted = match (instant(&written.deleted_at), instant(&written.restored_at)) {
            (deleted, None) => deleted,
            (Some(deleted), Some(restored)) if deleted < restored => None,
            (_, Some(_)) => return Err(WorldError::RestoredNotDeleted(name.to_owned())),
        };
        Lifecycle::new(inception(written, self.calendar, self.last)?)
            .with_closing_day(written.closed)
            .map(|life| life.with_deleted_at(deleted))
            .map_err(|source| WorldError::Lifecycle {
                portfolio: name.to_owned(),
                source,
            })
    }

    fn contents(
        &self,
        name: &str,
        currency: Currency,
        written: &PortfolioSpec,
    ) -> Result<Contents, WorldError> {
        if self.sources == SourcesSpec::Given {
            reject_made_up_keys(name, written)?;
        }
        let given = written.cash.is_some() || !written.holdings.is_empty();
        let made_up = written.style.is_some() || written.capital.is_some();
        if given && made_up {
            return Err(WorldError::HoldingsWithStyle(name.to_owned()));
        }
        if let Some(waiting) = blocked::contents(written, self.listed)? {
            return match given || made_up {
                true => Err(WorldError::BlockedWithHoldings(name.to_owned())),
                false => Ok(waiting),
            };
        }
        if given || self.sources == SourcesSpec::Given {
            let holdings = written
                .holdings
                .iter()
                .map(|(symbol, Lenient(quantity))| Ok((self.listed.id(symbol)?, *quantity)));
            return Ok(Contents::Given {
                cash: written
                    .cash
                    .as_ref()
                    .map_or(Money::ZERO, |Lenient(cash)| *cash),
                holdings: holdings.collect::<Result<_, WorldError>>()?,
            });
        }
        if !self.listed.converts(currency) {
            return Err(WorldError::MissingRate {
                portfolio: name.to_owned(),
                currency,
            });
        }
        Ok(Contents::MadeUp {
            style: written
                .style
                .as_ref()
                .map_or(Style::Equity, |Lenient(style)| *style),
            capital: written.capital.as_ref().map(|Lenient(capital)| *capital),
        })
    }
}

/// That a line asks for nothing that a seed would make up.
fn reject_made_up_keys(name: &str, written: &PortfolioSpec) -> Result<(), WorldError> {
    let said = [
        ("style", written.style.is_some()),
        ("capital", written.capital.is_some()),
        ("blocked", written.blocked.is_some()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        Some((key, _)) => Err(WorldError::MadeUpKeyWithGivenSources {
            key,
            place: format!("the portfolio `{name}`"),
        }),
        None => Ok(()),
    }
}
