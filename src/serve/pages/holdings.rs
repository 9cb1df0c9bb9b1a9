//! Positions, exposures and risk of a portfolio, formatted for its page.

use std::cmp::Reverse;

use super::bar::{Bar, bars};
use super::labels;
use crate::domain::{Figure, PriceQuality};
use crate::query::{self, ExposuresView, PositionView, RiskView, Validity};
use crate::report::number;

/// The number of positions listed, largest first.
const POSITIONS: usize = 100;

/// Positions, exposures and risk; each is `None` if the phase has no output.
pub(super) struct Holdings {
    pub(super) positions: Option<Positions>,
    pub(super) exposures: Option<Exposures>,
    pub(super) risk: Option<Risk>,
}

/// The positions by size.
pub(super) struct Positions {
    pub(super) is_stale: bool,
    pub(super) rows: Vec<PositionLine>,
    pub(super) more: usize,
}

/// One line of the positions.
pub(super) struct PositionLine {
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) quantity: String,
    pub(super) price: String,
    pub(super) quality: String,
    pub(super) tone: &'static str,
    pub(super) value: String,
    pub(super) unrealized: String,
    pub(super) trend: &'static str,
    pub(super) weight: Bar,
}

/// Weights by sector and asset class, and concentration.
pub(super) struct Exposures {
    pub(super) is_stale: bool,
    pub(super) sectors: Vec<Bar>,
    pub(super) classes: Vec<Bar>,
    /// Empty without foreign cash.
    pub(super) currencies: Vec<Bar>,
    pub(super) reason: String,
    pub(super) figures: Vec<NamedFigure>,
}

/// Risk figures, factor exposures and stress results.
pub(super) struct Risk {
    pub(super) is_stale: bool,
    pub(super) figures: Vec<NamedFigure>,
    pub(super) factors: Vec<Bar>,
    pub(super) stress: Vec<Bar>,
}

/// A figure with its name, and the reason if it is absent.
pub(super) struct NamedFigure {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) reason: String,
}

impl NamedFigure {
    /// Formats a figure with `show`.
    pub(super) fn new(name: &'static str, figure: &Figure, show: impl Fn(f64) -> String) -> Self {
        let (value, reason) = labels::figure(figure, show);
        Self {
            name,
            value,
            reason,
        }
    }
}

impl Holdings {
    /// Formats the holdings of the newest books.
    pub(super) fn new(holdings: query::Holdings) -> Self {
        Self {
            positions: holdings.positions.map(|positions| Positions {
                is_stale: positions.validity == Validity::Stale,
                more: positions.rows.len().saturating_sub(POSITIONS),
                rows: position_lines(positions.rows),
            }),
            exposures: holdings.exposures.map(Exposures::new),
            risk: holdings.risk.map(Risk::new),
        }
    }
}

fn position_lines(mut rows: Vec<PositionView>) -> Vec<PositionLine> {
    rows.sort_by_key(|row| Reverse(row.value.units().unsigned_abs()));
    rows.truncate(POSITIONS);
    let weights = rows
        .iter()
        .map(|row| (String::new(), row.weight, String::new()));
    let weights = bars(weights, number::percent);
    let lines = rows.into_iter().zip(weights);
    lines
        .map(|(row, weight)| position_line(row, weight))
        .collect()
}

fn position_line(row: PositionView, weight: Bar) -> PositionLine {
    PositionLine {
        quantity: number::quantity(row.quantity),
        price: number::price(row.price),
        tone: match row.quality {
            PriceQuality::Fresh | PriceQuality::Closed => "",
            PriceQuality::Stale(_) | PriceQuality::Cost => "warning",
            PriceQuality::None => "bad",
        },
        quality: match row.quality {
            PriceQuality::Fresh => String::new(),
            PriceQuality::Closed => "closed".to_owned(),
            PriceQuality::Stale(age) => number::count_with_noun(age.into(), "session") + " old",
            PriceQuality::Cost => "at cost".to_owned(),
            PriceQuality::None => "none".to_owned(),
        },
        value: number::money(row.value),
        unrealized: number::signed_money(row.unrealized),
        trend: labels::trend_class(row.unrealized.to_f64()),
        weight,
        symbol: row.symbol,
        name: row.name,
    }
}

impl Exposures {
    fn new(view: ExposuresView) -> Self {
        let named = |name: String, weight| (name, Some(weight), String::new());
        let mut sectors = view.sectors;
        sectors.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        let sectors = sectors.into_iter().map(|(name, weight)| {
            let name = if name.is_empty() {
                "no sector".to_owned()
            } else {
                name
            };
            named(name, weight)
        });
        let classes = view.classes.into_iter();
        let classes = classes.map(|(class, weight)| named(class.name().to_owned(), weight));
        let currencies = view.currencies.into_iter();
        let currencies = currencies.map(|(currency, weight)| named(currency.to_string(), weight));
        Self {
            is_stale: view.validity == Validity::Stale,
            sectors: bars(sectors, number::percent),
            classes: bars(classes, number::percent),
            currencies: bars(currencies, number::percent),
            reason: labels::figure(&view.weights, number::percent).1,
            figures: vec![
                NamedFigure::new("largest 3", &view.top_3, number::percent),
                NamedFigure::new("largest 10", &view.top_10, number::percent),
                NamedFigure::new("effective holdings", &view.effective_number, number::ratio),
                NamedFigure::new("Herfindahl index", &view.hhi, number::ratio),
            ],
        }
    }
}

impl Risk {
    fn new(risk: RiskView) -> Self {
        let figure = |name: String, figure: &Figure| {
            let reason = labels::figure(figure, number::ratio).1;
            (name, figure.value(), reason)
        };
        let factors = risk.factors.iter();
        let factors = factors.map(|(name, factor)| figure(name.clone(), &factor.exposure));
        let stress = risk.stress.iter();
        let stress = stress.map(|(name, result)| figure(name.clone(), result));
        let [short, middle, long] = &risk.volatility;
        Self {
            is_stale: risk.validity == Validity::Stale,
            figures: vec![
                NamedFigure::new("volatility, 21 sessions", short, number::percent),
                NamedFigure::new("volatility, 63 sessions", middle, number::percent),
                NamedFigure::new("volatility, 252 sessions", long, number::percent),
                NamedFigure::new("value at risk, 95 %", &risk.var_95, number::percent),
                NamedFigure::new("beyond it, on average", &risk.cvar_95, number::percent),
                NamedFigure::new("beta", &risk.beta, number::ratio),
                NamedFigure::new("R²", &risk.r_squared, number::ratio),
                NamedFigure::new("mean correlation", &risk.correlation, number::ratio),
                NamedFigure::new("effective holdings", &risk.effective_number, number::ratio),
                NamedFigure::new("value covered", &risk.covered, number::percent),
            ],
            factors: bars(factors, number::ratio),
            stress: bars(stress, number::signed_percent),
        }
    }
}
