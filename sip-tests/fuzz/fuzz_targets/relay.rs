//! Fuzzes the reader of whatever comes to a media port, STUN and DTLS among it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| (sip_tests::fuzzing::target("relay").run)(octets));
