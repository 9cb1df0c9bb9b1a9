//! What the portfolios of a line are called, and what a line takes over from another.

use std::collections::BTreeMap;

use super::error::{Nearest, WorldError};
use super::names::expand;
use super::spec::PortfolioSpec;
use crate::domain::PortfolioKey;

/// A portfolio's id and name.
pub(super) struct PortfolioIdentity {
    pub(super) key: PortfolioKey,
    pub(super) name: String,
}

/// What the portfolio of a label is called, by its line.
pub(super) fn identify(
    label: String,
    written: &PortfolioSpec,
) -> Result<PortfolioIdentity, WorldError> {
    let key = match &written.id {
        None => PortfolioKey::from_name(&label),
        Some(id) => id.parse().map_err(|_| WorldError::InvalidId {
            portfolio: label.clone(),
            id: id.clone(),
        })?,
    };
    let name = written.name.clone().unwrap_or(label);
    Ok(PortfolioIdentity { key, name })
}

/// The lines, each with what it takes over from the one that it is to be like. Those that name
/// several portfolios are refused an id or a name.
pub(super) fn apply_like(
    lines: Vec<(String, PortfolioSpec)>,
) -> Result<Vec<(String, PortfolioSpec)>, WorldError> {
    for (names, line) in &lines {
        let is_own = line.id.is_some() || line.name.is_some();
        if is_own && expand(names).is_none_or(|named| named != [names.as_str()]) {
            return Err(WorldError::SharedIdentity(names.clone()));
        }
    }
    if lines.iter().all(|(_, line)| line.like.is_none()) {
        return Ok(lines);
    }
    let models: BTreeMap<String, PortfolioSpec> = lines
        .iter()
        .filter(|(_, line)| line.like.is_none())
        .cloned()
        .collect();
    let taken_over = lines.into_iter().map(|(names, line)| {
        let Some(like) = &line.like else {
            return Ok((names, line));
        };
        match models.get(like) {
            Some(model) => {
                let model = PortfolioSpec {
                    id: None,
                    name: None,
                    ..model.clone()
                };
                Ok((names, model.overridden_by(line)))
            }
            None => Err(WorldError::InvalidLike {
                nearest: Nearest::find(like, models.keys().map(String::as_str)),
                portfolio: names,
                like: like.clone(),
            }),
        }
    });
    taken_over.collect()
}
