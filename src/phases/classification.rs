//! What kind of thing each security of a market is: its sector and class, in columns, so that a
//! cell is spread over them without a look at the names.

use crate::domain::{AssetClass, Sector, SectorNames, Security};

/// Sector and class by slot.
#[derive(Debug, Clone)]
pub(super) struct Classifications {
    names: SectorNames,
    rows: Vec<Classification>,
}

/// Of one security.
#[derive(Debug, Clone, Copy)]
pub(super) struct Classification {
    pub(super) sector: Sector,
    pub(super) class: AssetClass,
}

impl Classifications {
    /// Of securities by slot.
    pub(super) fn from_securities(securities: &[Security]) -> Self {
        let names = SectorNames::from_names(securities.iter().map(|one| one.sector.as_str()));
        let kind = |one: &Security| Classification {
            sector: names
                .find(&one.sector)
                .expect("a name of those it was taken from"),
            class: one.class,
        };
        let rows = securities.iter().map(kind).collect();
        Self { names, rows }
    }

    #[inline]
    pub(super) fn get(&self, slot: usize) -> Classification {
        self.rows[slot]
    }

    pub(super) fn sectors(&self) -> &SectorNames {
        &self.names
    }
}
