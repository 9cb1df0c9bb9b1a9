//! Whether the stored books add up, cell by cell, with nothing but themselves to go by.

use super::Pace;
use super::check::{Claim, Tally, contain};
use super::sources::Known;
use crate::domain::output::{Position, Snapshot};
use crate::domain::{Cell, Day, IdSet, Money, Phase, PortfolioId};
use crate::engine::Settings;
use crate::inquiry::InquiryError;
use crate::store::{ReadTransaction, Store};

/// Checks the identities of every cell that is done.
pub(super) fn check(
    store: &Store,
    settings: &Settings,
    known: &Known,
    days: &[Day],
    progress: &dyn Fn(Pace),
) -> Result<[Tally; 1], InquiryError> {
    let mut tally = Tally::new(Claim::BooksAddUp);
    let calendar = &settings.calendar;
    for (at, day) in days.iter().enumerate() {
        let before = match calendar.known_days().contains(*day) {
            true => calendar.previous(*day)?,
            false => None,
        };
        contain(
            &mut tally,
            || day.to_string(),
            |tally| {
                store.read(|reading| {
                    let session = Session {
                        reading,
                        known,
                        before: before.map(|day| done_on(reading, day)).transpose()?,
                        positions: reading.done(*day, Phase::Positions)?,
                    };
                    for id in reading.done(*day, Phase::Snapshot)? {
                        let cell = Cell::new(*day, PortfolioId(id));
                        contain(
                            tally,
                            || known.cell(cell),
                            |tally| session.check(cell, tally),
                        )?;
                    }
                    Ok(())
                })
            },
        )?;
        progress(Pace {
            claim: Claim::BooksAddUp,
            done: at + 1,
            of: days.len(),
        });
    }
    Ok([tally])
}

fn done_on(reading: &ReadTransaction<'_>, day: Day) -> Result<(Day, IdSet), InquiryError> {
    Ok((day, reading.done(day, Phase::Snapshot)?))
}

/// One session, in one transaction.
struct Session<'s> {
    reading: &'s ReadTransaction<'s>,
    known: &'s Known,
    /// The session before, and whose books are done there.
    before: Option<(Day, IdSet)>,
    /// Whose holdings are done here.
    positions: IdSet,
}

/// Something that has to be equal, in units of money or in holdings.
struct Identity {
    says: &'static str,
    stored: i128,
    made: i128,
    decimals: u32,
}

impl Session<'_> {
    fn check(&self, cell: Cell, tally: &mut Tally) -> Result<(), InquiryError> {
        let id = cell.portfolio;
        // That there is a row is another claim.
        let Some(books) = self.reading.snapshot(cell)? else {
            return Ok(());
        };
        let mut identities = of_books(&books);
        if self.positions.contains(id.0) {
            let positions = self.reading.positions(cell)?;
            identities.extend(positions.iter().flat_map(|held| of_holdings(&books, held)));
        }
        if let Some((before, _)) = self.before.as_ref().filter(|(_, done)| done.contains(id.0)) {
            let before = self.reading.snapshot(Cell::new(*before, id))?;
            identities.extend(before.map(|before| of_pnl(&books, &before)));
        }
        tally.look(1);
        for identity in identities.iter().filter(|one| one.stored != one.made) {
            let show =
                |units: i128| rust_decimal::Decimal::from_i128_with_scale(units, identity.decimals);
            tally.find(|| {
                format!(
                    "{}, snapshot: {}: {} is stored, {} comes out",
                    self.known.cell(cell),
                    identity.says,
                    show(identity.stored).normalize(),
                    show(identity.made).normalize()
                )
            });
        }
        Ok(())
    }
}

fn units(money: Money) -> i128 {
    i128::from(money.units())
}

fn of_money(says: &'static str, stored: Money, made: i128) -> Identity {
    Identity {
        says,
        stored: units(stored),
        made,
        decimals: Money::DECIMALS,
    }
}

fn of_books(books: &Snapshot) -> Vec<Identity> {
    let (cash, long, short) = (units(books.cash), units(books.long), units(books.short));
    vec![
        of_money("nav = cash + long + short", books.nav, cash + long + short),
        of_money("long is not negative", books.long, long.max(0)),
        of_money("short is not positive", books.short, short.min(0)),
    ]
}

fn of_pnl(books: &Snapshot, before: &Snapshot) -> Identity {
    let made = units(books.nav) - units(before.nav) - units(books.flow);
    of_money("pnl = nav − nav before − flow", books.pnl, made)
}

fn of_holdings(books: &Snapshot, held: &[Position]) -> [Identity; 3] {
    let value = held.iter().map(|position| units(position.value)).sum();
    let unrealized = held.iter().map(|position| units(position.unrealized)).sum();
    [
        of_money("net = Σ value of the holdings", books.net, value),
        of_money(
            "unrealized = Σ unrealized of the holdings",
            books.unrealized,
            unrealized,
        ),
        Identity {
            says: "holdings counted by quality = holdings",
            stored: i128::from(books.quality.holdings()),
            made: held.len() as i128,
            decimals: 0,
        },
    ]
}
