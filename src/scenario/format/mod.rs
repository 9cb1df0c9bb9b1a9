//! Writes specs of worlds and scenarios as TOML, in one compact layout.
//!
//! | file | does |
//! |---|---|
//! | `node` | serializes a spec to an ordered tree, without keys that are absent |
//! | `layout` | writes the tree: sections, lines and lists |

mod layout;
mod node;

pub(crate) use layout::{inline_text, to_toml};
pub(crate) use node::LITERAL;
