//! What a request asks for: its parameters, read strictly, and what they mean.
//!
//! A parameter that is not known is refused: `portolio_id=A` must not become everybody.

mod form;
mod pages;
mod parameters;
mod place;
mod selection;

pub(super) use form::Form;
pub(super) use pages::Limit;
pub(super) use parameters::{Parameters, Query};
pub(super) use place::Place;
pub(super) use selection::Selection;
