//! Resolves the ids and names of portfolios, and the keys that a portfolio inherits by `like`.

use std::collections::BTreeMap;

use super::error::{Nearest, WorldError};
use super::names::expand;
use super::spec::PortfolioSpec;
use crate::domain::PortfolioKey;

/// The id and the name of a portfolio, which need not correspond.
pub(super) struct PortfolioIdentity {
    pub(super) key: PortfolioKey,
    pub(super) name: String,
}

/// Returns the identity of a portfolio. By default the label is its name, and its id derives from
/// the label.
pub(super) fn identify(
    label: String,
    spec: &PortfolioSpec,
) -> Result<PortfolioIdentity, WorldError> {
    let key = match &spec.id {
        None => PortfolioKey::from_name(&label),
        Some(id) => id.parse().map_err(|_| WorldError::InvalidId {
            portfolio: label.clone(),
            id: id.clone(),
        })?,
    };
    let name = spec.name.clone().unwrap_or(label);
    Ok(PortfolioIdentity { key, name })
}

/// Returns the portfolios, each merged over the one that its `like` names. A range of portfolios
/// with an `id` or a `name` is an error.
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
    // Only portfolios without `like` can be inherited from, which excludes chains and cycles.
    let models: BTreeMap<String, PortfolioSpec> = lines
        .iter()
        .filter(|(_, line)| line.like.is_none())
        .cloned()
        .collect();
    let merged = lines.into_iter().map(|(names, line)| {
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
    merged.collect()
}
