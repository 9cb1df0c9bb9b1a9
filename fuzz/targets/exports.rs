#![no_main]
//! Exports of other programs, each read by the shipped profile that fits.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz_support::import_export(data));
