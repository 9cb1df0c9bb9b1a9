//! How much of a list is asked for at once.

use super::Parameters;
use crate::serve::http::Problem;

/// How many items a page of a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct Limit(usize);

impl Limit {
    /// What is given where nothing is asked for.
    const DEFAULT: usize = 100;
    /// The most that is given.
    const MAX: usize = 1_000;

    /// The parameter `limit`, 1 to 1,000.
    pub(in crate::serve) fn from_query(query: &mut Parameters) -> Result<Self, Problem> {
        match query.value::<usize>("limit")? {
            None => Ok(Self(Self::DEFAULT)),
            Some(limit @ 1..=Self::MAX) => Ok(Self(limit)),
            Some(limit) => Err(Problem::malformed(format!(
                "`limit`: `{limit}` is not from 1 to {}",
                Self::MAX
            ))),
        }
    }

    /// As a number.
    pub(in crate::serve) const fn count(self) -> usize {
        self.0
    }

    /// The number of items to look for, so that it shows whether there are more.
    pub(in crate::serve) const fn plus_one(self) -> usize {
        self.0 + 1
    }

    /// Cuts a list to its page; whether there was more.
    pub(in crate::serve) fn truncate<T>(self, items: &mut Vec<T>) -> bool {
        let more = items.len() > self.0;
        items.truncate(self.0);
        more
    }
}
