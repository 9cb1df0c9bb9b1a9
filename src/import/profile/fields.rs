//! Reads the fields of one transaction from a row of an export, and writes them as a file of
//! transactions has them.

use rust_decimal::{Decimal, RoundingStrategy};

use super::dates::read_date;
use super::formula::NumberSource;
use super::row::SourceRow;
use super::spec::FieldSources;
use super::text_source::TextSource;
use crate::domain::{Money, TransactionKind};
use crate::import::currency::minor_unit;
use crate::import::row_error::RowError;

/// Decimals of quantities and prices, as many as the database keeps.
const FINE_DECIMALS: u32 = 18;

/// The numbers and currencies of a transaction, as texts.
pub(super) struct CashFields {
    pub(super) quantity: String,
    pub(super) price: String,
    pub(super) price_currency: String,
    pub(super) amount: String,
    pub(super) fee: String,
    pub(super) currency: String,
    pub(super) fee_currency: String,
    pub(super) from_amount: String,
    pub(super) from_currency: String,
}

/// Reads the fields of one transaction, and collects the errors.
pub(super) struct FieldReader<'r, 's> {
    row: &'r SourceRow<'s>,
    pub(super) errors: Vec<RowError>,
}

impl<'r, 's> FieldReader<'r, 's> {
    /// Reads the fields of a row.
    pub(super) fn new(row: &'r SourceRow<'s>) -> Self {
        Self {
            row,
            errors: Vec::new(),
        }
    }

    /// Returns the text of a source; empty without one.
    pub(super) fn text(&mut self, source: Option<&TextSource>) -> String {
        match source.map(|source| self.row.text_of(source)) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                self.errors.push(error);
                String::new()
            }
        }
    }

    fn number(&mut self, source: Option<&NumberSource>) -> Option<Decimal> {
        match source.map(|source| self.row.number_of(source)) {
            None => None,
            Some(Ok(number)) => number,
            Some(Err(error)) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Returns the date as it is written in files of transactions, and the time behind it.
    pub(super) fn date(&mut self, source: Option<&TextSource>) -> (String, String) {
        let text = self.text(source);
        if text.is_empty() {
            // The reader of transactions names the missing date.
            return (String::new(), String::new());
        }
        match read_date(self.row.profile, &text) {
            Ok((date, time)) => {
                let time = time.map(|time| time.format("%H:%M:%S%.f").to_string());
                (date.to_string(), time.unwrap_or_default())
            }
            Err(reason) => {
                let columns = source.map(|source| source.columns.join(", "));
                let column = columns.unwrap_or_default();
                self.errors.push(RowError::in_column(&column, text, reason));
                (String::new(), String::new())
            }
        }
    }

    /// Reads numbers and currencies. An amount in hundredths of a currency, such as pence, becomes
    /// one in the currency. So does a price, as an amount: the multiplier of the security decides in
    /// which unit its prices are.
    pub(super) fn cash(
        &mut self,
        kind: TransactionKind,
        template: &FieldSources,
        common: &FieldSources,
    ) -> CashFields {
        let quantity = self.number(template.quantity.as_ref());
        let mut price = self.number(template.price.as_ref());
        let mut amount = self.number(template.amount.as_ref());
        let mut fee = self.number(template.fee.as_ref());
        let mut from_amount = self.number(template.from_amount.as_ref());
        let currency = template.currency.as_ref().or(common.currency.as_ref());
        let fee_currency = template.fee_currency.as_ref();
        let fee_currency = fee_currency.or(common.fee_currency.as_ref());
        // A transfer moves no cash but its fee: its currency is that of price and fee.
        let is_transfer = matches!(
            kind,
            TransactionKind::TransferIn | TransactionKind::TransferOut
        );
        let (fee_currency, price_currency) = match is_transfer {
            true => (
                fee_currency.or(currency),
                currency.filter(|_| price.is_some()),
            ),
            false => (fee_currency, None),
        };
        let price_currency = self.text(price_currency);
        let currency = self.text(currency.filter(|_| !is_transfer));
        let has_fee = fee.is_some_and(|fee| !fee.is_zero());
        let fee_currency = self.text(fee_currency.filter(|_| has_fee));
        let from_currency = self.text(template.from_currency.as_ref());
        let has_own_fee = !fee_currency.is_empty();
        let (currency, is_minor) = whole_currency(currency);
        let (fee_currency, is_minor_fee) = whole_currency(fee_currency);
        let (from_currency, is_minor_from) = whole_currency(from_currency);
        if is_minor {
            amount = amount.or_else(|| Some(quantity?.saturating_mul(price?)));
            price = None;
        }
        let hundredth = |number: &mut Option<Decimal>, is_minor: bool| {
            if is_minor {
                *number = number.map(|number| number * Decimal::new(1, 2));
            }
        };
        hundredth(&mut amount, is_minor);
        hundredth(&mut fee, if has_own_fee { is_minor_fee } else { is_minor });
        hundredth(&mut from_amount, is_minor_from);
        CashFields {
            quantity: fine(quantity),
            price: fine(price),
            price_currency,
            amount: money(amount),
            fee: money(fee),
            currency,
            fee_currency,
            from_amount: money(from_amount),
            from_currency,
        }
    }
}

/// Returns the currency of a hundredth, and true; other texts as they are.
fn whole_currency(text: String) -> (String, bool) {
    match minor_unit(&text) {
        Some(currency) => (currency.code().to_owned(), true),
        None => (text, false),
    }
}

fn fine(number: Option<Decimal>) -> String {
    text(number.map(|number| {
        let strategy = RoundingStrategy::MidpointNearestEven;
        number.round_dp_with_strategy(FINE_DECIMALS, strategy)
    }))
}

/// Writes an amount, rounded to the decimals of money. Brokers compute with more.
fn money(number: Option<Decimal>) -> String {
    // The reader of transactions refuses an amount that is too large.
    text(number.map(|number| Money::rounded(number).map_or(number, Money::decimal)))
}

fn text(number: Option<Decimal>) -> String {
    number.map_or(String::new(), |number| number.normalize().to_string())
}
