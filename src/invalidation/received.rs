//! Completes the transactions of a security by what corporate actions move: units that are received
//! for another security, and units that end.
//!
//! Ownership of a security follows from its transactions. A holding that came from a spin-off or a
//! merger has none, so each such movement becomes an entry here, as if it had been traded.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::read_once::get_or_read;
use crate::domain::{
    ActionKind, CarriedLot, CorporateAction, Day, HeldQuantity, HoldingMovement, LotEffect,
    LotMethod, Lots, Money, PortfolioId, Quantity, SecurityId, Split, Transaction, TransactionKind,
    equal_transfer_out, without_cancelled,
};
use crate::store::{ReadTransaction, StoreError};

/// The corporate actions of a database other than splits.
#[derive(Default)]
pub(crate) struct ActionHistory {
    actions: Vec<CorporateAction>,
    /// The portfolios that close other lots than the first ones.
    methods: OnceCell<BTreeMap<PortfolioId, LotMethod>>,
    /// The lots of transfers between portfolios that were needed before, by reference.
    carried: RefCell<BTreeMap<String, Option<Vec<CarriedLot>>>>,
}

impl ActionHistory {
    /// Reads the actions of all securities.
    pub(crate) fn read(reading: &ReadTransaction<'_>) -> Result<Self, StoreError> {
        Ok(Self::new(reading.corporate_actions().all()?))
    }

    /// Makes the history of `actions`, in any order.
    pub(crate) fn new(mut actions: Vec<CorporateAction>) -> Self {
        actions.sort_by_key(|action| (action.day, action.kind, action.key()));
        Self {
            actions,
            ..Self::default()
        }
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
        self.entries_until(reading, security, portfolio, Cut::Never)
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

    fn entries_until(
        &self,
        reading: &ReadTransaction<'_>,
        security: SecurityId,
        portfolio: Option<PortfolioId>,
        cut: Cut<'_>,
    ) -> Result<Vec<HoldingMovement>, StoreError> {
        let entries = transactions(reading, security, portfolio)?.into_iter();
        let entries = entries.filter(|entry| cut.has_transaction(entry));
        let mut entries: Vec<HoldingMovement> = entries.map(Into::into).collect();
        let splits = reading.splits().of_security(security)?;
        let earlier = |action: &&CorporateAction| cut.has_actions_of(action.day);
        let mut is_delivered = false;
        for action in self.actions.iter().filter(earlier) {
            if !is_received(action, |received| received == security) {
                continue;
            }
            is_delivered = true;
            let before = Cut::Before(action.day);
            // Days strictly decrease from call to call, so this ends.
            let from = self.entries_until(reading, action.security, portfolio, before)?;
            let splits = reading.splits().of_security(action.security)?;
            for (owner, held) in holdings(&from, &splits, action.day, Delivered::NotCounted) {
                entries.extend(delivered(action, owner, held));
            }
        }
        // After the deliveries, because the first movement of a holding decides its method. Which lots
        // close matters only where a split or a delivery rounds those that are left.
        if is_delivered || !splits.is_empty() || !matches!(cut, Cut::Never) {
            let methods = self.methods(reading)?;
            for entry in &mut entries {
                let method = methods.get(&entry.transaction.portfolio);
                entry.method = method.copied().unwrap_or_default();
            }
            self.carry_lots(reading, &mut entries, &splits)?;
        }
        let own = self.actions.iter().filter(earlier);
        for action in own.filter(|action| action.security == security) {
            let (delivered, effect) = match action.kind {
                ActionKind::CashInLieu => (Delivered::Counted, LotEffect::FractionPaid),
                kind if kind.ends_holding() => (Delivered::NotCounted, LotEffect::Ended),
                _ => (Delivered::NotCounted, LotEffect::Kept),
            };
            for (owner, held) in holdings(&entries, &splits, action.day, delivered) {
                let out = match effect {
                    LotEffect::FractionPaid => held.quantity().fraction(),
                    LotEffect::Ended => held.quantity(),
                    _ => Quantity::ZERO,
                };
                entries.push(HoldingMovement {
                    effect: effect.clone(),
                    method: held.method(),
                    ..delivery_out(action, owner, out).into()
                });
            }
        }
        Ok(entries)
    }

    /// Sets the lots that transfers between portfolios carry. Those that are not known, in books that
    /// fail, count as acquired by the transfer.
    fn carry_lots(
        &self,
        reading: &ReadTransaction<'_>,
        entries: &mut [HoldingMovement],
        splits: &[Split],
    ) -> Result<(), StoreError> {
        for at in 0..entries.len() {
            let transfer = &entries[at].transaction;
            if !transfer.carries_lots_in() {
                continue;
            }
            let own = entries[..at].iter().map(|earlier| &earlier.transaction);
            let own = own.filter(|earlier| earlier.portfolio == transfer.portfolio);
            if let Some(lots) = self.lots_carried(reading, transfer, own, splits)? {
                entries[at].effect = LotEffect::Carried(lots);
            }
        }
        Ok(())
    }

    /// Returns the lots of a transfer from another portfolio, given the receiver's `earlier`
    /// transactions.
    fn lots_carried<'t>(
        &self,
        reading: &ReadTransaction<'_>,
        transfer: &Transaction,
        earlier: impl Iterator<Item = &'t Transaction>,
        splits: &[Split],
    ) -> Result<Option<Vec<CarriedLot>>, StoreError> {
        if let Some(known) = self.carried.borrow().get(&transfer.reference) {
            return Ok(known.clone());
        }
        let (Some(giver), Some(security)) = (transfer.counterpart, transfer.security) else {
            return Ok(None);
        };
        // In a circle of transfers, which has no books, this is found again.
        let key = transfer.reference.clone();
        self.carried.borrow_mut().insert(key.clone(), None);
        let given = transactions(reading, security, Some(giver))?;
        let Some(out) = equal_transfer_out(transfer, earlier, given.iter()) else {
            return Ok(None);
        };
        let through = Cut::Through(&given[out]);
        let movements = self.entries_until(reading, security, Some(giver), through)?;
        let lots = lots_given(movements, splits);
        self.carried.borrow_mut().insert(key, lots.clone());
        Ok(lots)
    }
}

/// The last movements to return.
#[derive(Clone, Copy)]
enum Cut<'t> {
    Never,
    /// Those of the days before.
    Before(Day),
    /// This transaction included.
    Through(&'t Transaction),
}

impl Cut<'_> {
    fn has_actions_of(self, day: Day) -> bool {
        match self {
            Self::Never => true,
            Self::Before(end) => day < end,
            Self::Through(last) => day <= last.day,
        }
    }

    fn has_transaction(self, transaction: &Transaction) -> bool {
        match self {
            Self::Never => true,
            Self::Before(end) => transaction.day < end,
            Self::Through(last) => transaction.booking_order(last).is_le(),
        }
    }
}

/// Returns the transactions in a security, in booking order, without those that cancel each other.
fn transactions(
    reading: &ReadTransaction<'_>,
    security: SecurityId,
    portfolio: Option<PortfolioId>,
) -> Result<Vec<Transaction>, StoreError> {
    let mut entries = match portfolio {
        Some(portfolio) => reading.entries().of_holding(portfolio, security)?,
        None => reading.entries().of_security(security)?,
    };
    entries.sort_by(Transaction::booking_order_of_all);
    Ok(without_cancelled(entries, |entry| entry))
}

/// Returns the lots that the last of a giver's movements, a transfer out, gives; `None` if it takes
/// more than is held.
fn lots_given(mut movements: Vec<HoldingMovement>, splits: &[Split]) -> Option<Vec<CarriedLot>> {
    movements.retain(|movement| movement.transaction.kind.is_movement());
    movements.sort_by(HoldingMovement::booking_order);
    let method = movements.first()?.method;
    let mut held = HeldQuantity::new(splits.iter().copied()).with_method(method);
    for movement in &movements {
        held.apply(movement);
    }
    held.into_given()
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
        movements.sort_by(|a, b| a.booking_order(b));
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
        effect: LotEffect::Received(lots),
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
