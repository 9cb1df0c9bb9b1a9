//! The page size of lists.

use super::parameters::Parameters;
use crate::serve::http::Problem;

/// The number of items on a page of a list, 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct Limit(usize);

impl Limit {
    /// The page size without the parameter.
    const DEFAULT: usize = 100;
    /// The largest page size that is accepted.
    const MAX: usize = 1_000;

    /// Reads the parameter `limit`, 1 to 1,000.
    pub(in crate::serve) fn from_query(query: &mut Parameters) -> Result<Self, Problem> {
        match query.value::<usize>("limit")? {
            None => Ok(Self(Self::DEFAULT)),
            Some(limit @ 1..=Self::MAX) => Ok(Self(limit)),
            Some(limit) => Err(Problem::malformed(format!(
                "`limit`: `{limit}` is out of range, expected 1 to {}",
                Self::MAX
            ))),
        }
    }

    /// The page size as a number.
    pub(in crate::serve) const fn count(self) -> usize {
        self.0
    }

    /// The number of items to query: one more than a page, to see whether there is a next page.
    pub(in crate::serve) const fn plus_one(self) -> usize {
        self.0 + 1
    }

    /// Cuts a list to one page and returns whether it had more items.
    pub(in crate::serve) fn truncate<T>(self, items: &mut Vec<T>) -> bool {
        let more = items.len() > self.0;
        items.truncate(self.0);
        more
    }
}
