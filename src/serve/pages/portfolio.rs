//! The page of a portfolio: books over time, positions, exposures and risk.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::curve::{AreaBase, Curve};
use super::frame::{Frame, PageProblem, Section, render};
use super::heat_map::{CellShape, HeatMap};
use super::holdings::{Holdings, NamedFigure};
use super::labels::{self, ConcernLine, trend_class};
use crate::domain::output::ForeignCash;
use crate::domain::{LifecycleStatus, PriceQuality, Quality, Scope};
use crate::query::{
    self, Books, MonthReturn, NextCommand, Order, PortfolioStatus, QueryError, SessionBooks,
    Status, StatusOptions, Validity,
};
use crate::report::number;
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::{PathParams, Query};
use crate::serve::http::Problem;

/// The number of sessions in the row of cells.
const SESSIONS: usize = 36;

#[derive(Template)]
#[template(path = "portfolio.html")]
struct PortfolioPage {
    frame: Frame,
    concerns: Vec<ConcernLine>,
    key: String,
    name: String,
    currency: String,
    lifecycle: String,
    inception: String,
    tone: &'static str,
    state: String,
    gap: Option<(String, String)>,
    latest: Option<LatestBooks>,
    map: HeatMap,
    nav: Option<Curve>,
    drawdown: Option<Curve>,
    years: Vec<Year>,
    totals: Vec<NamedFigure>,
    holdings: Option<Holdings>,
    advice: Vec<String>,
    /// The command that imports the missing closes.
    advice_command: String,
    gaps: usize,
}

/// The books of the newest session.
struct LatestBooks {
    day: String,
    nav: String,
    session_return: String,
    trend: &'static str,
    is_stale: bool,
    facts: Vec<(String, String)>,
}

/// A year of monthly returns.
struct Year {
    year: i32,
    months: Vec<Month>,
    total: Month,
}

/// The return of a month or a year.
#[derive(Clone, Default)]
struct Month {
    value: String,
    /// The CSS class: sign and strength of the colour, such as `up2`.
    class: String,
}

/// `GET /portfolios/{id}`: the page of one portfolio.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let (status, books) = state.run_blocking(move |state| read(state, &id)).await?;
    let frame = Frame::new(books.name.clone(), Section::Other, user);
    let Some(portfolio) = status.portfolios.first() else {
        return Err(Problem::bug().into());
    };
    render(&portfolio_page(frame, &status, portfolio, books))
}

fn read(state: &AppState, id: &str) -> Result<(Status, Books), QueryError> {
    let app = &state.context.app;
    let portfolio = query::resolve_portfolio(&app.store, id)?;
    let options = StatusOptions {
        sessions: SESSIONS,
        portfolios: 1,
        skip: 0,
        order: Order::Id,
    };
    let status = app.status(&Scope::single(portfolio.id), options)?;
    let books = query::books(&app.store, &app.settings, &portfolio, None, None)?;
    Ok((status, books))
}

fn portfolio_page(
    frame: Frame,
    status: &Status,
    portfolio: &PortfolioStatus,
    books: Books,
) -> PortfolioPage {
    let (tone, state) = portfolio_status(status, portfolio);
    let series_of = |value: fn(&SessionBooks) -> Option<f64>| {
        let points = books
            .series
            .iter()
            .map(|session| (session.day, value(session)));
        points.collect::<Vec<_>>()
    };
    let nav = series_of(|session| Some(session.snapshot.nav.to_f64()));
    let drawdown = series_of(|session| session.drawdown);
    let totals = &books.totals;
    let named = |name, figure, show: fn(f64) -> String| NamedFigure::new(name, figure, show);
    let quality = books.holdings.as_ref().map(|holdings| holdings.quality);
    PortfolioPage {
        frame,
        concerns: status.concerns.iter().map(ConcernLine::new).collect(),
        key: portfolio.key.to_string(),
        name: portfolio.name.clone(),
        currency: books.currency.to_string(),
        lifecycle: portfolio.lifecycle.to_string(),
        inception: match portfolio.cells_from {
            None => labels::day(portfolio.inception),
            Some(first) => format!(
                "{}, with cells from {}, where the calendar begins",
                labels::day(portfolio.inception),
                labels::day(first)
            ),
        },
        tone,
        state,
        gap: portfolio
            .held_back_by
            .map(|day| (day.to_string(), labels::day(day))),
        latest: books.series.last().map(LatestBooks::new),
        map: HeatMap::new(status, CellShape::Squares),
        nav: Curve::new(&nav, AreaBase::Lowest, short_money),
        drawdown: Curve::new(&drawdown, AreaBase::Zero, short_percent),
        years: years(&books.months()),
        totals: vec![
            named(
                "return since inception",
                &totals.period_return,
                number::signed_percent,
            ),
            named("deepest drawdown", &totals.max_drawdown, number::percent),
            named(
                "volatility, annualised",
                &totals.volatility,
                number::percent,
            ),
        ],
        advice: quality.map(advice).unwrap_or_default(),
        advice_command: NextCommand::ImportPrices.to_string(),
        gaps: books.gaps.len(),
        holdings: books.holdings.map(Holdings::new),
    }
}

fn portfolio_status(status: &Status, portfolio: &PortfolioStatus) -> (&'static str, String) {
    match (portfolio.lifecycle, portfolio.held_back_by) {
        (LifecycleStatus::Deleted, _) => ("calm", "deleted".to_owned()),
        (LifecycleStatus::BeforeInception, _) => ("calm", "before inception".to_owned()),
        (_, None) => (
            labels::tone_class(status.verdict()),
            format!("complete up to {}", labels::day(status.target)),
        ),
        (_, Some(_)) => {
            let behind = number::count_with_noun(portfolio.sessions_behind as u64, "session");
            let tone = labels::tone_class(status.verdict());
            let reason = portfolio
                .reason
                .as_ref()
                .map(|reason| format!(": {reason}"));
            (
                tone,
                format!("{behind} behind{}", reason.unwrap_or_default()),
            )
        }
    }
}

/// Returns the facts of the cash in one foreign currency.
fn cash_facts(cash: &ForeignCash) -> [(String, String); 2] {
    let currency = cash.currency;
    let balance = number::money(cash.balance);
    let balance = match cash.quality {
        PriceQuality::Stale(age) => {
            let age = number::count_with_noun(age.into(), "session");
            format!("{balance}, rate {age} old")
        }
        _ => balance,
    };
    [
        (format!("cash in {currency}"), balance),
        (
            format!("{currency} exchange gain"),
            number::signed_money(cash.fx_gain),
        ),
    ]
}

/// Formats money for axis labels, such as `1.25 M` or `840 k`.
fn short_money(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "\u{a0}bn"),
        size if size >= 1e6 => (value / 1e6, "\u{a0}M"),
        size if size >= 1e3 => (value / 1e3, "\u{a0}k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

/// Formats a share for axis labels, such as `-4 %` or `-0.5 %`.
fn short_percent(value: f64) -> String {
    let text = format!("{:.1}", value * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}\u{a0}%", if text == "-0" { "0" } else { text })
}

impl LatestBooks {
    fn new(last: &SessionBooks) -> Self {
        let books = &last.snapshot;
        let (change, _) = labels::figure(&books.session_return, number::signed_percent);
        Self {
            day: labels::day(last.day),
            nav: number::money(books.nav),
            session_return: change,
            trend: books.session_return.value().map_or("", trend_class),
            is_stale: last.validity == Validity::Stale,
            facts: [
                ("cash", number::money(books.cash)),
                ("long", number::money(books.long)),
                ("short", number::money(books.short)),
                ("P&L on the day", number::signed_money(books.pnl)),
                ("flow on the day", number::signed_money(books.flow)),
                ("realized", number::signed_money(books.realized)),
                ("unrealized", number::signed_money(books.unrealized)),
            ]
            .into_iter()
            .map(|(name, amount)| (name.to_owned(), amount))
            .chain(books.foreign_cash.iter().flat_map(cash_facts))
            .collect(),
        }
    }
}

/// Describes holdings without a close of the day.
fn advice(quality: Quality) -> Vec<String> {
    let counts = [
        (quality.stale, "valued at a stale close"),
        (quality.cost, "valued at cost, without any close"),
        (quality.none, "without a value"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    counts
        .map(|(count, text)| {
            let holdings = number::count_with_noun(count.into(), "holding");
            format!("{holdings} {text}")
        })
        .collect()
}

/// Groups monthly returns by year, newest year first. A year with a missing month has no total.
fn years(months: &[MonthReturn]) -> Vec<Year> {
    let mut years: Vec<(i32, [Option<Option<f64>>; 12])> = Vec::new();
    for month in months {
        if years.last().is_none_or(|(year, _)| *year != month.year) {
            years.push((month.year, [None; 12]));
        }
        if let Some((_, of_year)) = years.last_mut() {
            of_year[month.month as usize - 1] = Some(month.value);
        }
    }
    let years = years.into_iter().rev().map(|(year, months)| {
        let known = months.iter().flatten();
        let total = known
            .copied()
            .try_fold(1.0, |all, session| Some(all * (1.0 + session?)));
        Year {
            year,
            months: (months.iter())
                .map(|month| month.map_or_else(Month::default, Month::new))
                .collect(),
            total: Month::new(total.map(|wealth| wealth - 1.0)),
        }
    });
    years.collect()
}

impl Month {
    fn new(value: Option<f64>) -> Self {
        let Some(value) = value else {
            return Self {
                value: number::ABSENT.to_owned(),
                class: String::new(),
            };
        };
        let strength = match value.abs() {
            size if size < 0.002 => 0,
            size if size < 0.015 => 1,
            size if size < 0.04 => 2,
            _ => 3,
        };
        Self {
            value: format!("{:.1}", value * 100.0).replace("-0.0", "0.0"),
            class: match strength {
                0 => String::new(),
                strength => format!("{}{strength}", trend_class(value)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_short_where_there_is_little_room() {
        let options = [1_250_000.0, 840_000.0, -2e9, 12.5].map(short_money);
        assert_eq!(options, ["1.25\u{a0}M", "840\u{a0}k", "-2\u{a0}bn", "12.5"]);
        let options = [0.0, -0.0, -0.04, -0.005].map(short_percent);
        assert_eq!(
            options,
            ["0\u{a0}%", "0\u{a0}%", "-4\u{a0}%", "-0.5\u{a0}%"]
        );
    }

    #[test]
    fn a_year_has_its_months_and_their_product() {
        let month = |month, value| MonthReturn {
            year: 2025,
            month,
            value,
        };
        let made = years(&[month(11, Some(0.10)), month(12, Some(-0.05))]);
        let values: Vec<_> = made[0]
            .months
            .iter()
            .map(|session| session.value.as_str())
            .collect();
        assert_eq!(values[9..], ["", "10.0", "-5.0"]);
        assert_eq!(
            (&*made[0].total.value, &*made[0].months[10].class),
            ("4.5", "up3")
        );
        let broken = years(&[month(11, Some(0.10)), month(12, None)]);
        assert_eq!(broken[0].total.value, "–");
    }
}
