//! Reads the transactions of a file, by a profile if it is an export of another program.

use super::context::{ApplyError, ImportContext};
use super::source_file::SourceFile;
use crate::domain::PortfolioKey;
use crate::import::error::Refusal;
use crate::import::existing::ExistingRecords;
use crate::import::options::UnknownRecords;
use crate::import::profile::{PortfolioNames, Proposals};
use crate::import::profile_error::ProfileRefusal;
use crate::import::row_reader::Rows;
use crate::import::transactions::{TransactionRow, is_header, read_transactions, read_translated};
use crate::import::verdict::SkippedRow;
use crate::store::Writer;

/// The transactions of a file, and the profile that read them if it is that of another program.
pub(super) struct ReadTransactions {
    pub(super) rows: Rows<TransactionRow>,
    pub(super) skipped: Vec<SkippedRow>,
    pub(super) proposals: Proposals,
    pub(super) profile: Option<String>,
}

/// Reads a file of transactions, by a profile if it is one of another program.
pub(super) fn read_transactions_of(
    writer: &mut Writer,
    file: &SourceFile<'_>,
    context: &ImportContext<'_>,
) -> Result<ReadTransactions, ApplyError> {
    let options = file.options;
    let refused = |refusal: Refusal| refusal.for_file(file.name);
    let portfolios = writer.read(|reading| reading.portfolios().all())?;
    let known = ExistingRecords::default().with_portfolios(portfolios);
    let key = |word: &str| {
        let found = known.resolve_portfolio(word).ok().flatten();
        found.map_or_else(|| PortfolioKey::from_name(word), |found| found.key)
    };
    let names = PortfolioNames {
        given: options.portfolio.as_deref(),
        key: &key,
    };
    let translated = context
        .profiles
        .translate(file.bytes, options, names, is_header)
        .map_err(refused)?;
    if let Some(translation) = translated {
        return Ok(ReadTransactions {
            rows: read_translated(file.name, &translation.table)?,
            skipped: translation.skipped,
            proposals: translation.proposals,
            profile: Some(translation.profile),
        });
    }
    let creates = |unknown| unknown == UnknownRecords::Created;
    let unused = [
        ("--portfolio", options.portfolio.is_some()),
        ("--create-securities", creates(options.unknown_securities)),
        ("--create-portfolios", creates(options.unknown_portfolios)),
    ];
    if let Some((option, _)) = unused.into_iter().find(|(_, is_given)| *is_given) {
        return Err(refused(ProfileRefusal::NotForeign { option }.into()).into());
    }
    Ok(ReadTransactions {
        rows: read_transactions(file.name, file.bytes, options)?,
        skipped: Vec::new(),
        proposals: Proposals::default(),
        profile: None,
    })
}
