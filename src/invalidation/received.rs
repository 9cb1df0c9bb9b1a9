//! Completes the transactions of a security by what corporate actions move: units that are received
//! for another security, and units that end.
//!
//! Ownership of a security follows from its transactions. A holding that came from a spin-off or a
//! merger has none, so each such movement becomes an entry here, as if it had been traded.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::read_once::get_or_read;
use crate::domain::{
    ActionKind, CorporateAction, Day, HeldQuantity, HoldingMovement, LotMethod, Lots, Money,
    PortfolioId, Quantity, SecurityId, Split, Transaction, TransactionKind, without_cancelled,
};
use crate::store::{ReadTransaction, StoreError};

/// The corporate actions of a database other than splits.
#[derive(Default)]
pub(crate) struct ActionHistory {
    actions: Vec<CorporateAction>,
    /// The portfolios that close other lots than the first ones.
    methods: OnceCell<BTreeMap<PortfolioId, LotMethod>>,
}

impl ActionHistory {
    /// Reads the actions of all securities.
    pub(crate) fn read(reading: &ReadTransaction<'_>) -> Result<Self, StoreError> {
        Ok(Self::new(reading.corporate_actions().all()?))
    }

    /// Makes the history of `actions`, in any order.
    pub(crate) fn new(mut actions: Vec<CorporateAction>) -> Self {
        actions.sort_by_key(|action| (action.day, action.kind, action.key()));
        let methods = OnceCell::new();
        Self { actions, methods }
    }

    /// Returns the securities from whose holdings units of `security` can come, itself included.
    pub(crate) fn origins(&self, security: SecurityId) -> BTreeSet<SecurityId> {
        let mut origins = BTreeSet::from([security]);
        loop {
            let before = origins.len();
            for action in &self.actions {
                if is_received(action, |received| origins.contains(&received)) {
                    origins.insert(action.security);
                }
            }
            if origins.len() == before {
                return origins;
            }
        }
    }

    /// Returns the securities that are received, directly or not, for units of one of `origins`,
    /// each with the first day.
    pub(crate) fn received_for(&self, origins: &BTreeSet<SecurityId>) -> BTreeMap<SecurityId, Day> {
        let mut received = BTreeMap::new();
        // Actions ascend by day, and what is received later cannot come earlier.
        for action in &self.actions {
            if let Some(delivery) = action.received
                && (origins.contains(&action.security) || received.contains_key(&action.security))
            {
                received.entry(delivery.security).or_insert(action.day);
            }
        }
        received
    }

    /// Returns the transactions in a security, of one portfolio or all, with the movements of
    /// corporate actions and without transactions that cancel each other.
    pub(crate) fn entries(
        &self,
        reading: &ReadTransaction<'_>,
        security: SecurityId,
        portfolio: Option<PortfolioId>,
    ) -> Result<Vec<HoldingMovement>, StoreError> {
        self.entries_before(reading, security, portfolio, None)
    }

    fn methods(
        &self,
        reading: &ReadTransaction<'_>,
    ) -> Result<&BTreeMap<PortfolioId, LotMethod>, StoreError> {
        get_or_read(&self.methods, || {
            let portfolios = reading.portfolios().all()?.into_iter();
            let methods = portfolios.map(|known| (known.id, known.cost_basis.method));
            let methods = methods.filter(|(_, method)| *method != LotMethod::default());
            Ok(methods.collect())
        })
    }

    fn entries_before(
        &self,
        reading: &ReadTransaction<'_>,
        security: SecurityId,
        portfolio: Option<PortfolioId>,
        end: Option<Day>,
    ) -> Result<Vec<HoldingMovement>, StoreError> {
        let mut entries = match portfolio {
            Some(portfolio) => reading.entries().of_holding(portfolio, security)?,
            None => reading.entries().of_security(security)?,
        };
        entries.sort_by(Transaction::booking_order_of_all);
        let entries = without_cancelled(entries, |entry| entry).into_iter();
        let mut entries: Vec<HoldingMovement> = entries.map(Into::into).collect();
        let earlier = |action: &&CorporateAction| end.is_none_or(|end| action.day < end);
        for action in self.actions.iter().filter(earlier) {
            if !is_received(action, |received| received == security) {
                continue;
            }
            // Days strictly decrease from call to call, so this ends.
            let from =
                self.entries_before(reading, action.security, portfolio, Some(action.day))?;
            let splits = reading.splits().of_security(action.security)?;
            for (owner, held) in holdings(&from, &splits, action.day, Delivered::NotCounted) {
                entries.extend(delivered(action, owner, held));
            }
        }
        let splits = reading.splits().of_security(security)?;
        // After the deliveries, because the first movement of a holding decides its method. Which lots
        // close matters only where a split or a delivery rounds those that are left.
        if end.is_some() || !splits.is_empty() {
            let methods = self.methods(reading)?;
            for entry in &mut entries {
                let method = methods.get(&entry.transaction.portfolio);
                entry.method = method.copied().unwrap_or_default();
            }
        }
        let own = self.actions.iter().filter(earlier);
        for action in own.filter(|action| action.security == security) {
            let delivered = match action.kind {
                ActionKind::CashInLieu => Delivered::Counted,
                _ => Delivered::NotCounted,
            };
            for (owner, held) in holdings(&entries, &splits, action.day, delivered) {
                let out = match action.kind {
                    ActionKind::CashInLieu => held.quantity().fraction(),
                    kind if kind.ends_holding() => held.quantity(),
                    _ => Quantity::ZERO,
                };
                entries.push(delivery_out(action, owner, out).into());
            }
        }
        Ok(entries)
    }
}

/// Units delivered on the day of an action: counted as held before it, or not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivered {
    Counted,
    NotCounted,
}

fn is_received(action: &CorporateAction, is_it: impl Fn(SecurityId) -> bool) -> bool {
    action
        .received
        .is_some_and(|delivery| is_it(delivery.security))
}

/// Returns the lots of each holder at the start of a day, after its splits, without their cost.
fn holdings(
    entries: &[HoldingMovement],
    splits: &[Split],
    day: Day,
    delivered: Delivered,
) -> BTreeMap<PortfolioId, Lots> {
    let counts = |movement: &&HoldingMovement| {
        let entry = &movement.transaction;
        let is_delivered = entry.reference.is_empty() && delivered == Delivered::Counted;
        entry.kind.is_movement() && (entry.day < day || (entry.day == day && is_delivered))
    };
    let mut by_owner: BTreeMap<PortfolioId, Vec<&HoldingMovement>> = BTreeMap::new();
    for movement in entries.iter().filter(counts) {
        let of_owner = by_owner.entry(movement.transaction.portfolio).or_default();
        of_owner.push(movement);
    }
    let held = by_owner.into_iter().map(|(owner, mut movements)| {
        movements.sort_by(|a, b| a.transaction.booking_order(&b.transaction));
        let method = movements
            .first()
            .map_or_else(LotMethod::default, |first| first.method);
        let mut held = HeldQuantity::new(splits.iter().copied()).with_method(method);
        for movement in movements {
            held.apply(movement);
        }
        (owner, held.into_lots_on(day))
    });
    held.filter(|(_, lots)| !lots.quantity().is_zero())
        .collect()
}

/// Returns the entry of units received for the lots `held`; none if they round to zero.
fn delivered(
    action: &CorporateAction,
    portfolio: PortfolioId,
    held: Lots,
) -> Option<HoldingMovement> {
    let delivery = action.received?;
    let mut lots = held;
    lots.split(delivery.new, delivery.old)?;
    (!lots.quantity().is_zero()).then(|| HoldingMovement {
        transaction: Transaction {
            security: Some(delivery.security),
            // An amount, so that no price of the day counts as used.
            amount: Some(Money::ZERO),
            ..movement(action, portfolio, TransactionKind::Buy, lots.quantity())
        },
        received: Some(lots),
        method: LotMethod::default(),
    })
}

/// Returns the entry of units that an action takes. Cash is converted at the rate of the day, like
/// that of a sale at a price.
fn delivery_out(action: &CorporateAction, portfolio: PortfolioId, out: Quantity) -> Transaction {
    Transaction {
        price: action.cash,
        amount: action.cash.is_none().then_some(Money::ZERO),
        ..movement(action, portfolio, TransactionKind::Sell, out)
    }
}

/// Returns an entry without a reference, which transactions of files always have.
fn movement(
    action: &CorporateAction,
    portfolio: PortfolioId,
    kind: TransactionKind,
    quantity: Quantity,
) -> Transaction {
    Transaction {
        security: Some(action.security),
        quantity,
        ..Transaction::new(portfolio, action.day, kind)
    }
}
