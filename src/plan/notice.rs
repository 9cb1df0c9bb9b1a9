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
        text: watermark_line(plan, watermark),
    }];
    if let Some(asked) = plan.target.replaced_day() {
        let text = format!("{asked} is no session: the target is {}", plan.target.day);
        notices.push(Notice {
            level: Level::Info,
            text,
        });
    }
    let due = plan.days.iter().filter(|day| day.day <= plan.target.day);
    let seen = due.filter(|day| plan.start.contains(day.day) || !day.steps.is_empty());
    notices.extend(seen.map(day_notice));
    notices.extend(plan.days.iter().flat_map(left_behind_notice));
    notices
}

fn watermark_line(plan: &Plan, watermark: &ScopeWatermark) -> String {
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

fn day_notice(day: &DayPlan) -> Notice {
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
    let waiting: Vec<_> = [
        SkipReason::Blocked,
        SkipReason::Quarantined,
        SkipReason::OverLimit,
        SkipReason::LeftToOnboarding,
    ]
    .into_iter()
    .filter(|reason| day.skip_count(*reason) > 0)
    .map(|reason| format!("{} {reason}", day.skip_count(reason)))
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
