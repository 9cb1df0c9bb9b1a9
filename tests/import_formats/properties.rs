//! Properties of all price files.

use plimsoll::domain::{Day, Price, SecurityId, Split};
use plimsoll::import::{Basis, ImportOptions, Refusal, read_prices, validate_prices};
use proptest::prelude::*;

use crate::{RULES, accepted_changes, existing_records};

proptest! {
    #[test]
    fn long_and_wide_files_validate_alike(
        prices in proptest::collection::vec(
            (proptest::option::of(1_u32..200_000), proptest::option::of(1_u32..200_000)),
            1..20,
        )
    ) {
        let first: Day = "2026-01-05".parse().unwrap();
        let mut wide = "date,AAPL,MSFT\n".to_owned();
        let mut long = "symbol,date,close\n".to_owned();
        let text = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
        for (at, (aapl, msft)) in prices.iter().enumerate() {
            let day = first.saturating_add(at as i32);
            let cell = |price: &Option<u32>| price.map_or(String::new(), text);
            wide += &format!("{day},{},{}\n", cell(aapl), cell(msft));
            for (symbol, price) in [("AAPL", aapl), ("MSFT", msft)] {
                if let Some(price) = price {
                    long += &format!("{symbol},{day},{}\n", text(*price));
                }
            }
        }
        let options = ImportOptions::default();
        let wide = read_prices("wide.csv", wide.as_bytes(), &options);
        let long = read_prices("long.csv", long.as_bytes(), &options);
        match (wide, long) {
            (Ok(wide), Ok(long)) => {
                let wide = validate_prices(&wide, &existing_records(), RULES);
                let long = validate_prices(&long, &existing_records(), RULES);
                prop_assert_eq!(wide.counts, long.counts);
                prop_assert_eq!(wide.changes, long.changes);
            }
            (wide, long) => {
                prop_assert_eq!(wide.unwrap_err().refusal, Refusal::NoRows);
                prop_assert_eq!(long.unwrap_err().refusal, Refusal::NoRows);
            }
        }
    }

    #[test]
    fn a_raw_close_survives_split_adjustment(
        cents in 100_u32..100_000_000,
        (new, old) in prop_oneof![Just((2, 1)), Just((3, 2)), Just((1, 10)), Just((7, 3))],
    ) {
        let paid: Price = format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
        let adjusted = paid.times_ratio(old, new).unwrap();
        let body = format!("symbol,date,close\nAAPL,2026-01-05,{adjusted}\n");
        let options = ImportOptions { basis: Some(Basis::SplitAdjusted), ..ImportOptions::default() };
        let rows = read_prices("adjusted.csv", body.as_bytes(), &options).unwrap();
        let split = Split {
            security: SecurityId(1),
            day: "2026-01-06".parse().unwrap(),
            new: new as u32,
            old: old as u32,
        };
        let known = existing_records().with_splits([split]);
        let change = accepted_changes(validate_prices(&rows, &known, RULES)).closes[0];
        let [stored, exact] = [change.price, paid].map(|price| price.compact().unwrap());
        prop_assert!((stored - exact).abs() <= (new + old) / old);
        let known = known.with_closes([(SecurityId(1), change.day, paid)]);
        prop_assert_eq!(validate_prices(&rows, &known, RULES).counts.same, 1);
    }
}
