//! Finds transactions that refer to others which are not there: a transfer without its other side, and
//! chosen lots that nothing opened. Their portfolios have no books until the other one is imported.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::TransactionKind::{Buy, TransferIn, TransferOut};
use crate::domain::{
    Day, PortfolioId, Quantity, SecurityId, Transaction, TransactionEdit, TransactionKind,
};
use crate::import::existing::ExistingRecords;
use crate::import::warning::Warning;

/// Giver and taker of a transfer, day, security and quantity.
type Transfer = (PortfolioId, PortfolioId, Day, Option<SecurityId>, Quantity);

/// The transactions to which others can refer.
#[derive(Default)]
struct References<'t> {
    by_id: BTreeMap<&'t str, &'t Transaction>,
    /// The number of equal transfers out and in.
    transfers: BTreeMap<Transfer, (usize, usize)>,
}

impl<'t> References<'t> {
    fn of(transactions: impl IntoIterator<Item = &'t Transaction>) -> Self {
        let mut references = Self::default();
        for transaction in transactions {
            references.by_id.insert(&transaction.reference, transaction);
            if let Some(transfer) = transfer(transaction) {
                let (out, taken_in) = references.transfers.entry(transfer).or_default();
                match transaction.kind {
                    TransferOut => *out += 1,
                    _ => *taken_in += 1,
                }
            }
        }
        references
    }

    /// Returns the references of a transaction to others that are missing.
    fn missing(&self, of: &Transaction, known: &ExistingRecords) -> Vec<Warning> {
        let (out, taken_in) = transfer(of)
            .and_then(|transfer| self.transfers.get(&transfer).copied())
            .unwrap_or_default();
        let is_one_sided = match of.kind {
            TransferOut => out > taken_in,
            _ => taken_in > out,
        };
        let counterpart = of.counterpart.filter(|_| is_one_sided);
        let one_sided = counterpart.map(|counterpart| Warning::OneSidedTransfer {
            counterpart: known.name_of(counterpart),
        });
        let choices = of.lots.iter().flat_map(|lots| lots.iter());
        let unopened = choices.filter(|choice| {
            let opening = self.by_id.get(choice.reference.as_str());
            !opening.is_some_and(|opening| {
                (opening.portfolio, opening.security) == (of.portfolio, of.security)
                    && matches!(opening.kind, Buy | TransferIn)
            })
        });
        let unopened = unopened.map(|choice| Warning::NoSuchLot {
            lot: choice.reference.clone(),
            symbol: of.security.map_or(String::new(), |id| known.symbol_of(id)),
            portfolio: known.name_of(of.portfolio),
        });
        one_sided.into_iter().chain(unopened).collect()
    }
}

/// Returns the two sides of a transfer that names its counterpart.
fn transfer(of: &Transaction) -> Option<Transfer> {
    let (giver, taker) = match of.kind {
        TransactionKind::TransferOut => (of.portfolio, of.counterpart?),
        TransactionKind::TransferIn => (of.counterpart?, of.portfolio),
        _ => return None,
    };
    Some((giver, taker, of.day, of.security, of.quantity))
}

/// Returns the warnings about references that are missing after `edits`, by the index of the edit that
/// has them, or that takes the other transaction away. `known` must hold the histories of the
/// portfolios of the edits and of their counterparts.
pub(crate) fn missing_references(
    edits: &[TransactionEdit],
    known: &ExistingRecords,
) -> BTreeMap<usize, Vec<Warning>> {
    let mut found: BTreeMap<usize, Vec<Warning>> = BTreeMap::new();
    let states = || edits.iter().flat_map(TransactionEdit::states);
    if !states().any(|state| state.counterpart.is_some() || state.lots.is_some())
        && !edits.iter().any(|edit| edit.was().is_some())
    {
        return found;
    }
    let replaced: BTreeSet<&str> = (edits.iter().filter_map(TransactionEdit::was))
        .map(|was| was.reference.as_str())
        .collect();
    let is_kept = |stored: &&Transaction| !replaced.contains(stored.reference.as_str());
    let now = edits.iter().filter_map(TransactionEdit::now);
    let before = References::of(known.all_histories());
    let after = References::of(known.all_histories().filter(is_kept).chain(now));
    for (index, edit) in edits.iter().enumerate() {
        if let Some(now) = edit.now() {
            let missing = after.missing(now, known);
            if !missing.is_empty() {
                found.entry(index).or_default().extend(missing);
            }
        }
    }
    let Some(first) = edits.iter().position(|edit| edit.was().is_some()) else {
        return found;
    };
    for stored in known.all_histories().filter(is_kept) {
        let already = before.missing(stored, known);
        let missing = after.missing(stored, known).into_iter();
        let new = missing.filter(|warning| !already.contains(warning));
        let left = new.map(|warning| Warning::Leaves {
            reference: stored.reference.clone(),
            warning: Box::new(warning),
        });
        for warning in left {
            found.entry(first).or_default().push(warning);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Correction, LotChoices};
    use crate::import::sample::{day, portfolio, security};

    fn movement(id: &str, owner: u32, kind: TransactionKind) -> Transaction {
        Transaction {
            security: Some(SecurityId(1)),
            quantity: Quantity::whole(5),
            reference: id.to_owned(),
            ..Transaction::new(PortfolioId(owner), day("2026-01-06"), kind)
        }
    }

    fn transferred(id: &str, owner: u32, kind: TransactionKind, other: u32) -> Transaction {
        Transaction {
            counterpart: Some(PortfolioId(other)),
            ..movement(id, owner, kind)
        }
    }

    fn known(stored: &[Transaction]) -> ExistingRecords {
        let owned = |owner: u32| {
            let own = stored.iter().filter(|of| of.portfolio.0 == owner);
            (PortfolioId(owner), own.cloned().collect())
        };
        ExistingRecords::default()
            .with_securities([security(1, "ACME"), security(2, "OTHR")])
            .with_portfolios([1, 2].map(|id| portfolio(id, &format!("P{id}"), "2026-01-05")))
            .with_histories([owned(1), owned(2)])
    }

    fn texts(edits: &[TransactionEdit], stored: &[Transaction]) -> Vec<(usize, String)> {
        let found = missing_references(edits, &known(stored)).into_iter();
        found
            .flat_map(|(index, all)| all.into_iter().map(move |one| (index, one.to_string())))
            .collect()
    }

    #[test]
    fn a_transfer_needs_its_other_side() {
        let out = transferred("o", 1, TransferOut, 2);
        let taken_in = transferred("i", 2, TransferIn, 1);
        let added = |of: &Transaction| TransactionEdit::Added(of.clone());
        let lone = "the equal transfer of `P2` is missing, and no books are computed without it";
        assert_eq!(texts(&[added(&out)], &[]), [(0, lone.to_owned())]);
        assert!(texts(&[added(&out), added(&taken_in)], &[]).is_empty());
        assert!(texts(&[added(&taken_in)], std::slice::from_ref(&out)).is_empty());
        let other_day = Transaction {
            day: day("2026-01-07"),
            ..taken_in.clone()
        };
        assert_eq!(
            texts(&[added(&other_day)], std::slice::from_ref(&out)).len(),
            1
        );
        let moved = TransactionEdit::Corrected(Correction {
            was: taken_in.clone(),
            now: other_day,
        });
        let stored = [out, taken_in.clone()];
        let left = texts(&[moved], &stored);
        assert_eq!(left.len(), 2);
        assert_eq!(left[1].1, format!("transaction `o`: {lone}"));
        let voided = texts(&[TransactionEdit::Voided(taken_in)], &stored);
        assert_eq!(voided, [(0, format!("transaction `o`: {lone}"))]);
    }

    #[test]
    fn a_chosen_lot_needs_its_acquisition() {
        let choices = |text: &str| text.parse::<LotChoices>().ok();
        let sale = |lots: &str| Transaction {
            lots: choices(lots),
            ..movement("s", 1, TransactionKind::Sell)
        };
        let bought = movement("b", 1, Buy);
        let foreign = movement("f", 2, Buy);
        let mut other = movement("x", 1, Buy);
        other.security = Some(SecurityId(2));
        let stored = [bought.clone(), foreign, other];
        let warned = |lots: &str| texts(&[TransactionEdit::Added(sale(lots))], &stored);
        assert!(warned("5@b").is_empty());
        for lot in ["f", "x", "u"] {
            let text = format!(
                "`{lot}` opened no lot of ACME in `P1`, and no books are computed without it"
            );
            assert_eq!(warned(&format!("5@{lot}")), [(0, text)]);
        }
        let stored = [bought.clone(), sale("5@b")];
        let voided = texts(&[TransactionEdit::Voided(bought)], &stored);
        assert_eq!(voided.len(), 1);
        assert!(
            voided[0]
                .1
                .starts_with("transaction `s`: `b` opened no lot")
        );
    }
}
