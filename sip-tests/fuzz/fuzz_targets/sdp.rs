//! Fuzzes the reader of SDP bodies and our answers to them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("sdp").run)(octets));
