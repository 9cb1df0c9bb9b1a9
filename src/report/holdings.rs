//! Renders the positions, exposures and risk of one cell as text.

use std::cmp::Reverse;

use super::fit::truncate;
use super::number::{
    ABSENT, count, figure, money, percent, plural, price, quantity, ratio, signed_money,
    signed_percent,
};
use super::page::Page;
use super::palette::Tone;
use super::table::{Column, Entry, Table};
use crate::domain::{Figure, PriceQuality};
use crate::query::{ExposuresView, Holdings, PositionView, PositionsView, RiskView, Validity};

/// Maximum number of holdings that are listed. The largest by absolute value are chosen.
const MAX_POSITIONS: usize = 25;
/// Labels of the three volatilities, with their windows in sessions.
const VOLATILITY_LABELS: [&str; 3] = ["volatility, 21", "volatility, 63", "volatility, 252"];

/// Adds the sections for positions, exposures and risk to the page. A section without output has a
/// note instead.
pub(super) fn holdings_sections(page: &mut Page, holdings: &Holdings) {
    match &holdings.positions {
        None => absent_section(page, "positions"),
        Some(positions) => positions_section(page, positions),
    }
    match &holdings.exposures {
        None => absent_section(page, "exposures"),
        Some(exposures) => exposures_section(page, exposures),
    }
    match &holdings.risk {
        None => absent_section(page, "risk"),
        Some(risk) => risk_section(page, risk),
    }
}

fn absent_section(page: &mut Page, part: &str) {
    page.heading(part);
    page.item(Tone::Warning, "not calculated yet");
}

fn section_heading(page: &mut Page, part: &str, validity: Validity) {
    page.heading(part);
    if validity == Validity::Stale {
        page.item(Tone::Warning, "to be done again: an input changed");
    }
}

fn positions_section(page: &mut Page, positions: &PositionsView) {
    section_heading(page, "positions", positions.validity);
    if positions.rows.is_empty() {
        page.item(Tone::Dim, "no holdings");
        return;
    }
    let mut largest: Vec<_> = positions.rows.iter().collect();
    largest.sort_by_key(|row| Reverse(row.value.units().unsigned_abs()));
    let mut table = Table::new([
        Column::elastic("symbol"),
        Column::number("quantity"),
        Column::extra("price"),
        Column::number("value"),
        Column::extra("weight"),
        Column::extra("unrealized"),
        Column::text("price is"),
    ]);
    for row in largest.iter().take(MAX_POSITIONS) {
        table.add_row(position_row(row));
    }
    page.push_lines(table.lines(page.palette()));
    if let Some(more) = largest
        .len()
        .checked_sub(MAX_POSITIONS)
        .filter(|more| *more > 0)
    {
        page.item(
            Tone::Dim,
            &format!("and {} smaller", plural(more as u64, "holding")),
        );
    }
}

fn position_row(row: &PositionView) -> [Entry; 7] {
    let tone = match row.quality {
        PriceQuality::Fresh | PriceQuality::Closed => Tone::Dim,
        PriceQuality::Stale(_) | PriceQuality::Cost => Tone::Warning,
        PriceQuality::None => Tone::Bad,
    };
    [
        row.symbol.as_str().into(),
        quantity(row.quantity).into(),
        price(row.price).into(),
        money(row.value).into(),
        row.weight.map_or_else(|| ABSENT.to_owned(), percent).into(),
        signed_money(row.unrealized).into(),
        Entry::toned(tone, row.quality.to_string()),
    ]
}

fn exposures_section(page: &mut Page, exposures: &ExposuresView) {
    section_heading(page, "exposures, as shares of NAV", exposures.validity);
    if let Err(absence) = exposures.weights.as_result() {
        page.item(Tone::Dim, &format!("none: {absence}"));
    }
    let columns = [Column::elastic(""), Column::number(""), Column::text("")];
    let mut table = Table::new(columns).indented(2);
    for (sector, share) in &exposures.sectors {
        let sector = if sector.is_empty() {
            "no sector"
        } else {
            sector
        };
        table.add_row([
            truncate(sector, 30).into(),
            percent(*share).into(),
            bar(*share).into(),
        ]);
    }
    page.push_lines(table.lines(page.palette()));
    let classes = exposures.classes.iter();
    let classes: Vec<_> = classes
        .map(|(class, share)| format!("{class} {}", percent(*share)))
        .collect();
    if !classes.is_empty() {
        page.item(Tone::Normal, &format!("by class: {}", classes.join(", ")));
    }
    let currencies = exposures.currencies.iter();
    let currencies: Vec<_> = currencies
        .map(|(currency, share)| format!("{currency} {}", percent(*share)))
        .collect();
    if !currencies.is_empty() {
        let text = format!("by currency: {}", currencies.join(", "));
        page.item(Tone::Normal, &text);
    }
    let concentration = [
        format!("HHI {}", figure(&exposures.hhi, ratio)),
        format!(
            "effective number {}",
            figure(&exposures.effective_number, ratio)
        ),
        format!("top 3 {}", figure(&exposures.top_3, percent)),
        format!("top 10 {}", figure(&exposures.top_10, percent)),
    ];
    page.item(
        Tone::Normal,
        &format!("concentration: {}", concentration.join(", ")),
    );
}

/// Returns a bar with one block for each 4 % of the share's size, at most 25 blocks. The blocks of
/// a negative share are light.
fn bar(share: f64) -> String {
    let blocks = (share.abs().min(1.0) * 25.0).round() as usize;
    let block = if share < 0.0 { "░" } else { "█" };
    block.repeat(blocks)
}

fn risk_section(page: &mut Page, risk: &RiskView) {
    section_heading(page, "risk", risk.validity);
    let mut table = Table::new([
        Column::elastic("figure"),
        Column::number("value"),
        Column::number("returns"),
        Column::text(""),
    ]);
    for (name, volatility) in VOLATILITY_LABELS.iter().zip(&risk.volatility) {
        table.add_row(figure_row(name, volatility, percent));
    }
    let percents = [("VaR, 95 %", &risk.var_95), ("CVaR, 95 %", &risk.cvar_95)];
    for (name, figure) in percents {
        table.add_row(figure_row(name, figure, signed_percent));
    }
    let ratios = [
        ("beta", &risk.beta),
        ("R² of beta", &risk.r_squared),
        ("mean correlation", &risk.correlation),
        ("effective number", &risk.effective_number),
    ];
    for (name, figure) in ratios {
        table.add_row(figure_row(name, figure, ratio));
    }
    table.add_row(figure_row("value covered", &risk.covered, percent));
    for (name, factor) in &risk.factors {
        let mut row = figure_row(&format!("factor {name}"), &factor.exposure, ratio);
        if factor.covered_share < 1.0 && factor.exposure.value().is_some() {
            row[3] = Entry::toned(
                Tone::Dim,
                format!("{} covered", percent(factor.covered_share)),
            );
        }
        table.add_row(row);
    }
    for (name, result) in &risk.stress {
        table.add_row(figure_row(&format!("shock {name}"), result, signed_percent));
    }
    page.push_lines(table.lines(page.palette()));
}

/// Returns the row of a figure: its name, its value, the number of observations and, if the value
/// is absent, the reason.
fn figure_row(name: &str, number: &Figure, show: impl Fn(f64) -> String) -> [Entry; 4] {
    let reason = number.as_result().err().map(|absence| absence.to_string());
    [
        name.into(),
        figure(number, show).into(),
        Entry::toned(Tone::Dim, count(number.observations().into())),
        Entry::toned(Tone::Warning, reason.unwrap_or_default()),
    ]
}
