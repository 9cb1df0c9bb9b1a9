//! The existing records that a file is validated against.
//!
//! The caller fills [`ExistingRecords`] from one read of the store, so that validation needs no
//! store. Extra records are harmless; a record that is missing here counts as nonexistent.

mod splits;

use std::collections::{BTreeMap, BTreeSet};

use super::neighbours::neighbours;
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::symbols::SecurityTable;
use crate::domain::{
    CorporateAction, Currency, Day, DayRange, Portfolio, PortfolioId, PortfolioKey, Price,
    RiskModel, Security, SecurityId, Split, SplitKind, Transaction, TransactionChange, nearest,
};

/// Existing records for validation, built with the `with_*` methods.
#[derive(Debug, Clone, Default)]
pub struct ExistingRecords {
    securities: SecurityTable,
    model_symbols: BTreeSet<String>,
    portfolios: BTreeMap<PortfolioKey, Portfolio>,
    keys: BTreeMap<PortfolioId, PortfolioKey>,
    names: BTreeMap<String, BTreeSet<PortfolioKey>>,
    splits: BTreeMap<SecurityId, BTreeMap<(Day, SplitKind), Split>>,
    actions: Vec<CorporateAction>,
    closes: BTreeMap<SecurityId, BTreeMap<Day, Price>>,
    priced: BTreeSet<SecurityId>,
    transactions: BTreeMap<String, Transaction>,
    traded_ranges: BTreeMap<PortfolioId, DayRange>,
    histories: BTreeMap<PortfolioId, Vec<Transaction>>,
    voided: BTreeMap<String, TransactionChange>,
    calendars: BTreeMap<String, ()>,
}

impl ExistingRecords {
    /// Adds securities. Every kind of file except portfolios needs all securities.
    #[must_use]
    pub fn with_securities(mut self, securities: impl IntoIterator<Item = Security>) -> Self {
        for security in securities {
            self.securities.insert(security);
        }
        self
    }

    /// Adds portfolios, including deleted ones. Files of portfolios and of transactions need all
    /// portfolios.
    #[must_use]
    pub fn with_portfolios(mut self, portfolios: impl IntoIterator<Item = Portfolio>) -> Self {
        for portfolio in portfolios {
            let keys = self.names.entry(portfolio.name.clone()).or_default();
            keys.insert(portfolio.key);
            self.keys.insert(portfolio.id, portfolio.key);
            self.portfolios.insert(portfolio.key, portfolio);
        }
        self
    }

    /// Adds corporate actions other than splits. Files of actions and of transactions need all.
    #[must_use]
    pub fn with_actions(mut self, actions: impl IntoIterator<Item = CorporateAction>) -> Self {
        self.actions.extend(actions);
        self
    }

    /// Adds raw closes. A file of prices needs, for each of its symbols, the closes from the last
    /// one before [the file's days](super::PriceRows::spans) to the first one after them.
    #[must_use]
    pub fn with_closes(
        mut self,
        closes: impl IntoIterator<Item = (SecurityId, Day, Price)>,
    ) -> Self {
        for (security, day, close) in closes {
            self.closes.entry(security).or_default().insert(day, close);
        }
        self
    }

    /// Adds the securities that have closes or transactions. A file of securities needs those whose
    /// currency or multiplier it changes.
    #[must_use]
    pub fn with_priced(mut self, securities: impl IntoIterator<Item = SecurityId>) -> Self {
        self.priced.extend(securities);
        self
    }

    /// Adds transactions. A file of transactions needs those whose references it contains.
    #[must_use]
    pub fn with_transactions(
        mut self,
        transactions: impl IntoIterator<Item = Transaction>,
    ) -> Self {
        let by_reference = |transaction: Transaction| (transaction.reference.clone(), transaction);
        self.transactions
            .extend(transactions.into_iter().map(by_reference));
        self
    }

    /// Adds the first and last day with transactions, by portfolio. A file of portfolios needs them
    /// for the portfolios it contains.
    #[must_use]
    pub fn with_traded_ranges(
        mut self,
        traded: impl IntoIterator<Item = (PortfolioId, DayRange)>,
    ) -> Self {
        self.traded_ranges.extend(traded);
        self
    }

    /// Adds all transactions of portfolios. A file of transactions needs those of the portfolios
    /// that sell or transfer out in it.
    #[must_use]
    pub fn with_histories(
        mut self,
        histories: impl IntoIterator<Item = (PortfolioId, Vec<Transaction>)>,
    ) -> Self {
        self.histories.extend(histories);
        self
    }

    /// Adds the last changes of voided transactions. A file of transactions needs those whose ids it
    /// contains.
    #[must_use]
    pub fn with_voided(mut self, voided: impl IntoIterator<Item = TransactionChange>) -> Self {
        let by_reference = |change: TransactionChange| (change.reference.clone(), change);
        self.voided.extend(voided.into_iter().map(by_reference));
        self
    }

    /// Returns the change that voided a transaction; `None` if it is not voided.
    pub(super) fn voided(&self, reference: &str) -> Option<&TransactionChange> {
        self.voided.get(reference)
    }

    /// Adds the names of calendars. A file of securities needs all that a security can name.
    #[must_use]
    pub fn with_calendars(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.calendars
            .extend(names.into_iter().map(|name| (name, ())));
        self
    }

    /// Refuses the name of an unknown calendar, with the nearest one.
    pub(super) fn check_calendar(&self, name: Option<&str>) -> Result<(), Vec<RowError>> {
        let Some(name) = name.filter(|name| !self.calendars.contains_key(*name)) else {
            return Ok(());
        };
        let reason = RowErrorKind::UnknownCalendar {
            name: name.to_owned(),
            nearest: nearest(name, neighbours(name, &self.calendars)),
        };
        Err(vec![RowError::in_column("calendar", name, reason)])
    }

    /// Returns all transactions of a portfolio; `None` if they are not read.
    pub(super) fn history(&self, portfolio: PortfolioId) -> Option<&[Transaction]> {
        self.histories.get(&portfolio).map(Vec::as_slice)
    }

    /// Returns the transactions of all portfolios whose histories are read.
    pub(super) fn all_histories(&self) -> impl Iterator<Item = &Transaction> {
        self.histories.values().flatten()
    }

    /// Adds the symbols of the stored risk model. Files that can give a symbol to another security
    /// need them.
    #[must_use]
    pub fn with_model(mut self, model: &RiskModel) -> Self {
        self.model_symbols.extend(model.symbols().cloned());
        self
    }

    /// Returns whether the stored risk model names this symbol.
    pub(super) fn is_in_model(&self, symbol: &str) -> bool {
        self.model_symbols.contains(symbol)
    }

    /// Returns the security with this symbol today, else the last one that had it.
    pub fn find_security(&self, symbol: &str) -> Option<&Security> {
        self.securities.named(symbol)
    }

    /// Returns the security with this symbol on a day, else the one that it names without a day.
    pub(super) fn on_or_named(&self, symbol: &str, day: Day) -> Option<&Security> {
        let on = self.securities.on(symbol, day);
        on.or_else(|| self.securities.named(symbol))
    }

    /// Returns the securities that ever had the symbol.
    pub(super) fn bearers(&self, symbol: &str) -> impl Iterator<Item = &Security> {
        self.securities.bearers(symbol)
    }

    /// Returns all securities.
    pub(super) fn securities(&self) -> impl Iterator<Item = &Security> {
        self.securities.all()
    }

    /// Returns the currencies of all currency pairs.
    pub(super) fn currencies_of_pairs(&self) -> BTreeSet<Currency> {
        let symbols = self.securities.all().map(|known| known.symbol.as_str());
        let pairs = symbols.filter_map(Currency::parse_pair);
        pairs.flat_map(<[Currency; 2]>::from).collect()
    }

    /// Returns the security with this id.
    pub(super) fn security_with_id(&self, id: SecurityId) -> Option<&Security> {
        self.securities.with_id(id)
    }

    /// Returns the security that has this symbol on a day, or an error that names its symbol then,
    /// or the nearest one.
    pub(super) fn require_security(
        &self,
        symbol: &str,
        day: Day,
    ) -> Result<&Security, RowErrorKind> {
        self.securities.require_on(symbol, day)
    }

    /// Returns the security that a row of a history means: closes and transactions are often written
    /// under the symbol of today, or still under a former one.
    pub(super) fn require_in_history(
        &self,
        symbol: &str,
        day: Day,
    ) -> Result<&Security, RowErrorKind> {
        self.securities.require_around(symbol, day)
    }

    /// Returns the portfolio with this key, deleted or not.
    pub fn find_portfolio(&self, key: PortfolioKey) -> Option<&Portfolio> {
        self.portfolios.get(&key)
    }

    /// Returns the portfolio with this internal id.
    pub(super) fn portfolio_with_id(&self, id: PortfolioId) -> Option<&Portfolio> {
        self.portfolios.get(self.keys.get(&id)?)
    }

    /// Finds a portfolio by id or name; an error if several match.
    pub(super) fn resolve_portfolio(&self, word: &str) -> Result<Option<&Portfolio>, RowErrorKind> {
        let mut keys = self.names.get(word).cloned().unwrap_or_default();
        let key = PortfolioKey::from_name(word);
        if self.portfolios.contains_key(&key) {
            keys.insert(key);
        }
        if keys.len() > 1 {
            return Err(RowErrorKind::AmbiguousPortfolio {
                word: word.to_owned(),
                keys: keys.into_iter().collect(),
            });
        }
        Ok(keys.first().and_then(|key| self.portfolios.get(key)))
    }

    /// Like `resolve_portfolio`, with an error if none matches.
    pub(super) fn require_portfolio(&self, word: &str) -> Result<&Portfolio, RowErrorKind> {
        self.resolve_portfolio(word)?
            .ok_or_else(|| RowErrorKind::UnknownPortfolio {
                word: word.to_owned(),
                nearest: nearest(word, neighbours(word, &self.names)),
            })
    }

    /// Returns all corporate actions other than splits.
    pub(super) fn actions(&self) -> impl Iterator<Item = &CorporateAction> {
        self.actions.iter()
    }

    /// Returns the action with the same key as `action`.
    pub(super) fn action(&self, action: &CorporateAction) -> Option<CorporateAction> {
        let mut actions = self.actions.iter();
        actions.find(|known| known.key() == action.key()).copied()
    }

    /// Returns whether units of a security can be received for those of another one.
    pub(super) fn can_be_received(&self, security: SecurityId) -> bool {
        let received = self.actions.iter().filter_map(|action| action.received);
        received
            .into_iter()
            .any(|delivery| delivery.security == security)
    }

    /// Returns the raw closes of a security; `None` if it has none.
    pub(super) fn closes(&self, security: SecurityId) -> Option<&BTreeMap<Day, Price>> {
        self.closes.get(&security)
    }

    /// Returns whether a security has closes or transactions.
    pub(super) fn is_priced(&self, security: SecurityId) -> bool {
        self.priced.contains(&security)
    }

    pub(super) fn transaction(&self, reference: &str) -> Option<&Transaction> {
        self.transactions.get(reference)
    }

    /// Returns the first and last day with transactions.
    pub(super) fn traded_range(&self, portfolio: PortfolioId) -> Option<DayRange> {
        self.traded_ranges.get(&portfolio).copied()
    }

    /// Returns the symbol of a security for messages, or its id if it is unknown.
    pub(super) fn symbol_of(&self, id: SecurityId) -> String {
        let found = self.securities.with_id(id);
        found.map_or_else(|| format!("{id:?}"), |found| found.symbol.clone())
    }

    /// Returns the name of a portfolio for messages, or its id if it is unknown.
    pub(super) fn name_of(&self, id: PortfolioId) -> String {
        let found = self.portfolio_with_id(id);
        found.map_or_else(|| format!("{id:?}"), |found| found.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::import::sample;

    fn portfolio(id: u32, key: &str, name: &str) -> Portfolio {
        Portfolio {
            key: PortfolioKey::from_name(key),
            ..sample::portfolio(id, name, "2026-01-05")
        }
    }

    #[test]
    fn resolves_a_portfolio_by_name_key_and_key_seed() {
        let known =
            ExistingRecords::default().with_portfolios([portfolio(1, "alpha", "Alpha Fund")]);
        let key = PortfolioKey::from_name("alpha").to_string();
        for word in ["Alpha Fund", "alpha", &key] {
            assert_eq!(
                known.require_portfolio(word).unwrap().id,
                PortfolioId(1),
                "{word}"
            );
        }
        assert!(matches!(
            known.require_portfolio("Alpha Fnd"),
            Err(RowErrorKind::UnknownPortfolio { nearest: Some(nearest), .. }) if nearest == "Alpha Fund"
        ));
    }

    #[test]
    fn a_name_shared_by_two_portfolios_is_ambiguous() {
        let known = ExistingRecords::default()
            .with_portfolios([portfolio(1, "a", "Same"), portfolio(2, "b", "Same")]);
        assert!(matches!(
            known.require_portfolio("Same"),
            Err(RowErrorKind::AmbiguousPortfolio { keys, .. }) if keys.len() == 2
        ));
        assert_eq!(known.require_portfolio("b").unwrap().id, PortfolioId(2));
    }

    #[test]
    fn a_split_applies_from_its_day_on() {
        let security = SecurityId(1);
        let day = Day::MIN.saturating_add(10);
        let known = ExistingRecords::default().with_splits([Split {
            security,
            day,
            new: 3,
            old: 2,
        }]);
        let units = |after: Day, upto: Day| known.units_between(security, after, upto).unwrap().0;
        assert_eq!(units(day.previous(), day), Decimal::from(3));
        assert_eq!(units(day, day.next()), Decimal::ONE);
        assert_eq!(units(day.saturating_add(5), day), Decimal::ONE);
        assert_eq!(units(Day::MIN, day.previous()), Decimal::ONE);
    }
}
