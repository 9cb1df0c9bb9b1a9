//! The whole file, and the words at its top.

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
    /// The world of this state, as TOML. The same state gives the same bytes.
    pub fn to_world_toml(&self) -> Result<String, CaptureError> {
        let last = self.last_known_session()?;
        let labels = labels(self);
        let (named, amendments) = calendar_toml(self)?;
        let mut text = self.header_comment(last);
        let now = instant(self.now, self.calendar.zone());
        let _ = write!(text, "\nnow = {now}\n{named}");
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

    /// What the file is, for who opens it.
    fn header_comment(&self, last: Day) -> String {
        let cells = self.portfolios.iter().flat_map(|one| {
            let (alive, _) = split_by_lifetime(&one.intervals, self.lifetime(&one.portfolio, last));
            alive
        });
        let complete = cells.filter(|stretch| stretch.marks.phases() == PhaseSet::CELL_PHASES);
        let complete: usize = complete.map(|s| s.last - s.first + 1).sum();
        let now = instant(self.now, self.calendar.zone());
        let mut text = format!(
            "# Captured from {} whose clock said {now}:\n# {} portfolios, {complete} cells that \
             are or were complete.\n",
            self.origin,
            self.portfolios.len(),
        );
        text += match self.naming {
            Naming::Original => "",
            Naming::Scrubbed => "# Names, ids and words are pseudonyms.\n",
        };
        text += match self.sources {
            None => "# Holdings and prices are left out: those of a world are made up.\n",
            Some(_) => "# Transactions, prices and the risk model are those on file.\n",
        };
        for what in &self.left_out {
            let _ = writeln!(text, "# Left out, since a world can't say it: {what}.");
        }
        text
    }

    /// Until when there are closes, where that is later than the clock; and the pairs that made-up
    /// books of these currencies need.
    fn market_toml(&self, last: Day) -> Result<String, CaptureError> {
        let mut text = String::new();
        if last != self.last_closed()? {
            let _ = write!(text, "\n[market]\nlast = {last}\n");
        }
        if self.sources.is_some() {
            return Ok(text);
        }
        let currencies = self.portfolios.iter().map(|one| one.portfolio.currency);
        let currencies: BTreeSet<Currency> = currencies.collect();
        for currency in currencies {
            if currency != Currency::USD && currency.to_string() != "EUR" {
                let pair = currency.pair_with(Currency::USD);
                let _ = write!(text, "\n[securities.{}]\nclass = \"fx\"\n", key(&pair));
            }
        }
        Ok(text)
    }
}
