//! Defines the shared nouns: days, portfolios, securities, money, phases, cells, coverage.
//!
//! Nothing here does I/O, issues SQL, reads a clock or knows the command line. Days, ranges,
//! scopes, currencies and lifecycles check their rules on construction, so every value of these
//! types is valid. Records with public fields, such as [`Transaction`], are checked
//! where they are imported or booked.

mod accepted_prices;
mod action_record;
mod aged_move;
mod amount;
mod amount_error;
pub mod calendar;
mod cancelled;
mod cash_balance;
mod cash_moves;
mod cash_terms;
mod cell;
mod corporate_action;
mod correction;
mod coverage;
mod dated_attributes;
mod day;
mod decimal_text;
mod division;
mod exchange_rate;
mod figure;
mod fine_amount;
mod held_quantity;
mod ids;
mod invalidation;
mod lifecycle_index;
mod lots;
mod natural_order;
mod nearest;
pub mod output;
mod own_calendars;
mod phase;
mod plural;
mod portfolio;
mod portfolio_calendars;
mod quality;
mod risk_model;
mod scope;
mod sectors;
mod security;
mod security_calendars;
mod source;
mod symbols;
mod time_of_day;
mod token;
mod transaction_edit;
mod value;
mod wide;

pub use accepted_prices::{AcceptedPrices, PriceAcceptance};
pub use action_record::{ActionName, ActionRecord, action_terms, split_terms};
pub use amount::Money;
pub use amount_error::AmountError;
pub use calendar::{Calendar, CalendarError, SessionsPerYear};
pub use cancelled::without_cancelled;
pub use cash_balance::CashBalance;
pub use cash_terms::{CashTerms, CashTermsError};
pub use cell::Cell;
pub use corporate_action::{
    ActionChange, ActionError, ActionKind, CorporateAction, CostShare, Delivery, MAX_FOLD,
};
pub use correction::{Change, Correction};
pub use coverage::{Coverage, IdSet, PhaseCells, count_cell_phases, count_ids};
pub use dated_attributes::{AttributeSpan, AttributeValues, MultiplierChange};
pub use day::{Day, DayError, DayRange};
pub(crate) use division::greatest_common_divisor;
pub use exchange_rate::ExchangeRate;
pub use figure::{Absence, Figure};
pub use fine_amount::{Price, Quantity};
pub use held_quantity::{
    HeldQuantity, HoldingMovement, LotEffect, MovementRef, equal_transfer_out,
};
pub use ids::{PortfolioId, PortfolioKey, RunId, SecurityId};
pub use invalidation::{InvalidationCause, NewInvalidation, OpenInvalidation};
pub use lifecycle_index::{LifecycleChanges, LifecycleCursor, LifecycleIndex};
pub use lots::{
    CarriedLot, ChosenLot, ClosedLot, ClosedLots, CostBasis, FeeTreatment, LotChoice, LotChoices,
    LotChoicesError, LotFraction, LotMethod, LotOrigin, Lots, Trade,
};
pub use nearest::{Nearest, nearest};
pub use own_calendars::OwnCalendars;
pub use phase::{Phase, PhaseSet, UnknownPhase};
pub use plural::pluralize;
pub use portfolio::{Lifecycle, LifecycleError, LifecycleStatus, NewPortfolio, Portfolio};
pub use portfolio_calendars::{PortfolioCalendar, PortfolioCalendars};
pub use quality::{PriceQuality, Quality};
pub use risk_model::{Factor, RiskModel, Shock};
pub use scope::{CellSelection, EmptyScope, Members, Scope};
pub use sectors::{Sector, SectorNames, SectorWeights};
pub use security::{
    AssetClass, CloseSigns, Currency, DatedAttributes, FormerAttributes, FormerSymbol, NewSecurity,
    Security, UnknownValue,
};
pub use security_calendars::{SecurityCalendars, is_closed};
pub use source::{CloseChange, Split, SplitChange, SplitKind, Transaction, TransactionKind};
pub use time_of_day::{InvalidTime, TimeOfDay};
pub use token::TokenScope;
pub use transaction_edit::{Attribution, RecordedEdit, TransactionChange, TransactionEdit};
