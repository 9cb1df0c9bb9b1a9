//! Decides how much of each lot a movement closes.

use smallvec::SmallVec;

use super::cost_basis::LotMethod;
use super::lot::{ChosenLot, Lot};
use crate::domain::fine_amount::Quantity;

/// A quantity to take from the lot at an index, with the sign of the lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taking {
    pub(super) lot: usize,
    pub(super) quantity: Quantity,
}

pub(super) type Takings = SmallVec<[Taking; 1]>;

/// Returns the quantities that close `quantity`, which has the sign of the lots and is no larger
/// than all of them. A lot that shows no quantity closes when it is reached.
pub(super) fn by_method(lots: &[Lot], quantity: Quantity, method: LotMethod) -> Option<Takings> {
    in_order(lots, quantity, closing_order(lots.len(), method))
}

/// Returns the indices of lots in the order in which a method closes them.
pub(super) fn closing_order(count: usize, method: LotMethod) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| match method {
        LotMethod::Fifo | LotMethod::Average => at,
        LotMethod::Lifo => count - 1 - at,
    })
}

/// Returns the quantities that close the chosen lots. A choice that differs from all lots of its
/// transaction by no more than `rounding` for each of them closes them. `None` if a chosen lot does
/// not exist or is smaller than its choice.
pub(super) fn by_choice(lots: &[Lot], chosen: &[ChosenLot], rounding: Quantity) -> Option<Takings> {
    let mut takings = Takings::new();
    for choice in chosen {
        let mut left = choice.quantity;
        if !rounding.is_zero() {
            left = settled_choice(lots, &takings, choice, rounding)?;
        }
        for (at, lot) in lots.iter().enumerate() {
            // A transaction can open several lots: a transfer carries all lots of its giver.
            if lot.origin.transaction != choice.transaction || left.is_zero() {
                continue;
            }
            let mut taken = takings.iter().filter(|taking| taking.lot == at);
            let taken = taken.try_fold(Quantity::ZERO, |sum, taking| sum.plus(taking.quantity))?;
            let quantity = lot.quantity.minus(taken)?;
            let quantity = if quantity <= left { quantity } else { left };
            left = left.minus(quantity)?;
            takings.push(Taking { lot: at, quantity });
        }
        if !left.is_zero() {
            return None;
        }
    }
    Some(takings)
}

/// Returns the quantity to close for a choice, given what earlier choices took: all lots of its
/// transaction if the difference is one of rounding.
fn settled_choice(
    lots: &[Lot],
    taken: &Takings,
    choice: &ChosenLot,
    rounding: Quantity,
) -> Option<Quantity> {
    let is_chosen = |at: usize| lots[at].origin.transaction == choice.transaction;
    let (mut held, mut allowed) = (Quantity::ZERO, Quantity::ZERO);
    for lot in lots.iter().enumerate().filter(|(at, _)| is_chosen(*at)) {
        held = held.plus(lot.1.quantity)?;
        allowed = allowed.plus(rounding)?;
    }
    for taking in taken.iter().filter(|taking| is_chosen(taking.lot)) {
        held = held.minus(taking.quantity)?;
    }
    let is_all = !held.is_zero() && held.minus(choice.quantity)?.abs() <= allowed;
    Some(if is_all { held } else { choice.quantity })
}

fn in_order(
    lots: &[Lot],
    quantity: Quantity,
    order: impl Iterator<Item = usize>,
) -> Option<Takings> {
    let (mut takings, mut left) = (Takings::new(), quantity);
    for lot in order {
        if left.is_zero() {
            break;
        }
        let all = lots[lot].quantity;
        let is_all = all.abs() <= left.abs();
        let quantity = if is_all { all } else { left };
        left = left.minus(quantity)?;
        takings.push(Taking { lot, quantity });
    }
    Some(takings)
}
