use super::*;

fn at(secs: u64) -> Now {
    Now::default().later(Duration::from_secs(secs))
}

fn ip(last: u8) -> IpAddr {
    IpAddr::from([203, 0, 113, last])
}

fn offend(bans: &mut Bans, now: Now, source: IpAddr, account: &str) {
    bans.offended(now, &Offence { source: Some(source), account: Some(account.to_owned()) });
}

/// S6: svcrack is banned in under twenty tries.
#[test]
fn an_address_is_banned_at_its_tenth_wrong_answer_and_each_ban_is_longer() {
    let mut bans = Bans::new();
    let mut lengths = Vec::new();
    let mut now = at(1);
    for _ in 0..4 {
        let mut tries = 0;
        while bans.verdict(now, Some(ip(1)), "1001") != Verdict::Ignore {
            offend(&mut bans, now, ip(1), &format!("user{tries}"));
            tries += 1;
            assert!(tries < 20);
        }
        let ban = std::iter::from_fn(|| bans.poll()).find(|ban| ban.place == Place::address(ip(1))).unwrap();
        let length = ban.until_mono.since(now.mono);
        lengths.push(length.as_secs());
        now = now.later(length);
    }
    assert_eq!(lengths, [60, 240, 960, 3_840]);
}

#[test]
fn a_phone_that_mistypes_now_and_then_is_never_banned() {
    let mut bans = Bans::new();
    for n in 0..100 {
        offend(&mut bans, at(n * 120), ip(1), &format!("user{}", n % 3));
    }
    assert_eq!(bans.verdict(at(12_000), Some(ip(1)), "1001"), Verdict::Try);
    for n in 0..9 {
        offend(&mut bans, at(20_000 + n), ip(2), "1002");
    }
    bans.proved(at(20_010), ip(2));
    offend(&mut bans, at(20_011), ip(2), "1002");
    assert_eq!(
        bans.verdict(at(20_012), Some(ip(2)), "1002"),
        Verdict::Try,
        "the right answer cleared the nine"
    );
}

#[test]
fn a_network_that_attacks_from_many_addresses_is_banned_as_a_whole() {
    let mut bans = Bans::new();
    for n in 0..60 {
        offend(&mut bans, at(1), ip(n), &format!("user{n}"));
    }
    assert_eq!(bans.verdict(at(2), Some(ip(200)), "1001"), Verdict::Ignore);
    assert_eq!(bans.verdict(at(2), Some(IpAddr::from([203, 0, 114, 1])), "1001"), Verdict::Try);
}

/// S6: exponential back-off for an account that is attacked from everywhere.
#[test]
fn an_account_under_attack_makes_strangers_wait_ever_longer_up_to_a_minute() {
    let mut bans = Bans::new();
    let source = |n: u32| IpAddr::from((0x0a00_0000 + n * 0x0001_0000).to_be_bytes());
    let mut now = at(1);
    let mut tried = 0;
    for n in 0..2_000 {
        // Each address has used up its first tries on other accounts.
        (0..3).for_each(|_| offend(&mut bans, now, source(n), &format!("other{n}")));
        if bans.verdict(now, Some(source(n)), "1001") == Verdict::Try {
            offend(&mut bans, now, source(n), "1001");
            tried += 1;
        }
        now = now.later(Duration::from_millis(500));
    }
    assert!(tried < 60, "{tried} of 2,000 tries in 1,000 s were looked at");
    assert_eq!(bans.verdict(now, Some(source(1)), "1002"), Verdict::Try, "other accounts are not touched");
    let wait = bans.list(now, 10).first().map(|ban| ban.until_mono.since(now.mono));
    assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT));
}

/// S6: who guesses cannot keep the owner out.
#[test]
fn an_address_that_got_nothing_wrong_may_try_whatever_its_account_has_to_wait() {
    let mut bans = Bans::new();
    let now = at(1);
    (0..15_u8).for_each(|n| offend(&mut bans, now, IpAddr::from([10, n, 0, 1]), "1001"));
    for _ in 0..3 {
        assert_eq!(bans.verdict(now, Some(ip(7)), "1001"), Verdict::Try);
        offend(&mut bans, now, ip(7), "1001");
    }
    assert_eq!(bans.verdict(now, Some(ip(7)), "1001"), Verdict::Later);
    assert_eq!(bans.verdict(now, None, "1001"), Verdict::Later, "behind an edge proxy nobody is told apart");
    for _ in 0..7 {
        bans.offended(now, &Offence { source: Some(ip(7)), account: None });
    }
    assert_eq!(bans.verdict(now, Some(ip(7)), "1001"), Verdict::Ignore, "tries answered unseen count, too");
}

#[test]
fn a_ban_wears_off_and_an_operator_can_lift_it() {
    let mut bans = Bans::new();
    (0..10).for_each(|_| offend(&mut bans, at(1), ip(1), "1001"));
    let listed = bans.list(at(2), 10);
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].place.to_string().as_str(), listed[0].times), ("203.0.113.1", 1));
    assert!(bans.lift(at(3), &Place::address(ip(1))));
    assert!(!bans.lift(at(3), &Place::address(ip(1))));
    assert_eq!(bans.verdict(at(3), Some(ip(1)), "1001"), Verdict::Try);
    (0..10).for_each(|_| offend(&mut bans, at(4), ip(1), "1001"));
    assert_eq!(bans.verdict(at(63), Some(ip(1)), "1001"), Verdict::Ignore);
    assert_eq!(bans.verdict(at(64), Some(ip(1)), "1001"), Verdict::Try);
    assert!(bans.list(at(64), 10).is_empty());
}

#[test]
fn a_million_offenders_take_bounded_room() {
    let mut bans = Bans::new();
    for n in 0..(limits::OFFENDERS as u32) {
        let source = IpAddr::from((n << 8).to_be_bytes());
        offend(&mut bans, at(1), source, &n.to_string());
    }
    assert!(bans.records.len() <= limits::OFFENDERS);
}
