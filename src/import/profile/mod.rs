//! Reads the exports of brokers and of other portfolio programs by profiles: TOML files that say how
//! their columns become those of a file of transactions.
//!
//! | file | holds |
//! |---|---|
//! | `spec`, `text_source`, `formula`, `pattern` | profiles, and the small language in them |
//! | `columns` | the columns that a profile reads |
//! | `shipped` | the profiles of the program and of a user's folder; finds that of a file |
//! | `source_table`, `row`, `dates` | the header, the rows and their fields |
//! | `document`, `records` | JSON and XML as rows |
//! | `translate`, `fields`, `ids` | rows → transactions with stable ids |
//! | `proposals` | what the rows say about securities and portfolios |
//! | `propose`, `words` | a profile for a file, to be completed by hand |
//! | `profiles` | the profiles that come with the program |

mod columns;
mod dates;
mod document;
mod fields;
mod formula;
mod ids;
mod pattern;
mod proposals;
mod propose;
mod records;
mod row;
mod shipped;
mod source_table;
mod spec;
mod text_source;
mod translate;
mod words;

pub(super) use ids::id_from_fields;
pub(super) use proposals::Proposals;
pub use propose::propose_profile;
pub use shipped::{Profiles, ProfilesError};
pub use spec::{Profile, ProfileError};
pub(super) use translate::PortfolioNames;
