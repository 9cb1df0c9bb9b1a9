//! Properties of random exchange rates with pairs, inverses and cross rates: a changed rate
//! invalidates the cells that use it and no other, and the next run gives the same outputs as a
//! clean run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll::domain::{Attribution, Calendar, Cell, Day, DayRange, Phase, PortfolioId, RiskModel};
use plimsoll::import::apply::{FileKind, delete_closes};
use proptest::prelude::*;

use crate::books::{Books, Cells, difference};
use crate::sources::{HEADER, start};

const SESSIONS: usize = 8;
/// Pairs of the euro, in which the only share is priced, and those that make cross rates with them.
const PAIRS: [&str; 6] = ["EURUSD", "USDEUR", "EURGBP", "GBPUSD", "EURCHF", "USDCHF"];
/// The pairs that always have a close on the first session, so that no rate is missing.
const FIRST: [usize; 2] = [0, 2];

/// Movements of cash by a portfolio in dollars and one in pounds: session, kind and amount.
type CashMoves = Vec<(usize, usize, i32)>;

/// Kinds of movements, as the columns after the date: `#` is the amount.
const CASH_KINDS: [&str; 8] = [
    "deposit,,,,#,,EUR,,,",
    "withdrawal,,,,#,,EUR,,,",
    "exchange,,,,#,,EUR,,1000,",
    "exchange,,,,#,,CHF,,1000,EUR",
    "interest,,,,#,,CHF,,,",
    "deposit,,,,1000,#,,EUR,,",
    "buy,RHEN,#,90,,,EUR,,,",
    "fee,,,,#,,EUR,CHF,,",
];

/// Closes in thousandths, by pair and session.
type Rates = BTreeMap<(usize, usize), i64>;

fn sessions() -> Vec<Day> {
    let range = DayRange::new(start(), start().saturating_add(2 * SESSIONS as i32)).unwrap();
    Calendar::weekdays().sessions(range).unwrap()[..SESSIONS].to_vec()
}

/// Imports a share in euros, two portfolios that hold it, two that move cash, and the rates, without
/// a run.
fn books(rates: &Rates, moves: &CashMoves) -> Books {
    let days = sessions();
    let books = Books::on(days[SESSIONS - 1], RiskModel::default());
    let mut securities = "symbol,class,currency\nRHEN,equity,EUR\n".to_owned();
    for pair in PAIRS {
        writeln!(securities, "{pair},fx,{}", &pair[3..]).unwrap();
    }
    books.import(FileKind::Securities, &securities);
    let first = days[0];
    let portfolios = format!(
        "name,currency,inception\nU,USD,{first}\nG,GBP,{first}\nC,USD,{first}\nD,GBP,{first}\n"
    );
    books.import(FileKind::Portfolios, &portfolios);
    let mut prices = prices_csv(rates);
    for day in &days {
        writeln!(prices, "RHEN,{day},100").unwrap();
    }
    books.import(FileKind::Prices, &prices);
    let mut transactions = HEADER.to_owned();
    for portfolio in ["U", "G"] {
        writeln!(
            transactions,
            "c{portfolio},{portfolio},{first},deposit,,,,1000000"
        )
        .unwrap();
        writeln!(
            transactions,
            "b{portfolio},{portfolio},{first},buy,RHEN,1000,,90000"
        )
        .unwrap();
    }
    books.import(FileKind::Transactions, &transactions);
    books.import(FileKind::Transactions, &cash_csv(&days, moves));
    books
}

fn cash_csv(days: &[Day], moves: &CashMoves) -> String {
    let mut text = "id,portfolio,date,kind,symbol,quantity,price,amount,fee,currency,fee_currency,\
                    from_amount,from_currency\n"
        .to_owned();
    for portfolio in ["C", "D"] {
        let first = days[0];
        writeln!(
            text,
            "o{portfolio},{portfolio},{first},deposit,,,,1000000,,,,,"
        )
        .unwrap();
        for (at, (session, kind, amount)) in moves.iter().enumerate() {
            let columns = CASH_KINDS[*kind].replace('#', &amount.to_string());
            let day = days[*session];
            writeln!(text, "m{at}{portfolio},{portfolio},{day},{columns}").unwrap();
        }
    }
    text
}

fn prices_csv(rates: &Rates) -> String {
    let days = sessions();
    let mut text = "symbol,date,close\n".to_owned();
    for ((pair, session), thousandths) in rates {
        let close = *thousandths as f64 / 1000.0;
        writeln!(text, "{},{},{close:.3}", PAIRS[*pair], days[*session]).unwrap();
    }
    text
}

/// Closes that differ by less than a tenth: an import asks about larger jumps.
const CLOSE: std::ops::Range<i64> = 1_000..1_100;

prop_compose! {
    fn any_rates()(
        some in prop::collection::btree_map((0..PAIRS.len(), 0..SESSIONS), CLOSE, 0..20),
        first in prop::array::uniform2(CLOSE),
    ) -> Rates {
        let mut rates = some;
        rates.extend(FIRST.map(|pair| (pair, 0)).into_iter().zip(first));
        rates
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_changed_rate_invalidates_the_cells_that_use_it(
        rates in any_rates(),
        changed in prop::collection::btree_map((0..PAIRS.len(), 0..SESSIONS), CLOSE, 1..4),
        moves in prop::collection::vec((0..SESSIONS, 0..CASH_KINDS.len(), 100..9_000), 0..6),
    ) {
        let books = books(&rates, &moves);
        books.run();
        let (before, ledger) = (books.outputs(), books.ledger());
        books.import(FileKind::Prices, &prices_csv(&changed));
        let removed = difference(&ledger, &books.ledger());

        let mut all = rates;
        all.extend(changed);
        let clean = self::books(&all, &moves);
        clean.run();
        let clean = clean.outputs();
        for (day, phase, portfolio) in ledger.iter().flat_map(|((day, phase), ids)| {
            ids.iter().map(move |id| (*day, *phase, PortfolioId(id)))
        }) {
            let key = (phase, Cell::new(day, portfolio).key());
            let is_removed = removed.get(&(day, phase)).is_some_and(|ids| ids.contains(portfolio.0));
            let differs = before.get(&key) != clean.get(&key);
            prop_assert!(is_removed || !differs, "{phase} of {portfolio:?} on {day} is wrong");
            if phase == Phase::Positions {
                prop_assert!(differs || !is_removed, "{portfolio:?} on {day} was right");
            }
        }
        books.run();
        prop_assert_eq!(books.outputs(), clean);
    }
    #[test]
    fn a_deleted_rate_leaves_only_cells_that_the_sources_give(
        rates in any_rates(),
        pair in 0..PAIRS.len(),
        from in 0..SESSIONS,
        count in 1..SESSIONS,
        moves in prop::collection::vec((0..SESSIONS, 0..CASH_KINDS.len(), 100..9_000), 0..6),
    ) {
        let to = (from + count).min(SESSIONS) - 1;
        let mut left = rates.clone();
        left.retain(|(of, session), _| *of != pair || !(from..=to).contains(session));
        prop_assume!(left.len() < rates.len());
        let books = books(&rates, &moves);
        books.run();
        let days = DayRange::new(sessions()[from], sessions()[to]).unwrap();
        delete(&books, PAIRS[pair], days);

        let clean = self::books(&left, &moves);
        clean.run();
        let given = cells(&clean);
        prop_assert_eq!(difference(&cells(&books), &given), Cells::new());
        books.run();
        prop_assert_eq!(cells(&books), given);
        let (outputs, clean) = (books.outputs(), clean.outputs());
        let mut done = outputs.iter().filter(|((phase, _), _)| *phase != Phase::Securities);
        prop_assert!(done.all(|(cell, row)| clean.get(cell) == Some(row)));
    }
}

fn delete(books: &Books, symbol: &str, days: DayRange) {
    let author = Attribution {
        by: "anna".to_owned(),
        reason: "wrong".to_owned(),
    };
    let mut writer = books.store.writer().unwrap();
    delete_closes(&mut writer, symbol, days, &author, &books.import_context()).unwrap();
}

/// Returns the ledger without the statistics of securities, which stay when no cell uses them.
fn cells(books: &Books) -> Cells {
    let mut ledger = books.ledger();
    ledger.retain(|(_, phase), _| *phase != Phase::Securities);
    ledger
}
