//! Fuzzes the reader of RTCP compounds.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("rtcp").run)(octets));
