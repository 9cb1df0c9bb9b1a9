//! Builds the complete world, and writes it with its header comment.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::calendar::calendar_spec;
use super::cells::{non_empty, spans_of, split_by_lifetime};
use super::history::{accepted_spec, invalidation_specs, left_running_spec, run_spec};
use super::portfolios::{labels, portfolio_spec};
use super::sources::add_sources;
use crate::capture::error::CaptureError;
use crate::capture::state::{Naming, State};
use crate::domain::{AssetClass, Currency, Day, PhaseSet};
use crate::report::count_with_noun;
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::format::to_toml;
use crate::scenario::world::merge::fold_portfolios;
use crate::scenario::world::spec::{MarketSpec, SecuritySpec, WorldSpec};
use crate::scenario::world::values::Instant;
use crate::scenario::world::{Span, World, WorldError};

impl State {
    /// Writes this state as a world in TOML. The same state gives the same bytes.
    ///
    /// # Errors
    ///
    /// Fails if the calendar does not know a day of the state.
    pub fn to_world_toml(&self) -> Result<String, CaptureError> {
        let last = self.last_known_session()?;
        let spec = self.world_spec(last)?;
        Ok(format!("{}\n{}", self.header_comment(last), to_toml(&spec)))
    }

    fn world_spec(&self, last: Day) -> Result<WorldSpec, CaptureError> {
        let labels = labels(self);
        let (calendar, calendar_amendments) = calendar_spec(self);
        let named = labels.iter().zip(&self.portfolios);
        let named = named.map(|(label, captured)| {
            let spec = portfolio_spec(self, captured, label, last);
            (label.clone(), spec)
        });
        let mut spec = WorldSpec {
            now: Some(self.local(self.now)),
            calendar: Some(calendar),
            calendar_amendments,
            own_calendars: self.own_calendars.clone(),
            market: MarketSpec {
                last: (last != self.last_closed()?).then_some(last),
                unpriced: self.unpriced_spans(last),
                ..MarketSpec::default()
            },
            portfolios: fold_portfolios(&named.collect::<Vec<_>>()),
            invalidations: invalidation_specs(self, &labels, last),
            runs: self.runs.iter().map(|run| run_spec(self, run)).collect(),
            run_left_running: (self.left_running.as_ref()).map(|run| left_running_spec(self, run)),
            accepted_prices: self.accepted_prices.iter().map(accepted_spec).collect(),
            ..WorldSpec::default()
        };
        match &self.sources {
            Some(given) => add_sources(&mut spec, self, given, &labels),
            None => self.add_currency_pairs(&mut spec),
        }
        Ok(with_needed_limits(spec))
    }

    /// Returns the unpriced sessions up to the last one.
    fn unpriced_spans(&self, last: Day) -> Option<OneOrMany<Span>> {
        let unpriced = self.unpriced.iter().filter(|day| **day <= last);
        let places = unpriced.filter_map(|day| self.sessions.binary_search(day).ok());
        non_empty(spans_of(&self.sessions, places))
    }

    /// Returns an instant as the local time of the calendar.
    pub(super) fn local(&self, at: DateTime<Utc>) -> Lenient<Instant> {
        Lenient(Instant::local(at, self.calendar.zone()))
    }

    /// Adds the currency pairs that generated books in the currencies of the portfolios need.
    fn add_currency_pairs(&self, spec: &mut WorldSpec) {
        for captured in &self.portfolios {
            let currency = captured.portfolio.currency;
            // Worlds have the pair of USD and EUR by default.
            if currency != Currency::USD && currency.code() != "EUR" {
                let pair = SecuritySpec {
                    class: Some(AssetClass::Fx),
                    ..SecuritySpec::default()
                };
                spec.securities
                    .insert(currency.pair_with(Currency::USD), pair);
            }
        }
    }

    /// Describes the origin and the content of the file. The count of complete cells includes
    /// invalidated ones.
    fn header_comment(&self, last: Day) -> String {
        let cells = self.portfolios.iter().flat_map(|captured| {
            let lifetime = self.lifetime(&captured.portfolio, last);
            let (inside, _) = split_by_lifetime(&captured.intervals, lifetime);
            inside
        });
        let complete = cells.filter(|cells| cells.marks.phases() == PhaseSet::CELL_PHASES);
        let complete: usize = complete.map(|cells| cells.last - cells.first + 1).sum();
        let Lenient(now) = self.local(self.now);
        let mut text = format!(
            "# Captured from {} at {now}.\n# {}, {} (invalidated ones included).\n",
            self.origin,
            count_with_noun(self.portfolios.len() as u64, "portfolio"),
            count_with_noun(complete as u64, "complete cell"),
        );
        text += match self.naming {
            Naming::Original => "",
            Naming::Scrubbed => "# Names and ids are pseudonyms; free text is removed.\n",
        };
        text += match self.sources {
            None => "# Holdings and prices are left out; loading the world generates others.\n",
            Some(_) => "# Transactions, prices and the risk model are the original ones.\n",
        };
        for description in &self.left_out {
            let _ = writeln!(text, "# Not representable in a world: {description}.");
        }
        text
    }
}

/// Raises the limits of a world that is larger than the defaults, so that it can be read.
fn with_needed_limits(mut spec: WorldSpec) -> WorldSpec {
    // One round for each limit at most.
    while let Err(WorldError::TooMany(found)) = World::from_spec(spec.clone()) {
        spec.limits.raise(found.counted, found.count);
    }
    spec
}
