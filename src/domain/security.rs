//! What can be held: a share, a bond, a private stake, a pair of currencies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Day, Quantity, SecurityId};

/// A word that is none of the words that are known here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{value}` is no {kind} (known: {known})")]
pub struct UnknownValue {
    /// What was written.
    pub value: String,
    /// What it should have been.
    pub kind: &'static str,
    /// The words that are known.
    pub known: &'static str,
}

/// A currency, three capital letters as ISO 4217 writes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is three ASCII letters")
    }

    /// The symbol under which the rate of `self` in `other` is priced: `EURUSD` is what one
    /// euro costs in dollars.
    pub fn pair_with(&self, other: Self) -> String {
        format!("{self}{other}")
    }
}

impl FromStr for Currency {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "currency",
                known: "three capital letters, such as USD",
            }),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The kind of thing a security is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetClass {
    /// Shares.
    Equity,
    /// Exchange-traded and mutual funds.
    Fund,
    /// Bonds; prices in percent of face value take a multiplier of 0.01.
    Bond,
    /// Options.
    Option,
    /// Futures.
    Future,
    /// Commodities.
    Commodity,
    /// Crypto assets.
    Crypto,
    /// A pair of currencies: a rate, in whose price other holdings are converted.
    Fx,
    /// An index: a benchmark or a factor, not held.
    Index,
    /// Private assets, without a market price: valued at cost unless a price is given, and
    /// never a reason to wait for one.
    Private,
}

impl AssetClass {
    /// All of them, in the order in which they are stored.
    pub const ALL: [Self; 10] = [
        Self::Equity,
        Self::Fund,
        Self::Bond,
        Self::Option,
        Self::Future,
        Self::Commodity,
        Self::Crypto,
        Self::Fx,
        Self::Index,
        Self::Private,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Fund => "fund",
            Self::Bond => "bond",
            Self::Option => "option",
            Self::Future => "future",
            Self::Commodity => "commodity",
            Self::Crypto => "crypto",
            Self::Fx => "fx",
            Self::Index => "index",
            Self::Private => "private",
        }
    }
}

impl fmt::Display for AssetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for AssetClass {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL
            .into_iter()
            .find(|class| class.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "asset class",
                known: "equity, fund, bond, option, future, commodity, crypto, fx, index, private",
            })
    }
}

/// A security as the books know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Its dense id.
    pub id: SecurityId,
    /// Its symbol, unique.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// What kind of thing it is.
    pub class: AssetClass,
    /// Its sector; empty where it has none.
    pub sector: String,
    /// The currency in which it is priced.
    pub currency: Currency,
    /// What one unit of quantity stands for: 1 for shares, 100 for most options, 0.01 for a
    /// bond priced in percent.
    pub multiplier: Quantity,
    /// From this day on it is declared inactive: nobody waits for its price any more.
    pub inactive_from: Option<Day>,
}

/// A security that has no dense id yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecurity {
    /// Its symbol, unique.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// What kind of thing it is.
    pub class: AssetClass,
    /// Its sector; empty where it has none.
    pub sector: String,
    /// The currency in which it is priced.
    pub currency: Currency,
    /// What one unit of quantity stands for.
    pub multiplier: Quantity,
    /// From this day on it is declared inactive.
    pub inactive_from: Option<Day>,
}

impl Security {
    /// The same security, without its dense id.
    pub fn without_id(&self) -> NewSecurity {
        NewSecurity {
            symbol: self.symbol.clone(),
            name: self.name.clone(),
            class: self.class,
            sector: self.sector.clone(),
            currency: self.currency,
            multiplier: self.multiplier,
            inactive_from: self.inactive_from,
        }
    }

    /// Whether a missing price of this security is worth waiting for on `day`.
    pub fn is_price_expected(&self, day: Day) -> bool {
        self.class != AssetClass::Private && self.inactive_from.is_none_or(|from| day < from)
    }
}
