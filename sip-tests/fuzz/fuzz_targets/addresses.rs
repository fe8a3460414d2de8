//! Fuzzes the reader of name-addr, Via, Contact and their parameters.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("addresses").run)(octets));
