//! Renders calendars as text.

use super::number::{count_with_noun, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::query::{CalendarSummary, CalendarYear};

/// A table of calendars, and one of those of the user's own.
pub fn calendars_text(calendars: &[CalendarSummary], palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (own, built_in): (Vec<_>, Vec<_>) =
        (calendars.iter()).partition(|calendar| calendar.used_by.is_some());
    page.table(&calendar_table(&built_in, []));
    if !own.is_empty() {
        page.heading("of this database");
        page.table(&calendar_table(
            &own,
            ["securities", "portfolios"].map(Column::number),
        ));
    }
    page.finish()
}

/// A table of calendars, those with uses in these columns.
fn calendar_table<const N: usize>(calendars: &[&CalendarSummary], uses: [Column; N]) -> Table {
    let columns = [
        Column::text("name"),
        Column::elastic("exchange"),
        Column::text("close"),
        Column::text("known"),
        Column::number("a year"),
    ];
    let mut table = Table::new(columns.into_iter().chain(uses));
    for calendar in calendars {
        let used_by = calendar.used_by.into_iter();
        let counts = used_by.flat_map(|uses| [uses.securities, uses.portfolios]);
        let cells = [
            Entry::from(names(calendar)),
            Entry::from(calendar.title.as_str()),
            Entry::from(calendar.close.as_str()),
            Entry::from(format!(
                "{}–{}",
                calendar.first.year(),
                calendar.last.year()
            )),
            Entry::from(calendar.sessions_per_year.to_string()),
        ];
        let counts = counts.map(|count| Entry::from(count.to_string()));
        table.add_row(cells.into_iter().chain(counts));
    }
    table
}

fn names(calendar: &CalendarSummary) -> String {
    match calendar.alias {
        Some(alias) => format!("{}, {alias}", calendar.name),
        None => calendar.name.clone(),
    }
}

/// A calendar, its sources, and its days in one year.
pub fn calendar_text(shown: &CalendarYear, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let calendar = &shown.calendar;
    let sessions = plural(shown.sessions as u64, "session");
    let headline = format!("{}: {sessions} in {}", calendar.title, shown.year);
    page.headline(Tone::Strong, &headline);
    page.blank_line();
    page.fact("name", &names(calendar));
    page.fact("close", &format!("{} {}", calendar.close, calendar.zone));
    page.fact("known", &format!("{} … {}", calendar.first, calendar.last));
    if let Some(year) = calendar.announced {
        page.fact("announced", &format!("to {year}; later years follow rules"));
    }
    let per_year = u64::from(calendar.sessions_per_year);
    page.fact(
        "annualised",
        &format!("by {}", count_with_noun(per_year, "session")),
    );
    if !shown.closed.is_empty() {
        page.heading("closed");
        let closed = shown.closed.iter();
        page.push_lines(closed.map(|closed| {
            let name = closed.name.as_deref().unwrap_or("");
            format!("  {}  {name}", closed.day).trim_end().to_owned()
        }));
    }
    if !shown.early_closes.is_empty() {
        page.heading("early closes");
        let early = shown.early_closes.iter();
        page.push_lines(early.map(|early| format!("  {}  {}", early.day, early.close)));
    }
    if !shown.weekend_sessions.is_empty() {
        page.heading("sessions on weekends");
        page.push_lines(shown.weekend_sessions.iter().map(|day| format!("  {day}")));
    }
    if !calendar.sources.is_empty() {
        page.heading("checked against");
        for source in &calendar.sources {
            page.item(Tone::Dim, source);
        }
    }
    page.finish()
}
