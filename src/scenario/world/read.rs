//! Reads a world from text: resolves names, fills in defaults and refuses contradictions.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::blocked;
use super::coverage::{Invalidated, PortfolioDays, inception, remove_failed_phases};
use super::error::WorldError;
use super::history::{resolve_invalidations, resolve_runs};
use super::identity::{PortfolioIdentity, identify};
use super::instruments::{Instruments, build_listing};
use super::merge::{NamedPortfolio, expand_portfolios, merge_worlds};
use super::spec::{
    Lease, MarketSpec, PortfolioSpec, PortfolioSpecs, RunLeftRunningSpec, SourcesSpec, WorldSpec,
};
use super::state::{Contents, MarketEnd, RunLeftRunning, World, WorldPortfolio};
use super::transactions::resolve_transactions;
use crate::domain::{
    Calendar, Currency, Day, DayRange, Lifecycle, Money, Portfolio, PortfolioId, RiskModel,
};
use crate::domain::{NewInvalidation, calendar::Amendments};
use crate::scenario::market::{Style, risk_model};

/// The default number of days with closes before the first inception: about 310 sessions, so that
/// windows of 252 sessions are full on the first day.
const DEFAULT_PRICED_DAYS: i32 = 450;
/// The default age of a run left running.
const DEFAULT_RUN_AGE: TimeDelta = TimeDelta::hours(1);
/// Time from now to the end of its lease, in the future or in the past.
const LEASE_DISTANCE: TimeDelta = TimeDelta::minutes(1);

impl World {
    /// Reads a world from TOML text.
    ///
    /// # Errors
    ///
    /// The text is not TOML, has an unknown key or name or an invalid value, or contradicts itself.
    pub fn read(text: &str) -> Result<Self, WorldError> {
        let spec: WorldSpec = toml::from_str(text).map_err(WorldError::text)?;
        Self::from_specs(spec, WorldSpec::default(), Vec::new())
    }

    /// Builds the world of `over` merged over `below`. `later` are portfolios that steps add: they
    /// are numbered after the portfolios of the world.
    pub(in crate::scenario) fn from_specs(
        below: WorldSpec,
        over: WorldSpec,
        later: Vec<PortfolioSpecs>,
    ) -> Result<Self, WorldError> {
        let (mut spec, mut named) = merge_worlds(below, over)?;
        let present = named.len();
        for added in later {
            named.extend(expand_portfolios(added)?);
        }
        let now = spec.now.ok_or(WorldError::MissingNow)?.0.to_utc();
        let amendments = spec.calendar_amendments.take().unwrap_or_default();
        let calendar = spec.calendar.unwrap_or_default().calendar();
        let calendar = calendar.with_amendments(&amendments)?;
        let last = match spec.market.last {
            Some(last) => last,
            None => calendar.last_final(now, TimeDelta::zero())?,
        };
        let sources = spec.sources.unwrap_or_default();
        let mut listing = build_listing(&spec)?;
        blocked::list_blocking_securities(&named, &mut listing);
        let listed = Instruments(listing);
        // Later portfolios are read with the others, so that ids are dense and unique over both.
        let mut portfolios = PortfolioReader {
            calendar: &calendar,
            listed: &listed,
            last,
            sources,
        }
        .portfolios(named)?;
        let invalidations =
            resolve_invalidations(spec.invalidations, &portfolios, &calendar, last)?;
        remove_failures(&mut portfolios, &invalidations)?;
        let mut closes = listed.closes(spec.prices)?;
        closes.extend(blocked::missing_closes(&portfolios));
        Ok(Self {
            description: spec.description.unwrap_or_default().trim().to_owned(),
            now,
            seed: spec.seed.unwrap_or_default(),
            priced_days: priced_days(&spec.market, &portfolios, last)?,
            market_ends: match spec.market.last {
                Some(_) => MarketEnd::Fixed,
                None => MarketEnd::FollowsClock,
            },
            closes,
            splits: listed.splits(spec.splits, &calendar)?,
            corrections: listed.corrections(spec.corrections)?,
            transactions: resolve_transactions(spec.transactions, &portfolios, &listed)?,
            invalidations,
            runs: resolve_runs(spec.runs, last)?,
            run_left_running: spec
                .run_left_running
                .map(|run| left_running(&run, now, last)),
            added_later: portfolios.split_off(present),
            portfolios,
            listing: listed.0,
            model: spec.risk.unwrap_or_else(|| default_model(sources)),
            calendar,
        })
    }
}

/// Returns the default risk model: that of the generated market, or an empty one if sources are
/// given.
fn default_model(sources: SourcesSpec) -> RiskModel {
    match sources {
        SourcesSpec::MadeUp => risk_model(),
        SourcesSpec::Given => RiskModel::default(),
    }
}

/// Returns the days with closes. By default they start [`DEFAULT_PRICED_DAYS`] before the first
/// inception, and end on the last final session.
fn priced_days(
    market: &MarketSpec,
    portfolios: &[WorldPortfolio],
    last: Day,
) -> Result<DayRange, WorldError> {
    let inceptions = portfolios
        .iter()
        .map(|portfolio| portfolio.portfolio.lifecycle.inception());
    let earliest = inceptions.chain([last]).min().unwrap_or(last);
    let first = market
        .from
        .unwrap_or_else(|| earliest.saturating_add(-DEFAULT_PRICED_DAYS));
    DayRange::new(first, last).map_err(WorldError::Market)
}

fn left_running(run: &RunLeftRunningSpec, now: DateTime<Utc>, last: Day) -> RunLeftRunning {
    RunLeftRunning {
        started: (run.started).map_or(now - DEFAULT_RUN_AGE, |started| started.0.to_utc()),
        target: run.target.unwrap_or(last),
        lease: run.lease,
        lease_expires: match run.lease {
            Lease::Live => now + LEASE_DISTANCE,
            Lease::Expired => now - LEASE_DISTANCE,
        },
    }
}

/// Removes failed phases from those that are declared done.
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
        let invalidated = |day, phase| {
            let mut cells = invalidations
                .iter()
                .filter_map(|i| i.cells.get(&(day, phase)));
            match cells.any(|ids| ids.contains(portfolio.id.0)) {
                true => Invalidated::Yes,
                false => Invalidated::No,
            }
        };
        remove_failed_phases(&portfolio.name, done, failed, invalidated)?;
    }
    Ok(())
}

/// Reads portfolios against the calendar, the listing and the last session of a world.
struct PortfolioReader<'a> {
    calendar: &'a Calendar,
    listed: &'a Instruments,
    last: Day,
    sources: SourcesSpec,
}

impl PortfolioReader<'_> {
    /// Reads portfolios, with dense ids from 1 in their order.
    fn portfolios(&self, named: Vec<NamedPortfolio>) -> Result<Vec<WorldPortfolio>, WorldError> {
        let mut known = BTreeSet::new();
        let mut portfolios = Vec::with_capacity(named.len());
        for (label, spec) in named {
            let identity = identify(label, &spec)?;
            if !known.insert(identity.key) {
                return Err(WorldError::DuplicatePortfolio(identity.name));
            }
            let id = PortfolioId(portfolios.len() as u32 + 1);
            portfolios.push(self.portfolio(id, identity, &spec)?);
        }
        Ok(portfolios)
    }

    fn portfolio(
        &self,
        id: PortfolioId,
        PortfolioIdentity { key, name }: PortfolioIdentity,
        spec: &PortfolioSpec,
    ) -> Result<WorldPortfolio, WorldError> {
        let lifecycle = self.lifecycle(&name, spec)?;
        let currency = spec.currency.map_or(Currency::USD, |currency| currency.0);
        let days = PortfolioDays {
            name: &name,
            lifecycle,
            calendar: self.calendar,
            last: self.last,
        };
        Ok(WorldPortfolio {
            done: days.done_phases(spec)?,
            failed: days.failed(spec)?,
            rows: days.rows(spec)?,
            blocked: days.blocked(spec)?,
            contents: self.contents(&name, currency, spec)?,
            portfolio: Portfolio {
                id,
                key,
                name,
                currency,
                lifecycle,
            },
        })
    }

    fn lifecycle(&self, name: &str, spec: &PortfolioSpec) -> Result<Lifecycle, WorldError> {
        let deleted_at = spec.deleted_at.map(|at| at.0.to_utc());
        let restored_at = spec.restored_at.map(|at| at.0.to_utc());
        // A portfolio that was deleted and restored is as if it had never been deleted.
        let deleted = match (deleted_at, restored_at) {
            (deleted, None) => deleted,
            (Some(deleted), Some(restored)) if deleted < restored => None,
            (_, Some(_)) => return Err(WorldError::RestoredNotDeleted(name.to_owned())),
        };
        Lifecycle::new(inception(spec, self.calendar, self.last)?)
            .with_closing_day(spec.closed)
            .map(|lifecycle| lifecycle.with_deleted_at(deleted))
            .map_err(|source| WorldError::Lifecycle {
                portfolio: name.to_owned(),
                source,
            })
    }

    fn contents(
        &self,
        name: &str,
        currency: Currency,
        spec: &PortfolioSpec,
    ) -> Result<Contents, WorldError> {
        if self.sources == SourcesSpec::Given {
            reject_made_up_keys(name, spec)?;
        }
        let given = spec.cash.is_some() || !spec.holdings.is_empty();
        let made_up = spec.style.is_some() || spec.capital.is_some();
        if given && made_up {
            return Err(WorldError::HoldingsWithStyle(name.to_owned()));
        }
        if let Some(contents) = blocked::contents(spec, self.listed)? {
            return match given || made_up {
                true => Err(WorldError::BlockedWithHoldings(name.to_owned())),
                false => Ok(contents),
            };
        }
        if given || self.sources == SourcesSpec::Given {
            let holdings = spec
                .holdings
                .iter()
                .map(|(symbol, quantity)| Ok((self.listed.id(symbol)?, quantity.0)));
            return Ok(Contents::Given {
                cash: spec.cash.map_or(Money::ZERO, |cash| cash.0),
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
            style: spec.style.map_or(Style::Equity, |style| style.0),
            capital: spec.capital.map(|capital| capital.0),
        })
    }
}

/// Refuses the keys of a portfolio that would generate sources.
fn reject_made_up_keys(name: &str, spec: &PortfolioSpec) -> Result<(), WorldError> {
    let keys = [
        ("style", spec.style.is_some()),
        ("capital", spec.capital.is_some()),
        ("blocked", spec.blocked.is_some()),
    ];
    match keys.into_iter().find(|(_, present)| *present) {
        Some((key, _)) => Err(WorldError::MadeUpKeyWithGivenSources {
            key,
            place: format!("the portfolio `{name}`"),
        }),
        None => Ok(()),
    }
}
