//! Renders import profiles, and what exports would become, as text and JSON.

use serde_json::{Value, json};

use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::import::profile::Profile;
use crate::import::{Preview, PreviewResult, RowError, TransactionRow};

/// A table of profiles.
pub fn profiles_text(profiles: &[Profile], palette: Palette) -> String {
    let mut page = Page::new(palette);
    let mut table = Table::new([Column::text("profile"), Column::elastic("reads")]);
    for profile in profiles {
        table.add_row([
            Entry::from(profile.name.as_str()),
            Entry::from(profile.title.as_str()),
        ]);
    }
    page.table(&table);
    page.finish()
}

/// Profiles as JSON.
pub fn profiles_json(profiles: &[Profile]) -> Value {
    let profile = |profile: &Profile| json!({ "name": profile.name, "title": profile.title });
    profiles.iter().map(profile).collect()
}

/// A table of the transactions of an export, and below it the rows that are skipped or invalid.
pub fn preview_text(preview: &Preview, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (transactions, skipped, invalid) = counts(preview);
    let tone = if invalid == 0 { Tone::Good } else { Tone::Bad };
    page.headline(
        tone,
        &format!(
            "read by profile {}: {}, {skipped} skipped, {invalid} invalid; nothing was changed",
            preview.profile,
            plural(transactions, "transaction"),
        ),
    );
    let mut table = Table::new([
        Column::number("line"),
        Column::text("date"),
        Column::text("kind"),
        Column::elastic("symbol"),
        Column::number("quantity"),
        Column::number("price"),
        Column::number("amount"),
        Column::text(""),
        Column::extra("fee"),
    ]);
    let mut notes = Vec::new();
    for row in &preview.rows {
        let line = row.line;
        match &row.result {
            PreviewResult::Transaction(transaction) => {
                let [date, kind, symbol, quantity, price, amount, currency, fee] =
                    fields(transaction).map(Entry::from);
                let line = Entry::from(line.to_string());
                table.add_row([
                    line, date, kind, symbol, quantity, price, amount, currency, fee,
                ]);
            }
            PreviewResult::Skipped(reason) => {
                notes.push((Tone::Normal, format!("line {line} skipped: {reason}")));
            }
            PreviewResult::Invalid(errors) => {
                let errors = errors.iter().map(with_hint);
                notes.extend(errors.map(|error| (Tone::Bad, format!("line {line}: {error}"))));
            }
        }
    }
    if transactions > 0 {
        page.table(&table);
    }
    for (tone, note) in notes {
        page.item(tone, &note);
    }
    page.finish()
}

/// Returns the numbers of transactions, skipped and invalid rows.
fn counts(preview: &Preview) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for row in &preview.rows {
        match row.result {
            PreviewResult::Transaction(_) => counts.0 += 1,
            PreviewResult::Skipped(_) => counts.1 += 1,
            PreviewResult::Invalid(_) => counts.2 += 1,
        }
    }
    counts
}

fn with_hint(error: &RowError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// Returns date, kind, symbol, quantity, price, amount, currency and fee.
fn fields(row: &TransactionRow) -> [String; 8] {
    let quantity = (!row.quantity.is_zero()).then(|| row.quantity.to_string());
    let fee = (!row.fee.is_zero()).then(|| row.fee.to_string());
    [
        row.day.to_string(),
        row.kind.to_string(),
        row.symbol.clone().unwrap_or_default(),
        quantity.unwrap_or_default(),
        row.price.map_or(String::new(), |price| price.to_string()),
        row.amount
            .map_or(String::new(), |amount| amount.to_string()),
        row.cash
            .currency
            .map_or(String::new(), |currency| currency.to_string()),
        fee.unwrap_or_default(),
    ]
}

/// The rows of an export as JSON.
pub fn preview_json(preview: &Preview) -> Value {
    let rows = preview.rows.iter().map(|row| match &row.result {
        PreviewResult::Transaction(transaction) => {
            let [date, kind, symbol, quantity, price, amount, currency, fee] = fields(transaction);
            json!({
                "line": row.line,
                "verdict": "transaction",
                "id": transaction.id,
                "portfolio": transaction.portfolio,
                "date": date,
                "time": transaction.time.map(|time| time.to_string()),
                "kind": kind,
                "symbol": symbol,
                "quantity": quantity,
                "price": price,
                "amount": amount,
                "currency": currency,
                "fee": fee,
            })
        }
        PreviewResult::Skipped(reason) => json!({
            "line": row.line,
            "verdict": "skipped",
            "reason": reason,
        }),
        PreviewResult::Invalid(errors) => json!({
            "line": row.line,
            "verdict": "invalid",
            "reasons": errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
    });
    json!({ "profile": preview.profile, "rows": rows.collect::<Vec<_>>() })
}
