//! Faults in exact amounts: decimals that are cut, values that are rounded twice, signs of closes.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const RAW_CLOSES: &str = "src/import/prices/raw_closes.rs";
const SECURITY: &str = "src/domain/security.rs";
const VALUE: &str = "src/domain/value.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "close-cut-to-eight-decimals",
        "a raw close keeps eight decimals",
        &[Scenario("truth/a_price_of_ten_decimals_loses_none")],
        &[edit(
            RAW_CLOSES,
            "Basis::Raw => Price::from_decimal(raw),",
            "Price::from_decimal(raw)",
            "Price::rounded(raw)",
        )],
    ),
    fault(
        "fine-value-at-eight-decimals",
        "a quantity or price of more decimals is valued as if it had eight",
        &[Scenario("truth/a_coin_is_held_with_eighteen_decimals")],
        &[edit(
            VALUE,
            "None => (fine_units, Price::DECIMALS),",
            "Price::DECIMALS",
            "Price::COMPACT_DECIMALS",
        )],
    ),
    fault(
        "rate-multiplied-instead-of-divided",
        "a value is not divided by the rate",
        &[Scenario(
            "exchange_rates/an_inverse_rate_divides_and_is_rounded_once",
        )],
        &[edit(
            VALUE,
            "let size = divide_product(factors, decimals, rate.denominator())?;",
            "rate.denominator()",
            "1",
        )],
    ),
    fault(
        "future-never-below-zero",
        "a close of a future below zero is refused",
        &[Scenario(
            "truth/a_future_closes_below_zero_and_a_dead_share_at_zero",
        )],
        &[edit(
            SECURITY,
            "Self::Future | Self::Commodity | Self::Index => CloseSigns::Any,",
            "CloseSigns::Any",
            "CloseSigns::NotNegative",
        )],
    ),
    fault(
        "single-zero-taken",
        "a close of zero is never a jump",
        &[Scenario(
            "imports/a_single_zero_and_a_share_below_zero_are_held_back",
        )],
        &[edit(
            RAW_CLOSES,
            "(first.day < last.day).then_some(first.day)",
            "first.day < last.day",
            "true",
        )],
    ),
];
