//! Finds the cells that wait for prices or rates, so that a run does not store wrong snapshots.
//!
//! To stay cheap it looks for late closes and rates only on the last few sessions up to the target.
//! Of these it checks only the ones on which a security or rate lacks an expected close, and there
//! only the portfolios that ever traded such a security, or one that is converted at such a rate.
//! Before a rate has its first close no cell that needs it can be done, however long ago it is
//! (`first_rates`). On an unpriced session (`session_prices`) all cells wait anyway.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::conversions::Conversions;
use super::error::EngineError;
use super::first_rates::users_before_first_rate;
use super::inputs::{self, CloseSelection, Inputs};
use super::late_inputs::LateInputs;
use super::portfolio_state::PortfolioState;
use super::session_prices::SessionPrices;
use super::settings::{PriceWait, Settings};
use crate::domain::{Day, IdSet, PortfolioCalendar, PortfolioCalendars, Security};
use crate::phases::{Market, PhaseError, Valuation};
use crate::plan::{BlockReason, BlockedCell, Plan};
use crate::store::{ReadTransaction, StoreError};

/// Returns the cells among the steps of `unhindered`, a plan made as if nothing waited, whose
/// inputs are missing. Those of unpriced sessions are not among them. `sessions` are those of its
/// survey.
pub(super) fn blocked_cells(
    reading: &ReadTransaction<'_>,
    unhindered: &Plan,
    sessions: &[Day],
    settings: &Settings,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<BTreeMap<Day, Vec<BlockedCell>>, EngineError> {
    let mut blocked = BTreeMap::new();
    let target = unhindered.target.day;
    let until_target = &sessions[..sessions.partition_point(|day| *day <= target)];
    let calendars = prices.portfolio_calendars().clone();
    let groups = groups(&calendars, until_target);

    // Most runs of a complete database end here, before any security is read.
    let Some(inception) = until_target.first().filter(|_| !unhindered.is_empty()) else {
        return Ok(blocked);
    };
    let securities = reading.securities().all()?;
    let conversions = Conversions::read(reading, &securities)?;
    let mut late = Suspects::new();
    let wait = settings.price_wait.sessions;
    let recent = groups.iter().flat_map(|group| {
        let days = group.recent(wait).iter();
        days.map(move |day| (group, day))
    });
    for (group, day) in recent {
        if prices.is_accepted(*day) || prices.does_every_cell_wait(*day)? {
            continue;
        }
        // Without these two filters every recent session would load books of all portfolios.
        let needed = group.needed(unhindered, *day);
        if needed.is_empty() {
            continue;
        }
        let current = prices.with_current_price(*day, &group.sessions)?;
        let unpriced = holders_of_unpriced(reading, &securities, &conversions, &current, *day)?;
        let unconverted = holders_without_rate(reading, &conversions, &current)?;
        late.add(*day, (unpriced | unconverted) & needed);
    }
    let mut without_rate = Suspects::new();
    for group in &groups {
        let sessions = group.all_sessions(prices.all_sessions(), target);
        let users =
            users_before_first_rate(reading, &securities, &conversions, &sessions, *inception)?;
        if users.is_empty() {
            continue;
        }
        for planned in unhindered.days_with_work() {
            if !prices.does_every_cell_wait(planned.day)? {
                without_rate.add(planned.day, group.needed(unhindered, planned.day) & &users);
            }
        }
    }
    let suspects = late.union(&without_rate);
    let (Some(last), ids) = (suspects.0.keys().last(), suspects.portfolios()) else {
        return Ok(blocked);
    };
    let mut inputs = inputs::load(reading, settings, &ids, *last, CloseSelection::Needed)?;
    // Ascending, because books only move forward.
    for (day, suspect) in &suspects.0 {
        let late = late.0.get(day);
        let found = blocked_on(
            *day,
            suspect,
            late,
            &mut inputs,
            &settings.price_wait,
            prices,
        )?;
        if !found.is_empty() {
            blocked.insert(*day, found);
        }
    }
    Ok(blocked)
}

/// Portfolios whose books must be computed to find out whether a cell waits, by session.
struct Suspects(BTreeMap<Day, IdSet>);

impl Suspects {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn add(&mut self, day: Day, ids: IdSet) {
        if !ids.is_empty() {
            *self.0.entry(day).or_default() |= ids;
        }
    }

    fn union(&self, others: &Self) -> Self {
        let mut union = Self(self.0.clone());
        for (day, ids) in &others.0 {
            union.add(*day, ids.clone());
        }
        union
    }

    fn portfolios(&self) -> IdSet {
        self.0.values().fold(IdSet::new(), |all, day| all | day)
    }
}

/// Portfolios with the same sessions.
struct Group<'s> {
    /// The sessions of the survey up to the target, ascending.
    sessions: Cow<'s, [Day]>,
    members: Members<'s>,
}

/// The portfolios of a group.
enum Members<'s> {
    /// Those that name a calendar.
    Named(&'s PortfolioCalendar),
    /// All but those that name one.
    Others(IdSet),
}

impl Group<'_> {
    /// Returns the sessions, at most the last `count`, on which a cell waits.
    fn recent(&self, count: usize) -> &[Day] {
        &self.sessions[self.sessions.len().saturating_sub(count)..]
    }

    /// Returns the portfolios of the group that have a step of `plan` on `day`.
    fn needed(&self, plan: &Plan, day: Day) -> IdSet {
        let needed: IdSet = plan.steps_on(day).map(|(id, _, _)| id.0).collect();
        match &self.members {
            Members::Named(own) => needed & &own.portfolios,
            Members::Others(named) => needed - named,
        }
    }

    /// Returns the sessions of the group up to `target`, also those before any inception, among the
    /// `sessions` of the database.
    fn all_sessions<'d>(&self, sessions: &'d [Day], target: Day) -> Cow<'d, [Day]> {
        let until_target = &sessions[..sessions.partition_point(|day| *day <= target)];
        match &self.members {
            Members::Named(own) => Cow::Owned(own.pick(until_target)),
            Members::Others(_) => Cow::Borrowed(until_target),
        }
    }
}

/// Groups the portfolios by their sessions among `sessions`.
fn groups<'s>(calendars: &'s PortfolioCalendars, sessions: &'s [Day]) -> Vec<Group<'s>> {
    let mut groups = vec![Group {
        sessions: Cow::Borrowed(sessions),
        members: Members::Others(calendars.portfolios()),
    }];
    groups.extend(calendars.iter().map(|own| Group {
        sessions: Cow::Owned(own.pick(sessions)),
        members: Members::Named(own),
    }));
    groups
}

/// Returns the portfolios that ever traded a security that lacks an expected close on `day`: one
/// that is not in `priced`.
fn holders_of_unpriced(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    conversions: &Conversions,
    priced: &IdSet,
    day: Day,
) -> Result<IdSet, StoreError> {
    let mut holders = IdSet::new();
    for security in securities {
        if security.can_be_held()
            && security.is_price_expected(day)
            && !priced.contains(security.id.0)
        {
            holders |= conversions.traders_of(reading, security.id)?;
        }
    }
    Ok(holders)
}

/// Returns the portfolios that ever traded a security whose conversion has no rate of a session on
/// which the `priced` securities have a close.
fn holders_without_rate(
    reading: &ReadTransaction<'_>,
    conversions: &Conversions,
    priced: &IdSet,
) -> Result<IdSet, StoreError> {
    let mut holders = IdSet::new();
    for conversion in conversions.without_rate(priced) {
        holders |= conversions.traders(reading, conversion)?;
    }
    Ok(holders)
}

/// Returns the blocked cells of a session among those of the `suspect` portfolios. Those that are not
/// among `late` are blocked only if a rate has no close at all.
fn blocked_on(
    day: Day,
    suspect: &IdSet,
    late: Option<&IdSet>,
    inputs: &mut Inputs,
    price_wait: &PriceWait,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<Vec<BlockedCell>, StoreError> {
    let Inputs {
        markets,
        portfolios: states,
        ..
    } = inputs;
    let mut blocked = Vec::new();
    for state in states
        .iter_mut()
        .filter(|state| suspect.contains(state.id.0))
    {
        let market = markets.of(state.id);
        let Some(session) = market.session_index(day) else {
            continue;
        };
        let valuation = match state.books.value_on(market, &state.history, session) {
            Ok(valuation) => valuation,
            Err(PhaseError::MissingRate { from, to, .. }) => {
                blocked.push(BlockedCell {
                    portfolio: state.id,
                    reason: BlockReason::MissingRate {
                        pair: from.pair_with(to),
                    },
                });
                continue;
            }
            // The run tries the cell and reports the failure.
            Err(_) => continue,
        };
        if late.is_none_or(|late| !late.contains(state.id.0)) {
            continue;
        }
        let session = CellOnSession {
            market,
            state,
            session,
            valuation: &valuation,
        };
        blocked.extend(
            missing_prices(&session, price_wait, prices)?.map(|reason| BlockedCell {
                portfolio: state.id,
                reason,
            }),
        );
    }
    Ok(blocked)
}

/// A cell with its books.
struct CellOnSession<'c> {
    market: &'c Market,
    state: &'c PortfolioState,
    session: usize,
    valuation: &'c Valuation,
}

/// Returns the closes and rates for which a cell waits, if it does.
fn missing_prices(
    cell: &CellOnSession<'_>,
    price_wait: &PriceWait,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<Option<BlockReason>, StoreError> {
    let CellOnSession {
        market,
        state,
        session,
        valuation,
    } = *cell;
    let calendars = prices.calendars().clone();
    let late = LateInputs {
        market,
        calendars: &calendars,
        session,
    };
    let limit = usize::from(price_wait.dead_after_sessions);
    let (mut gross, mut unpriced, mut missing) = (0, 0, BTreeSet::new());
    let holdings = valuation.positions.iter();
    let holdings = holdings.map(|of| (of.value, late.of_position(state, of)));
    let own = state.history.currency();
    let cash = valuation.snapshot.held_cash();
    let cash = cash.map(|held| (held.value, late.of_rate(held.currency, own)));
    let day = market.sessions()[session];
    let moved = valuation.snapshot.aged_moves.iter();
    let moved = moved.filter(|moved| moved.day == day);
    let moved = moved.map(|moved| (moved.value, late.of_input(state, moved.input)));
    for (value, inputs) in holdings.chain(cash).chain(moved) {
        let size = i128::from(value.units()).abs();
        gross += size;
        let mut is_missing = false;
        for (security, waited) in inputs {
            // The close of a closed session is that of an earlier one, whose wait may have been
            // ended.
            let is_accepted = waited.last().is_some_and(|last| prices.is_accepted(*last));
            if !is_accepted && !prices.has_more_priced(security, &waited, limit)? {
                is_missing = true;
                missing.insert(security);
            }
        }
        if is_missing {
            unpriced += size;
        }
    }
    // Nothing of value is held, so no price can be missed.
    if gross == 0 {
        return Ok(None);
    }
    let covered_share = 1.0 - unpriced as f64 / gross as f64;
    let is_blocked = covered_share < price_wait.min_priced_share;
    Ok(is_blocked.then(|| BlockReason::MissingPrices {
        covered_share,
        missing: missing.into_iter().collect(),
    }))
}
