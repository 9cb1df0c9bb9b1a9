//! Symbols of securities over time: a security can be called otherwise from a day on, and another
//! one can take over its former symbol.

use super::day::Day;
use super::security::{FormerSymbol, Security};

/// The days on which a security has a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period<'s> {
    symbol: &'s str,
    /// `None` for the first symbol of a security, whose first day is unknown.
    from: Option<Day>,
    /// The first day after it; `None` for the current symbol.
    until: Option<Day>,
}

impl Period<'_> {
    fn contains(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Returns the end for comparisons. No period ends on the last day.
    fn end(&self) -> Day {
        self.until.unwrap_or(Day::MAX)
    }

    /// Returns whether two securities would have one symbol on one day. A first symbol may have been
    /// taken over from another security, so it contradicts no period that ends earlier.
    fn contradicts(&self, other: &Self) -> bool {
        let (earlier, later) = match self.end() <= other.end() {
            true => (self, other),
            false => (other, self),
        };
        self.symbol == other.symbol
            && (earlier.end() == later.end() || later.from.is_some_and(|from| from < earlier.end()))
    }
}

impl Security {
    fn symbol_periods(&self) -> impl Iterator<Item = Period<'_>> {
        let starts = self.former_symbols.iter().map(|former| Some(former.until));
        let starts = std::iter::once(None).chain(starts);
        let former = self.former_symbols.iter();
        let ends = former.map(|former| (former.symbol.as_str(), Some(former.until)));
        let ends = ends.chain([(self.symbol.as_str(), None)]);
        (starts.zip(ends)).map(|(from, (symbol, until))| Period {
            symbol,
            from,
            until,
        })
    }

    /// Returns the symbol on a day.
    pub fn symbol_on(&self, day: Day) -> &str {
        let mut former = self.former_symbols.iter();
        let found = former.find(|former| day < former.until);
        found.map_or(&self.symbol, |former| &former.symbol)
    }

    /// Returns all symbols that the security has or had, the first one first.
    pub fn all_symbols(&self) -> impl Iterator<Item = &str> {
        self.symbol_periods().map(|period| period.symbol)
    }

    /// Returns all symbols, each with the first day after it; [`Day::MAX`] for the current one.
    pub fn symbols_with_ends(&self) -> impl Iterator<Item = (&str, Day)> {
        let periods = self.symbol_periods();
        periods.map(|period| (period.symbol, period.end()))
    }

    /// Returns the key of the order in which sums run over securities: the first symbol, and its end,
    /// which tells apart securities with the same first symbol. A later symbol does not change it, so
    /// figures do not depend on how a security is called today.
    pub fn symbol_order(&self) -> (&str, Day) {
        match self.former_symbols.first() {
            Some(first) => (&first.symbol, first.until),
            None => (&self.symbol, Day::MAX),
        }
    }

    /// Returns the security with the name `symbol` from `day` on, up to the next change of its
    /// symbol.
    #[must_use]
    pub fn with_symbol_from(&self, day: Day, symbol: &str) -> Self {
        let mut changed = self.clone();
        let former = &mut changed.former_symbols;
        let at = former.partition_point(|former| former.until < day);
        if former.get(at).is_none_or(|former| former.until != day) {
            let was = self.symbol_on(day).to_owned();
            let change = FormerSymbol {
                until: day,
                symbol: was,
            };
            former.insert(at, change);
        }
        match former.get_mut(at + 1) {
            Some(next) => symbol.clone_into(&mut next.symbol),
            None => symbol.clone_into(&mut changed.symbol),
        }
        changed
    }

    /// Returns the security without the change of its symbol on `day`: the symbol before it goes on
    /// to the next change. `None` if there is no change on that day.
    pub fn without_symbol_change(&self, day: Day) -> Option<Self> {
        let mut changed = self.clone();
        let former = &mut changed.former_symbols;
        let at = former.iter().position(|former| former.until == day)?;
        let FormerSymbol { symbol, .. } = former.remove(at);
        match former.get_mut(at) {
            Some(next) => next.symbol = symbol,
            None => changed.symbol = symbol,
        }
        Some(changed)
    }

    /// Returns whether the security, as it is to become, would have a symbol that `other` has on the
    /// same day. The securities are different ones.
    pub fn contradicts_symbols(&self, other: &Self) -> bool {
        self.symbol_shared_with(other).is_some()
    }

    /// Returns the symbol of the security, as it is to become, that `other` has on the same day. The
    /// securities are different ones.
    pub fn symbol_shared_with(&self, other: &Self) -> Option<&str> {
        let mut own = self.symbol_periods();
        let shared = own.find(|own| other.symbol_periods().any(|other| own.contradicts(&other)));
        shared.map(|period| period.symbol)
    }

    /// Returns whether a change of this security's symbols to those of `now` keeps its place among
    /// the others in the order of [`Self::symbol_order`].
    pub fn keeps_symbol_order<'s>(
        &self,
        now: &Self,
        others: impl IntoIterator<Item = &'s Self>,
    ) -> bool {
        let place = |of: &Self, other: &Self| of.symbol_order().cmp(&other.symbol_order());
        let mut others = others.into_iter().filter(|other| other.id != self.id);
        others.all(|other| place(self, other) == place(now, other))
    }

    /// Returns the security that has a symbol on a day.
    pub fn with_symbol_on<'s>(
        securities: impl IntoIterator<Item = &'s Self>,
        symbol: &str,
        day: Day,
    ) -> Option<&'s Self> {
        let periods = securities.into_iter().flat_map(|security| {
            let periods = security.symbol_periods();
            periods.map(move |period| (security, period))
        });
        let bearing = periods.filter(|(_, period)| period.symbol == symbol && period.contains(day));
        let found = bearing.min_by_key(|(_, period)| period.end());
        found.map(|(security, _)| security)
    }

    /// Returns the security that a source means by a symbol that may not be that of its day, as where
    /// it writes its whole history under one symbol: the one that has the symbol on the day, else
    /// the next one to have it, else the last one that had it.
    pub fn with_symbol_around<'s>(
        securities: impl IntoIterator<Item = &'s Self> + Clone,
        symbol: &str,
        day: Day,
    ) -> Option<&'s Self> {
        let periods = securities.clone().into_iter().flat_map(|security| {
            let periods = security.symbol_periods();
            periods.map(move |period| (security, period))
        });
        let later = periods.filter(|(_, period)| period.symbol == symbol);
        let later = later.filter_map(|(security, period)| Some((security, period.from?)));
        let next = || {
            let next = later.filter(|(_, from)| day < *from);
            next.min_by_key(|(_, from)| *from)
        };
        Self::with_symbol_on(securities.clone(), symbol, day)
            .or_else(|| next().map(|(security, _)| security))
            .or_else(|| Self::with_symbol(securities, symbol))
    }

    /// Returns the security that a symbol without a day names: the one that has it today, else the
    /// last one that had it.
    pub fn with_symbol<'s>(
        securities: impl IntoIterator<Item = &'s Self>,
        symbol: &str,
    ) -> Option<&'s Self> {
        let named = securities.into_iter().flat_map(|security| {
            let symbols = security.symbols_with_ends();
            let own = symbols.filter(|(own, _)| *own == symbol);
            own.map(move |(_, end)| (security, end))
        });
        named
            .max_by_key(|(_, end)| *end)
            .map(|(security, _)| security)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::SecurityId;
    use crate::domain::security::NewSecurity;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn security(id: u32, symbol: &str) -> Security {
        NewSecurity::equity(symbol).with_id(SecurityId(id))
    }

    /// Facebook was listed as FB until 2022-06-08, and as META from 2022-06-09 on. Before, META was
    /// the symbol of a fund, which was METV from 2022-01-31 on.
    fn published() -> [Security; 2] {
        [
            security(1, "META").with_symbol_from(day("2022-01-31"), "METV"),
            security(2, "FB").with_symbol_from(day("2022-06-09"), "META"),
        ]
    }

    #[test]
    fn a_symbol_names_the_security_that_has_it_on_the_day() {
        let known = published();
        let id = |symbol, on| {
            let found = Security::with_symbol_on(&known, symbol, day(on));
            found.map(|security| security.id.0)
        };
        assert_eq!(id("META", "2022-01-28"), Some(1));
        assert_eq!(id("META", "2022-01-31"), None);
        assert_eq!(id("METV", "2022-01-31"), Some(1));
        assert_eq!(id("FB", "2022-06-08"), Some(2));
        assert_eq!(id("FB", "2022-06-09"), None);
        assert_eq!(id("META", "2022-06-09"), Some(2));
        assert_eq!(known[1].symbol_on(day("2022-06-08")), "FB");
        let named = |symbol| Security::with_symbol(&known, symbol).map(|security| security.id.0);
        assert_eq!((named("META"), named("FB")), (Some(2), Some(2)));
        assert_eq!((named("METV"), named("FBX")), (Some(1), None));
    }

    #[test]
    fn a_symbol_outside_its_days_means_the_next_security_and_else_the_last() {
        let known = published();
        let id = |symbol, on| {
            let found = Security::with_symbol_around(&known, symbol, day(on));
            found.map(|security| security.id.0)
        };
        assert_eq!(id("META", "2022-01-28"), Some(1));
        assert_eq!(id("META", "2022-01-31"), Some(2));
        assert_eq!(id("FB", "2022-06-09"), Some(2));
        assert_eq!(id("METV", "2022-01-03"), Some(1));
        assert_eq!(id("FBX", "2022-01-03"), None);
    }

    #[test]
    fn a_symbol_that_was_taken_over_is_told_apart_by_the_day() {
        let [_, meta] = published();
        let later = security(3, "FB").with_symbol_from(day("2025-01-02"), "NEWS");
        assert!(!later.contradicts_symbols(&meta));
        let known = [later, meta];
        let id = |on| Security::with_symbol_on(&known, "FB", day(on)).map(|found| found.id.0);
        assert_eq!(id("2022-06-08"), Some(2));
        assert_eq!(id("2023-01-03"), Some(3));
        assert_eq!(id("2025-01-02"), None);
    }

    #[test]
    fn two_securities_have_no_symbol_on_one_day() {
        let [fund, meta] = published();
        assert!(!meta.contradicts_symbols(&fund));
        let early = security(2, "FB").with_symbol_from(day("2022-01-30"), "META");
        assert!(early.contradicts_symbols(&fund));
        assert!(security(3, "META").contradicts_symbols(&meta));
        assert!(!security(3, "FB").contradicts_symbols(&meta));
    }

    #[test]
    fn changes_in_any_order_give_the_same_symbols() {
        let once = security(1, "A").with_symbol_from(day("2026-01-05"), "B");
        let twice = once.with_symbol_from(day("2026-01-09"), "C");
        let other = security(1, "A").with_symbol_from(day("2026-01-09"), "C");
        assert_eq!(other.with_symbol_from(day("2026-01-05"), "B"), twice);
        assert_eq!(twice.all_symbols().collect::<Vec<_>>(), ["A", "B", "C"]);
        assert_eq!(
            once.with_symbol_from(day("2026-01-05"), "D")
                .symbol_on(day("2026-01-05")),
            "D"
        );
    }

    #[test]
    fn a_deleted_change_leaves_the_symbols_before_it() {
        let once = security(1, "A").with_symbol_from(day("2026-01-05"), "B");
        let twice = once.with_symbol_from(day("2026-01-09"), "C");
        assert_eq!(twice.without_symbol_change(day("2026-01-09")), Some(once));
        let first = security(1, "A").with_symbol_from(day("2026-01-09"), "C");
        assert_eq!(twice.without_symbol_change(day("2026-01-05")), Some(first));
        assert_eq!(twice.without_symbol_change(day("2026-01-06")), None);
    }

    #[test]
    fn the_order_does_not_follow_a_new_symbol() {
        let (first, last) = (security(1, "AAA"), security(2, "MMM"));
        let renamed = first.with_symbol_from(day("2026-01-05"), "ZZZ");
        assert!(renamed.symbol_order() < last.symbol_order());
        assert!(first.keeps_symbol_order(&renamed, [&last]));
        let taken_over = security(3, "AAA");
        assert!(renamed.symbol_order() < taken_over.symbol_order());
        let sooner = taken_over.with_symbol_from(day("2026-01-02"), "BBB");
        assert!(!taken_over.keeps_symbol_order(&sooner, [&renamed]));
    }
}
