//! The lots of one holding.
//!
//! - [`cost_basis`]: the rules of a portfolio
//! - [`chosen`]: the lots that a transaction names
//! - [`lot`]: a lot, its origin, and the part that left
//! - [`closing`]: how much of each lot a movement closes
//! - [`fractions`]: what rounding takes from a lot
//! - [`split_ratio`]: exact quantities of lots through a chain of splits
//! - [`lots`]: opening, closing and splitting lots

mod chosen;
mod closing;
mod cost_basis;
mod fractions;
mod lot;
#[expect(
    clippy::module_inception,
    reason = "the file is named after the type that it defines"
)]
mod lots;
mod split_ratio;

pub use chosen::{LotChoice, LotChoices, LotChoicesError};
pub use cost_basis::{CostBasis, FeeTreatment, LotMethod};
pub use fractions::LotFraction;
pub use lot::{CarriedLot, ChosenLot, ClosedLot, LotOrigin};
pub use lots::{ClosedLots, Lots, Trade};
