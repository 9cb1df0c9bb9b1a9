//! Authentication and authorization: tokens for programs, login sessions for people.

mod bearer;
mod current_user;
mod failed_logins;
mod login;
mod token;

pub(in crate::serve) use bearer::{Admin, AnonymousOrReader, Reader, reject_token};
pub(in crate::serve) use current_user::{
    CurrentUser, PageViewer, check_form_origin, cookie_value, login_cookie,
};
pub(in crate::serve) use failed_logins::FailedLogins;
pub(in crate::serve) use login::{LoginSession, LoginSessions};
pub(in crate::serve) use token::verify_token;
pub use token::{NewToken, TokenError, new_token, revoke_token};
