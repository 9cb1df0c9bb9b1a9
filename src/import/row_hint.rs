//! Words the next step for each reason that refuses a row.

use super::options::KnownRowError;
use super::row_error_kind::RowErrorKind;
use crate::domain::{ActionError, AmountError};

impl RowErrorKind {
    /// Returns the next step for an error in a column.
    pub(super) fn hint_in(&self, column: Option<&str>) -> Option<String> {
        let of_column = match (self, column) {
            (Self::ForbiddenByKind { .. }, Some("lots")) => {
                "leave it empty; only sell and transfer-out choose the lots that go"
            }
            (Self::ForbiddenByKind { .. }, Some("counterpart")) => {
                "leave it empty; only transfer-in and transfer-out name a counterpart"
            }
            _ => return self.hint(),
        };
        Some(of_column.to_owned())
    }

    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownSymbol { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "import the security first: `plimsoll import securities FILE`".to_owned(),
            },
            Self::SymbolOfOtherDay { then, .. } => format!("write `{then}` on that day"),
            Self::SymbolTaken { .. } => {
                "import the change of the other security's symbol first, or correct the day".to_owned()
            }
            Self::SymbolInModel { .. } => {
                "name the security by its present symbol in `[risk]` of the configuration, and run once"
                    .to_owned()
            }
            Self::NothingBefore { .. } => {
                "add a row with its values before that day, without a `valid_from`".to_owned()
            }
            Self::NotByDay { .. } => "change it in a row without `valid_from`".to_owned(),
            Self::UnknownPortfolio { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "import the portfolio first: `plimsoll import portfolios FILE`".to_owned(),
            },
            Self::UnknownCalendar { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "write a name of `plimsoll calendar list`, such as XTSE, or register your own: `plimsoll calendar import FILE`"
                    .to_owned(),
            },
            Self::AmbiguousPortfolio { .. } => "write the portfolio's id".to_owned(),
            Self::FieldCount { .. } => {
                "quote fields that contain the separator or a line break".to_owned()
            }
            Self::Amount(AmountError::NotANumber(_)) => {
                "write a plain number: decimal point, no thousands separator".to_owned()
            }
            Self::Amount(AmountError::TooManyDecimals { decimals, .. }) => {
                format!("round it to {decimals} decimals")
            }
            Self::Amount(AmountError::TooManyDigits { digits, .. }) => {
                format!("round it to {digits} digits")
            }
            Self::InvalidDate(_) | Self::DateOrder { .. } => "write dates as YYYY-MM-DD".to_owned(),
            Self::TimeOfDay(_) => {
                "write the date without a time; only transactions have one, without a zone".to_owned()
            }
            Self::Negative(_) => {
                "write it without a sign, and for the other direction the opposite kind: sell for buy, withdrawal for deposit"
                    .to_owned()
            }
            Self::ForbiddenByKind { kind, .. } if kind.is_movement() => {
                "a transfer moves no cash; its cost goes into `price`".to_owned()
            }
            Self::ForbiddenByKind { .. } => {
                "leave it empty; only buy, sell, transfer-in and transfer-out move a holding"
                    .to_owned()
            }
            Self::Life(error) => return error.hint().map(str::to_owned),
            Self::Unbookable(error) => return error.hint(),
            Self::Action(ActionError::SharesBeyondCost(_)) => {
                "write each share as a part of the cost before all actions of the day".to_owned()
            }
            Self::DuplicateId { line: Some(_), .. } => {
                "give each transaction its own id, or remove one of the two lines".to_owned()
            }
            Self::DuplicateId { id, .. } => format!(
                "give a new transaction its own id; `--correct` replaces the known one, and `plimsoll transaction void {} --reason TEXT` takes it back",
                shell_word(id)
            ),
            Self::VoidedId { .. } => {
                "add `--correct` to import it again, or give a new transaction its own id".to_owned()
            }
            Self::Total => "remove the line".to_owned(),
            Self::CurrencyUnderAmounts { was, now } => format!(
                "if the amounts were in {now} from the start, add `--allow-restatement`; otherwise import a new portfolio in {now} with converted amounts, and delete the one in {was}: `plimsoll portfolio delete NAME`"
            ),
            Self::PricesInCurrency { now, .. } => format!(
                "if its prices were in {now} from the start, add `--allow-restatement`; otherwise give the security in {now} a symbol of its own"
            ),
            Self::PricesByMultiplier { .. } => {
                "if it was so from the start, add `--allow-restatement`; if it changes on a day, give that day as `valid_from`"
                    .to_owned()
            }
            Self::ExchangeOfOneCurrency { reference, .. } => format!(
                "correct the exchange first (`plimsoll import transactions FILE --correct`), or void it: `plimsoll transaction void {reference} --reason REASON`"
            ),
            Self::Restated(restatement) => restatement.hint(),
            Self::SplitJump(jump) => jump.hint(),
            Self::UnseenSplit(split) => split.hint(),
            Self::EqualsSplit(_) => {
                "if it is the same event, remove the line; if both happened, add `--allow-restatement`"
                    .to_owned()
            }
            Self::SplitAfterFile { .. } => {
                "add `--adjusted-as-of DAY`, the day on which the file was saved".to_owned()
            }
            Self::ConflictingRow { .. } => "remove one of the two lines".to_owned(),
            Self::Jump { .. } => {
                "import the split first, correct the price, or add `--allow-jumps`".to_owned()
            }
            Self::LosesDigits { .. } => {
                "price a larger unit: a multiplier of 0.000001 takes the price of a million"
                    .to_owned()
            }
            Self::CloseSign { .. } => {
                "correct the price, or the class of the security: docs/importing.md lists the closes of each class"
                    .to_owned()
            }
            Self::MinorCurrency { currency, .. } => format!(
                "write {currency}, and give the security a multiplier of 0.01 so that its closes stay as they are"
            ),
            Self::OtherCurrency { .. } => {
                "give the price in the security's currency, or correct the currency of the security"
                    .to_owned()
            }
            Self::PairMismatch { .. } => {
                "write the pair as base and quote, such as EURUSD in USD".to_owned()
            }
            Self::KnownRow(KnownRowError::Exists) => {
                "`plimsoll security edit` or an import corrects it; an equal transaction needs another `--id`"
                    .to_owned()
            }
            Self::KnownRow(KnownRowError::Missing) => "add it: `plimsoll security add SYMBOL`".to_owned(),
            Self::Profile(error) => error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}

/// Quotes a word for a shell if it needs it.
fn shell_word(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
