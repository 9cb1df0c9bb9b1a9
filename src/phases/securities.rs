//! Phase 2: the statistics of securities on one session, worked out once and used by every
//! holder. Formulas: `docs/numbers.md`, securities.

use std::collections::BTreeMap;

use super::contributions::{Contribution, Contributions};
use super::factors::FactorFit;
use super::market::{Market, Slot};
use super::moments::Moments;
use super::series::{fit_line, last_n, to_figure};
use crate::domain::output::SecurityStatistics;
use crate::domain::{Absence, Figure, SecurityId};

/// A window of sessions, and how many of them must have a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) sessions: usize,
    pub(super) minimum: usize,
}

/// The windows of volatility: a month, a quarter and a year of sessions.
pub(super) const WINDOWS: [Window; 3] = [
    Window {
        sessions: 21,
        minimum: 15,
    },
    Window {
        sessions: 63,
        minimum: 42,
    },
    YEAR,
];

/// The window of everything else.
pub(super) const YEAR: Window = Window {
    sessions: 252,
    minimum: 126,
};

/// How many returns the longest window holds, that of its session included: a return counts on
/// its own session and on the `LONGEST_WINDOW − 1` after it, and on no other.
pub const LONGEST_WINDOW: usize = YEAR.sessions;

impl Window {
    /// How many observations a run of returns gives, or that they are too few.
    pub(super) fn observations(self, run: usize) -> Result<usize, usize> {
        let count = run.min(self.sessions);
        if count < self.minimum {
            Err(count)
        } else {
            Ok(count)
        }
    }
}

/// The statistics of securities on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionStatistics {
    session: usize,
    rows: Vec<SecurityStatistics>,
    /// Beside each row, what its holders need.
    risk_inputs: Vec<RiskInputs>,
    /// By row, what its holders have of it.
    contributions: Contributions,
    /// By security id: its row.
    row_by_id: Vec<Option<u32>>,
    /// The moments of the benchmark's returns over at most a year.
    benchmark: Option<Moments>,
}

/// What the risk of its holders needs of a security.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RiskInputs {
    pub(super) slot: Slot,
    /// How many defined returns in a row end on the session.
    pub(super) return_count: usize,
    /// Of its returns over at most a year.
    pub(super) moments: Moments,
    /// What brings those returns, less their mean, to length one.
    pub(super) standardizing_scale: f64,
}

/// The statistics of some securities on a session, to be put together with those of others.
#[derive(Debug)]
pub struct StatisticsChunk {
    rows: Vec<SecurityStatistics>,
    risk_inputs: Vec<RiskInputs>,
    contributions: Contributions,
}

/// The statistics of `securities` on a session: a function of the closes up to it and of nothing
/// else. A security that the market does not have, or that is named again, is left out.
pub fn statistics(
    market: &Market,
    session: usize,
    securities: impl IntoIterator<Item = SecurityId>,
) -> SessionStatistics {
    let mut securities: Vec<_> = securities.into_iter().collect();
    securities.sort_unstable();
    securities.dedup();
    SessionStatistics::from_chunks(market, session, [measure(market, session, &securities)])
}

/// The statistics of `securities`, which ascend. One that the market does not have is left out.
pub fn measure(market: &Market, session: usize, securities: &[SecurityId]) -> StatisticsChunk {
    let mut against = MeasureContext {
        market,
        session,
        benchmark_moments: benchmark_returns(market, session).map(Moments::from_series),
        fits: BTreeMap::new(),
    };
    let mut measured = StatisticsChunk {
        rows: Vec::with_capacity(securities.len()),
        risk_inputs: Vec::with_capacity(securities.len()),
        contributions: Contributions::new(market),
    };
    for id in securities {
        let Some(slot) = market.slot(*id) else {
            continue;
        };
        let (row, moments) = against.measure(*id, slot);
        measured.contributions.push(market, slot, &row);
        measured.rows.push(row);
        measured.risk_inputs.push(RiskInputs {
            slot,
            return_count: market.return_count(slot, session),
            moments,
            standardizing_scale: moments.standardizing_scale(),
        });
    }
    measured
}

impl SessionStatistics {
    /// Puts together what was measured on a session in parts, over which the securities ascend.
    pub fn from_chunks(
        market: &Market,
        session: usize,
        parts: impl IntoIterator<Item = StatisticsChunk>,
    ) -> Self {
        let mut all = Self {
            session,
            rows: Vec::new(),
            risk_inputs: Vec::new(),
            contributions: Contributions::new(market),
            row_by_id: Vec::new(),
            benchmark: benchmark_returns(market, session).map(Moments::from_series),
        };
        for part in parts {
            all.rows.extend(part.rows);
            all.risk_inputs.extend(part.risk_inputs);
            all.contributions.append(part.contributions);
        }
        let last = all.rows.last().map_or(0, |row| row.security.0 as usize + 1);
        all.row_by_id = vec![None; last];
        for (place, row) in (0..).zip(&all.rows) {
            all.row_by_id[row.security.0 as usize] = Some(place);
        }
        all
    }

    /// The session they are of.
    pub fn session(&self) -> usize {
        self.session
    }

    /// The statistics of one security, if they were asked for.
    pub fn get(&self, id: SecurityId) -> Option<&SecurityStatistics> {
        self.row_index(id).map(|place| &self.rows[place])
    }

    /// All of them, by security id.
    pub fn iter(&self) -> impl Iterator<Item = &SecurityStatistics> {
        self.rows.iter()
    }

    /// What the holders of a security need, and its row of the measures.
    #[inline]
    pub(super) fn risk_inputs(&self, id: SecurityId) -> Option<(&RiskInputs, &[Contribution])> {
        let place = self.row_index(id)?;
        Some((&self.risk_inputs[place], self.contributions.row(place)))
    }

    /// The moments of the benchmark's returns over as many of a year's sessions as it has.
    pub(super) fn benchmark(&self) -> Option<Moments> {
        self.benchmark
    }

    #[inline]
    fn row_index(&self, id: SecurityId) -> Option<usize> {
        let place = self.row_by_id.get(id.0 as usize).copied().flatten()?;
        Some(place as usize)
    }
}

/// What securities are measured against on a session.
struct MeasureContext<'a> {
    market: &'a Market,
    session: usize,
    /// Of the benchmark's returns over at most a year.
    benchmark_moments: Option<Moments>,
    /// By number of observations.
    fits: BTreeMap<usize, FactorFit>,
}

impl<'a> MeasureContext<'a> {
    fn measure(&mut self, id: SecurityId, slot: Slot) -> (SecurityStatistics, Moments) {
        let run = self.market.return_count(slot, self.session);
        let returns = year_of_returns(self.market, self.session, slot);
        let moments = Moments::from_series(returns);
        let volatility = WINDOWS.map(|window| match window.observations(run) {
            Ok(count) if count == moments.count => to_figure(moments.volatility(), count),
            Ok(count) => to_figure(
                Moments::from_series(last_n(returns, count)).volatility(),
                count,
            ),
            Err(count) => Figure::absent(Absence::TooFewObservations, count as u32),
        });
        let (beta, r_squared) = self.regress(returns, moments);
        let statistics = SecurityStatistics {
            security: id,
            session_return: self.session_return(slot, returns),
            volatility,
            beta,
            r_squared,
            factor_betas: self.factor_betas(returns, moments),
        };
        (statistics, moments)
    }

    fn session_return(&self, slot: Slot, returns: &[f64]) -> Figure {
        let priced = |session| self.market.as_of_slot(slot, session).is_some();
        match returns.last() {
            Some(last) => Figure::new(*last, 1),
            None if self.session > 0 && priced(self.session - 1) => {
                Figure::absent(Absence::NoBase, 0)
            }
            None => Figure::absent(Absence::NoPrice, 0),
        }
    }

    fn regress(&self, returns: &[f64], moments: Moments) -> (Figure, Figure) {
        let both = |value: Result<f64, Absence>, count| {
            let figure = to_figure(value, count);
            (figure, figure)
        };
        let Some(benchmark) = self.benchmark() else {
            return both(Err(Absence::NoBenchmark), 0);
        };
        let count = match YEAR.observations(returns.len().min(benchmark.len())) {
            Ok(count) => count,
            Err(count) => return both(Err(Absence::TooFewObservations), count),
        };
        let (x, y) = (last_n(benchmark, count), last_n(returns, count));
        let of_x = self.benchmark_moments.unwrap_or_default();
        match fit_line(x, of_x.or_from_series(x), y, moments.or_from_series(y)) {
            Ok(line) => (
                to_figure(Ok(line.slope), count),
                to_figure(line.r_squared, count),
            ),
            Err(reason) => both(Err(reason), count),
        }
    }

    fn factor_betas(&mut self, returns: &[f64], moments: Moments) -> Vec<Figure> {
        let (market, session) = (self.market, self.session);
        let factors = market.factors();
        let runs = factors
            .iter()
            .map(|slot| market.return_count(*slot, session));
        let run = runs.fold(returns.len(), usize::min);
        let absent = |reason, count| vec![to_figure(Err(reason), count); factors.len()];
        let count = match YEAR.observations(run) {
            Ok(count) => count,
            Err(count) => return absent(Absence::TooFewObservations, count),
        };
        let fit = self.fits.entry(count).or_insert_with(|| {
            let series: Vec<_> = factors
                .iter()
                .map(|slot| market.returns(*slot, session, count))
                .collect();
            FactorFit::new(&series)
        });
        let returns = last_n(returns, count);
        match fit.betas(returns, moments.or_from_series(returns).mean) {
            Ok(betas) => betas
                .into_iter()
                .map(|beta| to_figure(Ok(beta), count))
                .collect(),
            Err(reason) => absent(reason, count),
        }
    }

    fn benchmark(&self) -> Option<&'a [f64]> {
        benchmark_returns(self.market, self.session)
    }
}

/// A security's returns over at most a year, as far back as they are defined without a break.
pub(super) fn year_of_returns(market: &Market, session: usize, slot: Slot) -> &[f64] {
    let count = market.return_count(slot, session).min(YEAR.sessions);
    market.returns(slot, session, count)
}

/// The benchmark's returns over at most a year; nothing where there is no benchmark, or where it
/// has no returns.
pub(super) fn benchmark_returns(market: &Market, session: usize) -> Option<&[f64]> {
    let returns = year_of_returns(market, session, market.benchmark()?);
    (!returns.is_empty()).then_some(returns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Factor;
    use crate::phases::fixture::MarketBuilder;

    /// Benchmark 1 over 260 sessions; 2 moves twice as much, 3 is listed late, 4 stands still, 5
    /// never had a close.
    fn builder() -> MarketBuilder {
        let mut sketch = MarketBuilder::with_session_count(260).with_shares(1..=5);
        sketch.add_moving_closes(1, 0..260, 0.01);
        sketch.add_moving_closes(2, 0..260, 0.02);
        sketch.add_moving_closes(3, 219..260, 0.01);
        sketch.add_close(4, 0, "10");
        sketch.sources.model.benchmark = Some("S1".to_owned());
        sketch
    }

    fn statistics_of(sketch: &MarketBuilder, id: u32) -> SecurityStatistics {
        let market = sketch.build();
        let statistics = statistics(&market, 259, (1..=5).map(SecurityId));
        statistics.get(SecurityId(id)).unwrap().clone()
    }

    #[test]
    fn the_benchmark_has_a_beta_of_one() {
        let benchmark = statistics_of(&builder(), 1);
        assert!((benchmark.beta.value().unwrap() - 1.0).abs() < 1e-14);
        assert!((benchmark.r_squared.value().unwrap() - 1.0).abs() < 1e-14);
        assert_eq!(benchmark.beta.observations(), 252);
        let moves_double = statistics_of(&builder(), 2).beta.value().unwrap();
        assert!((moves_double - 2.0).abs() < 1e-5, "{moves_double}");
    }

    #[test]
    fn each_window_has_its_own_minimum() {
        let young = statistics_of(&builder(), 3);
        assert!(young.volatility[0].value().is_some());
        assert_eq!(young.volatility[0].observations(), 21);
        let few = Err(Absence::TooFewObservations);
        let [_, quarter, year] = young.volatility;
        assert_eq!((quarter.as_result(), quarter.observations()), (few, 40));
        assert_eq!((year.as_result(), young.beta.as_result()), (few, few));
    }

    #[test]
    fn an_unchanged_price_is_not_a_missing_price() {
        let still = statistics_of(&builder(), 4);
        assert_eq!(still.session_return, Figure::new(0.0, 1));
        assert_eq!(still.volatility[2], Figure::new(0.0, 252));
        assert_eq!(still.beta, Figure::new(0.0, 252));
        assert_eq!(still.r_squared.as_result(), Err(Absence::NoVariance));
        let unpriced = statistics_of(&builder(), 5).session_return;
        assert_eq!(unpriced.as_result(), Err(Absence::NoPrice));
    }

    #[test]
    fn without_a_benchmark_there_is_no_beta() {
        let mut sketch = builder();
        sketch.sources.model.benchmark = None;
        assert_eq!(
            statistics_of(&sketch, 2).beta.as_result(),
            Err(Absence::NoBenchmark)
        );
        sketch.sources.model.benchmark = Some("S5".to_owned());
        assert_eq!(
            statistics_of(&sketch, 2).beta.as_result(),
            Err(Absence::NoBenchmark)
        );
    }

    #[test]
    fn a_single_factor_has_the_beta_of_a_benchmark() {
        let mut sketch = builder();
        let factor = |symbol: &str| Factor {
            name: symbol.to_owned(),
            symbol: symbol.to_owned(),
        };
        sketch.sources.model.factors = vec![factor("S1")];
        let one = statistics_of(&sketch, 2);
        let (joint, single) = (one.factor_betas[0].value(), one.beta.value());
        assert!((joint.unwrap() - single.unwrap()).abs() < 1e-12);
        sketch.sources.model.factors.push(factor("S1"));
        let alike = statistics_of(&sketch, 2).factor_betas;
        assert_eq!(alike[1].as_result(), Err(Absence::Collinear));
    }
}
