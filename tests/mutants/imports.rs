//! Faults in the import: files that are accepted without a question, and failures that stay.

use crate::mutant::{Change, Detection, Edit, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "restated-history-accepted",
        fault: "closes that all differ from the known ones by one ratio are accepted",
        change: Change::Source(&[Edit {
            file: "src/import/prices/validate.rs",
            place: "if let Some(restatement) = find_restatement(security, overlap, points) {",
            text: "find_restatement(security, overlap, points)",
            mutated: "find_restatement(security, &[], points)",
        }]),
        found_by: &[Detection::Scenario(
            "imports/a_history_restated_by_a_split_is_held_back",
        )],
    },
    Mutant {
        name: "split-jump-accepted",
        fault: "a close that moves like a split is accepted without the split",
        change: Change::Source(&[Edit {
            file: "src/import/prices/restated.rs",
            place: "if let Some(split) = SplitRatio::near(factor, MAX_MOVE) {",
            text: "SplitRatio::near(factor, MAX_MOVE)",
            mutated: "SplitRatio::near(factor, MAX_MOVE).filter(|_| false)",
        }]),
        found_by: &[Detection::Scenario(
            "imports/a_close_that_falls_like_a_split_is_held_back",
        )],
    },
    Mutant {
        name: "currency-of-amounts-changed",
        fault: "a portfolio with transactions changes its currency",
        change: Change::Source(&[Edit {
            file: "src/import/portfolios.rs",
            place: "if now.currency == was.currency || known.traded_range(was.id).is_none() {",
            text: "now.currency == was.currency || known.traded_range(was.id).is_none()",
            mutated: "true",
        }]),
        found_by: &[Detection::Scenario(
            "imports/another_currency_under_known_amounts_is_refused",
        )],
    },
    Mutant {
        name: "quarantine-outlives-repair",
        fault: "an import keeps the failures of the cells that it repairs",
        change: Change::Source(&[Edit {
            file: "src/import/apply/failures.rs",
            place: "writing.failures().forget(failure.cell, failure.phase)?;",
            text: "writing.failures().forget(failure.cell, failure.phase)?;",
            mutated: "",
        }]),
        found_by: &[Detection::Scenario(
            "imports/a_late_purchase_ends_the_quarantine_it_repairs",
        )],
    },
    Mutant {
        name: "opened-short-unquestioned",
        fault: "a sale of more than is held is not questioned",
        change: Change::Source(&[Edit {
            file: "src/import/transactions/doubts.rs",
            place: "if known.can_be_received(short.security) {",
            text: "known.can_be_received(short.security)",
            mutated: "true",
        }]),
        found_by: &[Detection::Scenario(
            "imports/a_sale_of_more_than_is_held_is_refused_if_strict",
        )],
    },
    Mutant {
        name: "invalid-row-refuses-the-file",
        fault: "one invalid row holds back all other rows",
        change: Change::Source(&[Edit {
            file: "src/import/verdict.rs",
            place: "changes: (counts.invalid < counts.rows()).then_some(changes),",
            text: "counts.invalid < counts.rows()",
            mutated: "counts.invalid == 0",
        }]),
        found_by: &[Detection::Scenario(
            "imports/one_row_without_a_price_holds_back_no_other",
        )],
    },
    Mutant {
        name: "void-keeps-the-transaction",
        fault: "a voided transaction is recorded as voided and still counts",
        change: Change::Source(&[Edit {
            file: "src/import/apply/transactions.rs",
            place: "writing.entries().remove(&was.reference)?;",
            text: "writing.entries().remove(&was.reference)?;",
            mutated: "",
        }]),
        found_by: &[Detection::Scenario(
            "truth/a_voided_deposit_leaves_the_books_that_never_had_it",
        )],
    },
    Mutant {
        name: "voided-comes-back",
        fault: "a file that has a voided transaction brings it back",
        change: Change::Source(&[Edit {
            file: "src/import/transactions/validate.rs",
            place: "if !is_correction {",
            text: "!is_correction",
            mutated: "false",
        }]),
        found_by: &[Detection::Scenario(
            "truth/a_voided_deposit_leaves_the_books_that_never_had_it",
        )],
    },
    Mutant {
        name: "correction-forgets-the-old-place",
        fault: "a corrected transaction invalidates only the cells of its new portfolio and day",
        change: Change::Source(&[Edit {
            file: "src/domain/transaction_edit.rs",
            place: "self.was().into_iter().chain(self.now())",
            text: "self.was().into_iter().chain(self.now())",
            mutated: "self.was().filter(|_| self.now().is_none()).into_iter().chain(self.now())",
        }]),
        found_by: &[Detection::Scenario(
            "truth/a_corrected_transaction_moves_to_another_portfolio_and_day",
        )],
    },
    Mutant {
        name: "correction-without-asking",
        fault: "a known id with other content replaces the transaction without `--correct`",
        change: Change::Source(&[Edit {
            file: "src/import/transactions/validate.rs",
            place: "if line.is_none() && is_correction {",
            text: "line.is_none() && is_correction",
            mutated: "line.is_none()",
        }]),
        found_by: &[Detection::Scenario(
            "truth/a_corrected_transaction_moves_to_another_portfolio_and_day",
        )],
    },
    Mutant {
        name: "deleted-close-not-invalidated",
        fault: "a deleted close leaves the cells that used it in the ledger",
        change: Change::Source(&[Edit {
            file: "src/import/apply/withdraw.rs",
            place: "let deleted = closes.iter().map(|(day, _)| *day).collect();",
            text: "closes.iter()",
            mutated: "closes[..0].iter()",
        }]),
        found_by: &[Detection::Scenario(
            "gaps_and_corrections/a_deleted_close_lets_its_holders_use_the_one_before",
        )],
    },
    Mutant {
        name: "reversal-refused",
        fault: "a negative dividend or refund is refused",
        change: Change::Source(&[Edit {
            file: "src/phases/account.rs",
            place: "amount.is_negative() && !transaction.kind.can_be_reversed();",
            text: "!transaction.kind.can_be_reversed()",
            mutated: "true",
        }]),
        found_by: &[Detection::Scenario(
            "truth/a_reversed_dividend_and_a_refund_reach_cash",
        )],
    },
];
