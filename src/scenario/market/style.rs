//! Selects the holdings of a portfolio by its style: kinds of securities, their number and weight.

use super::listing::Listing;
use super::random::RandomSource;
use crate::domain::{AssetClass, Currency, Security, SecurityId, UnknownValue};

/// The style of a portfolio, which selects its holdings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// Shares of all sectors, a fund, a share in another currency.
    Equity,
    /// Shares of technology, health care and consumer companies.
    Growth,
    /// Shares of technology companies.
    Tech,
    /// Bonds and bond funds.
    Bonds,
    /// Half shares, the rest bonds.
    Balanced,
    /// Shares, and others sold short.
    LongShort,
    /// Private stakes without a market price, and a few shares.
    Private,
    /// Cash only, without securities.
    Cash,
}

/// The securities that a sleeve chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Universe {
    /// Shares in dollars, of any sector.
    Shares,
    /// Shares in dollars, of these sectors.
    SharesOf(&'static [&'static str]),
    /// Shares in another currency.
    SharesAbroad,
    /// Anything of this class.
    Class(AssetClass),
}

/// A part of a portfolio: a number of securities of one kind, and their total weight as a share of
/// the capital. A negative weight is sold short.
struct Sleeve {
    choice: Universe,
    holdings: usize,
    weight: f64,
}

/// A security with its starting weight, as a share of the capital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pick {
    pub(super) security: SecurityId,
    pub(super) weight: f64,
}

const fn sleeve(choice: Universe, holdings: usize, weight: f64) -> Sleeve {
    Sleeve {
        choice,
        holdings,
        weight,
    }
}

impl Style {
    /// All styles, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Equity,
        Self::Growth,
        Self::Tech,
        Self::Bonds,
        Self::Balanced,
        Self::LongShort,
        Self::Private,
        Self::Cash,
    ];

    /// Returns its name in files: `long-short`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Growth => "growth",
            Self::Tech => "tech",
            Self::Bonds => "bonds",
            Self::Balanced => "balanced",
            Self::LongShort => "long-short",
            Self::Private => "private",
            Self::Cash => "cash",
        }
    }

    fn sleeves(self) -> Vec<Sleeve> {
        use Universe::{Class, Shares, SharesAbroad, SharesOf};
        match self {
            Self::Equity => vec![
                sleeve(Shares, 11, 0.78),
                sleeve(Class(AssetClass::Fund), 1, 0.08),
                sleeve(SharesAbroad, 1, 0.06),
            ],
            Self::Growth => vec![sleeve(
                SharesOf(&["Technology", "Health Care", "Consumer"]),
                10,
                0.9,
            )],
            Self::Tech => vec![sleeve(SharesOf(&["Technology"]), 6, 0.92)],
            Self::Bonds => vec![sleeve(Class(AssetClass::Bond), 5, 0.93)],
            Self::Balanced => vec![
                sleeve(Shares, 8, 0.5),
                sleeve(Class(AssetClass::Bond), 4, 0.4),
            ],
            Self::LongShort => vec![sleeve(Shares, 10, 0.85), sleeve(Shares, 4, -0.3)],
            Self::Private => vec![
                sleeve(Class(AssetClass::Private), 2, 0.7),
                sleeve(Shares, 3, 0.15),
            ],
            Self::Cash => Vec::new(),
        }
    }

    /// Returns the starting holdings of a portfolio of this name. Each candidate draws a number and
    /// the lowest are picked, so that a longer list changes few choices.
    pub(super) fn picks(self, listing: &Listing, portfolio: &str) -> Vec<Pick> {
        let mut picks: Vec<Pick> = Vec::new();
        for sleeve in self.sleeves() {
            let mut drawn: Vec<(u64, SecurityId)> = listing
                .made_up()
                .filter(|security| sleeve.choice.includes(security))
                .filter(|security| picks.iter().all(|pick| pick.security != security.id))
                .map(|security| {
                    let name = format!("pick/{portfolio}/{}", security.symbol);
                    (
                        RandomSource::new(listing.seed(), &name).next_u64(),
                        security.id,
                    )
                })
                .collect();
            drawn.sort_unstable();
            drawn.truncate(sleeve.holdings);
            picks.extend(drawn.into_iter().map(|(_, security)| Pick {
                security,
                weight: sleeve.weight / sleeve.holdings as f64,
            }));
        }
        picks
    }
}

impl Universe {
    fn includes(self, security: &Security) -> bool {
        let is_share = security.class == AssetClass::Equity;
        let in_dollars = security.currency == Currency::USD;
        match self {
            Self::Shares => is_share && in_dollars,
            Self::SharesOf(sectors) => {
                is_share && in_dollars && sectors.contains(&security.sector.as_str())
            }
            Self::SharesAbroad => is_share && !in_dollars,
            Self::Class(class) => security.class == class,
        }
    }
}

impl std::fmt::Display for Style {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Style {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL
            .into_iter()
            .find(|style| style.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "style",
                known: "equity, growth, tech, bonds, balanced, long-short, private, cash",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_names_parse_and_long_weights_stay_below_one() {
        for style in Style::ALL {
            assert_eq!(style.name().parse(), Ok(style));
            let long: f64 = style.sleeves().iter().map(|s| s.weight.max(0.0)).sum();
            assert!(long < 0.95, "{}", style.name());
        }
    }

    #[test]
    fn a_security_is_picked_once() {
        let listing = Listing::new(3, 14, &[]);
        let mut picks: Vec<_> = Style::LongShort
            .picks(&listing, "Hedge")
            .iter()
            .map(|pick| pick.security)
            .collect();
        picks.sort_unstable();
        picks.dedup();
        assert_eq!(picks.len(), 14);
    }
}
