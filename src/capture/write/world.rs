//! The whole file, and the words at its top.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::calendar::calendar;
use super::cells::split;
use super::past::{invalidations, runs};
use super::portfolios::{labels, lines};
use super::sources::{tables, transactions};
use super::text::{instant, key};
use crate::capture::CaptureError;
use crate::capture::state::{State, Wording};
use crate::domain::{Currency, Day, PhaseSet};

impl State {
    /// The world of this state, as TOML. The same state gives the same bytes.
    pub fn world(&self) -> Result<String, CaptureError> {
        let last = self.last()?;
        let labels = labels(self);
        let (named, amendments) = calendar(self)?;
        let mut text = self.words(last);
        let now = instant(self.now, self.calendar.zone());
        let _ = write!(text, "\nnow = {now}\n{named}");
        if let Some(given) = &self.sources {
            text += &transactions(self, given, &labels);
        }
        text += &amendments;
        text += &self.market(last)?;
        text += "\n[portfolios]\n";
        text += &lines(self, &labels, last);
        text += &invalidations(self, &labels, last);
        text += &runs(self);
        if let Some(given) = &self.sources {
            text += &tables(given)?;
        }
        Ok(text)
    }

    /// What the file is, for who opens it.
    fn words(&self, last: Day) -> String {
        let cells = self.portfolios.iter().flat_map(|one| {
            let (alive, _) = split(&one.stretches, self.life(&one.portfolio, last));
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
        text += match self.wording {
            Wording::Original => "",
            Wording::Scrubbed => "# Names, ids and words are pseudonyms.\n",
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
    fn market(&self, last: Day) -> Result<String, CaptureError> {
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
