//! Portfolios with a calendar of their own have the books of a database with that calendar.

use plimsoll::domain::Phase;
use plimsoll::domain::calendar::BuiltIn;
use proptest::prelude::*;

use crate::books::{Books, Outputs};
use crate::properties::{SMALL, any_sources};
use crate::sources::TestSources;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_portfolio_with_a_calendar_has_the_books_of_a_database_with_that_calendar(
        world in any_sources(SMALL, 3),
    ) {
        let tokyo = BuiltIn::from_name("XTKS").unwrap().calendar();
        let books = TestSources { calendars: ["XTKS"; 4], ..world.clone() }.books();
        let expected = TestSources { calendars: [""; 4], ..world }.books_by(tokyo);
        books.run();
        expected.run();
        let of_portfolios = |books: &Books| -> Outputs {
            let outputs = books.outputs().into_iter();
            outputs.filter(|((phase, _), _)| *phase != Phase::Securities).collect()
        };
        prop_assert_eq!(of_portfolios(&books), of_portfolios(&expected));
    }
}
