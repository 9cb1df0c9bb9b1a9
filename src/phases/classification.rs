//! Holds the sector and class of each security of a market, by slot (its index in the market), so
//! that exposures are summed without comparing names.

use super::dated_column::DatedColumn;
use crate::domain::{AssetClass, Day, Sector, SectorNames, Security};

/// Sector and class of every security, by slot and day.
#[derive(Debug, Clone)]
pub(super) struct Classifications {
    names: SectorNames,
    rows: DatedColumn<Classification>,
}

/// Sector and class of one security.
#[derive(Debug, Clone, Copy)]
pub(super) struct Classification {
    pub(super) sector: Sector,
    pub(super) class: AssetClass,
}

impl Classifications {
    /// Classifies securities that are in the order of their slots.
    pub(super) fn from_securities(securities: &[Security]) -> Self {
        let names = SectorNames::from_names(securities.iter().flat_map(|security| {
            let former = security.former_attributes.iter();
            let former = former.map(|former| former.attributes.sector.as_str());
            former.chain([security.sector.as_str()])
        }));
        let rows = DatedColumn::new(securities, |class, sector| Classification {
            sector: names
                .find(sector)
                .expect("the names were made from these securities"),
            class,
        });
        Self { names, rows }
    }

    #[inline]
    pub(super) fn get(&self, slot: usize, day: Day) -> Classification {
        self.rows.get(slot, day)
    }

    pub(super) fn sectors(&self) -> &SectorNames {
        &self.names
    }
}
