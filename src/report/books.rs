//! Renders the books of a portfolio as text with charts, and as CSV.

use std::borrow::Cow;

use super::cash;
use super::chart::{Chart, Shape};
use super::days::day_range;
use super::explain::{cell_state_text, unexpected_text};
use super::fit::{NBSP, width};
use super::holdings;
use super::number::{count, figure, money, percent, plural, signed_money, signed_percent};
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::domain::{Day, Figure};
use crate::import::protect_from_formulas;
use crate::query::{Books, CellState, Explanation, PositionsView, SessionBooks, Validity};

/// Height of the NAV chart in lines.
const NAV_HEIGHT: usize = 9;
/// Height of the drawdown chart in lines.
const DRAWDOWN_HEIGHT: usize = 4;

/// Books as text of at most 80 columns, with a chart of NAV and one of the drawdown. `cell` is the
/// cell that they were asked for.
pub fn books_text(books: &Books, cell: Option<&Explanation>, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let Some(last) = books.series.last() else {
        page.headline(Tone::Dim, &format!("{} has no books yet", books.name));
        cell_state(&mut page, books, cell);
        return page.finish();
    };
    headline(&mut page, books, last);
    cell_state(&mut page, books, cell);
    page.blank_line();
    facts(&mut page, books, last);
    charts(&mut page, books);
    if let Some(holdings) = &books.holdings {
        holdings::holdings_sections(&mut page, holdings);
    }
    page.finish()
}

/// The series as CSV with a line of headings.
pub fn series_csv(books: &Books) -> String {
    csv(Books::SERIES_HEADINGS, books.series_rows())
}

/// The foreign cash of each session as CSV with a line of headings.
pub fn cash_csv(books: &Books) -> String {
    csv(Books::CASH_HEADINGS, books.cash_rows())
}

/// The positions at the end of the series as CSV with a line of headings.
pub fn positions_csv(books: &Books) -> String {
    let positions = books
        .holdings
        .as_ref()
        .and_then(|holdings| holdings.positions.as_ref());
    let rows = positions.into_iter().flat_map(PositionsView::plain_rows);
    let day = books.series.last().map(|last| last.day.to_string());
    let day = day.unwrap_or_default();
    let headings = std::iter::once("day").chain(PositionsView::HEADINGS);
    csv(
        headings,
        rows.map(|row| std::iter::once(day.clone()).chain(row)),
    )
}

/// Rows as CSV with a line of headings. A text that a spreadsheet would run as a formula has an
/// apostrophe before it.
pub(super) fn csv<'h, R>(
    headings: impl IntoIterator<Item = &'h str>,
    rows: impl Iterator<Item = R>,
) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    let into_memory = "memory takes every row";
    writer.write_record(headings).expect(into_memory);
    for row in rows {
        let fields: Vec<String> = row.into_iter().collect();
        let fields = fields.iter().map(|field| protect_from_formulas(field));
        let fields: Vec<Cow<'_, str>> = fields.collect();
        let fields = fields.iter().map(|field| field.as_bytes());
        writer.write_record(fields).expect(into_memory);
    }
    let bytes = writer.into_inner().expect(into_memory);
    String::from_utf8(bytes).expect("rows of text make text")
}

fn headline(page: &mut Page, books: &Books, last: &SessionBooks) {
    let (name, day, currency) = (&books.name, last.day, books.currency);
    let nav = money(last.snapshot.nav);
    let session_return = figure(&last.snapshot.session_return, signed_percent);
    let text = format!("{name}: NAV {nav}{NBSP}{currency} on {day}, {session_return} on the day");
    page.headline(Tone::Strong, &text);
    if last.validity == Validity::Stale {
        page.sentence(
            Tone::Warning,
            "these books are to be done again: an input changed",
        );
    }
}

/// Adds the state of the cell that the books were asked for, unless it is complete.
fn cell_state(page: &mut Page, books: &Books, cell: Option<&Explanation>) {
    let Some(cell) = cell else {
        return;
    };
    let state = cell.state();
    if state == CellState::Complete {
        return;
    }
    let mut reason = cell_state_text(state);
    if let Some(unexpected) = unexpected_text(cell) {
        reason += &format!(", {unexpected}");
    }
    let text = match books.as_of == Some(cell.day) {
        true => format!("{}: {reason}", cell.day),
        false => format!("no books of {}: {reason}", cell.day),
    };
    page.sentence(state.into(), &text);
    if let Some(next) = cell.next.first() {
        page.sentence(Tone::Dim, &format!("next: {next}"));
    }
}

fn facts(page: &mut Page, books: &Books, last: &SessionBooks) {
    let here = &last.snapshot;
    let (long, short) = (money(here.long), money(here.short));
    page.fact(
        "holdings",
        &format!("cash {}, long {long}, short {short}", money(here.cash)),
    );
    cash::balance_facts(page, here);
    let (pnl, flow) = (signed_money(here.pnl), signed_money(here.flow));
    page.fact("on the day", &format!("P&L {pnl}, flow {flow}"));
    let (realized, unrealized) = (signed_money(here.realized), signed_money(here.unrealized));
    page.fact(
        "profit",
        &format!("realized {realized}, unrealized {unrealized}"),
    );
    cash::exchange_fact(page, here);
    let totals = &books.totals;
    page.fact(
        "return",
        &figure_text(&totals.period_return, signed_percent),
    );
    page.fact("drawdown", &figure_text(&totals.max_drawdown, percent));
    page.fact("volatility", &figure_text(&totals.volatility, percent));
    let quality = here.quality.to_string();
    let fresh = here.quality.fresh == here.quality.holdings();
    page.toned_fact(
        "prices",
        if fresh { Tone::Normal } else { Tone::Warning },
        &quality,
    );
    let days: Vec<_> = books.series.iter().map(|session| session.day).collect();
    page.fact("series", &day_range(&days));
    if let Some(calendar) = &books.calendar {
        page.fact("calendar", calendar);
    }
    if !books.gaps.is_empty() {
        let gaps = day_range(&books.gaps);
        page.toned_fact("", Tone::Warning, &format!("without books: {gaps}"));
    }
    let stale = books
        .series
        .iter()
        .filter(|session| session.validity == Validity::Stale)
        .count();
    if stale > 0 {
        let sessions = plural(stale as u64, "session");
        page.toned_fact("", Tone::Warning, &format!("to be done again: {sessions}"));
    }
}

/// `+7.20 %, of 252 returns`, or the reason why the figure is absent.
fn figure_text(figure: &Figure, show: impl Fn(f64) -> String) -> String {
    match figure.as_result() {
        Ok(value) => {
            let over = plural(figure.observations().into(), "return");
            format!("{}, of {over}", show(value))
        }
        Err(absence) => format!("none: {absence}"),
    }
}

fn charts(page: &mut Page, books: &Books) {
    let days: Vec<_> = books.series.iter().map(|session| session.day).collect();
    let nav: Vec<_> = books
        .series
        .iter()
        .map(|session| session.snapshot.nav.to_f64())
        .collect();
    let nav_label = |value: f64| axis_label(value);
    let widest = nav.iter().map(|value| width(&nav_label(*value))).max();
    let margin = widest.unwrap_or(0).max("-99.99 %".len());
    let nav = Chart {
        days: &days,
        values: &nav,
        height: NAV_HEIGHT,
        shape: Shape::Line,
        margin,
    };
    chart_section(
        page,
        &format!("NAV, {}", books.currency),
        nav.lines(nav_label),
    );

    let known: Vec<(Day, f64)> = (books.series.iter())
        .map_while(|session| Some((session.day, session.drawdown?)))
        .collect();
    let (days, values): (Vec<_>, Vec<_>) = known.into_iter().unzip();
    if values.iter().all(|value| *value >= 0.0) {
        return;
    }
    let drawdown = Chart {
        days: &days,
        values: &values,
        height: DRAWDOWN_HEIGHT,
        shape: Shape::Area,
        margin,
    };
    chart_section(page, "drawdown", drawdown.lines(percent));
}

fn chart_section(page: &mut Page, heading: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    page.heading(heading);
    page.push_lines(lines);
}

/// The label of a value on the axis, without decimals.
fn axis_label(value: f64) -> String {
    let whole = count(value.abs().round() as u64);
    if value <= -0.5 {
        format!("-{whole}")
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::query_samples::{self, AmountSize};

    #[test]
    fn a_year_of_books_fits_on_a_page() {
        let books = query_samples::books("Growth", AmountSize::Typical);
        insta::assert_snapshot!(books_text(&books, None, Palette::Plain), @r"
        Growth: NAV 1,191,204.22 USD on 2026-01-08, +0.06 % on the day

        holdings     cash 119,120.42, long 1,310,324.65, short -238,240.84
        on the day   P&L +728.95, flow 0.00
        profit       realized +11,912.04, unrealized -23,824.08
        return       +25.10 %, of 251 returns
        drawdown     -5.12 %, of 251 returns
        volatility   none: too few observations
        prices       2 fresh, 1 stale
        series       2025-05-02 … 2026-01-08, 252 sessions
                     without books: 2025-07-04
                     to be done again: 1 session

        NAV, USD
        1,245,101 ┤                                              ⣀⠤⠖⠚⠉⠉⠉⠉⠑⠒⠤⢄⣀
                  │                                           ⢀⠤⠊⠁           ⠈⠉⠒⠦⢄⣀⡀
                  │                                         ⣀⠔⠁                    ⠉⠉⠉⠉⠉
                  │                                       ⣠⠞⠁
        1,122,551 ┤                                     ⡠⠊⠁
                  │       ⢀⡤⠴⠒⠒⠒⠒⠒⠲⠤⣄⣀               ⢀⠔⠊
                  │    ⢀⠴⠚⠁          ⠈⠙⠲⠤⣄⡀      ⢀⣀⠴⠚⠁
                  │  ⡠⠒⠁                  ⠈⠉⠙⠒⠒⠚⠉⠉
        1,000,000 ┤⡠⠊
                  └─────────────────────────────────────────────────────────────────────
                   2025-05-02                  252 sessions                   2026-01-08

        drawdown
           0.00 % ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠛⠻⢿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡿⠋⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠛⠿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                  │                 ⠉⠻⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⠟                      ⠉⠻⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                  │                    ⠙⠻⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⠟⠉                          ⠙⠻⣿⣿⣿⣿⣿⣿⣿
          -5.15 % ┤                      ⠈⠙⠻⢿⣿⣿⣿⠿⠛⠁                               ⠈⠙⠛⠛⠛⠛
                  └─────────────────────────────────────────────────────────────────────
                   2025-05-02                  252 sessions                   2026-01-08

        positions
        symbol  quantity   price        value    weight  unrealized  price is
        MSFT     1,250.5  187.20   790,000.00   79.00 %  +79,000.00  fresh
        AAPL     1,250.5  187.20   310,000.00   31.00 %  +31,000.00  fresh
        TSLA     1,250.5  187.20  -200,000.00  -20.00 %  -20,000.00  stale(3)

        exposures, as shares of NAV
          to be done again: an input changed
          autos       -20.00 %  ░░░░░
          technology  110.00 %  █████████████████████████
          by class: equity 90.00 %
          concentration: HHI 0.42, effective number 2.38, top 3 100.00 %, top 10
            100.00 %

        risk
        figure                  value  returns
        volatility, 21        18.20 %       21
        volatility, 63        21.10 %       63
        volatility, 252             –      120  too few observations
        VaR, 95 %             -2.10 %      120
        CVaR, 95 %            -3.10 %      120
        beta                        –        0  no benchmark
        R² of beta                  –        0  no benchmark
        mean correlation         0.44      120
        effective number         1.60      120
        value covered        100.00 %        3
        factor momentum         -0.31      120  80.00 % covered
        shock crash of 2008  -28.40 %        3
        ");
    }

    #[test]
    fn portfolio_without_books_has_one_line() {
        let mut books = query_samples::books("Growth", AmountSize::Typical);
        books.series.clear();
        assert_eq!(
            books_text(&books, None, Palette::Plain),
            "Growth has no books yet\n"
        );
    }

    #[test]
    fn csv_has_every_row_under_its_heading() {
        let mut books = query_samples::books("Growth", AmountSize::Typical);
        let series = series_csv(&books);
        assert!(series.starts_with("day,validity,cash,"));
        assert_eq!(series.lines().count(), 253);
        let positions = positions_csv(&books);
        assert!(
            positions
                .lines()
                .nth(3)
                .unwrap()
                .starts_with("2026-01-08,valid,TSLA,"),
            "{positions}"
        );
        books.holdings = None;
        assert_eq!(positions_csv(&books).lines().count(), 1);
    }
}
