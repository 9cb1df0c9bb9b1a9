//! Phase 2: the statistics of securities on one session, worked out once and used by every
//! holder. Formulas: `docs/numbers.md`, securities.

use std::collections::BTreeMap;

use super::factors::FactorFit;
use super::market::{Market, Slot};
use super::measures::{Measure, Measures};
use super::moments::Moments;
use super::series::{figure, fit, tail};
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
    pub(super) fn observe(self, run: usize) -> Result<usize, usize> {
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
    held: Vec<Held>,
    /// By row, what its holders have of it.
    measures: Measures,
    /// By security id: its row.
    places: Vec<Option<u32>>,
    /// The moments of the benchmark's returns over at most a year.
    benchmark: Option<Moments>,
}

/// What the risk of its holders needs of a security.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    pub(super) slot: Slot,
    /// How many defined returns in a row end on the session.
    pub(super) run: usize,
    /// Of its returns over at most a year.
    pub(super) moments: Moments,
    /// What brings those returns, less their mean, to length one.
    pub(super) evened: f64,
}

/// The statistics of some securities on a session, to be put together with those of others.
#[derive(Debug)]
pub struct Measured {
    rows: Vec<SecurityStatistics>,
    held: Vec<Held>,
    measures: Measures,
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
    SessionStatistics::of(market, session, [measure(market, session, &securities)])
}

/// The statistics of `securities`, which ascend. One that the market does not have is left out.
pub fn measure(market: &Market, session: usize, securities: &[SecurityId]) -> Measured {
    let mut against = Against {
        market,
        session,
        of_benchmark: benchmark_returns(market, session).map(Moments::of),
        fits: BTreeMap::new(),
    };
    let mut measured = Measured {
        rows: Vec::with_capacity(securities.len()),
        held: Vec::with_capacity(securities.len()),
        measures: Measures::new(market),
    };
    for id in securities {
        let Some(slot) = market.slot(*id) else {
            continue;
        };
        let (row, moments) = against.measure(*id, slot);
        measured.measures.push(market, slot, &row);
        measured.rows.push(row);
        measured.held.push(Held {
            slot,
            run: market.run(slot, session),
            moments,
            evened: moments.evened(),
        });
    }
    measured
}

impl SessionStatistics {
    /// Puts together what was measured on a session in parts, over which the securities ascend.
    pub fn of(market: &Market, session: usize, parts: impl IntoIterator<Item = Measured>) -> Self {
        let mut all = Self {
            session,
            rows: Vec::new(),
            held: Vec::new(),
            measures: Measures::new(market),
            places: Vec::new(),
            benchmark: benchmark_returns(market, session).map(Moments::of),
        };
        for part in parts {
            all.rows.extend(part.rows);
            all.held.extend(part.held);
            all.measures.append(part.measures);
        }
        let last = all.rows.last().map_or(0, |row| row.security.0 as usize + 1);
        all.places = vec![None; last];
        for (place, row) in (0..).zip(&all.rows) {
            all.places[row.security.0 as usize] = Some(place);
        }
        all
    }

    /// The session they are of.
    pub fn session(&self) -> usize {
        self.session
    }

    /// The statistics of one security, if they were asked for.
    pub fn get(&self, id: SecurityId) -> Option<&SecurityStatistics> {
        self.place(id).map(|place| &self.rows[place])
    }

    /// All of them, by security id.
    pub fn iter(&self) -> impl Iterator<Item = &SecurityStatistics> {
        self.rows.iter()
    }

    /// What the holders of a security need, and its row of the measures.
    #[inline]
    pub(super) fn held(&self, id: SecurityId) -> Option<(&Held, &[Measure])> {
        let place = self.place(id)?;
        Some((&self.held[place], self.measures.row(place)))
    }

    /// The moments of the benchmark's returns over as many of a year's sessions as it has.
    pub(super) fn benchmark(&self) -> Option<Moments> {
        self.benchmark
    }

    #[inline]
    fn place(&self, id: SecurityId) -> Option<usize> {
        let place = self.places.get(id.0 as usize).copied().flatten()?;
        Some(place as usize)
    }
}

/// What securities are measured against on a session.
struct Against<'a> {
    market: &'a Market,
    session: usize,
    /// Of the benchmark's returns over at most a year.
    of_benchmark: Option<Moments>,
    /// By number of observations.
    fits: BTreeMap<usize, FactorFit>,
}

impl<'a> Against<'a> {
    fn measure(&mut self, id: SecurityId, slot: Slot) -> (SecurityStatistics, Moments) {
        let run = self.market.run(slot, self.session);
        let returns = year_of_returns(self.market, self.session, slot);
        let moments = Moments::of(returns);
        let volatility = WINDOWS.map(|window| match window.observe(run) {
            Ok(count) if count == moments.count => figure(moments.volatility(), count),
            Ok(count) => figure(Moments::of(tail(returns, count)).volatility(), count),
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
            let figure = figure(value, count);
            (figure, figure)
        };
        let Some(benchmark) = self.benchmark() else {
            return both(Err(Absence::NoBenchmark), 0);
        };
        let count = match YEAR.observe(returns.len().min(benchmark.len())) {
            Ok(count) => count,
            Err(count) => return both(Err(Absence::TooFewObservations), count),
        };
        let (x, y) = (tail(benchmark, count), tail(returns, count));
        let of_x = self.of_benchmark.unwrap_or_default();
        match fit(x, of_x.or_of(x), y, moments.or_of(y)) {
            Ok(line) => (figure(Ok(line.slope), count), figure(line.r_squared, count)),
            Err(reason) => both(Err(reason), count),
        }
    }

    fn factor_betas(&mut self, returns: &[f64], moments: Moments) -> Vec<Figure> {
        let (market, session) = (self.market, self.session);
        let factors = market.factors();
        let runs = factors.iter().map(|slot| market.run(*slot, session));
        let run = runs.fold(returns.len(), usize::min);
        let absent = |reason, count| vec![figure(Err(reason), count); factors.len()];
        let count = match YEAR.observe(run) {
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
        let returns = tail(returns, count);
        match fit.betas(returns, moments.or_of(returns).mean) {
            Ok(betas) => betas
                .into_iter()
                .map(|beta| figure(Ok(beta), count))
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
    let count = market.run(slot, session).min(YEAR.sessions);
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
    use crate::phases::fixture::Sketch;

    /// Benchmark 1 over 260 sessions; 2 moves twice as much, 3 is listed late, 4 stands still, 5
    /// never had a close.
    fn sketch() -> Sketch {
        let mut sketch = Sketch::of_sessions(260).with(1..=5);
        sketch.wander(1, 0..260, 0.01);
        sketch.wander(2, 0..260, 0.02);
        sketch.wander(3, 219..260, 0.01);
        sketch.close(4, 0, "10");
        sketch.sources.model.benchmark = Some("S1".to_owned());
        sketch
    }

    fn of(sketch: &Sketch, id: u32) -> SecurityStatistics {
        let market = sketch.market();
        let statistics = statistics(&market, 259, (1..=5).map(SecurityId));
        statistics.get(SecurityId(id)).unwrap().clone()
    }

    #[test]
    fn the_benchmark_has_a_beta_of_one() {
        let benchmark = of(&sketch(), 1);
        assert!((benchmark.beta.value().unwrap() - 1.0).abs() < 1e-14);
        assert!((benchmark.r_squared.value().unwrap() - 1.0).abs() < 1e-14);
        assert_eq!(benchmark.beta.observations(), 252);
        let moves_double = of(&sketch(), 2).beta.value().unwrap();
        assert!((moves_double - 2.0).abs() < 1e-5, "{moves_double}");
    }

    #[test]
    fn each_window_asks_for_its_own_minimum() {
        let young = of(&sketch(), 3);
        assert!(young.volatility[0].value().is_some());
        assert_eq!(young.volatility[0].observations(), 21);
        let few = Err(Absence::TooFewObservations);
        let [_, quarter, year] = young.volatility;
        assert_eq!((quarter.as_result(), quarter.observations()), (few, 40));
        assert_eq!((year.as_result(), young.beta.as_result()), (few, few));
    }

    #[test]
    fn a_price_that_stands_still_is_no_missing_price() {
        let still = of(&sketch(), 4);
        assert_eq!(still.session_return, Figure::new(0.0, 1));
        assert_eq!(still.volatility[2], Figure::new(0.0, 252));
        assert_eq!(still.beta, Figure::new(0.0, 252));
        assert_eq!(still.r_squared.as_result(), Err(Absence::NoVariance));
        let unpriced = of(&sketch(), 5).session_return;
        assert_eq!(unpriced.as_result(), Err(Absence::NoPrice));
    }

    #[test]
    fn without_a_benchmark_there_is_no_beta() {
        let mut sketch = sketch();
        sketch.sources.model.benchmark = None;
        assert_eq!(of(&sketch, 2).beta.as_result(), Err(Absence::NoBenchmark));
        sketch.sources.model.benchmark = Some("S5".to_owned());
        assert_eq!(of(&sketch, 2).beta.as_result(), Err(Absence::NoBenchmark));
    }

    #[test]
    fn a_single_factor_has_the_beta_of_a_benchmark() {
        let mut sketch = sketch();
        let factor = |symbol: &str| Factor {
            name: symbol.to_owned(),
            symbol: symbol.to_owned(),
        };
        sketch.sources.model.factors = vec![factor("S1")];
        let one = of(&sketch, 2);
        let (joint, single) = (one.factor_betas[0].value(), one.beta.value());
        assert!((joint.unwrap() - single.unwrap()).abs() < 1e-12);
        sketch.sources.model.factors.push(factor("S1"));
        let alike = of(&sketch, 2).factor_betas;
        assert_eq!(alike[1].as_result(), Err(Absence::Collinear));
    }
}
