//! Stores the output of phase 4, `positions`: all holdings of a cell, packed.

use rusqlite::{CachedStatement, params};

use super::packing::{PackedRow, Packer, Unpacker, zigzag};
use super::rows::ReadOutputs;
use crate::domain::output::Position;
use crate::domain::{Cell, Money, Price, PriceQuality, Quantity, SecurityId};
use crate::store::error::StoreError;
use crate::store::select::select_first;

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO position (cell, count, holdings) VALUES (?1, ?2, ?3)";

/// Number of holdings of the cell.
pub(super) type Columns = u32;

/// Packs the holdings of a cell into a row.
pub(super) fn pack(cell: Cell, positions: &[Position], packer: &mut Packer) -> PackedRow<Columns> {
    PackedRow {
        key: cell.key(),
        columns: positions.len() as Columns,
        detail: packer.blob(|packer| {
            for position in positions {
                pack_position(position, packer);
            }
        }),
    }
}

/// Marks, in the number of the security, a holding whose quantity and price are texts after it.
const AS_TEXT: u64 = 1 << 32;

fn pack_position(position: &Position, packer: &mut Packer) {
    let Position {
        quantity, price, ..
    } = position;
    let (mark, [quantity, price]) = match (quantity.compact(), price.compact()) {
        (Some(quantity), Some(price)) => (0, [quantity, price]),
        _ => (AS_TEXT, [0, 0]),
    };
    packer.counts([
        u64::from(position.security.0) | mark,
        zigzag(quantity),
        zigzag(price),
        zigzag(i64::from(position.quality.code())),
        zigzag(position.value.units()),
        zigzag(position.cost.units()),
    ]);
    if mark == AS_TEXT {
        packer.text(&position.quantity.to_string());
        packer.text(&position.price.to_string());
    }
}

fn unpack(bytes: &[u8], count: usize) -> Result<Vec<Position>, StoreError> {
    let mut unpacker = Unpacker::new(bytes);
    // A damaged count must not allocate more than the bytes could hold.
    let mut positions = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        positions.push(unpack_position(&mut unpacker)?);
    }
    unpacker.end()?;
    Ok(positions)
}

fn unpack_position(unpacker: &mut Unpacker<'_>) -> Result<Position, StoreError> {
    let security = unpacker.count()?;
    let mut quantity = Quantity::from_units(unpacker.signed()?);
    let mut price = Price::from_units(unpacker.signed()?);
    let quality = i32::try_from(unpacker.signed()?)
        .ok()
        .and_then(PriceQuality::from_code)
        .ok_or_else(|| StoreError::damaged("a holding has an invalid price quality"))?;
    let value = Money::from_units(unpacker.signed()?);
    let cost = Money::from_units(unpacker.signed()?);
    if security & AS_TEXT != 0 {
        quantity = unpacker.text()?.parse().map_err(StoreError::damaged)?;
        price = unpacker.text()?.parse().map_err(StoreError::damaged)?;
    }
    let security = u32::try_from(security & !AS_TEXT).map_err(StoreError::damaged)?;
    Ok(Position {
        security: SecurityId(security),
        quantity,
        price,
        quality,
        value,
        cost,
        unrealized: value.minus(cost).ok_or_else(|| {
            StoreError::damaged("the unrealized profit of a holding exceeds the range of money")
        })?,
    })
}

impl ReadOutputs<'_> {
    /// Returns the holdings of a cell, valid or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn positions(&self, cell: Cell) -> Result<Option<Vec<Position>>, StoreError> {
        let sql = "SELECT holdings, count FROM position WHERE cell = ?1";
        select_first(self.connection, sql, [cell.key()], |row| {
            let bytes = row.get_ref(0)?.as_blob().map_err(StoreError::damaged)?;
            unpack(bytes, row.get::<_, u32>(1)? as usize)
        })
    }
}

/// Inserts or replaces the holdings of a cell.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    row: &PackedRow<Columns>,
    detail: &[u8],
) -> Result<(), StoreError> {
    statement.execute(params![row.key, row.columns, detail])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(quantity: &str, price: &str) -> Position {
        Position {
            security: SecurityId(u32::MAX),
            quantity: quantity.parse().unwrap(),
            price: price.parse().unwrap(),
            quality: PriceQuality::Fresh,
            value: Money::whole(7),
            cost: Money::whole(-9),
            unrealized: Money::whole(16),
        }
    }

    #[test]
    fn holdings_of_any_size_and_fineness_round_trip() {
        let positions = [
            position("10", "2.5"),
            position("0.000000000000000001", "3000"),
            position("-589000000000000", "0.0000000123"),
            position("10", "2.5"),
        ];
        let mut packer = Packer::default();
        for position in &positions {
            pack_position(position, &mut packer);
        }
        let bytes = packer.into_bytes();
        assert_eq!(unpack(&bytes, positions.len()).unwrap(), positions);
        assert!(unpack(&bytes[..bytes.len() - 1], positions.len()).is_err());
    }
}
