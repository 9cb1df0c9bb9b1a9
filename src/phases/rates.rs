//! Finds the exchange rate between two currencies as of a session, from the prices of currency
//! pairs. Rules: `docs/numbers.md`, price as of a session.
//!
//! A pair is a security whose symbol is two currencies, such as `EURUSD`; its class is ignored.

use std::collections::BTreeMap;

use super::columns::{AsOfPrice, Slot, is_outdated};
use crate::domain::{Currency, Day, ExchangeRate, PriceQuality, Security, SecurityId};

/// The currency pairs of a market.
#[derive(Debug, Clone, Default)]
pub struct CurrencyPairs {
    /// By the currencies converted from and to: the pair first, then its inverse.
    legs: BTreeMap<(Currency, Currency), Vec<Leg>>,
}

/// One currency pair, used in one of its directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leg {
    security: SecurityId,
    slot: Slot,
    is_inverse: bool,
}

/// The ways to convert one currency to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    from: Currency,
    to: Currency,
    /// In the order of preference at equal quality: the pair, its inverse, and then two pairs through
    /// a common currency, in alphabetical order.
    paths: Vec<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Path {
    first: Leg,
    second: Option<Leg>,
}

/// An exchange rate as of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOfRate {
    /// The rate; exact unless [`ExchangeRate`] had to shorten a cross rate.
    pub rate: ExchangeRate,
    /// Age of the oldest price in it: [`PriceQuality::Fresh`], [`PriceQuality::Closed`] or
    /// [`PriceQuality::Stale`].
    pub quality: PriceQuality,
    first: SecurityId,
    second: Option<SecurityId>,
}

/// Returns whether a security is a currency pair.
pub fn is_currency_pair(security: &Security) -> bool {
    Currency::parse_pair(&security.symbol).is_some()
}

impl CurrencyPairs {
    /// Finds the pairs among `securities`, which are in the order of their slots.
    pub fn new<'s>(securities: impl IntoIterator<Item = &'s Security>) -> Self {
        let mut legs: BTreeMap<_, Vec<Leg>> = BTreeMap::new();
        for (slot, security) in (0..).zip(securities) {
            let Some((base, quote)) = Currency::parse_pair(&security.symbol) else {
                continue;
            };
            for (pair, is_inverse) in [((base, quote), false), ((quote, base), true)] {
                legs.entry(pair).or_default().push(Leg {
                    security: security.id,
                    slot: Slot(slot),
                    is_inverse,
                });
            }
        }
        for legs in legs.values_mut() {
            legs.sort_by_key(|leg| leg.is_inverse);
        }
        Self { legs }
    }

    /// Returns the ways to convert `from` to `to`, two different currencies.
    pub fn conversion(&self, from: Currency, to: Currency) -> Conversion {
        let own = self.legs.get(&(from, to)).into_iter().flatten();
        let own = own.map(|leg| Path {
            first: *leg,
            second: None,
        });
        let mut paths: Vec<_> = own.collect();
        for (common, first) in self.legs_from(from) {
            let second = self.legs.get(&(common, to)).into_iter().flatten();
            for second in second {
                paths.extend(first.iter().map(|first| Path {
                    first: *first,
                    second: Some(*second),
                }));
            }
        }
        Conversion { from, to, paths }
    }

    /// Iterates over the currencies to which a pair converts `from`, in alphabetical order.
    fn legs_from(&self, from: Currency) -> impl Iterator<Item = (Currency, &Vec<Leg>)> {
        let from_here = self.legs.range((from, Currency::FIRST)..);
        from_here
            .take_while(move |((base, _), _)| *base == from)
            .map(|((_, quote), legs)| (*quote, legs))
    }
}

impl Conversion {
    /// Returns the rate with the freshest older price; a close of the session is fresher than the
    /// last one of a pair that is closed. Of equally fresh ones a pair comes before a cross rate,
    /// and then the cross rate with the fresher younger price. `None` if no way has all of its
    /// prices; one that is not above zero counts as missing.
    pub(super) fn rate(&self, as_of: impl Fn(Slot) -> Option<AsOfPrice>) -> Option<AsOfRate> {
        let rates = self.paths.iter().filter_map(|path| path.rate(&as_of));
        // The first of equal ones, because the paths are in the order of preference.
        let freshest = rates.min_by_key(|(rate, younger)| {
            let is_cross = rate.second.is_some();
            (rate.quality, is_cross, *younger)
        });
        freshest.map(|(rate, _)| rate)
    }

    /// Returns the currency that is converted.
    pub const fn from(&self) -> Currency {
        self.from
    }

    /// Returns the currency that it is converted to.
    pub const fn to(&self) -> Currency {
        self.to
    }

    /// Returns the pairs that any way uses, each once, ascending.
    pub fn securities(&self) -> Vec<SecurityId> {
        self.securities_with(|_| true)
    }

    /// Returns the pairs of the ways that use only pairs that `is_priced` accepts, each once,
    /// ascending.
    pub fn securities_with(&self, is_priced: impl Fn(SecurityId) -> bool) -> Vec<SecurityId> {
        let paths = self.paths.iter();
        let possible = paths.filter(|path| path.securities().all(&is_priced));
        let mut securities: Vec<_> = possible.flat_map(Path::securities).collect();
        securities.sort_unstable();
        securities.dedup();
        securities
    }

    /// Returns the first day on which some way has the prices of all its pairs, if each pair has
    /// prices from the day that `first` returns.
    pub fn first_possible(&self, first: impl Fn(SecurityId) -> Option<Day>) -> Option<Day> {
        let days = self.paths.iter().filter_map(|path| {
            let firsts: Option<Vec<_>> = path.securities().map(&first).collect();
            firsts?.into_iter().max()
        });
        days.min()
    }

    /// Returns whether some way uses only pairs that `is_priced` accepts.
    pub fn is_possible_with(&self, is_priced: impl Fn(SecurityId) -> bool) -> bool {
        let mut paths = self.paths.iter();
        paths.any(|path| path.securities().all(&is_priced))
    }
}

impl Path {
    fn securities(&self) -> impl Iterator<Item = SecurityId> + use<> {
        let second = self.second.map(|leg| leg.security);
        std::iter::once(self.first.security).chain(second)
    }

    /// Returns the rate, and the age of its younger price.
    fn rate(&self, as_of: impl Fn(Slot) -> Option<AsOfPrice>) -> Option<(AsOfRate, PriceQuality)> {
        let (mut rate, mut quality) = self.first.rate(&as_of)?;
        let mut younger = quality;
        if let Some(second) = &self.second {
            let (next, age) = second.rate(&as_of)?;
            rate = rate.followed_by(next)?;
            (younger, quality) = (quality.min(age), quality.max(age));
        }
        let found = AsOfRate {
            rate,
            quality,
            first: self.first.security,
            second: self.second.map(|leg| leg.security),
        };
        Some((found, younger))
    }
}

impl Leg {
    fn rate(
        &self,
        as_of: impl Fn(Slot) -> Option<AsOfPrice>,
    ) -> Option<(ExchangeRate, PriceQuality)> {
        let as_of = as_of(self.slot)?;
        let rate = ExchangeRate::from_price(as_of.price)?;
        let rate = if self.is_inverse {
            rate.inverted()
        } else {
            rate
        };
        Some((rate, as_of.quality))
    }
}

impl AsOfRate {
    /// Returns whether the rate is so old that the next session has no return of it.
    pub(super) fn is_outdated(&self) -> bool {
        is_outdated(self.quality)
    }

    /// Iterates over the currency pairs whose prices make the rate.
    pub fn securities(&self) -> impl Iterator<Item = SecurityId> + use<> {
        std::iter::once(self.first).chain(self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;
    use crate::phases::fixture::{MarketBuilder, amount, security};

    /// Returns what 100 francs are in dollars on the last of five sessions, with the age and the
    /// symbols of the rate. Each pair has one close, on a session.
    fn convert(pairs: &[(&str, i32, &str)]) -> Option<(Money, PriceQuality, Vec<String>)> {
        let mut builder = MarketBuilder::with_session_count(5);
        for (id, (symbol, session, close)) in (1..).zip(pairs) {
            let mut pair = security(id);
            pair.symbol = (*symbol).to_owned();
            builder.sources.securities.push(pair);
            builder.add_close(id, *session, close);
        }
        let market = builder.build();
        let conversion = market.conversion("CHF".parse().unwrap(), Currency::USD);
        let rate = market.rate(&conversion, 4)?;
        let used = rate.securities().map(|id| market.security(id).unwrap());
        let used = used.map(|pair| pair.symbol.clone()).collect();
        Some((rate.rate.convert(Money::whole(100))?, rate.quality, used))
    }

    fn is(
        converted: &str,
        age: u16,
        symbols: &[&str],
    ) -> Option<(Money, PriceQuality, Vec<String>)> {
        let quality = match age {
            0 => PriceQuality::Fresh,
            age => PriceQuality::Stale(age),
        };
        let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        Some((amount(converted), quality, symbols))
    }

    #[test]
    fn the_fresher_of_a_pair_and_its_inverse_is_used() {
        let direct = ("CHFUSD", 2, "1.25");
        assert_eq!(convert(&[direct]), is("125", 2, &["CHFUSD"]));
        let inverse = |session| ("USDCHF", session, "0.5");
        assert_eq!(convert(&[inverse(0)]), is("200", 4, &["USDCHF"]));
        let chosen = |session| convert(&[direct, inverse(session)]);
        assert_eq!(chosen(1), is("125", 2, &["CHFUSD"]));
        assert_eq!(
            chosen(2),
            is("125", 2, &["CHFUSD"]),
            "the pair before its inverse"
        );
        assert_eq!(chosen(3), is("200", 1, &["USDCHF"]));
    }

    #[test]
    fn a_cross_rate_is_as_old_as_its_older_leg() {
        let legs = [("EURCHF", 4, "0.8"), ("EURUSD", 1, "1.2")];
        assert_eq!(convert(&legs), is("150", 3, &["EURCHF", "EURUSD"]));
        assert_eq!(convert(&legs[..1]), None);
        let older = ("CHFUSD", 0, "1.25");
        let both = [older, legs[0], legs[1]];
        assert_eq!(convert(&both), is("150", 3, &["EURCHF", "EURUSD"]));
        let equal = [("CHFUSD", 1, "1.25"), legs[0], legs[1]];
        assert_eq!(convert(&equal), is("125", 3, &["CHFUSD"]));
    }

    #[test]
    fn the_common_currency_is_the_fresher_and_then_the_first_by_name() {
        let through = |common: &str, first: i32, second: i32| {
            [
                (format!("CHF{common}"), first),
                (format!("USD{common}"), second),
            ]
        };
        let chosen = |legs: &[[(String, i32); 2]]| {
            let legs = legs.concat();
            let pairs: Vec<_> = legs
                .iter()
                .map(|(pair, at)| (pair.as_str(), *at, "2"))
                .collect();
            convert(&pairs).unwrap().2
        };
        let (pounds, euros) = (through("GBP", 2, 4), through("EUR", 2, 4));
        assert_eq!(chosen(&[pounds, euros.clone()]), ["CHFEUR", "USDEUR"]);
        let pounds = through("GBP", 4, 3);
        assert_eq!(chosen(&[euros, pounds]), ["CHFGBP", "USDGBP"]);
        let (pounds, euros) = (through("GBP", 2, 4), through("EUR", 3, 2));
        assert_eq!(
            chosen(&[euros, pounds]),
            ["CHFGBP", "USDGBP"],
            "the younger leg"
        );
    }

    #[test]
    fn a_close_of_the_session_comes_before_a_pair_that_is_closed() {
        let chosen = |inverse: i32| {
            let mut builder = MarketBuilder::with_session_count(5);
            let pairs = [("CHFUSD", 3, "1.25"), ("USDCHF", inverse, "0.5")];
            for (id, (symbol, session, close)) in (1..).zip(pairs) {
                let mut pair = security(id);
                pair.symbol = symbol.to_owned();
                pair.calendar = (id == 1).then(|| "own".to_owned());
                builder.sources.securities.push(pair);
                builder.add_close(id, session, close);
            }
            // The pair is closed on the last session, so that its close of the one before counts.
            let mut own = builder.sources.sessions[..4].to_vec();
            own.push(own[3].saturating_add(7));
            builder.sources.calendars = [("own".to_owned(), own)].into_iter().collect();
            let market = builder.build();
            let conversion = market.conversion("CHF".parse().unwrap(), Currency::USD);
            let rate = market.rate(&conversion, 4).unwrap();
            (rate.rate.convert(Money::whole(100)).unwrap(), rate.quality)
        };
        assert_eq!(chosen(4), (amount("200"), PriceQuality::Fresh));
        assert_eq!(chosen(3), (amount("125"), PriceQuality::Closed));
    }

    #[test]
    fn a_price_that_is_not_above_zero_is_no_rate() {
        let pairs = [("CHFUSD", 4, "0"), ("USDCHF", 1, "0.8")];
        assert_eq!(convert(&pairs), is("125", 3, &["USDCHF"]));
        assert_eq!(convert(&pairs[..1]), None);
    }

    #[test]
    fn only_two_currencies_make_a_pair() {
        for symbol in ["AAPL", "CHFUSDX", "chfusd", "CHFÜSD", ""] {
            assert_eq!(Currency::parse_pair(symbol), None, "{symbol}");
        }
    }
}
