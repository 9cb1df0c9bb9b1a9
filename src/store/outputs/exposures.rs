//! Stores the output of phase 5, `exposures`: concentration in columns, weights packed.

use rusqlite::{CachedStatement, Row, params};

use super::packing::{PackedRow, Packer, Unpacker};
use super::rows::ReadOutputs;
use crate::domain::output::Exposures;
use crate::domain::{AssetClass, Cell, Figure, SectorWeights};
use crate::store::error::StoreError;
use crate::store::select::select_first;

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO exposure (cell, hhi, effective_number, top_3, top_10, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const SELECT: &str =
    "SELECT hhi, effective_number, top_3, top_10, detail FROM exposure WHERE cell = ?1";

/// Figures with a column of their own, in the order of the table.
pub(super) type Columns = [Option<f64>; 4];

/// Packs the exposures of a cell into a row.
pub(super) fn pack(cell: Cell, exposures: &Exposures, packer: &mut Packer) -> PackedRow<Columns> {
    let figures = [
        &exposures.hhi,
        &exposures.effective_number,
        &exposures.top_3,
        &exposures.top_10,
    ];
    PackedRow {
        key: cell.key(),
        columns: figures.map(Figure::value),
        detail: packer.blob(|packer| {
            for figure in figures {
                packer.figure_without_value(figure);
            }
            pack_lists(exposures, packer);
        }),
    }
}

fn pack_lists(exposures: &Exposures, packer: &mut Packer) {
    packer.figure(&exposures.weights);
    packer.count(exposures.sectors.len() as u64);
    for (sector, weight) in exposures.sectors.iter() {
        packer.text(sector);
        packer.float(weight);
    }
    packer.count(exposures.classes.len() as u64);
    for (class, weight) in &exposures.classes {
        // Stored as the index in `ALL`, so the order of `ALL` is part of the format.
        let place = AssetClass::ALL.iter().position(|known| known == class);
        packer.count(place.map_or(0, |place| place as u64));
        packer.float(*weight);
    }
}

fn row_to_exposures(row: &Row<'_>) -> Result<Exposures, StoreError> {
    let mut unpacker = Unpacker::new(row.get_ref(4)?.as_blob().map_err(StoreError::damaged)?);
    let hhi = unpacker.figure_without_value(row.get(0)?)?;
    let effective_number = unpacker.figure_without_value(row.get(1)?)?;
    let top_3 = unpacker.figure_without_value(row.get(2)?)?;
    let top_10 = unpacker.figure_without_value(row.get(3)?)?;
    let weights = unpacker.figure()?;
    let sectors = (0..unpacker.count()?).map(|_| Ok((unpacker.text()?, unpacker.finite()?)));
    let sectors = sectors.collect::<Result<SectorWeights, StoreError>>()?;
    let mut classes = Vec::new();
    for _ in 0..unpacker.count()? {
        let place: usize = unpacker.small()?;
        let class = *AssetClass::ALL
            .get(place)
            .ok_or_else(|| StoreError::damaged(format!("invalid asset class `{place}`")))?;
        classes.push((class, unpacker.finite()?));
    }
    unpacker.end()?;
    Ok(Exposures {
        sectors,
        classes,
        weights,
        hhi,
        effective_number,
        top_3,
        top_10,
    })
}

impl ReadOutputs<'_> {
    /// Returns the exposures of a cell, valid or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn exposures(&self, cell: Cell) -> Result<Option<Exposures>, StoreError> {
        select_first(self.connection, SELECT, [cell.key()], row_to_exposures)
    }
}

/// Inserts or replaces the exposures of a cell.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    row: &PackedRow<Columns>,
    detail: &[u8],
) -> Result<(), StoreError> {
    let [hhi, effective_number, top_3, top_10] = row.columns;
    statement.execute(params![
        row.key,
        hhi,
        effective_number,
        top_3,
        top_10,
        detail
    ])?;
    Ok(())
}
