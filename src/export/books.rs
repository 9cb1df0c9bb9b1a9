//! Writes the books of each portfolio: a row for each session, for its foreign cash, and for each of its
//! positions.

use super::error::ExportError;
use super::sources::unambiguous_names;
use super::table_file::{ExportedTable, TableFile};
use super::target::Target;
use crate::domain::{Cell, Portfolio};
use crate::engine::Settings;
use crate::query::{Books, BooksReader, PositionsView};
use crate::store::ReadTransaction;

pub(super) fn write(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    target: Target<'_>,
    portfolios: &[Portfolio],
) -> Result<[ExportedTable; 3], ExportError> {
    let reader = BooksReader::new(reading, settings)?;
    let names = unambiguous_names(portfolios);
    let of_portfolio = |columns: &[&'static str]| [&["portfolio"][..], columns].concat();
    let position_columns = [&["day", "validity"][..], &PositionsView::HEADINGS].concat();
    let begin =
        |name, columns: &[&'static str]| TableFile::begin(target, name, of_portfolio(columns));
    let mut books_table = begin("books", &Books::SERIES_HEADINGS)?;
    let mut cash_table = begin("cash", &Books::CASH_HEADINGS)?;
    let mut positions_table = begin("positions", &position_columns)?;
    for portfolio in portfolios {
        let name = &names[&portfolio.id];
        let books = reader.books(portfolio, None, None)?;
        for row in books.series_rows() {
            books_table.add([name].into_iter().chain(&row))?;
        }
        for row in books.cash_rows() {
            cash_table.add([name].into_iter().chain(&row))?;
        }
        for session in &books.series {
            let cell = Cell::new(session.day, portfolio.id);
            let Some(positions) = reader.positions(cell, &session.snapshot)? else {
                continue;
            };
            let first = [
                name.clone(),
                session.day.to_string(),
                positions.validity.name().to_owned(),
            ];
            for row in positions.plain_rows() {
                positions_table.add(first.iter().chain(&row))?;
            }
        }
    }
    Ok([
        books_table.finish()?,
        cash_table.finish()?,
        positions_table.finish()?,
    ])
}
