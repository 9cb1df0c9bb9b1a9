//! Reads the portfolios of a world: identity, lifecycle and contents. A blocked portfolio holds two
//! generated shares that only the portfolios with the same blocked days hold. The larger holding has
//! no close on those days.

use std::collections::BTreeSet;

use super::coverage::{PortfolioDays, inception};
use super::error::WorldError;
use super::instruments::{Instruments, security};
use super::merge::NamedPortfolio;
use super::spec::{PortfolioSpec, SecuritySpec, SourcesSpec};
use super::state::{Close, Contents, WorldPortfolio};
use crate::domain::{
    Calendar, CostBasis, Currency, Day, DayRange, FeeTreatment, Lifecycle, LotMethod, Money,
    OwnCalendars, Portfolio, PortfolioId, PortfolioKey, Quantity, SecurityId,
};
use crate::scenario::format::lenient::OneOrMany;
use crate::scenario::limits::{Counted, LimitsSpec};
use crate::scenario::market::{Addition, CloseSource, Listing, Style};

/// Reads portfolios against the calendar, the listing and the last session of a world.
pub(super) struct PortfolioReader<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) own_calendars: &'a OwnCalendars,
    pub(super) listed: &'a Instruments,
    pub(super) last: Day,
    pub(super) sources: SourcesSpec,
    pub(super) limits: LimitsSpec,
}

impl PortfolioReader<'_> {
    /// Reads portfolios, with dense ids from 1 in their order.
    pub(super) fn portfolios(
        &self,
        named: Vec<NamedPortfolio>,
    ) -> Result<Vec<WorldPortfolio>, WorldError> {
        self.limits
            .check(Counted::Cells, self.count_cells(&named)?)?;
        let mut known = BTreeSet::new();
        let mut portfolios = Vec::with_capacity(named.len());
        for (label, spec) in named {
            let identity = identify(label, &spec)?;
            if !known.insert(identity.key) {
                return Err(WorldError::DuplicatePortfolio(identity.name));
            }
            let id = PortfolioId(portfolios.len() as u32 + 1);
            portfolios.push(self.portfolio(id, identity, &spec)?);
        }
        Ok(portfolios)
    }

    /// Returns the number of sessions in the lifetimes of portfolios, before any is listed.
    fn count_cells(&self, named: &[NamedPortfolio]) -> Result<u64, WorldError> {
        let mut cells = 0;
        for (name, spec) in named {
            let lifecycle = self.lifecycle(name, spec)?;
            let closed = lifecycle.closing_day().unwrap_or(self.last);
            let days = DayRange::new(lifecycle.inception(), closed.min(self.last));
            // A portfolio that begins later, or before the calendar, is refused or read by itself.
            let sessions = days.ok().and_then(|days| self.calendar.sessions(days).ok());
            cells += sessions.map_or(0, <[_]>::len) as u64;
        }
        Ok(cells)
    }

    fn portfolio(
        &self,
        id: PortfolioId,
        PortfolioIdentity { key, name }: PortfolioIdentity,
        spec: &PortfolioSpec,
    ) -> Result<WorldPortfolio, WorldError> {
        let lifecycle = self.lifecycle(&name, spec)?;
        let currency = spec.currency.map_or(Currency::USD, |currency| currency.0);
        let days = PortfolioDays {
            name: &name,
            lifecycle,
            calendar: self.calendar,
            last: self.last,
            own: (spec.calendar.as_deref())
                .and_then(|name| self.own_calendars.find(name, self.calendar)),
        };
        Ok(WorldPortfolio {
            done: days.done_phases(spec)?,
            failed: days.failed(spec)?,
            rows: days.rows(spec)?,
            without_closes: self.without_closes(&days, spec)?,
            contents: self.contents(&name, currency, spec)?,
            portfolio: Portfolio {
                id,
                key,
                name,
                currency,
                cost_basis: CostBasis {
                    method: spec
                        .cost_basis
                        .map_or(LotMethod::default(), |method| method.0),
                    fees: spec.fees.map_or(FeeTreatment::default(), |fees| fees.0),
                },
                calendar: spec.calendar.clone(),
                lifecycle,
            },
        })
    }

    fn lifecycle(&self, name: &str, spec: &PortfolioSpec) -> Result<Lifecycle, WorldError> {
        let deleted_at = spec.deleted_at.map(|at| at.0.to_utc());
        let restored_at = spec.restored_at.map(|at| at.0.to_utc());
        // A portfolio that was deleted and restored is as if it had never been deleted.
        let deleted = match (deleted_at, restored_at) {
            (deleted, None) => deleted,
            (Some(deleted), Some(restored)) if deleted < restored => None,
            (_, Some(_)) => return Err(WorldError::RestoredNotDeleted(name.to_owned())),
        };
        Lifecycle::new(inception(spec, self.calendar, self.last)?)
            .with_closing_day(spec.closed)
            .map(|lifecycle| lifecycle.with_deleted_at(deleted))
            .map_err(|source| WorldError::Lifecycle {
                portfolio: name.to_owned(),
                source,
            })
    }

    /// Returns the share of a blocked portfolio that has no close, with each blocked day.
    fn without_closes(
        &self,
        days: &PortfolioDays<'_>,
        spec: &PortfolioSpec,
    ) -> Result<BTreeSet<(SecurityId, Day)>, WorldError> {
        let Some([waiting, _]) = blocking_symbols(spec) else {
            return Ok(BTreeSet::new());
        };
        let waiting = self.listed.id(&waiting)?;
        let blocked = days.blocked(spec)?.into_iter();
        Ok(blocked.map(|day| (waiting, day)).collect())
    }

    fn contents(
        &self,
        name: &str,
        currency: Currency,
        spec: &PortfolioSpec,
    ) -> Result<Contents, WorldError> {
        if self.sources == SourcesSpec::Given {
            reject_made_up_keys(name, spec)?;
        }
        let given = spec.cash.is_some() || !spec.holdings.is_empty();
        let made_up = spec.style.is_some() || spec.capital.is_some();
        if given && made_up {
            return Err(WorldError::HoldingsWithStyle(name.to_owned()));
        }
        if let Some(contents) = blocked_contents(spec, self.listed)? {
            return match given || made_up {
                true => Err(WorldError::BlockedWithHoldings(name.to_owned())),
                false => Ok(contents),
            };
        }
        if given || self.sources == SourcesSpec::Given {
            let holdings = spec
                .holdings
                .iter()
                .map(|(symbol, quantity)| Ok((self.listed.id(symbol)?, quantity.0)));
            return Ok(Contents::Given {
                cash: spec.cash.map_or(Money::ZERO, |cash| cash.0),
                holdings: holdings.collect::<Result<_, WorldError>>()?,
            });
        }
        if !self.listed.converts(currency) {
            return Err(WorldError::MissingRate {
                portfolio: name.to_owned(),
                currency,
            });
        }
        Ok(Contents::MadeUp {
            style: spec.style.map_or(Style::Equity, |style| style.0),
            capital: spec.capital.map(|capital| capital.0),
        })
    }
}

/// Refuses the keys of a portfolio that would generate sources.
fn reject_made_up_keys(name: &str, spec: &PortfolioSpec) -> Result<(), WorldError> {
    let keys = [
        ("style", spec.style.is_some()),
        ("capital", spec.capital.is_some()),
        ("blocked", spec.blocked.is_some()),
    ];
    match keys.into_iter().find(|(_, present)| *present) {
        Some((key, _)) => Err(WorldError::MadeUpKeyWithGivenSources {
            key,
            place: format!("the portfolio `{name}`"),
        }),
        None => Ok(()),
    }
}

/// The id and the name of a portfolio, which need not correspond.
struct PortfolioIdentity {
    key: PortfolioKey,
    name: String,
}

/// Returns the identity of a portfolio. By default the label is its name, and its id derives from
/// the label.
fn identify(label: String, spec: &PortfolioSpec) -> Result<PortfolioIdentity, WorldError> {
    let key = match &spec.id {
        None => PortfolioKey::from_name(&label),
        Some(id) => id.parse().map_err(|_| WorldError::InvalidId {
            portfolio: label.clone(),
            id: id.clone(),
        })?,
    };
    let name = spec.name.clone().unwrap_or(label);
    Ok(PortfolioIdentity { key, name })
}

/// Cash and units of the shares in a blocked portfolio. The second share has a close on the blocked
/// days: as many holdings are priced as are not, so that no session is unpriced, and their small
/// value covers too little of the portfolio.
const CASH: Money = Money::whole(10_000);
const UNITS: Quantity = Quantity::whole(1_000);
const PRICED_UNITS: Quantity = Quantity::whole(1);

/// Lists two shares for each distinct list of blocked days.
pub(super) fn list_blocking_securities(named: &[NamedPortfolio], listing: &mut Listing) {
    let symbols: BTreeSet<_> = named
        .iter()
        .filter_map(|(_, spec)| blocking_symbols(spec))
        .flatten()
        .collect();
    for symbol in symbols {
        let security = security(&symbol, &SecuritySpec::default(), None);
        // Generated, so that the other days have closes; `missing_closes` removes the blocked days.
        let closes = CloseSource::MadeUp;
        listing.add(Addition { security, closes });
    }
}

/// Returns the contents of a blocked portfolio; `None` for one without blocked days.
fn blocked_contents(
    spec: &PortfolioSpec,
    listed: &Instruments,
) -> Result<Option<Contents>, WorldError> {
    let Some([waiting, priced]) = blocking_symbols(spec) else {
        return Ok(None);
    };
    let holdings = [
        (listed.id(&waiting)?, UNITS),
        (listed.id(&priced)?, PRICED_UNITS),
    ];
    Ok(Some(Contents::Given {
        cash: CASH,
        holdings: holdings.into(),
    }))
}

/// Returns the closes to remove: of the shares of blocked portfolios, on their blocked days.
pub(super) fn missing_closes(portfolios: &[WorldPortfolio]) -> Vec<Close> {
    let missing = portfolios.iter().map(|known| &known.without_closes);
    // Portfolios with the same blocked days share their holdings.
    let missing: BTreeSet<_> = missing.flatten().copied().collect();
    let removed = missing.into_iter().map(|(security, day)| Close {
        security,
        day,
        close: None,
    });
    removed.collect()
}

/// The symbols of the share without closes on the blocked days, and of the one with them.
fn blocking_symbols(spec: &PortfolioSpec) -> Option<[String; 2]> {
    let OneOrMany(spans) = spec.blocked.as_ref()?;
    let spans: Vec<_> = spans.iter().map(ToString::to_string).collect();
    let days = spans.join("+");
    (!spans.is_empty()).then(|| [format!("WAITS-{days}"), format!("PRICED-{days}")])
}
