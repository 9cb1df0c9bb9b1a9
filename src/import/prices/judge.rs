//! From prices as a file has them to raw closes, and those against the books.

use std::collections::BTreeMap;

use super::jump::{Jump, Origin, Point, jumps};
use super::raw::{Raw, raw};
use super::read::PriceRows;
use crate::domain::{CloseChange, Day, Price, SecurityId};
use crate::import::{Change, Flaw, Judged, Known, LineVerdict, Reason, Verdict};

/// Whether a close may be absurdly far from its neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jumps {
    /// A move of more than 20-fold that no known split explains is invalid.
    Refused,
    /// Any move is taken.
    Allowed,
}

/// By which rules prices are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRules {
    /// Whether a close may be absurdly far from its neighbour.
    pub jumps: Jumps,
    /// The day as of which split-adjusted closes are adjusted, usually that of the download: a
    /// later split, though known already, is not in their numbers.
    pub adjusted_as_of: Day,
}

/// What a file of prices changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceChanges {
    /// Closes to set, in the file's order.
    pub closes: Vec<CloseChange>,
}

/// Judges a file of prices. `known` holds all securities, the splits of those in the file, and
/// their closes in and around its [days](PriceRows::spans).
pub fn judge_prices(rows: &PriceRows, known: &Known, rules: PriceRules) -> Judged<PriceChanges> {
    let mut series: Series = BTreeMap::new();
    let mut outcomes: Vec<Result<Outcome, Vec<Flaw>>> = Vec::with_capacity(rows.lines.len());
    for (index, line) in rows.lines.iter().enumerate() {
        let raw = match &line.row {
            Ok(row) => raw(row, rows.basis, known, rules.adjusted_as_of),
            Err(flaws) => Err(flaws.clone()),
        };
        let outcome = raw.and_then(|raw| {
            let days = series.entry(raw.security).or_default();
            match days.get(&raw.day) {
                Some(&(first, price)) => repeats(rows.lines[first].number, price, raw.price),
                None => {
                    days.insert(raw.day, (index, raw.price));
                    Ok(Outcome::Says(raw))
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
    Judged::of(&rows.file, verdicts, changes)
}

/// For each security, the file's raw close of each day and the index of its row.
type Series = BTreeMap<SecurityId, BTreeMap<Day, (usize, Price)>>;

/// What a sound row comes to.
enum Outcome {
    /// It is the first to speak of its close.
    Says(Raw),
    /// An earlier row said the same.
    Repeats,
}

impl Outcome {
    fn verdict(self, known: &Known, changes: &mut PriceChanges) -> Verdict {
        let Self::Says(raw) = self else {
            return Verdict::Same;
        };
        let (was, price) = raw.against(known);
        let verdict = match was {
            Some(was) if was == price => return Verdict::Same,
            Some(was) => Verdict::Corrected(Vec::from_iter(Change::of("close", &was, &price))),
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

fn repeats(line: u64, said: Price, says: Price) -> Result<Outcome, Vec<Flaw>> {
    match Change::of("close", &said, &says) {
        None => Ok(Outcome::Repeats),
        Some(change) => {
            let differs = vec![change];
            let reason = Reason::Contradicts { line, differs };
            Err(vec![Flaw::of_row(reason)])
        }
    }
}

/// Makes the absurd closes invalid. A close that the books have already is not in question.
fn refuse_jumps(series: &Series, known: &Known, outcomes: &mut [Result<Outcome, Vec<Flaw>>]) {
    for (security, days) in series {
        let mut points: BTreeMap<Day, Point> = BTreeMap::new();
        for (&day, &close) in known.closes(*security).into_iter().flatten() {
            let from = Origin::Books;
            points.insert(day, Point { day, close, from });
        }
        for (&day, &(index, close)) in days {
            let from = match &outcomes[index] {
                Ok(Outcome::Says(raw)) if raw.is_known(known) => {
                    continue;
                }
                _ => Origin::File(index),
            };
            points.insert(day, Point { day, close, from });
        }
        let points: Vec<Point> = points.into_values().collect();
        let units = |after, upto| known.units_between(*security, after, upto);
        for Jump {
            index,
            close,
            neighbour,
        } in jumps(&points, units)
        {
            let reason = Reason::Jump {
                close,
                neighbour: neighbour.close,
                on: neighbour.day,
            };
            outcomes[index] = Err(vec![Flaw::at("close", close, reason)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Split;
    use crate::import::prices::{PriceOptions, read_prices};
    use crate::import::sample::{day, security};

    const RULES: PriceRules = PriceRules {
        jumps: Jumps::Refused,
        adjusted_as_of: Day::MAX,
    };

    fn known() -> Known {
        Known::default().with_securities([security(1, "AAPL"), security(2, "MSFT")])
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
        read_prices("AAPL.csv", text.as_bytes(), &PriceOptions::default()).unwrap()
    }

    fn yahoo(closes: &[(&str, &str)]) -> PriceRows {
        let row = |(day, close): &(&str, &str)| format!("{day},1,1,1,{close},1,9\n");
        let body: String = closes.iter().map(row).collect();
        rows(&format!(
            "Date,Open,High,Low,Close,Adj Close,Volume\n{body}"
        ))
    }

    /// The raw closes that a file sets.
    fn set(rows: &PriceRows, known: &Known, rules: PriceRules) -> Vec<String> {
        let changes = judge_prices(rows, known, rules).changes.unwrap();
        let closes = changes.closes.iter();
        closes.map(|change| change.price.to_string()).collect()
    }

    fn after(judged: Judged<PriceChanges>, known: Known) -> Known {
        let closes = judged.changes.unwrap().closes.into_iter();
        known.with_closes(closes.map(|change| (change.security, change.day, change.price)))
    }

    #[test]
    fn a_second_import_is_all_the_same_and_another_close_is_a_correction() {
        let text = "symbol,date,close\nAAPL,2026-01-05,100.5\nAAPL,2026-01-06,101\n";
        let known = after(judge_prices(&rows(text), &known(), RULES), known());
        assert_eq!(judge_prices(&rows(text), &known, RULES).counts.same, 2);
        let late = rows("symbol,date,close\nAAPL,2026-01-05,100.25\n");
        let late = judge_prices(&late, &known, RULES);
        let Verdict::Corrected(changes) = &late.verdicts[0].verdict else {
            panic!("{:?}", late.verdicts);
        };
        assert_eq!(changes[0].to_string(), "close `100.5` → `100.25`");
        let change = late.changes.unwrap().closes[0];
        assert_eq!(change.previous, Some("100.5".parse().unwrap()));
    }

    #[test]
    fn adjusted_closes_are_turned_back_into_what_was_paid() {
        let closes = yahoo(&[("2026-01-05", "50.25"), ("2026-01-06", "50.5")]);
        let two = known().with_splits([split("2026-01-06", 2, 1)]);
        assert_eq!(set(&closes, &two, RULES), ["100.5", "50.5"]);
        let three = known().with_splits([split("2026-01-06", 3, 2)]);
        assert_eq!(set(&closes, &three, RULES), ["75.375", "50.5"]);
        let both = known().with_splits([split("2026-01-06", 3, 2), split("2026-01-07", 2, 1)]);
        assert_eq!(set(&closes, &both, RULES), ["150.75", "101"]);
    }

    #[test]
    fn a_split_after_the_download_is_not_in_the_numbers() {
        let announced = known().with_splits([split("2026-01-07", 4, 1)]);
        let rules = PriceRules {
            adjusted_as_of: day("2026-01-06"),
            ..RULES
        };
        let closes = yahoo(&[("2026-01-06", "100")]);
        assert_eq!(set(&closes, &announced, rules), ["100"]);
    }

    #[test]
    fn a_split_corrects_no_close_before_it() {
        let paid = rows("symbol,date,close\nAAPL,2026-01-05,100.01\n");
        let known = after(judge_prices(&paid, &known(), RULES), known()).with_splits([split(
            "2026-01-06",
            3,
            1,
        )]);
        let adjusted = yahoo(&[("2026-01-05", "33.336666")]);
        assert_eq!(judge_prices(&adjusted, &known, RULES).counts.same, 1);
        let other = yahoo(&[("2026-01-05", "33.34")]);
        assert_eq!(judge_prices(&other, &known, RULES).counts.corrected, 1);
        let penny = rows("symbol,date,close\nAAPL,2026-01-05,0.5\n");
        let known = after(judge_prices(&penny, &self::known(), RULES), self::known())
            .with_splits([split("2026-01-06", 3, 1)]);
        let adjusted = yahoo(&[("2026-01-05", "0.166667")]);
        assert_eq!(judge_prices(&adjusted, &known, RULES).counts.same, 1);
    }

    #[test]
    fn the_noise_of_single_precision_is_no_correction() {
        let paid = rows("symbol,date,close\nAAPL,2026-01-05,185.64\n");
        let known = after(judge_prices(&paid, &known(), RULES), known());
        let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
        assert_eq!(judge_prices(&noisy, &known, RULES).counts.same, 1);
    }

    #[test]
    fn more_decimals_than_are_kept_are_rounded_and_too_few_are_refused() {
        let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
        assert_eq!(set(&noisy, &known(), RULES), ["185.63999939"]);
        let dust = rows("symbol,date,close\nAAPL,2026-01-05,0.000000001\n");
        assert!(judge_prices(&dust, &known(), RULES).is_refused());
        let vast = rows("symbol,date,close\nAAPL,2026-01-05,93000000000\n");
        assert!(judge_prices(&vast, &known(), RULES).is_refused());
    }

    #[test]
    fn an_absurd_price_is_refused_unless_it_is_split_or_allowed() {
        let absurd = rows("symbol,date,close\nAAPL,2026-01-05,100\nAAPL,2026-01-06,4\n");
        let refused = judge_prices(&absurd, &known(), RULES);
        assert_eq!((refused.counts.added, refused.counts.invalid), (1, 1));
        let split = known().with_splits([split("2026-01-06", 25, 1)]);
        assert!(!judge_prices(&absurd, &split, RULES).is_refused());
        let allowed = PriceRules {
            jumps: Jumps::Allowed,
            ..RULES
        };
        let allowed = judge_prices(&absurd, &known(), allowed);
        let known = after(allowed, known());
        assert_eq!(judge_prices(&absurd, &known, RULES).counts.same, 2);
    }

    #[test]
    fn a_close_said_twice_must_be_the_same() {
        let text = "symbol,date,close\nMSFT,2026-01-05,400\nMSFT,2026-01-05,400.0\n";
        let twice = judge_prices(&rows(text), &known(), RULES);
        assert_eq!((twice.counts.added, twice.counts.same), (1, 1));
        let other = rows(&format!("{text}MSFT,2026-01-05,401\n"));
        assert!(judge_prices(&other, &known(), RULES).is_refused());
    }
}
