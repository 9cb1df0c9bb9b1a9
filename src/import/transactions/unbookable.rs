//! Finds transactions that no later file could make bookable: lots chosen at an average cost, a
//! counterpart in another currency, and cash or units that no longer fit their types. From the day of
//! such a transaction on there would be no books.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Currency, ExchangeRate, LotMethod, Money, Portfolio, PortfolioId, Quantity, SecurityId,
    Transaction, TransactionEdit, TransactionKind,
};
use crate::import::existing::ExistingRecords;
use crate::import::row_error::RowError;
use crate::import::unbookable_error::UnbookableError;

/// Money below this does not reach the limit in a million transactions of one portfolio.
const LARGE_MONEY: Money = Money::from_units(Money::MAX.units() / 1_000_000);

/// Returns the errors of added and corrected transactions, by the index of the edit. `known` must hold
/// the histories of the portfolios with [`is_large`] transactions.
pub(super) fn unbookable(
    edits: &[TransactionEdit],
    known: &ExistingRecords,
) -> BTreeMap<usize, RowError> {
    let mut errors = BTreeMap::new();
    for (index, now) in (0..)
        .zip(edits)
        .filter_map(|(index, edit)| Some((index, edit.now()?)))
    {
        let Some(portfolio) = known.portfolio_with_id(now.portfolio) else {
            continue;
        };
        let error = lots_at_average_cost(now, portfolio)
            .or_else(|| currency_of_counterpart(now, portfolio, known))
            .or_else(|| value_beyond_money(now, known));
        errors.extend(error.map(|error| (index, error)));
    }
    for (index, error) in beyond_totals(edits, known) {
        errors.entry(index).or_insert(error);
    }
    errors
}

fn lots_at_average_cost(now: &Transaction, portfolio: &Portfolio) -> Option<RowError> {
    let lots = now.lots.as_ref()?;
    let reason = UnbookableError::LotsAtAverageCost {
        portfolio: portfolio.name.clone(),
    };
    let is_average = portfolio.cost_basis.method == LotMethod::Average;
    is_average.then(|| RowError::in_column("lots", lots, reason))
}

fn currency_of_counterpart(
    now: &Transaction,
    portfolio: &Portfolio,
    known: &ExistingRecords,
) -> Option<RowError> {
    let other = known.portfolio_with_id(now.counterpart?)?;
    let reason = UnbookableError::CurrencyOfCounterpart {
        counterpart: other.currency,
        own: portfolio.currency,
    };
    let differs = other.currency != portfolio.currency;
    differs.then(|| RowError::in_column("counterpart", &other.name, reason))
}

/// Returns the error of a trade or transfer whose own value does not fit.
fn value_beyond_money(now: &Transaction, known: &ExistingRecords) -> Option<RowError> {
    let (price, None) = (now.price?, now.amount) else {
        return None;
    };
    let security = known.security_with_id(now.security?)?;
    // A rate can make the value fit again.
    if known.portfolio_with_id(now.portfolio)?.currency != security.currency {
        return None;
    }
    let value = price.converted_value(
        now.quantity,
        security.multiplier_on(now.day),
        ExchangeRate::ONE,
    );
    value.is_none().then(|| {
        let max = Money::MAX;
        RowError::in_column("price", price, UnbookableError::ValueBeyondMoney { max })
    })
}

/// Returns whether transactions of this size can add up to more than a number holds.
pub(crate) fn is_large(amounts: impl IntoIterator<Item = Money>, quantity: Quantity) -> bool {
    let size = |amount: Money| {
        if amount.is_negative() {
            amount.negated()
        } else {
            Some(amount)
        }
    };
    let mut amounts = amounts.into_iter();
    amounts.any(|amount| size(amount).is_none_or(|size| size > LARGE_MONEY))
        || quantity.compact().is_none() && quantity > Quantity::from_units(i64::MAX)
}

/// Returns the first change of each portfolio by which its cash or its units no longer fit.
fn beyond_totals(edits: &[TransactionEdit], known: &ExistingRecords) -> Vec<(usize, RowError)> {
    let large = edits.iter().filter_map(TransactionEdit::now).filter(|now| {
        let amounts = [now.amount, now.cash.from_amount, Some(now.fee)];
        let trade = now.price.is_some() && now.amount.is_none();
        let value = trade.then(|| traded_value(now, known).unwrap_or(Money::MAX));
        is_large(amounts.into_iter().flatten().chain(value), now.quantity)
    });
    let portfolios: BTreeSet<PortfolioId> = large.map(|now| now.portfolio).collect();
    let replaced: BTreeSet<&str> = (edits.iter().filter_map(TransactionEdit::was))
        .map(|was| was.reference.as_str())
        .collect();
    let mut errors = Vec::new();
    for id in portfolios {
        let Some(portfolio) = known.portfolio_with_id(id) else {
            continue;
        };
        let stored = known.history(id).unwrap_or_default();
        let kept = stored
            .iter()
            .filter(|of| !replaced.contains(of.reference.as_str()));
        let kept: Vec<&Transaction> = kept.collect();
        // An earlier version accepted them; the new rows are not to blame.
        if Totals::first_beyond(kept.clone(), portfolio, known).is_some() {
            continue;
        }
        let new = edits.iter().filter_map(TransactionEdit::now);
        let new = new.filter(|now| now.portfolio == id);
        let all = kept.into_iter().chain(new).collect();
        let Some((failing, reason)) = Totals::first_beyond(all, portfolio, known) else {
            continue;
        };
        let is_failing = |edit: &TransactionEdit| {
            edit.now()
                .is_some_and(|now| now.reference == failing.reference)
        };
        let is_of_portfolio =
            |edit: &TransactionEdit| edit.now().is_some_and(|now| now.portfolio == id);
        let index = edits.iter().position(is_failing);
        if let Some(index) = index.or_else(|| edits.iter().position(is_of_portfolio)) {
            let changed = edits[index].now();
            let error = match reason {
                UnbookableError::UnitsBeyondRange { .. } => {
                    let quantity = changed.map(|now| now.quantity).unwrap_or_default();
                    RowError::in_column("quantity", quantity, reason)
                }
                _ => {
                    let amount = changed.and_then(|now| now.amount);
                    let amount = amount.map_or(String::new(), |amount| amount.to_string());
                    RowError::in_column("amount", amount, reason)
                }
            };
            errors.push((index, error));
        }
    }
    errors
}

/// Returns quantity × multiplier × price in the currency of the price, if it fits.
fn traded_value(of: &Transaction, known: &ExistingRecords) -> Option<Money> {
    let security = known.security_with_id(of.security?)?;
    let price = of.price?;
    price.converted_value(
        of.quantity,
        security.multiplier_on(of.day),
        ExchangeRate::ONE,
    )
}

/// Cash by currency and units by security after some transactions of a portfolio.
#[derive(Default)]
struct Totals {
    cash: BTreeMap<Currency, Money>,
    units: BTreeMap<SecurityId, Quantity>,
}

impl Totals {
    /// Returns the first transaction, in booking order, after which a total does not fit. Splits are
    /// left out, and cash that depends on a rate.
    fn first_beyond<'t>(
        mut transactions: Vec<&'t Transaction>,
        portfolio: &Portfolio,
        known: &ExistingRecords,
    ) -> Option<(&'t Transaction, UnbookableError)> {
        transactions.sort_by(|a, b| a.booking_order(b));
        let mut totals = Self::default();
        transactions.into_iter().find_map(|of| {
            let reason = totals.add(of, portfolio, known)?;
            Some((of, reason))
        })
    }

    /// Adds a transaction; returns the reason if a total does not fit.
    fn add(
        &mut self,
        of: &Transaction,
        portfolio: &Portfolio,
        known: &ExistingRecords,
    ) -> Option<UnbookableError> {
        let security = of.security.and_then(|id| known.security_with_id(id));
        let is_converted = of.amount.is_none()
            && of.cash.currency.is_none()
            && security.is_some_and(|security| security.currency != portfolio.currency);
        if !is_converted {
            let multiplier = security.map_or(Quantity::whole(1), |security| {
                security.multiplier_on(of.day)
            });
            for (currency, amount) in of.cash_moves(portfolio.currency, multiplier) {
                let cash = self.cash.entry(currency).or_default();
                match cash.plus(amount) {
                    Some(sum) => *cash = sum,
                    None => {
                        return Some(UnbookableError::CashBeyondMoney {
                            currency,
                            max: Money::MAX,
                        });
                    }
                }
            }
        }
        if let Some(security) = security
            && of.kind.is_movement()
        {
            let is_taken = matches!(
                of.kind,
                TransactionKind::Sell | TransactionKind::TransferOut
            );
            let moved = if is_taken {
                of.quantity.negated()
            } else {
                Some(of.quantity)
            };
            let units = self.units.entry(security.id).or_default();
            match moved.and_then(|moved| units.plus(moved)) {
                Some(sum) => *units = sum,
                None => {
                    let symbol = security.symbol.clone();
                    return Some(UnbookableError::UnitsBeyondRange {
                        symbol,
                        max: Quantity::MAX,
                    });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CostBasis;
    use crate::import::sample::{day, portfolio, security};

    fn movement(id: &str, kind: TransactionKind) -> Transaction {
        Transaction {
            reference: id.to_owned(),
            ..Transaction::new(PortfolioId(1), day("2026-01-06"), kind)
        }
    }

    fn deposit(id: &str, amount: &str) -> Transaction {
        Transaction {
            amount: Some(amount.parse().unwrap()),
            ..movement(id, TransactionKind::Deposit)
        }
    }

    fn transfer(id: &str, quantity: &str) -> Transaction {
        Transaction {
            security: Some(SecurityId(1)),
            quantity: quantity.parse().unwrap(),
            ..movement(id, TransactionKind::TransferIn)
        }
    }

    fn known(stored: &[Transaction]) -> ExistingRecords {
        let mut euro = portfolio(2, "P2", "2026-01-05");
        euro.currency = "EUR".parse().unwrap();
        let mut average = portfolio(3, "P3", "2026-01-05");
        average.cost_basis = CostBasis {
            method: LotMethod::Average,
            ..CostBasis::default()
        };
        ExistingRecords::default()
            .with_securities([security(1, "ACME")])
            .with_portfolios([portfolio(1, "P1", "2026-01-05"), euro, average])
            .with_histories([(PortfolioId(1), stored.to_vec())])
    }

    fn columns(new: &[Transaction], stored: &[Transaction]) -> Vec<(usize, Option<String>)> {
        let edits: Vec<_> = new.iter().cloned().map(TransactionEdit::Added).collect();
        let errors = unbookable(&edits, &known(stored)).into_iter();
        errors.map(|(index, error)| (index, error.column)).collect()
    }

    fn column(index: usize, name: &str) -> Vec<(usize, Option<String>)> {
        vec![(index, Some(name.to_owned()))]
    }

    #[test]
    fn cash_that_adds_up_beyond_money_is_refused() {
        let large = |id| deposit(id, "900000000000000");
        assert_eq!(columns(&[large("a")], &[]), []);
        assert_eq!(columns(&[large("a"), large("b")], &[]), column(1, "amount"));
        assert_eq!(columns(&[large("b")], &[large("a")]), column(0, "amount"));
        let paid = Transaction {
            kind: TransactionKind::Withdrawal,
            ..large("b")
        };
        // Deposits come first on a day.
        let later = Transaction {
            day: day("2026-01-07"),
            ..large("c")
        };
        assert_eq!(columns(&[large("a"), paid, later], &[]), []);
        // Nothing new can be blamed on the file.
        assert_eq!(columns(&[large("c")], &[large("a"), large("b")]), []);
    }

    #[test]
    fn units_and_values_that_do_not_fit_are_refused() {
        let many = |id| transfer(id, "9000000000000000000");
        assert_eq!(columns(&[many("a")], &[]), []);
        assert_eq!(columns(&[many("a"), many("b")], &[]), column(1, "quantity"));
        let bought = Transaction {
            kind: TransactionKind::Buy,
            price: Some("1000000".parse().unwrap()),
            ..transfer("a", "1000000000000")
        };
        assert_eq!(columns(&[bought], &[]), column(0, "price"));
    }

    #[test]
    fn lots_at_average_cost_and_another_currency_of_the_counterpart_are_refused() {
        let sale = Transaction {
            portfolio: PortfolioId(3),
            kind: TransactionKind::Sell,
            lots: "5@b".parse().ok(),
            ..transfer("s", "5")
        };
        assert_eq!(columns(std::slice::from_ref(&sale), &[]), column(0, "lots"));
        let first_in = Transaction {
            portfolio: PortfolioId(1),
            ..sale
        };
        assert_eq!(columns(&[first_in], &[]), []);
        let received = Transaction {
            counterpart: Some(PortfolioId(2)),
            ..transfer("t", "5")
        };
        assert_eq!(columns(&[received], &[]), column(0, "counterpart"));
    }
}
