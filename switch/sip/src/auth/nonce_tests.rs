use base::testing::Counting;

use super::*;

fn at(secs: u64) -> Now {
    Now { mono: Mono(secs * 1_000_000), ..Now::default() }
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn spend(nonces: &mut Nonces, secs: u64, nonce: &str, count: Option<u32>) -> NonceState {
    nonces.spend(at(secs), HERE, nonce, count, Uses::Counted)
}

#[test]
fn a_nonce_is_fresh_for_five_minutes_then_stale() {
    let nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    assert_eq!(nonces.check(at(10), HERE, &nonce), NonceState::Fresh);
    assert_eq!(nonces.check(at(310), HERE, &nonce), NonceState::Fresh);
    assert_eq!(nonces.check(at(311), HERE, &nonce), NonceState::Stale);
}

/// S2: bound to the address it was sent to.
#[test]
fn a_nonce_is_good_only_where_it_was_sent() {
    let nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    assert_eq!(nonces.check(at(10), THERE, &nonce), NonceState::Elsewhere);
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(nonces.check(at(10), mapped, &nonce), NonceState::Fresh, "the same address in IPv6's words");
}

#[test]
fn a_foreign_or_altered_nonce_is_forged() {
    let nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    assert_eq!(Nonces::new([8; 32]).check(at(10), HERE, &nonce), NonceState::Forged);
    for place in 0..nonce.len() {
        let mut altered = nonce.clone();
        let other = if &nonce[place..=place] == "1" { "2" } else { "1" };
        altered.replace_range(place..=place, other);
        assert_eq!(nonces.check(at(10), HERE, &altered), NonceState::Forged, "{place}");
    }
    assert_eq!(nonces.check(at(10), HERE, "é"), NonceState::Forged);
    assert_eq!(nonces.check(at(10), HERE, ""), NonceState::Forged);
}

/// S2, RFC 7616 §3.4: datagrams overtake each other, and nobody repeats them.
#[test]
fn each_count_is_good_once_in_whatever_order_they_come() {
    let mut nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    let counts = [1, 1, 3, 2, 2, 3, 40, 8, 9, 9, 7, 40, 39, 39, 0];
    let states = counts.map(|count| spend(&mut nonces, 12, &nonce, Some(count)) == NonceState::Fresh);
    let good =
        [true, false, true, true, false, false, true, true, true, false, false, false, true, false, false];
    assert_eq!(states, good);
}

#[test]
fn a_nonce_without_count_is_good_once() {
    let mut nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    assert_eq!(spend(&mut nonces, 11, &nonce, None), NonceState::Fresh);
    assert_eq!(spend(&mut nonces, 11, &nonce, None), NonceState::Stale);
    assert_eq!(spend(&mut nonces, 11, &nonce, Some(1)), NonceState::Stale);
}

/// S2: one-time for the INVITE of somebody who is not registered.
#[test]
fn a_nonce_that_is_good_once_takes_no_second_count() {
    let mut nonces = Nonces::new([7; 32]);
    let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
    let mut once = |count| nonces.spend(at(11), HERE, &nonce, Some(count), Uses::Once);
    assert_eq!([once(1), once(2)], [NonceState::Fresh, NonceState::Stale]);
    assert_eq!(spend(&mut nonces, 11, &nonce, Some(3)), NonceState::Stale);
}

#[test]
fn a_flood_of_nonces_is_bounded_and_replays_nothing() {
    let mut nonces = Nonces::new([7; 32]);
    let mut entropy = Counting::default();
    let first = nonces.issue(at(1), HERE, &mut entropy);
    assert_eq!(spend(&mut nonces, 2, &first, Some(1)), NonceState::Fresh);
    for _ in 0..COUNTED + 1 {
        let nonce = nonces.issue(at(2), HERE, &mut entropy);
        spend(&mut nonces, 2, &nonce, Some(1));
    }
    assert!(nonces.young.len() + nonces.old.len() <= COUNTED);
    assert_eq!(spend(&mut nonces, 2, &first, Some(1)), NonceState::Stale);
}

/// RFC 4231 §4.3 with its short key, which zeros extend to the same block.
#[test]
fn the_keyed_hash_is_hmac() {
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    assert_eq!(
        hex(&hmac_sha256(&key, b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}
