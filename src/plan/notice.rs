//! Renders a plan as log lines. They quote the log of the incident's job word for word, so that an
//! old log and a replay can be compared line by line.

use super::plan::{DayPlan, Plan};
use super::policy::Watermark;
use super::range_start::RangeStart;
use super::reason::SkipReason;
use super::watermark::ScopeWatermark;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Severity of the line.
    pub level: Level,
    /// The line, without level and timestamp.
    pub text: String,
}

/// The severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Detail that is shown on request only.
    Debug,
    /// Progress of a run.
    Info,
    /// A condition that an operator should look into.
    Warn,
}

/// Returns the log lines of a plan: the watermark, then a note if the requested target is not a
/// session, then each due day that the policy looks at or that has steps, then the cells left
/// behind. `watermark` is that of the scope before the run; a policy with a watermark of its own
/// prints that instead.
pub fn notices(plan: &Plan, watermark: &ScopeWatermark) -> Vec<Notice> {
    let mut notices = vec![Notice {
        level: Level::Info,
        text: watermark_line(plan, watermark),
    }];
    if let Some(requested) = plan.target.replaced_day() {
        let target = plan.target.day;
        let text = format!("{requested} is not a session: the target is {target}");
        notices.push(Notice {
            level: Level::Info,
            text,
        });
    }
    let due = plan.days.iter().filter(|day| day.day <= plan.target.day);
    // The job had no line for a day before its watermark. A day with steps of newcomers has one.
    let visible = due.filter(|day| plan.start.contains(day.day) || !day.steps.is_empty());
    notices.extend(visible.map(day_notice));
    notices.extend(plan.days.iter().flat_map(left_behind_notice));
    notices
}

fn watermark_line(plan: &Plan, watermark: &ScopeWatermark) -> String {
    let kind = match plan.policy.watermark {
        Watermark::GlobalMax => "newest snapshot of any portfolio",
        Watermark::MinOfMax | Watermark::None => "most lagging portfolio",
        Watermark::BeforeTarget => "the day before the target",
    };
    let day = match plan.start {
        RangeStart::Unbounded => watermark.to_string(),
        RangeStart::FirstRun => "none, so this is a first run".to_owned(),
        RangeStart::After(day) => day.to_string(),
    };
    format!("System watermark ({kind}): {day}")
}

fn day_notice(day: &DayPlan) -> Notice {
    // The incident's job counted every portfolio with a snapshot row, complete or not.
    let done = day.skip_count(SkipReason::Complete) + day.skip_count(SkipReason::HiddenBySnapshot);
    if !day.steps.is_empty() {
        let steps = day.step_count();
        let text = format!(
            "Processing {}: {steps} portfolios need updates ({done} already have snapshots)",
            day.day
        );
        let level = Level::Info;
        return Notice { level, text };
    }
    let open: Vec<_> = [
        SkipReason::Blocked,
        SkipReason::Unpriced,
        SkipReason::Quarantined,
        SkipReason::OverLimit,
        SkipReason::LeftToOnboarding,
    ]
    .into_iter()
    .filter(|reason| day.skip_count(*reason) > 0)
    .map(|reason| format!("{} {reason}", day.skip_count(reason)))
    .collect();
    let (level, reason) = match (open.is_empty(), done) {
        (false, _) => (Level::Info, open.join(", ")),
        (true, 0) => (Level::Debug, "no portfolio is due".to_owned()),
        (true, _) => (
            Level::Debug,
            "all portfolios already have snapshots".to_owned(),
        ),
    };
    Notice {
        level,
        text: format!("Skipping {}: {reason}", day.day),
    }
}

fn left_behind_notice(day: &DayPlan) -> Option<Notice> {
    let reasons = [SkipReason::HiddenByWatermark, SkipReason::HiddenBySnapshot];
    let counts = reasons
        .into_iter()
        .filter(|reason| day.skip_count(*reason) > 0);
    let counts: Vec<_> = counts
        .map(|r| format!("{} {r}", day.skip_count(r)))
        .collect();
    (!counts.is_empty()).then(|| Notice {
        level: Level::Warn,
        text: format!("Left behind on {}: {}", day.day, counts.join(", ")),
    })
}
