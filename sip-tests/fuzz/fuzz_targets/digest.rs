//! Fuzzes the reader of digest challenges and credentials.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("digest").run)(octets));
