//! Writes specs of worlds and scenarios as TOML, in one compact layout, and their values of one word.
//!
//! | file | does |
//! |---|---|
//! | `lenient` | reads and writes values of one word, bare or quoted, one or a list |
//! | `node` | serializes a spec to an ordered tree, without keys that are absent |
//! | `layout` | writes the tree: sections, lines and lists |

mod layout;
pub(crate) mod lenient;
mod node;

pub(crate) use layout::{inline_text, to_toml};
