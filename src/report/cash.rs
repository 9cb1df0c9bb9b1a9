//! Renders cash in foreign currencies as facts of a page.

use super::number::{money, signed_money};
use super::page::Page;
use super::palette::Tone;
use crate::domain::output::{ForeignCash, Snapshot};
use crate::domain::{Money, PriceQuality};

/// Adds a line for each balance, with its value and the exchange gain of the session.
pub(super) fn balance_facts(page: &mut Page, books: &Snapshot) {
    for (at, cash) in books.foreign_cash.iter().enumerate() {
        let label = if at == 0 { "foreign cash" } else { "" };
        let balance = format!("{} {}", money(cash.balance), cash.currency);
        let (value, gain) = (money(cash.value), signed_money(cash.fx_gain));
        let mut text = format!("{balance}, value {value}, exchange gain {gain}");
        let is_old = matches!(cash.quality, PriceQuality::Stale(_));
        if is_old {
            text.push_str(&format!(", rate {}", cash.quality));
        }
        let tone = if is_old { Tone::Warning } else { Tone::Normal };
        page.toned_fact(label, tone, &text);
    }
}

/// Adds the exchange gains of all foreign cash since inception, if any was used.
pub(super) fn exchange_fact(page: &mut Page, books: &Snapshot) {
    let cash = &books.foreign_cash;
    let sum = |amount: fn(&ForeignCash) -> Option<Money>| {
        let mut amounts = cash.iter().map(amount);
        amounts.try_fold(Money::ZERO, |sum, amount| sum.plus(amount?))
    };
    let realized = sum(|cash| Some(cash.fx_realized));
    let unrealized = sum(ForeignCash::fx_unrealized);
    if let Some((realized, unrealized)) = realized.zip(unrealized).filter(|_| !cash.is_empty()) {
        let (realized, unrealized) = (signed_money(realized), signed_money(unrealized));
        let text = format!("realized {realized}, unrealized {unrealized}");
        page.fact("exchange", &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Palette;

    #[test]
    fn balances_and_gains_are_facts() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let cash = |currency: &str, balance: &str, quality| ForeignCash {
            currency: currency.parse().unwrap(),
            balance: money(balance),
            value: money("2200"),
            cost: money("2150"),
            quality,
            fx_gain: money("12.5"),
            fx_realized: money("-3"),
        };
        let mut books = crate::report::query_samples::snapshot(1_000.0, 0.01);
        books.foreign_cash = vec![
            cash("EUR", "2000", PriceQuality::Fresh),
            cash("GBP", "1700", PriceQuality::Stale(3)),
        ];
        let mut page = Page::new(Palette::Plain);
        balance_facts(&mut page, &books);
        exchange_fact(&mut page, &books);
        let text = page.finish();
        for part in [
            "2,000.00 EUR, value 2,200.00, exchange gain +12.50",
            "1,700.00 GBP, value 2,200.00, exchange gain +12.50, rate stale(3)",
            "realized -6.00, unrealized +100.00",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
