//! Who asks, and what they may do: tokens for programs, sessions for people.

mod bearer;
mod failures;
mod token;

pub(in crate::serve) use bearer::{Admin, Reader};
pub(in crate::serve) use failures::FailedLogins;
pub use token::{NewToken, TokenError, new_token, revoke_token};
