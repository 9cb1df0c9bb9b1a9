//! Follows the quantities that transactions move, and finds those that take more than is held.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::TransactionKind::{Sell, TransferOut};
use crate::domain::{Day, Quantity, SecurityId, Split, Transaction, TransactionKind};
use crate::import::existing::ExistingRecords;

/// The decimals to which a split rounds quantities.
const COMPACT_DECIMALS: u32 = 8;

/// A sale or transfer that takes more than is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// The kind: a sale opens a short position, and a transfer cannot be booked.
    pub(crate) kind: TransactionKind,
    /// The security that is taken.
    pub(crate) security: SecurityId,
    /// The quantity held before.
    pub(crate) held: Quantity,
    /// The quantity that is taken.
    pub(crate) taken: Quantity,
}

/// Returns the sales of one portfolio that open a short position, and the transfers of more than is
/// held, by reference. `known` must hold the splits of the securities.
pub(crate) fn shortfalls<'t>(
    transactions: impl IntoIterator<Item = &'t Transaction>,
    known: &ExistingRecords,
) -> BTreeMap<String, Shortfall> {
    let mut movements: BTreeMap<SecurityId, Vec<&Transaction>> = BTreeMap::new();
    for transaction in transactions {
        if let Some(security) = transaction.security
            && transaction.kind.is_movement()
        {
            movements.entry(security).or_default().push(transaction);
        }
    }
    let mut found = BTreeMap::new();
    for (security, mut movements) in movements {
        movements.sort_by(|a, b| a.booking_order(b));
        let mut held = HeldQuantity::new(known.splits_of(security));
        for movement in movements {
            let before = held.on(movement.day);
            held.apply(movement);
            held.drop_rounding();
            let exceeds = held.quantity < Decimal::ZERO
                && (before >= Decimal::ZERO || movement.kind == TransferOut);
            if exceeds && is_taken(movement) {
                let shortfall = Shortfall {
                    kind: movement.kind,
                    security,
                    held: Quantity::from_decimal(before.round_dp(Quantity::DECIMALS))
                        .unwrap_or_default(),
                    taken: movement.quantity,
                };
                found.insert(movement.reference.clone(), shortfall);
            }
        }
    }
    found
}

/// The quantity of one security, moved by transactions and splits in order.
pub(super) struct HeldQuantity<S: Iterator> {
    quantity: Decimal,
    /// The number of acquisitions, each of which a split can round.
    lots: u32,
    /// What the rounding of splits can add or take.
    rounding: Decimal,
    splits: std::iter::Peekable<S>,
}

impl<'s, S: Iterator<Item = &'s Split>> HeldQuantity<S> {
    /// Starts with none. `splits` are by day.
    pub(super) fn new(splits: S) -> Self {
        Self {
            quantity: Decimal::ZERO,
            lots: 0,
            rounding: Decimal::ZERO,
            splits: splits.peekable(),
        }
    }

    /// Returns the quantity at the start of a day, after its split.
    pub(super) fn on(&mut self, day: Day) -> Decimal {
        while let Some(split) = self.splits.next_if(|split| split.day <= day) {
            let split_exactly = self.quantity.checked_mul(Decimal::from(split.new));
            // A quantity of that size is refused elsewhere.
            self.quantity = split_exactly.unwrap_or(self.quantity) / Decimal::from(split.old);
            if self.quantity != self.quantity.round_dp(COMPACT_DECIMALS) {
                self.rounding = Decimal::new(self.lots.into(), COMPACT_DECIMALS);
            }
        }
        self.quantity
    }

    /// Takes what is left within the rounding of splits as nothing, as the books do.
    fn drop_rounding(&mut self) {
        if self.quantity.abs() <= self.rounding {
            self.quantity = Decimal::ZERO;
        }
    }

    /// Moves the quantity by a transaction.
    pub(super) fn apply(&mut self, movement: &Transaction) {
        self.on(movement.day);
        let quantity = movement.quantity.decimal();
        self.lots += u32::from(!is_taken(movement));
        self.quantity += if is_taken(movement) {
            -quantity
        } else {
            quantity
        };
    }
}

const fn is_taken(transaction: &Transaction) -> bool {
    matches!(transaction.kind, Sell | TransferOut)
}
