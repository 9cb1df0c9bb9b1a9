//! Weights by sector. The names are those of a whole market and are shared by all of its cells:
//! text of its own for each sector of each cell was most of what phase 5 cost.

use std::fmt;
use std::sync::Arc;

/// The sectors of a market, in byte order of their names, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorNames(Arc<[String]>);

/// Where a sector stands among its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sector(u32);

/// Shares by sector, signed, by name in byte order.
#[derive(Clone)]
pub struct SectorWeights {
    names: SectorNames,
    weights: Vec<(Sector, f64)>,
}

impl SectorNames {
    /// The names among these.
    pub fn from_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// The sector of this name, if it is one of them.
    pub fn find(&self, name: &str) -> Option<Sector> {
        let place = self.0.binary_search_by(|known| known.as_str().cmp(name));
        place.ok().map(|place| Sector(place as u32))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Sector> + use<> {
        (0..self.0.len() as u32).map(Sector)
    }
}

impl Sector {
    /// Its place among the names, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl SectorWeights {
    /// The weights of some sectors, ascending, of those with these names.
    pub fn new(names: SectorNames, weights: Vec<(Sector, f64)>) -> Self {
        debug_assert!(weights.is_sorted_by(|(one, _), (other, _)| one < other));
        Self { names, weights }
    }

    /// No weights.
    pub fn empty() -> Self {
        Self::new(SectorNames::from_names([]), Vec::new())
    }

    /// How many sectors have a weight.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Names and weights, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let weights = self.weights.iter();
        weights.map(|(sector, weight)| (self.names.0[sector.index()].as_str(), *weight))
    }
}

/// As they come: what a row says is told apart from what it should say, its order included.
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

/// Of the same sectors, by name, in the same order, and the same weights.
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
        let ours = SectorWeights::new(names, vec![(banks, 0.4), (tech, 0.6)]);
        let read = |named: &[(&str, f64)]| named.iter().copied().collect::<SectorWeights>();
        assert_eq!(ours, read(&[("Banks", 0.4), ("Tech", 0.6)]));
        for wrong in [
            &[("Tech", 0.6), ("Banks", 0.4)][..],
            &[("Banks", 0.4), ("Banks", 0.4), ("Tech", 0.6)],
        ] {
            assert_ne!(ours, read(wrong));
            assert_eq!(read(wrong).iter().collect::<Vec<_>>(), wrong);
        }
        assert_eq!(format!("{ours:?}"), r#"{"Banks": 0.4, "Tech": 0.6}"#);
        assert_ne!(ours, SectorWeights::empty());
    }
}
