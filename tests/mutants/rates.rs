//! Faults in exchange rates as inputs: their choice, their age, and what depends on them.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const RATES: &str = "src/phases/rates.rs";
const READINESS: &str = "src/engine/readiness.rs";
const LATE_INPUTS: &str = "src/engine/late_inputs.rs";
const FIRST_RATES: &str = "src/engine/first_rates.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "least-share-inclusive",
        "a cell waits although exactly the least share of its value is priced",
        &[Scenario(
            "gaps_and_corrections/a_cell_with_exactly_the_least_share_priced_does_not_wait",
        )],
        &[edit(
            READINESS,
            "let is_blocked = covered_share < price_wait.min_priced_share;",
            "covered_share < price_wait.min_priced_share",
            "covered_share <= price_wait.min_priced_share",
        )],
    ),
    fault(
        "late-rate-ignored",
        "no cell waits for an exchange rate that is late",
        &[Scenario(
            "exchange_rates/a_late_rate_blocks_its_holders_until_it_arrives",
        )],
        &[edit(
            LATE_INPUTS,
            "let rate = self.late_rate(own, state.history.currency());",
            "self.late_rate(own, state.history.currency())",
            "Vec::new()",
        )],
    ),
    fault(
        "moved-amounts-never-wait",
        "no cell waits for the price or rate of an amount that is moved",
        &[Scenario(
            "exchange_rates/an_amount_that_is_moved_waits_for_its_rate_or_price",
        )],
        &[edit(
            READINESS,
            "let moved = moved.filter(|moved| moved.day == day);",
            "moved.day == day",
            "moved.day != day",
        )],
    ),
    fault(
        "old-rate-of-cash-forgotten",
        "the books after a sale at an old rate show no sign of it",
        &[Scenario(
            "truth/cash_from_a_sale_at_an_old_rate_keeps_its_sign",
        )],
        &[edit(
            "src/phases/aged_moves.rs",
            "None => self.before.push(of_session),",
            "self.before.push(of_session)",
            "{}",
        )],
    ),
    fault(
        "old-rate-waits-for-ever",
        "a cell waits for an exchange rate of any age",
        &[Scenario(
            "exchange_rates/a_rate_older_than_the_limit_no_longer_blocks",
        )],
        &[edit(
            LATE_INPUTS,
            "let price = self.market.as_of(pair, self.session)?;
            self.late_since(pair, price.quality)",
            "self.late_since(pair, price.quality)",
            "let _ = price;
            self.late(pair, 1)",
        )],
    ),
    fault(
        "no-rate-found-by-the-run-only",
        "a plan has steps for cells whose currency never had a rate",
        &[Scenario(
            "exchange_rates/a_currency_without_any_rate_blocks_its_holders_on_every_day",
        )],
        &[edit(
            FIRST_RATES,
            "let day = day.unwrap_or(Day::MAX);",
            "day.unwrap_or(Day::MAX)",
            "day.unwrap_or(inception)",
        )],
    ),
    fault(
        "stale-pair-before-inverse",
        "a pair of any age is used before its inverse",
        &[Scenario(
            "exchange_rates/the_fresher_of_a_pair_and_its_inverse_converts",
        )],
        &[edit(
            RATES,
            "(rate.quality, is_cross, *younger)",
            "(rate.quality, is_cross, *younger)",
            "(PriceQuality::Fresh, is_cross, PriceQuality::Fresh)",
        )],
    ),
    fault(
        "closed-rate-as-good-as-a-fresh-one",
        "a rate that is closed comes before the inverse rate of the session",
        &[Scenario(
            "exchange_rates/a_close_of_the_inverse_pair_comes_before_a_pair_that_is_closed",
        )],
        &[edit(
            RATES,
            "(rate.quality, is_cross, *younger)",
            "(rate.quality, is_cross, *younger)",
            "(rate.quality.max(PriceQuality::Closed), is_cross, (*younger).max(PriceQuality::Closed))",
        )],
    ),
    fault(
        "cross-rate-not-formed",
        "no rate is formed through a common currency",
        &[Scenario(
            "exchange_rates/a_cross_rate_needs_both_of_its_rates",
        )],
        &[edit(
            RATES,
            "self.paths.iter().filter_map(|path| path.rate(&as_of))",
            "path.rate(&as_of)",
            "path.rate(&as_of).filter(|(rate, _)| rate.second.is_none())",
        )],
    ),
    fault(
        "cross-rate-not-invalidated",
        "a changed leg of a cross rate invalidates no cell",
        &[Scenario(
            "exchange_rates/a_corrected_leg_of_a_cross_rate_invalidates_its_holders",
        )],
        &[edit(
            "src/invalidation/rate_uses.rs",
            "if !conversion.securities().contains(&pair.id) {",
            "!conversion.securities().contains(&pair.id)",
            "conversion.securities() != [pair.id]",
        )],
    ),
    fault(
        "rate-returns-not-invalidated",
        "a changed rate leaves the risk of the sessions after it as it was",
        &[Scenario(
            "exchange_rates/a_corrected_leg_of_a_cross_rate_invalidates_its_holders",
        )],
        &[edit(
            "src/invalidation/affected_sessions.rs",
            "by_return.insert_range(at..(at + 1 + window as u32).min(end));",
            "at..(at + 1 + window as u32).min(end)",
            "at..(at + 1 + 0 * window as u32).min(end)",
        )],
    ),
    fault(
        "rate-of-benchmark-not-invalidated",
        "a changed rate leaves the risk against a benchmark in a foreign currency as it was",
        &[Scenario(
            "invalidation/a_corrected_rate_of_a_foreign_benchmark_invalidates_risk",
        )],
        &[edit(
            "src/invalidation/rate_uses.rs",
            "if indexes.contains(from) {",
            "indexes.contains(from)",
            "indexes.len() > usize::MAX - 1",
        )],
    ),
];
