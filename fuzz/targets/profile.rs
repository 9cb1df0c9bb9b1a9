#![no_main]
//! Profiles of exports, and the profile that is proposed for a file: it is valid.

use libfuzzer_sys::fuzz_target;
use plimsoll::import::profile::{Profile, propose_profile};

fuzz_target!(|text: &str| {
    if let Err(error) = Profile::parse(text) {
        drop(error.to_string());
    }
    if let Ok(proposed) = propose_profile("fuzz", text.as_bytes()) {
        let parsed = Profile::parse(&proposed);
        parsed.unwrap_or_else(|error| panic!("{error}: {proposed}"));
    }
});
