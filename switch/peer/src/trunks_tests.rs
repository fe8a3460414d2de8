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
    let mut running = Trunks::new(owner, &mut Counting::default());
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

fn changed(peer: usize, up: bool) -> TrunkAction {
    TrunkAction::Changed { trunk: "carrier".to_owned(), peer, up }
}

fn register(expires: u32) -> TrunkAction {
    TrunkAction::Register { trunk: "carrier".to_owned(), expires }
}

#[test]
fn three_failures_in_a_row_take_a_peer_down_for_longer_each_time() {
    let mut trunks = running(true, &[silent("carrier", &TWO)]);
    trunks.failed(at(0), "carrier", 0);
    trunks.failed(at(0), "carrier", 0);
    trunks.worked(at(0), "carrier", 0);
    assert_eq!(tried(&trunks, at(0)), [0, 1]);
    for _ in 0..3 {
        trunks.failed(at(1), "carrier", 0);
    }
    assert_eq!(turn(&mut trunks, at(1)), [changed(0, false)]);
    assert_eq!(tried(&trunks, at(1)), [1, 0], "it is the last resort");
    assert_eq!(trunks.deadline(), Some(at(31).mono));
    assert_eq!(turn(&mut trunks, at(31)), [changed(0, true)]);
    trunks.failed(at(32), "carrier", 0);
    assert_eq!(trunks.deadline(), Some(at(92).mono), "one failure on trial doubles the time");
}

#[test]
fn a_peer_that_is_probed_stays_down_until_it_answers() {
    let mut trunks = running(true, &[trunk("carrier", &TWO[..1])]);
    let probe = TrunkAction::Probe { trunk: "carrier".to_owned(), peer: 0 };
    for round in 0..3 {
        assert_eq!(turn(&mut trunks, at(1 + round * 31)), std::slice::from_ref(&probe));
        trunks.probed(at(2 + round * 31), "carrier", 0, false);
    }
    assert_eq!(turn(&mut trunks, at(64)), [changed(0, false)]);
    assert_eq!(turn(&mut trunks, at(124)), [probe]);
    trunks.probed(at(125), "carrier", 0, true);
    assert_eq!(turn(&mut trunks, at(125)), [changed(0, true)]);
    assert_eq!((view(&trunks, 0).rtt_ms, view(&trunks, 0).failures), (Some(1_000), 0));
}

#[test]
fn only_the_owner_probes_and_registers_and_the_others_hear_of_it() {
    let set_up = [Trunk { register: true, ..trunk("carrier", &TWO) }];
    let mut follower = running(false, &set_up);
    assert_eq!(turn(&mut follower, at(600)), []);
    follower.gossip(at(600), &TrunkGossip { trunk: "carrier".to_owned(), peer: 0, up: false });
    assert_eq!((tried(&follower, at(600)), turn(&mut follower, at(600))), (vec![1, 0], vec![]));
    follower.gossip(at(601), &TrunkGossip { trunk: "carrier".to_owned(), peer: 0, up: true });
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

#[test]
fn names_are_resolved_again_and_keep_their_addresses_when_that_fails() {
    let mut trunks = running(false, &[silent("carrier", &["sip:GW.example:5070;transport=tcp"])]);
    let resolve = TrunkAction::Resolve { host: "gw.example".to_owned(), port: 5070 };
    assert_eq!(tried(&trunks, at(0)), Vec::<usize>::new());
    assert_eq!(turn(&mut trunks, at(0)), std::slice::from_ref(&resolve));
    let ips: Vec<IpAddr> =
        vec!["127.0.0.3".parse().expect("an address"), "127.0.0.4".parse().expect("an address")];
    trunks.resolved(at(1), "gw.example", ips);
    assert_eq!(tried(&trunks, at(1)), [0, 0], "every address of a host is tried");
    let first = trunks.at("carrier", 0).expect("resolved");
    assert_eq!((first.addr.to_string().as_str(), first.transport.param()), ("127.0.0.3:5070", "tcp"));
    assert_eq!(turn(&mut trunks, at(61)), [resolve]);
    trunks.resolved(at(61), "gw.example", Vec::new());
    assert_eq!((tried(&trunks, at(61)).len(), trunks.deadline()), (2, Some(at(71).mono)));
}

#[test]
fn what_stays_set_up_keeps_its_state_and_what_goes_is_forgotten() {
    let both = silent("carrier", &TWO);
    let mut trunks = running(true, std::slice::from_ref(&both));
    assert_eq!(trunks.admit(at(0), "carrier", false), Ok(()));
    for _ in 0..3 {
        trunks.failed(at(0), "carrier", 0);
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
            let uris = ["sip:127.0.0.3", "sip:gw.example", "sip:127.0.0.4:5070"];
            let set_up = Trunk { register: true, health_secs: 30, max_calls: 3, ..trunk("carrier", &uris) };
            let quiet = Trunk { register: false, health_secs: 0, ..set_up.clone() };
            let mut trunks = running(owner, std::slice::from_ref(&set_up));
            let (mut secs, mut calls, mut actions, mut resolved) = (0, 0, 0, false);
            let refused = RegisterFail { status: 423, retry_after: Some(3), min_expires: Some(90) };
            for (what, peer, wait) in &steps {
                secs += wait;
                let now = at(secs);
                match what {
                    0 | 1 => trunks.failed(now, "carrier", *peer),
                    2 => trunks.worked(now, "carrier", *peer),
                    3 => trunks.probed(now, "carrier", *peer, secs % 2 == 0),
                    4 => trunks.registered(now, "carrier", Ok(60)),
                    5 => trunks.registered(now, "carrier", Err(refused)),
                    6 => {
                        trunks.resolved(now, "gw.example", vec![IpAddr::from([127, 0, 0, 9])]);
                        resolved = true;
                    }
                    7 => trunks.gossip(now, &TrunkGossip { trunk: "carrier".into(), peer: *peer, up: false }),
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
                prop_assert!(trunks.deadline().is_none_or(|due| due > now.mono));
                prop_assert_eq!(trunks.usage("carrier"), calls);
                prop_assert!(calls <= 3);
                let mut order: Vec<usize> =
                    trunks.order(now, &mut Seeded::new(secs), "carrier").iter().map(|it| it.peer).collect();
                order.sort_unstable();
                prop_assert_eq!(order, if resolved { vec![0, 1, 2] } else { vec![0, 2] });
            }
            prop_assert!(actions <= 12 * (steps.len() + 1), "{} actions", actions);
        }
    }
}
