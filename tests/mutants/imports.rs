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
            place: "if held >= Decimal::ZERO || before < Decimal::ZERO {",
            text: "held >= Decimal::ZERO || before < Decimal::ZERO",
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
];
