//! What is listed, and how each security moves with the market, its sector and the factors.
//! Prices are not made here.

use std::collections::BTreeMap;

use super::fixed_instruments::fixed_instruments;
use super::names;
use super::random::RandomSource;
use crate::domain::{AssetClass, Currency, Quantity, Security, SecurityId};

/// How many shares are listed where nobody says.
pub const DEFAULT_SHARES: usize = 64;

/// Where the closes of a security come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSource {
    /// From the seed.
    MadeUp,
    /// Only from what is given.
    Given,
}

/// A security that a world lists beyond the made-up ones; its id is given by the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The security. Its id is overwritten.
    pub security: Security,
    /// Where its closes come from.
    pub closes: CloseSource,
}

/// How much of each common move a security takes, and how much it moves by itself (standard
/// deviation of a day's log return).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Loadings {
    pub(super) market: f64,
    pub(super) sector: f64,
    pub(super) value: f64,
    pub(super) momentum: f64,
    pub(super) size: f64,
    pub(super) rates: f64,
    pub(super) noise: f64,
}

/// One listed security.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListedSecurity {
    pub(super) security: Security,
    pub(super) loadings: Loadings,
    /// Close on the anchor day, in units of its currency.
    pub(super) base: f64,
    /// Paid out over a year, as a share of the price.
    pub(super) payout: f64,
    pub(super) closes: CloseSource,
}

/// All securities of a market, in the order of their ids: indices, currencies, funds, bonds and
/// private assets first, then the shares, then what was added.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    seed: u64,
    entries: Vec<ListedSecurity>,
    by_symbol: BTreeMap<String, SecurityId>,
    made_up: usize,
}

impl Listing {
    /// A market in which nothing is listed yet.
    pub const fn empty(seed: u64) -> Self {
        Self {
            seed,
            entries: Vec::new(),
            by_symbol: BTreeMap::new(),
            made_up: 0,
        }
    }

    /// The made-up market with this many shares, of these sectors only (of all [`names::SECTORS`]
    /// where none is named). Shares beyond the named ones are called `X0065` and so on.
    pub fn new(seed: u64, shares: usize, sectors: &[&str]) -> Self {
        let mut listing = Self::empty(seed);
        for (security, loadings, base, payout) in fixed_instruments() {
            listing.push(ListedSecurity {
                security,
                loadings,
                base,
                payout,
                closes: CloseSource::MadeUp,
            });
        }
        for security in (0..)
            .map(share)
            .filter(|share| sectors.is_empty() || sectors.contains(&share.sector.as_str()))
            .take(shares)
        {
            listing.push_generated(security, CloseSource::MadeUp);
        }
        listing.made_up = listing.entries.len();
        listing
    }

    /// Lists one more. A symbol that is listed already keeps its id and its way to move, and
    /// takes over what else is said.
    pub fn add(&mut self, addition: Addition) {
        let Addition { security, closes } = addition;
        match self.id(&security.symbol) {
            Some(id) => {
                let listed = &mut self.entries[id.0 as usize - 1];
                listed.security = Security { id, ..security };
                listed.closes = closes;
            }
            None => self.push_generated(security, closes),
        }
    }

    /// The id of a symbol, if it is listed.
    pub fn id(&self, symbol: &str) -> Option<SecurityId> {
        self.by_symbol.get(symbol).copied()
    }

    /// A listed security.
    pub fn security(&self, id: SecurityId) -> &Security {
        &self.entries[id.0 as usize - 1].security
    }

    /// All securities in the order of their ids, which are dense from 1.
    pub fn securities(&self) -> impl Iterator<Item = &Security> {
        self.entries.iter().map(|listed| &listed.security)
    }

    /// The securities that portfolios of a style choose from: those that nobody added.
    pub(super) fn made_up(&self) -> impl Iterator<Item = &Security> {
        self.securities().take(self.made_up)
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn entries(&self) -> &[ListedSecurity] {
        &self.entries
    }

    fn push_generated(&mut self, security: Security, closes: CloseSource) {
        let mut draws = RandomSource::new(self.seed, &format!("listing/{}", security.symbol));
        let payout = match security.class {
            AssetClass::Equity if draws.chance(0.6) => draws.uniform(0.005, 0.035),
            AssetClass::Bond | AssetClass::Fund => 0.03,
            _ => 0.0,
        };
        self.push(ListedSecurity {
            loadings: loadings(security.class, &mut draws),
            base: base(&security, &mut draws),
            security,
            payout,
            closes,
        });
    }

    fn push(&mut self, mut listed: ListedSecurity) {
        let id = SecurityId(self.entries.len() as u32 + 1);
        listed.security.id = id;
        self.by_symbol.insert(listed.security.symbol.clone(), id);
        self.entries.push(listed);
    }
}

/// The share at a place in the endless list: the sectors take turns.
fn share(place: usize) -> Security {
    let (sector, row) = (place % names::SECTORS.len(), place / names::SECTORS.len());
    let (symbol, name) = match names::SHARES[sector].get(row) {
        Some((symbol, name)) => ((*symbol).to_owned(), (*name).to_owned()),
        None => (
            format!("X{:04}", place + 1),
            format!("Extra Share {}", place + 1),
        ),
    };
    security(&symbol, &name, AssetClass::Equity, names::SECTORS[sector])
}

fn loadings(class: AssetClass, draws: &mut RandomSource) -> Loadings {
    match class {
        AssetClass::Bond => Loadings {
            rates: draws.uniform(0.6, 1.4),
            market: 0.05,
            noise: 0.0015,
            ..Loadings::default()
        },
        AssetClass::Fx => Loadings {
            market: 0.1,
            noise: 0.004,
            ..Loadings::default()
        },
        _ => Loadings {
            market: draws.uniform(0.6, 1.5),
            sector: draws.uniform(0.6, 1.2),
            value: draws.normal() * 0.6,
            momentum: draws.normal() * 0.6,
            size: draws.normal() * 0.5,
            rates: draws.normal() * 0.2,
            noise: draws.uniform(0.007, 0.017),
        },
    }
}

fn base(security: &Security, draws: &mut RandomSource) -> f64 {
    match security.class {
        AssetClass::Fx => 1.0,
        AssetClass::Bond => draws.uniform(92.0, 104.0),
        _ => draws.uniform(20_f64.ln(), 400_f64.ln()).exp(),
    }
}

/// A security of one unit in dollars, without an id yet.
pub(super) fn security(symbol: &str, name: &str, class: AssetClass, sector: &str) -> Security {
    Security {
        id: SecurityId(0),
        symbol: symbol.to_owned(),
        name: name.to_owned(),
        class,
        sector: sector.to_owned(),
        currency: Currency::USD,
        multiplier: Quantity::whole(1),
        inactive_from: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_dense_and_symbols_unique() {
        let listing = Listing::new(1, 70, &[]);
        for (place, security) in listing.securities().enumerate() {
            assert_eq!(security.id.0 as usize, place + 1);
            assert_eq!(listing.id(&security.symbol), Some(security.id));
        }
        assert!(listing.id("X0070").is_some());
    }

    #[test]
    fn adding_a_share_changes_no_other() {
        let (few, more) = (Listing::new(1, 20, &[]), Listing::new(1, 21, &[]));
        assert_eq!(few.entries(), &more.entries()[..few.entries().len()]);
    }

    #[test]
    fn only_named_sectors_are_listed() {
        let listing = Listing::new(1, 12, &["Energy", "Utilities"]);
        let energy = listing
            .securities()
            .filter(|s| s.sector == "Energy")
            .count();
        let utilities = listing
            .securities()
            .filter(|s| s.sector == "Utilities")
            .count();
        assert_eq!((energy, utilities), (6, 6));
        assert_eq!(listing.id("QLNT"), None);
    }
}
