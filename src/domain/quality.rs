//! Classifies the prices behind values by origin: fresh, stale, at cost, or none.

use std::fmt;

/// The origin of one holding's price, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceQuality {
    /// A close of the valued session.
    Fresh,
    /// The exchange was closed on the valued session: the close of its last session before.
    Closed,
    /// The last close, this many sessions of the security old (1 or more).
    Stale(u16),
    /// There is no close up to the session: valued at cost.
    Cost,
    /// There is neither a close nor a cost: valued at zero.
    None,
}

impl PriceQuality {
    /// Returns the stored code: 0 fresh, n stale by n sessions, −1 cost, −2 none, −3 closed.
    pub fn code(self) -> i32 {
        match self {
            Self::Fresh => 0,
            Self::Stale(sessions) => i32::from(sessions),
            Self::Cost => -1,
            Self::None => -2,
            Self::Closed => -3,
        }
    }

    /// Returns the quality with this stored code, or `None` for an unknown code.
    pub fn from_code(code: i32) -> Option<Self> {
        match code {
            0 => Some(Self::Fresh),
            -1 => Some(Self::Cost),
            -2 => Some(Self::None),
            -3 => Some(Self::Closed),
            sessions => u16::try_from(sessions).ok().map(Self::Stale),
        }
    }
}

impl fmt::Display for PriceQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh => f.pad("fresh"),
            Self::Closed => f.pad("closed"),
            Self::Stale(sessions) => f.pad(&format!("stale({sessions})")),
            Self::Cost => f.pad("cost"),
            Self::None => f.pad("none"),
        }
    }
}

/// Numbers of a cell's holdings by the origin of their prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Quality {
    /// Holdings with a close of the session, or whose exchange was closed and that have a close
    /// of its last session before.
    pub fresh: u32,
    /// Holdings valued at an older close.
    pub stale: u32,
    /// Holdings valued at their cost.
    pub cost: u32,
    /// Holdings with no value at all.
    pub none: u32,
}

impl Quality {
    /// Counts one holding with this price.
    pub fn count(&mut self, price: PriceQuality) {
        match price {
            PriceQuality::Fresh | PriceQuality::Closed => self.fresh += 1,
            PriceQuality::Stale(_) => self.stale += 1,
            PriceQuality::Cost => self.cost += 1,
            PriceQuality::None => self.none += 1,
        }
    }

    /// Returns the number of holdings counted.
    pub fn holdings(&self) -> u32 {
        self.fresh + self.stale + self.cost + self.none
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (count, label) in [
            (self.fresh, "fresh"),
            (self.stale, "stale"),
            (self.cost, "at cost"),
            (self.none, "without value"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {label}"));
            }
        }
        if parts.is_empty() {
            return f.pad("no holdings");
        }
        f.pad(&parts.join(", "))
    }
}
