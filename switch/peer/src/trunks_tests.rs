use std::time::Duration;

use base::dns::{Record, RecordKind};
use base::testing::Counting;

use super::*;
use crate::view::testing::trunk;
use crate::{PeerView, RegistrationState};

const TWO: [&str; 2] = ["sip:127.0.0.3:5070", "sip:127.0.0.4"];

fn at(secs: u64) -> Now {
    Now::default().later(Duration::from_secs(secs))
}

/// Without OPTIONS.
fn silent(name: &str, uris: &[&str]) -> Trunk {
    Trunk { health_secs: 0, ..trunk(name, uris) }
}

fn running(owner: bool, trunks: &[Trunk]) -> Trunks {
    let mut running = Trunks::new(owner, Listens::ALL, &mut Counting::default());
    running.configure(at(0), trunks);
    running
}

fn turn(trunks: &mut Trunks, now: Now) -> Vec<TrunkAction> {
    trunks.tick(now);
    std::iter::from_fn(|| trunks.poll()).collect()
}

fn view(trunks: &Trunks, peer: usize) -> PeerView {
    trunks.views()[0].peers[peer].clone()
}

fn tried(trunks: &Trunks, now: Now) -> Vec<usize> {
    trunks.order(now, &mut Counting::default(), "carrier").into_iter().map(|it| it.peer).collect()
}

fn hop(text: &str) -> Hop {
    Hop { transport: Transport::Udp, addr: text.parse().expect("an address") }
}

/// The first target of a peer.
fn target(trunks: &Trunks, peer: usize) -> PeerAt {
    trunks.at("carrier", peer).expect("found")
}

fn fail(trunks: &mut Trunks, now: Now, peer: usize) {
    let at = target(trunks, peer);
    trunks.failed(now, "carrier", &at, Failing::Refused);
}

fn changed(peer: usize, up: bool) -> TrunkAction {
    let hop = hop(["127.0.0.3:5070", "127.0.0.4:5060"][peer]);
    TrunkAction::Changed { trunk: "carrier".to_owned(), peer, hop, up }
}

fn ask(name: &str, kind: RecordKind) -> TrunkAction {
    TrunkAction::Resolve { question: Question { name: name.to_owned(), kind } }
}

/// Answers everything asked as a zone would that has these records; returns what was asked, in order.
fn serve(trunks: &mut Trunks, now: Now, zone: &[(&str, RecordKind, Record)]) -> Vec<(String, RecordKind)> {
    let mut asked = Vec::new();
    for round in 0..20 {
        let now = now.later(Duration::from_millis(10 * round));
        for action in turn(trunks, now) {
            let TrunkAction::Resolve { question } = action else { continue };
            let of = |(name, kind, _): &&(&str, RecordKind, Record)| {
                *name == question.name && *kind == question.kind
            };
            let records: Vec<Record> = zone.iter().filter(of).map(|(_, _, record)| record.clone()).collect();
            let answer = match records.is_empty() {
                true => Answer::Nothing { ttl: None },
                false => Answer::Records { records, ttl: Duration::from_secs(60) },
            };
            trunks.answered(now, &question, answer);
            asked.push((question.name, question.kind));
        }
    }
    asked
}

fn address(ip: &str) -> Record {
    Record::Address(ip.parse().expect("an address"))
}

fn srv(priority: u16, weight: u16, target: &str) -> Record {
    Record::Srv { priority, weight, port: 5070, target: target.to_owned() }
}

fn register(expires: u32) -> TrunkAction {
    TrunkAction::Register { trunk: "carrier".to_owned(), expires }
}

#[test]
fn three_failures_in_a_row_take_a_peer_down_for_longer_each_time() {
    let mut trunks = running(true, &[silent("carrier", &TWO)]);
    fail(&mut trunks, at(0), 0);
    fail(&mut trunks, at(0), 0);
    let first = target(&trunks, 0);
    trunks.worked(at(0), "carrier", &first);
    assert_eq!(tried(&trunks, at(0)), [0, 1]);
    for _ in 0..3 {
        fail(&mut trunks, at(1), 0);
    }
    assert_eq!(turn(&mut trunks, at(1)), [changed(0, false)]);
    assert_eq!(tried(&trunks, at(1)), [1, 0], "it is the last resort");
    assert_eq!(trunks.deadline(), Some(at(31).mono));
    assert_eq!(turn(&mut trunks, at(31)), [changed(0, true)]);
    fail(&mut trunks, at(32), 0);
    assert_eq!(trunks.deadline(), Some(at(92).mono), "one failure on trial doubles the time");
}

#[test]
fn a_peer_that_is_probed_stays_down_until_it_answers() {
    let mut trunks = running(true, &[trunk("carrier", &TWO[..1])]);
    let first = target(&trunks, 0);
    let probe = TrunkAction::Probe { trunk: "carrier".to_owned(), at: first.clone() };
    for round in 0..3 {
        assert_eq!(turn(&mut trunks, at(1 + round * 31)), std::slice::from_ref(&probe));
        trunks.probed(at(2 + round * 31), "carrier", &first, false);
    }
    assert_eq!(turn(&mut trunks, at(64)), [changed(0, false)]);
    assert_eq!(turn(&mut trunks, at(124)), [probe]);
    trunks.probed(at(125), "carrier", &first, true);
    assert_eq!(turn(&mut trunks, at(125)), [changed(0, true)]);
    assert_eq!((view(&trunks, 0).rtt_ms, view(&trunks, 0).failures), (Some(1_000), 0));
}

#[test]
fn only_the_owner_probes_and_registers_and_the_others_hear_of_it() {
    let set_up = [Trunk { register: true, ..trunk("carrier", &TWO) }];
    let mut follower = running(false, &set_up);
    assert_eq!(turn(&mut follower, at(600)), []);
    follower.gossip(
        at(600),
        &TrunkGossip { trunk: "carrier".to_owned(), peer: 0, hop: hop("127.0.0.3:5070"), up: false },
    );
    assert_eq!((tried(&follower, at(600)), turn(&mut follower, at(600))), (vec![1, 0], vec![]));
    follower.gossip(
        at(601),
        &TrunkGossip { trunk: "carrier".to_owned(), peer: 0, hop: hop("127.0.0.3:5070"), up: true },
    );
    assert_eq!(tried(&follower, at(601)), [0, 1]);
}

#[test]
fn a_registration_is_refreshed_before_it_ends_and_retried_after_a_failure() {
    let mut trunks = running(true, &[Trunk { register: true, ..silent("carrier", &TWO) }]);
    assert_eq!(turn(&mut trunks, at(0)), [register(300)]);
    assert_eq!(trunks.deadline(), Some(at(64).mono), "an outcome that never comes is not waited for");
    trunks.registered(at(1), "carrier", Ok(300));
    let refresh = trunks.deadline().expect("a refresh");
    assert!((at(256).mono..=at(271).mono).contains(&refresh), "{refresh:?}");
    assert_eq!(turn(&mut trunks, Now { mono: refresh, wall: at(260).wall }), [register(300)]);
    let refused = RegisterFail { status: 503, retry_after: None, min_expires: None };
    trunks.registered(at(270), "carrier", Err(refused));
    let retry = trunks.deadline().expect("a retry");
    assert!((at(300).mono..=at(303).mono).contains(&retry), "{retry:?}");
    let RegistrationState::Failed { status: 503, failures: 1, .. } = trunks.views()[0].registration else {
        panic!("{:?}", trunks.views());
    };
}

#[test]
fn a_trunk_that_stops_registering_says_goodbye() {
    let registering = Trunk { register: true, ..silent("carrier", &TWO) };
    let mut trunks = running(true, std::slice::from_ref(&registering));
    assert_eq!(turn(&mut trunks, at(0)), [register(300)]);
    trunks.registered(at(0), "carrier", Ok(300));
    let capped = Trunk { max_calls: 5, ..registering };
    trunks.configure(at(1), [&capped]);
    assert_eq!(turn(&mut trunks, at(1)), [], "a cap is no reason to register anew");
    trunks.configure(at(2), [&Trunk { register: false, ..capped }]);
    assert_eq!(turn(&mut trunks, at(2)), [TrunkAction::Unregister { trunk: "carrier".to_owned() }]);
    trunks.registered(at(3), "carrier", Ok(300));
    assert_eq!(trunks.deadline(), None);
}

/// RFC 3263 §4.2 with a port: addresses alone. RFC 8767: what was found before serves while the DNS is down.
#[test]
fn names_are_resolved_again_and_keep_their_addresses_when_that_fails() {
    let mut trunks = running(false, &[silent("carrier", &["sip:GW.example:5070;transport=tcp"])]);
    assert_eq!((tried(&trunks, at(0)), view(&trunks, 0).up), (vec![], false));
    let zone = [
        ("gw.example", RecordKind::A, address("127.0.0.3")),
        ("gw.example", RecordKind::A, address("127.0.0.4")),
    ];
    let asked = serve(&mut trunks, at(0), &zone);
    assert_eq!(
        asked,
        [("gw.example".to_owned(), RecordKind::Aaaa), ("gw.example".to_owned(), RecordKind::A)]
    );
    assert_eq!(tried(&trunks, at(1)), [0, 0], "every address of a host is tried");
    assert_eq!(view(&trunks, 0).targets.len(), 2);
    let first = target(&trunks, 0);
    assert_eq!((first.addr.to_string().as_str(), first.transport.param()), ("127.0.0.3:5070", "tcp"));
    assert_eq!(
        turn(&mut trunks, at(61)),
        [ask("gw.example", RecordKind::Aaaa), ask("gw.example", RecordKind::A)]
    );
    let question = Question { name: "gw.example".to_owned(), kind: RecordKind::A };
    trunks.answered(at(61), &question, Answer::Failed);
    assert_eq!(turn(&mut trunks, at(62)), []);
    assert_eq!(tried(&trunks, at(62)).len(), 2);
}

/// RFC 3263 §4.1: a name alone is followed over NAPTR and SRV to its targets.
#[test]
fn a_carrier_by_its_domain_is_found_where_its_records_say() {
    let mut trunks = running(false, &[silent("carrier", &["sip:carrier.example"])]);
    let naptr = Record::Naptr {
        order: 1,
        preference: 1,
        flags: "s".to_owned(),
        service: "SIP+D2U".to_owned(),
        replacement: "_sip._udp.carrier.example".to_owned(),
    };
    let zone = [
        ("carrier.example", RecordKind::Naptr, naptr),
        ("_sip._udp.carrier.example", RecordKind::Srv, srv(1, 0, "a.carrier.example")),
        ("_sip._udp.carrier.example", RecordKind::Srv, srv(2, 0, "b.carrier.example")),
        ("a.carrier.example", RecordKind::A, address("127.0.0.3")),
        ("b.carrier.example", RecordKind::A, address("127.0.0.4")),
    ];
    serve(&mut trunks, at(0), &zone);
    let order = |trunks: &Trunks| -> Vec<String> {
        let order = trunks.order(at(1), &mut Counting::default(), "carrier");
        order.iter().map(|at| at.addr.to_string()).collect()
    };
    assert_eq!(order(&trunks), ["127.0.0.3:5070", "127.0.0.4:5070"]);
    let first = target(&trunks, 0);
    trunks.failed(at(1), "carrier", &first, Failing::Silent);
    assert_eq!(order(&trunks), ["127.0.0.4:5070", "127.0.0.3:5070"], "RFC 3263 §4.3: silence is met once");
    assert_eq!((view(&trunks, 0).up, target(&trunks, 0).addr.ip().to_string().as_str()), (true, "127.0.0.4"));
    turn(&mut trunks, at(32));
    assert_eq!(order(&trunks), ["127.0.0.3:5070", "127.0.0.4:5070"], "half open: the next call tries it");
}

/// RFC 2782: among equal priorities by weight.
#[test]
fn targets_of_one_priority_share_calls_by_weight() {
    let mut trunks = running(false, &[silent("carrier", &["sip:carrier.example;transport=udp"])]);
    let zone = [
        ("_sip._udp.carrier.example", RecordKind::Srv, srv(1, 30, "a.carrier.example")),
        ("_sip._udp.carrier.example", RecordKind::Srv, srv(1, 10, "b.carrier.example")),
        ("a.carrier.example", RecordKind::A, address("127.0.0.3")),
        ("b.carrier.example", RecordKind::A, address("127.0.0.4")),
    ];
    serve(&mut trunks, at(0), &zone);
    let mut entropy = base::testing::Seeded::new(7);
    let mut first = || trunks.order(at(1), &mut entropy, "carrier")[0].addr.ip().to_string();
    let share = (0..1_000).filter(|_| first() == "127.0.0.3").count();
    assert!((700..780).contains(&share), "{share} of 1000");
}

#[test]
fn targets_that_stay_in_the_dns_keep_their_state_and_those_that_go_are_forgotten() {
    let mut trunks = running(false, &[silent("carrier", &["sip:gw.example:5070;transport=udp"])]);
    let zone = [
        ("gw.example", RecordKind::A, address("127.0.0.3")),
        ("gw.example", RecordKind::A, address("127.0.0.4")),
    ];
    serve(&mut trunks, at(0), &zone);
    let first = target(&trunks, 0);
    trunks.failed(at(1), "carrier", &first, Failing::Silent);
    serve(&mut trunks, at(61), &zone[..1]);
    let targets = view(&trunks, 0).targets;
    assert_eq!(targets.len(), 1);
    trunks.failed(at(62), "carrier", &target(&trunks, 0), Failing::Silent);
    let moved = [("gw.example", RecordKind::A, address("127.0.0.9"))];
    serve(&mut trunks, at(130), &moved);
    assert_eq!(view(&trunks, 0).targets[0].addr.to_string(), "127.0.0.9:5070");
    assert!(view(&trunks, 0).up);
}

#[test]
fn what_stays_set_up_keeps_its_state_and_what_goes_is_forgotten() {
    let both = silent("carrier", &TWO);
    let mut trunks = running(true, std::slice::from_ref(&both));
    assert_eq!(trunks.admit(at(0), "carrier", false), Ok(()));
    for _ in 0..3 {
        fail(&mut trunks, at(0), 0);
    }
    let swapped = Trunk { max_calls: 1, ..silent("carrier", &[TWO[1], TWO[0]]) };
    trunks.configure(at(1), [&swapped]);
    assert_eq!((view(&trunks, 0).up, view(&trunks, 1).up), (true, false));
    assert_eq!(trunks.admit(at(1), "carrier", false), Err(Refusal::MaxCalls));
    trunks.release("carrier");
    assert_eq!(trunks.admit(at(1), "carrier", false), Ok(()));
    trunks.configure(at(2), []);
    assert_eq!((trunks.views(), trunks.deadline()), (Vec::new(), None));
    assert_eq!(trunks.admit(at(2), "carrier", true), Err(Refusal::Unknown));
}

#[test]
fn a_carrier_that_grants_no_time_is_not_asked_again_and_again() {
    let mut trunks = running(true, &[Trunk { register: true, ..silent("carrier", &TWO) }]);
    assert_eq!(turn(&mut trunks, at(0)), [register(300)]);
    trunks.registered(at(0), "carrier", Ok(0));
    assert!(trunks.deadline() >= Some(at(30).mono));
}

mod model {
    use base::testing::Seeded;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever happens in whatever order: nothing due is left over, every address of every peer is in
        /// the order once, calls are counted exactly, and each answer is asked for at a bounded rate.
        #[test]
        fn trunks_never_lose_count_or_spin(
            steps in prop::collection::vec((0..12u8, 0..3usize, 0..40u64), 1..120), owner: bool
        ) {
            let uris = ["sip:127.0.0.3", "sip:gw.example:5060", "sip:127.0.0.4:5070"];
            let set_up = Trunk { register: true, health_secs: 30, max_calls: 3, ..trunk("carrier", &uris) };
            let quiet = Trunk { register: false, health_secs: 0, ..set_up.clone() };
            let mut trunks = running(owner, std::slice::from_ref(&set_up));
            let (mut secs, mut calls, mut actions, mut resolved) = (0, 0, 0, false);
            let refused = RegisterFail { status: 423, retry_after: Some(3), min_expires: Some(90) };
            for (what, peer, wait) in &steps {
                secs += wait;
                let mut now = at(secs);
                match what {
                    0..=3 if trunks.at("carrier", *peer).is_none() => {}
                    0 => trunks.failed(now, "carrier", &target(&trunks, *peer), Failing::Silent),
                    1 => fail(&mut trunks, now, *peer),
                    2 => trunks.worked(now, "carrier", &target(&trunks, *peer)),
                    3 => trunks.probed(now, "carrier", &target(&trunks, *peer), secs % 2 == 0),
                    4 => trunks.registered(now, "carrier", Ok(60)),
                    5 => trunks.registered(now, "carrier", Err(refused)),
                    6 => {
                        let question = |kind| Question { name: "gw.example".to_owned(), kind };
                        let records = vec![address("127.0.0.9")];
                        let found = Answer::Records { records, ttl: Duration::from_secs(60) };
                        trunks.answered(now, &question(RecordKind::A), found);
                        trunks.answered(now, &question(RecordKind::Aaaa), Answer::Nothing { ttl: None });
                        resolved = true;
                    }
                    7 => if let Some(at) = trunks.at("carrier", *peer) {
                        let told =
                            TrunkGossip { trunk: "carrier".into(), peer: *peer, hop: at.hop(), up: false };
                        trunks.gossip(now, &told);
                    },
                    8 if trunks.admit(now, "carrier", false).is_ok() => calls += 1,
                    9 if calls > 0 => {
                        trunks.release("carrier");
                        calls -= 1;
                    }
                    10 => trunks.configure(now, [&set_up]),
                    11 => trunks.configure(now, [&quiet]),
                    _ => {}
                }
                actions += turn(&mut trunks, now).len();
                secs += 1;
                now = at(secs);
                actions += turn(&mut trunks, now).len();
                prop_assert!(trunks.deadline().is_none_or(|due| due > now.mono));
                prop_assert_eq!(trunks.usage("carrier"), calls);
                prop_assert!(calls <= 3);
                let mut order: Vec<usize> =
                    trunks.order(now, &mut Seeded::new(secs), "carrier").iter().map(|it| it.peer).collect();
                order.sort_unstable();
                prop_assert_eq!(order, if resolved { vec![0, 1, 2] } else { vec![0, 2] });
            }
            prop_assert!(actions <= 16 * (steps.len() + 1), "{} actions", actions);
        }
    }
}
