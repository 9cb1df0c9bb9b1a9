//! What a request asks for: its parameters, read strictly, and what they mean.
//!
//! A parameter that is not known is refused: `portolio_id=A` must not become everybody.

mod form;
mod limit;
mod parameters;
mod path_params;
mod selection;

pub(super) use form::Form;
pub(super) use limit::Limit;
pub(super) use parameters::{Parameters, Query};
pub(super) use path_params::PathParams;
pub(super) use selection::Selection;
