//! What a file means: names resolved, defaults filled in, contradictions refused.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::called::{Called, called};
use super::error::WorldError;
use super::life::{Days, Taken, inception, without_failed};
use super::listed::{Listed, listing};
use super::overlay::{Named, expanded, portfolios};
use super::past::{invalidations, runs};
use super::said::{Instant, Said};
use super::state::{Contents, LeftRunning, MarketEnd, World, WorldPortfolio};
use super::transactions::transactions;
use super::waiting;
use super::written::{
    Lease, Written, WrittenCalendar, WrittenMarket, WrittenPortfolio, WrittenPortfolios,
    WrittenRun, WrittenSources,
};
use crate::domain::calendar::Amendments;
use crate::domain::{
    Calendar, CalendarError, Currency, Day, DayRange, Lifecycle, Money, Portfolio, PortfolioId,
    RiskModel,
};
use crate::scenario::market::{Style, risk_model};
use crate::store::NewInvalidation;

/// How many days of closes there are before the first inception where nobody says: some 310
/// sessions, so that windows of 252 are full on the first day.
const DAYS_BEFORE: i32 = 450;
/// How long ago a run that was left running started where nobody says, and how far away the end
/// of its lease is.
const STARTED_BEFORE: TimeDelta = TimeDelta::hours(1);
const LEASE_DISTANCE: TimeDelta = TimeDelta::minutes(1);

impl World {
    /// Reads a world from TOML text; an error names the line, or what contradicts what.
    pub fn read(text: &str) -> Result<Self, WorldError> {
        let written: Written = toml::from_str(text).map_err(WorldError::text)?;
        Self::of(written, Written::default(), Vec::new())
    }

    /// The world that a file means with another laid over it. `later` are portfolios that are
    /// added to it afterwards: they are numbered after its own, and nothing of them is done.
    pub(in crate::scenario) fn of(
        below: Written,
        over: Written,
        later: Vec<WrittenPortfolios>,
    ) -> Result<Self, WorldError> {
        let (mut below, mut over) = (below, over);
        let own = std::mem::take(&mut below.portfolios);
        let mut named = portfolios(own, std::mem::take(&mut over.portfolios))?;
        let present = named.len();
        for added in later {
            named.extend(expanded(added)?);
        }
        let mut written = below.overlaid(over);
        let Said(Instant(now)) = written.now.take().ok_or(WorldError::NoTime)?;
        let amendments = written.calendar_amendments.take().unwrap_or_default();
        let calendar = calendar(written.calendar.unwrap_or_default(), &amendments)?;
        let last = match written.market.last {
            Some(last) => last,
            None => calendar.last_final(now, TimeDelta::zero())?,
        };
        let sources = written.sources.unwrap_or_default();
        let mut listing = listing(&written)?;
        waiting::list(&named, &mut listing);
        let listed = Listed(listing);
        let mut portfolios = Reading {
            calendar: &calendar,
            listed: &listed,
            last,
            sources,
        }
        .portfolios(named)?;
        let invalidations = invalidations(written.invalidations, &portfolios, &calendar, last)?;
        leave_out_failures(&mut portfolios, &invalidations)?;
        let mut closes = listed.closes(written.prices)?;
        closes.extend(waiting::missing(&portfolios));
        Ok(Self {
            description: written.description.unwrap_or_default().trim().to_owned(),
            now,
            seed: written.seed.unwrap_or_default(),
            priced: priced(&written.market, &portfolios, last)?,
            market_ends: match written.market.last {
                Some(_) => MarketEnd::Said,
                None => MarketEnd::WithTheClock,
            },
            closes,
            splits: listed.splits(written.splits, &calendar)?,
            corrections: listed.corrections(written.corrections)?,
            transactions: transactions(written.transactions, &portfolios, &listed)?,
            invalidations,
            runs: runs(written.runs, last)?,
            left_running: written
                .run_left_running
                .map(|run| left_running(&run, now, last)),
            later: portfolios.split_off(present),
            portfolios,
            listing: listed.0,
            model: written.risk.unwrap_or_else(|| model(sources)),
            calendar,
        })
    }
}

/// Against what risk is measured where nobody says: nothing, where nothing is made up.
fn model(sources: WrittenSources) -> RiskModel {
    match sources {
        WrittenSources::MadeUp => risk_model(),
        WrittenSources::Given => RiskModel::default(),
    }
}

fn calendar(named: WrittenCalendar, amendments: &Amendments) -> Result<Calendar, CalendarError> {
    let calendar = match named {
        WrittenCalendar::NewYork => Calendar::new_york(),
        WrittenCalendar::Weekdays => Calendar::weekdays(),
        WrittenCalendar::EveryDay => Calendar::every_day(),
    };
    calendar.with_amendments(amendments)
}

/// The days that have closes: as said, or from well before the first inception to the last
/// session that has closed.
fn priced(
    market: &WrittenMarket,
    portfolios: &[WorldPortfolio],
    last: Day,
) -> Result<DayRange, WorldError> {
    let inceptions = portfolios
        .iter()
        .map(|one| one.portfolio.lifecycle.inception());
    let earliest = inceptions.chain([last]).min().unwrap_or(last);
    let first = market
        .from
        .unwrap_or_else(|| earliest.saturating_add(-DAYS_BEFORE));
    DayRange::new(first, last).map_err(WorldError::Market)
}

fn left_running(run: &WrittenRun, now: DateTime<Utc>, last: Day) -> LeftRunning {
    LeftRunning {
        started: run
            .started
            .as_ref()
            .map_or(now - STARTED_BEFORE, |Said(Instant(at))| *at),
        target: run.target.unwrap_or(last),
        lease: run.lease,
        lease_expires: match run.lease {
            Lease::Live => now + LEASE_DISTANCE,
            Lease::Expired => now - LEASE_DISTANCE,
        },
    }
}

/// Takes what failed out of what is said to be done.
fn leave_out_failures(
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
                true => Taken::Out,
                false => Taken::Never,
            }
        };
        without_failed(&portfolio.name, done, failed, taken)?;
    }
    Ok(())
}

/// What the lines of a portfolio are read against.
struct Reading<'a> {
    calendar: &'a Calendar,
    listed: &'a Listed,
    last: Day,
    sources: WrittenSources,
}

impl Reading<'_> {
    /// The portfolios, numbered in order.
    fn portfolios(&self, named: Vec<Named>) -> Result<Vec<WorldPortfolio>, WorldError> {
        let mut known = BTreeSet::new();
        let mut portfolios = Vec::with_capacity(named.len());
        for (label, written) in named {
            let called = called(label, &written)?;
            if !known.insert(called.key) {
                return Err(WorldError::Twice(called.name));
            }
            let id = PortfolioId(portfolios.len() as u32 + 1);
            portfolios.push(self.portfolio(id, called, &written)?);
        }
        Ok(portfolios)
    }

    fn portfolio(
        &self,
        id: PortfolioId,
        Called { key, name }: Called,
        written: &WrittenPortfolio,
    ) -> Result<WorldPortfolio, WorldError> {
        let lifecycle = self.lifecycle(&name, written)?;
        let currency = written
            .currency
            .as_ref()
            .map_or(Currency::USD, |Said(currency)| *currency);
        let days = Days {
            name: &name,
            life: lifecycle,
            calendar: self.calendar,
            last: self.last,
        };
        Ok(WorldPortfolio {
            done: days.said(written)?,
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

    fn lifecycle(&self, name: &str, written: &WrittenPortfolio) -> Result<Lifecycle, WorldError> {
        let instant = |said: &Option<Said<Instant>>| said.as_ref().map(|Said(Instant(at))| *at);
        let deleted = match (instant(&written.deleted_at), instant(&written.restored_at)) {
            (deleted, None) => deleted,
            (Some(deleted), Some(restored)) if deleted < restored => None,
            (_, Some(_)) => return Err(WorldError::Restored(name.to_owned())),
        };
        Lifecycle::new(inception(written, self.calendar, self.last)?)
            .with_closing_day(written.closed)
            .map(|life| life.with_deleted_at(deleted))
            .map_err(|source| WorldError::Life {
                portfolio: name.to_owned(),
                source,
            })
    }

    fn contents(
        &self,
        name: &str,
        currency: Currency,
        written: &WrittenPortfolio,
    ) -> Result<Contents, WorldError> {
        if self.sources == WrittenSources::Given {
            makes_nothing_up(name, written)?;
        }
        let given = written.cash.is_some() || !written.holdings.is_empty();
        let made_up = written.style.is_some() || written.capital.is_some();
        if given && made_up {
            return Err(WorldError::Contents(name.to_owned()));
        }
        if let Some(waiting) = waiting::contents(written, self.listed)? {
            return match given || made_up {
                true => Err(WorldError::Blocked(name.to_owned())),
                false => Ok(waiting),
            };
        }
        if given || self.sources == WrittenSources::Given {
            let holdings = written
                .holdings
                .iter()
                .map(|(symbol, Said(quantity))| Ok((self.listed.id(symbol)?, *quantity)));
            return Ok(Contents::Given {
                cash: written
                    .cash
                    .as_ref()
                    .map_or(Money::ZERO, |Said(cash)| *cash),
                holdings: holdings.collect::<Result<_, WorldError>>()?,
            });
        }
        if !self.listed.converts(currency) {
            return Err(WorldError::Rate {
                portfolio: name.to_owned(),
                currency,
            });
        }
        Ok(Contents::MadeUp {
            style: written
                .style
                .as_ref()
                .map_or(Style::Equity, |Said(style)| *style),
            capital: written.capital.as_ref().map(|Said(capital)| *capital),
        })
    }
}

/// That a line asks for nothing that a seed would make up.
fn makes_nothing_up(name: &str, written: &WrittenPortfolio) -> Result<(), WorldError> {
    let said = [
        ("style", written.style.is_some()),
        ("capital", written.capital.is_some()),
        ("blocked", written.blocked.is_some()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        Some((key, _)) => Err(WorldError::MakesUp {
            key,
            place: format!("the portfolio `{name}`"),
        }),
        None => Ok(()),
    }
}
