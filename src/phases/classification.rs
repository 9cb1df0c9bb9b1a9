//! Holds the sector and class of each security of a market, by slot (its index in the market), so
//! that exposures are summed without comparing names.

use crate::domain::{AssetClass, Sector, SectorNames, Security};

/// Sector and class of every security, by slot.
#[derive(Debug, Clone)]
pub(super) struct Classifications {
    names: SectorNames,
    rows: Vec<Classification>,
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
        let names =
            SectorNames::from_names(securities.iter().map(|security| security.sector.as_str()));
        let classify = |security: &Security| Classification {
            sector: names
                .find(&security.sector)
                .expect("the names were made from these securities"),
            class: security.class,
        };
        let rows = securities.iter().map(classify).collect();
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
