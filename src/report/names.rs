//! The display names of the portfolios and securities in a report.

use std::collections::BTreeMap;

use crate::domain::{IdSet, PortfolioId, SecurityId};
use crate::query::DisplayNames;

/// Names and symbols by internal id. Without a name, the id is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    portfolios: BTreeMap<PortfolioId, String>,
    securities: BTreeMap<SecurityId, String>,
}

impl Names {
    /// Makes the table from names of portfolios and symbols of securities.
    pub fn new(
        portfolios: impl IntoIterator<Item = (PortfolioId, String)>,
        securities: impl IntoIterator<Item = (SecurityId, String)>,
    ) -> Self {
        Self {
            portfolios: portfolios.into_iter().collect(),
            securities: securities.into_iter().collect(),
        }
    }

    /// Returns the name of a portfolio, or `portfolio 7` where it has none.
    pub fn portfolio(&self, id: PortfolioId) -> String {
        let name = self.portfolios.get(&id).cloned();
        name.unwrap_or_else(|| format!("portfolio {}", id.0))
    }

    /// Returns the symbol of a security, or `security 7` where it has none.
    pub fn security(&self, id: SecurityId) -> String {
        let symbol = self.securities.get(&id).cloned();
        symbol.unwrap_or_else(|| format!("security {}", id.0))
    }

    /// Returns the names of all portfolios in the table, by id.
    pub fn portfolio_names(&self) -> &BTreeMap<PortfolioId, String> {
        &self.portfolios
    }

    /// Returns the names of these portfolios, by id.
    pub(super) fn portfolios(&self, ids: &IdSet) -> Vec<String> {
        ids.iter()
            .map(|id| self.portfolio(PortfolioId(id)))
            .collect()
    }
}

impl From<DisplayNames> for Names {
    fn from(names: DisplayNames) -> Self {
        Self {
            portfolios: names.portfolios,
            securities: names.securities,
        }
    }
}

/// Joins the first `most` words and counts the others: `A, B, C and 4 more`.
pub(super) fn join_limited(words: &[String], most: usize) -> String {
    let shown = words[..words.len().min(most)].join(", ");
    match words.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unnamed_portfolio_is_shown_by_id() {
        let names = Names::new([(PortfolioId(1), "Growth".to_owned())], []);
        assert_eq!(
            names.portfolios(&IdSet::from([1, 2])),
            ["Growth", "portfolio 2"]
        );
        assert_eq!(names.security(SecurityId(3)), "security 3");
    }

    #[test]
    fn long_list_counts_omitted_items() {
        let words = ["A", "B", "C"].map(String::from);
        assert_eq!(join_limited(&words, 3), "A, B, C");
        assert_eq!(join_limited(&words, 2), "A, B and 1 more");
    }
}
