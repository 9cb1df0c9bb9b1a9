//! Phase 5: the split of a cell's value by sector, class and holding. Formulas:
//! `docs/numbers.md`, exposures.

use super::market::Market;
use super::valuation::Valuation;
use crate::domain::output::{Exposures, Position};
use crate::domain::{Absence, AssetClass, Day, Figure, SectorWeights};

/// Splits the value of a cell on `day` by sector and class. Weights are signed shares of NAV and
/// absent if NAV is not positive; concentration uses the sizes of the holdings and does not need a
/// NAV.
///
/// # Panics
///
/// If the market does not have the security of a holding.
pub fn exposures(market: &Market, day: Day, valuation: &Valuation) -> Exposures {
    let snapshot = &valuation.snapshot;
    let (nav, count) = (snapshot.nav.units(), valuation.positions.len() as u32);
    let concentration = Concentration::from_positions(&valuation.positions);
    let mut exposures = Exposures {
        sectors: SectorWeights::empty(),
        classes: Vec::new(),
        weights: Figure::absent(Absence::NoHoldings, 0),
        hhi: concentration.hhi(),
        effective_number: concentration.effective_number(),
        top_3: concentration.top(3),
        top_10: concentration.top(10),
    };
    if nav <= 0 {
        exposures.weights = Figure::absent(Absence::NoPositiveNav, count);
    } else if count > 0 {
        let weigh = |units: i128| units as f64 / nav as f64;
        let totals = ExposureTotals::from_positions(market, day, &valuation.positions);
        exposures.sectors = totals.sectors(market, weigh);
        exposures.classes = totals.classes(weigh);
        exposures.weights = Figure::new(weigh(snapshot.net.units().into()), count);
    }
    exposures
}

/// Exact value in units of money, by sector and class; `None` for those without a holding.
struct ExposureTotals {
    sectors: Vec<Option<i128>>,
    /// In the order of [`AssetClass::ALL`].
    classes: [Option<i128>; AssetClass::ALL.len()],
}

impl ExposureTotals {
    fn from_positions(market: &Market, day: Day, positions: &[Position]) -> Self {
        // 128 bits: no number of holdings overflows the sum of their 64-bit values.
        let mut totals = Self {
            sectors: vec![None; market.classifications().sectors().count()],
            classes: [None; AssetClass::ALL.len()],
        };
        for position in positions {
            let slot = market
                .slot(position.security)
                .expect("a holding is of a security of the market it was valued in");
            let classification = market.classifications().get(slot.index(), day);
            let units = i128::from(position.value.units());
            *totals.sectors[classification.sector.index()].get_or_insert(0) += units;
            *totals.classes[classification.class as usize].get_or_insert(0) += units;
        }
        totals
    }

    fn sectors(&self, market: &Market, weigh: impl Fn(i128) -> f64) -> SectorWeights {
        let names = market.classifications().sectors();
        let held = names.iter().zip(&self.sectors);
        let weights = held.filter_map(|(sector, units)| Some((sector, weigh((*units)?))));
        SectorWeights::new(names.clone(), weights.collect())
    }

    fn classes(&self, weigh: impl Fn(i128) -> f64) -> Vec<(AssetClass, f64)> {
        let held = AssetClass::ALL.into_iter().zip(self.classes);
        held.filter_map(|(class, units)| Some((class, weigh(units?))))
            .collect()
    }
}

/// The sizes of the holdings, largest first.
struct Concentration {
    sizes: Vec<u64>,
    gross: u128,
}

impl Concentration {
    fn from_positions(positions: &[Position]) -> Self {
        let sizes = positions
            .iter()
            .map(|position| position.value.units().unsigned_abs());
        let mut sizes: Vec<_> = sizes.collect();
        // Equal sizes are equal numbers, so an unstable sort cannot be seen in any figure.
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let gross = sizes.iter().map(|size| u128::from(*size)).sum();
        Self { sizes, gross }
    }

    /// Returns Σ (size ÷ gross)²: 1 for a single holding.
    fn hhi(&self) -> Figure {
        self.figure(|gross| {
            let shares = self.sizes.iter().map(|size| *size as f64 / gross);
            shares.fold(0.0, |sum, share| sum + share * share)
        })
    }

    fn effective_number(&self) -> Figure {
        match self.hhi().value() {
            Some(hhi) => self.figure(|_| 1.0 / hhi),
            None => self.hhi(),
        }
    }

    /// Returns the share of gross value in the `count` largest holdings.
    fn top(&self, count: usize) -> Figure {
        let largest = self.sizes.iter().take(count).map(|size| u128::from(*size));
        let largest: u128 = largest.sum();
        self.figure(|gross| largest as f64 / gross)
    }

    /// Returns `value(gross)`, or the reason that gross value is no base.
    fn figure(&self, value: impl Fn(f64) -> f64) -> Figure {
        let count = self.sizes.len() as u32;
        match self.gross {
            _ if count == 0 => Figure::absent(Absence::NoHoldings, 0),
            0 => Figure::absent(Absence::NoBase, count),
            gross => Figure::new(value(gross as f64), count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionKind;
    use crate::phases::books::Books;
    use crate::phases::fixture::{MarketBuilder, buy, cash, history, security, sell};
    use crate::phases::market::Market;

    /// Four shares at 10, three of technology and the third of a bank.
    fn market() -> Market {
        let mut builder = MarketBuilder::with_session_count(1).with_shares([1, 2, 4]);
        let mut bank = security(3);
        bank.sector = "Financials".to_owned();
        builder.sources.securities.push(bank);
        (1..=4).for_each(|id| builder.add_close(id, 0, "10"));
        builder.build()
    }

    fn exposures_of(trades: &[crate::domain::Transaction]) -> Exposures {
        let (market, history) = (market(), history(trades));
        let valuation = Books::open(&history)
            .value_on(&market, &history, 0)
            .unwrap();
        exposures(&market, market.sessions()[0], &valuation)
    }

    #[test]
    fn weights_are_signed_shares_of_nav() {
        let exposures = exposures_of(&[
            cash(0, TransactionKind::Deposit, "100"),
            buy(0, 1, "6", "10"),
            buy(0, 3, "8", "10"),
            sell(0, 2, "2", "10"),
        ]);
        let sectors = [("Financials", 0.8), ("Technology", 0.4)];
        assert_eq!(exposures.sectors, sectors.into_iter().collect());
        assert_eq!(exposures.classes, [(AssetClass::Equity, 1.2)]);
        assert_eq!(exposures.weights, Figure::new(1.2, 3));
        assert_eq!(exposures.top_3.value(), Some(1.0));
        let hhi =
            (80.0_f64 / 160.0).powi(2) + (60.0_f64 / 160.0).powi(2) + (20.0_f64 / 160.0).powi(2);
        assert_eq!(exposures.hhi.value(), Some(hhi));
        assert_eq!(exposures.effective_number.value(), Some(1.0 / hhi));
    }

    #[test]
    fn the_largest_holdings_come_first() {
        let buys = [(1, "1"), (2, "4"), (3, "2"), (4, "3")];
        let exposures = exposures_of(&buys.map(|(id, quantity)| buy(0, id, quantity, "1")));
        assert_eq!(exposures.top_3.value(), Some(0.9));
        assert_eq!(exposures.top_10.value(), Some(1.0));
    }

    #[test]
    fn an_empty_portfolio_has_no_concentration() {
        let exposures = exposures_of(&[cash(0, TransactionKind::Deposit, "100")]);
        assert!(exposures.sectors.is_empty());
        for figure in [
            exposures.weights,
            exposures.hhi,
            exposures.effective_number,
            exposures.top_10,
        ] {
            assert_eq!(figure.as_result(), Err(Absence::NoHoldings));
        }
    }

    #[test]
    fn without_positive_nav_only_concentration_is_computed() {
        let exposures = exposures_of(&[buy(0, 1, "1", "10")]);
        assert!(exposures.classes.is_empty());
        assert_eq!(exposures.weights.as_result(), Err(Absence::NoPositiveNav));
        assert_eq!(exposures.hhi.value(), Some(1.0));
    }
}
