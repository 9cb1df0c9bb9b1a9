//! Portfolios: what they are held against, and recording them.

use super::impact_facts::ImpactFacts;
use super::import_file::InvalidatedCells;
use super::{ApplyError, ImportContext};
use crate::domain::{Lifecycle, Portfolio, PortfolioId, PortfolioKey};
use crate::import::{
    Correction, ExistingRecords, OptionalField, PortfolioChanges, PortfolioRow, Rows, Validated,
    validate_portfolios,
};
use crate::plan::InvalidationCause;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges portfolios against all portfolios, and the days on which those of the file traded.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<PortfolioRow>,
) -> Result<Validated<PortfolioChanges>, StoreError> {
    let known = ExistingRecords::default().with_portfolios(reading.portfolios()?);
    let mut traded = Vec::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        let meant = match &row.id {
            OptionalField::Value(id) => known.find_portfolio(PortfolioKey::from_name(id)),
            // A name that several have is refused when it is judged.
            OptionalField::Absent | OptionalField::Empty => {
                known.resolve_portfolio(&row.name).ok().flatten()
            }
        };
        if let Some(meant) = meant
            && let Some(days) = reading.transaction_span(meant.id)?
        {
            traded.push((meant.id, days));
        }
    }
    Ok(validate_portfolios(rows, &known.with_traded_ranges(traded)))
}

/// Adds and changes portfolios. A name touches nothing; neither does a lifecycle, which says what
/// is expected and not what is right.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &ImportContext<'_>,
    changes: PortfolioChanges,
) -> Result<InvalidatedCells, ApplyError> {
    let mut lives: Vec<(PortfolioId, Option<Lifecycle>, Lifecycle)> = Vec::new();
    for new in &changes.added {
        lives.push((writing.add_portfolio(new)?, None, new.lifecycle));
    }
    for Correction { was, now } in &changes.corrected {
        writing.change_portfolio(now)?;
        if was.lifecycle != now.lifecycle {
            lives.push((now.id, Some(was.lifecycle), now.lifecycle));
        }
    }
    writing.change_lifecycle_index(&lives)?;
    let reach = ImpactFacts::new(writing, terms)?;
    let reasons = (changes.corrected.iter())
        .filter(|correction| correction.was.currency != correction.now.currency)
        .map(|correction| currency_invalidation(&reach, correction));
    writing.invalidate_all(reasons, terms.now)
}

fn currency_invalidation(
    reach: &ImpactFacts<'_>,
    Correction { was, now }: &Correction<Portfolio>,
) -> Result<NewInvalidation, ApplyError> {
    let (name, from, to) = (&now.name, was.currency, now.currency);
    Ok(NewInvalidation {
        cause: InvalidationCause::Attribute,
        reason: format!("currency of {name} changed from {from} to {to}"),
        cells: reach.affected_by_portfolio_currency(now.id)?.into_cells(),
    })
}
