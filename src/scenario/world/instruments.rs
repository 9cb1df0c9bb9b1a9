//! What is listed in a world, and what its file says of prices: symbols become ids here.

use std::collections::BTreeMap;

use super::error::{Nearest, WorldError};
use super::lenient::Lenient;
use super::spec::{CloseSpec, CorrectionSpec, SecuritySpec, SourcesSpec, SplitSpec, WorldSpec};
use super::state::{Close, Correction};
use crate::domain::{AssetClass, Calendar, Currency, Day, Quantity, Security, SecurityId, Split};
use crate::scenario::market::{Addition, CloseSource, DEFAULT_SHARES, Listing, SECTORS};

/// The made-up market, unless the sources are given, and on top what the file lists. A symbol that only has prices is a share
/// in dollars; one that is new and has prices has those and no others.
pub(super) fn build_listing(written: &WorldSpec) -> Result<Listing, WorldError> {
    let given = written.sources == Some(SourcesSpec::Given);
    let mut listing = match given {
        true => given_listing(written)?,
        false => made_up_listing(written)?,
    };
    let plain = SecuritySpec::default();
    let only_priced = written
        .prices
        .keys()
        .filter(|symbol| listing.id(symbol).is_none() && !written.securities.contains_key(*symbol))
        .map(|symbol| (symbol, &plain));
    let additions: Vec<_> = written.securities.iter().chain(only_priced).collect();
    for (symbol, said) in additions {
        let known = listing.id(symbol).map(|id| listing.security(id));
        let priced = given || written.prices.contains_key(symbol);
        let closes = match known {
            None if priced => CloseSource::Given,
            _ => CloseSource::MadeUp,
        };
        let security = security(symbol, said, known);
        listing.add(Addition { security, closes });
    }
    Ok(listing)
}

/// No market at all, which `[market]` may therefore not speak of.
fn given_listing(written: &WorldSpec) -> Result<Listing, WorldError> {
    let market = &written.market;
    let said = [
        ("shares", market.shares.is_some()),
        ("sectors", !market.sectors.is_empty()),
        ("from", market.from.is_some()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        Some((key, _)) => Err(WorldError::MadeUpKeyWithGivenSources {
            key,
            place: "the market".to_owned(),
        }),
        None => Ok(Listing::empty(0)),
    }
}

/// The made-up market, without what the file adds to it.
fn made_up_listing(written: &WorldSpec) -> Result<Listing, WorldError> {
    let market = &written.market;
    let sectors: Vec<&str> = market.sectors.iter().map(String::as_str).collect();
    if let Some(sector) = sectors.iter().find(|sector| !SECTORS.contains(sector)) {
        return Err(WorldError::UnknownSector {
            sector: (*sector).to_owned(),
            nearest: Nearest::find(sector, SECTORS),
        });
    }
    Ok(Listing::new(
        written.seed.unwrap_or_default(),
        market.shares.unwrap_or(DEFAULT_SHARES),
        &sectors,
    ))
}

/// The security of a symbol: what the file says, then what was known, then a share in dollars.
pub(super) fn security(symbol: &str, said: &SecuritySpec, known: Option<&Security>) -> Security {
    let base = known.cloned().unwrap_or_else(|| Security {
        id: SecurityId(0),
        symbol: symbol.to_owned(),
        name: symbol.to_owned(),
        class: AssetClass::Equity,
        sector: String::new(),
        currency: Currency::USD,
        multiplier: Quantity::whole(1),
        inactive_from: None,
    });
    Security {
        name: said.name.clone().unwrap_or(base.name),
        class: said.class.unwrap_or(base.class),
        sector: said.sector.clone().unwrap_or(base.sector),
        currency: said
            .currency
            .as_ref()
            .map_or(base.currency, |Lenient(currency)| *currency),
        multiplier: said
            .multiplier
            .as_ref()
            .map_or(base.multiplier, |Lenient(multiplier)| *multiplier),
        inactive_from: said.inactive_from.or(base.inactive_from),
        ..base
    }
}

/// The listing of a world, asked by symbol.
pub(super) struct Instruments(pub(super) Listing);

impl Instruments {
    /// The id of a symbol; an error with the nearest one where nothing has it.
    pub(super) fn id(&self, symbol: &str) -> Result<SecurityId, WorldError> {
        self.0.id(symbol).ok_or_else(|| WorldError::UnknownSymbol {
            symbol: symbol.to_owned(),
            nearest: Nearest::find(
                symbol,
                self.0.securities().map(|known| known.symbol.as_str()),
            ),
        })
    }

    /// Whether dollars can be converted into `currency`.
    pub(super) fn converts(&self, currency: Currency) -> bool {
        let pairs = [
            currency.pair_with(Currency::USD),
            Currency::USD.pair_with(currency),
        ];
        currency == Currency::USD || pairs.iter().any(|pair| self.0.id(pair).is_some())
    }

    /// The closes that are given or taken away.
    pub(super) fn closes(
        &self,
        written: BTreeMap<String, BTreeMap<Day, Lenient<CloseSpec>>>,
    ) -> Result<Vec<Close>, WorldError> {
        let mut closes = Vec::new();
        for (symbol, days) in written {
            let security = self.id(&symbol)?;
            closes.extend(days.into_iter().map(|(day, Lenient(close))| Close {
                security,
                day,
                close: match close {
                    CloseSpec::At(price) => Some(price),
                    CloseSpec::Missing => None,
                },
            }));
        }
        Ok(closes)
    }

    /// The splits that are given.
    pub(super) fn splits(
        &self,
        written: Vec<SplitSpec>,
        calendar: &Calendar,
    ) -> Result<Vec<Split>, WorldError> {
        let read = |written: SplitSpec| {
            let SplitSpec {
                symbol,
                day,
                new,
                old,
            } = written;
            let security = self.id(&symbol)?;
            if new == 0 || old == 0 || !calendar.is_session(day)? {
                return Err(WorldError::Split {
                    symbol,
                    day,
                    new,
                    old,
                });
            }
            Ok(Split {
                security,
                day,
                new,
                old,
            })
        };
        written.into_iter().map(read).collect()
    }

    /// The closes that were corrected after the fact.
    pub(super) fn corrections(
        &self,
        written: Vec<CorrectionSpec>,
    ) -> Result<Vec<Correction>, WorldError> {
        let read = |written: CorrectionSpec| {
            let Lenient(close) = written.close;
            Ok(Correction {
                security: self.id(&written.symbol)?,
                day: written.day,
                close,
            })
        };
        written.into_iter().map(read).collect()
    }
}
