//! Defines the reasons for refusing a value or a row.

use thiserror::Error;

use super::life_error::LifeRowError;
use super::options::{DateOrder, KnownRowError};
use super::profile_error::ProfileRowError;
use super::restatement::{Restatement, SplitJump, SplitRatio, UnseenSplit};
use super::unbookable_error::UnbookableError;
use crate::domain::{
    ActionError, AmountError, AssetClass, CashTermsError, Change, Currency, Day, DayError,
    InvalidTime, LifecycleError, LotChoicesError, PortfolioKey, Price, Quantity, TimeOfDay,
    TransactionKind, UnknownValue,
};

/// Reason for refusing a value or a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowErrorKind {
    /// The row has more or fewer fields than the header.
    #[error("{found} fields where the header has {expected}")]
    FieldCount {
        /// The number of fields in the row.
        found: usize,
        /// The number of fields in the header.
        expected: usize,
    },
    /// A required field is empty.
    #[error("empty")]
    Missing,
    /// The field is empty, but this kind of transaction requires it.
    #[error("empty, but required for `{kind}`")]
    RequiredByKind {
        /// The kind of the transaction.
        kind: TransactionKind,
    },
    /// The field has a value, but must be empty for this kind of transaction.
    #[error("must be empty for `{kind}`, found `{value}`")]
    ForbiddenByKind {
        /// The kind of the transaction.
        kind: TransactionKind,
        /// The value of the field.
        value: String,
    },
    /// A transfer from or to another portfolio has a price, but its cost is that of the lots.
    #[error("must be empty beside `counterpart`: the lots carry their cost")]
    CostOfCounterpart,
    /// No books could hold the transaction.
    #[error(transparent)]
    Unbookable(#[from] UnbookableError),
    /// The currencies of the cash contradict each other.
    #[error(transparent)]
    Cash(CashTermsError),
    /// The text names no lots.
    #[error(transparent)]
    LotChoices(#[from] LotChoicesError),
    /// The chosen lots are not the quantity of the transaction.
    #[error("the chosen lots do not add up to the quantity {quantity}")]
    LotsDiffer {
        /// The quantity of the transaction.
        quantity: Quantity,
    },
    /// A trade has neither a price nor an amount.
    #[error("`{kind}` needs a price or an amount")]
    NoPriceAndNoAmount {
        /// The kind of the transaction.
        kind: TransactionKind,
    },
    /// The value is not a number, or is out of range.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The number is zero or less.
    #[error("`{0}` is not above zero")]
    NotPositive(String),
    /// The number is less than zero.
    #[error("`{0}` is below zero")]
    Negative(String),
    /// The price is zero or less, which the class of its security cannot have.
    #[error("`{price}` is {}, which a security of class {class} cannot have", if price.is_zero() { "zero" } else { "below zero" })]
    CloseSign {
        /// The raw price, as it would be stored.
        price: Price,
        /// The class of the security.
        class: AssetClass,
    },
    /// The split-adjusted file ends before a known split, and no known close shows whether it was saved
    /// before it.
    #[error(
        "the file ends on {last}, before the split {ratio} of {symbol} on {split}: if it was saved before that day, its closes are not adjusted for the split"
    )]
    SplitAfterFile {
        /// The symbol of the security.
        symbol: String,
        /// The last day of the security in the file.
        last: Day,
        /// The day of the split.
        split: Day,
        /// The ratio of the split.
        ratio: SplitRatio,
    },
    /// The number loses more than its last digits at the precision of prices.
    #[error("`{value}` loses its digits at 18 decimals: it would be `{rounded}`")]
    LosesDigits {
        /// The close, raw, with all of its decimals.
        value: String,
        /// The close at 18 decimals.
        rounded: Price,
    },
    /// The text names a hundredth of a currency, such as pence.
    #[error("`{text}` is a hundredth of {currency}, not a currency")]
    MinorCurrency {
        /// The text of the field.
        text: String,
        /// The currency of a hundred of them.
        currency: Currency,
    },
    /// The price is in another currency than its security.
    #[error("price in `{found}`, but `{symbol}` is priced in {currency}")]
    OtherCurrency {
        /// The currency that the file states.
        found: String,
        /// The symbol of the security.
        symbol: String,
        /// The currency of the security.
        currency: Currency,
    },
    /// The record exists or is missing against the rule on known records.
    #[error(transparent)]
    KnownRow(#[from] KnownRowError),
    /// The line of a journal has no price.
    #[error("not a price of hledger or Beancount")]
    NoPriceDirective,
    /// The text is not a date in any known form.
    #[error("invalid date `{0}`")]
    InvalidDate(String),
    /// The text is not a date in the order of the file's dates.
    #[error("invalid date `{text}` (the file's dates are {order})")]
    DateOrder {
        /// The text of the field.
        text: String,
        /// The order, declared or determined by another line.
        order: DateOrder,
    },
    /// The date is outside the supported range.
    #[error(transparent)]
    Day(#[from] DayError),
    /// The value has a time of day where only a date is allowed.
    #[error("`{0}` has a time of day, expected a date")]
    TimeOfDay(String),
    /// The text is not a time of day.
    #[error(transparent)]
    InvalidTime(#[from] InvalidTime),
    /// The row has two different times.
    #[error("`{time}`, but the date has the time `{other}`")]
    TwoTimes {
        /// The time in its own column.
        time: TimeOfDay,
        /// The time behind the date.
        other: TimeOfDay,
    },
    /// The text is neither a date nor an RFC 3339 instant.
    #[error("invalid instant `{0}` (expected a date, or an instant such as 2026-01-05T16:30:00Z)")]
    InvalidInstant(String),
    /// The text is not a whole number above zero.
    #[error("`{0}` is not a whole number above zero")]
    InvalidCount(String),
    /// The text is not a ratio `NEW:OLD`.
    #[error("invalid split ratio `{0}` (expected units after to units before, such as 2:1)")]
    InvalidRatio(String),
    /// The split has as many units after it as before it.
    #[error("a split of `{0}` changes nothing")]
    SplitWithoutEffect(String),
    /// The value is not one of the known values.
    #[error(transparent)]
    UnknownWord(#[from] UnknownValue),
    /// The kind of corporate action does not use the field.
    #[error("the kind of corporate action does not use this field")]
    UnusedTerm,
    /// The terms of a corporate action make no sense.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The period of the prices is not a day.
    #[error("period `{0}` is not daily (expected `D`)")]
    NotDaily(String),
    /// The symbol of a currency pair does not end with the currency of its price.
    #[error("currency pair `{symbol}` does not match currency `{currency}`")]
    PairMismatch {
        /// The symbol of the currency pair.
        symbol: String,
        /// The currency in which the pair is priced.
        currency: String,
    },
    /// The closing day is before the inception.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// No security has the symbol.
    #[error("no security has the symbol `{symbol}`")]
    UnknownSymbol {
        /// The symbol as it is in the file.
        symbol: String,
        /// The most similar known symbol, if one is similar enough.
        nearest: Option<String>,
    },
    /// The security has another symbol on the day of the row.
    #[error("no security has the symbol `{symbol}` on `{day}`: it is `{then}` then")]
    SymbolOfOtherDay {
        /// The symbol as it is in the file.
        symbol: String,
        /// The day of the row.
        day: Day,
        /// The symbol on that day of the security that had or has the symbol of the file.
        then: String,
    },
    /// The security would have the symbol of another one on the same day.
    #[error("another security has the symbol `{symbol}` then")]
    SymbolTaken {
        /// The symbol that is taken.
        symbol: String,
    },
    /// The risk model names the symbol, which would become that of another security.
    #[error("the risk model names `{symbol}`, which would then be another security")]
    SymbolInModel {
        /// The symbol that the model names.
        symbol: String,
    },
    /// The security has that symbol already.
    #[error("`{0}` is its symbol already")]
    SymbolUnchanged(String),
    /// Six capital letters name the exchange rate of two currencies.
    #[error("`{0}` is the name of an exchange rate, which no other security can have or lose")]
    SymbolOfPair(String),
    /// Attributes change on a day for a security of which none are known before.
    #[error("no row without `valid_from` says what `{symbol}` was before")]
    NothingBefore {
        /// The symbol as it is in the file.
        symbol: String,
    },
    /// A row with the day of a change changes nothing.
    #[error("the row has neither class, sector nor multiplier from that day on")]
    NothingByDay,
    /// The attribute does not change on a day.
    #[error("`{column}` has one value for all days and cannot change from `valid_from` on")]
    NotByDay {
        /// The name of the column.
        column: &'static str,
    },
    /// No calendar has the name.
    #[error("no calendar has the name `{name}`")]
    UnknownCalendar {
        /// The name as it is in the file.
        name: String,
        /// The most similar known name, if one is similar enough.
        nearest: Option<String>,
    },
    /// No portfolio has the id or name.
    #[error("no portfolio has the id or name `{word}`")]
    UnknownPortfolio {
        /// The id or name as it is in the file.
        word: String,
        /// The most similar known name, if one is similar enough.
        nearest: Option<String>,
    },
    /// Several portfolios have the name.
    #[error("`{word}` names several portfolios: {}", keys.iter().map(PortfolioKey::to_string).collect::<Vec<_>>().join(", "))]
    AmbiguousPortfolio {
        /// The name as it is in the file.
        word: String,
        /// The ids of the portfolios with this name.
        keys: Vec<PortfolioKey>,
    },
    /// A day is outside the life of its portfolio.
    #[error(transparent)]
    Life(#[from] LifeRowError),
    /// The transaction id exists with other content, in the file or in the database.
    #[error("duplicate id `{id}` with other content{}: {}", line.map_or(String::new(), |line| format!(" than on line {line}")), differences(differs))]
    DuplicateId {
        /// The repeated transaction id.
        id: String,
        /// The earlier line with other content; `None` if that content is in the database.
        line: Option<u64>,
        /// The columns that differ.
        differs: Vec<Change>,
    },
    /// The transaction was voided, and the row has other values.
    #[error("`{id}` was voided with other content: {}", differences(differs))]
    VoidedId {
        /// The id of the voided transaction.
        id: String,
        /// The columns that differ.
        differs: Vec<Change>,
    },
    /// Two rows of the file set the same record to different values.
    #[error("conflicts with line {line}: {}", differences(differs))]
    ConflictingRow {
        /// The earlier line, from 1.
        line: u64,
        /// The columns that differ: the earlier value and this one.
        differs: Vec<Change>,
    },
    /// The row is the total of a report, not a record.
    #[error("the row is a total, not a record")]
    Total,
    /// The row is valid, but another row about the same security makes it doubtful.
    #[error("held back with line {line}")]
    HeldBack {
        /// The line with the reason.
        line: u64,
    },
    /// The portfolio has transactions whose amounts would change their currency.
    #[error(
        "the portfolio has transactions in {was}, whose amounts would become {now} unconverted"
    )]
    CurrencyUnderAmounts {
        /// The currency of the amounts.
        was: Currency,
        /// The currency that the row asks for.
        now: Currency,
    },
    /// The security has prices, which would change their currency.
    #[error("the security has prices in {was}, which would become {now} unconverted")]
    PricesInCurrency {
        /// The currency of the prices.
        was: Currency,
        /// The currency that the row asks for.
        now: Currency,
    },
    /// The security has prices, which would count for other underlying units.
    #[error("the security has prices that count {was}-fold and would then count {now}-fold")]
    PricesByMultiplier {
        /// The multiplier of the prices.
        was: Quantity,
        /// The multiplier that the row asks for.
        now: Quantity,
    },
    /// An exchange of the portfolio would pay and receive its new currency.
    #[error("the exchange `{reference}` would then pay {currency} for {currency}")]
    ExchangeOfOneCurrency {
        /// The id of the exchange.
        reference: String,
        /// The currency that the row asks for.
        currency: Currency,
    },
    /// The closes of the file differ from the stored ones by one ratio.
    #[error(transparent)]
    Restated(#[from] Restatement),
    /// The close moves by the factor of a split.
    #[error(transparent)]
    SplitJump(#[from] SplitJump),
    /// The stored closes do not move by the split.
    #[error(transparent)]
    UnseenSplit(#[from] UnseenSplit),
    /// A split of the day has the effect of the stock dividend.
    #[error(
        "a split of `{0}` on that day is known, as a stock dividend was stored before they were told apart"
    )]
    EqualsSplit(String),
    /// The split is beyond any real one.
    #[error("a split of `{0}` is beyond any real one (at most 100000 to 1)")]
    ImplausibleSplit(String),
    /// The close is too far from a neighbouring close.
    #[error(
        "`{close}` is more than 20-fold away from `{neighbour}` on {neighbour_day}, and no known split explains it"
    )]
    Jump {
        /// The refused close, raw.
        close: Price,
        /// The close it is compared with, raw.
        neighbour: Price,
        /// The day of the neighbouring close.
        neighbour_day: Day,
    },
    /// A profile cannot translate the row.
    #[error(transparent)]
    Profile(#[from] ProfileRowError),
}

fn differences(differs: &[Change]) -> String {
    let texts: Vec<String> = differs.iter().map(Change::to_string).collect();
    texts.join(", ")
}
