//! Defines one price of a file.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::Day;

/// One price as the file gives it, before the conversion to raw closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// The symbol of the priced security.
    pub symbol: Arc<str>,
    /// The day of the close.
    pub day: Day,
    /// The close on the file's basis, with all of its decimals.
    pub close: Decimal,
    /// The currency that the file states for the close, as it is written.
    pub currency: Option<Arc<str>>,
}
