//! Reads the attributes that a security of a world had before they changed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{AssetClass, DatedAttributes, Day, FormerAttributes, Quantity, Security};
use crate::scenario::format::lenient::Lenient;

/// Former attributes of a security; those left out are as they were afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FormerAttributesSpec {
    /// Its asset class until then.
    pub(crate) class: Option<AssetClass>,
    /// Its sector; an empty text for none.
    pub(crate) sector: Option<String>,
    /// Units of the underlying in one unit of the security.
    pub(crate) multiplier: Option<Lenient<Quantity>>,
}

/// Returns the attributes before those of a security, from the last ones back.
pub(super) fn former_attributes(
    security: &Security,
    spec: &BTreeMap<Day, FormerAttributesSpec>,
) -> Vec<FormerAttributes> {
    let mut after = DatedAttributes {
        class: security.class,
        sector: security.sector.clone(),
        multiplier: security.multiplier,
    };
    let former = spec.iter().rev().map(|(until, spec)| {
        after = DatedAttributes {
            class: spec.class.unwrap_or(after.class),
            sector: spec.sector.clone().unwrap_or(after.sector.clone()),
            multiplier: spec.multiplier.map_or(after.multiplier, |units| units.0),
        };
        FormerAttributes {
            until: *until,
            attributes: after.clone(),
        }
    });
    let mut former: Vec<_> = former.collect();
    former.reverse();
    former
}
