//! Writes the commands that import an export into an empty database, as a script for a POSIX shell.

use super::table_file::ExportedTable;
use crate::domain::PriceAcceptance;
use crate::query::shell_quoted;

/// The name of the script that imports the files of an export.
pub const SCRIPT: &str = "import.sh";

const BEGINNING: &str = "\
#!/bin/sh
# Imports these files into a new database in this folder, plimsoll.db. Options are passed on to each
# command. Then `plimsoll run` does the books.
set -e
cd \"$(dirname \"$0\")\"
unset PLIMSOLL_DB PLIMSOLL_CONFIG
plimsoll \"$@\" init
";

/// The beginning of a command: the program, with the options that the script is given.
const PROGRAM: &str = concat!("plimsoll", " \"$@\"");

/// The commands so far, in the order in which they must run.
#[derive(Debug, Default)]
pub(super) struct Script {
    imports: String,
    decisions: String,
}

impl Script {
    pub(super) fn import_calendar(&mut self, file: &str) {
        self.imports += &format!("{PROGRAM} calendar import {file}\n");
    }

    /// Adds the import of a table, unless it is empty.
    pub(super) fn import(&mut self, kind: &str, table: &ExportedTable, options: &[&str]) {
        if table.rows == 0 {
            return;
        }
        let words = [kind, &table.file]
            .into_iter()
            .chain(options.iter().copied());
        let words: Vec<&str> = words.collect();
        self.imports += &format!("{PROGRAM} import {}\n", words.join(" "));
    }

    /// Adds a decision to do without closes. It is refused if they came after it.
    pub(super) fn accept_prices(&mut self, decision: &PriceAcceptance) {
        let (days, by) = (decision.days, shell_quoted(&decision.by));
        self.decisions += &format!(
            "{PROGRAM} accept-prices --from {} --to {} --by={by} --reason={} || test $? -eq 3\n",
            days.first(),
            days.last(),
            shell_quoted(&decision.reason)
        );
    }

    pub(super) fn text(&self) -> String {
        let decisions = match self.decisions.is_empty() {
            true => String::new(),
            false => format!("# Refused where closes came since:\n{}", self.decisions),
        };
        format!("{BEGINNING}{}{decisions}", self.imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DayRange;

    #[test]
    fn words_of_people_are_quoted_and_empty_tables_left_out() {
        let mut script = Script::default();
        let table = |file: &str, rows| ExportedTable {
            file: file.to_owned(),
            rows,
        };
        script.import("portfolios", &table("portfolios.csv", 0), &[]);
        script.import("prices", &table("prices.csv", 2), &["--allow-jumps"]);
        let days = DayRange::single("2026-01-05".parse().unwrap());
        script.accept_prices(&PriceAcceptance {
            days,
            by: "-x".to_owned(),
            reason: "it's $(closed)".to_owned(),
        });
        let text = script.text();
        assert!(!text.contains("portfolios"), "{text}");
        assert!(
            text.contains("import prices prices.csv --allow-jumps\n"),
            "{text}"
        );
        assert!(
            text.contains(r"--by=-x --reason='it'\''s $(closed)'"),
            "{text}"
        );
    }
}
