//! Generates the transactions of a synthetic portfolio: a deposit and purchases on the first
//! session, then a trade on every fifth.

use crate::domain::{
    Money, PortfolioId, Price, Quantity, SecurityId, Transaction, TransactionKind,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::market::{Market, SEED, SHARES};

const DEPOSIT: i32 = 1_000_000;
/// The number of sessions from one trade to the next.
const TRADE_INTERVAL: usize = 5;
/// Steps through the shares. None has a common divisor with 500, so that no share occurs twice.
const STRIDES: [u32; 6] = [3, 7, 9, 11, 13, 17];

/// Generates the transactions of a portfolio with this many holdings.
pub(super) fn trades(market: &Market, portfolio: PortfolioId, holdings: u32) -> Vec<Transaction> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED ^ u64::from(portfolio.0));
    let stride = STRIDES[random.random_range(0..STRIDES.len())];
    let first = random.random_range(0..SHARES);
    let shares: Vec<_> = (0..holdings)
        .map(|number| market.share((first + number * stride) % SHARES))
        .collect();
    let day = market.portfolio_sessions()[0];
    let mut entries = vec![Transaction {
        amount: Some(Money::whole(DEPOSIT)),
        reference: reference(portfolio, 0),
        ..Transaction::new(portfolio, day, TransactionKind::Deposit)
    }];
    let quantity = |share: SecurityId, session: usize, part: f64| {
        let price: Price = market.price(share, session);
        let budget = f64::from(DEPOSIT) * 0.9 / f64::from(holdings);
        Quantity::whole((budget * part / price.to_f64()).max(1.0) as i32)
    };
    let mut trade = |kind, share, session: usize, part| {
        entries.push(Transaction {
            security: Some(share),
            quantity: quantity(share, session, part),
            price: Some(market.price(share, session)),
            fee: Money::whole(1),
            reference: reference(portfolio, entries.len()),
            ..Transaction::new(portfolio, market.portfolio_sessions()[session], kind)
        });
    };
    for share in &shares {
        trade(TransactionKind::Buy, *share, 0, 1.0);
    }
    for session in (TRADE_INTERVAL..market.portfolio_sessions().len()).step_by(TRADE_INTERVAL) {
        let share = shares[random.random_range(0..shares.len())];
        let kind = if random.random_ratio(1, 2) {
            TransactionKind::Buy
        } else {
            TransactionKind::Sell
        };
        trade(kind, share, session, 0.02);
    }
    entries
}

fn reference(portfolio: PortfolioId, number: usize) -> String {
    format!("{:07}-{number:04}", portfolio.0)
}
