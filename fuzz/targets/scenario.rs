#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll::scenario::script::{FixtureError, Scenario};

fuzz_target!(|text: &str| {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    if let Err(error) = Scenario::read("fuzz", text, &no_fixture) {
        drop(error.to_string());
    }
});
