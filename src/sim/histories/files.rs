//! Draws the files that steps import. Some of their rows are refused, as those of users are.

use super::world::{Generator, HELD, INSTRUMENTS, OWN_CALENDAR, PORTFOLIOS, SESSIONS};
use crate::scenario::script::file_import::{ImportKindSpec, ImportSpec};
use crate::scenario::script::spec::StepSpec;

impl Generator {
    /// Returns the step that imports a file, with some of the options of an import.
    pub(super) fn file(&mut self, kind: ImportKindSpec, text: String, corrects: bool) -> StepSpec {
        let import = ImportSpec {
            allow_restatement: self.random.chance(80),
            all_or_nothing: self.random.chance(10),
            strict: self.random.chance(5),
            correct: corrects,
            ..ImportSpec::new(kind, text)
        };
        StepSpec {
            import: Some(import),
            ..StepSpec::default()
        }
    }

    /// Returns the closes of the feed for a session.
    pub(super) fn feed(&mut self, at: usize) -> String {
        let mut rows = "symbol,date,close\n".to_owned();
        for instrument in &INSTRUMENTS {
            if self.has_close(instrument, at) {
                let close = self.close(instrument);
                rows += &format!("{},{},{close}\n", instrument.symbol, SESSIONS[at]);
            }
        }
        rows
    }

    /// Returns new or corrected closes of any days.
    pub(super) fn closes_file(&mut self) -> String {
        let mut rows = "symbol,date,close\n".to_owned();
        for _ in 0..1 + self.random.below(3) {
            let instrument = &INSTRUMENTS[self.random.below(INSTRUMENTS.len())];
            let (day, close) = (self.session(), self.close(instrument));
            rows += &format!("{},{day},{close}\n", instrument.symbol);
        }
        rows
    }

    /// Returns new transactions, or other values for known ones.
    pub(super) fn transactions_file(&mut self, corrects: bool) -> String {
        let mut rows = "id,portfolio,date,kind,symbol,quantity,price,amount,fee,currency,\
                        from_amount,from_currency,counterpart\n"
            .to_owned();
        for _ in 0..1 + self.random.below(2) {
            rows += &self.transaction(corrects);
        }
        rows
    }

    fn transaction(&mut self, corrects: bool) -> String {
        let id = self.transaction_id(corrects);
        let (portfolio, day) = (self.portfolio(), self.session());
        let symbol = self.one_of(&HELD);
        let quantity = 1 + self.random.below(20);
        let amount = 50 + self.random.below(500);
        let row = |terms: &str| format!("{id},{portfolio},{day},{terms}\n");
        match self.random.below(10) {
            0 => row(&format!("deposit,,,,{amount},,,,,")),
            1 => row(&format!("withdrawal,,,,{amount},,,,,")),
            2 => row(&format!("buy,{symbol},{quantity},41.5,,1.25,,,,")),
            3 => row(&format!("sell,{symbol},{quantity},42.5,,1,,,,")),
            4 => row(&format!("dividend,{symbol},,,{amount},,,,,")),
            5 => row(&format!("fee,,,,{amount},,,,,")),
            6 => {
                let currency = self.one_of(&["EUR", "CHF", "CAD"]);
                row(&format!(
                    "exchange,,,,{amount},2,{currency},{},,",
                    amount + 40
                ))
            }
            7 => {
                let currency = self.one_of(&["EUR", "CHF", "CAD"]);
                row(&format!("interest,,,,{amount},,{currency},,,"))
            }
            8 => row(&format!("transfer-in,{symbol},{quantity},39,,,,,,")),
            _ => {
                let other = PORTFOLIOS[self.random.below(PORTFOLIOS.len())];
                if other == portfolio {
                    return row(&format!("transfer-out,{symbol},{quantity},,,,,,,"));
                }
                let out = row(&format!("transfer-out,{symbol},{quantity},,,,,,,{other}"));
                let back = self.transaction_id(false);
                format!(
                    "{out}{back},{other},{day},transfer-in,{symbol},{quantity},,,,,,,{portfolio}\n"
                )
            }
        }
    }

    /// Returns the id of a new transaction, or of a known one.
    fn transaction_id(&mut self, known: bool) -> String {
        if !known {
            self.transactions += 1;
            return format!("h{}", self.transactions);
        }
        self.known_transaction()
    }

    pub(super) fn known_transaction(&mut self) -> String {
        format!("h{}", 1 + self.random.below(self.transactions))
    }

    /// Returns a corporate action.
    pub(super) fn actions_file(&mut self) -> String {
        let (symbol, day) = (self.one_of(&HELD), self.session());
        let received = self.one_of(&HELD);
        let terms = match self.random.below(8) {
            0 | 1 => "split,,2:1,,,".to_owned(),
            2 => "stock-dividend,,1:10,,,".to_owned(),
            3 => "return-of-capital,,,0.5,,".to_owned(),
            4 => format!("spin-off,{received},1:4,,0.25,"),
            5 => format!("merger,{received},1:2,1.5,,"),
            6 => "delisting,,,3.5,,".to_owned(),
            _ => format!("symbol-change,,,,,{symbol}X"),
        };
        format!(
            "symbol,date,kind,received,ratio,cash,cost_share,new_symbol\n{symbol},{day},{terms}\n"
        )
    }

    /// Returns another attribute of a security.
    pub(super) fn securities_file(&mut self) -> String {
        let instrument = &INSTRUMENTS[self.random.below(INSTRUMENTS.len())];
        let (column, value) = match self.random.below(5) {
            0 | 1 => ("calendar", self.one_of(&["XTSE", "XNYS", "XETR", ""])),
            2 => {
                let day = self.session();
                (
                    "inactive_from",
                    if self.random.chance(50) { day } else { "" },
                )
            }
            3 => ("sector", self.one_of(&["Energy", "Utilities"])),
            _ => ("multiplier", self.one_of(&["1", "50", "0.01"])),
        };
        format!("symbol,{column}\n{},{value}\n", instrument.symbol)
    }

    /// Returns an attribute of a security that changes on a day, or a calendar of one's own.
    pub(super) fn dated_securities_file(&mut self) -> String {
        let symbol = HELD[self.dated.below(HELD.len())];
        let day = SESSIONS[self.dated.below(SESSIONS.len())];
        let (column, values) = match self.dated.below(5) {
            0 => ("sector", &["Energy", "Utilities", ""][..]),
            1 => ("class", &["fund", "private"][..]),
            2 | 3 => ("multiplier", &["1", "50", "0.01", "7"][..]),
            _ => return format!("symbol,calendar\n{symbol},{OWN_CALENDAR}\n"),
        };
        let value = self.dated.choose(values).copied().unwrap_or_default();
        format!("symbol,{column},valid_from\n{symbol},{value},{day}\n")
    }

    /// Returns a portfolio with the sessions of a calendar of one's own.
    pub(super) fn own_calendar_file(&mut self) -> String {
        let name = PORTFOLIOS[self.dated.below(PORTFOLIOS.len())];
        let inception = SESSIONS[self.dated.below(3)];
        format!("name,inception,calendar\n{name},{inception},{OWN_CALENDAR}\n")
    }

    /// Returns a new portfolio, or other values of a known one.
    pub(super) fn portfolios_file(&mut self) -> String {
        let name = self.one_of(&["A", "B", "C", "D", "E", "F"]);
        // A later one is refused once the portfolio has transactions before it.
        let inception = SESSIONS[self.random.below(3)];
        let (column, value) = match self.random.below(6) {
            0 | 1 => ("calendar", self.one_of(&["XTSE", "XETR", ""])),
            2 => ("cost_basis", self.one_of(&["fifo", "lifo", "average"])),
            3 => ("fees", self.one_of(&["expense", "capitalize"])),
            4 => {
                let day = self.session();
                ("closed", if self.random.chance(50) { day } else { "" })
            }
            _ => {
                let day = self.session();
                ("deleted_at", if self.random.chance(40) { day } else { "" })
            }
        };
        format!("name,inception,{column}\n{name},{inception},{value}\n")
    }
}
