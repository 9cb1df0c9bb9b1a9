//! Phase 5's rows: concentration in columns, weights packed.

use rusqlite::{CachedStatement, Row, params};

use super::packing::{Packer, Unpacker};
use crate::domain::output::Exposures;
use crate::domain::{AssetClass, Cell, SectorWeights};
use crate::store::{Reading, StoreError};

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO exposure (cell, hhi, effective_number, top_3, top_10, detail)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

fn pack(exposures: &Exposures, packer: &mut Packer) {
    for figure in [
        &exposures.hhi,
        &exposures.effective_number,
        &exposures.top_3,
        &exposures.top_10,
    ] {
        packer.evidence(figure);
    }
    packer.figure(&exposures.weights);
    packer.count(exposures.sectors.len() as u64);
    for (sector, weight) in exposures.sectors.iter() {
        packer.text(sector);
        packer.float(weight);
    }
    packer.count(exposures.classes.len() as u64);
    for (class, weight) in &exposures.classes {
        let place = AssetClass::ALL.iter().position(|known| known == class);
        packer.count(place.map_or(0, |place| place as u64));
        packer.float(*weight);
    }
}

fn row_to_exposures(row: &Row<'_>) -> Result<Exposures, StoreError> {
    let mut unpacker = Unpacker::new(row.get_ref(4)?.as_blob().map_err(StoreError::damaged)?);
    let hhi = unpacker.evidence(row.get(0)?)?;
    let effective_number = unpacker.evidence(row.get(1)?)?;
    let top_3 = unpacker.evidence(row.get(2)?)?;
    let top_10 = unpacker.evidence(row.get(3)?)?;
    let weights = unpacker.figure()?;
    let sectors = (0..unpacker.count()?).map(|_| Ok((unpacker.text()?, unpacker.finite()?)));
    let sectors = sectors.collect::<Result<SectorWeights, StoreError>>()?;
    let mut classes = Vec::new();
    for _ in 0..unpacker.count()? {
        let place: usize = unpacker.small()?;
        let class = *AssetClass::ALL
            .get(place)
            .ok_or_else(|| StoreError::damaged(format!("`{place}` is no asset class")))?;
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

impl Reading<'_> {
    /// The weights of a cell, valid or not.
    pub fn exposures(&self, cell: Cell) -> Result<Option<Exposures>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hhi, effective_number, top_3, top_10, detail FROM exposure WHERE cell = ?1",
        )?;
        let mut rows = statement.query([cell.key()])?;
        rows.next()?.map(row_to_exposures).transpose()
    }
}

/// Writes the weights of a cell.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    cell: Cell,
    exposures: &Exposures,
    packer: &mut Packer,
) -> Result<(), StoreError> {
    packer.clear();
    pack(exposures, packer);
    statement.execute(params![
        cell.key(),
        exposures.hhi.value(),
        exposures.effective_number.value(),
        exposures.top_3.value(),
        exposures.top_10.value(),
        packer.bytes()
    ])?;
    Ok(())
}
