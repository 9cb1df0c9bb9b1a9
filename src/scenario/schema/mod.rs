//! JSON Schemas of scenarios and fixtures, for completion in editors, from the types that serde
//! reads.
//!
//! | file | does |
//! |---|---|
//! | `generate` | generates the schemas |
//! | `keys` | adds the keys that the types do not have |

mod generate;
pub(in crate::scenario) mod keys;

pub(crate) use generate::schema_of;
pub use generate::{fixture, scenario};
