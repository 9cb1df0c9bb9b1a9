//! Renders histories of transactions and closes, and the results of taking them back.

use serde_json::{Value, json};

use super::days::minute_utc;
use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::import::apply::{DeletedCloses, VoidedTransactions};
use crate::query::{CloseChangeView, CorrectionView, TransactionHistory, TransactionView};

/// The history of a transaction as text of at most 80 columns.
pub fn transaction_history_text(history: &TransactionHistory, palette: Palette) -> String {
    let mut page = Page::new(palette);
    match &history.now {
        Some(now) => {
            page.headline(Tone::Strong, &history.id);
            page.sentence(Tone::Normal, &transaction_sentence(now));
        }
        None => page.headline(Tone::Warning, &format!("{}: voided", history.id)),
    }
    if history.changes.is_empty() {
        page.sentence(Tone::Dim, "never changed");
    }
    for change in &history.changes {
        let at = minute_utc(change.at);
        let (what, by, reason) = (change.change, &change.by, &change.reason);
        page.item(Tone::Normal, &format!("{what} by {by} at {at}: {reason}"));
        if let Some(was) = &change.was {
            page.detail(&format!("was: {}", transaction_sentence(was)));
        }
    }
    page.finish()
}

/// Describes a transaction, such as `Alpha, 2026-01-06: buy 5 MSFT at 402.25, fee 1`.
fn transaction_sentence(of: &TransactionView) -> String {
    let mut text = format!("{}, {}", of.portfolio, of.date);
    let mut add = |part: String| text.push_str(&part);
    if let Some(time) = &of.time {
        add(format!(" {time}"));
    }
    add(format!(": {}", of.kind));
    for part in of.quantity.iter().chain(&of.symbol) {
        add(format!(" {part}"));
    }
    let in_currency = |amount: &str, currency: &Option<String>| match currency {
        Some(currency) => format!("{amount} {currency}"),
        None => amount.to_owned(),
    };
    if let Some(price) = &of.price {
        add(format!(" at {}", in_currency(price, &of.currency)));
    }
    if let Some(amount) = &of.amount {
        add(format!(", amount {}", in_currency(amount, &of.currency)));
    }
    if let Some(paid) = &of.from_amount {
        add(format!(", paid {}", in_currency(paid, &of.from_currency)));
    }
    if of.fee != "0" {
        let currency = of.fee_currency.as_ref().or(of.currency.as_ref()).cloned();
        add(format!(", fee {}", in_currency(&of.fee, &currency)));
    }
    if let Some(counterpart) = &of.counterpart {
        add(format!(", counterpart {counterpart}"));
    }
    if let Some(lots) = &of.lots {
        add(format!(", lots {lots}"));
    }
    text
}

/// The result of voiding transactions, as text of at most 80 columns.
pub fn voided_text(voided: &VoidedTransactions, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let count = plural(voided.transactions.len() as u64, "transaction");
    page.headline(Tone::Good, &format!("{count} voided"));
    for transaction in &voided.transactions {
        page.item(Tone::Normal, &transaction.reference);
    }
    for warning in &voided.warnings {
        page.item(Tone::Warning, &format!("warning: {warning}"));
    }
    page.sentence(Tone::Normal, &to_do_again(voided.invalidated_count()));
    page.finish()
}

/// The result of voiding transactions, as JSON.
pub fn voided_json(voided: &VoidedTransactions) -> Value {
    let ids = voided.transactions.iter().map(|voided| &voided.reference);
    let warnings = voided.warnings.iter().map(ToString::to_string);
    json!({
        "voided": ids.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
        "phases-to-do-again": voided.invalidated_count(),
    })
}

/// The result of deleting closes of a security, as text of at most 80 columns.
pub fn deleted_closes_text(symbol: &str, deleted: &DeletedCloses, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let count = plural(deleted.closes.len() as u64, "close");
    page.headline(Tone::Good, &format!("{count} of {symbol} deleted"));
    for (day, close) in &deleted.closes {
        page.item(Tone::Normal, &format!("{day} {close}"));
    }
    page.sentence(Tone::Normal, &to_do_again(deleted.invalidated_count()));
    page.finish()
}

/// The result of deleting closes of a security, as JSON.
pub fn deleted_closes_json(symbol: &str, deleted: &DeletedCloses) -> Value {
    let closes = deleted.closes.iter();
    let closes = closes.map(|(day, close)| json!({ "date": day, "close": close.to_string() }));
    json!({
        "symbol": symbol,
        "deleted": closes.collect::<Vec<_>>(),
        "phases-to-do-again": deleted.invalidated_count(),
    })
}

/// The changes of the closes of a security, as text of at most 80 columns.
pub fn close_history_text(symbol: &str, changes: &[CloseChangeView], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if changes.is_empty() {
        page.headline(
            Tone::Normal,
            &format!("no close of {symbol} was ever changed"),
        );
    }
    for change in changes {
        let text = correction_sentence(&format!("{}:", change.date), &change.correction);
        page.item(Tone::Normal, &text);
    }
    page.finish()
}

/// Describes a correction or deletion, such as `2026-01-08: 100 corrected to 101 at …`. `what` comes
/// before the value that was changed.
pub(super) fn correction_sentence(what: &str, change: &CorrectionView) -> String {
    let (was, at) = (&change.was, minute_utc(change.at));
    match (&change.now, &change.by, &change.reason) {
        (Some(now), ..) => format!("{what} {was} corrected to {now} at {at}"),
        (None, Some(by), Some(reason)) => {
            format!("{what} {was} deleted by {by} at {at}: {reason}")
        }
        _ => format!("{what} {was} deleted at {at}"),
    }
}

pub(super) fn to_do_again(phases: u64) -> String {
    match phases {
        0 => "nothing has to be done again".to_owned(),
        phases => format!(
            "to be done again by the next run: {}",
            plural(phases, "cell phase")
        ),
    }
}
