//! Renders the list of portfolios as text and JSON.

use serde_json::{Value, json};

use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::domain::{Calendar, Day, LifecycleStatus, Portfolio};
use crate::query::SHORT_ID_LENGTH;

/// A table of portfolios with inception, last day, state on `today` and, if any has one, calendar. A
/// portfolio that is older than the `database` calendar has cells from a later day on.
pub fn portfolios_text(
    portfolios: &[Portfolio],
    database: &Calendar,
    today: Day,
    palette: Palette,
) -> String {
    let mut page = Page::new(palette);
    if portfolios.is_empty() {
        page.sentence(
            Tone::Normal,
            "no portfolios yet: add some with `plimsoll import portfolios FILE`",
        );
        return page.finish();
    }
    let headings = ["inception", "last day", "state", "currency"];
    let columns = std::iter::once(Column::elastic("portfolio"));
    let columns = columns.chain(headings.map(Column::text));
    // Most databases have no calendars of portfolios.
    let has_calendars = portfolios.iter().any(|known| known.calendar.is_some());
    let calendar = has_calendars.then(|| Column::text("calendar"));
    let has_older = (portfolios.iter()).any(|known| cells_from(known, database).is_some());
    let older = has_older.then(|| Column::text("cells from"));
    let columns = columns.chain(calendar).chain(older);
    let mut table = Table::new(columns.chain([Column::text("id")]));
    for portfolio in portfolios {
        let (tone, state) = state(portfolio, today);
        let lifecycle = &portfolio.lifecycle;
        let closed = lifecycle.closing_day().map(|day| day.to_string());
        let mut row = vec![
            Entry::from(portfolio.name.as_str()),
            Entry::from(lifecycle.inception().to_string()),
            Entry::from(closed.unwrap_or_default()),
            Entry::toned(tone, state),
            Entry::from(portfolio.currency.to_string()),
        ];
        if has_calendars {
            row.push(Entry::from(portfolio.calendar.clone().unwrap_or_default()));
        }
        if has_older {
            let first = cells_from(portfolio, database).map(|day| day.to_string());
            row.push(Entry::from(first.unwrap_or_default()));
        }
        let id = portfolio.key.to_string()[..SHORT_ID_LENGTH].to_owned();
        row.push(Entry::from(id));
        table.add_row(row);
    }
    page.table(&table);
    page.finish()
}

/// Returns the first day of the database's calendar if the portfolio is older.
fn cells_from(portfolio: &Portfolio, database: &Calendar) -> Option<Day> {
    database.cells_from(portfolio.lifecycle.inception())
}

/// The portfolios as a JSON list, with their state on `today`.
pub fn portfolios_json(portfolios: &[Portfolio], database: &Calendar, today: Day) -> Value {
    let list = portfolios.iter().map(|portfolio| {
        json!({
            "id": portfolio.key,
            "name": portfolio.name,
            "currency": portfolio.currency.code(),
            "calendar": portfolio.calendar,
            "inception": portfolio.lifecycle.inception(),
            "cells-from": cells_from(portfolio, database),
            "closed": portfolio.lifecycle.closing_day(),
            "deleted-at": portfolio.lifecycle.deleted_at(),
            "state": state(portfolio, today).1,
        })
    });
    list.collect()
}

fn state(portfolio: &Portfolio, today: Day) -> (Tone, &'static str) {
    let lifecycle = &portfolio.lifecycle;
    match (lifecycle.status_on(today), lifecycle.closing_day()) {
        (LifecycleStatus::Deleted, _) => (Tone::Dim, "deleted"),
        (LifecycleStatus::AfterClose, _) => (Tone::Dim, "closed"),
        (_, Some(_)) => (Tone::Dim, "closing"),
        (_, None) => (Tone::Good, "active"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Lifecycle, NewPortfolio, PortfolioId};

    #[test]
    fn a_portfolio_is_closing_up_to_its_last_day_and_closed_after_it() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let life = Lifecycle::new(day("2026-01-05"));
        let portfolio =
            NewPortfolio::in_dollars("a", life.with_closing_day(Some(day("2026-01-08"))).unwrap())
                .with_id(PortfolioId(1));
        let portfolios = [portfolio];
        let on = |today| {
            portfolios_json(&portfolios, &Calendar::new_york(), day(today))[0]["state"].clone()
        };
        assert_eq!(on("2026-01-08"), "closing");
        assert_eq!(on("2026-01-09"), "closed");
    }
}
