//! The lots that a sale or transfer out names, as files write them: `5@t2; 1@t3`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::amount_error::AmountError;
use crate::domain::fine_amount::Quantity;

/// A quantity of the lot that a transaction opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotChoice {
    /// The quantity to take, above zero.
    pub quantity: Quantity,
    /// The id of the transaction that opened the lot.
    pub reference: String,
}

/// The lots that one transaction closes, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotChoices(Vec<LotChoice>);

/// The reason that a text names no lots.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LotChoicesError {
    /// A part is not a quantity and an id.
    #[error("`{0}` is not a quantity and the id of a transaction (expected such as 5@t2; 1@t3)")]
    Form(String),
    /// A quantity is not a number that fits.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// A quantity is zero or less.
    #[error("`{0}` is not above zero")]
    NotPositive(Quantity),
}

impl LotChoices {
    /// Returns the choices in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &LotChoice> {
        self.0.iter()
    }

    /// Returns the sum of the quantities, or `None` if it does not fit.
    pub fn total(&self) -> Option<Quantity> {
        let mut choices = self.0.iter();
        choices.try_fold(Quantity::ZERO, |sum, choice| sum.plus(choice.quantity))
    }

    /// Returns the same choices with other ids.
    #[must_use]
    pub fn with_references(&self, renamed: impl Fn(&str) -> String) -> Self {
        let choices = self.0.iter().map(|choice| LotChoice {
            quantity: choice.quantity,
            reference: renamed(&choice.reference),
        });
        Self(choices.collect())
    }
}

impl fmt::Display for LotChoices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, choice) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}@{}", choice.quantity, choice.reference)?;
        }
        Ok(())
    }
}

impl FromStr for LotChoices {
    type Err = LotChoicesError;

    fn from_str(text: &str) -> Result<Self, LotChoicesError> {
        let choices = text.split(';').map(|part| {
            let form = || LotChoicesError::Form(part.trim().to_owned());
            let (quantity, reference) = part.split_once('@').ok_or_else(form)?;
            let (quantity, reference) = (quantity.trim(), reference.trim());
            if reference.is_empty() {
                return Err(form());
            }
            let quantity: Quantity = quantity.parse()?;
            if quantity <= Quantity::ZERO {
                return Err(LotChoicesError::NotPositive(quantity));
            }
            let reference = reference.to_owned();
            Ok(LotChoice {
                quantity,
                reference,
            })
        });
        Ok(Self(choices.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_parse_and_print() {
        let choices: LotChoices = "5@t2;0.5@ a@b".parse().unwrap();
        assert_eq!(choices.to_string(), "5@t2; 0.5@a@b");
        assert_eq!(choices.total().unwrap().to_string(), "5.5");
        for wrong in ["", "5", "5@", "x@t2", "0@t2", "-1@t2", "1@t2;"] {
            assert!(wrong.parse::<LotChoices>().is_err(), "{wrong}");
        }
    }
}
