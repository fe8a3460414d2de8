use std::time::Duration;

use base::testing::Counting;

use super::*;
use crate::guard::{Notice, Place};

const FOREVER: Mono = Mono(1_000_000_000_000);
const INVITE: KnockKind<'_> = KnockKind::Invite { user: "1001" };

fn door(limits: DoorLimits) -> Door {
    Door::new(Mono(0), limits, Arc::new(Roll::new(4_096, &mut Counting::default())))
}

fn note(door: &Door, entry: Entry) {
    door.roll.note(Mono(0), &Notice { entry, until: FOREVER });
}

fn from(ip: [u8; 4], port: u16) -> SocketAddr {
    SocketAddr::from((ip, port))
}

fn passed(door: &mut Door, now: Mono, source: SocketAddr, kind: KnockKind<'_>, times: u32) -> usize {
    (0..times).filter(|_| door.admit(now, source, || kind).0 == Admission::Pass).count()
}

/// S7: a bucket per address, then per network, then one for all.
#[test]
fn a_stranger_has_a_small_budget_and_his_network_and_all_strangers_have_one_too() {
    let limits = DoorLimits::new(10, 100, 1_000);
    let mut door = door(limits);
    assert_eq!(passed(&mut door, Mono(0), from([203, 0, 113, 1], 5_060), INVITE, 1_000), 40);
    let neighbours: usize =
        (2..=9).map(|n| passed(&mut door, Mono(0), from([203, 0, 113, n], 5_060), INVITE, 1_000)).sum();
    assert_eq!(neighbours, 120, "the network's 160 are used up");
    let world: usize =
        (1..=99).map(|n| passed(&mut door, Mono(0), from([198, 51, n, 1], 5_060), INVITE, 1_000)).sum();
    assert_eq!(world, 40, "and 200 of all strangers");
    let later = Mono(0) + Duration::from_secs(1);
    assert_eq!(passed(&mut door, later, from([203, 0, 113, 1], 5_060), INVITE, 1_000), 10, "it recovers");
}

#[test]
fn an_ipv6_host_has_one_budget_for_its_whole_64() {
    let mut door = door(DoorLimits::new(10, 1_000, 1_000));
    let source = |n: u16| SocketAddr::from(([0x2001, 0xdb8, 0, 1, n, n, n, n], 5_060));
    let all: usize = (0..100).map(|n| passed(&mut door, Mono(0), source(n), INVITE, 1)).sum();
    assert_eq!(all, 40);
}

/// S7: known peers go first.
#[test]
fn who_is_known_passes_while_strangers_flood_from_everywhere() {
    let mut door = door(DoorLimits::default());
    let phone = from([192, 0, 2, 10], 5_062);
    note(&door, Entry::Known(phone.ip()));
    note(&door, Entry::Trunk(IpAddr::from([192, 0, 2, 20])));
    let mut let_in = 0;
    for n in 0..200_000_u32 {
        let [a, b, c, d] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        let now = Mono(u64::from(n) * 50);
        let_in += passed(&mut door, now, from([a | 1, b, c, d], 5_060), INVITE, 1);
        if n % 100 == 0 {
            assert_eq!(passed(&mut door, now, phone, INVITE, 1), 1);
            assert_eq!(passed(&mut door, now, from([192, 0, 2, 20], 5_060), INVITE, 1), 1);
        }
    }
    let budget = limits::STRANGERS_PER_SEC as usize * 12;
    assert!(let_in <= budget, "{let_in} of 20,000 a second for ten seconds");
}

#[test]
fn what_belongs_to_calls_and_emergency_calls_have_budgets_that_a_flood_of_other_things_leaves_alone() {
    let mut door = door(DoorLimits::new(10, 50, 1_000));
    note(&door, Entry::Emergency("112".to_owned()));
    for n in 1..=250 {
        passed(&mut door, Mono(0), from([198, n, 1, 1], 5_060), KnockKind::Register, 10);
    }
    let stranger = from([203, 0, 113, 1], 5_060);
    let admitted = |door: &mut Door, kind| door.admit(Mono(0), stranger, || kind);
    assert_eq!(admitted(&mut door, INVITE), (Admission::Drop, Grounds::StrangersFull));
    assert_eq!(admitted(&mut door, KnockKind::Within).0, Admission::Pass);
    assert_eq!(admitted(&mut door, KnockKind::Invite { user: "112" }).0, Admission::Pass);
}

/// S6: what is banned is not heard, but the phones that are known there are.
#[test]
fn a_ban_on_an_address_shared_by_phones_leaves_those_that_are_known() {
    let mut door = door(DoorLimits::default());
    let (phone, attacker) = (from([192, 0, 2, 10], 5_062), from([192, 0, 2, 10], 40_000));
    note(&door, Entry::Flow(phone));
    note(&door, Entry::Known(phone.ip()));
    assert_eq!(passed(&mut door, Mono(0), attacker, INVITE, 1), 1);
    note(&door, Entry::ban(&Place::address(phone.ip())).unwrap());
    assert_eq!(passed(&mut door, Mono(0), phone, INVITE, 100), 100);
    assert_eq!(passed(&mut door, Mono(0), attacker, INVITE, 100), 0);
    let registers = passed(&mut door, Mono(0), attacker, KnockKind::Register, 100);
    assert_eq!(registers, 4, "a phone that moved to another port gets through in time");
}

#[test]
fn a_ban_on_a_network_does_not_touch_addresses_that_are_known() {
    let mut door = door(DoorLimits::default());
    let phone = from([192, 0, 2, 10], 5_062);
    note(&door, Entry::Known(phone.ip()));
    note(&door, Entry::ban(&Place::network(phone.ip())).unwrap());
    assert_eq!(passed(&mut door, Mono(0), phone, INVITE, 10), 10);
    assert_eq!(passed(&mut door, Mono(0), from([192, 0, 2, 11], 5_060), INVITE, 10), 0);
}

#[test]
fn a_known_address_that_floods_is_refused_its_calls_in_words_and_keeps_the_ones_it_has() {
    let mut door = door(DoorLimits::new(10, 50, 100));
    let phone = from([192, 0, 2, 10], 5_062);
    note(&door, Entry::Known(phone.ip()));
    assert_eq!(passed(&mut door, Mono(0), phone, INVITE, 1_000), 200);
    assert_eq!(door.admit(Mono(0), phone, || INVITE), (Admission::Drop, Grounds::KnownFull), "400 were told");
    assert_eq!(door.admit(Mono(0), phone, || KnockKind::Within), (Admission::Pass, Grounds::Known));
    let later = Mono(0) + Duration::from_secs(2);
    assert_eq!(passed(&mut door, later, phone, INVITE, 1_000), 200, "all is well two seconds later");
}

/// S7: a trunk's address is public; who forges it gets what the trunk may send, and nothing of the phones'.
#[test]
fn a_flood_from_a_trunks_address_has_a_budget_and_phones_running_calls_and_emergencies_pass_beside_it() {
    let mut door = door(DoorLimits::default().with_calls(500));
    let (trunk, phone) = (from([192, 0, 2, 20], 5_060), from([192, 0, 2, 10], 5_062));
    note(&door, Entry::Trunk(trunk.ip()));
    note(&door, Entry::Known(phone.ip()));
    note(&door, Entry::Emergency("112".to_owned()));
    let mut let_in = 0;
    for n in 0..72_000_u64 {
        let now = Mono(n * 139);
        let_in +=
            passed(&mut door, now, from([192, 0, 2, 20], 1_024 + (n % 60_000) as u16), KnockKind::Other, 1);
        if n % 100 == 0 {
            assert_eq!(passed(&mut door, now, phone, INVITE, 1), 1);
            assert_eq!(passed(&mut door, now, phone, KnockKind::Register, 1), 1);
            assert_eq!(passed(&mut door, now, trunk, KnockKind::Within, 4), 4);
            assert_eq!(passed(&mut door, now, trunk, KnockKind::Invite { user: "112" }, 1), 1);
        }
    }
    assert!((11_000..=12_100).contains(&let_in), "{let_in} of 7,200 a second for ten seconds");
    let now = Mono(72_000 * 139);
    passed(&mut door, now, trunk, KnockKind::Other, 2);
    assert_eq!(door.admit(now, trunk, || KnockKind::Register), (Admission::Drop, Grounds::TrunkFull));
    assert_eq!(door.admit(now, trunk, || INVITE), (Admission::Refuse, Grounds::TrunkFull), "in words");
}

#[test]
fn a_trunk_may_bring_all_calls_a_node_takes_and_as_much_again_and_a_small_node_still_takes_bursts() {
    for (calls_per_sec, begins) in [(500, 1_000), (2_000, 4_000), (10, 200)] {
        let mut door = door(DoorLimits::default().with_calls(calls_per_sec));
        let trunk = from([192, 0, 2, 20], 5_060);
        note(&door, Entry::Trunk(trunk.ip()));
        assert_eq!(passed(&mut door, Mono(0), trunk, INVITE, 20_000), begins * 2);
        let later = Mono(0) + Duration::from_secs(1);
        assert_eq!(passed(&mut door, later, trunk, INVITE, 20_000), begins);
    }
}
