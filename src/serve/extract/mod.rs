//! Request extractors: parameters, forms and path segments, read strictly.
//!
//! Unknown parameters are refused: a misspelt `portolio_id=A` must not become a run of all
//! portfolios.

mod body;
mod fields;
mod form;
mod limit;
mod parameters;
mod selection;

pub(super) use fields::Fields;
pub(super) use form::Form;
pub(super) use limit::Limit;
pub(super) use parameters::{NoParameters, Parameters, PathParams, Query};
pub(super) use selection::{plan_selection, run_selection};
