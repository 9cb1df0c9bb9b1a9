//! Faults in the numbers of books and in the reasons that plans give.

use crate::execution::{edit, fault, insert};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const VALUATION: &str = "src/phases/valuation.rs";
const ACCOUNT: &str = "src/phases/account.rs";
const CORPORATE_ACTIONS: &str = "src/phases/account/corporate_actions.rs";
const SPLIT_RATIO: &str = "src/domain/lots/split_ratio.rs";
const LOTS: &str = "src/domain/lots/lots.rs";
const DECIDE: &str = "src/plan/decide.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "flow-counts-as-profit",
        "a deposit counts as profit of its day",
        &[Scenario(
            "truth/a_late_deposit_raises_the_nav_from_its_day_and_is_no_profit",
        )],
        &[edit(
            VALUATION,
            "pnl: to_money(nav - before - flow, day)?",
            "nav - before - flow",
            "nav - before",
        )],
    ),
    fault(
        "nav-without-cash",
        "the net asset value leaves out the cash",
        &[Scenario(
            "truth/a_corrected_close_changes_the_nav_of_its_day_and_the_profit_of_the_next",
        )],
        &[edit(
            VALUATION,
            "(totals.net - totals.long, totals.cash + totals.net)",
            "totals.cash + totals.net",
            "totals.net",
        )],
    ),
    fault(
        "old-price-counts-as-fresh",
        "a holding valued at an older close counts as fresh",
        &[Scenario(
            "truth/a_small_holding_without_a_close_is_valued_at_an_older_price_and_shown_as_stale",
        )],
        &[edit(
            VALUATION,
            "(as_of.price, as_of.quality.max(value.rate), value.money)",
            "as_of.quality.max(value.rate)",
            "PriceQuality::Fresh",
        )],
    ),
    fault(
        "split-applied-inversely",
        "a split divides the shares that it should multiply",
        &[Scenario("truth/a_split_changes_the_shares_and_not_the_nav")],
        &[edit(
            CORPORATE_ACTIONS,
            "let closed = self.holdings[at].lots.split(split.new, split.old);",
            "self.holdings[at].lots.split(split.new, split.old)",
            "self.holdings[at].lots.split(split.old, split.new)",
        )],
    ),
    fault(
        "rounding-left-in-the-books",
        "a sale as the broker rounds each lot leaves a unit of the last decimal",
        &[Scenario(
            "corporate_actions/a_sale_as_the_broker_rounds_each_lot_leaves_nothing",
        )],
        &[edit(
            LOTS,
            "let quantity = self.within_rounding(lot.quantity);",
            "self.within_rounding(lot.quantity)",
            "lot.quantity",
        )],
    ),
    fault(
        "spin-offs-share-the-rest",
        "the second spin-off of a day takes its share of what the first left",
        &[Scenario(
            "corporate_actions/two_spin_offs_of_one_day_share_the_original_cost",
        )],
        &[edit(
            "src/phases/account/corporate_actions.rs",
            "lots.spin_off_of(original, *before, share, (new, old))?",
            "lots.spin_off_of(original, *before, share, (new, old))",
            "lots.spin_off_of(&lots.clone(), CostShare::ZERO, share, (new, old))",
        )],
    ),
    fault(
        "fees-never-in-cost",
        "fees are an expense although the portfolio capitalizes them",
        &[Scenario(
            "truth/a_portfolio_keeps_the_cost_basis_of_its_file",
        )],
        &[edit(
            "src/phases/account/foreign_cash.rs",
            "let (fee, day) = (transaction.fee, transaction.day);",
            "transaction.fee",
            "Money::ZERO",
        )],
    ),
    fault(
        "average-as-first-in-first-out",
        "a sale at average cost takes the cost of the oldest lots",
        &[Scenario(
            "truth/a_portfolio_keeps_the_cost_basis_of_its_file",
        )],
        &[edit(
            "src/phases/account/received_lots.rs",
            "lots: Lots::new(self.cost_basis.method),",
            "Lots::new(self.cost_basis.method)",
            "Lots::default()",
        )],
    ),
    fault(
        "cost-basis-invalidates-nothing",
        "another cost basis leaves the books as they are",
        &[Scenario(
            "truth/a_portfolio_keeps_the_cost_basis_of_its_file",
        )],
        &[edit(
            "src/invalidation/portfolios.rs",
            "Change::between(\"cost basis\", &old.method, &new.method),",
            "&new.method",
            "&old.method",
        )],
    ),
    fault(
        "transfer-between-portfolios-realizes",
        "a transfer to another portfolio realizes its market value",
        &[Scenario(
            "truth/a_transfer_between_portfolios_carries_cost_and_realizes_nothing",
        )],
        &[edit(
            ACCOUNT,
            "let is_given = movement.transaction.counterpart.is_some();",
            "movement.transaction.counterpart.is_some()",
            "false",
        )],
    ),
    fault(
        "receivers-never-invalidated",
        "a late transaction of a giver leaves the books of its receivers",
        &[Scenario(
            "truth/a_transfer_between_portfolios_carries_cost_and_realizes_nothing",
        )],
        &[edit(
            "src/invalidation/carried_lots.rs",
            "if !facts.reading.entries().has_counterparts()? {",
            "!facts.reading.entries().has_counterparts()?",
            "true",
        )],
    ),
    fault(
        "chosen-lots-ignored",
        "a sale closes the oldest lots although it names others",
        &[Scenario("truth/a_sale_closes_the_lots_that_it_names")],
        &[insert(
            ACCOUNT,
            "let Some(choices) = &booking.transaction.lots else {",
            "return Ok(None);",
        )],
    ),
    fault(
        "split-rounds-each-lot",
        "a split rounds each lot for itself",
        &[Scenario(
            "truth/a_split_rounds_the_total_of_three_lots_once",
        )],
        &[edit(
            SPLIT_RATIO,
            "total = total.checked_add(exact)?;",
            "total = total.checked_add(exact)?;",
            "(total, shown) = (exact, 0);",
        )],
    ),
    fault(
        "split-forgets-fractions",
        "a split starts from the rounded quantities of the split before",
        &[Scenario(
            "truth/a_split_rounds_the_total_of_three_lots_once",
        )],
        &[edit(
            SPLIT_RATIO,
            "let fraction = fractions.map_or(0, |fractions| fractions.numerators[at]);",
            "fractions.map_or(0, |fractions| fractions.numerators[at])",
            "fractions.map_or(0, |_| 0)",
        )],
    ),
    fault(
        "forced-reported-as-stale",
        "a forced cell is planned as one whose sources changed",
        &[Scenario("truth/a_forced_day_gives_the_same_amounts_again")],
        &[edit(
            DECIDE,
            "InvalidationCause::Forced => StepReason::Forced(invalidation.id),",
            "StepReason::Forced(invalidation.id)",
            "StepReason::Stale(invalidation.id)",
        )],
    ),
    fault(
        "closed-reported-as-not-begun",
        "days after a closing day are skipped as days before the inception",
        &[Scenario(
            "truth/each_cell_outside_a_lifetime_is_skipped_for_its_own_reason",
        )],
        &[edit(
            DECIDE,
            "draft.skip(SkipReason::AfterClose, active.after_close.clone());",
            "SkipReason::AfterClose",
            "SkipReason::BeforeInception",
        )],
    ),
    fault(
        "spin-off-without-units",
        "a spin-off gives no units",
        &[Scenario(
            "corporate_actions/a_late_spin_off_gives_its_holders_the_new_share",
        )],
        &[edit(
            "src/phases/account/corporate_actions.rs",
            "deliveries.delivered.push((delivery.security, received));",
            "deliveries.delivered.push((delivery.security, received));",
            "drop(received);",
        )],
    ),
    fault(
        "delisting-keeps-holding",
        "a delisted holding stays in the books",
        &[Scenario(
            "corporate_actions/a_delisted_share_leaves_the_books_at_its_final_value",
        )],
        &[edit(
            "src/phases/account/corporate_actions.rs",
            "(None, Some(cash)) if action.kind.ends_holding() => close_all(lots, cash),",
            "action.kind.ends_holding()",
            "false",
        )],
    ),
    fault(
        "late-action-not-invalidated",
        "a corporate action that arrives late invalidates no cell",
        &[Scenario(
            "corporate_actions/a_late_spin_off_gives_its_holders_the_new_share",
        )],
        &[edit(
            "src/invalidation/corporate_actions.rs",
            "let mut affected = affected_by_quantity(day, &owners);",
            "affected_by_quantity(day, &owners)",
            "AffectedCells::default()",
        )],
    ),
    fault(
        "average-cost-by-lot",
        "returned capital has a limit in each lot of a pool",
        &[Scenario(
            "corporate_actions/an_average_cost_is_one_pool_for_returned_capital",
        )],
        &[edit(
            "src/domain/lots/lots/actions.rs",
            "if self.method == LotMethod::Average {",
            "self.method == LotMethod::Average",
            "false",
        )],
    ),
    fault(
        "symbol-of-any-day",
        "a row names a security by a symbol that it has on another day",
        &[Scenario(
            "corporate_actions/a_share_with_a_new_symbol_keeps_its_history",
        )],
        &[edit(
            "src/domain/symbols.rs",
            "let bearing = periods.filter(|(_, period)| period.symbol == symbol && period.contains(day));",
            "period.symbol == symbol && period.contains(day)",
            "period.symbol == symbol",
        )],
    ),
    fault(
        "deleted-split-not-invalidated",
        "a deleted split invalidates no cell",
        &[Scenario(
            "corporate_actions/a_deleted_action_leaves_the_books_as_they_were",
        )],
        &[edit(
            "src/invalidation/splits.rs",
            "cells: affected_by_split(&facts, security, split)?.into_cells(),",
            "affected_by_split(&facts, security, split)?",
            "AffectedCells::default()",
        )],
    ),
];
