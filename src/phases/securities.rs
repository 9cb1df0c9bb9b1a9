//! Computes phase 2, the statistics of securities on a session, once for all holders of a security.
//! The formulas are in `docs/numbers.md`, securities.

use super::columns::Slot;
use super::factors::FactorFits;
use super::market::Market;
use super::moments::Moments;
use super::series::{fit_line, last_n, to_figure};
use super::session_statistics::{
    Contributions, ReturnSource, RiskInputs, SessionStatistics, StatisticsChunk,
};
use super::windows::{WINDOWS, YEAR};
use crate::domain::output::SecurityStatistics;
use crate::domain::{Absence, Figure, Price, SecurityId};

/// Computes the statistics of `securities` on a session. Closes after the session are not used.
/// Unknown and repeated ids are ignored.
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

/// Computes the statistics of `securities`, which must be sorted by id. Ids that the market does
/// not have are ignored.
pub fn measure(market: &Market, session: usize, securities: &[SecurityId]) -> StatisticsChunk {
    let mut context = MeasureContext {
        market,
        session,
        benchmark: market.benchmark_returns(session).map(|returns| {
            let moments = Moments::from_series(returns);
            (returns, moments)
        }),
        factors: FactorFits::new(
            (market.factors().iter())
                .map(|slot| market.year_of_returns(*slot, session))
                .collect(),
            market.factor_absence(session),
        ),
    };
    let mut chunk = StatisticsChunk {
        rows: Vec::with_capacity(securities.len()),
        risk_inputs: Vec::with_capacity(securities.len()),
        contributions: Contributions::new(market),
    };
    let day = market.sessions()[session];
    for id in securities {
        let Some(slot) = market.slot(*id) else {
            continue;
        };
        let (row, moments) = context.measure(*id, slot);
        chunk.contributions.push(market, slot, day, &row);
        chunk.rows.push(row);
        chunk.risk_inputs.push(RiskInputs {
            source: ReturnSource::Market(slot),
            return_count: market.return_count(slot, session),
            moments,
            standardizing_scale: moments.standardizing_scale(),
        });
    }
    chunk
}

/// The benchmark and factor fits against which the securities of a session are measured.
struct MeasureContext<'a> {
    market: &'a Market,
    session: usize,
    /// The benchmark's returns over at most a year and their moments, or the reason that there are
    /// none.
    benchmark: Result<(&'a [f64], Moments), Absence>,
    factors: FactorFits<'a>,
}

impl<'a> MeasureContext<'a> {
    fn measure(&mut self, id: SecurityId, slot: Slot) -> (SecurityStatistics, Moments) {
        let run = self.market.return_count(slot, self.session);
        let returns = self.market.year_of_returns(slot, self.session);
        let moments = Moments::from_series(returns);
        let per_year = self.market.sessions_per_year();
        let volatility = WINDOWS.map(|window| match window.observations(run) {
            Ok(count) if count == moments.count => to_figure(moments.volatility(per_year), count),
            Ok(count) => to_figure(
                Moments::from_series(last_n(returns, count)).volatility(per_year),
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
            factor_betas: self.factors.betas(returns, moments),
        };
        (statistics, moments)
    }

    fn session_return(&self, slot: Slot, returns: &[f64]) -> Figure {
        let is_no_base = |session| {
            let price = self.market.as_of_slot(slot, session);
            price.is_some_and(|as_of| as_of.price <= Price::ZERO)
        };
        match returns.last() {
            Some(last) => Figure::new(*last, 1),
            None if self.session > 0 && is_no_base(self.session - 1) => {
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
        let (benchmark, moments_x) = match self.benchmark {
            Ok(benchmark) => benchmark,
            Err(reason) => return both(Err(reason), 0),
        };
        let count = match YEAR.observations(returns.len().min(benchmark.len())) {
            Ok(count) => count,
            Err(count) => return both(Err(Absence::TooFewObservations), count),
        };
        let (x, y) = (last_n(benchmark, count), last_n(returns, count));
        match fit_line(x, moments_x.or_from_series(x), y, moments.or_from_series(y)) {
            Ok(line) => (
                to_figure(Ok(line.slope), count),
                to_figure(line.r_squared, count),
            ),
            Err(reason) => both(Err(reason), count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Factor;
    use crate::phases::fixture::MarketBuilder;

    /// Security 1 is the benchmark, over 260 sessions. Security 2 moves twice as much, 3 has closes
    /// only from session 219, 4 does not move, and 5 to 7 have no close.
    fn builder() -> MarketBuilder {
        let mut builder = MarketBuilder::with_session_count(260).with_shares(1..=7);
        builder.add_moving_closes(1, 0..260, 0.01);
        builder.add_moving_closes(2, 0..260, 0.02);
        builder.add_moving_closes(3, 219..260, 0.01);
        for session in 0..260 {
            builder.add_close(4, session, "10");
        }
        builder.sources.model.benchmark = Some("S1".to_owned());
        builder
    }

    fn factor(symbol: &str) -> Factor {
        Factor {
            name: symbol.to_owned(),
            symbol: symbol.to_owned(),
        }
    }

    fn statistics_of(builder: &MarketBuilder, id: u32) -> SecurityStatistics {
        let market = builder.build();
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
        let mut builder = builder();
        builder.sources.model.benchmark = None;
        assert_eq!(
            statistics_of(&builder, 2).beta.as_result(),
            Err(Absence::NoBenchmark)
        );
    }

    #[test]
    fn a_benchmark_or_factor_without_a_recent_close_is_named() {
        let mut builder = builder();
        builder.add_moving_closes(6, 0..248, 0.01);
        builder.add_moving_closes(7, 259..260, 0.01);
        builder.sources.model.factors = vec![factor("S1")];
        for (symbol, reason) in [
            ("S5", Absence::UnpricedBenchmark),
            ("S6", Absence::UnpricedBenchmark),
            ("S7", Absence::TooFewObservations),
        ] {
            builder.sources.model.benchmark = Some(symbol.to_owned());
            let measured = statistics_of(&builder, 2);
            assert_eq!(measured.beta, Figure::absent(reason, 0), "{symbol}");
            assert_eq!(measured.r_squared, measured.beta, "{symbol}");
            assert!(measured.factor_betas[0].value().is_some());
        }
        for (symbol, reason) in [
            ("S5", Absence::UnpricedFactor),
            ("S6", Absence::UnpricedFactor),
            ("S7", Absence::TooFewObservations),
        ] {
            builder.sources.model.factors = vec![factor("S1"), factor(symbol)];
            let betas = statistics_of(&builder, 2).factor_betas;
            assert_eq!(betas, [Figure::absent(reason, 0); 2], "{symbol}");
        }
    }

    #[test]
    fn a_single_factor_has_the_beta_of_a_benchmark() {
        let mut builder = builder();
        builder.sources.model.factors = vec![factor("S1")];
        let measured = statistics_of(&builder, 2);
        let (joint, single) = (measured.factor_betas[0].value(), measured.beta.value());
        assert!((joint.unwrap() - single.unwrap()).abs() < 1e-12);
        builder.sources.model.factors.push(factor("S1"));
        let collinear = statistics_of(&builder, 2).factor_betas;
        assert_eq!(collinear[1].as_result(), Err(Absence::Collinear));
    }
}
