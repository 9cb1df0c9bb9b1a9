//! One crash again, told in detail: what was done last, what was pending and what of it was
//! left, and what does not hold.

use serde::Serialize;

use super::course::Course;
use super::explore::{ExploreTerms, explore_images};
use super::finding::{Finding, Token};
use super::image::{Extent, Image};
use super::subject::{SimError, Subject};
use crate::abreast::processors;
use crate::store::disk::{Aftermath, Operation};

/// A crash, told in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Replayed {
    /// Which step of the scenario the run is.
    pub step: String,
    /// What is asked for.
    pub what: String,
    /// How many operations the run makes in all.
    pub operations: usize,
    /// The last operation before the crash, if any came before it.
    pub last: Option<String>,
    /// The operations that a power cut could undo, in order.
    pub pending: Vec<Pending>,
    /// What does not hold.
    pub findings: Vec<Finding>,
}

/// An operation that a power cut could undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// What was done.
    pub operation: String,
    /// Whether it was left.
    pub left: Left,
}

/// What was left of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// All of it.
    Whole,
    /// Some of its sectors.
    Torn,
    /// Nothing.
    Nothing,
}

/// Sees a crash again.
///
/// # Errors
///
/// Where the run has no such point, beside what simulations fail of.
pub fn replay(subject: &Subject, token: &Token) -> Result<Replayed, SimError> {
    let course = Course::of(subject)?;
    let operations = course.log.len();
    if token.point > operations {
        return Err(SimError::NoPoint {
            point: token.point,
            operations,
        });
    }
    let terms = ExploreTerms {
        seed: token.seed,
        extent: Extent {
            exhaustive: 0,
            samples: 0,
        },
        jobs: processors(),
    };
    let choose = |point: usize, _: &[Operation], _| {
        let asked = (point == token.point && token.image != Image::Killed).then_some(token.image);
        std::iter::once(Image::Killed).chain(asked).collect()
    };
    let mut explored = explore_images(subject, &course, &terms, &choose)?;
    let meant = |one: &Finding| one.token.point == token.point && one.token.image == token.image;
    explored.findings.retain(meant);
    Ok(Replayed {
        step: explored.step,
        what: explored.what,
        operations,
        last: token
            .point
            .checked_sub(1)
            .map(|last| words(&course.log[last])),
        pending: pending(&course, token),
        findings: explored.findings,
    })
}

fn pending(course: &Course, token: &Token) -> Vec<Pending> {
    let mut aftermath = Aftermath::of(&course.before);
    let passed = course.log[..token.point].iter();
    passed.for_each(|operation| aftermath.pass(operation));
    let kept = token
        .image
        .kept(aftermath.pending(), token.point, token.seed);
    let pending = aftermath.pending().iter().enumerate();
    let told = pending.map(|(at, operation)| Pending {
        operation: words(operation),
        left: match kept.torn {
            Some((torn, _)) if torn == at => Left::Torn,
            _ if kept.whole.get(at) == Some(&true) => Left::Whole,
            _ => Left::Nothing,
        },
    });
    told.collect()
}

fn words(operation: &Operation) -> String {
    match operation {
        Operation::Create { file, name } => format!("make file {} as `{name}`", file.0),
        Operation::Write { file, at, bytes } => {
            format!("write {} bytes at {at} of file {}", bytes.len(), file.0)
        }
        Operation::Truncate { file, length } => format!("cut file {} to {length} bytes", file.0),
        Operation::Sync { file, .. } => format!("sync file {}", file.0),
        Operation::Delete { name, .. } => format!("delete `{name}`"),
        Operation::Rename { from, to } => format!("rename `{from}` to `{to}`"),
    }
}
