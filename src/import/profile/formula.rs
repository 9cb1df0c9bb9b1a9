//! Parses and evaluates the formulas by which a profile computes numbers from columns.
//!
//! `Total` is the number of that column. A text with a bracket is a formula: `|[Total]| - [Fee]`,
//! `[Shares] * [Price]`. Bars give the absolute value. An empty column counts as zero beside one
//! that is filled; if all are empty, or a factor is, the result is empty.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::Error as _;
use thiserror::Error;

/// One or more formulas; the first that is not empty counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberSource(Vec<Formula>);

/// A calculation on the columns of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Formula {
    Column(String),
    Absolute(Box<Formula>),
    /// The terms, and for each whether it is subtracted.
    Sum(Vec<(bool, Formula)>),
    Product(Box<Formula>, Box<Formula>),
    Quotient(Box<Formula>, Box<Formula>),
}

/// The text is not a formula.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid formula `{text}`: expected {expected} at `{rest}`")]
pub(super) struct FormulaError {
    text: String,
    expected: &'static str,
    rest: String,
}

impl NumberSource {
    /// Returns the first result that is not empty. `number` reads a column, `None` if it is empty.
    pub(super) fn evaluate<E>(
        &self,
        number: &mut dyn FnMut(&str) -> Result<Option<Decimal>, E>,
    ) -> Result<Option<Decimal>, E> {
        for formula in &self.0 {
            if let Some(result) = formula.evaluate(number)? {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }

    /// Adds the columns that the formulas read.
    pub(super) fn add_columns<'s>(&'s self, columns: &mut BTreeSet<&'s str>) {
        for formula in &self.0 {
            formula.add_columns(columns);
        }
    }
}

impl<'de> Deserialize<'de> for NumberSource {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = super::text_source::one_or_more(deserializer)?;
        let formulas = texts.iter().map(|text| parse(text));
        let formulas: Result<_, _> = formulas.collect();
        formulas.map(Self).map_err(D::Error::custom)
    }
}

impl Formula {
    fn evaluate<E>(
        &self,
        number: &mut dyn FnMut(&str) -> Result<Option<Decimal>, E>,
    ) -> Result<Option<Decimal>, E> {
        Ok(match self {
            Self::Column(name) => number(name)?,
            Self::Absolute(inner) => inner.evaluate(number)?.map(|value| value.abs()),
            Self::Sum(terms) => {
                let mut sum: Option<Decimal> = None;
                for (is_subtracted, term) in terms {
                    if let Some(value) = term.evaluate(number)? {
                        let value = if *is_subtracted { -value } else { value };
                        // An overflow is far beyond the largest amount, which is refused anyway.
                        sum = Some(sum.unwrap_or_default().saturating_add(value));
                    }
                }
                sum
            }
            Self::Product(left, right) => left
                .evaluate(number)?
                .zip(right.evaluate(number)?)
                .map(|(left, right)| left.saturating_mul(right)),
            Self::Quotient(left, right) => left
                .evaluate(number)?
                .zip(right.evaluate(number)?)
                .and_then(|(left, right)| left.checked_div(right)),
        })
    }

    fn add_columns<'s>(&'s self, columns: &mut BTreeSet<&'s str>) {
        match self {
            Self::Column(name) => {
                columns.insert(name);
            }
            Self::Absolute(inner) => inner.add_columns(columns),
            Self::Sum(terms) => terms.iter().for_each(|(_, term)| term.add_columns(columns)),
            Self::Product(left, right) | Self::Quotient(left, right) => {
                left.add_columns(columns);
                right.add_columns(columns);
            }
        }
    }
}

fn parse(text: &str) -> Result<Formula, FormulaError> {
    if !text.contains('[') {
        return Ok(Formula::Column(text.to_owned()));
    }
    let mut parser = Parser {
        text,
        rest: text.trim_start(),
    };
    let formula = parser.sum()?;
    if !parser.rest.is_empty() {
        return Err(parser.error("`+`, `-`, `*` or `/`"));
    }
    Ok(formula)
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
}

impl Parser<'_> {
    fn error(&self, expected: &'static str) -> FormulaError {
        FormulaError {
            text: self.text.to_owned(),
            expected,
            rest: self.rest.to_owned(),
        }
    }

    /// Consumes a sign and the blanks behind it.
    fn accept(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }

    fn sum(&mut self) -> Result<Formula, FormulaError> {
        let mut terms = vec![(self.accept('-'), self.product()?)];
        loop {
            if self.accept('+') {
                terms.push((false, self.product()?));
            } else if self.accept('-') {
                terms.push((true, self.product()?));
            } else {
                break;
            }
        }
        Ok(match terms.len() {
            1 if !terms[0].0 => terms.remove(0).1,
            _ => Formula::Sum(terms),
        })
    }

    fn product(&mut self) -> Result<Formula, FormulaError> {
        let mut left = self.factor()?;
        loop {
            if self.accept('*') {
                left = Formula::Product(Box::new(left), Box::new(self.factor()?));
            } else if self.accept('/') {
                left = Formula::Quotient(Box::new(left), Box::new(self.factor()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn factor(&mut self) -> Result<Formula, FormulaError> {
        if self.accept('|') {
            let inner = self.sum()?;
            return match self.accept('|') {
                true => Ok(Formula::Absolute(Box::new(inner))),
                false => Err(self.error("`|`")),
            };
        }
        if self.accept('(') {
            let inner = self.sum()?;
            return match self.accept(')') {
                true => Ok(inner),
                false => Err(self.error("`)`")),
            };
        }
        let inside = self.rest.strip_prefix('[');
        match inside.and_then(|inside| inside.split_once(']')) {
            Some((name, rest)) => {
                self.rest = rest.trim_start();
                Ok(Formula::Column(name.trim().to_owned()))
            }
            None => Err(self.error("a column in brackets")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(formula: &str) -> Option<String> {
        let columns = [("a", "-3"), ("b", "2"), ("c (d)", "0.5"), ("empty", "")];
        let mut number = |name: &str| {
            let (_, text) = columns.iter().find(|(known, _)| *known == name).unwrap();
            Ok::<_, ()>(text.parse().ok())
        };
        let source = NumberSource(vec![parse(formula).unwrap()]);
        let result = source.evaluate(&mut number).unwrap();
        result.map(|number| number.normalize().to_string())
    }

    #[test]
    fn formulas_follow_the_rules_of_arithmetic() {
        for (formula, expected) in [
            ("a", "-3"),
            ("[a]", "-3"),
            ("-[a]", "3"),
            ("|[a]| - [b] * [c (d)]", "2"),
            ("|[a] - [b]|", "5"),
            ("([a] + [b]) * [b]", "-2"),
            ("[a] / [b]", "-1.5"),
            ("[a] + [empty]", "-3"),
        ] {
            assert_eq!(result(formula).as_deref(), Some(expected), "{formula}");
        }
    }

    #[test]
    fn nothing_comes_of_empty_columns() {
        for formula in [
            "empty",
            "[empty] - [empty]",
            "[a] * [empty]",
            "[empty] / [a]",
        ] {
            assert_eq!(result(formula), None, "{formula}");
        }
    }

    #[test]
    fn an_invalid_formula_names_the_place() {
        for (formula, place) in [
            ("[a", "[a"),
            ("[a] [b]", "[b]"),
            ("|[a] - [b]", ""),
            ("[a] + 2", "2"),
        ] {
            assert_eq!(parse(formula).unwrap_err().rest, place, "{formula}");
        }
    }
}
