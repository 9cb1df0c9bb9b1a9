//! Stores the aged prices and rates at which amounts were moved, a part of the output of phase 3.
//! Nearly no cell has any.

use rusqlite::params;

use super::packing::{Packer, Unpacker, zigzag};
use super::rows::ReadOutputs;
use crate::domain::output::{AgedMove, PriceInput};
use crate::domain::{Cell, Day, IdSet, Money, PortfolioId, PriceQuality, SecurityId};
use crate::store::error::StoreError;

const PRICE: u64 = 0;
const RATE: u64 = 1;

/// Packs the moves of a cell; `None` if there are none.
pub(super) fn pack(moves: &[AgedMove]) -> Option<Vec<u8>> {
    if moves.is_empty() {
        return None;
    }
    let mut packer = Packer::default();
    for moved in moves {
        match moved.input {
            PriceInput::Price(security) => packer.counts([PRICE, u64::from(security.0)]),
            PriceInput::Rate(currency) => {
                packer.count(RATE);
                packer.text(&currency.to_string());
            }
        }
        packer.counts([
            zigzag(moved.day.number().into()),
            zigzag(moved.quality.code().into()),
            zigzag(moved.value.units()),
        ]);
    }
    Some(packer.into_bytes())
}

/// Unpacks the moves of a cell.
pub(super) fn unpack(bytes: Option<&[u8]>) -> Result<Vec<AgedMove>, StoreError> {
    let mut moves = Vec::new();
    let mut unpacker = Unpacker::new(bytes.unwrap_or_default());
    while !unpacker.is_empty() {
        let input = match unpacker.count()? {
            PRICE => {
                let security = u32::try_from(unpacker.count()?).map_err(StoreError::damaged)?;
                PriceInput::Price(SecurityId(security))
            }
            RATE => PriceInput::Rate(unpacker.text()?.parse().map_err(StoreError::damaged)?),
            _ => return Err(damaged()),
        };
        let mut number = || i32::try_from(unpacker.signed()?).map_err(StoreError::damaged);
        let (day, quality) = (Day::from_number(number()?), number()?);
        let quality = PriceQuality::from_code(quality);
        let (day, quality) = day.zip(quality).ok_or_else(damaged)?;
        moves.push(AgedMove {
            input,
            day,
            quality,
            value: Money::from_units(unpacker.signed()?),
        });
    }
    Ok(moves)
}

fn damaged() -> StoreError {
    StoreError::damaged("an aged price or rate of a snapshot is invalid")
}

impl ReadOutputs<'_> {
    /// Returns the portfolios whose books of a day contain amounts at aged prices or rates, valid or
    /// not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn with_aged_moves(&self, day: Day) -> Result<IdSet, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT cell FROM snapshot INDEXED BY snapshot_with_aged_moves
             WHERE aged_moves IS NOT NULL AND cell BETWEEN ?1 AND ?2",
        )?;
        let (first, last) = (PortfolioId(0), PortfolioId(u32::MAX));
        let keys = params![Cell::new(day, first).key(), Cell::new(day, last).key()];
        let mut rows = statement.query(keys)?;
        let mut ids = IdSet::new();
        while let Some(row) = rows.next()? {
            ids.extend(Cell::from_key(row.get(0)?).map(|cell| cell.portfolio.0));
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[test]
    fn moves_round_trip_and_damage_is_found() {
        let moved = |input, quality| AgedMove {
            input,
            day: Day::from_number(20_000).unwrap(),
            quality,
            value: Money::whole(7),
        };
        let moves = [
            moved(PriceInput::Price(SecurityId(u32::MAX)), PriceQuality::Cost),
            moved(PriceInput::Rate(Currency::USD), PriceQuality::Stale(300)),
        ];
        let packed = pack(&moves).unwrap();
        assert_eq!(unpack(Some(&packed)).unwrap(), moves);
        assert!(unpack(Some(&packed[..packed.len() - 1])).is_err());
        assert_eq!(pack(&[]), None);
        assert!(unpack(None).unwrap().is_empty());
    }
}
