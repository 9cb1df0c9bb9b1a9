//! Stores weights by sector, with one list of sector names shared by all cells of a market.
//!
//! The list is shared because a text for each sector of each cell was most of the cost of phase 5.

use std::fmt;
use std::sync::Arc;

/// The sectors of a market, in byte order of their names, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorNames(Arc<[String]>);

/// A sector, as an index into its [`SectorNames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sector(u32);

/// Signed shares by sector, ordered by the bytes of the sector's name.
#[derive(Clone)]
pub struct SectorWeights {
    names: SectorNames,
    weights: Vec<(Sector, f64)>,
}

impl SectorNames {
    /// Collects names, each once.
    pub fn from_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// Returns the sector with this name, or `None` if the list does not have it.
    pub fn find(&self, name: &str) -> Option<Sector> {
        let index = self.0.binary_search_by(|known| known.as_str().cmp(name));
        index.ok().map(|index| Sector(index as u32))
    }

    /// Returns the number of sectors.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Iterates over all sectors, in byte order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Sector> + use<> {
        (0..self.0.len() as u32).map(Sector)
    }
}

impl Sector {
    /// Returns the index among the names, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl SectorWeights {
    /// Creates weights of sectors of `names`, strictly ascending by sector.
    pub fn new(names: SectorNames, weights: Vec<(Sector, f64)>) -> Self {
        debug_assert!(weights.is_sorted_by(|(left, _), (right, _)| left < right));
        Self { names, weights }
    }

    /// Creates weights without any sector.
    pub fn empty() -> Self {
        Self::new(SectorNames::from_names([]), Vec::new())
    }

    /// Returns the number of sectors with a weight.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Returns whether no sector has a weight.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Iterates over names and weights, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let weights = self.weights.iter();
        weights.map(|(sector, weight)| (self.names.0[sector.index()].as_str(), *weight))
    }
}

/// Keeps order and repetitions, so that a stored row that is out of order differs from the
/// expected one.
impl<N: Into<String>> FromIterator<(N, f64)> for SectorWeights {
    fn from_iter<T: IntoIterator<Item = (N, f64)>>(named: T) -> Self {
        let named = (0..).map(Sector).zip(named);
        let (names, weights): (Vec<String>, _) = named
            .map(|(sector, (name, weight))| (name.into(), (sector, weight)))
            .unzip();
        Self {
            names: SectorNames(names.into()),
            weights,
        }
    }
}

/// Equal if both list the same names and weights in the same order; unused names are ignored.
impl PartialEq for SectorWeights {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for SectorWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_ignores_unused_sector_names() {
        let names = SectorNames::from_names(["Tech", "Banks", "Tech", "Autos"]);
        assert_eq!(names.count(), 3);
        let [banks, tech] = ["Banks", "Tech"].map(|name| names.find(name).unwrap());
        assert_eq!(names.find("Food"), None);
        let weights = SectorWeights::new(names, vec![(banks, 0.4), (tech, 0.6)]);
        let read = |named: &[(&str, f64)]| named.iter().copied().collect::<SectorWeights>();
        assert_eq!(weights, read(&[("Banks", 0.4), ("Tech", 0.6)]));
        for wrong in [
            &[("Tech", 0.6), ("Banks", 0.4)][..],
            &[("Banks", 0.4), ("Banks", 0.4), ("Tech", 0.6)],
        ] {
            assert_ne!(weights, read(wrong));
            assert_eq!(read(wrong).iter().collect::<Vec<_>>(), wrong);
        }
        assert_eq!(format!("{weights:?}"), r#"{"Banks": 0.4, "Tech": 0.6}"#);
        assert_ne!(weights, SectorWeights::empty());
    }
}
