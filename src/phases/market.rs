//! Holds securities and their prices over contiguous sessions, shared by all portfolios.
//!
//! Figures must be a pure function of the sources up to their session, so a market must begin no
//! later than the first close and transaction that affect them. Transactions and splits before its
//! first session count on that session.

use std::collections::BTreeMap;

use super::classification::Classifications;
use super::columns::{AsOfPrice, Columns, Slot};
use super::rates::{AsOfRate, Conversion, CurrencyPairs};
use super::session_splits::session_splits;
use super::sources::{Close, MarketError, MarketSources};
use super::stress::CompiledShock;
use super::symbols::Symbols;
use super::windows::YEAR;
use crate::domain::{
    CorporateAction, Currency, Day, RiskModel, Security, SecurityCalendars, SecurityId,
    SessionsPerYear, Split, is_closed,
};

/// Securities, prices as of each session, returns, splits, and the risk model.
#[derive(Debug, Clone)]
pub struct Market {
    sessions: Vec<Day>,
    sessions_per_year: SessionsPerYear,
    securities: Vec<Security>,
    /// Indices in `securities`, by security id. Ids are dense, so a list is enough.
    slots: Vec<Option<Slot>>,
    symbols: Symbols,
    currency_pairs: CurrencyPairs,
    classifications: Classifications,
    columns: Columns,
    splits: Vec<Split>,
    actions: Vec<CorporateAction>,
    benchmark: Option<Slot>,
    factors: Vec<Slot>,
    shocks: Vec<CompiledShock>,
}

impl Market {
    /// Builds a market from sources. Sessions must ascend; the other lists may be in any order.
    ///
    /// # Errors
    ///
    /// The sources are invalid (unordered sessions, duplicate securities or closes, invalid splits
    /// or shocks), or the model names an unknown symbol.
    pub fn new(sources: MarketSources) -> Result<Self, MarketError> {
        let MarketSources {
            sessions,
            sessions_per_year,
            mut securities,
            calendars,
            closes,
            mut splits,
            mut actions,
            model,
        } = sources;
        if let Some(pair) = sessions.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(MarketError::UnorderedSessions(pair[1]));
        }
        if let Some(split) = splits.iter().find(|split| split.new == 0 || split.old == 0) {
            return Err(MarketError::InvalidSplit(*split));
        }
        securities.sort_by_key(|security| security.id);
        // By every field, so that splits of one day apply in the same order, whatever the order of
        // the sources.
        splits.sort_by_key(|split| (split.day, split.security, split.new, split.old));
        let slots = slots(&securities)?;
        let symbols = Symbols::new(&securities);
        // Received securities by symbol: the last units of cost of several spin-offs depend on it.
        actions.sort_by_cached_key(|action| {
            let received = action
                .received
                .and_then(|delivery| slot_in(&slots, delivery.security));
            let received = received.map(|slot| symbols.rank(slot));
            (
                action.day,
                action.kind,
                action.security,
                received,
                action.key(),
            )
        });
        let mut market = Self {
            classifications: Classifications::from_securities(&securities),
            columns: Columns::new(sessions.len(), securities.len()),
            currency_pairs: CurrencyPairs::new(&securities),
            shocks: CompiledShock::compile_all(&model.shocks, &securities)?,
            benchmark: None,
            factors: Vec::new(),
            sessions,
            sessions_per_year,
            securities,
            slots,
            symbols,
            splits,
            actions,
        };
        market.set_model(&model)?;
        market.fill_columns(&closes, &calendars)?;
        Ok(market)
    }

    fn set_model(&mut self, model: &RiskModel) -> Result<(), MarketError> {
        let slot = |symbol: &str| self.slot_by_symbol(symbol);
        (self.benchmark, self.factors) = find_model_securities(model, slot)?;
        Ok(())
    }

    fn fill_columns(
        &mut self,
        closes: &[Close],
        calendars: &SecurityCalendars,
    ) -> Result<(), MarketError> {
        for &Close {
            security,
            day,
            price,
        } in closes
        {
            let (Some(slot), Some(session)) = (self.slot(security), self.session_index(day)) else {
                // Closes of unknown securities and of days that are not sessions are ignored
                // (docs/numbers.md).
                continue;
            };
            if !self.columns.set_close(slot.index(), session, price) {
                return Err(MarketError::DuplicateClose { security, day });
            }
        }
        let splits = session_splits(
            &self.securities,
            &self.splits,
            |id| self.slot(id),
            |day| self.session_on_or_after(day),
        );
        // Once a calendar: an exchange has many securities.
        let closed_sessions: BTreeMap<&str, Vec<bool>> = (calendars.names())
            .map(|name| {
                let own = calendars.named(name);
                let sessions = self.sessions.iter();
                (name, sessions.map(|day| is_closed(own, *day)).collect())
            })
            .collect();
        for slot in 0..self.securities.len() {
            let calendar = self.securities[slot].calendar.as_deref();
            let closed = calendar.and_then(|name| closed_sessions.get(name));
            let splits = splits.get(&slot).map_or(&[][..], Vec::as_slice);
            let closed = closed.map_or(&[][..], Vec::as_slice);
            self.columns.carry_forward(slot, splits, closed);
        }
        Ok(())
    }

    /// Returns the sessions, ascending.
    pub fn sessions(&self) -> &[Day] {
        &self.sessions
    }

    /// Returns the sessions of a year, by which figures are annualised.
    pub fn sessions_per_year(&self) -> SessionsPerYear {
        self.sessions_per_year
    }

    /// Returns the index of the session on `day`; `None` if the day is not a session.
    pub fn session_index(&self, day: Day) -> Option<usize> {
        self.sessions.binary_search(&day).ok()
    }

    /// Returns the securities, ascending by id.
    pub fn securities(&self) -> &[Security] {
        &self.securities
    }

    /// Returns the security with this id, if the market has it.
    pub fn security(&self, id: SecurityId) -> Option<&Security> {
        self.slot(id).map(|slot| self.security_at(slot))
    }

    /// Returns the price of a security as of a session; `None` for an unknown security, before its
    /// first close, and if the price carried through splits does not fit.
    ///
    /// # Panics
    ///
    /// If the security is known and the market has no such session.
    pub fn as_of(&self, id: SecurityId, session: usize) -> Option<AsOfPrice> {
        self.as_of_slot(self.slot(id)?, session)
    }

    /// Returns the ways to convert `from` to `to`, two different currencies.
    pub fn conversion(&self, from: Currency, to: Currency) -> Conversion {
        self.currency_pairs.conversion(from, to)
    }

    /// Returns the exchange rate as of a session; `None` if there is no way to convert.
    ///
    /// # Panics
    ///
    /// If the conversion is of another market, or the market has no such session.
    pub fn rate(&self, conversion: &Conversion, session: usize) -> Option<AsOfRate> {
        conversion.rate(|slot| self.as_of_slot(slot, session))
    }

    /// Returns the index of the session on which events of `day` count: the first session on or
    /// after it, or one past the last session if there is none.
    pub(super) fn session_on_or_after(&self, day: Day) -> usize {
        self.sessions.partition_point(|session| *session < day)
    }

    #[inline]
    pub(super) fn slot(&self, id: SecurityId) -> Option<Slot> {
        slot_in(&self.slots, id)
    }

    /// Returns the place of a security in the order of the symbols.
    pub(super) fn symbol_rank(&self, slot: Slot) -> u32 {
        self.symbols.rank(slot)
    }

    pub(super) fn slot_by_symbol(&self, symbol: &str) -> Option<Slot> {
        self.symbols.slot(symbol)
    }

    pub(super) fn security_at(&self, slot: Slot) -> &Security {
        &self.securities[slot.index()]
    }

    #[inline(always)]
    pub(super) fn as_of_slot(&self, slot: Slot, session: usize) -> Option<AsOfPrice> {
        self.columns.as_of(slot.index(), session)
    }

    /// Returns whether a session has no price because the one carried through splits does not fit.
    pub(super) fn is_price_unfit(&self, slot: Slot, session: usize) -> bool {
        self.columns.is_unfit(slot.index(), session)
    }

    /// Returns the number of consecutive defined returns that end on `session`.
    #[inline]
    pub(super) fn return_count(&self, slot: Slot, session: usize) -> usize {
        self.columns.return_count(slot.index(), session)
    }

    /// Returns the last `count` returns up to `session`, oldest first. `count` is at most
    /// [`Self::return_count`].
    #[inline]
    pub(super) fn returns(&self, slot: Slot, session: usize, count: usize) -> &[f64] {
        self.columns.returns(slot.index(), session, count)
    }

    /// Returns a security's consecutive defined returns up to `session`, at most a year of them.
    pub(super) fn year_of_returns(&self, slot: Slot, session: usize) -> &[f64] {
        let count = self.return_count(slot, session).min(YEAR.sessions);
        self.returns(slot, session, count)
    }

    /// Returns the sector and class of every security.
    pub(super) fn classifications(&self) -> &Classifications {
        &self.classifications
    }

    /// Returns all splits, ascending by day.
    pub(super) fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Returns all other corporate actions, ascending by day and in booking order within it.
    pub(super) fn actions(&self) -> &[CorporateAction] {
        &self.actions
    }

    pub(super) fn benchmark(&self) -> Option<Slot> {
        self.benchmark
    }

    pub(super) fn factors(&self) -> &[Slot] {
        &self.factors
    }

    pub(super) fn shocks(&self) -> &[CompiledShock] {
        &self.shocks
    }
}

/// Returns the slots by security id. `securities` must ascend by id.
fn slots(securities: &[Security]) -> Result<Vec<Option<Slot>>, MarketError> {
    let ids = securities
        .last()
        .map_or(0, |security| security.id.0 as usize + 1);
    let mut slots = vec![None; ids];
    for (slot, security) in (0..).zip(securities) {
        if slots[security.id.0 as usize].replace(Slot(slot)).is_some() {
            return Err(MarketError::DuplicateSecurity(security.id));
        }
    }
    Ok(slots)
}

#[inline]
fn slot_in(slots: &[Option<Slot>], id: SecurityId) -> Option<Slot> {
    slots.get(id.0 as usize).copied().flatten()
}

/// Finds the benchmark and the factors of a risk model by their symbols.
///
/// # Errors
///
/// `find` returns `None` for the symbol of the benchmark or of a factor.
pub fn find_model_securities<T>(
    model: &RiskModel,
    find: impl Fn(&str) -> Option<T>,
) -> Result<(Option<T>, Vec<T>), MarketError> {
    let benchmark = model.benchmark.as_ref().map(|symbol| {
        let found = find(symbol);
        found.ok_or_else(|| MarketError::UnknownBenchmark(symbol.clone()))
    });
    let factors = model.factors.iter().map(|factor| {
        let found = find(&factor.symbol);
        found.ok_or_else(|| MarketError::UnknownFactor {
            factor: factor.name.clone(),
            symbol: factor.symbol.clone(),
        })
    });
    Ok((benchmark.transpose()?, factors.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Factor, Price, PriceQuality, Shock};
    use crate::phases::fixture::{MarketBuilder, day};

    fn error_of(change: impl FnOnce(&mut MarketBuilder)) -> MarketError {
        let mut builder = MarketBuilder::with_session_count(3).with_shares([1, 2]);
        change(&mut builder);
        Market::new(builder.sources).unwrap_err()
    }

    #[test]
    fn prices_are_as_of_their_session() {
        let mut builder = MarketBuilder::with_session_days(vec![0, 1, 4]).with_shares([1]);
        builder.add_close(1, 1, "10");
        builder.add_close(1, 2, "99");
        builder.add_close(8, 1, "5");
        let market = builder.build();
        let id = SecurityId(1);
        let stale = AsOfPrice {
            price: Price::whole(10),
            quality: PriceQuality::Stale(1),
        };
        assert_eq!(market.as_of(id, 0), None);
        let quality = |session| market.as_of(id, session).map(|as_of| as_of.quality);
        assert_eq!(quality(1), Some(PriceQuality::Fresh));
        assert_eq!(market.as_of(id, 2), Some(stale));
        assert_eq!(market.as_of(SecurityId(8), 1), None);
        assert_eq!(market.session_index(day(4)), Some(2));
        assert_eq!(market.session_index(day(2)), None);
    }

    #[test]
    fn contradictory_sources_are_refused() {
        let id = SecurityId(2);
        let two_closes = error_of(|builder| (0..2).for_each(|_| builder.add_close(2, 1, "10")));
        assert_eq!(
            two_closes,
            MarketError::DuplicateClose {
                security: id,
                day: day(1)
            }
        );
        let reversed = error_of(|builder| builder.sources.sessions.reverse());
        assert_eq!(reversed, MarketError::UnorderedSessions(day(1)));
        let twice = error_of(|builder| *builder = builder.clone().with_shares([2]));
        assert_eq!(twice, MarketError::DuplicateSecurity(id));
        let nothing = error_of(|builder| builder.add_split(2, 1, 0, 1));
        assert!(matches!(nothing, MarketError::InvalidSplit(_)));
    }

    #[test]
    fn a_model_of_unknown_symbols_is_refused() {
        let benchmark = error_of(|builder| builder.sources.model.benchmark = Some("SPY".into()));
        assert_eq!(benchmark, MarketError::UnknownBenchmark("SPY".into()));
        let factor = error_of(|builder| {
            let (name, symbol) = ("value".into(), "VLUE".into());
            builder.sources.model.factors.push(Factor { name, symbol });
        });
        assert!(matches!(factor, MarketError::UnknownFactor { .. }));
        let shock = error_of(|builder| {
            builder.sources.model.shocks.push(Shock {
                name: "end".into(),
                market: f64::NAN,
                classes: BTreeMap::new(),
                sectors: BTreeMap::new(),
            });
        });
        assert_eq!(shock, MarketError::InvalidShock("end".into()));
    }
}
