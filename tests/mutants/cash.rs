//! Faults in cash of several currencies: its value, its gains, and what depends on its rates.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const ACCOUNT: &str = "src/phases/account.rs";
const FOREIGN_BALANCE: &str = "src/phases/foreign_balance.rs";
const READINESS: &str = "src/engine/readiness.rs";
const CASH_USES: &str = "src/invalidation/cash_uses.rs";
const CHANGES: &str = "src/scenario/runner/changes.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "exchange-gain-counts-payments",
        "the exchange gain of a session contains what was paid in",
        &[Scenario(
            "cash_in_currencies/euros_bought_and_spent_have_an_exchange_gain_of_their_own",
        )],
        &[edit(
            FOREIGN_BALANCE,
            "value.minus(self.value_before)).and_then(|change| change.minus(self.moved))",
            "change.minus(self.moved)",
            "Some(change)",
        )],
    ),
    fault(
        "fee-in-the-currency-of-the-amount",
        "a fee in a currency of its own is paid in that of the amount",
        &[Scenario(
            "cash_in_currencies/euros_bought_and_spent_have_an_exchange_gain_of_their_own",
        )],
        &[edit(
            ACCOUNT,
            "let currency = transaction.cash.fee_currency_or(own);",
            "transaction.cash.fee_currency_or(own)",
            "transaction.cash.currency_or(own)",
        )],
    ),
    fault(
        "foreign-cash-does-not-wait",
        "no cell waits for the rate of its foreign cash",
        &[Scenario(
            "cash_in_currencies/cash_at_a_rate_older_than_the_limit_is_valued_and_shown_as_stale",
        )],
        &[edit(
            READINESS,
            "let cash = cash.map(|held| (held.value, late.of_rate(held.currency, own)));",
            "late.of_rate(held.currency, own)",
            "late.of_rate(own, own)",
        )],
    ),
    fault(
        "rate-of-cash-invalidates-books-only",
        "a changed rate of foreign cash keeps exposures and risk",
        &[Scenario(
            "cash_in_currencies/a_corrected_rate_invalidates_the_cells_that_convert_cash_at_it",
        )],
        &[edit(
            CASH_USES,
            "affected.add(*day, NAV_USERS, &id);",
            "NAV_USERS",
            "BOOKS",
        )],
    ),
    fault(
        "rate-of-payments-invalidates-nothing",
        "a changed rate keeps the flows and costs of foreign cash that moved at it",
        &[Scenario(
            "cash_in_currencies/a_corrected_rate_invalidates_the_cells_that_convert_cash_at_it",
        )],
        &[edit(
            CASH_USES,
            "if !self.changed.by_price.contains(at as u32) {
                continue;",
            "!self.changed.by_price.contains(at as u32)",
            "true",
        )],
    ),
    fault(
        "step-loses-the-currency",
        "a transaction of a step loses the currency of its cash",
        &[Scenario(
            "cash_in_currencies/a_transaction_of_a_step_keeps_its_currencies",
        )],
        &[edit(
            CHANGES,
            "text(transaction.cash.currency)",
            "text(transaction.cash.currency)",
            "String::new()",
        )],
    ),
];
