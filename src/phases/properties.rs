//! Checks properties of the calculations on generated markets and transactions.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::books::Books;
use super::error::PhaseError;
use super::exposures::exposures;
use super::fixture::{MarketBuilder, day, history, portfolio, security, transaction};
use super::history::History;
use super::risk::risk;
use super::securities::statistics;
use super::valuation::Valuation;
use crate::domain::{
    CostBasis, Currency, Factor, FeeTreatment, LotMethod, Money, Price, Quantity, SecurityId,
    Transaction, TransactionKind,
};

/// Number of calendar days in a generated world. The last two of every seven are not sessions.
const DAYS: i32 = 40;

/// Number of securities that are traded, with ids from 1. Security 3 is priced in euros and the
/// others in dollars; generated closes leave out security 4.
const HELD: u32 = 4;

/// Id of the security whose closes are the dollar price of a euro.
const EURO: u32 = 5;

#[derive(Clone)]
struct SourceWorld {
    builder: MarketBuilder,
    transactions: Vec<Transaction>,
}

impl std::fmt::Debug for SourceWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}", self.builder.sources)?;
        writeln!(f, "{:#?}", self.transactions)
    }
}

impl SourceWorld {
    /// Values the portfolio on these sessions, which must ascend, with one `Books`.
    fn valuations(
        &self,
        sessions: impl IntoIterator<Item = usize>,
    ) -> Vec<Result<Valuation, PhaseError>> {
        let (market, history) = (self.builder.build(), history(&self.transactions));
        let mut books = Books::open(&history);
        sessions
            .into_iter()
            .map(|session| books.value_on(&market, &history, session))
            .collect()
    }

    fn session_count(&self) -> usize {
        self.builder.sources.sessions.len()
    }

    /// Formats all results of one session, with enough digits to show any difference.
    fn fingerprint(&self, session: usize) -> String {
        let market = self.builder.build();
        let books = self.valuations([session]).remove(0);
        let statistics = statistics(&market, session, (1..=HELD).map(SecurityId));
        let rest = books.as_ref().map(|valuation| {
            let risk = risk(&market, &statistics, session, Currency::USD, valuation);
            let day = market.sessions()[session];
            (exposures(&market, day, valuation), risk)
        });
        let measured: Vec<_> = statistics.iter().collect();
        format!("{books:?} {rest:?} {measured:?}")
    }
}

fn empty_market(days: i32) -> MarketBuilder {
    let days = (0..days).filter(|on| on % 7 < 5).collect();
    let mut builder = MarketBuilder::with_session_days(days).with_shares([1, 2, 4]);
    let mut foreign = security(3);
    foreign.currency = "EUR".parse().unwrap();
    let mut euro = security(EURO);
    euro.symbol = foreign.currency.pair_with(Currency::USD);
    builder.sources.securities.extend([foreign, euro]);
    let model = &mut builder.sources.model;
    model.benchmark = Some("S1".to_owned());
    let (name, symbol) = ("two".to_owned(), "S2".to_owned());
    model.factors.push(Factor { name, symbol });
    builder
}

fn transactions(days: i32) -> impl Strategy<Value = Transaction> {
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
            let mut generated = transaction(on, kind, Some(security), "0");
            generated.reference = reference.to_string();
            generated.fee = Money::from_units(fee);
            let size = if kind == TransactionKind::Deposit {
                10_000
            } else {
                1
            };
            generated.amount = Some(Money::from_units(amount * size));
            if kind.is_movement() {
                generated.quantity = Quantity::from_units(quantity);
                if priced {
                    generated.price = Some(Price::from_units(price));
                    generated.amount = None;
                }
            }
            generated
        },
    )
}

prop_compose! {
    fn worlds_of(days: i32)(
        closes in vec((1..=HELD - 1, 0..days, 1_i64..3_000_000_000), 0..150),
        rates in vec((0..days, 50_000_000_i64..200_000_000), 0..20),
        splits in vec((1..=HELD, 0..days, 1_u32..5, 1_u32..5), 0..4),
        transactions in vec(transactions(days), 0..25),
    ) -> SourceWorld {
        let mut builder = empty_market(days);
        builder.add_close(EURO, 0, "1.1");
        let rates = rates.into_iter().filter(|(on, _)| *on > 0).map(|(on, rate)| (EURO, on, rate));
        for (id, on, price) in closes.into_iter().chain(rates) {
            builder.add_close_price(id, on, Price::from_units(price));
        }
        builder.sources.closes.sort_by_key(|close| (close.security, close.day));
        builder.sources.closes.dedup_by_key(|close| (close.security, close.day));
        for (id, on, new, old) in splits {
            builder.add_split(id, on, new, old);
        }
        SourceWorld { builder, transactions }
    }
}

fn worlds() -> impl Strategy<Value = SourceWorld> {
    worlds_of(DAYS)
}

fn units(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.map(Money::units).sum()
}

proptest! {
    #[test]
    fn nav_change_is_pnl_plus_flow(world in worlds()) {
        let (mut nav, mut flow_and_pnl) = (0, 0);
        for valuation in world.valuations(0..world.session_count()).into_iter().flatten() {
            let books = &valuation.snapshot;
            let change = books.nav.units() - nav;
            prop_assert_eq!(change, books.pnl.units() + books.flow.units());
            nav = books.nav.units();
            flow_and_pnl += books.pnl.units() + books.flow.units();
            prop_assert_eq!(nav, flow_and_pnl);
        }
    }

    #[test]
    fn totals_are_the_sums_of_the_positions(world in worlds()) {
        let days = world.builder.sources.sessions.iter();
        for (day, valuation) in days.zip(world.valuations(0..world.session_count())) {
            let Ok(Valuation { snapshot: books, positions }) = &valuation else {
                continue;
            };
            let gross: i64 = positions.iter().map(|position| position.value.units().abs()).sum();
            prop_assert_eq!(books.gross.units(), gross);
            let net = units(positions.iter().map(|position| position.value));
            prop_assert_eq!(books.net.units(), net);
            let unrealized = units(positions.iter().map(|position| position.unrealized));
            prop_assert_eq!(books.unrealized.units(), unrealized);
            prop_assert_eq!(books.nav.units(), books.cash.units() + books.net.units());
            let moved = books.moved_inputs(*day, positions).count();
            prop_assert_eq!(books.quality.holdings() as usize, positions.len() + moved);
            prop_assert!(positions.is_sorted_by_key(|position| position.security));
            prop_assert!(positions.iter().all(|position| !position.quantity.is_zero()));
        }
    }

    #[test]
    fn valuations_do_not_depend_on_which_sessions_are_requested(
        world in worlds(),
        some in subsequence((0..29).collect::<Vec<usize>>(), 1..10),
    ) {
        let all = world.valuations(0..world.session_count());
        for (session, requested) in some.iter().zip(world.valuations(some.iter().copied())) {
            prop_assert_eq!(&requested, &all[*session]);
            prop_assert_eq!(&requested, &world.valuations([*session]).remove(0));
        }
    }

    #[test]
    fn source_order_does_not_change_results(world in worlds(), last in any::<Index>()) {
        let mut reversed = world.clone();
        reversed.transactions.reverse();
        let sources = &mut reversed.builder.sources;
        sources.closes.reverse();
        sources.securities.reverse();
        sources.splits.reverse();
        let session = last.index(world.session_count());
        prop_assert_eq!(reversed.fingerprint(session), world.fingerprint(session));
    }

    #[test]
    fn closed_lots_add_up_to_realized_by_every_cost_basis(
        world in worlds(),
        method in prop::sample::select(LotMethod::ALL.to_vec()),
        fees in prop::sample::select(FeeTreatment::ALL.to_vec()),
    ) {
        let mut portfolio = portfolio();
        portfolio.cost_basis = CostBasis { method, fees };
        let market = world.builder.build();
        let history = History::new(&portfolio, world.transactions.clone());
        let last = world.session_count() - 1;
        let Ok(valuation) = Books::open(&history).value_on(&market, &history, last) else {
            return Ok(());
        };
        let lots = Books::realized_lots(&market, &history).unwrap();
        let gains = units(lots.iter().map(|lot| lot.gain().unwrap()));
        prop_assert_eq!(gains, valuation.snapshot.realized.units());
    }

    #[test]
    fn pnl_is_realized_plus_unrealized_plus_income_less_costs(mut world in worlds()) {
        use TransactionKind::{Dividend, Fee, TransferIn, TransferOut};
        let is_transfer = |kind| matches!(kind, TransferIn | TransferOut);
        world.transactions.retain(|transaction| !is_transfer(transaction.kind));
        world.builder.sources.splits.clear();
        let mut pnl = 0;
        for (session, valuation) in world.valuations(0..world.session_count()).into_iter().enumerate() {
            let books = valuation.unwrap().snapshot;
            let until = world.builder.sources.sessions[session];
            let booked = world.transactions.iter().filter(|transaction| transaction.day <= until);
            let income = booked.map(|transaction| {
                let amount = transaction.amount.map_or(0, Money::units);
                let amount = match transaction.kind {
                    Dividend => amount,
                    Fee => -amount,
                    _ => 0,
                };
                amount - transaction.fee.units()
            });
            pnl += books.pnl.units();
            let explained = books.realized.units() + books.unrealized.units() + income.sum::<i64>();
            prop_assert_eq!(pnl, explained);
        }
    }

    #[test]
    fn a_split_with_adjusted_prices_changes_no_value(
        closes in vec((1_u32..3, 0..DAYS, 1_i64..10_000), 0..60),
        trades in vec((0..DAYS, prop::bool::ANY, 1_u32..3, 1_i64..500, 1_i64..10_000), 1..25),
        (on, new) in (0..DAYS, prop::sample::select(vec![2_i64, 4, 5, 10])),
    ) {
        // Gives `new` shares for one old share on day `on`. From then on prices are divided by
        // `new` and traded quantities multiplied by it. With 1, the split has no effect.
        let valuations = |new: i64| {
            let divided = |id: u32, at: i32| if id == 1 && at >= on { new } else { 1 };
            let mut builder = empty_market(DAYS);
            for (id, at, cents) in &closes {
                let price = cents * 1_000_000 / divided(*id, *at);
                builder.add_close_price(*id, *at, Price::from_units(price));
            }
            builder.sources.closes.sort_by_key(|close| (close.security, close.day));
            builder.sources.closes.dedup_by_key(|close| (close.security, close.day));
            builder.add_split(1, on, new as u32, 1);
            let transactions = trades.iter().enumerate().map(|(place, (at, is_buy, id, whole, cents))| {
                let kind = if *is_buy { TransactionKind::Buy } else { TransactionKind::Sell };
                let mut trade = transaction(*at, kind, Some(*id), "0");
                trade.reference = place.to_string();
                trade.quantity = Quantity::from_units(whole * Quantity::SCALE * divided(*id, *at));
                trade.price = Some(Price::from_units(cents * 1_000_000 / divided(*id, *at)));
                trade
            });
            let transactions = transactions.collect();
            SourceWorld { builder, transactions }.valuations(0..28)
        };
        for (plain, split) in valuations(1).into_iter().zip(valuations(new)) {
            let (plain, split) = (plain.unwrap(), split.unwrap());
            prop_assert_eq!(plain.snapshot, split.snapshot);
            for (plain, split) in plain.positions.iter().zip(&split.positions) {
                prop_assert_eq!((plain.value, plain.cost), (split.value, split.cost));
            }
        }
    }

    #[test]
    fn overflowing_numbers_are_errors_not_panics(
        mut world in worlds(),
        hits in vec((any::<Index>(), any::<[i64; 4]>(), 0_u32..62), 1..8),
    ) {
        prop_assume!(!world.transactions.is_empty() && !world.builder.sources.closes.is_empty());
        for (at, [quantity, price, amount, close], shift) in hits {
            let place = at.index(world.transactions.len());
            let transaction = &mut world.transactions[place];
            transaction.quantity = Quantity::from_units(quantity >> shift);
            transaction.amount = transaction.amount.map(|_| Money::from_units(amount >> shift));
            transaction.price = transaction.price.map(|_| Price::from_units(price >> shift));
            let closes = &mut world.builder.sources.closes;
            let place = at.index(closes.len());
            closes[place].price = Price::from_units(close >> shift);
        }
        world.builder.sources.splits.clear();
        for session in 0..world.session_count() {
            world.fingerprint(session);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn later_sources_do_not_change_a_session(mut world in worlds_of(300), last in 130_usize..210) {
        world.builder.sources.closes.retain(|close| close.day > day(0) || close.security.0 == EURO);
        // All securities but the last have a price from the first day on.
        (1..HELD).for_each(|id| world.builder.add_close(id, 0, "20"));
        let mut before = world.clone();
        let until = before.builder.sources.sessions[last];
        before.transactions.retain(|transaction| transaction.day <= until);
        let sources = &mut before.builder.sources;
        sources.sessions.truncate(last + 1);
        sources.closes.retain(|close| close.day <= until);
        sources.splits.retain(|split| split.day <= until);
        prop_assert_eq!(before.fingerprint(last), world.fingerprint(last));
        prop_assert!(until < day(300));
    }
}
