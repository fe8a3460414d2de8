//! Media that is encrypted: what is offered to whom, taken from whom, and with which keys (RFC 4568, RFC 8643,
//! docs/adr/0025).

use std::sync::Arc;

use base::media::{Srtp, StreamKeys, Suite};
use sip_tests::{Line, Reply, SILENT, World, office};

const CM_80: &str = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4";
const CM_32: &str = "2 AES_CM_128_HMAC_SHA1_32 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
const GCM: &str = "3 AEAD_AES_256_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9RdWlkIHBybyBxdW8=";
const CHANGED: &str = "1 AES_CM_128_HMAC_SHA1_80 inline:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk";

/// A carrier and a phone, each with its setting.
fn set_up(seed: u64, trunk: Srtp, station: Srtp) -> (World, usize, usize) {
    let (mut world, carrier, phone) = office(seed);
    world.edit_trunk("carrier", |it| it.srtp = trunk);
    let name = world.agents[phone].user.clone();
    world.directory.stations.get_mut(&name).expect("the phone's station").srtp = station;
    world.set_up();
    (world, carrier, phone)
}

fn secure(world: &mut World, agent: usize, profile: &'static str, crypto: &'static [&'static str]) {
    world.agents[agent].profile = profile;
    world.agents[agent].crypto = crypto;
}

fn profile_of(body: &str) -> &str {
    body.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').nth(1)).unwrap_or_default()
}

fn lines_of(body: &str) -> Vec<&str> {
    body.lines().filter_map(|line| line.strip_prefix("a=crypto:")).collect()
}

fn keys_of(world: &World, line: Line) -> Option<Arc<StreamKeys>> {
    let (_, _, remote, _) = world.media.towards(world.talk(line).media).expect("a port");
    remote.keys.clone()
}

fn ended(mut world: World) {
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_phone_that_must_encrypt_talks_with_a_carrier_that_does_not() {
    let (mut world, carrier, phone) = set_up(1, Srtp::Off, Srtp::Required);
    secure(&mut world, phone, "RTP/SAVP", &[CM_80]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    let offer = world.talk(callee).invite.body.clone();
    assert_eq!((profile_of(&offer), lines_of(&offer).len()), ("RTP/SAVP", 3), "{offer}");
    let answer = &world.talk(caller).remote_body;
    assert_eq!((profile_of(answer), lines_of(answer).len()), ("RTP/AVP", 0), "{answer}");
    assert!(keys_of(&world, caller).is_none());
    let keys = keys_of(&world, callee).expect("keys");
    assert_eq!((keys.send.0, keys.receive.0), (Suite::AesCm128Sha1_80, Suite::AesCm128Sha1_80));
    assert_eq!(keys.mki_octets, 4);
    ended(world);
}

#[test]
fn an_encrypted_caller_is_answered_with_its_first_suite_and_a_key_of_ours() {
    let (mut world, carrier, phone) = set_up(2, Srtp::Off, Srtp::Optional);
    secure(&mut world, phone, "RTP/SAVP", &[GCM, CM_32, CM_80]);
    let (caller, callee) = world.connect(phone, "0123", carrier);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    assert_eq!(profile_of(&world.talk(callee).invite.body), "RTP/AVP");
    assert!(lines_of(&world.talk(callee).invite.body).is_empty());
    let answer = world.talk(caller).remote_body.clone();
    assert_eq!(profile_of(&answer), "RTP/SAVP");
    assert!(lines_of(&answer)[0].starts_with("3 AEAD_AES_256_GCM inline:"), "{answer}");
    assert!(!GCM.contains(lines_of(&answer)[0].split("inline:").nth(1).unwrap()));
    assert_eq!(keys_of(&world, caller).expect("keys").receive.0, Suite::AeadAes256Gcm);
    ended(world);
}

/// RFC 8643 §3: an offer that everybody can take.
#[test]
fn an_optional_offer_is_plain_by_name_and_encrypted_where_the_phone_does_it_too() {
    for (crypto, secured) in [(&[CM_80][..], true), (&[], false)] {
        let (mut world, carrier, phone) = set_up(3, Srtp::Off, Srtp::Optional);
        secure(&mut world, phone, "RTP/AVP", crypto);
        let (caller, callee) = world.connect(carrier, "+4930123", phone);
        assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
        let offer = &world.talk(callee).invite.body;
        assert_eq!((profile_of(offer), lines_of(offer).len()), ("RTP/AVP", 3), "{offer}");
        assert_eq!(keys_of(&world, callee).is_some(), secured);
        ended(world);
    }
}

#[test]
fn what_a_setting_does_not_take_is_refused_with_488() {
    for (srtp, profile, crypto, status) in [
        (Srtp::Required, "RTP/AVP", &[][..], 488),
        (Srtp::Required, "RTP/AVP", &[CM_80], 200),
        (Srtp::Required, "RTP/SAVP", &[], 488),
        (Srtp::Off, "RTP/SAVP", &[CM_80], 488),
        (Srtp::Off, "RTP/AVP", &[CM_80], 200),
        (Srtp::Optional, "RTP/SAVP", &["1 F8_128_HMAC_SHA1_80 inline:AAAA"], 488),
    ] {
        let (mut world, carrier, phone) = set_up(4, Srtp::Off, srtp);
        secure(&mut world, phone, profile, crypto);
        let caller = world.dial(phone, "0123");
        world.settle();
        let told = world.talk(caller).status();
        assert_eq!(told, status, "{srtp:?} {profile} {}", world.ladder());
        assert_eq!(world.agents[carrier].talks.len(), usize::from(status == 200));
        ended(world);
    }
}

#[test]
fn a_callee_that_must_encrypt_and_answers_in_the_clear_is_not_connected() {
    let (mut world, carrier, phone) = set_up(5, Srtp::Off, Srtp::Required);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    let body = world.body_for(callee).replace("RTP/SAVP", "RTP/AVP");
    world.reply(callee, Reply { status: 200, body, ..Reply::default() });
    world.settle();
    assert_eq!(world.talk(caller).status(), 488, "{}", world.ladder());
    assert!(!world.talk(callee).is_up(), "{}", world.ladder());
    ended(world);
}

#[test]
fn each_leg_has_keys_of_its_own_and_each_call_new_ones() {
    let (mut world, carrier, phone) = set_up(6, Srtp::Optional, Srtp::Required);
    secure(&mut world, phone, "RTP/SAVP", &[CM_80]);
    secure(&mut world, carrier, "RTP/SAVP", &[CM_32]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (caller, callee) = world.connect(carrier, "+4930123", phone);
        assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
        for line in [caller, callee] {
            let keys = keys_of(&world, line).expect("keys");
            assert_eq!(keys.send.0, keys.receive.0);
            seen.push(keys.send.1.octets().to_vec());
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    ended(world);
}

/// RFC 4568 §7.1.4.
#[test]
fn a_hold_keeps_our_key_and_a_new_key_of_the_far_end_is_taken() {
    let (mut world, carrier, phone) = set_up(7, Srtp::Off, Srtp::Optional);
    secure(&mut world, phone, "RTP/SAVP", &[CM_80]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let first = keys_of(&world, callee).expect("keys");
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(
        profile_of(&world.talk(callee).remote_body),
        "RTP/AVP",
        "the profile of the first offer stays"
    );
    assert_eq!(keys_of(&world, callee).expect("keys"), first);
    secure(&mut world, phone, "RTP/AVP", &[CHANGED]);
    world.reinvite(callee, "sendrecv");
    world.settle();
    assert_eq!(world.talk(callee).reinvites, [200], "{}", world.ladder());
    let second = keys_of(&world, callee).expect("keys");
    assert_eq!(second.send, first.send, "ours goes on");
    assert_ne!(second.receive, first.receive);
    ended(world);
}

#[test]
fn keys_stand_in_no_record_and_no_ladder() {
    let (mut world, carrier, phone) = set_up(8, Srtp::Off, Srtp::Required);
    secure(&mut world, phone, "RTP/SAVP", &[CM_80]);
    let (_, callee) = world.connect(carrier, "+4930123", phone);
    let line = lines_of(&world.talk(callee).invite.body)[0].to_owned();
    let key = line.split("inline:").nth(1).expect("a key");
    let shown = format!("{} {:?} {:?}", world.ladder(), world.facts, world.shards);
    assert!(!shown.contains(key) && !shown.contains("WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"));
    ended(world);
}
