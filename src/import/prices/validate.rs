//! Validates prices: converts them to raw closes, compares these with the stored ones, and refuses
//! jumps.

use std::collections::BTreeMap;

use super::raw_closes::{Jump, Origin, Point, RawClose, find_jumps, to_raw_close};
use super::read::PriceRows;
use crate::domain::{Change, CloseChange, Day, Price, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::options::Jumps;
use crate::import::row_error::{RowError, RowErrorKind};
use crate::import::verdict::{LineVerdict, Validated, Verdict};

/// Rules for validating prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRules {
    /// Handling of closes that are implausibly far from their neighbours.
    pub jumps: Jumps,
    /// The day up to which split-adjusted closes are adjusted, usually that of the download. A later
    /// split may be known already, but the closes do not reflect it.
    pub adjusted_as_of: Day,
}

/// Changes that a file of prices makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceChanges {
    /// Closes to add or correct, in the file's order.
    pub closes: Vec<CloseChange>,
}

/// Validates a file of prices. `known` must hold all securities, the splits of those in the file,
/// and their closes in and around its [days](PriceRows::spans).
pub fn validate_prices(
    rows: &PriceRows,
    known: &ExistingRecords,
    rules: PriceRules,
) -> Validated<PriceChanges> {
    let mut series: ClosesBySecurity = BTreeMap::new();
    let mut outcomes: Vec<Result<RowOutcome, Vec<RowError>>> = Vec::with_capacity(rows.lines.len());
    for (index, line) in rows.lines.iter().enumerate() {
        let raw = match &line.row {
            Ok(row) => to_raw_close(row, rows.basis, known, rules.adjusted_as_of),
            Err(errors) => Err(errors.clone()),
        };
        let outcome = raw.and_then(|raw| {
            let days = series.entry(raw.security).or_default();
            match days.get(&raw.day) {
                Some(&(first, price)) => {
                    validate_repeat(rows.lines[first].number, price, raw.price)
                }
                None => {
                    days.insert(raw.day, (index, raw.price));
                    Ok(RowOutcome::First(raw))
                }
            }
        });
        outcomes.push(outcome);
    }
    if rules.jumps == Jumps::Refused {
        refuse_jumps(&series, known, &mut outcomes);
    }
    let mut changes = PriceChanges::default();
    let verdicts = rows
        .lines
        .iter()
        .zip(outcomes)
        .map(|(line, outcome)| LineVerdict {
            line: line.number,
            verdict: outcome.map_or_else(Verdict::Invalid, |outcome| {
                outcome.verdict(known, &mut changes)
            }),
        })
        .collect();
    Validated::new(&rows.file, verdicts, changes)
}

/// The file's raw closes by security and day, each with the index of its row.
type ClosesBySecurity = BTreeMap<SecurityId, BTreeMap<Day, (usize, Price)>>;

/// Result of a valid row.
enum RowOutcome {
    /// The first row with a close of this security and day.
    First(RawClose),
    /// A row that repeats the close of an earlier row.
    Repeat,
}

impl RowOutcome {
    fn verdict(self, known: &ExistingRecords, changes: &mut PriceChanges) -> Verdict {
        let Self::First(raw) = self else {
            return Verdict::Same;
        };
        let (was, price) = raw.compare(known);
        let verdict = match was {
            Some(was) if was == price => return Verdict::Same,
            Some(was) => Verdict::Corrected(Vec::from_iter(Change::between("close", &was, &price))),
            None => Verdict::Added,
        };
        changes.closes.push(CloseChange {
            security: raw.security,
            day: raw.day,
            previous: was,
            price,
        });
        verdict
    }
}

fn validate_repeat(line: u64, earlier: Price, close: Price) -> Result<RowOutcome, Vec<RowError>> {
    match Change::between("close", &earlier, &close) {
        None => Ok(RowOutcome::Repeat),
        Some(change) => {
            let differs = vec![change];
            let reason = RowErrorKind::ConflictingRow { line, differs };
            Err(vec![RowError::in_row(reason)])
        }
    }
}

/// Makes jumps invalid. A close that is stored already is never refused.
fn refuse_jumps(
    series: &ClosesBySecurity,
    known: &ExistingRecords,
    outcomes: &mut [Result<RowOutcome, Vec<RowError>>],
) {
    for (security, days) in series {
        let mut points: BTreeMap<Day, Point> = BTreeMap::new();
        for (&day, &close) in known.closes(*security).into_iter().flatten() {
            let origin = Origin::Books;
            points.insert(day, Point { day, close, origin });
        }
        for (&day, &(index, close)) in days {
            let origin = match &outcomes[index] {
                // The stored close of this day is among the points already.
                Ok(RowOutcome::First(raw)) if raw.is_known(known) => {
                    continue;
                }
                _ => Origin::File(index),
            };
            points.insert(day, Point { day, close, origin });
        }
        let points: Vec<Point> = points.into_values().collect();
        let units = |after, upto| known.units_between(*security, after, upto);
        for Jump {
            index,
            close,
            neighbour,
        } in find_jumps(&points, units)
        {
            let reason = RowErrorKind::Jump {
                close,
                neighbour: neighbour.close,
                neighbour_day: neighbour.day,
            };
            outcomes[index] = Err(vec![RowError::in_column("close", close, reason)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Split;
    use crate::import::options::ImportOptions;
    use crate::import::prices::read::read_prices;
    use crate::import::sample::{day, security};

    const RULES: PriceRules = PriceRules {
        jumps: Jumps::Refused,
        adjusted_as_of: Day::MAX,
    };

    fn known() -> ExistingRecords {
        ExistingRecords::default().with_securities([security(1, "AAPL"), security(2, "MSFT")])
    }

    fn split(on: &str, new: u32, old: u32) -> Split {
        Split {
            security: SecurityId(1),
            day: day(on),
            new,
            old,
        }
    }

    fn rows(text: &str) -> PriceRows {
        read_prices("AAPL.csv", text.as_bytes(), &ImportOptions::default()).unwrap()
    }

    fn yahoo(closes: &[(&str, &str)]) -> PriceRows {
        let row = |(day, close): &(&str, &str)| format!("{day},1,1,1,{close},1,9\n");
        let body: String = closes.iter().map(row).collect();
        rows(&format!(
            "Date,Open,High,Low,Close,Adj Close,Volume\n{body}"
        ))
    }

    /// Returns the raw closes that a file sets.
    fn set_closes(rows: &PriceRows, known: &ExistingRecords, rules: PriceRules) -> Vec<String> {
        let changes = validate_prices(rows, known, rules).changes.unwrap();
        let closes = changes.closes.iter();
        closes.map(|change| change.price.to_string()).collect()
    }

    fn after(validated: Validated<PriceChanges>, known: ExistingRecords) -> ExistingRecords {
        let closes = validated.changes.unwrap().closes.into_iter();
        known.with_closes(closes.map(|change| (change.security, change.day, change.price)))
    }

    #[test]
    fn a_second_import_changes_nothing_and_another_close_is_a_correction() {
        let text = "symbol,date,close\nAAPL,2026-01-05,100.5\nAAPL,2026-01-06,101\n";
        let known = after(validate_prices(&rows(text), &known(), RULES), known());
        assert_eq!(validate_prices(&rows(text), &known, RULES).counts.same, 2);
        let late = rows("symbol,date,close\nAAPL,2026-01-05,100.25\n");
        let late = validate_prices(&late, &known, RULES);
        let Verdict::Corrected(changes) = &late.verdicts[0].verdict else {
            panic!("{:?}", late.verdicts);
        };
        assert_eq!(changes[0].to_string(), "close `100.5` → `100.25`");
        let change = late.changes.unwrap().closes[0];
        assert_eq!(change.previous, Some("100.5".parse().unwrap()));
    }

    #[test]
    fn adjusted_closes_are_converted_to_raw() {
        let closes = yahoo(&[("2026-01-05", "50.25"), ("2026-01-06", "50.5")]);
        let two = known().with_splits([split("2026-01-06", 2, 1)]);
        assert_eq!(set_closes(&closes, &two, RULES), ["100.5", "50.5"]);
        let three = known().with_splits([split("2026-01-06", 3, 2)]);
        assert_eq!(set_closes(&closes, &three, RULES), ["75.375", "50.5"]);
        let both = known().with_splits([split("2026-01-06", 3, 2), split("2026-01-07", 2, 1)]);
        assert_eq!(set_closes(&closes, &both, RULES), ["150.75", "101"]);
    }

    #[test]
    fn a_split_after_the_adjustment_day_is_ignored() {
        let announced = known().with_splits([split("2026-01-07", 4, 1)]);
        let rules = PriceRules {
            adjusted_as_of: day("2026-01-06"),
            ..RULES
        };
        let closes = yahoo(&[("2026-01-06", "100")]);
        assert_eq!(set_closes(&closes, &announced, rules), ["100"]);
    }

    #[test]
    fn a_split_does_not_correct_earlier_closes() {
        let paid = rows("symbol,date,close\nAAPL,2026-01-05,100.01\n");
        let known = after(validate_prices(&paid, &known(), RULES), known()).with_splits([split(
            "2026-01-06",
            3,
            1,
        )]);
        let adjusted = yahoo(&[("2026-01-05", "33.336666")]);
        assert_eq!(validate_prices(&adjusted, &known, RULES).counts.same, 1);
        let other = yahoo(&[("2026-01-05", "33.34")]);
        assert_eq!(validate_prices(&other, &known, RULES).counts.corrected, 1);
        let penny = rows("symbol,date,close\nAAPL,2026-01-05,0.5\n");
        let known = after(
            validate_prices(&penny, &self::known(), RULES),
            self::known(),
        )
        .with_splits([split("2026-01-06", 3, 1)]);
        let adjusted = yahoo(&[("2026-01-05", "0.166667")]);
        assert_eq!(validate_prices(&adjusted, &known, RULES).counts.same, 1);
    }

    #[test]
    fn single_precision_noise_is_not_a_correction() {
        let paid = rows("symbol,date,close\nAAPL,2026-01-05,185.64\n");
        let known = after(validate_prices(&paid, &known(), RULES), known());
        let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
        assert_eq!(validate_prices(&noisy, &known, RULES).counts.same, 1);
    }

    #[test]
    fn extra_decimals_are_rounded_and_out_of_range_closes_are_refused() {
        let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
        assert_eq!(set_closes(&noisy, &known(), RULES), ["185.63999939"]);
        let dust = rows("symbol,date,close\nAAPL,2026-01-05,0.000000001\n");
        assert!(validate_prices(&dust, &known(), RULES).is_refused());
        let vast = rows("symbol,date,close\nAAPL,2026-01-05,93000000000\n");
        assert!(validate_prices(&vast, &known(), RULES).is_refused());
    }

    #[test]
    fn a_jump_is_refused_unless_split_or_allowed() {
        let jumping = rows("symbol,date,close\nAAPL,2026-01-05,100\nAAPL,2026-01-06,4\n");
        let refused = validate_prices(&jumping, &known(), RULES);
        assert_eq!((refused.counts.added, refused.counts.invalid), (1, 1));
        let split = known().with_splits([split("2026-01-06", 25, 1)]);
        assert!(!validate_prices(&jumping, &split, RULES).is_refused());
        let allowed = PriceRules {
            jumps: Jumps::Allowed,
            ..RULES
        };
        let allowed = validate_prices(&jumping, &known(), allowed);
        let known = after(allowed, known());
        assert_eq!(validate_prices(&jumping, &known, RULES).counts.same, 2);
    }

    #[test]
    fn repeated_closes_must_agree() {
        let text = "symbol,date,close\nMSFT,2026-01-05,400\nMSFT,2026-01-05,400.0\n";
        let twice = validate_prices(&rows(text), &known(), RULES);
        assert_eq!((twice.counts.added, twice.counts.same), (1, 1));
        let other = rows(&format!("{text}MSFT,2026-01-05,401\n"));
        assert!(validate_prices(&other, &known(), RULES).is_refused());
    }
}
