//! Shows what an export would become, without a database.

use super::error::{ImportError, Refusal};
use super::options::ImportOptions;
use super::profile::{PortfolioNames, Profiles};
use super::profile_error::ProfileRefusal;
use super::row_error::RowError;
use super::source_text::to_utf8;
use super::transactions::{TransactionRow, read_translated};
use crate::domain::PortfolioKey;

/// The rows of an export, and the profile that reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The name of the profile.
    pub profile: String,
    /// The rows in the file's order.
    pub rows: Vec<PreviewRow>,
}

/// One row of an export, or one of the transactions of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRow {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// The transaction, or the reason that there is none.
    pub result: PreviewResult,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewResult {
    /// This transaction, as the import would read it.
    Transaction(Box<TransactionRow>),
    /// Nothing, for the reason that the profile gives.
    Skipped(String),
    /// The row is invalid, for these reasons.
    Invalid(Vec<RowError>),
}

/// Translates an export and reads the transactions of the translation. Names of portfolios and symbols
/// are not looked up.
///
/// # Errors
///
/// No profile reads the file, or the file is refused as a whole.
pub fn preview_export(
    profiles: &Profiles,
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Preview, ImportError> {
    let names = PortfolioNames {
        given: options.portfolio.as_deref(),
        key: &PortfolioKey::from_name,
    };
    let bytes = to_utf8(bytes, options.encoding).map_err(|refusal| refusal.for_file(file))?;
    let translated = profiles.translate(&bytes, options, names, |_| false);
    let translated = translated.map_err(|refusal| refusal.for_file(file))?;
    let Some(translation) = translated else {
        return Err(Refusal::from(ProfileRefusal::NoProposal).for_file(file));
    };
    let read = read_translated(file, &translation.table)?;
    let transactions = read.lines.into_iter().map(|line| PreviewRow {
        line: line.number,
        result: match line.row {
            Ok(row) => PreviewResult::Transaction(Box::new(row)),
            Err(errors) => PreviewResult::Invalid(errors),
        },
    });
    let skipped = translation.skipped.into_iter().map(|row| PreviewRow {
        line: row.line,
        result: PreviewResult::Skipped(row.reason),
    });
    let mut rows: Vec<PreviewRow> = transactions.chain(skipped).collect();
    // Stable: the transactions of one row stay in their order.
    rows.sort_by_key(|row| row.line);
    Ok(Preview {
        profile: translation.profile,
        rows,
    })
}
