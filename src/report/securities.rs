//! Renders securities and the attributes that they had before.

use super::page::Page;
use super::palette::{Palette, Tone};
use crate::domain::Quantity;
use crate::query::SecurityView;

/// Securities as text of at most 80 columns.
pub fn securities_text(securities: &[SecurityView], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if securities.is_empty() {
        page.headline(Tone::Normal, "no securities");
    }
    for security in securities {
        let mut terms = vec![security.class.to_string(), security.currency.to_string()];
        if !security.sector.is_empty() {
            terms.push(security.sector.clone());
        }
        if security.multiplier != Quantity::whole(1) {
            terms.push(format!("multiplier {}", security.multiplier));
        }
        if let Some(calendar) = &security.calendar {
            terms.push(format!("calendar {calendar}"));
        }
        if let Some(day) = security.inactive_from {
            terms.push(format!("inactive from {day}"));
        }
        let from = security.valid_from.map(|day| format!(" from {day}"));
        let (symbol, from) = (&security.symbol, from.unwrap_or_default());
        page.item(
            Tone::Normal,
            &format!("{symbol}{from}: {}", terms.join(", ")),
        );
    }
    page.finish()
}
