//! Faults in the import: files that are accepted without a question, and failures that stay.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "restated-history-accepted",
        "closes that all differ from the known ones by one ratio are accepted",
        &[Scenario(
            "imports/a_history_restated_by_a_split_is_held_back",
        )],
        &[edit(
            "src/import/prices/validate.rs",
            "if let Some(restatement) = find_restatement(security, overlap, points) {",
            "find_restatement(security, overlap, points)",
            "find_restatement(security, &[], points)",
        )],
    ),
    fault(
        "split-jump-accepted",
        "a close that moves like a split is accepted without the split",
        &[Scenario(
            "imports/a_close_that_falls_like_a_split_is_held_back",
        )],
        &[edit(
            "src/import/prices/restated.rs",
            "Some(match fold < MIN_MOVE || is_gap || is_plausible() {",
            "fold < MIN_MOVE || is_gap || is_plausible()",
            "true",
        )],
    ),
    fault(
        "actions-do-not-change-the-revision",
        "a file of splits or other actions does not count the revision of the sources up",
        &[Scenario(
            "runs/a_split_that_arrives_during_a_run_makes_it_replan",
        )],
        &[edit(
            "src/import/apply/import_file.rs",
            "writing.increment_revision()?;",
            "writing.increment_revision()?;",
            "if file.kind != FileKind::Actions {
                writing.increment_revision()?;
            }",
        )],
    ),
    fault(
        "currency-of-amounts-changed",
        "a portfolio with transactions changes its currency",
        &[Scenario(
            "imports/another_currency_under_known_amounts_is_refused",
        )],
        &[edit(
            "src/import/portfolio_checks.rs",
            "if now.currency == was.currency || known.traded_range(was.id).is_none() {",
            "now.currency == was.currency || known.traded_range(was.id).is_none()",
            "true",
        )],
    ),
    fault(
        "quarantine-outlives-repair",
        "an import keeps the failures of the cells that it repairs",
        &[Scenario(
            "imports/a_late_purchase_ends_the_quarantine_it_repairs",
        )],
        &[edit(
            "src/invalidation/failures.rs",
            "writing.failures().forget(failure.cell, failure.phase)?;",
            "writing.failures().forget(failure.cell, failure.phase)?;",
            "",
        )],
    ),
    fault(
        "opened-short-unquestioned",
        "a sale of more than is held is not questioned",
        &[Scenario(
            "imports/a_sale_of_more_than_is_held_is_refused_if_strict",
        )],
        &[edit(
            "src/import/transactions/doubts.rs",
            "if known.can_be_received(short.security) {",
            "known.can_be_received(short.security)",
            "true",
        )],
    ),
    fault(
        "invalid-row-refuses-the-file",
        "one invalid row holds back all other rows",
        &[Scenario(
            "imports/one_row_without_a_price_holds_back_no_other",
        )],
        &[edit(
            "src/import/verdict.rs",
            "changes: (counts.invalid < counts.rows()).then_some(changes),",
            "counts.invalid < counts.rows()",
            "counts.invalid == 0",
        )],
    ),
    fault(
        "void-keeps-the-transaction",
        "a voided transaction is recorded as voided and still counts",
        &[Scenario(
            "truth/a_voided_deposit_leaves_the_books_that_never_had_it",
        )],
        &[edit(
            "src/import/apply/transactions.rs",
            "writing.entries().remove(&was.reference)?;",
            "writing.entries().remove(&was.reference)?;",
            "",
        )],
    ),
    fault(
        "voided-comes-back",
        "a file that has a voided transaction brings it back",
        &[Scenario(
            "truth/a_voided_deposit_leaves_the_books_that_never_had_it",
        )],
        &[edit(
            "src/import/transactions/validate.rs",
            "if !is_correction {",
            "!is_correction",
            "false",
        )],
    ),
    fault(
        "correction-forgets-the-old-place",
        "a corrected transaction invalidates only the cells of its new portfolio and day",
        &[Scenario(
            "truth/a_corrected_transaction_moves_to_another_portfolio_and_day",
        )],
        &[edit(
            "src/domain/transaction_edit.rs",
            "self.was().into_iter().chain(self.now())",
            "self.was().into_iter().chain(self.now())",
            "self.was().filter(|_| self.now().is_none()).into_iter().chain(self.now())",
        )],
    ),
    fault(
        "correction-without-asking",
        "a known id with other content replaces the transaction without `--correct`",
        &[Scenario(
            "truth/a_corrected_transaction_moves_to_another_portfolio_and_day",
        )],
        &[edit(
            "src/import/transactions/validate.rs",
            "if line.is_none() && is_correction {",
            "line.is_none() && is_correction",
            "line.is_none()",
        )],
    ),
    fault(
        "deleted-close-not-invalidated",
        "a deleted close leaves the cells that used it in the ledger",
        &[Scenario(
            "gaps_and_corrections/a_deleted_close_lets_its_holders_use_the_one_before",
        )],
        &[edit(
            "src/import/apply/withdraw.rs",
            "let days = closes.iter().map(|(day, _)| *day).collect();",
            "closes.iter()",
            "closes[..0].iter()",
        )],
    ),
    fault(
        "reversal-refused",
        "a negative dividend or refund is refused",
        &[Scenario(
            "truth/a_reversed_dividend_and_a_refund_reach_cash",
        )],
        &[edit(
            "src/phases/account.rs",
            "amount.is_negative() && !transaction.kind.can_be_reversed();",
            "!transaction.kind.can_be_reversed()",
            "true",
        )],
    ),
];
