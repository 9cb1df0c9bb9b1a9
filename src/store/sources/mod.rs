//! Stores the sources of the books: portfolios, securities, closes, transactions, splits and the
//! risk model. Each change must increment the revision, so that a run that read the sources before
//! notices it at its next commit.

mod accepted_prices;
mod action_changes;
mod calendar;
mod corporate_actions;
mod entries;
#[cfg(test)]
mod fixture;
mod imports;
mod lifecycle_index;
mod model;
mod nearby_closes;
mod portfolios;
mod prices;
mod revision;
mod securities;
mod security_calendars;
mod splits;
mod transaction_changes;
mod unpriced_check;
mod world;

pub use accepted_prices::{ReadAcceptedPrices, WriteAcceptedPrices};
pub use action_changes::{ReadActionChanges, WriteActionChanges};
pub use calendar::{ReadCalendar, WriteCalendar};
pub use corporate_actions::{ReadCorporateActions, WriteCorporateActions};
pub use entries::{ReadEntries, WriteEntries};
pub use imports::{ImportRecord, ReadImports, WriteImports};
pub use model::{ModelNumber, ReadRiskModels, WriteRiskModels};
pub use portfolios::{ReadPortfolios, WritePortfolios};
pub use prices::{ReadCloses, ReplacedClose, WriteCloses};
pub use revision::Revision;
pub use securities::{ReadSecurities, WriteSecurities};
pub use security_calendars::{ReadSecurityCalendars, WriteSecurityCalendars};
pub use splits::{ReadSplits, WriteSplits};
pub use transaction_changes::{ReadTransactionChanges, WriteTransactionChanges};
pub use unpriced_check::UnpricedCheck;
pub use world::StoredWorld;
