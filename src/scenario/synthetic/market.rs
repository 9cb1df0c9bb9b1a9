//! What the portfolios trade in: 500 shares, a benchmark and four factors, each with a close on
//! every session.

use crate::domain::{
    AssetClass, CalendarError, CloseChange, Currency, Day, NewSecurity, Price, Quantity, RiskModel,
    SecurityId,
};
use crate::engine::{EngineError, Settings, today};
use crate::scenario::market::{SECTORS, risk_model};
use crate::store::{StoreError, WriteTransaction};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::books::{SEED, now};

/// How many securities portfolios hold.
pub(super) const SHARES: u32 = 500;
/// Sessions with closes before the first inception, so that every window of risk is full.
const HISTORY: usize = 253;

/// The closes of a stretch of sessions that ends with the last final one.
pub(super) struct Market {
    model: RiskModel,
    /// All sessions, ascending; portfolios begin after [`HISTORY`] of them.
    sessions: Vec<Day>,
    /// By session, then security.
    closes: Vec<Vec<Price>>,
}

impl Market {
    /// A market in which portfolios have lived for `lived` sessions.
    pub(super) fn new(lived: usize, settings: &Settings) -> Result<Self, EngineError> {
        let model = risk_model();
        let calendar = &settings.calendar;
        let last = today(settings, now())?.last_final;
        let mut sessions = vec![last];
        while sessions.len() < HISTORY + lived {
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

    /// The sessions on which portfolios live.
    pub(super) fn portfolio_sessions(&self) -> &[Day] {
        &self.sessions[HISTORY..]
    }

    /// The `number`th share that can be held, from 0.
    pub(super) fn share(&self, number: u32) -> SecurityId {
        SecurityId(indexes(&self.model).len() as u32 + 1 + number)
    }

    /// What a share costs on a session of those that are lived.
    pub(super) fn price(&self, share: SecurityId, lived: usize) -> Price {
        self.closes[HISTORY + lived][share.0 as usize - 1]
    }

    /// Stores securities, closes and the risk model.
    pub(super) fn store(&self, writing: &WriteTransaction<'_>) -> Result<(), StoreError> {
        writing.set_risk_model(&self.model, now())?;
        for symbol in indexes(&self.model) {
            writing.add_security(&security(symbol, AssetClass::Index, "Index"))?;
        }
        for number in 0..SHARES {
            let sector = SECTORS[number as usize % SECTORS.len()];
            writing.add_security(&security(&format!("S{number}"), AssetClass::Equity, sector))?;
        }
        for (day, closes) in self.sessions.iter().zip(&self.closes) {
            let closes = (1..).zip(closes).map(|(id, price)| CloseChange {
                security: SecurityId(id),
                day: *day,
                previous: None,
                price: *price,
            });
            writing.set_closes(&closes.collect::<Vec<_>>(), now())?;
        }
        Ok(())
    }
}

/// What is measured against and not held.
fn indexes(model: &RiskModel) -> Vec<&str> {
    let benchmark = model.benchmark.as_deref().into_iter();
    let factors = model.factors.iter().map(|factor| factor.symbol.as_str());
    benchmark.chain(factors).collect()
}

fn security(symbol: &str, class: AssetClass, sector: &str) -> NewSecurity {
    NewSecurity {
        symbol: symbol.to_owned(),
        name: symbol.to_owned(),
        class,
        sector: sector.to_owned(),
        currency: Currency::USD,
        multiplier: Quantity::whole(1),
        inactive_from: None,
    }
}

/// Walks of whole cents that share a part of each step.
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
