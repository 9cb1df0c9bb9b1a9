//! What kind of thing each security of a market is: its sector and class, in columns, so that a
//! cell is spread over them without a look at the names.

use crate::domain::{AssetClass, Sector, SectorNames, Security};

/// Sector and class by slot.
#[derive(Debug, Clone)]
pub(super) struct Kinds {
    names: SectorNames,
    kinds: Vec<Kind>,
}

/// Of one security.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) sector: Sector,
    pub(super) class: AssetClass,
}

impl Kinds {
    /// Of securities by slot.
    pub(super) fn of(securities: &[Security]) -> Self {
        let names = SectorNames::from_names(securities.iter().map(|one| one.sector.as_str()));
        let kind = |one: &Security| Kind {
            sector: names
                .find(&one.sector)
                .expect("a name of those it was taken from"),
            class: one.class,
        };
        let kinds = securities.iter().map(kind).collect();
        Self { names, kinds }
    }

    #[inline]
    pub(super) fn at(&self, slot: usize) -> Kind {
        self.kinds[slot]
    }

    pub(super) fn sectors(&self) -> &SectorNames {
        &self.names
    }
}
