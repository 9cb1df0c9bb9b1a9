//! `plimsoll job`: tests the nightly job of another program.

mod broken;
mod check;
mod command;
mod faults;
mod fuzz;
mod interrupt;
mod new;
mod read;

pub(in crate::cli) use broken::unchecked_text;
pub(in crate::cli) use command::{JobArgs, execute};
pub(in crate::cli) use fuzz::check_output;
pub(in crate::cli) use interrupt::cancel_on_interrupt;
pub(in crate::cli) use read::read_job_file;
