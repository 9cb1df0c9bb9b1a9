//! The generated market: closes, splits, payouts and exchange rates.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::closes::{generate_closes, rounded};
use super::common_returns::common_returns;
use super::listing::Listing;
use super::random::RandomSource;
use crate::domain::{
    Currency, Day, DayRange, ExchangeRate, Money, Price, Quantity, SecurityId, Split,
};

/// Splits of the generated market: symbol, day (the next session if it is not one), new units, old
/// units.
const SPLITS: [(&str, &str, u32, u32); 2] =
    [("QLNT", "2025-11-17", 2, 1), ("BKRY", "2025-08-18", 3, 1)];

/// A market over a range of days.
#[derive(Debug, Clone)]
pub struct Market {
    listing: Listing,
    sessions: Vec<Day>,
    closes: Vec<BTreeMap<Day, Price>>,
    splits: Vec<Split>,
    payouts: BTreeMap<Day, Vec<SecurityId>>,
}

impl Market {
    /// Generates a market whose closes cover the sessions of `kept`. `sessions` are those of
    /// [`simulated_days`](super::simulated_days), ascending; `given` are further splits.
    pub fn open(listing: Listing, sessions: &[Day], kept: DayRange, given: &[Split]) -> Self {
        let mut splits = made_up_splits(&listing, sessions);
        splits.extend_from_slice(given);
        splits.sort_by_key(|split| (split.day, split.security));
        let moves = common_returns(listing.seed(), sessions);
        let closes = listing
            .entries()
            .iter()
            .map(|listed| generate_closes(listing.seed(), listed, sessions, &moves, &splits, kept))
            .collect();
        let payouts = payouts(&listing, sessions);
        // Only now: splits outside `kept` scale the closes inside it.
        splits.retain(|split| kept.contains(split.day));
        Self {
            sessions: sessions
                .iter()
                .copied()
                .filter(|day| kept.contains(*day))
                .collect(),
            listing,
            closes,
            splits,
            payouts,
        }
    }

    /// Sets the close of a day; `None` removes it.
    pub fn set_close(&mut self, security: SecurityId, day: Day, close: Option<Price>) {
        let closes = &mut self.closes[security.0 as usize - 1];
        match close {
            Some(close) => closes.insert(day, close),
            None => closes.remove(&day),
        };
    }

    /// Returns the listed securities.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Returns the sessions with closes, ascending.
    pub fn sessions(&self) -> &[Day] {
        &self.sessions
    }

    /// Returns the splits in the covered days, ordered by day.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Iterates over all closes, by security and then day.
    pub fn closes(&self) -> impl Iterator<Item = (SecurityId, Day, Price)> {
        (1..).zip(&self.closes).flat_map(|(id, closes)| {
            closes
                .iter()
                .map(move |(day, close)| (SecurityId(id), *day, *close))
        })
    }

    /// Returns the raw close of exactly that day, if there is one.
    pub fn close(&self, security: SecurityId, day: Day) -> Option<Price> {
        self.closes[security.0 as usize - 1].get(&day).copied()
    }

    /// Returns the rate from `from` to `to` on a day. `None` if no pair of the two currencies, in
    /// either direction, has a close on it.
    pub fn rate(&self, from: Currency, to: Currency, day: Day) -> Option<ExchangeRate> {
        if from == to {
            return Some(ExchangeRate::ONE);
        }
        let rate_of = |symbol: &str| {
            let close = self.close(self.listing.id(symbol)?, day)?;
            ExchangeRate::from_price(close)
        };
        rate_of(&from.pair_with(to))
            .or_else(|| rate_of(&to.pair_with(from)).map(ExchangeRate::inverted))
    }

    /// Returns the value of a quantity in `currency` at this price of one unit, at the rate of the
    /// day. `None` if the rate is missing or the value overflows.
    pub(super) fn worth(
        &self,
        security: SecurityId,
        quantity: Quantity,
        price: Price,
        currency: Currency,
        day: Day,
    ) -> Option<Money> {
        let security = self.listing.security(security);
        let rate = self.rate(security.currency, currency, day)?;
        price.converted_value(quantity, security.multiplier, rate)
    }

    /// Returns the securities that pay on `day`, with the cash per unit in their currency.
    pub(super) fn payouts(&self, day: Day) -> Vec<(SecurityId, Price)> {
        let securities = self.payouts.get(&day).map_or(&[][..], Vec::as_slice);
        securities
            .iter()
            .filter_map(|security| {
                let close = self.close(*security, day)?;
                let yearly = self.listing.entries()[security.0 as usize - 1].payout;
                Some((*security, rounded(close.to_f64() * yearly / 4.0, 4)))
            })
            .collect()
    }
}

fn made_up_splits(listing: &Listing, sessions: &[Day]) -> Vec<Split> {
    SPLITS
        .into_iter()
        .filter_map(|(symbol, day, new, old)| {
            let security = listing.id(symbol)?;
            let day: Day = day.parse().expect("the table holds dates");
            let day = *sessions.get(sessions.partition_point(|session| *session < day))?;
            let has_session_before = day > *sessions.first()?;
            has_session_before.then_some(Split {
                security,
                day,
                new,
                old,
            })
        })
        .collect()
}

/// Returns the paying securities of each session. Each pays once a quarter, on a day that is drawn
/// for it.
fn payouts(listing: &Listing, sessions: &[Day]) -> BTreeMap<Day, Vec<SecurityId>> {
    let mut payouts: BTreeMap<Day, Vec<SecurityId>> = BTreeMap::new();
    for listed in listing
        .entries()
        .iter()
        .filter(|listed| listed.payout > 0.0)
    {
        let name = format!("payout/{}", listed.security.symbol);
        let mut random = RandomSource::new(listing.seed(), &name);
        let (month, day_of_month) = (
            random.index_below(3) as u32,
            5 + random.index_below(20) as u32,
        );
        for pair in sessions.windows(2) {
            let (before, now) = (pair[0].to_date(), pair[1].to_date());
            let new_month = before.month() != now.month();
            let crossed = now.day() >= day_of_month && (new_month || before.day() < day_of_month);
            if crossed && now.month() % 3 == month {
                payouts.entry(pair[1]).or_default().push(listed.security.id);
            }
        }
    }
    payouts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AssetClass;
    use crate::scenario::market::{DEFAULT_SHARES, simulated_days};

    fn weekdays(days: DayRange) -> Vec<Day> {
        (days.first().number()..=days.last().number())
            .filter_map(Day::from_number)
            .filter(|day| day.to_date().weekday().number_from_monday() <= 5)
            .collect()
    }

    fn days(first: &str, last: &str) -> DayRange {
        DayRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    fn market(seed: u64, shares: usize, kept: DayRange) -> Market {
        let listing = Listing::new(seed, shares, &[]);
        Market::open(listing, &weekdays(simulated_days(kept)), kept, &[])
    }

    fn log_returns(market: &Market, symbol: &str) -> Vec<f64> {
        let id = market.listing().id(symbol).unwrap();
        let closes: Vec<f64> = market
            .sessions()
            .iter()
            .map(|day| market.close(id, *day).unwrap().to_f64())
            .collect();
        closes
            .windows(2)
            .map(|pair| (pair[1] / pair[0]).ln())
            .collect()
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let co: f64 = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum();
        let (va, vb): (f64, f64) = (
            a.iter().map(|a| (a - ma).powi(2)).sum(),
            b.iter().map(|b| (b - mb).powi(2)).sum(),
        );
        co / (va * vb).sqrt()
    }

    #[test]
    fn the_same_seed_gives_the_same_closes_and_another_gives_others() {
        let kept = days("2025-12-01", "2026-01-08");
        let closes = |seed| market(seed, 8, kept).closes().collect::<Vec<_>>();
        assert_eq!(closes(1), closes(1));
        assert_ne!(closes(1), closes(2));
    }

    #[test]
    fn an_earlier_start_and_a_later_end_move_no_close() {
        let small = market(1, 8, days("2025-12-01", "2026-01-08"));
        let large = market(1, 9, days("2024-03-01", "2026-03-31"));
        for (security, day, close) in small.closes() {
            assert_eq!(large.close(security, day), Some(close));
        }
    }

    #[test]
    fn every_close_is_positive_and_only_private_assets_have_none() {
        let market = market(1, DEFAULT_SHARES, days("2024-06-03", "2026-01-08"));
        for security in market.listing().securities() {
            let closes: Vec<_> = market
                .sessions()
                .iter()
                .filter_map(|day| market.close(security.id, *day))
                .collect();
            let expected = match security.class {
                AssetClass::Private => 0,
                _ => market.sessions().len(),
            };
            assert_eq!(closes.len(), expected, "{}", security.symbol);
            assert!(closes.iter().all(|close| *close > Price::ZERO));
        }
    }

    #[test]
    fn shares_move_with_the_benchmark_and_bonds_hardly() {
        let market = market(1, DEFAULT_SHARES, days("2024-10-01", "2026-01-08"));
        let benchmark = log_returns(&market, "MKT");
        let to_market = |symbol: &str| correlation(&benchmark, &log_returns(&market, symbol));
        let shares: Vec<f64> = market
            .listing()
            .securities()
            .filter(|security| security.class == AssetClass::Equity)
            .filter(|security| !["QLNT", "BKRY"].contains(&security.symbol.as_str()))
            .map(|security| to_market(&security.symbol))
            .collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        assert!((0.3..0.8).contains(&mean), "{mean}");
        assert!(to_market("WIDE") > 0.95);
        assert!(to_market("TRSF").abs() < 0.25);
    }

    #[test]
    fn the_raw_price_halves_at_a_split_of_two_for_one() {
        let kept = days("2025-10-01", "2026-01-08");
        let market = market(1, DEFAULT_SHARES, kept);
        let split = market.splits()[0];
        assert_eq!(
            (split.day.to_string().as_str(), split.new, split.old),
            ("2025-11-17", 2, 1)
        );
        let before = market
            .close(split.security, split.day.saturating_add(-3))
            .unwrap();
        let after = market.close(split.security, split.day).unwrap();
        let ratio = after.to_f64() / before.to_f64();
        assert!((0.4..0.6).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_given_split_changes_no_earlier_close() {
        let kept = days("2025-12-01", "2026-01-08");
        let listing = Listing::new(1, 8, &[]);
        let security = listing.id("NIMB").unwrap_or(SecurityId(17));
        let split = Split {
            security,
            day: "2026-01-06".parse().unwrap(),
            new: 4,
            old: 1,
        };
        let sessions = weekdays(simulated_days(kept));
        let unsplit = Market::open(listing.clone(), &sessions, kept, &[]);
        let with_split = Market::open(listing, &sessions, kept, &[split]);
        for day in with_split.sessions() {
            let before = unsplit.close(security, *day);
            let after = with_split.close(security, *day);
            if *day < split.day {
                assert_eq!(before, after);
            } else {
                let quarter = before.unwrap().to_f64() / 4.0;
                assert!((after.unwrap().to_f64() - quarter).abs() < 0.01);
            }
        }
    }

    #[test]
    fn payouts_happen_four_times_a_year() {
        let market = market(1, DEFAULT_SHARES, days("2025-01-01", "2025-12-31"));
        let fund = market.listing().id("TRSF").unwrap();
        let paid: f64 = market
            .sessions()
            .iter()
            .flat_map(|day| market.payouts(*day))
            .filter(|(security, _)| *security == fund)
            .map(|(_, per_unit)| per_unit.to_f64())
            .sum();
        assert!((2.0..6.0).contains(&paid), "{paid}");
    }

    #[test]
    fn a_rate_is_found_in_either_direction() {
        let kept = days("2026-01-05", "2026-01-08");
        let market = market(1, 0, kept);
        let (euro, dollar): (Currency, Currency) = ("EUR".parse().unwrap(), Currency::USD);
        let day = kept.last();
        let to_dollar = market.rate(euro, dollar, day).unwrap();
        let to_euro = market.rate(dollar, euro, day).unwrap();
        assert_eq!(to_dollar, to_euro.inverted());
        assert_eq!(market.rate("CHF".parse().unwrap(), dollar, day), None);
    }
}
