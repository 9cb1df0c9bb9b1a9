//! The lots of one holding.
//!
//! - [`split_ratio`]: exact quantities of lots through a chain of splits
//! - [`lots`]: opening, closing and splitting lots

#[expect(
    clippy::module_inception,
    reason = "the file is named after the type that it defines"
)]
mod lots;
mod split_ratio;

pub use lots::Lots;
