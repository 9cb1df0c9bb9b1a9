//! Reads engine settings: `[configuration]` and the step `configure`.

use chrono::TimeDelta;

use super::error::ScenarioError;
use super::spec::{CommitGrainSpec, ConfigurationSpec};
use crate::domain::Calendar;
use crate::engine::{CommitGrain, PriceWait, Settings};

/// Returns the settings of the engine on a calendar. By default a transaction holds one cell, so
/// that a run can crash between any two cells.
pub(super) fn read_settings(
    spec: &ConfigurationSpec,
    calendar: &Calendar,
) -> Result<Settings, ScenarioError> {
    let base = Settings {
        calendar: calendar.clone(),
        batch_cells: std::num::NonZeroUsize::MIN,
        ..Settings::new_york()
    };
    with_overrides(&base, spec)
}

/// Returns `base` with the keys of `spec` replaced.
pub(super) fn with_overrides(
    base: &Settings,
    spec: &ConfigurationSpec,
) -> Result<Settings, ScenarioError> {
    let seconds = at_least_one("lease-seconds", spec.lease_seconds)?;
    let minutes = spec.grace_minutes.map(i64::from);
    Ok(Settings {
        grace: minutes.map_or(base.grace, TimeDelta::minutes),
        price_wait: PriceWait {
            min_priced_share: share(
                "least-share",
                spec.least_share,
                base.price_wait.min_priced_share,
            )?,
            sessions: spec.wait_sessions.unwrap_or(base.price_wait.sessions),
            dead_after_sessions: spec
                .dead_after
                .unwrap_or(base.price_wait.dead_after_sessions),
            max_unpriced_share: share(
                "unpriced-above",
                spec.unpriced_above,
                base.price_wait.max_unpriced_share,
            )?,
        },
        quarantine_after: at_least_one("quarantine-after", spec.quarantine_after)?
            .unwrap_or(base.quarantine_after),
        lease: seconds.map_or(base.lease, |seconds| TimeDelta::seconds(seconds.into())),
        batch_cells: spec.batch_cells.unwrap_or(base.batch_cells),
        commit: match spec.commit {
            None => base.commit,
            Some(CommitGrainSpec::Cells) => CommitGrain::Cells,
            Some(CommitGrainSpec::PerPhase) => CommitGrain::Phases,
        },
        model: spec.risk.clone().or_else(|| base.model.clone()),
        ..base.clone()
    })
}

fn share(key: &'static str, value: Option<f64>, base: f64) -> Result<f64, ScenarioError> {
    match value {
        Some(share) if !(0.0..=1.0).contains(&share) => Err(ScenarioError::Setting {
            key,
            value: share.to_string(),
            expected: "it must be a share from 0 to 1",
        }),
        value => Ok(value.unwrap_or(base)),
    }
}

fn at_least_one(key: &'static str, value: Option<u32>) -> Result<Option<u32>, ScenarioError> {
    match value {
        Some(0) => Err(ScenarioError::Setting {
            key,
            value: "0".to_owned(),
            expected: "it must be 1 or more",
        }),
        value => Ok(value),
    }
}
