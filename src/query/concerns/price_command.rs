//! The concern of the command that fetches prices.

use super::concern::Concern;
use super::fact::ConcernFact;
use crate::domain::IdSet;
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;
use crate::store::ReadTransaction;

/// Returns the concern that the command failed and has not answered since, if one is configured.
pub(super) fn price_command(
    reading: &ReadTransaction<'_>,
    has_price_feed: bool,
) -> Result<Option<Concern>, QueryError> {
    if !has_price_feed {
        return Ok(None);
    }
    let last = reading.price_requests().last()?;
    let failure = last.and_then(|last| last.failure);
    Ok(failure.map(|failure| Concern {
        fact: ConcernFact::PriceCommand {
            since: failure.since,
            reason: failure.reason,
        },
        portfolios: IdSet::new(),
        next: Some(NextCommand::FetchPrices),
    }))
}
