//! Tests of generated histories.

use chrono::Datelike;

use super::book::{Book, Order};
use super::closes::rounded;
use super::{Account, Listing, Market, Style, history, simulated_days};
use crate::domain::{
    AssetClass, Currency, Day, DayRange, Money, PortfolioId, Transaction, TransactionKind,
};

/// Returns the market from September 2025 to `last`, with weekdays as sessions.
fn market(last: &str) -> Market {
    let kept = days("2025-09-01", last);
    let simulated = simulated_days(kept);
    let sessions: Vec<Day> = (simulated.first().number()..=simulated.last().number())
        .filter_map(Day::from_number)
        .filter(|day| day.to_date().weekday().number_from_monday() <= 5)
        .collect();
    Market::open(Listing::new(8, 64, &[]), &sessions, kept, &[])
}

fn days(first: &str, last: &str) -> DayRange {
    DayRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
}

fn account(style: Style) -> Account<'static> {
    Account {
        portfolio: PortfolioId(1),
        name: "Someone",
        currency: Currency::USD,
        style,
        capital: None,
        lifetime: days("2025-09-15", "2026-01-08"),
    }
}

fn kinds(transactions: &[Transaction]) -> Vec<TransactionKind> {
    let mut kinds: Vec<_> = transactions.iter().map(|t| t.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Computes the NAV at the end of the last session from the transactions alone.
fn nav(market: &Market, account: &Account<'_>) -> f64 {
    let mut book = Book::new(market, account.portfolio, account.name, account.currency);
    let transactions = history(market, account);
    for day in market.sessions() {
        for split in market.splits().iter().filter(|split| split.day == *day) {
            book.split(split);
        }
        for entry in transactions.iter().filter(|entry| entry.day == *day) {
            replay(&mut book, entry);
        }
    }
    let last = *market.sessions().last().unwrap();
    book.holdings()
        .iter()
        .fold(book.cash().to_f64(), |nav, (security, quantity)| {
            let listed = &market.listing().entries()[security.0 as usize - 1];
            let price = market
                .close(*security, last)
                .unwrap_or(rounded(listed.base, 2));
            let worth = market
                .worth(*security, *quantity, price, account.currency, last)
                .unwrap();
            nav + worth.to_f64()
        })
}

fn replay(book: &mut Book<'_>, entry: &Transaction) {
    let order = || Order {
        security: entry.security.unwrap(),
        quantity: entry.quantity,
        price: entry.price.unwrap(),
        fee: entry.fee,
    };
    match entry.kind {
        TransactionKind::Buy => book.buy(entry.day, order(), Money::from_units(i64::MIN / 2)),
        TransactionKind::Sell => book.sell(entry.day, order()),
        TransactionKind::TransferIn => {
            let order = order();
            book.transfer_in(entry.day, order.security, order.quantity, order.price);
        }
        kind => book.record_cash(entry.day, kind, entry.amount.unwrap()),
    }
}

#[test]
fn every_style_ends_with_a_plausible_nav() {
    let market = market("2026-01-08");
    for style in Style::ALL {
        for capital in [None, Some(Money::whole(50_000))] {
            let nav = nav(
                &market,
                &Account {
                    capital,
                    ..account(style)
                },
            );
            assert!(
                (30_000.0..30_000_000.0).contains(&nav),
                "{} {nav}",
                style.name()
            );
        }
    }
}

#[test]
fn every_security_of_a_transaction_has_a_price_on_its_day_unless_private() {
    let market = market("2026-01-08");
    for style in Style::ALL {
        for entry in history(&market, &account(style)) {
            let Some(security) = entry.security else {
                continue;
            };
            let private = market.listing().security(security).class == AssetClass::Private;
            assert_eq!(
                market.close(security, entry.day).is_none(),
                private,
                "{entry:?}"
            );
        }
    }
}

#[test]
fn later_sessions_only_append_transactions() {
    let (short, long) = (market("2025-12-15"), market("2026-01-08"));
    let account = account(Style::LongShort);
    let (before, after) = (history(&short, &account), history(&long, &account));
    assert!(before.len() < after.len());
    assert_eq!(before, after[..before.len()]);
}

#[test]
fn a_year_has_every_generated_kind_of_transaction() {
    use TransactionKind::{Buy, Deposit, Dividend, Fee, Interest, Sell, TransferIn, Withdrawal};
    let market = market("2026-09-01");
    let account = Account {
        lifetime: days("2025-09-15", "2026-09-01"),
        ..account(Style::Balanced)
    };
    assert_eq!(
        kinds(&history(&market, &account)),
        [
            Deposit, TransferIn, Buy, Dividend, Interest, Sell, Fee, Withdrawal
        ]
    );
}

#[test]
fn a_short_position_pays_the_payouts_it_owes() {
    let market = market("2026-01-08");
    let hedge = Account {
        name: "Hedge",
        ..account(Style::LongShort)
    };
    let transactions = history(&market, &hedge);
    let first = transactions[0].day;
    assert!(
        transactions
            .iter()
            .any(|t| t.day == first && t.kind == TransactionKind::Sell)
    );
    let owed = |t: &&Transaction| t.security.is_some() && t.kind == TransactionKind::Interest;
    assert!(
        transactions
            .iter()
            .filter(owed)
            .all(|t| t.amount.unwrap().is_negative())
    );
    assert!(transactions.iter().filter(owed).count() > 0);
}

#[test]
fn a_portfolio_in_euro_buys_at_the_rate_of_the_day() {
    let market = market("2026-01-08");
    let euro = Account {
        currency: "EUR".parse().unwrap(),
        capital: Some(Money::whole(1_000_000)),
        ..account(Style::Equity)
    };
    let nav = nav(&market, &euro);
    assert!((700_000.0..1_400_000.0).contains(&nav), "{nav}");
}

#[test]
fn references_are_unique() {
    let market = market("2026-01-08");
    let transactions = history(&market, &account(Style::Equity));
    let mut references: Vec<_> = transactions.iter().map(|t| &t.reference).collect();
    references.sort_unstable();
    references.dedup();
    assert_eq!(references.len(), transactions.len());
}

#[test]
fn payouts_use_the_quantity_after_a_split() {
    let market = market("2026-01-08");
    let split = market.splits()[0];
    let account = Account {
        name: "Holder of QLNT",
        ..account(Style::Tech)
    };
    let transactions = history(&market, &account);
    let mut book = Book::new(&market, account.portfolio, account.name, account.currency);
    let mut paid_after_the_split = 0;
    for day in market.sessions() {
        if *day == split.day {
            book.split(&split);
        }
        for entry in transactions.iter().filter(|entry| entry.day == *day) {
            if entry.kind == TransactionKind::Dividend && entry.security == Some(split.security) {
                let per_unit = market
                    .payouts(*day)
                    .iter()
                    .find(|p| p.0 == split.security)
                    .unwrap()
                    .1;
                let quantity = book.holdings()[&split.security];
                assert_eq!(entry.amount, per_unit.value_of(quantity));
                paid_after_the_split += usize::from(*day >= split.day);
            }
            replay(&mut book, entry);
        }
    }
    assert!(paid_after_the_split > 0);
}
