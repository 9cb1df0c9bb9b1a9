//! Checks that the stored books add up, cell by cell, without reading any source.

use super::check::{Claim, Tally, VerifyProgress, catch_damage};
use super::sources::Directory;
use crate::domain::output::{ForeignCash, Position, Snapshot};
use crate::domain::{Cell, Day, IdSet, Money, Phase, PhaseSet, PortfolioId};
use crate::engine::{EngineError, Settings};
use crate::query::error::QueryError;
use crate::store::{ReadTransaction, Store};

/// Checks the accounting identities of each cell that is done.
pub(super) fn check(
    store: &Store,
    settings: &Settings,
    known: &Directory,
    days: &[Day],
    progress: &dyn Fn(VerifyProgress),
) -> Result<[Tally; 1], QueryError> {
    let mut tally = Tally::new(Claim::BooksAddUp);
    let calendar = &settings.calendar;
    for (at, day) in days.iter().enumerate() {
        // Stored days may lie outside the calendar; those have no session before them.
        let before_of = |day: Day| match calendar.known_days().contains(day) {
            true => calendar.previous(day),
            false => Ok(None),
        };
        let before = before_of(*day)?;
        catch_damage(
            &mut tally,
            || day.to_string(),
            |tally| {
                store.read(|reading| {
                    let calendars = reading.security_calendars();
                    let mut own_before = Vec::new();
                    for own in calendars.of_portfolios(calendar)?.iter() {
                        let mut before = before;
                        while let Some(near) = before.filter(|near| !own.has_session(*near)) {
                            before = before_of(near).map_err(EngineError::from)?;
                        }
                        let before = before.map(|day| done_on(reading, day)).transpose()?;
                        own_before.push((own.portfolios.clone(), before));
                    }
                    let session = Session {
                        own_before,
                        reading,
                        known,
                        before: before.map(|day| done_on(reading, day)).transpose()?,
                        positions: reading.ledger().done(*day, Phase::Positions)?,
                    };
                    for id in reading.ledger().done(*day, Phase::Snapshot)? {
                        let cell = Cell::new(*day, PortfolioId(id));
                        tally.check_cell((*day, PhaseSet::CELL_PHASES, id), |tally| {
                            catch_damage(
                                tally,
                                || known.cell_label(cell),
                                |tally| session.check(cell, tally),
                            )
                        })?;
                    }
                    Ok(())
                })
            },
        )?;
        progress(VerifyProgress {
            claim: Claim::BooksAddUp,
            done: at + 1,
            total: days.len(),
        });
    }
    Ok([tally])
}

fn done_on(reading: &ReadTransaction<'_>, day: Day) -> Result<(Day, IdSet), QueryError> {
    Ok((day, reading.ledger().done(day, Phase::Snapshot)?))
}

/// One session, read in one transaction.
struct Session<'s> {
    reading: &'s ReadTransaction<'s>,
    known: &'s Directory,
    /// The session before, and the portfolios whose books are done there.
    before: Option<(Day, IdSet)>,
    /// The same by the sessions of each calendar that portfolios name, with those portfolios.
    own_before: Vec<(IdSet, Option<(Day, IdSet)>)>,
    /// The portfolios whose positions are done on this session.
    positions: IdSet,
}

/// Two values that must be equal: amounts in units of money, or numbers of holdings.
struct Identity {
    formula: &'static str,
    stored: i128,
    computed: i128,
    decimals: u32,
}

impl Session<'_> {
    fn check(&self, cell: Cell, tally: &mut Tally) -> Result<(), QueryError> {
        let id = cell.portfolio;
        // A missing row is a finding of `Claim::LedgerHasOutput`.
        let Some(books) = self.reading.outputs().snapshot(cell)? else {
            return Ok(());
        };
        let mut identities = snapshot_identities(&books);
        if self.positions.contains(id.0) {
            let positions = self.reading.outputs().positions(cell)?;
            identities.extend(
                positions
                    .iter()
                    .flat_map(|positions| holdings_identities(&books, cell.day, positions)),
            );
        }
        let mut own = self.own_before.iter();
        let own = own.find(|(portfolios, _)| portfolios.contains(id.0));
        let before = own.map_or(&self.before, |(_, before)| before).as_ref();
        if let Some((before, _)) = before.filter(|(_, done)| done.contains(id.0)) {
            let before = self.reading.outputs().snapshot(Cell::new(*before, id))?;
            if let Some(before) = before {
                identities.push(pnl_identity(&books, &before));
                identities.extend(cash_identities(&books, &before));
            }
        }
        tally.add_checked(1);
        for identity in identities
            .iter()
            .filter(|identity| identity.stored != identity.computed)
        {
            let show =
                |units: i128| rust_decimal::Decimal::from_i128_with_scale(units, identity.decimals);
            tally.add_finding(|| {
                format!(
                    "{}, snapshot: {}: {} is stored, {} is calculated",
                    self.known.cell_label(cell),
                    identity.formula,
                    show(identity.stored).normalize(),
                    show(identity.computed).normalize()
                )
            });
        }
        Ok(())
    }
}

fn units(money: Money) -> i128 {
    i128::from(money.units())
}

fn money_identity(formula: &'static str, stored: Money, computed: i128) -> Identity {
    Identity {
        formula,
        stored: units(stored),
        computed,
        decimals: Money::DECIMALS,
    }
}

fn snapshot_identities(books: &Snapshot) -> Vec<Identity> {
    let (cash, long, short) = (units(books.cash), units(books.long), units(books.short));
    vec![
        money_identity("nav = cash + long + short", books.nav, cash + long + short),
        money_identity("long is not negative", books.long, long.max(0)),
        money_identity("short is not positive", books.short, short.min(0)),
    ]
}

fn pnl_identity(books: &Snapshot, before: &Snapshot) -> Identity {
    let pnl = units(books.nav) - units(before.nav) - units(books.flow);
    money_identity("pnl = nav − nav before − flow", books.pnl, pnl)
}

/// The exchange gain of each currency is the change of what it has gained since inception.
fn cash_identities(books: &Snapshot, before: &Snapshot) -> impl Iterator<Item = Identity> {
    let total = |cash: &ForeignCash| units(cash.fx_realized) + units(cash.value) - units(cash.cost);
    books.foreign_cash.iter().map(move |cash| {
        let mut earlier = before.foreign_cash.iter();
        let earlier = earlier.find(|of| of.currency == cash.currency);
        let gain = total(cash) - earlier.map_or(0, total);
        let formula = "exchange gain = change of realized + value − cost of foreign cash";
        money_identity(formula, cash.fx_gain, gain)
    })
}

fn holdings_identities(books: &Snapshot, day: Day, positions: &[Position]) -> [Identity; 3] {
    let value = positions.iter().map(|position| units(position.value)).sum();
    let balances = books.held_cash();
    let moved = books.moved_inputs(day, positions);
    let unrealized = positions
        .iter()
        .map(|position| units(position.unrealized))
        .sum();
    [
        money_identity("net = Σ value of the holdings", books.net, value),
        money_identity(
            "unrealized = Σ unrealized of the holdings",
            books.unrealized,
            unrealized,
        ),
        Identity {
            formula: "holdings, foreign cash and aged inputs counted by quality = their number",
            stored: i128::from(books.quality.holdings()),
            computed: (positions.len() + balances.count() + moved.count()) as i128,
            decimals: 0,
        },
    ]
}
