//! Validates a file of securities.

use super::changes::{SecurityChanges, SecurityFile};
use super::merge::{find, symbol_before};
use super::read::SecurityRow;
use crate::domain::Day;
use crate::import::existing::ExistingRecords;
use crate::import::options::Restatements;
use crate::import::row_reader::Rows;
use crate::import::verdict::Validated;
use crate::import::warning::Warning;

/// Validates a file of securities, imported on `today`. `known` must hold all securities, and those
/// with prices of which the file changes the currency or the multiplier.
pub fn validate_securities(
    rows: &Rows<SecurityRow>,
    known: &ExistingRecords,
    today: Day,
    restatements: Restatements,
) -> Validated<SecurityChanges> {
    let mut file = SecurityFile::validate(rows, known, today, restatements);
    let mut closes = std::mem::take(&mut file.excluded_closes);
    let validated = Validated::from_rows(rows, |line, row, changes: &mut SecurityChanges| {
        // With its first row, so that securities are in the file's order.
        file.take_change(row, changes);
        let verdict = file.verdicts.remove(&line);
        verdict.expect("each valid row has a verdict")
    });
    let warnings = rows.lines.iter().map(|line| {
        let row = line.row.as_ref().ok();
        let renamed = row.and_then(|row| Some((row, find(row, known)?)));
        let renamed = renamed.filter(|(row, found)| row.symbol != found.symbol);
        let warning = renamed.map(|(_, found)| Warning::FormerSymbol {
            symbol: found.symbol.clone(),
        });
        let closes = closes.remove(&line.number);
        let before = row.and_then(|row| symbol_before(row, known));
        warning.into_iter().chain(closes).chain(before).collect()
    });
    let warnings: Vec<Vec<Warning>> = warnings.collect();
    validated.with_warnings_on_all(|index| warnings[index].clone())
}
