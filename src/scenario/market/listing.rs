//! Lists the securities of a generated market, each with its loadings on the market, its sector and
//! the factors. The module `closes` generates prices from these.

use std::collections::BTreeMap;

use super::fixed_instruments::{Loadings, fixed_instruments, security};
use super::names;
use super::random::RandomSource;
use crate::domain::{AssetClass, Security, SecurityId};

/// The default number of generated shares.
pub const DEFAULT_SHARES: usize = 64;

/// The origin of the closes of a security.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSource {
    /// Generated from the seed.
    MadeUp,
    /// Listed by the world; none are generated.
    Given,
}

/// A security that a world lists in addition to the generated ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The security; the listing overwrites its id.
    pub security: Security,
    /// The origin of its closes.
    pub closes: CloseSource,
}

/// A security with the parameters of its generated closes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListedSecurity {
    pub(super) security: Security,
    pub(super) loadings: Loadings,
    /// The split-adjusted close on the anchor day of `closes`, in the security's currency.
    pub(super) base: f64,
    /// The yearly payout, as a share of the price.
    pub(super) payout: f64,
    pub(super) closes: CloseSource,
}

/// The securities of a market, ordered by id: fixed instruments first, then generated shares, then
/// those that were added.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    seed: u64,
    entries: Vec<ListedSecurity>,
    by_symbol: BTreeMap<String, SecurityId>,
    /// The number of entries that come before the added ones.
    made_up: usize,
}

impl Listing {
    /// Returns a listing without securities.
    pub const fn empty(seed: u64) -> Self {
        Self {
            seed,
            entries: Vec::new(),
            by_symbol: BTreeMap::new(),
            made_up: 0,
        }
    }

    /// Returns the fixed instruments and this many shares of these sectors, or of all
    /// [`names::SECTORS`] if the list is empty. Shares beyond the prepared names get symbols such
    /// as `X0065`.
    ///
    /// If `shares` is not zero, `sectors` must be empty or have a known sector: the search for
    /// shares does not end otherwise.
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

    /// Adds a security. If its symbol is already listed, the security and the origin of its closes
    /// are replaced; id, loadings, base price and payout stay.
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

    /// Returns the id of a symbol; `None` if it is not listed.
    pub fn id(&self, symbol: &str) -> Option<SecurityId> {
        self.by_symbol.get(symbol).copied()
    }

    /// Returns the security of an id.
    ///
    /// # Panics
    ///
    /// The id is not one of this listing.
    pub fn security(&self, id: SecurityId) -> &Security {
        &self.entries[id.0 as usize - 1].security
    }

    /// Iterates over the securities, ordered by id. Ids are dense from 1.
    pub fn securities(&self) -> impl Iterator<Item = &Security> {
        self.entries.iter().map(|listed| &listed.security)
    }

    /// Iterates over the securities without added ones. Styles choose from these, so that an added
    /// security does not change the generated transactions.
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
        // Each symbol has its own random stream, so that an added security changes no other. The
        // order of the draws below determines the generated data: do not change it.
        let mut random = RandomSource::new(self.seed, &format!("listing/{}", security.symbol));
        let payout = match security.class {
            AssetClass::Equity if random.chance(0.6) => random.uniform(0.005, 0.035),
            AssetClass::Bond | AssetClass::Fund => 0.03,
            _ => 0.0,
        };
        self.push(ListedSecurity {
            loadings: loadings(security.class, &mut random),
            base: base(&security, &mut random),
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

/// Returns the share at index `place` of an endless list in which the sectors alternate.
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

fn loadings(class: AssetClass, random: &mut RandomSource) -> Loadings {
    match class {
        AssetClass::Bond => Loadings {
            rates: random.uniform(0.6, 1.4),
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
            market: random.uniform(0.6, 1.5),
            sector: random.uniform(0.6, 1.2),
            value: random.normal() * 0.6,
            momentum: random.normal() * 0.6,
            size: random.normal() * 0.5,
            rates: random.normal() * 0.2,
            noise: random.uniform(0.007, 0.017),
        },
    }
}

/// Returns the price on the anchor day.
fn base(security: &Security, random: &mut RandomSource) -> f64 {
    match security.class {
        AssetClass::Fx => 1.0,
        AssetClass::Bond => random.uniform(92.0, 104.0),
        _ => random.uniform(20_f64.ln(), 400_f64.ln()).exp(),
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
