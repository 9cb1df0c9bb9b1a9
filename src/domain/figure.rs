//! Defines figures: ratios and risk measures that carry their number of observations, and a reason
//! if the value is absent.

use std::fmt;

/// The reason a figure is absent. An absent figure is never written as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Fewer observations than the figure needs.
    TooFewObservations,
    /// There is no previous session, or the base to divide by is not positive.
    NoBase,
    /// The net asset value is not positive, so weights are undefined.
    NoPositiveNav,
    /// The portfolio holds no securities.
    NoHoldings,
    /// There is one holding, and the figure needs at least two.
    SingleHolding,
    /// No benchmark is configured.
    NoBenchmark,
    /// Too small a share of the holdings' value has the inputs of the figure.
    TooLittleCovered,
    /// The series does not vary.
    NoVariance,
    /// The factors are collinear, so their betas have no unique solution.
    Collinear,
    /// There is no price on this session or on the previous one.
    NoPrice,
    /// The configured benchmark has no close, or none that is recent enough for a return.
    UnpricedBenchmark,
    /// A configured factor has no close, or none that is recent enough for a return.
    UnpricedFactor,
}

impl Absence {
    /// All reasons, in the order of their codes.
    pub const ALL: [Self; 12] = [
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
        Self::UnpricedBenchmark,
        Self::UnpricedFactor,
    ];

    /// Returns the code under which the reason is stored, from 1. Codes follow the order of
    /// declaration, so new reasons go at the end.
    pub fn code(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the reason with this stored code, or `None` for an unknown code.
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
            Self::UnpricedBenchmark => "the benchmark has no recent close",
            Self::UnpricedFactor => "a factor has no recent close",
        })
    }
}

/// A figure: its value or the reason it is absent, and the number of observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    value: Result<f64, Absence>,
    observations: u32,
}

impl Figure {
    /// Creates a figure with a value that was computed from `observations` observations.
    ///
    /// # Panics
    ///
    /// Panics if `value` is infinite or NaN, for which callers must use [`Figure::absent`].
    pub fn new(value: f64, observations: u32) -> Self {
        assert!(value.is_finite(), "a figure must be finite, not {value}");
        Self {
            value: Ok(value),
            observations,
        }
    }

    /// Creates an absent figure, with the number of observations that were available.
    pub const fn absent(reason: Absence, observations: u32) -> Self {
        Self {
            value: Err(reason),
            observations,
        }
    }

    /// Returns the value, or `None` if it is absent.
    pub fn value(&self) -> Option<f64> {
        self.value.ok()
    }

    /// Returns the value, or the reason it is absent.
    ///
    /// # Errors
    ///
    /// The value is absent; the error is the reason.
    pub const fn as_result(&self) -> Result<f64, Absence> {
        self.value
    }

    /// Returns the number of observations: those used, or those available if the value is absent.
    pub const fn observations(&self) -> u32 {
        self.observations
    }
}
