//! Generates the market of synthetic databases: 500 shares, a benchmark and four factors, each with
//! a close on every session.

use crate::domain::{
    AssetClass, CalendarError, CloseChange, Day, NewSecurity, Price, RiskModel, SecurityId,
};
use crate::engine::{EngineError, Settings, today};
use crate::scenario::market::{SECTORS, risk_model};
use crate::store::{StoreError, WriteTransaction};
use chrono::{DateTime, TimeZone, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The seed of all synthetic databases.
pub(super) const SEED: u64 = 8;

/// The number of shares that portfolios choose from.
pub(super) const SHARES: u32 = 500;
/// Sessions with closes before the first inception, so that every window of the risk phase is full.
const HISTORY: usize = 253;

/// The instant of every measured run: the evening of January 8, 2026, in New York.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 8, 23, 0, 0)
        .single()
        .expect("an instant")
}

/// Closes over consecutive sessions that end with the last final one.
pub(super) struct Market {
    model: RiskModel,
    /// All sessions, ascending; portfolios begin after [`HISTORY`] of them.
    sessions: Vec<Day>,
    /// By session, then security.
    closes: Vec<Vec<Price>>,
}

impl Market {
    /// Generates a market in which portfolios exist for the last `portfolio_sessions` sessions.
    pub(super) fn new(portfolio_sessions: usize, settings: &Settings) -> Result<Self, EngineError> {
        let model = risk_model();
        let calendar = &settings.calendar;
        let last = today(settings, now())?.last_final;
        let mut sessions = vec![last];
        while sessions.len() < HISTORY + portfolio_sessions {
            let first = *sessions.last().expect("it holds one from the start");
            let before = calendar.previous(first)?;
            sessions.push(before.ok_or(CalendarError::UnknownDay {
                calendar: calendar.name().to_owned(),
                known: calendar.known_days(),
                day: first.previous(),
            })?);
        }
        sessions.reverse();
        let closes = random_walk(sessions.len(), indexes(&model).len() + SHARES as usize);
        Ok(Self {
            model,
            sessions,
            closes,
        })
    }

    /// Returns the sessions from the common inception to the target.
    pub(super) fn portfolio_sessions(&self) -> &[Day] {
        &self.sessions[HISTORY..]
    }

    /// Returns the id of the share with this number, from 0.
    pub(super) fn share(&self, number: u32) -> SecurityId {
        SecurityId(indexes(&self.model).len() as u32 + 1 + number)
    }

    /// Returns the close of a share on a session, counted from the inception.
    pub(super) fn price(&self, share: SecurityId, session: usize) -> Price {
        self.closes[HISTORY + session][share.0 as usize - 1]
    }

    /// Stores securities, closes and the risk model.
    pub(super) fn store(&self, writing: &WriteTransaction<'_>) -> Result<(), StoreError> {
        writing.risk_models().set(&self.model, now())?;
        for symbol in indexes(&self.model) {
            writing
                .securities()
                .add(&security(symbol, AssetClass::Index, "Index"))?;
        }
        for number in 0..SHARES {
            let sector = SECTORS[number as usize % SECTORS.len()];
            writing.securities().add(&security(
                &format!("S{number}"),
                AssetClass::Equity,
                sector,
            ))?;
        }
        for (day, closes) in self.sessions.iter().zip(&self.closes) {
            let closes = (1..).zip(closes).map(|(id, price)| CloseChange {
                security: SecurityId(id),
                day: *day,
                previous: None,
                price: *price,
            });
            writing.closes().set(&closes.collect::<Vec<_>>(), now())?;
        }
        Ok(())
    }
}

/// Returns the symbols of the benchmark and the factors, which no portfolio holds.
fn indexes(model: &RiskModel) -> Vec<&str> {
    let benchmark = model.benchmark.as_deref().into_iter();
    let factors = model.factors.iter().map(|factor| factor.symbol.as_str());
    benchmark.chain(factors).collect()
}

fn security(symbol: &str, class: AssetClass, sector: &str) -> NewSecurity {
    NewSecurity {
        class,
        sector: sector.to_owned(),
        ..NewSecurity::equity(symbol)
    }
}

/// Generates random walks in whole cents, with a common part in the steps of a session.
fn random_walk(sessions: usize, securities: usize) -> Vec<Vec<Price>> {
    const CENT: f64 = Price::SCALE as f64 / 100.0;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut prices: Vec<f64> = (0..securities)
        .map(|_| random.random_range(10.0..400.0))
        .collect();
    (0..sessions)
        .map(|_| {
            let common: f64 = random.random_range(-0.012..0.0125);
            for price in &mut prices {
                *price = (*price * (1.0 + common + random.random_range(-0.015..0.015))).max(1.0);
            }
            let cents = prices.iter().map(|price| (price * 100.0).round() * CENT);
            cents.map(|units| Price::from_units(units as i64)).collect()
        })
        .collect()
}
