//! Converts the returns of a session's securities to the currency of portfolios, for their risk.
//! Formula: `docs/numbers.md`, risk.
//!
//! Everything here is computed once a session and currency, and shared by all portfolios in that
//! currency. Portfolios whose holdings, benchmark and factors are in their own currency do not need
//! it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::columns::Slot;
use super::factors::FactorFits;
use super::market::Market;
use super::moments::Moments;
use super::rates::{Conversion, is_currency_pair};
use super::series::last_n;
use super::session_statistics::{Benchmark, Contributions, RiskInputs, SessionStatistics};
use super::windows::YEAR;
use crate::domain::{Currency, SecurityId};

/// The returns of exchange rates, benchmark and factors up to a session, for portfolios in one
/// currency.
pub struct CurrencyReturns<'a> {
    market: &'a Market,
    session: usize,
    currency: Currency,
    /// The returns of the rate from each foreign currency, at most a year of them.
    rates: BTreeMap<Currency, Vec<f64>>,
    /// Returns in the portfolios' currency; `None` without a benchmark.
    benchmark: Option<Cow<'a, [f64]>>,
    /// Returns in the portfolios' currency.
    factors: Vec<Cow<'a, [f64]>>,
}

/// The inputs of some securities to the risk of portfolios in one currency.
pub struct CurrencyChunk {
    pub(super) securities: Vec<SecurityId>,
    pub(super) risk_inputs: Vec<RiskInputs>,
    pub(super) contributions: Contributions,
}

impl<'a> CurrencyReturns<'a> {
    /// Computes the returns for portfolios in `currency` that hold only `securities`. `None` if
    /// nothing has to be converted.
    pub fn new(
        market: &'a Market,
        session: usize,
        currency: Currency,
        securities: &[SecurityId],
    ) -> Option<Self> {
        let held = securities.iter().filter_map(|id| market.slot(*id));
        let held = held.map(|slot| market.security_at(slot).currency);
        let factors = market.factors().iter().copied();
        let indexes = factors.clone().chain(market.benchmark());
        let foreign: BTreeSet<_> = held
            .chain(indexes.filter_map(|slot| currency_of_index(market, slot)))
            .filter(|from| *from != currency)
            .collect();
        if foreign.is_empty() {
            return None;
        }
        let rates = foreign.into_iter().map(|from| {
            let conversion = market.conversion(from, currency);
            (from, rate_returns(market, &conversion, session))
        });
        let mut returns = Self {
            market,
            session,
            currency,
            rates: rates.collect(),
            benchmark: None,
            factors: Vec::new(),
        };
        returns.benchmark = market.benchmark().map(|slot| returns.of_index(slot));
        returns.factors = factors.map(|slot| returns.of_index(slot)).collect();
        Some(returns)
    }

    /// Computes the inputs of `securities`, which must be sorted by id. `statistics` must have them.
    pub fn measure(
        &self,
        statistics: &SessionStatistics,
        securities: &[SecurityId],
    ) -> CurrencyChunk {
        let mut chunk = CurrencyChunk {
            securities: Vec::with_capacity(securities.len()),
            risk_inputs: Vec::with_capacity(securities.len()),
            contributions: Contributions::new(self.market),
        };
        let are_factors_local = self.factors.iter().all(|returns| match returns {
            Cow::Borrowed(_) => true,
            Cow::Owned(_) => false,
        });
        let mut factors = FactorFits::new(self.factors.iter().map(AsRef::as_ref).collect());
        for id in securities {
            let Some((local, contributions)) = statistics.local_table().inputs(*id) else {
                continue;
            };
            chunk.securities.push(*id);
            let inputs = match self.converted(local.slot) {
                None => local.clone(),
                Some(returns) => {
                    let moments = Moments::from_series(&returns);
                    RiskInputs {
                        slot: local.slot,
                        return_count: returns.len(),
                        converted: Some(returns.into()),
                        moments,
                        standardizing_scale: moments.standardizing_scale(),
                    }
                }
            };
            if are_factors_local && inputs.converted.is_none() {
                chunk.contributions.push_row(contributions);
            } else {
                let own = self.market.year_of_returns(local.slot, self.session);
                let returns = inputs.converted.as_deref().unwrap_or(own);
                let betas = factors.betas(returns, inputs.moments);
                chunk.contributions.push_with_betas(&betas, contributions);
            }
            chunk.risk_inputs.push(inputs);
        }
        chunk
    }

    /// Returns the currency of the portfolios.
    pub(super) fn currency(&self) -> Currency {
        self.currency
    }

    /// Returns the benchmark's returns; `None` without a benchmark or without returns.
    pub(super) fn benchmark(&self) -> Option<Benchmark> {
        Benchmark::new(self.benchmark.as_deref()?)
    }

    /// Returns the returns of a benchmark or factor over at most a year. Those of a currency pair
    /// are not converted: an exchange rate is not an asset with a value in a currency.
    fn of_index(&self, slot: Slot) -> Cow<'a, [f64]> {
        let converted = currency_of_index(self.market, slot).and_then(|_| self.converted(slot));
        match converted {
            Some(returns) => Cow::Owned(returns),
            None => Cow::Borrowed(self.market.year_of_returns(slot, self.session)),
        }
    }

    /// Returns the converted returns of a security, (1 + local) × (1 + rate) − 1; `None` if it is
    /// in the portfolios' currency.
    fn converted(&self, slot: Slot) -> Option<Vec<f64>> {
        let rates = self.rates.get(&self.market.security_at(slot).currency)?;
        let local = self.market.year_of_returns(slot, self.session);
        let count = local.len().min(rates.len());
        let pairs = last_n(local, count).iter().zip(last_n(rates, count));
        // Multiplied out: adding one to a small return would lose its last digits.
        Some(
            pairs
                .map(|(local, rate)| local + rate + local * rate)
                .collect(),
        )
    }
}

/// Returns the currency of a benchmark or factor; `None` for a currency pair.
fn currency_of_index(market: &Market, slot: Slot) -> Option<Currency> {
    let security = market.security_at(slot);
    (!is_currency_pair(security)).then_some(security.currency)
}

/// Returns the consecutive returns of a rate up to a session, at most a year of them. They are
/// defined like those of a security: there is none after a rate that is missing or outdated.
fn rate_returns(market: &Market, conversion: &Conversion, session: usize) -> Vec<f64> {
    let mut returns = Vec::with_capacity(YEAR.sessions);
    let mut after = market.rate(conversion, session);
    for at in (0..session).rev().take(YEAR.sessions) {
        let before = market.rate(conversion, at);
        let (Some(rate), Some(base)) = (after, before) else {
            break;
        };
        if base.is_outdated() {
            break;
        }
        let (rate, base) = (rate.rate.to_f64(), base.rate.to_f64());
        returns.push((rate - base) / base);
        after = before;
    }
    returns.reverse();
    returns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::Risk;
    use crate::domain::{
        Absence, Factor, Figure, Portfolio, SessionsPerYear, Transaction, TransactionKind,
    };
    use crate::phases::books::Books;
    use crate::phases::fixture::{self, MarketBuilder, buy, cash, security};
    use crate::phases::history::History;
    use crate::phases::risk::risk;
    use crate::phases::securities::statistics;
    use crate::phases::series;

    const LAST: usize = 259;
    const EURUSD: u32 = 8;

    /// Dollar share 1 does not move, 2 and benchmark 3 do; 4 is a euro share. The euro moves.
    fn builder() -> MarketBuilder {
        let mut builder = MarketBuilder::with_session_count(260).with_shares(1..=3);
        builder
            .sources
            .securities
            .push(fixture_security(4, "S4", "EUR"));
        (0..260).for_each(|session| builder.add_close(1, session, "100"));
        for (id, swing) in [(2, 0.02), (3, 0.01), (4, 0.03)] {
            builder.add_moving_closes(id, 0..260, swing);
        }
        add_pair(&mut builder, EURUSD, "EURUSD", 0);
        builder
    }

    fn fixture_security(id: u32, symbol: &str, currency: &str) -> crate::domain::Security {
        let mut found = security(id);
        found.symbol = symbol.to_owned();
        found.currency = currency.parse().unwrap();
        found
    }

    /// Adds a pair with a rate from session `first` on that does not move like the shares.
    fn add_pair(builder: &mut MarketBuilder, id: u32, symbol: &str, first: i32) {
        let pair = fixture_security(id, symbol, &symbol[3..]);
        builder.sources.securities.push(pair);
        for session in first..260 {
            let cents = 100 + (session * session * i32::try_from(id).unwrap()) % 23;
            let rate = format!("{}.{:02}", cents / 100, cents % 100);
            builder.add_close(id, session, &rate);
        }
    }

    fn risk_in(builder: &MarketBuilder, currency: &str, trades: &[Transaction]) -> Risk {
        let portfolio = Portfolio {
            currency: currency.parse().unwrap(),
            ..fixture::portfolio()
        };
        let (market, history) = (builder.build(), History::new(&portfolio, trades.to_vec()));
        let mut books = Books::open(&history);
        let valuation = books.value_on(&market, &history, LAST).unwrap();
        let held: Vec<_> = history.securities().collect();
        let mut all = statistics(&market, LAST, held.iter().copied());
        if let Some(returns) = CurrencyReturns::new(&market, LAST, portfolio.currency, &held) {
            let chunk = returns.measure(&all, &held);
            all.add_currency(&market, returns, [chunk]);
        }
        risk(&market, &all, LAST, portfolio.currency, &valuation)
    }

    /// Returns the trades of a portfolio wholly in one security.
    fn only(id: u32) -> Vec<Transaction> {
        let mut bought = buy(0, id, "10", "100");
        bought.amount = Some("1000".parse().unwrap());
        vec![cash(0, TransactionKind::Deposit, "1000"), bought]
    }

    /// Returns the year's returns of a product of closes, each raised to a power.
    fn year_of(builder: &MarketBuilder, factors: &[(u32, i32)]) -> Vec<f64> {
        let market = builder.build();
        let price = |session| {
            let prices = factors.iter().map(|(id, power)| {
                let as_of = market.as_of(SecurityId(*id), session).unwrap();
                as_of.price.to_string().parse::<f64>().unwrap().powi(*power)
            });
            prices.product::<f64>()
        };
        (LAST - 251..=LAST)
            .map(|session| price(session) / price(session - 1) - 1.0)
            .collect()
    }

    #[track_caller]
    fn assert_risk_of(risk: &Risk, returns: &[f64]) {
        let near = |figure: Figure, expected: f64| {
            let value = figure.value().unwrap();
            assert!(
                (value - expected).abs() < 1e-12,
                "{value} is not {expected}"
            );
        };
        for (figure, count) in risk.volatility.into_iter().zip([21, 63, 252]) {
            near(
                figure,
                series::volatility(last_n(returns, count), SessionsPerYear::EXCHANGE).unwrap(),
            );
        }
        near(risk.var_95, series::quantile(returns, 0.05).unwrap());
        near(risk.cvar_95, series::cvar(returns, 0.05).unwrap());
        assert_eq!(risk.covered_share, Figure::new(1.0, 1));
    }

    #[test]
    fn a_motionless_foreign_share_has_the_risk_of_its_rate() {
        let builder = builder();
        let risk = risk_in(&builder, "EUR", &only(1));
        assert_risk_of(&risk, &year_of(&builder, &[(EURUSD, -1)]));
        assert!(risk.volatility[2].value().unwrap() > 0.1);
        let in_dollars = risk_in(&builder, "USD", &only(1));
        assert_eq!(in_dollars.volatility[2].value(), Some(0.0));
    }

    #[test]
    fn direct_inverse_and_cross_rates_convert_returns() {
        let mut builder = builder();
        let inverse = risk_in(&builder, "EUR", &only(2));
        assert_risk_of(&inverse, &year_of(&builder, &[(2, 1), (EURUSD, -1)]));
        let direct = risk_in(&builder, "USD", &only(4));
        assert_risk_of(&direct, &year_of(&builder, &[(4, 1), (EURUSD, 1)]));
        add_pair(&mut builder, 9, "GBPUSD", 0);
        let cross = risk_in(&builder, "GBP", &only(4));
        let factors = [(4, 1), (EURUSD, 1), (9, -1)];
        assert_risk_of(&cross, &year_of(&builder, &factors));
    }

    #[test]
    fn a_holding_whose_rate_is_too_young_is_not_covered() {
        let mut builder = builder();
        let first = builder.sources.sessions[200];
        let closes = &mut builder.sources.closes;
        closes.retain(|close| close.security.0 != EURUSD || close.day >= first);
        let risk = risk_in(&builder, "EUR", &only(2));
        assert!(risk.volatility[1].value().is_some());
        assert_eq!(risk.volatility[1].observations(), 59);
        let missing = Err(Absence::TooLittleCovered);
        assert_eq!(risk.volatility[2].as_result(), missing);
        assert_eq!(risk.var_95.as_result(), missing);
        assert_eq!(risk.covered_share, Figure::new(0.0, 0));
    }

    #[test]
    fn a_gap_in_the_rate_beyond_the_limit_ends_its_returns() {
        let mut builder = builder();
        let (first, last) = (builder.sources.sessions[180], builder.sources.sessions[191]);
        let closes = &mut builder.sources.closes;
        let is_kept = |day| day < first || day > last;
        closes.retain(|close| close.security.0 != EURUSD || is_kept(close.day));
        let risk = risk_in(&builder, "EUR", &only(2));
        assert_eq!(risk.volatility[1].observations(), 63);
        assert_eq!(
            risk.volatility[2].as_result(),
            Err(Absence::TooLittleCovered)
        );
    }

    #[test]
    fn a_portfolio_that_holds_the_benchmark_has_a_beta_of_one_in_any_currency() {
        let mut builder = builder();
        let model = &mut builder.sources.model;
        model.benchmark = Some("S3".to_owned());
        model.factors = ["S3", "EURUSD"]
            .map(|symbol| Factor {
                name: symbol.to_owned(),
                symbol: symbol.to_owned(),
            })
            .into();
        for currency in ["USD", "EUR"] {
            let risk = risk_in(&builder, currency, &only(3));
            for figure in [risk.beta, risk.r_squared, risk.factors[0].exposure] {
                assert!((figure.value().unwrap() - 1.0).abs() < 1e-12, "{figure:?}");
            }
            let rate = risk.factors[1].exposure.value().unwrap();
            assert!(rate.abs() < 1e-12, "the euro explains nothing more: {rate}");
        }
        let motionless = risk_in(&builder, "EUR", &only(1));
        let rate = motionless.factors[1].exposure.value().unwrap();
        assert!(rate < -0.1, "it falls when the euro rises: {rate}");
        let own = risk_in(&builder, "EUR", &only(4));
        assert!(
            (own.beta.value().unwrap() - risk_in(&builder, "USD", &only(4)).beta.value().unwrap())
                .abs()
                > 1e-3
        );
    }

    #[test]
    fn a_portfolio_in_its_own_currency_has_the_same_risk_beside_converted_ones() {
        let builder = builder();
        let trades = only(4);
        let alone = risk_in(&builder, "EUR", &trades);
        let (market, held) = (builder.build(), [2, 4].map(SecurityId));
        let mut all = statistics(&market, LAST, held);
        let currency = "EUR".parse().unwrap();
        let returns = CurrencyReturns::new(&market, LAST, currency, &held).unwrap();
        let chunk = returns.measure(&all, &held);
        all.add_currency(&market, returns, [chunk]);
        let portfolio = Portfolio {
            currency,
            ..fixture::portfolio()
        };
        let history = History::new(&portfolio, trades);
        let valuation = Books::open(&history)
            .value_on(&market, &history, LAST)
            .unwrap();
        assert_eq!(risk(&market, &all, LAST, currency, &valuation), alone);
    }
}
