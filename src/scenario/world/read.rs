//! Reads a world from text: resolves names, fills in defaults and refuses contradictions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::coverage::{Invalidated, PortfolioDays, remove_failed_phases};
use super::error::WorldError;
use super::instruments::{Instruments, build_listing, check_calendars, resolve_transactions};
use super::merge::{Merge as _, expand_portfolios, merge_worlds};
use super::portfolio::{PortfolioReader, list_blocking_securities, missing_closes};
use super::spec::{
    InvalidationSpec, Lease, MarketSpec, PastRunSpec, PortfolioSpecs, RunLeftRunningSpec,
    SourcesSpec, WorldSpec,
};
use super::state::{MarketEnd, PastRun, PortfolioResolver, RunLeftRunning, World, WorldPortfolio};
use super::values::CellPhase;
use crate::domain::{
    Calendar, Day, DayRange, IdSet, NewInvalidation, OwnCalendars, Phase, PhaseSet, RiskModel,
};
use crate::plan::PolicyName;
use crate::scenario::format::lenient::OneOrMany;
use crate::scenario::limits::Counted;
use crate::scenario::market::risk_model;
use crate::store::{Progress, RunState};

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
        Self::from_spec(spec)
    }

    /// Builds the world of one file.
    pub(crate) fn from_spec(spec: WorldSpec) -> Result<Self, WorldError> {
        Self::from_specs(spec, WorldSpec::default(), Vec::new())
    }

    /// Builds the world of `over` merged over `below`. `later` are portfolios that steps add: they
    /// are numbered after the portfolios of the world.
    pub(in crate::scenario) fn from_specs(
        below: WorldSpec,
        over: WorldSpec,
        later: Vec<PortfolioSpecs>,
    ) -> Result<Self, WorldError> {
        let files = [&below.portfolios, &over.portfolios];
        let count = files.into_iter().chain(&later).map(PortfolioSpecs::count);
        let limits = below.limits.merge(over.limits);
        // Before the ranges are expanded.
        limits.check(Counted::Portfolios, count.sum())?;
        let (mut spec, mut named) = merge_worlds(below, over)?;
        let present = named.len();
        for added in later {
            named.extend(expand_portfolios(added)?);
        }
        let now = spec.now.ok_or(WorldError::MissingNow)?.0.to_utc();
        let amendments = spec.calendar_amendments.take().unwrap_or_default();
        let base = spec.calendar.take().unwrap_or_default().calendar()?;
        let calendar = base.with_amendments(&amendments)?;
        let own_calendars = OwnCalendars::new(std::mem::take(&mut spec.own_calendars))
            .map_err(WorldError::OwnCalendar)?;
        if let Some(name) = own_calendars.ambiguous_name(&calendar) {
            return Err(WorldError::OwnCalendarName(name.to_owned()));
        }
        let last = match spec.market.last {
            Some(last) => last,
            None => calendar.last_final(now, TimeDelta::zero())?,
        };
        let sources = spec.sources.unwrap_or_default();
        check_calendars(&spec, &named, &calendar, &own_calendars)?;
        let shares = spec.market.shares.unwrap_or_default();
        limits.check(Counted::Shares, shares as u64)?;
        let mut listing = build_listing(&spec)?;
        list_blocking_securities(&named, &mut listing);
        let listed = Instruments(listing);
        // Later portfolios are read with the others, so that ids are dense and unique over both.
        let mut portfolios = PortfolioReader {
            calendar: &calendar,
            own_calendars: &own_calendars,
            listed: &listed,
            last,
            sources,
            limits,
        }
        .portfolios(named)?;
        let invalidations = resolve_invalidations(
            spec.invalidations,
            &portfolios,
            (&calendar, &own_calendars),
            last,
        )?;
        remove_failures(&mut portfolios, &invalidations)?;
        let mut closes = listed.closes(spec.prices)?;
        let priced_days = priced_days(&spec.market, &portfolios, last)?;
        // Weekends are counted too: days before the calendar begins have closes as well.
        let days =
            i64::from(priced_days.last().number()) - i64::from(priced_days.first().number()) + 1;
        let securities = listed.0.securities().count() as u64;
        limits.check(
            Counted::Closes,
            securities.saturating_mul(days.unsigned_abs()),
        )?;
        closes.extend(missing_closes(&portfolios));
        let unpriced = unpriced_sessions(&spec.market, &calendar, priced_days)?;
        closes.extend(listed.without_closes(&unpriced));
        Ok(Self {
            description: spec.description.unwrap_or_default().trim().to_owned(),
            now,
            seed: spec.seed.unwrap_or_default(),
            limits,
            priced_days,
            market_ends: match spec.market.last {
                Some(_) => MarketEnd::Fixed,
                None => MarketEnd::FollowsClock,
            },
            closes,
            splits: listed.splits(spec.splits, &calendar)?,
            actions: listed.actions(spec.actions)?,
            corrections: listed.corrections(spec.corrections)?,
            transactions: resolve_transactions(spec.transactions, &portfolios, &listed)?,
            invalidations,
            runs: resolve_runs(spec.runs, last)?,
            run_left_running: spec
                .run_left_running
                .map(|run| left_running(&run, now, last)),
            accepted_prices: (spec.accepted_prices.iter())
                .map(|accepted| accepted.decision().map_err(WorldError::AcceptedPrices))
                .collect::<Result<_, _>>()?,
            added_later: portfolios.split_off(present),
            portfolios,
            listing: listed.0,
            model: spec.risk.unwrap_or_else(|| default_model(sources)),
            calendar,
            own_calendars,
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

/// Returns the sessions without a close of any holding.
fn unpriced_sessions(
    market: &MarketSpec,
    calendar: &Calendar,
    priced: DayRange,
) -> Result<BTreeSet<Day>, WorldError> {
    let mut sessions = BTreeSet::new();
    for span in market.unpriced.iter().flat_map(|OneOrMany(spans)| spans) {
        let days = (span.within(priced))
            .filter(|_| span.endpoints().all(|day| priced.contains(day)))
            .ok_or(WorldError::UnpricedOutside {
                span: *span,
                priced,
            })?;
        let found = calendar.sessions(days)?;
        if found.is_empty() {
            return Err(WorldError::UnpricedOutside {
                span: *span,
                priced,
            });
        }
        sessions.extend(found);
    }
    Ok(sessions)
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

/// Resolves invalidations, in the order of the file. They name cells whether or not those are done;
/// the store invalidates the done ones only.
pub(super) fn resolve_invalidations(
    specs: Vec<InvalidationSpec>,
    portfolios: &[WorldPortfolio],
    (calendar, own_calendars): (&Calendar, &OwnCalendars),
    last: Day,
) -> Result<Vec<NewInvalidation>, WorldError> {
    if specs.is_empty() {
        return Ok(Vec::new());
    }
    let resolver = PortfolioResolver::new(portfolios);
    let read = |spec: InvalidationSpec| {
        let phases = spec
            .phases
            .as_ref()
            .map_or(PhaseSet::CELL_PHASES, |phases| {
                phases.0.iter().map(|CellPhase(phase)| *phase).collect()
            });
        let mut cells: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for text in &spec.portfolios.0 {
            for (name, member) in resolver.resolve(text)? {
                let days = PortfolioDays {
                    name: &name,
                    lifecycle: member.portfolio.lifecycle,
                    calendar,
                    last,
                    own: (member.portfolio.calendar.as_deref())
                        .and_then(|name| own_calendars.find(name, calendar)),
                };
                let id = member.portfolio.id.0;
                for span in &spec.days.0 {
                    for day in days.sessions(*span)? {
                        for phase in phases.iter() {
                            cells.entry((day, phase)).or_default().insert(id);
                        }
                    }
                }
            }
        }
        Ok(NewInvalidation {
            cause: spec.cause.0.0,
            reason: spec
                .reason
                .unwrap_or_else(|| "declared in the world".to_owned()),
            cells,
        })
    };
    specs.into_iter().map(read).collect()
}

/// Resolves finished runs, in the order of the file.
pub(super) fn resolve_runs(specs: Vec<PastRunSpec>, last: Day) -> Result<Vec<PastRun>, WorldError> {
    let read = |(place, spec): (usize, PastRunSpec)| {
        let started = spec.started.0.to_utc();
        let ended = spec.ended.map(|ended| ended.0.to_utc());
        if spec.state == RunState::Running {
            return Err(WorldError::RunningRun { place });
        }
        Ok(PastRun {
            started,
            ended: ended.unwrap_or(started),
            state: spec.state,
            policy: (spec.policy).unwrap_or_else(|| PolicyName::PerCell.name().to_owned()),
            scope: spec.scope.unwrap_or_else(|| "all active".to_owned()),
            target: spec.target.unwrap_or(last),
            progress: Progress {
                planned: spec.planned.unwrap_or(0),
                done: spec.done.unwrap_or(0),
                failed: spec.failed.unwrap_or(0),
                blocked: spec.blocked.unwrap_or(0),
                skipped: 0,
            },
        })
    };
    (1..).zip(specs).map(read).collect()
}
