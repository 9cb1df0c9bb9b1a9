//! Who asks, and what they may do: tokens for programs, visits for people.

mod bearer;
mod failures;
mod token;
mod visit;
mod visitor;

pub(in crate::serve) use bearer::{Admin, Onlooker, Reader, refuse};
pub(in crate::serve) use failures::FailedLogins;
pub(in crate::serve) use token::recognise;
pub use token::{NewToken, TokenError, new_token, revoke_token};
pub(in crate::serve) use visit::{Visit, Visits};
pub(in crate::serve) use visitor::{Visitor, Welcome, cookie, cookie_of, own_form};
