//! The words in which a run says what it is about to do: those of the incident's log, so that
//! an old log and a replay can be laid side by side.

use super::{DayPlan, Plan, RangeStart, ScopeWatermark, SkipReason, Watermark};

/// One line for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How loud.
    pub level: Level,
    /// What is said.
    pub text: String,
}

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for it.
    Debug,
    /// For whoever reads along.
    Info,
    /// For whoever is responsible.
    Warn,
}

/// What there is to say of a plan: from where it looks, then each of its days on which there is
/// something to do or to skip, then who is left behind. `watermark` is that of the scope before
/// the plan is carried out; a policy that has its own speaks of that instead.
pub fn notices(plan: &Plan, watermark: &ScopeWatermark) -> Vec<Notice> {
    let mut notices = vec![Notice {
        level: Level::Info,
        text: from_where(plan, watermark),
    }];
    if let Some(asked) = plan.target.replaced() {
        let text = format!("{asked} is no session: the target is {}", plan.target.day);
        notices.push(Notice {
            level: Level::Info,
            text,
        });
    }
    let due = plan.days.iter().filter(|day| day.day <= plan.target.day);
    let seen = due.filter(|day| plan.start.reaches(day.day) || !day.steps.is_empty());
    notices.extend(seen.map(of_day));
    notices.extend(plan.days.iter().flat_map(left_behind));
    notices
}

fn from_where(plan: &Plan, watermark: &ScopeWatermark) -> String {
    let whose = match plan.policy.watermark {
        Watermark::GlobalMax => "newest snapshot of any portfolio",
        Watermark::MinOfMax | Watermark::None => "most lagging portfolio",
        Watermark::BeforeTarget => "the day before the target",
    };
    let day = match plan.start {
        RangeStart::Unbounded => watermark.to_string(),
        RangeStart::FirstRun => "none, so this is a first run".to_owned(),
        RangeStart::After(day) => day.to_string(),
    };
    format!("System watermark ({whose}): {day}")
}

fn of_day(day: &DayPlan) -> Notice {
    let done = day.skipped(SkipReason::Complete) + day.skipped(SkipReason::HiddenBySnapshot);
    if !day.steps.is_empty() {
        let steps = day.step_count();
        let text = format!(
            "Processing {}: {steps} portfolios need updates ({done} already have snapshots)",
            day.day
        );
        let level = Level::Info;
        return Notice { level, text };
    }
    let waiting: Vec<_> = [
        SkipReason::Blocked,
        SkipReason::Quarantined,
        SkipReason::OverLimit,
        SkipReason::LeftToOnboarding,
    ]
    .into_iter()
    .filter(|reason| day.skipped(*reason) > 0)
    .map(|reason| format!("{} {reason}", day.skipped(reason)))
    .collect();
    let (level, why) = match (waiting.is_empty(), done) {
        (false, _) => (Level::Info, waiting.join(", ")),
        (true, 0) => (Level::Debug, "no portfolio is due".to_owned()),
        (true, _) => (
            Level::Debug,
            "all portfolios already have snapshots".to_owned(),
        ),
    };
    Notice {
        level,
        text: format!("Skipping {}: {why}", day.day),
    }
}

fn left_behind(day: &DayPlan) -> Option<Notice> {
    let reasons = [SkipReason::HiddenByWatermark, SkipReason::HiddenBySnapshot];
    let counts = reasons
        .into_iter()
        .filter(|reason| day.skipped(*reason) > 0);
    let counts: Vec<_> = counts.map(|r| format!("{} {r}", day.skipped(r))).collect();
    (!counts.is_empty()).then(|| Notice {
        level: Level::Warn,
        text: format!("Left behind on {}: {}", day.day, counts.join(", ")),
    })
}
