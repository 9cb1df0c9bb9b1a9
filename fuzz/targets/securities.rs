#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll::import::apply::FileKind;

fuzz_target!(|data: &[u8]| fuzz_support::import(FileKind::Securities, data));
