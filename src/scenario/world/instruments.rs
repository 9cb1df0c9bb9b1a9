//! Resolves the securities of a world, and its closes, splits, corrections and transactions: symbols
//! become ids.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{CalendarOwner, TransactionFault, WorldError};
use super::former_attributes::former_attributes;
use super::merge::NamedPortfolio;
use super::spec::{
    ActionSpec, CorrectionSpec, SecuritySpec, SourcesSpec, SplitSpec, TransactionSpec, WorldSpec,
};
use super::state::{Close, Correction, PortfolioResolver, WorldPortfolio};
use super::values::CloseSpec;
use crate::domain::{
    Calendar, CashTerms, CorporateAction, Currency, Day, Delivery, FormerSymbol, Money, Nearest,
    NewSecurity, OwnCalendars, Quantity, Security, SecurityId, Split, Transaction,
};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::market::{Addition, CloseSource, DEFAULT_SHARES, Listing, SECTORS};

/// Refuses a security or portfolio with a calendar that is neither built in nor one of the world.
pub(super) fn check_calendars(
    spec: &WorldSpec,
    portfolios: &[NamedPortfolio],
    calendar: &Calendar,
    own_calendars: &OwnCalendars,
) -> Result<(), WorldError> {
    let securities = spec.securities.iter();
    let securities =
        securities.map(|(symbol, spec)| (CalendarOwner::Security, symbol, &spec.calendar));
    let portfolios = portfolios.iter();
    let portfolios =
        portfolios.map(|(label, spec)| (CalendarOwner::Portfolio, label, &spec.calendar));
    for (owner, label, name) in securities.chain(portfolios) {
        let Some(name) = name else {
            continue;
        };
        if own_calendars.find(name, calendar).is_none() {
            let known = own_calendars.known_names(calendar);
            return Err(WorldError::UnknownCalendar {
                owner,
                label: label.clone(),
                calendar: name.clone(),
                nearest: Nearest::find(name, known),
            });
        }
    }
    Ok(())
}

/// Builds the listing: the generated market, unless sources are given, and the securities of the
/// file. A symbol that only has prices becomes a share in dollars. A new symbol with prices has
/// those closes and no generated ones.
pub(super) fn build_listing(spec: &WorldSpec) -> Result<Listing, WorldError> {
    let given = spec.sources == Some(SourcesSpec::Given);
    let mut listing = match given {
        true => given_listing(spec)?,
        false => made_up_listing(spec)?,
    };
    let plain = SecuritySpec::default();
    let only_priced = spec
        .prices
        .keys()
        .filter(|symbol| listing.id(symbol).is_none() && !spec.securities.contains_key(*symbol))
        .map(|symbol| (symbol, &plain));
    let additions: Vec<_> = spec.securities.iter().chain(only_priced).collect();
    for (symbol, added) in additions {
        let known = listing.id(symbol).map(|id| listing.security(id));
        let priced = given || spec.prices.contains_key(symbol);
        let closes = match known {
            None if priced => CloseSource::Given,
            _ => CloseSource::MadeUp,
        };
        let security = security(symbol, added, known);
        listing.add(Addition { security, closes });
    }
    check_symbols(&listing)?;
    Ok(listing)
}

/// Refuses two securities with one symbol on one day.
fn check_symbols(listing: &Listing) -> Result<(), WorldError> {
    let renamed = listing.securities();
    for security in renamed.filter(|security| !security.former_symbols.is_empty()) {
        let mut others = listing.securities().filter(|other| other.id != security.id);
        if let Some(other) = others.find(|other| security.contradicts_symbols(other)) {
            return Err(WorldError::SymbolTaken {
                symbol: security.symbol.clone(),
                other: other.symbol.clone(),
            });
        }
    }
    Ok(())
}

/// Returns an empty listing; keys of `[market]` that generate one are an error.
fn given_listing(spec: &WorldSpec) -> Result<Listing, WorldError> {
    let market = &spec.market;
    let keys = [
        ("shares", market.shares.is_some()),
        ("sectors", !market.sectors.is_empty()),
        ("from", market.from.is_some()),
        ("unpriced", market.unpriced.is_some()),
    ];
    match keys.into_iter().find(|(_, present)| *present) {
        Some((key, _)) => Err(WorldError::MadeUpKeyWithGivenSources {
            key,
            place: "the market".to_owned(),
        }),
        None => Ok(Listing::empty(0)),
    }
}

/// Returns the generated market, without the securities of the file.
fn made_up_listing(spec: &WorldSpec) -> Result<Listing, WorldError> {
    let market = &spec.market;
    let sectors: Vec<&str> = market.sectors.iter().map(String::as_str).collect();
    if let Some(sector) = sectors.iter().find(|sector| !SECTORS.contains(sector)) {
        return Err(WorldError::UnknownSector {
            sector: (*sector).to_owned(),
            nearest: Nearest::find(sector, SECTORS),
        });
    }
    Ok(Listing::new(
        spec.seed.unwrap_or_default(),
        market.shares.unwrap_or(DEFAULT_SHARES),
        &sectors,
    ))
}

/// Returns the security of a symbol. Keys of the file come first, then those of the `known`
/// security, then those of a share in dollars.
pub(super) fn security(symbol: &str, spec: &SecuritySpec, known: Option<&Security>) -> Security {
    let base = known
        .cloned()
        .unwrap_or_else(|| NewSecurity::equity(symbol).with_id(SecurityId(0)));
    let security = Security {
        name: spec.name.clone().unwrap_or(base.name),
        class: spec.class.unwrap_or(base.class),
        sector: spec.sector.clone().unwrap_or(base.sector),
        currency: spec.currency.map_or(base.currency, |currency| currency.0),
        multiplier: spec.multiplier.map_or(base.multiplier, |units| units.0),
        inactive_from: spec.inactive_from.or(base.inactive_from),
        calendar: spec.calendar.clone().or(base.calendar),
        former_symbols: (spec.former_symbols.iter())
            .map(|(until, symbol)| FormerSymbol {
                until: *until,
                symbol: symbol.clone(),
            })
            .collect(),
        ..base
    };
    Security {
        former_attributes: former_attributes(&security, &spec.former_attributes),
        ..security
    }
}

/// The listing of a world, with lookups by symbol.
pub(super) struct Instruments(pub(super) Listing);

impl Instruments {
    /// Returns the id of a symbol, or an error with the nearest symbol.
    pub(super) fn id(&self, symbol: &str) -> Result<SecurityId, WorldError> {
        self.0.id(symbol).ok_or_else(|| WorldError::UnknownSymbol {
            symbol: symbol.to_owned(),
            nearest: Nearest::find(
                symbol,
                self.0.securities().map(|known| known.symbol.as_str()),
            ),
        })
    }

    /// Returns whether dollars can be converted into `currency`.
    pub(super) fn converts(&self, currency: Currency) -> bool {
        let pairs = [
            currency.pair_with(Currency::USD),
            Currency::USD.pair_with(currency),
        ];
        currency == Currency::USD || pairs.iter().any(|pair| self.0.id(pair).is_some())
    }

    /// Returns the closes to remove so that no holding has a close on `sessions`.
    pub(super) fn without_closes(&self, sessions: &BTreeSet<Day>) -> Vec<Close> {
        let holdings = self
            .0
            .securities()
            .filter(|security| security.can_be_held());
        let removed = holdings.flat_map(|security| {
            sessions.iter().map(|day| Close {
                security: security.id,
                day: *day,
                close: None,
            })
        });
        removed.collect()
    }

    /// Resolves closes that are set or removed.
    pub(super) fn closes(
        &self,
        spec: BTreeMap<String, BTreeMap<Day, Lenient<CloseSpec>>>,
    ) -> Result<Vec<Close>, WorldError> {
        let mut closes = Vec::new();
        for (symbol, days) in spec {
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

    /// Resolves splits; each must be on a day that the calendar knows and have units above zero. A
    /// split on a day that is no session counts on the next one.
    pub(super) fn splits(
        &self,
        specs: Vec<SplitSpec>,
        calendar: &Calendar,
    ) -> Result<Vec<Split>, WorldError> {
        let read = |spec: SplitSpec| {
            let SplitSpec {
                symbol,
                day,
                new,
                old,
            } = spec;
            let security = self.id(&symbol)?;
            calendar.is_session(day)?;
            if new == 0 || old == 0 {
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
        specs.into_iter().map(read).collect()
    }

    /// Resolves corporate actions other than splits; each must have the terms of its kind.
    pub(super) fn actions(
        &self,
        specs: Vec<ActionSpec>,
    ) -> Result<Vec<CorporateAction>, WorldError> {
        let read = |spec: ActionSpec, earlier: &[CorporateAction]| -> Result<_, WorldError> {
            let received = match (&spec.received, spec.new, spec.old) {
                (None, None, None) => None,
                (received, new, old) => Some(Delivery {
                    security: self.id(received.as_deref().unwrap_or_default())?,
                    new: new.unwrap_or_default(),
                    old: old.unwrap_or_default(),
                }),
            };
            let action = CorporateAction {
                security: self.id(&spec.symbol)?,
                day: spec.day,
                kind: spec.kind.0,
                received,
                cash: spec.cash.map(|cash| cash.0),
                cost_share: spec.cost_share.map(|share| share.0),
            };
            let check = action.check().and_then(|()| action.check_shares(earlier));
            check.map_err(|reason| WorldError::Action {
                symbol: spec.symbol,
                day: spec.day,
                reason,
            })?;
            Ok(action)
        };
        let mut actions = Vec::with_capacity(specs.len());
        for spec in specs {
            let action = read(spec, &actions)?;
            actions.push(action);
        }
        Ok(actions)
    }

    /// Resolves corrections of closes, in the order of the file.
    pub(super) fn corrections(
        &self,
        specs: Vec<CorrectionSpec>,
    ) -> Result<Vec<Correction>, WorldError> {
        let read = |spec: CorrectionSpec| {
            Ok(Correction {
                security: self.id(&spec.symbol)?,
                day: spec.day,
                close: spec.close.0,
            })
        };
        specs.into_iter().map(read).collect()
    }
}

/// Resolves transactions in the order of the file. One of a range of portfolios becomes one for
/// each.
pub(super) fn resolve_transactions(
    specs: Vec<TransactionSpec>,
    portfolios: &[WorldPortfolio],
    listed: &Instruments,
) -> Result<Vec<Transaction>, WorldError> {
    let resolver = PortfolioResolver::new(portfolios);
    let mut transactions = Vec::new();
    for (place, spec) in (1..).zip(&specs) {
        find_fault(spec).map_or(Ok(()), |fault| {
            Err(WorldError::Transaction { place, fault })
        })?;
        let security = spec
            .symbol
            .as_deref()
            .map(|symbol| listed.id(symbol))
            .transpose()?;
        let members = resolver.resolve(&spec.portfolio)?;
        let counterpart = match &spec.counterpart {
            Some(name) => Some(resolver.require(name)?.portfolio.id),
            None => None,
        };
        let cash = CashTerms {
            currency: spec.currency.map(|currency| currency.0),
            fee_currency: spec.fee_currency.map(|currency| currency.0),
            from_amount: spec.from_amount.map(|amount| amount.0),
            from_currency: spec.from_currency.map(|currency| currency.0),
        };
        for (name, member) in &members {
            let own = member.portfolio.currency;
            let amount = spec.amount.map(|amount| amount.0);
            (cash.check(spec.kind.0, amount, own)).map_err(|fault| WorldError::Transaction {
                place,
                fault: fault.into(),
            })?;
            // References are unique: those of a range get the name of each portfolio.
            let reference = match (&spec.reference, members.as_slice()) {
                (Some(reference), [_]) => reference.clone(),
                (Some(reference), _) => format!("{reference}/{name}"),
                (None, _) => format!("world/{place:04}/{name}"),
            };
            transactions.push(Transaction {
                portfolio: member.portfolio.id,
                day: spec.day,
                time: spec.time.map(|time| time.0),
                kind: spec.kind.0,
                security,
                quantity: spec.quantity.map_or(Quantity::ZERO, |units| units.0),
                price: spec.price.map(|price| price.0),
                amount: spec.amount.map(|amount| amount.0),
                fee: spec.fee.map_or(Money::ZERO, |fee| fee.0),
                cash,
                counterpart,
                lots: spec.lots.as_ref().map(|lots| lots.0.clone()),
                reference,
            });
        }
    }
    Ok(transactions)
}

/// Returns the first rule of its kind that a transaction breaks.
fn find_fault(spec: &TransactionSpec) -> Option<TransactionFault> {
    let kind = spec.kind.0;
    let amount = spec.amount.map(|amount| amount.0);
    let quantity = spec.quantity.map(|quantity| quantity.0);
    if amount.is_some_and(Money::is_negative) && !kind.can_be_reversed() {
        return Some(TransactionFault::NegativeAmount);
    }
    if !kind.is_movement() {
        return amount.is_none().then_some(TransactionFault::NoAmount);
    }
    if spec.symbol.is_none() {
        return Some(TransactionFault::NoSecurity);
    }
    let moved = quantity.is_some_and(|quantity| quantity > Quantity::ZERO);
    (!moved).then_some(TransactionFault::NoQuantity)
}
