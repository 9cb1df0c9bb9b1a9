//! Collects what an export says about the securities and portfolios that it names, so that unknown
//! ones can be created.

use std::collections::{BTreeMap, BTreeSet};

use super::row::SourceRow;
use super::spec::Profile;
use super::text_source::TextSource;
use crate::domain::{AssetClass, Currency, Day, Quantity, TransactionKind};
use crate::import::currency::minor_unit;
use crate::import::portfolios::PortfolioRow;
use crate::import::profile_error::{ProfileRefusal, Proposed};
use crate::import::row_error::RowError;
use crate::import::row_reader::{Line, OptionalField};
use crate::import::securities::SecurityRow;

/// The securities and portfolios of a file, by symbol and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::import) struct Proposals {
    securities: BTreeMap<String, SecurityFacts>,
    portfolios: BTreeMap<String, PortfolioFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SecurityFacts {
    line: u64,
    name: String,
    /// Whether the name is that of a row that moves a holding. Other rows often describe themselves.
    is_named_by_movement: bool,
    class: String,
    /// All different currencies of its prices, by the rank of the column that gives them. A better
    /// column in another row counts more.
    currencies: BTreeMap<usize, BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PortfolioFacts {
    line: u64,
    first: Option<Day>,
    /// All different currencies that the file gives the portfolio.
    stated: BTreeSet<String>,
    /// All different currencies of its transactions.
    used: BTreeSet<String>,
}

/// What a row says about its transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct TransactionFacts<'t> {
    pub(super) kind: TransactionKind,
    /// The day of the transaction.
    pub(super) date: &'t str,
    pub(super) symbol: &'t str,
    pub(super) currency: &'t str,
}

impl Proposals {
    /// Adds what a row says.
    pub(super) fn add(
        &mut self,
        row: &SourceRow<'_>,
        profile: &Profile,
        portfolio: &str,
        transaction: TransactionFacts<'_>,
    ) -> Result<(), RowError> {
        let text = |source: &Option<TextSource>| match source {
            Some(source) => row.text_of(source),
            None => Ok(String::new()),
        };
        let TransactionFacts {
            kind,
            date,
            symbol,
            currency,
        } = transaction;
        let line = row.record.line;
        if !symbol.is_empty() {
            let (name, class) = (
                text(&profile.security.name)?,
                text(&profile.security.class)?,
            );
            let price_currency = profile.security.currency.as_ref();
            let rank = price_currency.and_then(|source| row.first_filled(source));
            let rank = rank.map_or(usize::MAX, |(rank, _)| rank);
            let price_currency = text(&profile.security.currency)?;
            let facts = self.securities.entry(symbol.to_owned());
            let facts = facts.or_insert_with(|| SecurityFacts {
                line,
                name: String::new(),
                is_named_by_movement: false,
                class: String::new(),
                currencies: BTreeMap::new(),
            });
            let is_better = kind.is_movement() && !facts.is_named_by_movement;
            if !name.is_empty() && (facts.name.is_empty() || is_better) {
                facts.name = name;
                facts.is_named_by_movement = kind.is_movement();
            }
            if facts.class.is_empty() {
                facts.class = class;
            }
            if let Some(currency) = filled(price_currency) {
                facts.currencies.entry(rank).or_default().insert(currency);
            }
        }
        let stated = text(&profile.portfolio.currency)?;
        let facts = self.portfolios.entry(portfolio.to_owned());
        let facts = facts.or_insert_with(|| PortfolioFacts {
            line,
            first: None,
            stated: BTreeSet::new(),
            used: BTreeSet::new(),
        });
        // The reader of transactions refuses a date that is no day of a calendar.
        if let Ok(day) = date.parse::<Day>() {
            facts.first = Some(facts.first.map_or(day, |first| first.min(day)));
        }
        facts.stated.extend(filled(stated));
        facts.used.extend(filled(currency.to_owned()));
        Ok(())
    }

    /// Returns the securities for which `is_unknown`, as rows of a file of securities.
    ///
    /// # Errors
    ///
    /// The file gives one of them several currencies, or one that is none.
    pub(in crate::import) fn securities(
        &self,
        is_unknown: impl Fn(&str) -> bool,
    ) -> Result<Vec<Line<SecurityRow>>, ProfileRefusal> {
        let unknown = self
            .securities
            .iter()
            .filter(|(symbol, _)| is_unknown(symbol));
        let row = |(symbol, facts): (&String, &SecurityFacts)| -> Result<Line<SecurityRow>, ProfileRefusal> {
            let proposed = Proposed::Security(symbol.clone());
            let best = facts.currencies.values().next().cloned();
            let currency = single(&best.unwrap_or_default(), &proposed, facts.line)?;
            let is_minor = currency
                .as_deref()
                .is_some_and(|text| minor_unit(text).is_some());
            let class = (!facts.class.is_empty()).then(|| facts.class.parse::<AssetClass>());
            let class = class
                .transpose()
                .map_err(|error| ProfileRefusal::Proposal {
                    proposed: proposed.clone(),
                    line: facts.line,
                    problem: error.to_string(),
                })?;
            Ok(Line {
                number: facts.line,
                row: Ok(SecurityRow {
                    symbol: symbol.clone(),
                    name: optional(filled(facts.name.clone())),
                    class: optional(class),
                    sector: OptionalField::Absent,
                    currency: optional(parsed(currency, &proposed, facts.line)?),
                    // Prices in pence are those of a security in pounds with this multiplier.
                    multiplier: optional(is_minor.then(hundredth).flatten()),
                    inactive_from: OptionalField::Absent,
                    calendar: OptionalField::Absent,
                    symbol_from: OptionalField::Absent,
                    valid_from: OptionalField::Absent,
                }),
            })
        };
        unknown.map(row).collect()
    }

    /// Returns the portfolios for which `is_unknown`, as rows of a file of portfolios. Their first day
    /// is that of their first transaction. `given` is the currency of those for which the file states
    /// none; without it, the only currency of their transactions.
    ///
    /// # Errors
    ///
    /// The file gives one of them several currencies, or one that is none.
    pub(in crate::import) fn portfolios(
        &self,
        is_unknown: impl Fn(&str) -> bool,
        given: Option<Currency>,
    ) -> Result<Vec<Line<PortfolioRow>>, ProfileRefusal> {
        let unknown = self.portfolios.iter().filter(|(name, _)| is_unknown(name));
        let mut rows = Vec::new();
        for (name, facts) in unknown {
            // A row without a day is invalid.
            let Some(inception) = facts.first else {
                continue;
            };
            let proposed = Proposed::Portfolio(name.clone());
            let currency = match given {
                Some(currency) if facts.stated.is_empty() => Some(currency),
                _ => {
                    let is_stated = !facts.stated.is_empty();
                    let all = if is_stated {
                        &facts.stated
                    } else {
                        &facts.used
                    };
                    let text = single(all, &proposed, facts.line)?;
                    parsed(text, &proposed, facts.line)?
                }
            };
            rows.push(Line {
                number: facts.line,
                row: Ok(PortfolioRow {
                    id: OptionalField::Absent,
                    name: name.clone(),
                    currency: optional(currency),
                    inception,
                    closed: OptionalField::Absent,
                    deleted_at: OptionalField::Absent,
                    cost_basis: OptionalField::Absent,
                    fees: OptionalField::Absent,
                    calendar: OptionalField::Absent,
                }),
            });
        }
        Ok(rows)
    }
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn optional<T>(value: Option<T>) -> OptionalField<T> {
    value.map_or(OptionalField::Absent, OptionalField::Value)
}

fn hundredth() -> Option<Quantity> {
    Quantity::from_decimal(rust_decimal::Decimal::new(1, 2)).ok()
}

/// Returns the only currency; an error if there are several, or none.
fn single(
    currencies: &BTreeSet<String>,
    proposed: &Proposed,
    line: u64,
) -> Result<Option<String>, ProfileRefusal> {
    let mut all = currencies.iter().cloned();
    match (all.next(), currencies.len()) {
        (Some(currency), 1) => Ok(Some(currency)),
        (None, _) => Err(ProfileRefusal::Proposal {
            proposed: proposed.clone(),
            line,
            problem: "the file gives it no currency".to_owned(),
        }),
        _ => Err(ProfileRefusal::Proposal {
            proposed: proposed.clone(),
            line,
            problem: format!(
                "the file gives it several currencies ({})",
                currencies.iter().cloned().collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

fn parsed(
    currency: Option<String>,
    proposed: &Proposed,
    line: u64,
) -> Result<Option<Currency>, ProfileRefusal> {
    let parse = |text: String| match minor_unit(&text) {
        Some(currency) => Ok(currency),
        None => text.parse::<Currency>(),
    };
    currency
        .map(parse)
        .transpose()
        .map_err(|error| ProfileRefusal::Proposal {
            proposed: proposed.clone(),
            line,
            problem: error.to_string(),
        })
}
