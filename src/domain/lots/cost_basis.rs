//! Says which lots a sale closes, and whether fees belong to cost.

use std::fmt;
use std::str::FromStr;

use crate::domain::security::UnknownValue;

/// The rule by which a sale takes cost from the lots of a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LotMethod {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The average cost of the holding. The oldest units go first, which decides dates only.
    Average,
}

impl LotMethod {
    /// All methods, the default first.
    pub const ALL: [Self; 3] = [Self::Fifo, Self::Lifo, Self::Average];

    /// Returns the name, as files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Lifo => "lifo",
            Self::Average => "average",
        }
    }
}

/// The treatment of the fee of a purchase or sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FeeTreatment {
    /// An expense of its day, outside cost and realized profit.
    #[default]
    Expense,
    /// Part of the cost of a purchase, and taken from the proceeds of a sale.
    Capitalize,
}

impl FeeTreatment {
    /// All treatments, the default first.
    pub const ALL: [Self; 2] = [Self::Expense, Self::Capitalize];

    /// Returns the name, as files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expense => "expense",
            Self::Capitalize => "capitalize",
        }
    }
}

/// The rules by which a portfolio keeps the cost of its holdings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CostBasis {
    /// The lots that a sale closes.
    pub method: LotMethod,
    /// The place of fees.
    pub fees: FeeTreatment,
}

impl fmt::Display for LotMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for FeeTreatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for LotMethod {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let known = Self::ALL.into_iter().find(|method| method.name() == text);
        known.ok_or_else(|| UnknownValue {
            value: text.to_owned(),
            kind: "cost basis",
            known: "fifo, lifo, average",
        })
    }
}

impl FromStr for FeeTreatment {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let known = Self::ALL.into_iter().find(|fees| fees.name() == text);
        known.ok_or_else(|| UnknownValue {
            value: text.to_owned(),
            kind: "treatment of fees",
            known: "expense, capitalize",
        })
    }
}
