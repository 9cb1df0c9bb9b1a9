//! Defines securities, their classes and currencies: shares, bonds, private assets, exchange rates.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::day::Day;
use super::fine_amount::{Price, Quantity};
use super::ids::SecurityId;

/// The error of a text that is not one of the known values of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid {kind} `{value}` (known: {known})")]
pub struct UnknownValue {
    /// The text as written.
    pub value: String,
    /// The kind of value expected, such as `currency`.
    pub kind: &'static str,
    /// The known values, as text for the message.
    pub known: &'static str,
}

/// A currency code: three capital letters as in ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar, `USD`.
    pub const USD: Self = Self(*b"USD");
    /// The first code in alphabetical order.
    pub const FIRST: Self = Self(*b"AAA");

    /// Returns the three letters of the code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is three ASCII letters")
    }

    /// Returns the symbol of the security whose price is the rate of `self` in `other`: `EURUSD`
    /// is the price of one euro in dollars.
    pub fn pair_with(&self, other: Self) -> String {
        format!("{self}{other}")
    }

    /// Returns base and quote currency if a symbol is that of a currency pair, such as `EURUSD`.
    pub fn parse_pair(symbol: &str) -> Option<(Self, Self)> {
        let (base, quote) = symbol.split_at_checked(3)?;
        Some((base.parse().ok()?, quote.parse().ok()?))
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

/// The closes that an asset class can have, those with the fewest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseSigns {
    /// Only closes above zero.
    Positive,
    /// Closes of zero and above.
    NotNegative,
    /// Closes below zero as well.
    Any,
}

impl CloseSigns {
    /// Returns whether `close` is one of them.
    pub fn include(self, close: Price) -> bool {
        match self {
            Self::Positive => close > Price::ZERO,
            Self::NotNegative => !close.is_negative(),
            Self::Any => true,
        }
    }
}

/// The asset class of a security.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AssetClass {
    /// Shares of a company.
    Equity,
    /// Exchange-traded and mutual funds.
    Fund,
    /// Bonds; prices in percent of face value take a multiplier of 0.01.
    Bond,
    /// Options; most have a multiplier of 100.
    Option,
    /// Futures; the multiplier is the contract's size.
    Future,
    /// Commodities, such as physical gold.
    Commodity,
    /// Crypto assets, in fractional quantities.
    Crypto,
    /// A pair of currencies: its price is the rate that converts other holdings.
    Fx,
    /// An index: a benchmark or a factor, not held.
    Index,
    /// Private assets without a market price: valued at cost unless a price is given. A run never
    /// waits for their prices.
    Private,
}

impl AssetClass {
    /// All classes, in the order of their stored numbers.
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

    /// Returns the closes that the class can have.
    pub fn closes(self) -> CloseSigns {
        match self {
            // West Texas Intermediate closed at −37.63 dollars on 2020-04-20, and power is sold
            // below zero too. An index may be a spread or a rate of interest.
            Self::Future | Self::Commodity | Self::Index => CloseSigns::Any,
            Self::Fx => CloseSigns::Positive,
            // A delisted share, a defaulted bond and an expired option are worth nothing.
            Self::Equity
            | Self::Fund
            | Self::Bond
            | Self::Option
            | Self::Crypto
            | Self::Private => CloseSigns::NotNegative,
        }
    }

    /// Returns whether a portfolio can hold securities of this class: an index or a rate only measures.
    pub const fn can_be_held(self) -> bool {
        !matches!(self, Self::Index | Self::Fx)
    }

    /// Returns the name, as files write it.
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

/// A symbol that a security had until it was called otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormerSymbol {
    /// The first day on which the security was called otherwise.
    pub until: Day,
    /// The symbol up to the day before.
    pub symbol: String,
}

/// The attributes of a security that can change on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedAttributes {
    /// Asset class in the period.
    pub class: AssetClass,
    /// Sector name; empty if it has none.
    pub sector: String,
    /// Factor from quantity × price to value.
    pub multiplier: Quantity,
}

/// Attributes that a security had until one of them changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerAttributes {
    /// The first day of the next attributes.
    pub until: Day,
    /// All of them up to the day before.
    pub attributes: DatedAttributes,
}

/// A security as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Dense id inside the database.
    pub id: SecurityId,
    /// Current symbol, unique among those of all securities.
    pub symbol: String,
    /// The symbols before it, in ascending order of their ends.
    pub former_symbols: Vec<FormerSymbol>,
    /// Display name, as imported.
    pub name: String,
    /// Current asset class, part of the exposures.
    pub class: AssetClass,
    /// Current sector name; empty if it has none.
    pub sector: String,
    /// Currency in which it is priced.
    pub currency: Currency,
    /// Current factor from quantity × price to value: 1 for shares, 100 for most options, 0.01 for a
    /// bond priced in percent.
    pub multiplier: Quantity,
    /// Class, sector and multiplier before the current ones, in ascending order of their ends.
    pub former_attributes: Vec<FormerAttributes>,
    /// First day on which it is declared inactive: no cell waits for its price from then on.
    pub inactive_from: Option<Day>,
    /// Name of the calendar of its exchange; `None` if it has a close on each session of the
    /// database's calendar.
    pub calendar: Option<String>,
}

/// A security that is not stored yet, and so has no dense id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecurity {
    /// Symbol, unique among securities.
    pub symbol: String,
    /// Display name, as imported.
    pub name: String,
    /// Asset class, part of the exposures.
    pub class: AssetClass,
    /// Sector name; empty if it has none.
    pub sector: String,
    /// Currency in which it is priced.
    pub currency: Currency,
    /// Factor from quantity × price to value, as in [`Security::multiplier`].
    pub multiplier: Quantity,
    /// Class, sector and multiplier before, as in [`Security::former_attributes`].
    pub former_attributes: Vec<FormerAttributes>,
    /// First day on which it is declared inactive, if any.
    pub inactive_from: Option<Day>,
    /// Name of the calendar of its exchange, as in [`Security::calendar`].
    pub calendar: Option<String>,
}

impl NewSecurity {
    /// Returns a share in US dollars with a multiplier of 1, named by its symbol and without a
    /// sector.
    pub fn equity(symbol: &str) -> Self {
        Self {
            symbol: symbol.to_owned(),
            name: symbol.to_owned(),
            class: AssetClass::Equity,
            sector: String::new(),
            currency: Currency::USD,
            multiplier: Quantity::whole(1),
            former_attributes: Vec::new(),
            inactive_from: None,
            calendar: None,
        }
    }

    /// Returns the same security with its dense id.
    pub fn with_id(self, id: SecurityId) -> Security {
        Security {
            id,
            symbol: self.symbol,
            former_symbols: Vec::new(),
            name: self.name,
            class: self.class,
            sector: self.sector,
            currency: self.currency,
            multiplier: self.multiplier,
            former_attributes: self.former_attributes,
            inactive_from: self.inactive_from,
            calendar: self.calendar,
        }
    }
}

impl Security {
    /// Returns whether a portfolio can hold this security on any day.
    pub fn can_be_held(&self) -> bool {
        self.classes().any(AssetClass::can_be_held)
    }

    /// Returns the same security without its dense id and former symbols.
    pub fn without_id(&self) -> NewSecurity {
        NewSecurity {
            symbol: self.symbol.clone(),
            name: self.name.clone(),
            class: self.class,
            sector: self.sector.clone(),
            currency: self.currency,
            multiplier: self.multiplier,
            former_attributes: self.former_attributes.clone(),
            inactive_from: self.inactive_from,
            calendar: self.calendar.clone(),
        }
    }

    /// Returns whether a cell waits for a price of this security on `day`.
    pub fn is_price_expected(&self, day: Day) -> bool {
        self.class_on(day) != AssetClass::Private
            && self.inactive_from.is_none_or(|from| day < from)
    }
}
