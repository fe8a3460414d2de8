//! Reports, scores and troubles as far ends and shards see them.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{LegMedia, MediaEvent, MediaFlow, Remote, Trouble};
use media::{Channel, rtcp, rtp};

use super::world::*;

const ALICE_REPORTS: &str = "192.0.2.1:4001";
const SECOND: u64 = 1_000;

/// What one far end sends while time passes.
#[derive(Clone, Copy)]
struct Talk {
    slot: u32,
    from: &'static str,
    ssrc: u32,
    sound: u8,
    /// One packet in so many is lost; 0 for none.
    loses: u16,
}

const FROM_ALICE: Talk = Talk { slot: A, from: ALICE, ssrc: 7, sound: 0x12, loses: 0 };
const FROM_BOB: Talk = Talk { slot: B, from: BOB, ssrc: 8, sound: 0x34, loses: 0 };

/// Packets with sound in them, every 20 ms, for so long; what was told meanwhile, with the ms at which.
fn talk(world: &mut World, talks: &[Talk], first: u16, ms: u64) -> Vec<(u64, MediaEvent)> {
    let mut told = Vec::new();
    for n in 0..(ms / 20) as u16 {
        let sequence = first + n;
        for talk in talks {
            if talk.loses == 0 || sequence % talk.loses != 1 {
                let mut packet = rtp_of(0, sequence, talk.ssrc);
                packet[12..].iter_mut().step_by(3).for_each(|octet| *octet = talk.sound);
                world.packet(talk.slot, Channel::Rtp, talk.from, &packet);
            }
        }
        world.wait(Duration::from_millis(20));
        told.extend(world.all_events().into_iter().map(|event| (u64::from(n + 1) * 20, event)));
    }
    told
}

fn troubles(told: &[(u64, MediaEvent)], slot: u32) -> Vec<(u64, Trouble, bool)> {
    let of_slot = |(ms, event): &(u64, MediaEvent)| {
        let MediaEvent::Trouble { port: id, trouble, now } = event else { return None };
        (*id == port(slot)).then_some((*ms, *trouble, *now))
    };
    told.iter().filter_map(of_slot).collect()
}

fn qualities(told: &[(u64, MediaEvent)], slot: u32) -> Vec<LegMedia> {
    let of_slot = |(_, event): &(u64, MediaEvent)| {
        let MediaEvent::Quality { port: id, media } = event else { return None };
        (*id == port(slot)).then_some(**media)
    };
    told.iter().filter_map(of_slot).collect()
}

/// Our reports to one far end.
fn reports(world: &mut World, slot: u32, heard: u32) -> Vec<rtcp::Report> {
    let sent = std::mem::take(&mut world.reports);
    sent.iter()
        .filter(|(from, ..)| *from == slot)
        .filter_map(|(.., packet)| rtcp::read(packet, heard))
        .collect()
}

/// RFC 3550 §6.4: each leg has reports of its own about its own streams.
#[test]
fn each_far_end_is_told_what_we_sent_it_and_how_we_hear_it() {
    let mut world = World::call();
    let lossy = Talk { loses: 10, ..FROM_ALICE };
    talk(&mut world, &[lossy, FROM_BOB], 100, 30 * SECOND);
    let ssrc = rtp::read(&world.packets(B, Channel::Rtp, BOB, &rtp_of(0, 1_600, 8))[0].2).expect("RTP").ssrc;
    assert!(world.reports.iter().all(|(slot, to, _)| *slot == B || to == ALICE_REPORTS));
    let told = reports(&mut world, A, 7);
    assert!((5..=16).contains(&told.len()), "{}", told.len());
    for report in &told {
        assert_eq!((report.ssrc, report.bye), (ssrc, false));
        assert!(report.sent_at.is_some() && !report.extended);
        let block = report.reception.expect("it is heard");
        assert!((20..=32).contains(&block.fraction), "a tenth of 256: {block:?}");
    }
    let (first, last) = (told[0].reception.expect("heard"), told[told.len() - 1].reception.expect("heard"));
    assert!(last.highest > first.highest && last.lost > 100, "{last:?}");
}

/// RFC 3550 §6.4.1: A − LSR − DLSR.
#[test]
fn round_trip_jitter_and_loss_of_the_far_side_are_read_from_its_reports() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 10 * SECOND);
    let ours = reports(&mut world, A, 7);
    let sent_at = ours.last().and_then(|report| report.sent_at).expect("a sender report");
    let age = world.now.0 - ((u64::from(sent_at) * 1_000_000) >> 16);
    let mut report = receiver_report(7, ours[0].ssrc, 3, sent_at);
    let kept = (age - 80_000) * 65_536 / 1_000_000;
    report[12] = 64;
    report[20..24].copy_from_slice(&160_u32.to_be_bytes());
    report[28..32].copy_from_slice(&(kept as u32).to_be_bytes());
    world.packet(A, Channel::Rtcp, ALICE_REPORTS, &report);
    let media = world.figures(A);
    assert!((79_000..=81_000).contains(&media.round_trip_us), "{media:?}");
    assert_eq!((media.far_lost, media.far_jitter_us, media.rtcp), (3, 20_000, 1));
    let told = qualities(&talk(&mut world, &[FROM_ALICE, FROM_BOB], 501, 5 * SECOND), A);
    assert!(told[0].mos_centi > 430 && (100..300).contains(&told[0].far_mos_centi), "{told:?}");
}

/// RFC 5761: one port for both.
#[test]
fn reports_go_where_media_goes_when_both_share_a_port_and_end_with_goodbye() {
    let mut world = World::call();
    world.agree(A, &Remote { mux: true, ..remote(ALICE) });
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 5 * SECOND);
    assert!(world.reports.iter().any(|(slot, to, _)| (*slot, to.as_str()) == (A, ALICE)));
    assert!(reports(&mut world, A, 7).iter().all(|report| !report.bye));
    world.close(A);
    world.sent();
    let last = reports(&mut world, A, 7);
    assert!(last.len() == 1 && last[0].bye, "{last:?}");
}

/// RFC 3550 §6.3.7: who never reported says no goodbye; nothing goes to a far end that has agreed to nothing.
#[test]
fn a_call_that_ends_at_once_has_no_reports() {
    let mut world = World::call();
    world.close(A);
    world.close(B);
    world.open(A);
    world.wait(Duration::from_secs(60));
    assert_eq!((world.sent(), world.reports.len()), (vec![], 0));
}

/// RFC 3550 §6.4, RFC 3264 §8.4: reports go on in a hold, as receiver reports.
#[test]
fn a_held_far_end_goes_on_hearing_from_us() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 5 * SECOND);
    world.agree(A, &Remote { flow: MediaFlow::Neither, ..remote(ALICE) });
    world.agree(B, &Remote { flow: MediaFlow::Neither, ..remote(BOB) });
    talk(&mut world, &[], 1, 10 * SECOND);
    world.reports.clear();
    talk(&mut world, &[], 1, 20 * SECOND);
    let told = reports(&mut world, A, 7);
    assert!(!told.is_empty() && told.iter().all(|report| report.sent_at.is_none()), "{told:?}");
}

/// RFC 3611: who sends extended reports gets them.
#[test]
fn extended_reports_are_answered_in_kind() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 5 * SECOND);
    let mut extended = receiver_report(7, 1, 0, 0);
    extended[0] = 0x80;
    extended.truncate(8);
    extended[3] = 1;
    extended.extend([0x80, 207, 0, 4, 0, 0, 0, 7, 4, 0, 0, 2, 0, 0, 0, 9, 0x80, 0, 0, 0]);
    world.packet(A, Channel::Rtcp, ALICE_REPORTS, &extended);
    assert_eq!(world.figures(A).rtcp, 1);
    world.reports.clear();
    talk(&mut world, &[Talk { loses: 10, ..FROM_ALICE }, FROM_BOB], 251, 10 * SECOND);
    let told = reports(&mut world, A, 7);
    let last = told.last().expect("a report");
    assert_eq!(last.last_reference.map(|(at, _)| at), Some(0x0009_8000));
    let metrics = last.metrics.expect("VoIP metrics");
    assert!(
        (8..=26).contains(&metrics.loss) && metrics.mos_tenths.is_some_and(|mos| mos < 44),
        "{metrics:?}"
    );
}

#[test]
fn damaged_and_foreign_reports_change_nothing_and_are_counted() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, SECOND);
    let before = world.figures(A);
    for cut in [1, 7, 9, 31] {
        world.packet(A, Channel::Rtcp, ALICE_REPORTS, &receiver_report(7, 9, 9, 9)[..cut]);
    }
    world.packet(A, Channel::Rtcp, BLEEDER, &receiver_report(7, 9, 9, 9));
    world.packet(A, Channel::Rtcp, ALICE_REPORTS, &receiver_report(7, 9, 9, 9));
    let media = world.figures(A);
    assert_eq!((media.strays, media.rtcp), (before.strays + 5, before.rtcp + 1));
    assert_eq!((media.far_lost, media.round_trip_us), (0, 0), "it is about a stream that is not ours");
}

/// ITU-T G.107: told every five seconds, of those five seconds; at the end, of the whole call.
#[test]
fn scores_follow_what_the_network_does() {
    let mut world = World::call();
    let good = talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 10 * SECOND);
    let lossy = Talk { loses: 5, ..FROM_ALICE };
    let bad = talk(&mut world, &[lossy, FROM_BOB], 501, 11 * SECOND);
    let again = talk(&mut world, &[FROM_ALICE, FROM_BOB], 1_051, 11 * SECOND);
    let last = |told: &[(u64, MediaEvent)]| qualities(told, A).last().map(|media| media.mos_centi);
    assert_eq!((last(&good), last(&again)), (Some(441), Some(441)));
    assert!(last(&bad).is_some_and(|mos| mos < 300), "{:?}", last(&bad));
    let whole = world.figures(A).mos_centi;
    assert!((300..430).contains(&whole), "{whole}");
}

/// The measure: within three seconds.
#[test]
fn a_far_end_that_falls_silent_while_we_send_is_one_way_within_three_seconds() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 5 * SECOND);
    let told = talk(&mut world, &[FROM_BOB], 251, 6 * SECOND);
    let [(ms, Trouble::OneWay, true)] = troubles(&told, A)[..] else { panic!("{told:?}") };
    assert!(ms <= 3 * SECOND, "{ms}");
    assert_eq!(troubles(&told, B), []);
    let told = talk(&mut world, &[FROM_ALICE, FROM_BOB], 551, 4 * SECOND);
    let [(_, Trouble::OneWay, false)] = troubles(&told, A)[..] else { panic!("{told:?}") };
}

#[test]
fn a_far_end_that_reports_no_progress_hears_nothing() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 5 * SECOND);
    let ours = reports(&mut world, A, 7)[0].ssrc;
    let mut told = Vec::new();
    for n in 0..3_u16 {
        world.packet(A, Channel::Rtcp, ALICE_REPORTS, &receiver_report(7, ours, 0, 0));
        told.extend(talk(&mut world, &[FROM_ALICE, FROM_BOB], 251 + n * 100, 2 * SECOND));
    }
    assert!(matches!(troubles(&told, A)[..], [(_, Trouble::OneWay, true)]), "{told:?}");
}

#[test]
fn packets_without_a_sound_are_dead_air_within_three_seconds() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 3 * SECOND);
    let told = talk(&mut world, &[Talk { sound: 0xff, ..FROM_ALICE }, FROM_BOB], 151, 5 * SECOND);
    let [(ms, Trouble::DeadAir, true)] = troubles(&told, A)[..] else { panic!("{told:?}") };
    assert!(ms <= 3 * SECOND, "{ms}");
    let told = talk(&mut world, &[FROM_ALICE, FROM_BOB], 401, 2 * SECOND);
    assert!(matches!(troubles(&told, A)[..], [(_, Trouble::DeadAir, false)]), "{told:?}");
}

#[test]
fn rtp_of_a_stranger_is_told_with_its_address_and_a_hold_is_no_trouble() {
    let mut world = World::call();
    talk(&mut world, &[FROM_ALICE, FROM_BOB], 1, 2 * SECOND);
    let stranger = Talk { slot: A, from: BLEEDER, ssrc: 66, sound: 1, loses: 0 };
    let told = talk(&mut world, &[FROM_ALICE, FROM_BOB, stranger], 101, 4 * SECOND);
    let from: SocketAddr = address(BLEEDER);
    let [(ms, Trouble::FromNowhere { from: told_from }, true)] = troubles(&told, A)[..] else {
        panic!("{told:?}")
    };
    assert!(told_from == from && ms <= 3 * SECOND, "{ms}");
    let told = talk(&mut world, &[FROM_ALICE, FROM_BOB], 301, 6 * SECOND);
    assert_eq!(troubles(&told, A).len(), 1, "and taken back");
    world.agree(A, &Remote { flow: MediaFlow::Send, ..remote(ALICE) });
    let told = talk(&mut world, &[FROM_BOB], 601, 10 * SECOND);
    assert_eq!(troubles(&told, A), []);
}
