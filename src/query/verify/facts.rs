//! Turns outputs into lists of single facts, so that two outputs can be compared bit by bit and
//! the first difference can be named.

use std::fmt;

use crate::domain::output::{Exposures, Position, PriceInput, Risk, SecurityStatistics, Snapshot};
use crate::domain::{AssetClass, Currency, Figure, Money, Price, Quantity};

/// One value of an output, with its field and, for values in a list, their member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fact<'o> {
    field: &'static str,
    member: Member<'o>,
    value: Value,
}

/// The part of an output that a fact belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member<'o> {
    /// The output as a whole.
    Output,
    /// The id of a security, or the place of a factor or shock in the risk model, from 1.
    Index(usize),
    /// The sector with this name.
    Sector(&'o str),
    /// The asset class of a weight.
    Class(AssetClass),
    /// The currency of a cash balance.
    Currency(Currency),
}

/// A value. Floating-point numbers are compared by their bits.
#[derive(Debug, Clone, Copy)]
enum Value {
    /// Scaled units, and the number of decimals to show.
    Amount(i64, u32),
    Quantity(Quantity),
    Price(Price),
    Float(f64),
    Figure(Figure),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Amount(left, _), Self::Amount(right, _)) => left == right,
            (Self::Quantity(left), Self::Quantity(right)) => left == right,
            (Self::Price(left), Self::Price(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left.to_bits() == right.to_bits(),
            (Self::Figure(left), Self::Figure(right)) => {
                left.as_result().map(f64::to_bits) == right.as_result().map(f64::to_bits)
                    && left.observations() == right.observations()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(units, decimals) => {
                let number = rust_decimal::Decimal::new(*units, *decimals);
                write!(f, "{}", number.normalize())
            }
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::Price(price) => write!(f, "{price}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Figure(figure) => match figure.as_result() {
                Ok(value) => write!(f, "{value} (of {})", figure.observations()),
                Err(absence) => write!(f, "{absence} (of {})", figure.observations()),
            },
        }
    }
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        match self.member {
            Member::Output => Ok(()),
            Member::Index(at) => write!(f, " {at}"),
            Member::Sector(name) => write!(f, " `{name}`"),
            Member::Class(class) => write!(f, " {class}"),
            Member::Currency(currency) => write!(f, " {currency}"),
        }
    }
}

/// Describes the first fact in which a stored and a recomputed output differ; `None` if they are
/// equal, or if one of them is missing.
pub(super) fn difference<T: ?Sized>(
    outputs: Option<(&T, &T)>,
    facts: impl for<'o> Fn(&'o T) -> Vec<Fact<'o>>,
) -> Option<String> {
    let (stored, recomputed) = outputs?;
    first_difference(&facts(stored), &facts(recomputed))
}

fn first_difference(stored: &[Fact<'_>], recomputed: &[Fact<'_>]) -> Option<String> {
    for (stored, recomputed) in stored.iter().zip(recomputed) {
        if (stored.field, stored.member) != (recomputed.field, recomputed.member) {
            return Some(format!(
                "{stored} is stored where the sources give {recomputed}"
            ));
        }
        if stored.value != recomputed.value {
            return Some(format!(
                "{stored}: {} is stored, the sources give {}",
                stored.value, recomputed.value
            ));
        }
    }
    (stored.len() != recomputed.len()).then(|| {
        format!(
            "{} facts are stored, the sources give {}",
            stored.len(),
            recomputed.len()
        )
    })
}

fn output_fact<'o>(field: &'static str, value: Value) -> Fact<'o> {
    Fact {
        field,
        member: Member::Output,
        value,
    }
}

fn indexed_fact<'o>(field: &'static str, at: usize, value: Value) -> Fact<'o> {
    Fact {
        field,
        member: Member::Index(at),
        value,
    }
}

fn output_figures<'o, const N: usize>(figures: [(&'static str, &Figure); N]) -> Vec<Fact<'o>> {
    let facts = figures.into_iter();
    facts
        .map(|(field, figure)| output_fact(field, Value::Figure(*figure)))
        .collect()
}

/// The facts of a snapshot.
pub(super) fn of_snapshot(books: &Snapshot) -> Vec<Fact<'_>> {
    let amounts = books.amounts().into_iter();
    let mut facts: Vec<_> = amounts
        .map(|(field, amount)| output_fact(field, Value::Amount(amount.units(), 4)))
        .collect();
    facts.push(output_fact("return", Value::Figure(books.session_return)));
    let quality = &books.quality;
    for (field, count) in [
        ("fresh", quality.fresh),
        ("stale", quality.stale),
        ("at cost", quality.cost),
        ("without value", quality.none),
    ] {
        facts.push(output_fact(field, Value::Amount(i64::from(count), 0)));
    }
    for cash in &books.foreign_cash {
        let money = |amount: Money| Value::Amount(amount.units(), Money::DECIMALS);
        let quality = i64::from(cash.quality.code());
        for (field, value) in [
            ("balance in", money(cash.balance)),
            ("value of cash in", money(cash.value)),
            ("cost of cash in", money(cash.cost)),
            ("quality of cash in", Value::Amount(quality, 0)),
            ("exchange gain of cash in", money(cash.fx_gain)),
            ("realized exchange gain of cash in", money(cash.fx_realized)),
        ] {
            facts.push(Fact {
                field,
                member: Member::Currency(cash.currency),
                value,
            });
        }
    }
    for moved in &books.aged_moves {
        let (field, member) = match moved.input {
            PriceInput::Price(security) => (
                ["day of aged price", "age of price", "amount at aged price"],
                Member::Index(security.0 as usize),
            ),
            PriceInput::Rate(currency) => (
                ["day of aged rate", "age of rate", "amount at aged rate"],
                Member::Currency(currency),
            ),
        };
        let values = [
            Value::Amount(moved.day.number().into(), 0),
            Value::Amount(moved.quality.code().into(), 0),
            Value::Amount(moved.value.units(), Money::DECIMALS),
        ];
        facts.extend(field.into_iter().zip(values).map(|(field, value)| Fact {
            field,
            member,
            value,
        }));
    }
    facts
}

/// The facts of the positions of a cell.
pub(super) fn of_positions(positions: &[Position]) -> Vec<Fact<'_>> {
    let mut facts = Vec::with_capacity(positions.len() * 6);
    for position in positions {
        let security = position.security.0 as usize;
        let quality = i64::from(position.quality.code());
        let money = |amount: Money| Value::Amount(amount.units(), Money::DECIMALS);
        for (field, value) in [
            ("quantity of security", Value::Quantity(position.quantity)),
            ("price of security", Value::Price(position.price)),
            ("quality of security", Value::Amount(quality, 0)),
            ("value of security", money(position.value)),
            ("cost of security", money(position.cost)),
            ("unrealized of security", money(position.unrealized)),
        ] {
            facts.push(indexed_fact(field, security, value));
        }
    }
    facts
}

/// The facts of the exposures of a cell.
pub(super) fn of_exposures(exposures: &Exposures) -> Vec<Fact<'_>> {
    let mut facts = output_figures([
        ("weights", &exposures.weights),
        ("hhi", &exposures.hhi),
        ("effective number", &exposures.effective_number),
        ("top 3", &exposures.top_3),
        ("top 10", &exposures.top_10),
    ]);
    facts.extend(exposures.sectors.iter().map(|(name, weight)| Fact {
        field: "weight of sector",
        member: Member::Sector(name),
        value: Value::Float(weight),
    }));
    facts.extend(exposures.classes.iter().map(|(class, weight)| Fact {
        field: "weight of class",
        member: Member::Class(*class),
        value: Value::Float(*weight),
    }));
    facts
}

/// The facts of the risk of a cell.
pub(super) fn of_risk(risk: &Risk) -> Vec<Fact<'_>> {
    let mut facts = output_figures([
        ("volatility 21", &risk.volatility[0]),
        ("volatility 63", &risk.volatility[1]),
        ("volatility 252", &risk.volatility[2]),
        ("beta", &risk.beta),
        ("r squared", &risk.r_squared),
        ("var 95", &risk.var_95),
        ("cvar 95", &risk.cvar_95),
        ("correlation", &risk.correlation),
        ("effective number", &risk.effective_number),
        ("covered", &risk.covered_share),
    ]);
    for (at, factor) in (1..).zip(&risk.factors) {
        facts.push(indexed_fact(
            "exposure to factor",
            at,
            Value::Figure(factor.exposure),
        ));
        facts.push(indexed_fact(
            "covered of factor",
            at,
            Value::Float(factor.covered_share),
        ));
    }
    for (at, result) in (1..).zip(&risk.stress) {
        facts.push(indexed_fact("result of shock", at, Value::Figure(*result)));
    }
    facts
}

/// The facts of the statistics of a security.
pub(super) fn of_statistics(statistics: &SecurityStatistics) -> Vec<Fact<'_>> {
    let mut facts = output_figures([
        ("return", &statistics.session_return),
        ("volatility 21", &statistics.volatility[0]),
        ("volatility 63", &statistics.volatility[1]),
        ("volatility 252", &statistics.volatility[2]),
        ("beta", &statistics.beta),
        ("r squared", &statistics.r_squared),
    ]);
    for (at, beta) in (1..).zip(&statistics.factor_betas) {
        facts.push(indexed_fact("beta to factor", at, Value::Figure(*beta)));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_minus_zero_differ() {
        let fact = |number| [output_fact("weights", Value::Float(number))];
        assert_eq!(first_difference(&fact(0.0), &fact(0.0)), None);
        assert_eq!(
            first_difference(&fact(0.0), &fact(-0.0)).unwrap(),
            "weights: 0 is stored, the sources give -0"
        );
    }

    #[test]
    fn figures_differ_by_observations() {
        let fact = |observations| {
            [output_fact(
                "beta",
                Value::Figure(Figure::new(1.0, observations)),
            )]
        };
        assert_eq!(
            first_difference(&fact(20), &fact(21)).unwrap(),
            "beta: 1 (of 20) is stored, the sources give 1 (of 21)"
        );
    }

    #[test]
    fn a_truncated_list_differs() {
        let facts = [
            output_fact("cash", Value::Amount(1, 4)),
            output_fact("long", Value::Amount(2, 4)),
        ];
        assert_eq!(
            first_difference(&facts[..1], &facts).unwrap(),
            "1 facts are stored, the sources give 2"
        );
    }
}
