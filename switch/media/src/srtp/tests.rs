use base::limits::SRTP_STREAMS;
use base::media::{MasterKey, StreamKeys, Suite};
use proptest::prelude::*;

use super::cipher::{Cipher, Which};
use super::derive::{Deriver, Packets, Purpose};
use super::{Guard, ROOM, Rejected};

const SUITES: [Suite; 4] =
    [Suite::AesCm128Sha1_80, Suite::AesCm128Sha1_32, Suite::AeadAes128Gcm, Suite::AeadAes256Gcm];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn key(suite: Suite, seed: u8) -> (Suite, MasterKey) {
    let (key, salt) = suite.lengths();
    let octets: Vec<u8> = (0..key + salt).map(|n| (n as u8).wrapping_mul(7).wrapping_add(seed)).collect();
    (suite, MasterKey::new(suite, &octets).unwrap())
}

fn keys(suite: Suite, send: u8, receive: u8) -> StreamKeys {
    StreamKeys { send: key(suite, send), receive: key(suite, receive), mki_octets: 0 }
}

/// Two far ends of one stream.
fn pair(suite: Suite) -> (Guard, Guard) {
    (Guard::new(&keys(suite, 1, 2)), Guard::new(&keys(suite, 2, 1)))
}

fn rtp(ssrc: u32, sequence: u16, says: u8) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 160]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend([says; 160]);
    packet
}

fn report(ssrc: u32) -> Vec<u8> {
    crate::rtcp::tests::sender_report(ssrc, 77)
}

fn protect(guard: &mut Guard, packet: &[u8]) -> Result<Vec<u8>, Rejected> {
    let mut buffer = [packet, &[0; ROOM]].concat();
    let length = guard.protect_rtp(&mut buffer, packet.len())?;
    buffer.truncate(length);
    Ok(buffer)
}

fn protect_report(guard: &mut Guard, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [packet, &[0; ROOM]].concat();
    let length = guard.protect_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(length);
    buffer
}

fn open(guard: &mut Guard, packet: &[u8]) -> Result<Vec<u8>, Rejected> {
    let mut buffer = packet.to_vec();
    let length = guard.unprotect_rtp(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn open_report(guard: &mut Guard, packet: &[u8]) -> Result<Vec<u8>, Rejected> {
    let mut buffer = packet.to_vec();
    let length = guard.unprotect_rtcp(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

/// RFC 3711 B.3.
#[test]
fn session_keys_are_those_of_the_rfc() {
    let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
    let suite = Suite::AesCm128Sha1_80;
    let deriver = Deriver::new(suite, &MasterKey::new(suite, &master).unwrap());
    let encryption: [u8; 16] = deriver.key(Packets::Rtp, Purpose::Encryption);
    let salt: [u8; 14] = deriver.key(Packets::Rtp, Purpose::Salt);
    let authentication: [u8; 94] = deriver.key(Packets::Rtp, Purpose::Authentication);
    assert_eq!(encryption[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
    let expected = "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE \
        E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25 \
        6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2";
    assert_eq!(authentication[..], hex(expected));
}

const QUID_PRO_QUO: [u8; 12] = *b"Quid pro quo";
const GALLIA: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 \
    696e2070 61727465 73207472 6573";
const MARS: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef \
    deadbeef deadbeef deadbeef deadbeef";

/// RFC 7714 §16.1 and §16.2.
#[test]
fn packets_under_gcm_are_those_of_the_rfc() {
    let sealed = [
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b \
         36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f \
         1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    ];
    let plain = hex(GALLIA);
    for (octets, sealed) in [16, 32].into_iter().zip(sealed.map(hex)) {
        let key: Vec<u8> = (0..octets).collect();
        let cipher = Cipher::of_session_key(&key, QUID_PRO_QUO);
        let which = Which { ssrc: 0x5501_a0b2, index: 0xf17b };
        let mut buffer = [plain.as_slice(), &[0; ROOM]].concat();
        let length = cipher.seal_rtp(&mut buffer, 12, plain.len(), which).unwrap();
        assert_eq!(buffer[..length], sealed);
        let length = cipher.open_rtp(&mut buffer[..length], 12, 0, which).unwrap();
        assert_eq!(buffer[..length], plain);
    }
}

/// RFC 7714 §17.1 and §17.2.
#[test]
fn reports_under_gcm_are_those_of_the_rfc() {
    let sealed = [
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 \
         86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 \
         c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
    ];
    let plain = hex(MARS);
    for (octets, sealed) in [16, 32].into_iter().zip(sealed.map(hex)) {
        let key: Vec<u8> = (0..octets).collect();
        let cipher = Cipher::of_session_key(&key, QUID_PRO_QUO);
        let which = Which { ssrc: 0x4d61_7273, index: 0x5d4 };
        let mut buffer = [plain.as_slice(), &[0; ROOM]].concat();
        let length = cipher.seal_rtcp(&mut buffer, plain.len(), which).unwrap();
        assert_eq!(buffer[..length], sealed);
        let length = cipher.open_rtcp(&mut buffer[..length], 0, which).unwrap();
        assert_eq!(buffer[..length], plain);
    }
}

/// RFC 3711 B.2: the key stream of AES in counter mode.
#[test]
fn what_counter_mode_adds_is_the_key_stream_of_the_rfc() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let cipher = Cipher::of_counter_key(&key, &salt);
    let zeros = [hex("8000 0000 00000000 00000000"), vec![0; 48 + ROOM]].concat();
    let mut buffer = zeros;
    cipher.seal_rtp(&mut buffer, 12, 12 + 48, Which { ssrc: 0, index: 0 }).unwrap();
    let expected = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB \
        41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(buffer[12..60], hex(expected));
}

/// The example packets of libsrtp's tests, under the master key of RFC 3711 B.3.
#[test]
fn packets_under_counter_mode_are_those_of_another_implementation() {
    let suite = Suite::AesCm128Sha1_80;
    let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::new(suite, &master).unwrap();
    let mut buffer = [hex("800f1234 decafbad cafebabe"), vec![0xab; 16], vec![0; ROOM]].concat();
    let which = Which { ssrc: 0xcafe_babe, index: 0x1234 };
    let length = Cipher::new(suite, &master, Packets::Rtp).seal_rtp(&mut buffer, 12, 28, which).unwrap();
    let sealed = "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb";
    assert_eq!(buffer[..length], hex(sealed));
    let mut buffer = [hex("81c8000b cafebabe"), vec![0xab; 16], vec![0; ROOM]].concat();
    let which = Which { ssrc: 0xcafe_babe, index: 1 };
    let length = Cipher::new(suite, &master, Packets::Rtcp).seal_rtcp(&mut buffer, 24, which).unwrap();
    let sealed = "81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798";
    assert_eq!(buffer[..length], hex(sealed));
}

/// The same for GCM, where the master salt has 96 bits (RFC 7714 §11).
#[test]
fn packets_under_gcm_with_derived_keys_are_those_of_another_implementation() {
    let suite = Suite::AeadAes128Gcm;
    let master = hex("000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab");
    let master = MasterKey::new(suite, &master).unwrap();
    let mut buffer = [hex("800f1234 decafbad cafebabe"), vec![0xab; 16], vec![0; ROOM]].concat();
    let which = Which { ssrc: 0xcafe_babe, index: 0x1234 };
    let length = Cipher::new(suite, &master, Packets::Rtp).seal_rtp(&mut buffer, 12, 28, which).unwrap();
    let sealed = "800f1234 decafbad cafebabe c5002ede 04cfdd2e b91159e0 880aa06e d2976826 f796b201 df3131a1 \
        27e8a392";
    assert_eq!(buffer[..length], hex(sealed));
}

#[test]
fn every_suite_carries_packets_and_reports_both_ways() {
    for (suite, tag) in SUITES.into_iter().zip([10, 4, 16, 16]) {
        let (mut one, mut other) = pair(suite);
        for sequence in 0..5 {
            let packet = rtp(9, sequence, 3);
            let sealed = protect(&mut one, &packet).unwrap();
            assert_eq!(sealed.len(), packet.len() + tag, "{suite:?}");
            assert_eq!(sealed[..12], packet[..12]);
            assert_ne!(sealed[12..172], packet[12..]);
            assert_eq!(open(&mut other, &sealed).unwrap(), packet, "{suite:?}");
            let sealed = protect_report(&mut one, &report(9));
            // SRTCP has the long tag in both suites (RFC 4568 §6.2.2).
            assert_eq!(sealed.len(), 28 + 4 + tag.max(10), "{suite:?}");
            assert_eq!(open_report(&mut other, &sealed).unwrap(), report(9), "{suite:?}");
            let back = protect(&mut other, &rtp(8, sequence, 4)).unwrap();
            assert_eq!(open(&mut one, &back).unwrap(), rtp(8, sequence, 4), "{suite:?}");
        }
    }
}

#[test]
fn sources_and_an_extension_stay_readable_and_are_authenticated() {
    let mut packet = rtp(9, 1, 3);
    packet[0] = 0x91;
    packet.splice(12..12, hex("00000005 bede0001 10aa0000"));
    for suite in SUITES {
        let (mut one, mut other) = pair(suite);
        let mut sealed = protect(&mut one, &packet).unwrap();
        assert_eq!(sealed[..24], packet[..24]);
        sealed[21] ^= 1;
        assert_eq!(open(&mut other, &sealed), Err(Rejected::Unauthentic));
        sealed[21] ^= 1;
        assert_eq!(open(&mut other, &sealed).unwrap(), packet);
    }
}

/// RFC 3711 §3.3.2.
#[test]
fn nothing_is_taken_twice_and_what_comes_late_is() {
    for suite in SUITES {
        let (mut one, mut other) = pair(suite);
        let sealed: Vec<Vec<u8>> = (0..300).map(|n| protect(&mut one, &rtp(9, n, 3)).unwrap()).collect();
        for late in [0, 2, 1, 200, 80, 199] {
            assert!(open(&mut other, &sealed[late]).is_ok(), "{suite:?} {late}");
            assert_eq!(open(&mut other, &sealed[late]), Err(Rejected::Replayed), "{suite:?} {late}");
        }
        assert_eq!(open(&mut other, &sealed[72]), Err(Rejected::Replayed), "too long ago to tell");
        assert!(open(&mut other, &sealed[73]).is_ok());
        let sealed = protect_report(&mut one, &report(9));
        assert!(open_report(&mut other, &sealed).is_ok());
        assert_eq!(open_report(&mut other, &sealed), Err(Rejected::Replayed));
    }
}

/// RFC 3711 §9.1: a key stream used twice gives away what was said.
#[test]
fn we_never_use_a_number_twice() {
    let (mut one, _) = pair(Suite::AeadAes128Gcm);
    assert!(protect(&mut one, &rtp(9, 5, 3)).is_ok());
    assert_eq!(protect(&mut one, &rtp(9, 5, 4)), Err(Rejected::Replayed));
    let mut elsewhere = keys(Suite::AeadAes128Gcm, 5, 2);
    one.rekey(&elsewhere);
    assert!(protect(&mut one, &rtp(9, 6, 3)).is_ok());
    elsewhere.send = key(Suite::AeadAes128Gcm, 1);
    one.rekey(&elsewhere);
    assert_eq!(protect(&mut one, &rtp(9, 5, 4)), Err(Rejected::Replayed), "nor after other keys");
}

/// RFC 3711 §3.3.1.
#[test]
fn a_stream_goes_on_over_wraps_of_its_numbers_with_loss_and_disorder_about_them() {
    for suite in SUITES {
        let (mut one, mut other) = pair(suite);
        let mut sent = Vec::new();
        for n in 0..150_000_u32 {
            let sequence = 65_000_u16.wrapping_add(n as u16);
            if n % 1_000 == 0 || (530..545).contains(&(n % 65_536)) {
                sent.push((n, sequence, protect(&mut one, &rtp(9, sequence, n as u8)).unwrap()));
            } else if n % 100 == 0 {
                protect(&mut one, &rtp(9, sequence, 0)).unwrap();
            }
        }
        for at in 1..sent.len() {
            let (n, before) = (sent[at].0, sent[at - 1].0);
            if n == before + 1 && n % 2 == 0 {
                sent.swap(at - 1, at);
            }
        }
        for (n, sequence, sealed) in sent {
            assert_eq!(open(&mut other, &sealed), Ok(rtp(9, sequence, n as u8)), "{suite:?} {n}");
        }
    }
}

#[test]
fn one_bit_changed_anywhere_is_noticed_and_changes_nothing() {
    for suite in SUITES {
        let (mut one, mut other) = pair(suite);
        let first = protect(&mut one, &rtp(9, 1, 3)).unwrap();
        open(&mut other, &first).unwrap();
        let sealed = protect(&mut one, &rtp(9, 2, 3)).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut wrong = sealed.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let sent = wrong.clone();
            assert!(other.unprotect_rtp(&mut wrong).is_err(), "{suite:?} bit {bit}");
            assert_eq!(wrong, sent, "{suite:?} bit {bit}");
        }
        assert!(open(&mut other, &sealed).is_ok(), "{suite:?}");
        let sealed = protect_report(&mut one, &report(9));
        for bit in 0..sealed.len() * 8 {
            let mut wrong = sealed.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(other.unprotect_rtcp(&mut wrong).is_err(), "{suite:?} bit {bit}");
        }
        assert!(open_report(&mut other, &sealed).is_ok(), "{suite:?}");
    }
}

#[test]
fn forged_streams_leave_no_trace_and_real_ones_are_bounded() {
    let (mut one, mut other) = pair(Suite::AesCm128Sha1_80);
    for ssrc in 0..10_000 {
        assert_eq!(open(&mut other, &rtp(ssrc, ssrc as u16, 0)), Err(Rejected::Unauthentic));
    }
    for ssrc in 0..SRTP_STREAMS as u32 {
        let sealed = protect(&mut one, &rtp(ssrc, 1, 0)).unwrap();
        assert!(open(&mut other, &sealed).is_ok());
    }
    let mut further = Guard::new(&keys(Suite::AesCm128Sha1_80, 1, 2));
    let sealed = protect(&mut further, &rtp(99, 1, 0)).unwrap();
    assert_eq!(open(&mut other, &sealed), Err(Rejected::TooManyStreams));
    assert_eq!(protect(&mut one, &rtp(99, 1, 0)), Err(Rejected::TooManyStreams));
}

/// RFC 3711 §3.4: nobody has agreed to reports in the clear (`UNENCRYPTED_SRTCP`, RFC 4568 §6.3.2).
#[test]
fn a_report_that_says_it_is_not_encrypted_is_refused() {
    let (mut one, mut other) = pair(Suite::AesCm128Sha1_80);
    let mut sealed = protect_report(&mut one, &report(9));
    let at = sealed.len() - 14;
    sealed[at] &= 0x7f;
    assert_eq!(open_report(&mut other, &sealed), Err(Rejected::Unencrypted));
}

/// RFC 3711 §3.1, RFC 4568 §6.1: some phones number their one key.
#[test]
fn a_key_identifier_is_passed_over_where_the_suite_puts_it() {
    for suite in SUITES {
        let (mut one, _) = pair(suite);
        let mut other = Guard::new(&StreamKeys { mki_octets: 4, ..keys(suite, 2, 1) });
        let mut sealed = protect(&mut one, &rtp(9, 1, 3)).unwrap();
        let mut reports = protect_report(&mut one, &report(9));
        let is_gcm = matches!(suite, Suite::AeadAes128Gcm | Suite::AeadAes256Gcm);
        let tag = if is_gcm { 0 } else { sealed.len() - 172 };
        let at = sealed.len() - tag;
        sealed.splice(at..at, [0, 0, 0, 1]);
        let at = reports.len() - if is_gcm { 0 } else { 10 };
        reports.splice(at..at, [0, 0, 0, 1]);
        assert_eq!(open(&mut other, &sealed), Ok(rtp(9, 1, 3)), "{suite:?}");
        assert_eq!(open_report(&mut other, &reports), Ok(report(9)), "{suite:?}");
    }
}

/// RFC 3711 §3.3.1, RFC 4568 §7.1.4.
#[test]
fn keys_change_in_a_call_without_a_gap() {
    for suite in SUITES {
        let (mut one, mut other) = pair(suite);
        let next = |one: &mut Guard, n: u16| protect(one, &rtp(9, n, 3)).unwrap();
        let wrapped: Vec<Vec<u8>> = [65_000, 30_000, 60_000].map(|n| next(&mut one, n)).into();
        for sealed in wrapped {
            assert!(open(&mut other, &sealed).is_ok());
        }
        let under_way = next(&mut one, 60_001);
        other.rekey(&keys(suite, 2, 7));
        assert!(open(&mut other, &under_way).is_ok(), "{suite:?}: under way at the change");
        one.rekey(&keys(suite, 7, 2));
        let sealed = next(&mut one, 60_002);
        assert!(open(&mut other, &sealed).is_ok(), "{suite:?}: the count of wraps goes on");
        one.rekey(&keys(suite, 1, 2));
        let old = next(&mut one, 60_003);
        assert_eq!(open(&mut other, &old), Err(Rejected::Unauthentic), "{suite:?}: the old key is gone");
        other.rekey(&keys(suite, 2, 9));
        let mut restarted = Guard::new(&keys(suite, 9, 2));
        for n in 60_004..60_010 {
            let sealed = next(&mut restarted, n);
            assert!(open(&mut other, &sealed).is_ok(), "{suite:?}: one who counts wraps anew is understood");
        }
    }
}

/// RFC 3711 §3.3.2: what was sent under a key is not taken again when the key comes back.
#[test]
fn a_key_that_comes_back_takes_nothing_twice_and_goes_on() {
    for suite in SUITES {
        // Some count on under another key, some begin anew.
        for anew in [false, true] {
            let (mut one, mut other) = pair(suite);
            let next = |guard: &mut Guard, n: u16| protect(guard, &rtp(9, n, 3)).unwrap();
            let mut first: Vec<Vec<u8>> = (60_000..60_010).map(|n| next(&mut one, n)).collect();
            let reports = protect_report(&mut one, &report(9));
            first.iter().for_each(|sealed| assert!(open(&mut other, sealed).is_ok()));
            assert!(open_report(&mut other, &reports).is_ok());
            other.rekey(&keys(suite, 2, 7));
            let under_way = next(&mut one, 60_010);
            assert!(open(&mut other, &under_way).is_ok());
            first.push(under_way);
            let (mut second, from) = (Guard::new(&keys(suite, 7, 2)), if anew { 5 } else { 60_011 });
            for n in from..from + 3 {
                assert!(open(&mut other, &next(&mut second, n)).is_ok(), "{suite:?} {anew}");
            }
            other.rekey(&keys(suite, 2, 1));
            for sealed in &first {
                assert!(open(&mut other, sealed).is_err(), "{suite:?} {anew}: a replay");
            }
            assert!(open_report(&mut other, &reports).is_err(), "{suite:?}: a replayed report");
            for n in 60_020..60_025 {
                let sealed = next(&mut one, n);
                assert!(open(&mut other, &sealed).is_ok(), "{suite:?} {anew}: the key goes on");
                assert!(open(&mut other, &sealed).is_err());
            }
        }
    }
}

#[test]
fn a_key_that_was_never_heard_of_changes_nothing_for_the_one_before_it() {
    let suite = Suite::AesCm128Sha1_80;
    let (mut one, mut other) = pair(suite);
    let sealed: Vec<Vec<u8>> = (1..6).map(|n| protect(&mut one, &rtp(9, n, 3)).unwrap()).collect();
    assert!(sealed[..4].iter().all(|sealed| open(&mut other, sealed).is_ok()));
    for seed in 10..20 {
        other.rekey(&keys(suite, 2, seed));
        other.rekey(&keys(suite, 2, 1));
        assert!(sealed[..4].iter().all(|sealed| open(&mut other, sealed).is_err()), "{seed}");
    }
    assert!(open(&mut other, &sealed[4]).is_ok());
}

#[test]
fn without_room_for_a_tag_nothing_goes_out() {
    let (mut one, _) = pair(Suite::AeadAes256Gcm);
    let mut packet = rtp(9, 1, 3);
    let length = packet.len();
    assert_eq!(one.protect_rtp(&mut packet, length), Err(Rejected::Malformed));
    assert_eq!(one.protect_rtcp(&mut report(9), 28), Err(Rejected::Malformed));
    assert_eq!(one.protect_rtcp(&mut [0x80; 40], 7), Err(Rejected::Malformed));
}

#[test]
fn keys_never_print() {
    let (one, _) = pair(Suite::AesCm128Sha1_80);
    let printed = format!("{one:?}");
    assert!(printed.contains("MasterKey(…)") && !printed.contains('['), "{printed}");
}

proptest! {
    #[test]
    fn no_packet_from_outside_panics_or_is_taken(
        packet in proptest::collection::vec(any::<u8>(), 0..80),
        first in prop_oneof![Just(0x80_u8), any::<u8>()],
        suite in 0..4_usize,
        mki in 0..5_u8,
    ) {
        let mut packet = packet;
        if let Some(octet) = packet.first_mut() {
            *octet = first;
        }
        let mut guard = Guard::new(&StreamKeys { mki_octets: mki, ..keys(SUITES[suite], 1, 2) });
        prop_assert!(guard.unprotect_rtp(&mut packet.clone()).is_err());
        prop_assert!(guard.unprotect_rtcp(&mut packet.clone()).is_err());
        let mut buffer = [packet.as_slice(), &[0; ROOM]].concat();
        let _sealed = guard.protect_rtp(&mut buffer, packet.len());
        let _sealed = guard.protect_rtcp(&mut buffer, packet.len());
        let _sealed = guard.protect_rtp(&mut packet, 100);
    }
}
