//! Warnings: rows that can be imported, but are more often a mistake than meant, and files whose
//! effect may surprise.

use std::fmt;

use super::options::PriceWarning;
use super::restatement::{SplitJump, UnseenSplit};
use crate::domain::{ActionKind, AssetClass, Attribution, Currency, Day, Money, Price, Quantity};

/// A reason to look at a row again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The day is after the day of the import.
    Future {
        /// The day of the row.
        day: Day,
        /// The day of the import in the calendar's time zone.
        today: Day,
    },
    /// A sale takes more than the portfolio holds, and the portfolio never was short.
    OpensShort {
        /// The symbol of the security.
        symbol: String,
        /// The quantity held before the row.
        held: Quantity,
        /// The quantity that the row takes.
        taken: Quantity,
    },
    /// A transfer takes more than the portfolio holds, which cannot be booked.
    ExceedsHolding {
        /// The symbol of the security.
        symbol: String,
        /// The quantity held before the row.
        held: Quantity,
        /// The quantity that the row takes.
        taken: Quantity,
    },
    /// After the change, a known sale or transfer takes more than the portfolio holds.
    LeavesShort {
        /// The id of the known sale or transfer.
        reference: String,
        /// The symbol of the security.
        symbol: String,
        /// The quantity held before it.
        held: Quantity,
        /// The quantity that it takes.
        taken: Quantity,
    },
    /// A negative dividend takes back more than was paid, and the portfolio is not short.
    ReversesUnpaid {
        /// The symbol of the security.
        symbol: String,
        /// The dividends of the security up to its day, without it.
        paid: Money,
        /// The amount of the row.
        amount: Money,
    },
    /// No currency pair is known that could convert cash of this currency.
    NoRate(Currency),
    /// A profile skips the row, and it needs a step by hand.
    LeftOut(String),
    /// The transaction was voided, and the row does not bring it back.
    Voided(Attribution),
    /// A transfer names a counterpart that has no equal transfer.
    OneSidedTransfer {
        /// The name of the counterpart.
        counterpart: String,
    },
    /// A chosen lot is not one that the portfolio acquired of the security.
    NoSuchLot {
        /// The id that is chosen.
        lot: String,
        /// The symbol of the security.
        symbol: String,
        /// The name of the portfolio.
        portfolio: String,
    },
    /// After the change, a known transaction refers to one that is missing.
    Leaves {
        /// The id of the known transaction.
        reference: String,
        /// The warning about it.
        warning: Box<Warning>,
    },
    /// Stored closes are such as the new class cannot have.
    ClosesOfClass {
        /// The class that the security gets.
        class: AssetClass,
        /// The first of these closes.
        close: Price,
        /// The day of the close.
        day: Day,
        /// The number of these closes.
        count: usize,
    },
    /// Two actions end the holding of a security on one day.
    EndsTwice {
        /// The kind of the other action.
        other: ActionKind,
    },
    /// The security of the row is called otherwise today.
    FormerSymbol {
        /// The symbol that the security has today.
        symbol: String,
    },
    /// A close moves by about the factor of a split, which a market may do too: by a small factor, such
    /// as 3:2, over a long gap, or by a doubling that stays.
    SplitLikeMove(SplitJump),
    /// A split that the stored closes around its day do not show over a long gap.
    UnseenSplit(UnseenSplit),
    /// The known security of a row has a close from before the `symbol_from` of the row.
    HasSymbolBefore {
        /// The symbol of the row and of the security.
        symbol: String,
        /// The day of its last close before `symbol_from`.
        close: Day,
    },
    /// The inception is before the first day of the calendar.
    BeforeCalendar {
        /// The inception of the portfolio.
        inception: Day,
        /// The first day of the calendar.
        first: Day,
    },
    /// The amount is not quantity × price, apart from rounding.
    AmountDiffers {
        /// The amount of the row.
        amount: Money,
        /// Quantity × multiplier × price.
        expected: Money,
    },
}

impl Warning {
    /// Returns the warning about a day after that of the import, `today`.
    pub(super) fn future(day: Day, today: Day) -> Option<Self> {
        (day > today).then_some(Self::Future { day, today })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Future { day, today } => write!(f, "`{day}` is in the future (today: {today})"),
            Self::OpensShort {
                symbol,
                held,
                taken,
            } => write!(
                f,
                "takes {taken} {symbol} of {held} held, which opens a short position"
            ),
            Self::ExceedsHolding {
                symbol,
                held,
                taken,
            } => write!(
                f,
                "transfers out {taken} {symbol} of {held} held, and no books are computed from that day on without more"
            ),
            Self::LeavesShort {
                reference,
                symbol,
                held,
                taken,
            } => write!(
                f,
                "transaction `{reference}` then takes {taken} {symbol} of {held} held"
            ),
            Self::ReversesUnpaid {
                symbol,
                paid,
                amount,
            } => write!(
                f,
                "takes back {amount} of {symbol}, which paid {paid} so far"
            ),
            Self::NoRate(currency) => write!(
                f,
                "no currency pair of {currency} is known, so the portfolio would wait for its rate"
            ),
            Self::LeftOut(reason) => write!(f, "skipped: {reason}"),
            Self::Voided(Attribution { by, reason }) => {
                write!(f, "voided by {by}: {reason}; `--correct` imports it again")
            }
            Self::OneSidedTransfer { counterpart } => write!(
                f,
                "the equal transfer of `{counterpart}` is missing, and no books are computed without it"
            ),
            Self::NoSuchLot {
                lot,
                symbol,
                portfolio,
            } => write!(
                f,
                "`{lot}` opened no lot of {symbol} in `{portfolio}`, and no books are computed without it"
            ),
            Self::Leaves { reference, warning } => {
                write!(f, "transaction `{reference}`: {warning}")
            }
            Self::ClosesOfClass {
                class,
                close,
                day,
                count,
            } => {
                let sign = if close.is_zero() {
                    "zero"
                } else {
                    "below zero"
                };
                write!(
                    f,
                    "the close {close} on {day} is {sign}, which class {class} cannot have"
                )?;
                match count {
                    1 => Ok(()),
                    count => write!(f, " ({count} such closes)"),
                }
            }
            Self::EndsTwice { other } => write!(
                f,
                "a {other} on the same day ends the holding too; the merger is booked, and nothing is left for the delisting"
            ),
            Self::FormerSymbol { symbol } => write!(
                f,
                "a former symbol of `{symbol}`; a new security with it needs its `symbol_from`"
            ),
            Self::SplitLikeMove(jump) => write!(f, "{jump}; {}", jump.hint()),
            Self::UnseenSplit(split) => write!(f, "{split}; {}", split.hint()),
            Self::HasSymbolBefore { symbol, close } => write!(
                f,
                "`{symbol}` has a close on {close}, before the `symbol_from`, so the row is about that security; if it is about another one, import the `symbol-change` first"
            ),
            Self::BeforeCalendar { inception, first } => write!(
                f,
                "`{inception}` is before the calendar, so the portfolio has cells from {first} on"
            ),
            Self::AmountDiffers { amount, expected } => {
                write!(f, "amount {amount} is not quantity × price, {expected}")
            }
        }
    }
}

/// A warning about a file that is imported nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileWarning {
    /// The prices may be adjusted.
    Prices(PriceWarning),
    /// The calendar of a portfolio has sessions that the calendar of the database lacks.
    SessionsOutsideDatabase {
        /// The name of the portfolio's calendar.
        calendar: String,
        /// The name of the database's calendar.
        database: String,
        /// The number of such sessions, from the first inception in the file on.
        count: usize,
        /// The first of them.
        first: Day,
    },
}

impl fmt::Display for FileWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prices(warning) => warning.fmt(f),
            Self::SessionsOutsideDatabase {
                calendar,
                database,
                count,
                first,
            } => write!(
                f,
                "{count} sessions of {calendar}, the first on {first}, are not in the calendar \
                 {database} of the database, so that portfolios have no cells on them; for these \
                 configure a calendar with the sessions of both, such as `weekdays`"
            ),
        }
    }
}
