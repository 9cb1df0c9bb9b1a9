//! Resolves the ids and names of portfolios.

use super::error::WorldError;
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
