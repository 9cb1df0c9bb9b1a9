//! Renders realized profit by lot as text and as CSV.

use super::books::csv;
use super::number::{money, plural, quantity, signed_money};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::query::{RealizedGains, Validity};

/// The closed lots as text of at most 80 columns.
pub fn realized_text(realized: &RealizedGains, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let Some(as_of) = realized.as_of else {
        let text = format!("{} has no books yet", realized.name);
        page.headline(Tone::Dim, &text);
        return page.finish();
    };
    let (name, currency) = (&realized.name, realized.currency);
    let total = signed_money(realized.total);
    let lots = plural(realized.lots.len() as u64, "closed lot");
    let (method, fees) = (realized.cost_basis, realized.fees);
    let headline = format!("{name}: realized {total} {currency} up to {as_of}, {lots}");
    page.headline(Tone::Strong, &headline);
    page.item(Tone::Dim, &format!("cost basis {method}, fees {fees}"));
    if let Some(reason) = &realized.unbooked {
        let text = format!("later sessions cannot be booked: {reason}");
        page.item(Tone::Warning, &text);
    }
    let mut lots = realized.lots.iter();
    if let Some(first) = lots.find(|lot| lot.validity == Validity::Stale) {
        let text = format!(
            "not final from {} on: the books are to be done again",
            first.closed
        );
        page.item(Tone::Warning, &text);
    }
    if realized.lots.is_empty() {
        return page.finish();
    }
    page.blank_line();
    let mut table = Table::new([
        Column::elastic("symbol"),
        Column::text("opened"),
        Column::text("closed"),
        Column::number("quantity"),
        Column::number("proceeds"),
        Column::number("cost"),
        Column::number("gain"),
    ]);
    for lot in &realized.lots {
        table.add_row([
            Entry::from(lot.symbol.as_str()),
            Entry::from(lot.opened.to_string()),
            Entry::from(lot.closed.to_string()),
            Entry::from(quantity(lot.quantity)),
            Entry::from(money(lot.proceeds)),
            Entry::from(money(lot.cost)),
            Entry::from(signed_money(lot.gain)),
        ]);
    }
    page.table(&table);
    page.finish()
}

/// The closed lots as CSV with a line of headings.
pub fn realized_csv(realized: &RealizedGains) -> String {
    csv(RealizedGains::HEADINGS, realized.rows())
}
