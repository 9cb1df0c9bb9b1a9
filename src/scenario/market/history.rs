//! The made-up history of a portfolio: what it brings along at its inception, and what it does
//! on each session of its life.
//!
//! | on | it |
//! |---|---|
//! | its inception | deposits cash, transfers holdings in, sells short what its style is short of |
//! | a split or a payout of what it holds | follows it |
//! | the first session of a month | pays its fee, receives interest on its cash |
//! | some sessions | buys, sells a part, covers a part of a short, deposits or withdraws |

use chrono::Datelike;

use super::book::{Book, Order};
use super::closes::rounded;
use super::prices::Market;
use super::random::RandomSource;
use super::style::Style;
use crate::domain::Transaction;
use crate::domain::{
    AssetClass, Currency, Day, DayRange, Money, PortfolioId, Price, Quantity, SecurityId,
    TransactionKind,
};

/// The least and the most that a portfolio starts with where nobody says, in its currency.
const CAPITAL: (f64, f64) = (60_000.0, 12_000_000.0);
/// On what share of its sessions a portfolio trades, and on what share cash comes or goes.
const TRADES: f64 = 0.15;
const FLOWS: f64 = 0.03;
/// Fee of a month as a share of the starting capital, and interest of a month on cash.
const FEE: f64 = 0.000_75;
const INTEREST: f64 = 0.002_5;

/// For whom a history is made up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Account<'a> {
    /// Whose transactions they are.
    pub portfolio: PortfolioId,
    /// The name that chance goes by, and that references start with.
    pub name: &'a str,
    /// The currency of its cash.
    pub currency: Currency,
    /// What kind of portfolio it is.
    pub style: Style,
    /// What it starts with; drawn where it is not said.
    pub capital: Option<Money>,
    /// From its inception to its last day.
    pub lifetime: DayRange,
}

/// The transactions of `account` over the sessions of `market`, by day. Empty where no session
/// falls into its life, or where the market has no rate for its currency.
pub fn history(market: &Market, account: &Account<'_>) -> Vec<Transaction> {
    let seed = market.listing().seed();
    let mut draws = RandomSource::new(seed, &format!("history/{}", account.name));
    let mut author = HistoryGenerator {
        market,
        account,
        capital: account
            .capital
            .map_or_else(|| capital(&mut draws), Money::to_f64),
        book: Book::new(market, account.portfolio, account.name, account.currency),
    };
    let mut month = None;
    for day in market.sessions() {
        if !account.lifetime.contains(*day) {
            continue;
        }
        let this_month = day.to_date().month();
        match month {
            None => author.open(*day, draws.at_day(*day)),
            Some(last) => {
                author.apply_market_events(*day);
                if last != this_month {
                    author.record_monthly_entries(*day);
                }
                author.trade_and_move_cash(*day, draws.at_day(*day));
            }
        }
        month = Some(this_month);
    }
    author.book.into_transactions()
}

/// A starting capital in whole thousands.
fn capital(draws: &mut RandomSource) -> f64 {
    let (least, most) = CAPITAL;
    (draws.uniform(least.ln(), most.ln()).exp() / 1_000.0).round() * 1_000.0
}

/// Who writes the history of one account.
struct HistoryGenerator<'a> {
    market: &'a Market,
    account: &'a Account<'a>,
    capital: f64,
    book: Book<'a>,
}

impl HistoryGenerator<'_> {
    fn open(&mut self, day: Day, draws: &mut RandomSource) {
        let picks = self
            .account
            .style
            .picks(self.market.listing(), self.account.name);
        let invested: f64 = picks.iter().map(|pick| pick.weight.max(0.0)).sum();
        let cash = money(self.capital * (1.0 - invested));
        self.book.record_cash(day, TransactionKind::Deposit, cash);
        for pick in picks {
            let spent = self.capital * pick.weight * draws.uniform(0.75, 1.25);
            let cost_ratio = draws.uniform(0.75, 1.05);
            let Some(price) = self.unit_price(pick.security, day) else {
                continue;
            };
            let Some(quantity) = self.quantity(pick.security, spent.abs(), price, day) else {
                continue;
            };
            if pick.weight < 0.0 {
                let fee = commission(draws);
                let security = pick.security;
                self.book.sell(
                    day,
                    Order {
                        security,
                        quantity,
                        price,
                        fee,
                    },
                );
            } else {
                let cost = rounded(price.to_f64() * cost_ratio, 2);
                self.book.transfer_in(day, pick.security, quantity, cost);
            }
        }
    }

    fn apply_market_events(&mut self, day: Day) {
        for split in self.market.splits().iter().filter(|split| split.day == day) {
            self.book.split(split);
        }
        for (security, per_unit) in self.market.payouts(day) {
            self.book.record_payout(day, security, per_unit);
        }
    }

    fn record_monthly_entries(&mut self, day: Day) {
        let interest = money(self.book.cash().to_f64() * INTEREST);
        if interest > Money::ZERO {
            self.book
                .record_cash(day, TransactionKind::Interest, interest);
        }
        self.pay_from_cash(day, TransactionKind::Fee, money(self.capital * FEE));
    }

    fn trade_and_move_cash(&mut self, day: Day, draws: &mut RandomSource) {
        let (trades, flows) = (draws.chance(TRADES), draws.chance(FLOWS));
        let part = draws.uniform(0.01, 0.04);
        if flows {
            let amount = Money::whole((self.capital * part).round() as i32);
            if draws.chance(0.5) {
                self.book.record_cash(day, TransactionKind::Deposit, amount);
            } else {
                self.pay_from_cash(day, TransactionKind::Withdrawal, amount);
            }
        }
        if trades && !self.book.holdings().is_empty() {
            self.trade(day, draws, self.capital * part);
        }
    }

    /// Buys more of a holding, or sells or covers a part of one.
    fn trade(&mut self, day: Day, draws: &mut RandomSource, size: f64) {
        let place = draws.index_below(self.book.holdings().len());
        let (more, part) = (draws.chance(0.5), draws.uniform(0.1, 0.5));
        let (slip, fee) = (draws.uniform(0.997, 1.003), commission(draws));
        let Some((security, held)) = self.book.holdings().iter().nth(place) else {
            return;
        };
        let (security, held) = (*security, *held);
        let Some(price) = self.unit_price(security, day) else {
            return;
        };
        let price = rounded(price.to_f64() * slip, 4);
        let order = |quantity| Order {
            security,
            quantity,
            price,
            fee,
        };
        if more && !held.is_negative() {
            if let Some(quantity) = self.quantity(security, size, price, day) {
                self.book.buy(day, order(quantity), self.reserve());
            }
            return;
        }
        let Some(lot) = whole_units(held.to_f64().abs() * part) else {
            return;
        };
        if held.is_negative() {
            self.book.buy(day, order(lot), self.reserve());
        } else {
            self.book.sell(day, order(lot));
        }
    }

    /// Pays out of what cash there is beyond the reserve, or not at all.
    fn pay_from_cash(&mut self, day: Day, kind: TransactionKind, amount: Money) {
        let enough = self
            .book
            .cash()
            .minus(amount)
            .is_some_and(|left| left >= self.reserve());
        if enough && amount > Money::ZERO {
            self.book.record_cash(day, kind, amount);
        }
    }

    /// Cash that is not spent: half a hundredth of the capital.
    fn reserve(&self) -> Money {
        money(self.capital * 0.005)
    }

    /// The close of the day; for a private asset, which has none, its price of issue.
    fn unit_price(&self, security: SecurityId, day: Day) -> Option<Price> {
        let listed = &self.market.listing().entries()[security.0 as usize - 1];
        match listed.security.class {
            AssetClass::Private => Some(rounded(listed.base, 2)),
            _ => self.market.close(security, day),
        }
    }

    /// How many whole units `spent` buys, in the portfolio's currency: at least one.
    fn quantity(
        &self,
        security: SecurityId,
        spent: f64,
        price: Price,
        day: Day,
    ) -> Option<Quantity> {
        let one = Quantity::whole(1);
        let unit = self
            .market
            .worth(security, one, price, self.account.currency, day)?;
        whole_units((spent / unit.to_f64()).max(1.0))
    }
}

/// What a broker takes for a trade.
fn commission(draws: &mut RandomSource) -> Money {
    money(draws.uniform(1.0, 9.95))
}

/// Money in cents.
fn money(amount: f64) -> Money {
    Money::from_units((amount * 100.0).round() as i64 * (Money::SCALE / 100))
}

/// So many whole units, if that is at least one.
fn whole_units(units: f64) -> Option<Quantity> {
    (1.0..1e9)
        .contains(&units)
        .then(|| Quantity::whole(units as i32))
}
