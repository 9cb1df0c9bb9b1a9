//! Defines the keys of a world, read and written by serde. Only shape and spelling are checked here;
//! names, defaults and contradictions are handled in `read`.
//!
//! Keys are written in the order of the fields.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::former_attributes::FormerAttributesSpec;
use super::values::{CauseName, CellPhase, CloseSpec, FailureCounts, Instant, Span};
use crate::domain::calendar::{Amendments, CalendarBase, Definition};
use crate::domain::{
    ActionKind, AssetClass, CostShare, Currency, Day, DayError, DayRange, FeeTreatment, LotChoices,
    LotMethod, Money, Price, PriceAcceptance, Quantity, RiskModel, TimeOfDay, TransactionKind,
};
use crate::scenario::format::lenient::{Lenient, Located, OneOrMany};
use crate::scenario::limits::LimitsSpec;
use crate::scenario::market::Style;
use crate::scenario::schema::keys::add_old_invalidation_keys;
use crate::store::RunState;

/// A world: a state of the database and clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WorldSpec {
    /// A summary in prose.
    pub(crate) description: Option<String>,
    /// The time at the start.
    pub(crate) now: Option<Lenient<Instant>>,
    /// The calendar of trading days.
    pub(crate) calendar: Option<CalendarBase>,
    /// Calendars that securities and portfolios can name.
    #[serde(default, rename = "own-calendar")]
    pub(crate) own_calendars: Vec<Definition>,
    /// The seed of all random choices.
    pub(crate) seed: Option<u64>,
    /// Bounds of the counts in the world.
    #[serde(default)]
    pub(crate) limits: LimitsSpec,
    /// The origin of the sources that the file leaves out.
    pub(crate) sources: Option<SourcesSpec>,
    /// Transactions that are given.
    #[serde(default, rename = "transaction")]
    pub(crate) transactions: Vec<TransactionSpec>,
    /// Changes to the calendar.
    pub(crate) calendar_amendments: Option<Amendments>,
    /// The generated market.
    #[serde(default)]
    pub(crate) market: MarketSpec,
    /// Securities by symbol: new ones, or changes to generated ones.
    #[serde(default)]
    pub(crate) securities: BTreeMap<String, SecuritySpec>,
    /// Portfolios by name; `B..L` and `P1..P20` name several.
    #[serde(default)]
    pub(crate) portfolios: PortfolioSpecs,
    /// Closes that were corrected after the completed days were computed.
    #[serde(default, rename = "correction")]
    pub(crate) corrections: Vec<CorrectionSpec>,
    /// Cells that were invalidated after they were done.
    #[serde(default, rename = "invalidation")]
    pub(crate) invalidations: Vec<InvalidationSpec>,
    /// Finished runs of the past.
    #[serde(default, rename = "run")]
    pub(crate) runs: Vec<PastRunSpec>,
    /// A run that never ended.
    pub(crate) run_left_running: Option<RunLeftRunningSpec>,
    /// Unpriced sessions whose cells do not wait for closes.
    #[serde(default, rename = "accepted-prices")]
    pub(crate) accepted_prices: Vec<AcceptedPricesSpec>,
    /// Splits that are given.
    #[serde(default, rename = "split")]
    pub(crate) splits: Vec<SplitSpec>,
    /// Corporate actions other than splits.
    #[serde(default, rename = "action")]
    pub(crate) actions: Vec<ActionSpec>,
    /// The risk model: benchmark, factors and shocks.
    pub(crate) risk: Option<RiskModel>,
    /// Closes by symbol and day; `missing` removes one.
    #[serde(default)]
    pub(crate) prices: BTreeMap<String, BTreeMap<Day, Lenient<CloseSpec>>>,
}

/// Portfolios by name or range of names, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct PortfolioSpecs(
    #[schemars(with = "BTreeMap<String, PortfolioSpec>")]
    pub(crate)  Vec<(Located<String>, PortfolioSpec)>,
);

impl<'de> Deserialize<'de> for PortfolioSpecs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sorted = BTreeMap::<Located<String>, PortfolioSpec>::deserialize(deserializer)?;
        let mut specs: Vec<_> = sorted.into_iter().collect();
        specs.sort_by_key(|(names, _)| names.span().start);
        Ok(Self(specs))
    }
}

impl Serialize for PortfolioSpecs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Entries<'s>(&'s PortfolioSpecs);
        impl Serialize for Entries<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.0.iter().map(|(names, spec)| (names, spec)))
            }
        }
        // The table is written even if it is empty.
        serializer.serialize_some(&Entries(self))
    }
}

/// The origin of sources that a world does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SourcesSpec {
    /// The seed generates the market and the transactions that the file leaves out.
    #[default]
    MadeUp,
    /// The file lists all sources.
    Given,
}

/// The generated market.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct MarketSpec {
    /// The number of shares.
    pub(crate) shares: Option<usize>,
    /// The sectors of the shares; all sectors if left out.
    pub(crate) sectors: Vec<String>,
    /// The first day with closes.
    pub(crate) from: Option<Day>,
    /// The last day with closes.
    pub(crate) last: Option<Day>,
    /// Days without a close of any holding, so that all cells wait.
    pub(crate) unpriced: Option<OneOrMany<Span>>,
}

/// A new security, or changes to a generated one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct SecuritySpec {
    /// Its name; the symbol if left out.
    pub(crate) name: Option<String>,
    /// Its asset class; equity if left out.
    pub(crate) class: Option<AssetClass>,
    /// The sector of a share.
    pub(crate) sector: Option<String>,
    /// The currency of its closes.
    pub(crate) currency: Option<Lenient<Currency>>,
    /// Units of the underlying in one unit of the security.
    pub(crate) multiplier: Option<Lenient<Quantity>>,
    /// The first day without a price.
    pub(crate) inactive_from: Option<Day>,
    /// The name of its exchange's calendar, such as `XTSE`; it has no close on days on which it is
    /// closed.
    pub(crate) calendar: Option<String>,
    /// The symbols before the present one, each by the first day on which it was called otherwise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) former_symbols: BTreeMap<Day, String>,
    /// Class, sector and multiplier before the present ones, each by the first day on which one of them
    /// was another.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) former_attributes: BTreeMap<Day, FormerAttributesSpec>,
}

/// A portfolio, its completed days and its sources.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PortfolioSpec {
    /// Its UUID; derived from the name if left out.
    pub(crate) id: Option<String>,
    /// Its name; the key if left out.
    pub(crate) name: Option<String>,
    /// The key of another portfolio to copy all keys from, except `id` and `name`.
    pub(crate) like: Option<String>,
    /// Its first day; ten sessions before the first day in its keys if left out.
    pub(crate) inception: Option<Day>,
    /// Its last day, if it is closed.
    pub(crate) closed: Option<Day>,
    /// The instant at which it was deleted.
    pub(crate) deleted_at: Option<Lenient<Instant>>,
    /// The instant, after its deletion, at which it was restored.
    pub(crate) restored_at: Option<Lenient<Instant>>,
    /// Currency of its cash and books.
    pub(crate) currency: Option<Lenient<Currency>>,
    /// The lots that a sale closes; first in, first out if left out.
    pub(crate) cost_basis: Option<Lenient<LotMethod>>,
    /// Whether fees of purchases and sales belong to cost; an expense if left out.
    pub(crate) fees: Option<Lenient<FeeTreatment>>,
    /// The name of the calendar that picks its sessions from those of the world, such as `XTSE`.
    pub(crate) calendar: Option<String>,
    /// Days on which all four phases are done.
    pub(crate) complete: Option<OneOrMany<Span>>,
    /// Days to leave out of `complete` and `phases`: nothing is done on them.
    pub(crate) holes: Option<OneOrMany<Span>>,
    /// Days on which only some phases are done, with those phases.
    pub(crate) phases: BTreeMap<Span, OneOrMany<CellPhase>>,
    /// Days with a snapshot row that the ledger does not cover.
    pub(crate) rows: Option<OneOrMany<Span>>,
    /// Failed phases, by day; they are not done.
    pub(crate) failed: BTreeMap<Span, FailureCounts>,
    /// Quarantined phases, by day; they are not done.
    pub(crate) quarantined: BTreeMap<Span, OneOrMany<CellPhase>>,
    /// Days on which a holding has no price.
    pub(crate) blocked: Option<OneOrMany<Span>>,
    /// The style of its generated history.
    pub(crate) style: Option<Lenient<Style>>,
    /// The approximate starting capital of its generated history.
    pub(crate) capital: Option<Lenient<Money>>,
    /// Cash deposited on its first session; no history is generated.
    pub(crate) cash: Option<Lenient<Money>>,
    /// Quantities transferred in on its first session, by symbol; no history is generated.
    pub(crate) holdings: BTreeMap<String, Lenient<Quantity>>,
}

/// A transaction of one portfolio, or of each in a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TransactionSpec {
    /// The portfolio; a range adds one transaction for each.
    pub(crate) portfolio: String,
    /// The day of the booking.
    pub(crate) day: Day,
    /// The time of day, such as `14:30`, which orders the transactions of one day.
    pub(crate) time: Option<Lenient<TimeOfDay>>,
    /// The kind of transaction.
    pub(crate) kind: Lenient<TransactionKind>,
    /// The symbol of the security.
    pub(crate) symbol: Option<String>,
    /// The quantity, above zero.
    pub(crate) quantity: Option<Lenient<Quantity>>,
    /// Price of one unit, in the currency of the security unless `currency` names one.
    pub(crate) price: Option<Lenient<Price>>,
    /// The cash amount; below zero only for a dividend, interest, fee or tax that is reversed.
    pub(crate) amount: Option<Lenient<Money>>,
    /// The fee, in addition to the amount.
    pub(crate) fee: Option<Lenient<Money>>,
    /// The currency of price and amount, and of the cash that moves; the portfolio's if left out.
    pub(crate) currency: Option<Lenient<Currency>>,
    /// The currency of the fee; that of the amount if left out.
    pub(crate) fee_currency: Option<Lenient<Currency>>,
    /// The amount that an `exchange` pays for its `amount`.
    pub(crate) from_amount: Option<Lenient<Money>>,
    /// The currency of the amount paid; the portfolio's if left out.
    pub(crate) from_currency: Option<Lenient<Currency>>,
    /// The portfolio at the other end of a transfer, whose lots the transfer carries.
    pub(crate) counterpart: Option<String>,
    /// The lots that a sale or transfer out closes, such as `5@t2; 1@t3`.
    pub(crate) lots: Option<Lenient<LotChoices>>,
    /// The external id of the transaction.
    pub(crate) reference: Option<String>,
}

/// A split of old units into new units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SplitSpec {
    /// The symbol of the security.
    pub(crate) symbol: String,
    /// The session of the split.
    pub(crate) day: Day,
    /// Units after the split.
    pub(crate) new: u32,
    /// Units before the split.
    pub(crate) old: u32,
}

/// A corporate action other than a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ActionSpec {
    /// The symbol of the security that is held.
    pub(crate) symbol: String,
    /// The first day on which it counts.
    pub(crate) day: Day,
    /// The kind of action.
    pub(crate) kind: Lenient<ActionKind>,
    /// The symbol of the security received.
    pub(crate) received: Option<String>,
    /// Units received.
    pub(crate) new: Option<u32>,
    /// Units held.
    pub(crate) old: Option<u32>,
    /// Cash for a unit, in the currency of the security.
    pub(crate) cash: Option<Lenient<Price>>,
    /// The share of the cost that the received units take.
    pub(crate) cost_share: Option<Lenient<CostShare>>,
}

/// A close that was corrected after the completed days were computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CorrectionSpec {
    /// The symbol of the security.
    pub(crate) symbol: String,
    /// The session of the close.
    pub(crate) day: Day,
    /// The correct close, not adjusted for splits.
    pub(crate) close: Lenient<Price>,
}

/// Cells that were invalidated after they were done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = add_old_invalidation_keys)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct InvalidationSpec {
    /// The kind of change.
    pub(crate) cause: Lenient<CauseName>,
    /// The reason, as text for people.
    #[serde(alias = "why")]
    pub(crate) reason: Option<String>,
    /// The portfolios of the cells.
    pub(crate) portfolios: OneOrMany<String>,
    /// The days of the cells.
    pub(crate) days: OneOrMany<Span>,
    /// The phases; all four if left out.
    pub(crate) phases: Option<OneOrMany<CellPhase>>,
}

/// A finished run of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PastRunSpec {
    /// The instant of its start.
    pub(crate) started: Lenient<Instant>,
    /// The instant of its end; the start if left out.
    pub(crate) ended: Option<Lenient<Instant>>,
    /// The end state, not `running`.
    pub(crate) state: RunState,
    /// The name of its policy.
    pub(crate) policy: Option<String>,
    /// The scope, as text for people.
    pub(crate) scope: Option<String>,
    /// The last session that was due.
    pub(crate) target: Option<Day>,
    /// The number of planned cells.
    pub(crate) planned: Option<u64>,
    /// The number of done cells.
    pub(crate) done: Option<u64>,
    /// The number of failed cells.
    pub(crate) failed: Option<u64>,
    /// The number of blocked cells.
    pub(crate) blocked: Option<u64>,
}

/// A decision of an operator to do unpriced sessions with the prices there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AcceptedPricesSpec {
    /// The first day of the range.
    pub(crate) from: Day,
    /// The last day of the range.
    pub(crate) to: Day,
    /// The reason, as text for people.
    pub(crate) reason: String,
    /// The name of the operator; `operator` if left out.
    pub(crate) by: Option<String>,
}

impl AcceptedPricesSpec {
    /// Returns the decision.
    pub(crate) fn decision(&self) -> Result<PriceAcceptance, DayError> {
        Ok(PriceAcceptance {
            days: DayRange::new(self.from, self.to)?,
            by: self.by.clone().unwrap_or_else(|| "operator".to_owned()),
            reason: self.reason.clone(),
        })
    }
}

/// A run that never ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RunLeftRunningSpec {
    /// The state of its lease.
    pub(crate) lease: Lease,
    /// The instant of its start; an hour ago if left out.
    pub(crate) started: Option<Lenient<Instant>>,
    /// The last session that was due.
    pub(crate) target: Option<Day>,
}

/// The lease of a run left running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lease {
    /// It is still held: no other run can start.
    Live,
    /// It has expired: the next run takes over.
    Expired,
}
