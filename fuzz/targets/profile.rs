#![no_main]
//! Profiles of exports, and the profile that is proposed for a file: it is valid, unless no row is of a
//! known kind, so that all of its rules are left to the user.

use libfuzzer_sys::fuzz_target;
use plimsoll::import::profile::{Profile, propose_profile};

fuzz_target!(|text: &str| {
    if let Err(error) = Profile::parse(text) {
        drop(error.to_string());
    }
    if let Ok(proposed) = propose_profile("fuzz", text.as_bytes())
        && proposed.contains("\n[[rows]]\n")
    {
        let parsed = Profile::parse(&proposed);
        parsed.unwrap_or_else(|error| panic!("{error}: {proposed}"));
    }
});
