//! Finds the cells that wait for prices or rates, so that a run does not store wrong snapshots.
//!
//! To stay cheap it looks only at the last few sessions up to the target. Of these it checks only
//! the ones on which a security or rate lacks an expected close, and there only the portfolios that
//! ever traded such a security, or one that is converted at such a rate. A rate that is missing
//! elsewhere is found when the run computes the cell. On an unpriced session (`session_prices`) all
//! cells wait anyway.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::conversions::Conversions;
use super::error::EngineError;
use super::inputs::{self, CloseSelection, Inputs};
use super::portfolio_state::PortfolioState;
use super::session_prices::SessionPrices;
use super::settings::{PriceWait, Settings};
use crate::domain::output::Position;
use crate::domain::{
    Currency, Day, IdSet, PortfolioCalendars, PriceQuality, Security, SecurityCalendars,
    SecurityId, Transaction, is_closed,
};
use crate::phases::{AsOfRate, Market, PhaseError};
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
    let groups = groups(prices.portfolio_calendars(), until_target);
    let wait = settings.price_wait.sessions;

    // Most runs of a complete database end here, before any security is read.
    let mut recent = groups.iter().flat_map(|group| group.recent(wait));
    if recent.all(|day| unhindered.steps_on(*day).next().is_none()) {
        return Ok(blocked);
    }
    let securities = reading.securities().all()?;
    let conversions = Conversions::read(reading, &securities)?;
    let mut suspects: BTreeMap<Day, IdSet> = BTreeMap::new();
    let recent = groups.iter().flat_map(|group| {
        let days = group.recent(wait).iter();
        days.map(move |day| (group, day))
    });
    for (group, day) in recent {
        if prices.is_accepted(*day) || prices.unpriced(*day)?.is_some() {
            continue;
        }
        // Without these two filters every recent session would load books of all portfolios.
        let mut needed: IdSet = unhindered.steps_on(*day).map(|(id, _, _)| id.0).collect();
        group.retain(&mut needed);
        if needed.is_empty() {
            continue;
        }
        let current = prices.with_current_price(*day, &group.sessions)?;
        let unpriced = holders_of_unpriced(reading, &securities, &conversions, &current, *day)?;
        let unconverted = holders_without_rate(reading, &conversions, &current)?;
        let suspect = (unpriced | unconverted) & needed;
        if !suspect.is_empty() {
            *suspects.entry(*day).or_default() |= suspect;
        }
    }
    let (Some(last), ids) = (suspects.keys().last(), union(&suspects)) else {
        return Ok(blocked);
    };
    let mut inputs = inputs::load(reading, settings, &ids, *last, CloseSelection::Needed)?;
    // Ascending, because books only move forward.
    for (day, suspect) in &suspects {
        let found = blocked_on(*day, suspect, &mut inputs, &settings.price_wait, prices)?;
        if !found.is_empty() {
            blocked.insert(*day, found);
        }
    }
    Ok(blocked)
}

/// Portfolios with the same sessions.
struct Group<'s> {
    /// The sessions up to the target, ascending.
    sessions: Cow<'s, [Day]>,
    members: Members,
}

/// The portfolios of a group.
enum Members {
    /// Those that name a calendar.
    Named(IdSet),
    /// All but those that name one.
    Others(IdSet),
}

impl Group<'_> {
    /// Returns the sessions, at most the last `count`, on which a cell waits.
    fn recent(&self, count: usize) -> &[Day] {
        &self.sessions[self.sessions.len().saturating_sub(count)..]
    }

    /// Removes the portfolios that are not in the group.
    fn retain(&self, ids: &mut IdSet) {
        match &self.members {
            Members::Named(named) => *ids &= named,
            Members::Others(named) => *ids -= named,
        }
    }
}

/// Groups the portfolios by their sessions among `sessions`.
fn groups<'s>(calendars: &PortfolioCalendars, sessions: &'s [Day]) -> Vec<Group<'s>> {
    let mut groups = vec![Group {
        sessions: Cow::Borrowed(sessions),
        members: Members::Others(calendars.portfolios()),
    }];
    groups.extend(calendars.iter().map(|own| Group {
        sessions: Cow::Owned(own.pick(sessions)),
        members: Members::Named(own.portfolios.clone()),
    }));
    groups
}

fn union(days: &BTreeMap<Day, IdSet>) -> IdSet {
    days.values().fold(IdSet::new(), |all, day| all | day)
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

fn blocked_on(
    day: Day,
    suspect: &IdSet,
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
        if let Some(reason) = block_reason(market, state, session, price_wait, prices)? {
            blocked.push(BlockedCell {
                portfolio: state.id,
                reason,
            });
        }
    }
    Ok(blocked)
}

/// Returns the reason that a cell waits, if it does. A cell whose books fail does not wait: the run
/// tries it and reports the failure.
fn block_reason(
    market: &Market,
    state: &mut PortfolioState,
    session: usize,
    price_wait: &PriceWait,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<Option<BlockReason>, StoreError> {
    let valuation = match state.books.value_on(market, &state.history, session) {
        Ok(valuation) => valuation,
        Err(PhaseError::MissingRate { from, to, .. }) => {
            return Ok(Some(BlockReason::MissingRate {
                pair: from.pair_with(to),
            }));
        }
        Err(_) => return Ok(None),
    };
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
    for (value, inputs) in holdings.chain(cash) {
        let size = i128::from(value.units()).abs();
        gross += size;
        let mut is_missing = false;
        for (security, waited) in inputs {
            // The close of a closed session is that of an earlier one, whose wait may have been
            // ended.
            let is_accepted = waited.last().is_some_and(|last| prices.is_accepted(*last));
            if !is_accepted && !prices.has_more_priced(&waited, limit)? {
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

/// The closes and rates of a session that holdings need and that are not there.
struct LateInputs<'m> {
    market: &'m Market,
    calendars: &'m SecurityCalendars,
    session: usize,
}

impl LateInputs<'_> {
    /// Returns the securities without an expected close of the session on which the value of a
    /// holding depends, its own and those of its exchange rate. Each comes with its sessions without
    /// a close, up to this one. On a session on which a security is closed, its price depends on its
    /// last session before.
    fn of_position(
        &self,
        state: &PortfolioState,
        position: &Position,
    ) -> Vec<(SecurityId, Vec<Day>)> {
        let own = position.security;
        // The quality of a position is that of the older of price and rate.
        let Some(price) = self.market.as_of(own, self.session) else {
            // Without any close there is no age. The sessions after the first transaction count
            // instead, so that this wait ends as well.
            let Some(known) = self.market.security(own) else {
                return Vec::new();
            };
            let sessions = self.open_sessions(known);
            let transactions = state.history.transactions();
            let day = self.market.sessions()[self.session];
            let held = sessions_held(transactions, own, &sessions, day);
            // No close can come for a session on which it is closed.
            if held == 0 && self.calendars.is_closed(known, day) {
                return Vec::new();
            }
            return self.late(own, held).into_iter().collect();
        };
        let own = self.late_since(own, price.quality);
        let rate = self.late_rate(position.security, state.history.currency());
        own.into_iter().chain(rate).collect()
    }

    /// Returns the currency pairs of the rate of a security that are late.
    fn late_rate(&self, security: SecurityId, to: Currency) -> Vec<(SecurityId, Vec<Day>)> {
        let from = self.market.security(security).map(|known| known.currency);
        let foreign = from.filter(|from| *from != to);
        foreign.map_or_else(Vec::new, |from| self.of_rate(from, to))
    }

    /// Returns the currency pairs of the rate between two currencies that are late.
    fn of_rate(&self, from: Currency, to: Currency) -> Vec<(SecurityId, Vec<Day>)> {
        let conversion = self.market.conversion(from, to);
        let rate = self.market.rate(&conversion, self.session);
        let pairs = rate.iter().flat_map(AsOfRate::securities);
        let late = pairs.filter_map(|pair| {
            let price = self.market.as_of(pair, self.session)?;
            self.late_since(pair, price.quality)
        });
        late.collect()
    }

    /// Returns the security if its last close is not of the session.
    fn late_since(
        &self,
        security: SecurityId,
        last: PriceQuality,
    ) -> Option<(SecurityId, Vec<Day>)> {
        match last {
            PriceQuality::Stale(age) => self.late(security, usize::from(age)),
            _ => None,
        }
    }

    /// Returns the security with its last `count` sessions, if a close of it is expected.
    fn late(&self, security: SecurityId, count: usize) -> Option<(SecurityId, Vec<Day>)> {
        let known = self.market.security(security)?;
        let sessions = self.open_sessions(known);
        let waited = sessions[sessions.len().saturating_sub(count)..].to_vec();
        known
            .is_price_expected(self.market.sessions()[self.session])
            .then_some((security, waited))
    }

    /// Returns the sessions up to this one on which a security is not closed.
    fn open_sessions(&self, security: &Security) -> Cow<'_, [Day]> {
        let sessions = &self.market.sessions()[..=self.session];
        let own = self.calendars.sessions_of(security);
        if own.is_none() {
            return Cow::Borrowed(sessions);
        }
        let open = sessions.iter().copied().filter(|day| !is_closed(own, *day));
        Cow::Owned(open.collect())
    }
}

/// Returns the number of sessions since the first of `transactions`, ascending, in a security, up to
/// `day`; 0 without one.
pub(crate) fn sessions_held(
    transactions: &[Transaction],
    security: SecurityId,
    sessions: &[Day],
    day: Day,
) -> usize {
    let of_security = |transaction: &&Transaction| transaction.security == Some(security);
    let first = transactions.iter().find(of_security);
    let first = first.map_or(day, |transaction| transaction.day);
    let index = |day: Day| sessions.partition_point(|session| *session < day);
    index(day).saturating_sub(index(first))
}
