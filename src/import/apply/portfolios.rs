//! Portfolios: what they are held against, and recording them.

use super::intake::TakenOut;
use super::reach::Reach;
use super::{IntakeError, Terms};
use crate::domain::{Lifecycle, Portfolio, PortfolioId, PortfolioKey};
use crate::import::{
    Correction, Judged, Known, PortfolioChanges, PortfolioRow, Rows, Said, judge_portfolios,
};
use crate::plan::InvalidationCause;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges portfolios against all portfolios, and the days on which those of the file traded.
pub(super) fn judge(
    reading: &ReadTransaction<'_>,
    rows: &Rows<PortfolioRow>,
) -> Result<Judged<PortfolioChanges>, StoreError> {
    let known = Known::default().with_portfolios(reading.portfolios()?);
    let mut traded = Vec::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        let meant = match &row.id {
            Said::Value(id) => known.find_portfolio(PortfolioKey::from_name(id)),
            // A name that several have is refused when it is judged.
            Said::Nothing | Said::Empty => known.portfolio_meant(&row.name).ok().flatten(),
        };
        if let Some(meant) = meant
            && let Some(days) = reading.transaction_span(meant.id)?
        {
            traded.push((meant.id, days));
        }
    }
    Ok(judge_portfolios(rows, &known.with_traded(traded)))
}

/// Adds and changes portfolios. A name touches nothing; neither does a lifecycle, which says what
/// is expected and not what is right.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &Terms<'_>,
    changes: PortfolioChanges,
) -> Result<TakenOut, IntakeError> {
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
    let reach = Reach::new(writing, terms)?;
    let reasons = (changes.corrected.iter())
        .filter(|correction| correction.was.currency != correction.now.currency)
        .map(|correction| currency(&reach, correction));
    writing.invalidate_all(reasons, terms.now)
}

fn currency(
    reach: &Reach<'_>,
    Correction { was, now }: &Correction<Portfolio>,
) -> Result<NewInvalidation, IntakeError> {
    let (name, from, to) = (&now.name, was.currency, now.currency);
    Ok(NewInvalidation {
        cause: InvalidationCause::Attribute,
        reason: format!("currency of {name} changed from {from} to {to}"),
        cells: reach.of_currency(now.id)?.into_cells(),
    })
}
