#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll::capture::Map;

fuzz_target!(|text: &str| {
    if let Err(error) = Map::parse(text) {
        drop(error.to_string());
    }
});
