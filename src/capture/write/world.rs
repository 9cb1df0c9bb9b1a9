//! Writes the complete world file with its header comment.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::calendar::calendar_toml;
use super::cells::split_by_lifetime;
use super::history::{invalidations_toml, runs_toml};
use super::portfolios::{labels, portfolio_lines};
use super::sources::{source_tables, transactions_toml};
use super::text::{instant, key};
use crate::capture::CaptureError;
use crate::capture::state::{Naming, State};
use crate::domain::{Currency, Day, PhaseSet};

impl State {
    /// Writes this state as a world in TOML. The same state gives the same bytes.
    ///
    /// # Errors
    ///
    /// Fails if no calendar of worlds can represent this calendar, or it does not know a day of the
    /// state.
    pub fn to_world_toml(&self) -> Result<String, CaptureError> {
        let last = self.last_known_session()?;
        let labels = labels(self);
        let (calendar, amendments) = calendar_toml(self)?;
        let mut text = self.header_comment(last);
        let now = instant(self.now, self.calendar.zone());
        // Top-level keys must come before the first table.
        let _ = write!(text, "\nnow = {now}\n{calendar}");
        if let Some(given) = &self.sources {
            text += &transactions_toml(self, given, &labels);
        }
        text += &amendments;
        text += &self.market_toml(last)?;
        text += "\n[portfolios]\n";
        text += &portfolio_lines(self, &labels, last);
        text += &invalidations_toml(self, &labels, last);
        text += &runs_toml(self);
        if let Some(given) = &self.sources {
            text += &source_tables(given)?;
        }
        Ok(text)
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
        let now = instant(self.now, self.calendar.zone());
        let mut text = format!(
            "# Captured from {} at {now}.\n# {} portfolios, {complete} complete cells \
             (invalidated ones included).\n",
            self.origin,
            self.portfolios.len(),
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

    /// Writes the last day with closes if it is after the last closed session, and the currency
    /// pairs that generated books in these currencies need.
    fn market_toml(&self, last: Day) -> Result<String, CaptureError> {
        let mut text = String::new();
        if last != self.last_closed()? {
            let _ = write!(text, "\n[market]\nlast = {last}\n");
        }
        if self.sources.is_some() {
            return Ok(text);
        }
        let currencies = self.portfolios.iter();
        let currencies: BTreeSet<Currency> = currencies
            .map(|captured| captured.portfolio.currency)
            .collect();
        // Worlds have the pair of USD and EUR by default.
        for currency in currencies {
            if currency != Currency::USD && currency.to_string() != "EUR" {
                let pair = currency.pair_with(Currency::USD);
                let _ = write!(text, "\n[securities.{}]\nclass = \"fx\"\n", key(&pair));
            }
        }
        Ok(text)
    }
}
