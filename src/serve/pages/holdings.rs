//! What a portfolio holds at the end of its books, in the words of a page.

use std::cmp::Reverse;

use super::bar::{Bar, bars};
use super::words;
use crate::domain::{Figure, PriceQuality};
use crate::query::{self, ExposuresView, PositionView, RiskView, Validity};
use crate::report::number;

/// How many holdings are listed, the largest.
const POSITIONS: usize = 100;

/// Positions, exposures and risk, each as far as there is output of it.
pub(super) struct Held {
    pub(super) positions: Option<Positions>,
    pub(super) exposures: Option<Exposures>,
    pub(super) risk: Option<Risk>,
}

/// The holdings.
pub(super) struct Positions {
    pub(super) is_stale: bool,
    pub(super) rows: Vec<PositionLine>,
    pub(super) more: usize,
}

/// A holding.
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

/// How the value is spread.
pub(super) struct Exposures {
    pub(super) is_stale: bool,
    pub(super) sectors: Vec<Bar>,
    pub(super) classes: Vec<Bar>,
    pub(super) why: String,
    pub(super) figures: Vec<Named>,
}

/// What is risked.
pub(super) struct Risk {
    pub(super) is_stale: bool,
    pub(super) figures: Vec<Named>,
    pub(super) factors: Vec<Bar>,
    pub(super) stress: Vec<Bar>,
}

/// A figure with its name, and why it is not there.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) why: String,
}

impl Named {
    /// A figure through `show`.
    pub(super) fn of(name: &'static str, figure: &Figure, show: impl Fn(f64) -> String) -> Self {
        let (value, why) = words::figure(figure, show);
        Self { name, value, why }
    }
}

impl Held {
    /// What is held, in words.
    pub(super) fn of(held: query::Holdings) -> Self {
        Self {
            positions: held.positions.map(|positions| Positions {
                is_stale: positions.validity == Validity::Stale,
                more: positions.rows.len().saturating_sub(POSITIONS),
                rows: lines(positions.rows),
            }),
            exposures: held.exposures.map(Exposures::of),
            risk: held.risk.map(Risk::of),
        }
    }
}

fn lines(mut rows: Vec<PositionView>) -> Vec<PositionLine> {
    rows.sort_by_key(|row| Reverse(row.value.units().unsigned_abs()));
    rows.truncate(POSITIONS);
    let weights = rows
        .iter()
        .map(|row| (String::new(), row.weight, String::new()));
    let weights = bars(weights, number::percent);
    let lines = rows.into_iter().zip(weights);
    lines.map(|(row, weight)| line(row, weight)).collect()
}

fn line(row: PositionView, weight: Bar) -> PositionLine {
    PositionLine {
        quantity: number::quantity(row.quantity),
        price: number::price(row.price),
        tone: match row.quality {
            PriceQuality::Fresh => "",
            PriceQuality::Stale(_) | PriceQuality::Cost => "waiting",
            PriceQuality::None => "bad",
        },
        quality: match row.quality {
            PriceQuality::Fresh => String::new(),
            PriceQuality::Stale(age) => number::count_with_noun(age.into(), "session") + " old",
            PriceQuality::Cost => "at cost".to_owned(),
            PriceQuality::None => "none".to_owned(),
        },
        value: number::money(row.value),
        unrealized: number::signed_money(row.unrealized),
        trend: words::trend(row.unrealized.to_f64()),
        weight,
        symbol: row.symbol,
        name: row.name,
    }
}

impl Exposures {
    fn of(spread: ExposuresView) -> Self {
        let named = |name: String, weight| (name, Some(weight), String::new());
        let mut sectors = spread.sectors;
        sectors.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let sectors = sectors.into_iter().map(|(name, weight)| {
            let name = if name.is_empty() {
                "no sector".to_owned()
            } else {
                name
            };
            named(name, weight)
        });
        let classes = spread.classes.into_iter();
        let classes = classes.map(|(class, weight)| named(class.name().to_owned(), weight));
        Self {
            is_stale: spread.validity == Validity::Stale,
            sectors: bars(sectors, number::percent),
            classes: bars(classes, number::percent),
            why: words::figure(&spread.weights, number::percent).1,
            figures: vec![
                Named::of("largest 3", &spread.top_3, number::percent),
                Named::of("largest 10", &spread.top_10, number::percent),
                Named::of(
                    "effective holdings",
                    &spread.effective_number,
                    number::ratio,
                ),
                Named::of("Herfindahl index", &spread.hhi, number::ratio),
            ],
        }
    }
}

impl Risk {
    fn of(risk: RiskView) -> Self {
        let figure = |name: String, figure: &Figure| {
            let why = words::figure(figure, number::ratio).1;
            (name, figure.value(), why)
        };
        let factors = risk.factors.iter();
        let factors = factors.map(|(name, factor)| figure(name.clone(), &factor.exposure));
        let stress = risk.stress.iter();
        let stress = stress.map(|(name, result)| figure(name.clone(), result));
        let [short, middle, long] = &risk.volatility;
        Self {
            is_stale: risk.validity == Validity::Stale,
            figures: vec![
                Named::of("volatility, 21 sessions", short, number::percent),
                Named::of("volatility, 63 sessions", middle, number::percent),
                Named::of("volatility, 252 sessions", long, number::percent),
                Named::of("value at risk, 95 %", &risk.var_95, number::percent),
                Named::of("beyond it, on average", &risk.cvar_95, number::percent),
                Named::of("beta", &risk.beta, number::ratio),
                Named::of("R²", &risk.r_squared, number::ratio),
                Named::of("mean correlation", &risk.correlation, number::ratio),
                Named::of("effective holdings", &risk.effective_number, number::ratio),
                Named::of("value covered", &risk.covered, number::percent),
            ],
            factors: bars(factors, number::ratio),
            stress: bars(stress, number::signed_percent),
        }
    }
}
