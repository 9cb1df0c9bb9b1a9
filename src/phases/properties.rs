//! What holds of every history, checked on generated ones.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::fixture::{Sketch, day, history, security, transaction};
use super::{Books, PhaseError, Valuation, exposures, risk, statistics};
use crate::domain::{
    Currency, Factor, Money, Price, Quantity, SecurityId, Transaction, TransactionKind,
};

/// Calendar days of a generated world; every seventh and the one before it are no sessions.
const DAYS: i32 = 40;

/// Securities 1 and 2 are shares, 3 is priced in euros, 4 never has a close.
const HELD: u32 = 4;

/// The price of a euro.
const EURO: u32 = 5;

#[derive(Clone)]
struct World {
    sketch: Sketch,
    transactions: Vec<Transaction>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}", self.sketch.sources)?;
        writeln!(f, "{:#?}", self.transactions)
    }
}

impl World {
    /// The books of these sessions, asked for in one go.
    fn on(&self, sessions: impl IntoIterator<Item = usize>) -> Vec<Result<Valuation, PhaseError>> {
        let (market, history) = (self.sketch.market(), history(&self.transactions));
        let mut books = Books::open(&history);
        sessions
            .into_iter()
            .map(|session| books.on(&market, &history, session))
            .collect()
    }

    fn sessions(&self) -> usize {
        self.sketch.sources.sessions.len()
    }

    /// Everything that is said of one session, to the last bit.
    fn told(&self, session: usize) -> String {
        let market = self.sketch.market();
        let books = self.on([session]).remove(0);
        let statistics = statistics(&market, session, (1..=HELD).map(SecurityId));
        let rest = books.as_ref().map(|valuation| {
            let risk = risk(&market, &statistics, session, valuation);
            (exposures(&market, valuation), risk)
        });
        let measured: Vec<_> = statistics.iter().collect();
        format!("{books:?} {rest:?} {measured:?}")
    }
}

fn empty(days: i32) -> Sketch {
    let days = (0..days).filter(|on| on % 7 < 5).collect();
    let mut sketch = Sketch::on(days).with([1, 2, 4]);
    let mut foreign = security(3);
    foreign.currency = "EUR".parse().unwrap();
    let mut euro = security(EURO);
    euro.symbol = foreign.currency.pair_with(Currency::USD);
    sketch.sources.securities.extend([foreign, euro]);
    let model = &mut sketch.sources.model;
    model.benchmark = Some("S1".to_owned());
    let (name, symbol) = ("two".to_owned(), "S2".to_owned());
    model.factors.push(Factor { name, symbol });
    sketch
}

fn some_transaction(days: i32) -> impl Strategy<Value = Transaction> {
    let kind = prop::sample::select(vec![
        TransactionKind::Deposit,
        TransactionKind::TransferIn,
        TransactionKind::Buy,
        TransactionKind::Buy,
        TransactionKind::Sell,
        TransactionKind::Sell,
        TransactionKind::TransferOut,
        TransactionKind::Dividend,
        TransactionKind::Fee,
        TransactionKind::Withdrawal,
    ]);
    let amounts = (1_i64..2_000_000, 0_i64..50_000, prop::bool::ANY);
    let moved = (1..=HELD, 1_i64..500_000_000_000, 1_i64..3_000_000_000);
    (-3..days + 3, kind, moved, amounts, any::<u32>()).prop_map(
        |(on, kind, (security, quantity, price), (amount, fee, priced), reference)| {
            let mut some = transaction(on, kind, Some(security), "0");
            some.reference = reference.to_string();
            some.fee = Money::from_units(fee);
            let size = if kind == TransactionKind::Deposit {
                10_000
            } else {
                1
            };
            some.amount = Some(Money::from_units(amount * size));
            if kind.is_movement() {
                some.quantity = Quantity::from_units(quantity);
                if priced {
                    some.price = Some(Price::from_units(price));
                    some.amount = None;
                }
            }
            some
        },
    )
}

prop_compose! {
    fn world_of(days: i32)(
        closes in vec((1..=HELD - 1, 0..days, 1_i64..3_000_000_000), 0..150),
        rates in vec((0..days, 50_000_000_i64..200_000_000), 0..20),
        splits in vec((1..=HELD, 0..days, 1_u32..5, 1_u32..5), 0..4),
        transactions in vec(some_transaction(days), 0..25),
    ) -> World {
        let mut sketch = empty(days);
        sketch.close(EURO, 0, "1.1");
        let rates = rates.into_iter().filter(|(on, _)| *on > 0).map(|(on, rate)| (EURO, on, rate));
        for (id, on, price) in closes.into_iter().chain(rates) {
            sketch.close_at(id, on, Price::from_units(price));
        }
        sketch.sources.closes.sort_by_key(|close| (close.security, close.day));
        sketch.sources.closes.dedup_by_key(|close| (close.security, close.day));
        for (id, on, new, old) in splits {
            sketch.split(id, on, new, old);
        }
        World { sketch, transactions }
    }
}

fn world() -> impl Strategy<Value = World> {
    world_of(DAYS)
}

fn units(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.map(Money::units).sum()
}

proptest! {
    #[test]
    fn every_change_of_nav_is_profit_or_flow(world in world()) {
        let (mut nav, mut flow_and_pnl) = (0, 0);
        for valuation in world.on(0..world.sessions()).into_iter().flatten() {
            let books = &valuation.snapshot;
            let change = books.nav.units() - nav;
            prop_assert_eq!(change, books.pnl.units() + books.flow.units());
            nav = books.nav.units();
            flow_and_pnl += books.pnl.units() + books.flow.units();
            prop_assert_eq!(nav, flow_and_pnl);
        }
    }

    #[test]
    fn totals_are_the_sums_of_the_positions(world in world()) {
        for valuation in world.on(0..world.sessions()).into_iter().flatten() {
            let (books, positions) = (&valuation.snapshot, &valuation.positions);
            let gross: i64 = positions.iter().map(|one| one.value.units().abs()).sum();
            prop_assert_eq!(books.gross.units(), gross);
            prop_assert_eq!(books.net.units(), units(positions.iter().map(|one| one.value)));
            let unrealized = units(positions.iter().map(|one| one.unrealized));
            prop_assert_eq!(books.unrealized.units(), unrealized);
            prop_assert_eq!(books.nav.units(), books.cash.units() + books.net.units());
            prop_assert_eq!(books.quality.holdings() as usize, positions.len());
            prop_assert!(positions.is_sorted_by_key(|one| one.security));
            prop_assert!(positions.iter().all(|one| !one.quantity.is_zero()));
        }
    }

    #[test]
    fn asking_for_some_sessions_says_the_same_of_them(
        world in world(),
        some in subsequence((0..29).collect::<Vec<usize>>(), 1..10),
    ) {
        let all = world.on(0..world.sessions());
        for (session, asked) in some.iter().zip(world.on(some.iter().copied())) {
            prop_assert_eq!(&asked, &all[*session]);
            prop_assert_eq!(&asked, &world.on([*session]).remove(0));
        }
    }

    #[test]
    fn the_order_of_the_sources_does_not_matter(world in world(), last in any::<Index>()) {
        let mut reversed = world.clone();
        reversed.transactions.reverse();
        let sources = &mut reversed.sketch.sources;
        sources.closes.reverse();
        sources.securities.reverse();
        sources.splits.reverse();
        let session = last.index(world.sessions());
        prop_assert_eq!(reversed.told(session), world.told(session));
    }

    #[test]
    fn profit_is_realized_unrealized_income_and_cost(mut world in world()) {
        use TransactionKind::{Dividend, Fee, TransferIn, TransferOut};
        world.transactions.retain(|one| !matches!(one.kind, TransferIn | TransferOut));
        world.sketch.sources.splits.clear();
        let mut pnl = 0;
        for (session, valuation) in world.on(0..world.sessions()).into_iter().enumerate() {
            let books = valuation.unwrap().snapshot;
            let until = world.sketch.sources.sessions[session];
            let income = world.transactions.iter().filter(|one| one.day <= until).map(|one| {
                let amount = one.amount.map_or(0, Money::units);
                let amount = match one.kind {
                    Dividend => amount,
                    Fee => -amount,
                    _ => 0,
                };
                amount - one.fee.units()
            });
            pnl += books.pnl.units();
            let explained = books.realized.units() + books.unrealized.units() + income.sum::<i64>();
            prop_assert_eq!(pnl, explained);
        }
    }

    #[test]
    fn a_split_with_prices_divided_alike_changes_no_value(
        closes in vec((1_u32..3, 0..DAYS, 1_i64..10_000), 0..60),
        trades in vec((0..DAYS, prop::bool::ANY, 1_u32..3, 1_i64..500, 1_i64..10_000), 1..25),
        (on, new) in (0..DAYS, prop::sample::select(vec![2_i64, 4, 5, 10])),
    ) {
        let tell = |new: i64| {
            let divided = |id: u32, at: i32| if id == 1 && at >= on { new } else { 1 };
            let mut sketch = empty(DAYS);
            for (id, at, cents) in &closes {
                let price = cents * 1_000_000 / divided(*id, *at);
                sketch.close_at(*id, *at, Price::from_units(price));
            }
            sketch.sources.closes.sort_by_key(|close| (close.security, close.day));
            sketch.sources.closes.dedup_by_key(|close| (close.security, close.day));
            sketch.split(1, on, new as u32, 1);
            let transactions = trades.iter().enumerate().map(|(place, (at, is_buy, id, whole, cents))| {
                let kind = if *is_buy { TransactionKind::Buy } else { TransactionKind::Sell };
                let mut trade = transaction(*at, kind, Some(*id), "0");
                trade.reference = place.to_string();
                trade.quantity = Quantity::from_units(whole * Quantity::SCALE * divided(*id, *at));
                trade.price = Some(Price::from_units(cents * 1_000_000 / divided(*id, *at)));
                trade
            });
            let transactions = transactions.collect();
            World { sketch, transactions }.on(0..28)
        };
        for (plain, split) in tell(1).into_iter().zip(tell(new)) {
            let (plain, split) = (plain.unwrap(), split.unwrap());
            prop_assert_eq!(plain.snapshot, split.snapshot);
            for (plain, split) in plain.positions.iter().zip(&split.positions) {
                prop_assert_eq!((plain.value, plain.cost), (split.value, split.cost));
            }
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_errors_and_no_panics(
        mut world in world(),
        hits in vec((any::<Index>(), any::<[i64; 4]>(), 0_u32..62), 1..8),
    ) {
        prop_assume!(!world.transactions.is_empty() && !world.sketch.sources.closes.is_empty());
        for (at, [quantity, price, amount, close], shift) in hits {
            let place = at.index(world.transactions.len());
            let one = &mut world.transactions[place];
            one.quantity = Quantity::from_units(quantity >> shift);
            one.amount = one.amount.map(|_| Money::from_units(amount >> shift));
            one.price = one.price.map(|_| Price::from_units(price >> shift));
            let closes = &mut world.sketch.sources.closes;
            let place = at.index(closes.len());
            closes[place].price = Price::from_units(close >> shift);
        }
        world.sketch.sources.splits.clear();
        for session in 0..world.sessions() {
            world.told(session);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_after_a_day_changes_that_day(mut world in world_of(300), last in 130_usize..210) {
        world.sketch.sources.closes.retain(|close| close.day > day(0) || close.security.0 == EURO);
        (1..HELD).for_each(|id| world.sketch.close(id, 0, "20"));
        let mut before = world.clone();
        let until = before.sketch.sources.sessions[last];
        before.transactions.retain(|one| one.day <= until);
        let sources = &mut before.sketch.sources;
        sources.sessions.truncate(last + 1);
        sources.closes.retain(|close| close.day <= until);
        sources.splits.retain(|split| split.day <= until);
        prop_assert_eq!(before.told(last), world.told(last));
        prop_assert!(until < day(300));
    }
}
