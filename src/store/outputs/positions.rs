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

fn pack_position(position: &Position, packer: &mut Packer) {
    packer.counts([
        u64::from(position.security.0),
        zigzag(position.quantity.units()),
        zigzag(position.price.units()),
        zigzag(i64::from(position.quality.code())),
        zigzag(position.value.units()),
        zigzag(position.cost.units()),
    ]);
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
    let security = SecurityId(unpacker.small()?);
    let quantity = Quantity::from_units(unpacker.signed()?);
    let price = Price::from_units(unpacker.signed()?);
    let quality = i32::try_from(unpacker.signed()?)
        .ok()
        .and_then(PriceQuality::from_code)
        .ok_or_else(|| StoreError::damaged("a holding has an invalid price quality"))?;
    let value = Money::from_units(unpacker.signed()?);
    let cost = Money::from_units(unpacker.signed()?);
    Ok(Position {
        security,
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
