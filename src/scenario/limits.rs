//! Bounds of the counts in a world or scenario: a short text must not take all memory, or hours,
//! before it is refused. A world that needs more raises them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The bounds in the table `[limits]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct LimitsSpec {
    /// The greatest number of portfolios.
    pub(crate) portfolios: Option<u64>,
    /// The most generated shares.
    pub(crate) shares: Option<u64>,
    /// The most cells: sessions in the lifetimes of all portfolios.
    pub(crate) cells: Option<u64>,
    /// The most closes: securities times days with closes.
    pub(crate) closes: Option<u64>,
    /// The most steps of a scenario.
    pub(crate) steps: Option<u64>,
}

/// A count that has a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Portfolios, also those that steps add and those that one list names.
    Portfolios,
    /// Shares of the generated market.
    Shares,
    /// Sessions in the lifetimes of all portfolios.
    Cells,
    /// Listed securities times days with closes.
    Closes,
    /// Steps of a scenario, also those of a `meanwhile`.
    Steps,
}

impl Counted {
    /// Returns the key in the table `[limits]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Portfolios => "portfolios",
            Self::Shares => "shares",
            Self::Cells => "cells",
            Self::Closes => "closes",
            Self::Steps => "steps",
        }
    }

    /// Returns the bound of a world without the key.
    const fn default_limit(self) -> u64 {
        match self {
            Self::Portfolios | Self::Shares => 10_000,
            Self::Cells => 2_000_000,
            Self::Closes => 20_000_000,
            Self::Steps => 1_000,
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The error of a count above its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{count} {counted} are more than the limit of {limit}: raise it with `{counted} = {count}` in the \
     table `[limits]`"
)]
pub struct TooMany {
    /// The thing that is counted.
    pub counted: Counted,
    /// The count in the file.
    pub count: u64,
    /// The bound that it exceeds.
    pub limit: u64,
}

impl LimitsSpec {
    /// Fails if a count is above its bound.
    pub(crate) fn check(mut self, counted: Counted, count: u64) -> Result<(), TooMany> {
        let limit = self.of(counted).unwrap_or(counted.default_limit());
        match count <= limit {
            true => Ok(()),
            false => Err(TooMany {
                counted,
                count,
                limit,
            }),
        }
    }

    /// Raises the bound that an error names to the count of the world.
    pub(crate) fn raise(&mut self, counted: Counted, count: u64) {
        *self.of(counted) = Some(count);
    }

    const fn of(&mut self, counted: Counted) -> &mut Option<u64> {
        match counted {
            Counted::Portfolios => &mut self.portfolios,
            Counted::Shares => &mut self.shares,
            Counted::Cells => &mut self.cells,
            Counted::Closes => &mut self.closes,
            Counted::Steps => &mut self.steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::world::{World, WorldError};

    fn read(text: &str) -> Result<World, WorldError> {
        World::read(&format!("now = 2026-01-08T18:00:00-05:00\n{text}"))
    }

    #[test]
    fn a_count_above_its_bound_is_refused_with_the_key_that_raises_it() {
        for (text, counted) in [
            (
                "[portfolios]\n\"P1..P999999\" = { complete = \"..\" }",
                Counted::Portfolios,
            ),
            (
                "[portfolios]\n\"P1..P9000\" = {}\n\"Q1..Q9000\" = {}",
                Counted::Portfolios,
            ),
            ("[market]\nshares = 1000000000", Counted::Shares),
            (
                "[portfolios]\n\"P1..P9999\" = { inception = 2020-01-02, complete = \"..\" }",
                Counted::Cells,
            ),
            (
                "[market]\nfrom = 1900-01-01\nshares = 9000",
                Counted::Closes,
            ),
        ] {
            let error = read(text).unwrap_err();
            let WorldError::TooMany(TooMany { counted: found, .. }) = &error else {
                panic!("{text}: {error}");
            };
            assert_eq!(*found, counted, "{text}");
            let message = error.to_string();
            let raised = format!("raise it with `{counted} = ");
            assert!(message.contains(&raised), "{message}");
        }
    }

    #[test]
    fn a_raised_limit_lets_a_world_be_read() {
        let text = "[market]\nshares = 40\n[limits]\nshares = ";
        assert!(read(&format!("{text}39")).is_err());
        assert_eq!(read(&format!("{text}40")).unwrap().limits.shares, Some(40));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let lists = format!(
            "portfolios = {}{}",
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        let tables = format!("a = {}1{}", "{ a = ".repeat(100_000), " }".repeat(100_000));
        let keys = format!("portfolios{} = 1", ".a".repeat(200_000));
        for text in [lists, tables, keys] {
            assert!(matches!(read(&text), Err(WorldError::Text { .. })));
        }
    }
}
