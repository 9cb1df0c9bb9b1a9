//! A ratio or a risk figure with its observations, or the reason why there is none.

use std::fmt;

/// Why a figure is not there. An absent figure is never written as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Fewer observations than the figure needs.
    TooFewObservations,
    /// No session before, or no positive base to divide by.
    NoBase,
    /// The net asset value is not positive, so weights mean nothing.
    NoPositiveNav,
    /// Nothing is held.
    NoHoldings,
    /// Only one holding, where at least two are needed.
    SingleHolding,
    /// No benchmark is configured, or it has no prices.
    NoBenchmark,
    /// Too little of the holdings' value has what the figure is made from.
    TooLittleCovered,
    /// The series does not vary.
    NoVariance,
    /// The factors are so alike that their betas can't be told apart.
    Collinear,
    /// No price on this session or the one before.
    NoPrice,
}

impl Absence {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 10] = [
        Self::TooFewObservations,
        Self::NoBase,
        Self::NoPositiveNav,
        Self::NoHoldings,
        Self::SingleHolding,
        Self::NoBenchmark,
        Self::TooLittleCovered,
        Self::NoVariance,
        Self::Collinear,
        Self::NoPrice,
    ];

    /// A small code for storage, from 1.
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The absence of a stored code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|absence| absence.code() == code)
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TooFewObservations => "too few observations",
            Self::NoBase => "no positive base",
            Self::NoPositiveNav => "NAV is not positive",
            Self::NoHoldings => "no holdings",
            Self::SingleHolding => "a single holding",
            Self::NoBenchmark => "no benchmark",
            Self::TooLittleCovered => "too little of the value is covered",
            Self::NoVariance => "the series does not vary",
            Self::Collinear => "the factors are collinear",
            Self::NoPrice => "no price",
        })
    }
}

/// A figure: its value, or why there is none; and from how many observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    value: Result<f64, Absence>,
    observations: u32,
}

impl Figure {
    /// A figure of `value`, made from so many observations. A value that is not finite is a bug.
    pub fn new(value: f64, observations: u32) -> Self {
        assert!(value.is_finite(), "a figure must be finite, not {value}");
        Self {
            value: Ok(value),
            observations,
        }
    }

    /// No figure, for this reason, with so many observations at hand.
    pub const fn absent(reason: Absence, observations: u32) -> Self {
        Self {
            value: Err(reason),
            observations,
        }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<f64> {
        self.value.ok()
    }

    /// The value, or why there is none.
    pub const fn as_result(&self) -> Result<f64, Absence> {
        self.value
    }

    /// From how many observations it is made (or would have been).
    pub const fn observations(&self) -> u32 {
        self.observations
    }
}
