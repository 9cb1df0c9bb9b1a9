#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll::domain::Calendar;

fuzz_target!(|text: &str| {
    if let Err(error) = Calendar::from_toml(text) {
        drop(error.to_string());
    }
});
