//! Generates the transactions of a portfolio, from its inception to its last day.
//!
//! | day | transactions |
//! |---|---|
//! | inception | a deposit, transfers of holdings, short sales if the style has them |
//! | split or payout of a holding | quantities follow the split; payouts are received or owed |
//! | first session of a month | a fee, and interest on cash |
//! | some sessions | buys, sales, covers of shorts, deposits, withdrawals |

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

/// The range of drawn starting capitals, in the currency of the portfolio.
const CAPITAL: (f64, f64) = (60_000.0, 12_000_000.0);
/// The probability of a trade on a session, and below it that of a deposit or withdrawal.
const TRADES: f64 = 0.15;
const FLOWS: f64 = 0.03;
/// Monthly fee as a share of the starting capital, and below it monthly interest on cash.
const FEE: f64 = 0.000_75;
const INTEREST: f64 = 0.002_5;

/// The portfolio to generate a history for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Account<'a> {
    /// The id that the transactions get.
    pub portfolio: PortfolioId,
    /// The name of the random stream, with which references start.
    pub name: &'a str,
    /// The currency of its cash and books.
    pub currency: Currency,
    /// The style, which selects its holdings.
    pub style: Style,
    /// The starting capital in its currency; drawn from the seed if `None`.
    pub capital: Option<Money>,
    /// The days from its inception to its last day.
    pub lifetime: DayRange,
}

/// Generates the transactions of `account` over the sessions of `market`, ordered by day. The list
/// is empty if no session falls into its lifetime. Securities that cannot be converted into its
/// currency are left out.
pub fn history(market: &Market, account: &Account<'_>) -> Vec<Transaction> {
    let seed = market.listing().seed();
    let mut random = RandomSource::new(seed, &format!("history/{}", account.name));
    let mut generator = HistoryGenerator {
        market,
        account,
        capital: account
            .capital
            .map_or_else(|| capital(&mut random), Money::to_f64),
        book: Book::new(market, account.portfolio, account.name, account.currency),
    };
    let (mut month, mut before) = (None, Day::MIN);
    for day in market.sessions() {
        if !account.lifetime.contains(*day) {
            continue;
        }
        let this_month = day.to_date().month();
        match month {
            None => generator.open(*day, random.at_day(*day)),
            Some(last) => {
                generator.apply_market_events(before, *day);
                if last != this_month {
                    generator.record_monthly_entries(*day);
                }
                generator.trade_and_move_cash(*day, random.at_day(*day));
            }
        }
        (month, before) = (Some(this_month), *day);
    }
    generator.book.into_transactions()
}

/// Draws a starting capital in whole thousands, evenly on a logarithmic scale.
fn capital(random: &mut RandomSource) -> f64 {
    let (least, most) = CAPITAL;
    (random.uniform(least.ln(), most.ln()).exp() / 1_000.0).round() * 1_000.0
}

/// Generates the history of one account, session by session.
struct HistoryGenerator<'a> {
    market: &'a Market,
    account: &'a Account<'a>,
    capital: f64,
    book: Book<'a>,
}

impl HistoryGenerator<'_> {
    fn open(&mut self, day: Day, random: &mut RandomSource) {
        let picks = self
            .account
            .style
            .picks(self.market.listing(), self.account.name);
        let invested: f64 = picks.iter().map(|pick| pick.weight.max(0.0)).sum();
        let cash = money(self.capital * (1.0 - invested));
        self.book.record_cash(day, TransactionKind::Deposit, cash);
        for pick in picks {
            let spent = self.capital * pick.weight * random.uniform(0.75, 1.25);
            let cost_ratio = random.uniform(0.75, 1.05);
            let Some(price) = self.unit_price(pick.security, day) else {
                continue;
            };
            let Some(quantity) = self.quantity(pick.security, spent.abs(), price, day) else {
                continue;
            };
            if pick.weight < 0.0 {
                let fee = commission(random);
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

    /// Books the splits since the session `before`, which may be on days without one, and the payouts
    /// of `day`.
    fn apply_market_events(&mut self, before: Day, day: Day) {
        let splits = self.market.splits().iter();
        for split in splits.filter(|split| before < split.day && split.day <= day) {
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

    fn trade_and_move_cash(&mut self, day: Day, random: &mut RandomSource) {
        let (trades, flows) = (random.chance(TRADES), random.chance(FLOWS));
        let part = random.uniform(0.01, 0.04);
        if flows {
            let amount = Money::whole((self.capital * part).round() as i32);
            if random.chance(0.5) {
                self.book.record_cash(day, TransactionKind::Deposit, amount);
            } else {
                self.pay_from_cash(day, TransactionKind::Withdrawal, amount);
            }
        }
        if trades && !self.book.holdings().is_empty() {
            self.trade(day, random, self.capital * part);
        }
    }

    /// Buys more of a holding, or sells or covers a part of one.
    fn trade(&mut self, day: Day, random: &mut RandomSource, size: f64) {
        let place = random.index_below(self.book.holdings().len());
        let (more, part) = (random.chance(0.5), random.uniform(0.1, 0.5));
        let (slippage, fee) = (random.uniform(0.997, 1.003), commission(random));
        let Some((security, quantity)) = self.book.holdings().iter().nth(place) else {
            return;
        };
        let (security, holding) = (*security, *quantity);
        let Some(price) = self.unit_price(security, day) else {
            return;
        };
        let price = rounded(price.to_f64() * slippage, 4);
        let order = |quantity| Order {
            security,
            quantity,
            price,
            fee,
        };
        if more && !holding.is_negative() {
            if let Some(quantity) = self.quantity(security, size, price, day) {
                self.book.buy(day, order(quantity), self.reserve());
            }
            return;
        }
        let Some(lot) = whole_units(holding.to_f64().abs() * part) else {
            return;
        };
        if holding.is_negative() {
            self.book.buy(day, order(lot), self.reserve());
        } else {
            self.book.sell(day, order(lot));
        }
    }

    /// Pays `amount` if cash stays at or above the reserve, otherwise nothing.
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

    /// Cash that stays unspent: 0.5 % of the starting capital.
    fn reserve(&self) -> Money {
        money(self.capital * 0.005)
    }

    /// Returns the close of the day, or the base price of a private asset, which has no closes.
    fn unit_price(&self, security: SecurityId, day: Day) -> Option<Price> {
        let listed = &self.market.listing().entries()[security.0 as usize - 1];
        match listed.security.class {
            AssetClass::Private => Some(rounded(listed.base, 2)),
            _ => self.market.close(security, day),
        }
    }

    /// Returns the whole units that `spent` buys, in the portfolio's currency: at least one. `None`
    /// if the security cannot be valued in that currency.
    fn quantity(
        &self,
        security: SecurityId,
        spent: f64,
        price: Price,
        day: Day,
    ) -> Option<Quantity> {
        let single = Quantity::whole(1);
        let unit = self
            .market
            .worth(security, single, price, self.account.currency, day)?;
        whole_units((spent / unit.to_f64()).max(1.0))
    }
}

/// Draws the commission of a trade.
fn commission(random: &mut RandomSource) -> Money {
    money(random.uniform(1.0, 9.95))
}

/// Rounds an amount to cents.
fn money(amount: f64) -> Money {
    Money::from_units((amount * 100.0).round() as i64 * (Money::SCALE / 100))
}

/// Rounds down to whole units; `None` below one or from a billion on.
fn whole_units(units: f64) -> Option<Quantity> {
    (1.0..1e9)
        .contains(&units)
        .then(|| Quantity::whole(units as i32))
}
