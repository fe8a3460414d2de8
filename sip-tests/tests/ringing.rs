//! Who rings when somebody is called: forwards, groups, mobiles, do-not-disturb (features.md MYOP-1…9, 19…24, BP-11,
//! VOX-16, VOX-19; E17, E46, E60, E72, E83).

use std::time::Duration;

use base::fact::{Endpoint, What};
use base::media::{CollectEnd, MediaCommand, MediaEvent, Sound};
use base::{Cause, Party};
use call::ShardInput;
use provision::{Entity, ForwardWhen, Group, Hours, Incoming, SettingsChange, Strategy, User};
use sip_tests::{Line, Link, RING, State, World};

/// A carrier `+49…`, phones 1001, 1002 and 1003, and a second carrier to which numbers with a leading 0 go.
struct Office {
    world: World,
    carrier: usize,
    phones: [usize; 3],
    mobile: usize,
}

fn office(seed: u64) -> Office {
    let mut world = World::new(seed);
    let carrier = world.trunk("carrier");
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let mobile = world.trunk("mobiles");
    world.number("+4930123", "station:1001");
    world.rule("^0", &["mobiles"]);
    for phone in phones {
        world.agents[phone].manner = RING;
    }
    world.agents[mobile].manner = RING;
    Office { world, carrier, phones, mobile }
}

impl Office {
    fn open(&mut self) {
        let phones = self.phones;
        self.world.open(&phones);
    }

    fn edit(&mut self, extension: &str, change: impl FnOnce(&mut provision::Station)) {
        change(self.world.directory.stations.get_mut(extension).expect("a station"));
    }

    /// Ana sits at 1001 and has a mobile.
    fn ana(&mut self, incoming: Incoming) {
        let mobile = "0170111".parse().expect("a number");
        let ana = User { mobile, incoming, extension_first_secs: 10, ..User::called("ana") };
        self.world.directory.put(Entity::User(ana));
        self.edit("1001", |station| station.user = "ana".to_owned());
    }

    fn group(&mut self, strategy: Strategy, members: &[&str]) {
        let members = members.iter().map(|it| it.parse().expect("a member")).collect();
        let group = Group { extension: "600".to_owned(), strategy, members, ..Group::named("sales") };
        self.world.directory.put(Entity::Group(group));
        self.world.number("+4930600", "group:sales");
    }

    /// Calls from outside, and lets it ring.
    fn call(&mut self, number: &str) -> Line {
        let line = self.world.dial(self.carrier, number);
        self.world.settle();
        line
    }

    fn set(&mut self, extension: &str, change: SettingsChange) {
        let changes = vec![change];
        self.world.input(0, ShardInput::Reach { extension: extension.to_owned(), changes });
        self.world.settle();
    }

    fn rings(&self, phone: usize) -> bool {
        let talks = &self.world.agents[phone].talks;
        talks.iter().any(|talk| talk.role == sip_tests::Role::Callee && talk.state == State::Ringing)
    }

    fn answer(&mut self, phone: usize) -> Line {
        let line = self.world.incoming(phone);
        self.world.say_with_body(line, 200);
        self.world.settle();
        line
    }

    /// Who led the call on, and where to.
    fn led(&self) -> Vec<String> {
        let told = |fact: &base::fact::Fact| {
            if let What::LedOn { by, to, when, .. } = &fact.what {
                Some(format!("{by} {when} {to}"))
            } else {
                None
            }
        };
        self.world.facts.iter().filter_map(told).collect()
    }

    /// How many shards have had a call.
    fn shards_of_calls(&self) -> usize {
        let shards = self.world.facts.iter().map(|fact| fact.call.shard());
        shards.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Answers the question whether to take the call.
    fn press(&mut self, line: Line, key: &str) {
        let at = self.world.talk(line).media;
        let (port, shard, ..) = self.world.media.towards(at).expect("a port");
        let asked_there = |command: &MediaCommand| {
            if let MediaCommand::Collect { port: of, collect } = command {
                (*of == port).then_some(collect.id)
            } else {
                None
            }
        };
        let collect = self.world.media.asked.iter().rev().find_map(asked_there);
        let collect = collect.expect("a question");
        let end = if key.is_empty() { CollectEnd::NoDigit } else { CollectEnd::Full };
        let event = MediaEvent::Collected { port, collect, digits: key.into(), end };
        self.world.tell_media(usize::from(shard.0), event);
        self.world.settle();
    }

    fn over(&mut self, line: Line) {
        self.world.bye(line);
        self.world.settle();
        self.world.assert_clean();
    }
}

fn to(number: &str) -> Option<provision::ForwardTo> {
    Some(number.parse().expect("a number or destination"))
}

/// RFC 5359 §2.7: every call goes on at once.
#[test]
fn every_call_is_led_on_and_the_record_says_by_whom() {
    let mut office = office(1);
    office.edit("1001", |station| station.forward_always = "1002".parse().expect("a number"));
    office.open();
    let caller = office.call("+4930123");
    assert!(!office.rings(office.phones[0]) && office.rings(office.phones[1]));
    let callee = office.answer(office.phones[1]);
    assert!(office.world.hear_each_other(caller, callee));
    assert_eq!(office.led(), ["station:1001 always station:1002"]);
    insta::assert_snapshot!(office.world.ladder());
    office.over(caller);
}

/// RFC 5359 §2.8: calls go on while the phone is busy.
#[test]
fn a_call_to_a_busy_phone_is_led_on() {
    let mut office = office(2);
    office.edit("1001", |station| station.forward_busy = "1002".parse().expect("a number"));
    office.open();
    let caller = office.call("+4930123");
    let line = office.world.incoming(office.phones[0]);
    office.world.say(line, 486);
    office.world.settle();
    let callee = office.answer(office.phones[1]);
    assert!(office.world.hear_each_other(caller, callee));
    assert_eq!(office.led(), ["station:1001 busy station:1002"]);
    insta::assert_snapshot!(office.world.ladder());
    office.over(caller);
}

/// RFC 5359 §2.9: calls that nobody answers go on after a while.
#[test]
fn a_call_that_nobody_answers_is_led_on_after_a_while() {
    let mut office = office(3);
    office.edit("1001", |station| {
        station.forward_no_answer = "1002".parse().expect("a number");
        station.no_answer_secs = 15;
    });
    office.open();
    let caller = office.call("+4930123");
    office.world.run_for(Duration::from_secs(14));
    assert!(office.rings(office.phones[0]) && !office.rings(office.phones[1]));
    office.world.run_for(Duration::from_secs(2));
    assert!(!office.rings(office.phones[0]) && office.rings(office.phones[1]));
    let callee = office.answer(office.phones[1]);
    assert!(office.world.hear_each_other(caller, callee));
    insta::assert_snapshot!(office.world.ladder());
    office.over(caller);
}

/// BP-11, E46: no phone is there, so the call goes on at once; without a forward it is dropped at the time-out.
#[test]
fn a_station_without_a_phone_leads_on_at_once_and_one_with_a_phone_drops_at_the_time_out() {
    let mut office = office(4);
    office.edit("1001", |station| station.forward_unregistered = "1002".parse().expect("a number"));
    office.edit("1003", |station| station.ring_secs = 20);
    office.world.open(&office.phones[1..]);
    let caller = office.call("+4930123");
    assert!(office.rings(office.phones[1]));
    office.answer(office.phones[1]);
    office.world.bye(caller);
    office.world.settle();
    office.world.number("+4930125", "station:1003");
    office.world.set_up();
    let dropped = office.call("+4930125");
    office.world.run_for(Duration::from_secs(21));
    assert_eq!(office.world.talk(dropped).status(), 480);
    office.world.assert_clean();
}

/// Two who lead on to each other: the circle is seen and the caller told.
#[test]
fn a_circle_of_forwards_ends() {
    let mut office = office(5);
    office.edit("1001", |station| station.forward_always = "1002".parse().expect("a number"));
    office.edit("1002", |station| station.forward_always = "1001".parse().expect("a number"));
    office.open();
    let caller = office.call("+4930123");
    assert_eq!((office.world.state(caller), office.world.talk(caller).status()), (State::Over, 482));
    office.world.assert_clean();
    assert_eq!(office.world.ending(), (Cause::Loop, 482, Party::System));
}

/// MYOP-21, E60: somebody who takes no calls is reached neither by number nor by extension.
#[test]
fn somebody_who_takes_no_calls_is_not_reached_by_extension_either() {
    let mut office = office(6);
    office.open();
    office.set("1001", SettingsChange::Available(false));
    let caller = office.call("+4930123");
    assert_eq!(office.world.talk(caller).status(), 480);
    let inside = office.world.dial(office.phones[1], "1001");
    office.world.settle();
    assert_eq!(office.world.talk(inside).status(), 480);
    assert!(office.world.agents[office.phones[0]].talks.is_empty());
    office.set("1001", SettingsChange::Available(true));
    office.call("+4930123");
    assert!(office.rings(office.phones[0]));
    office.answer(office.phones[0]);
    office.world.end_all();
    office.world.assert_clean();
}

/// Do-not-disturb refuses, or leads on to where busy calls go.
#[test]
fn do_not_disturb_refuses_or_leads_on() {
    let mut office = office(7);
    office.open();
    office.set("1001", SettingsChange::DoNotDisturb(true));
    let caller = office.call("+4930123");
    assert_eq!(office.world.talk(caller).status(), 480);
    office.set("1001", SettingsChange::Forward(ForwardWhen::Busy, to("1002")));
    let caller = office.call("+4930123");
    assert!(office.rings(office.phones[1]));
    office.answer(office.phones[1]);
    office.over(caller);
    assert_eq!(office.world.settings.len(), 2, "both are kept");
}

/// A change made by any shard is known at every one, and forgotten when it is taken back.
#[test]
fn phones_change_forwards_by_codes_and_hear_so() {
    let mut office = office(8);
    office.open();
    for (code, said) in [
        ("*721002", "en/feature/forward-on"),
        ("*73", "en/feature/forward-off"),
        ("*901002", "en/feature/forward-busy-on"),
        ("*91", "en/feature/forward-busy-off"),
        ("*921002", "en/feature/forward-no-answer-on"),
        ("*93", "en/feature/forward-no-answer-off"),
        ("*78", "en/feature/dnd-on"),
        ("*79", "en/feature/dnd-off"),
    ] {
        let line = office.world.dial(office.phones[0], code);
        office.world.settle();
        assert!(office.world.talk(line).is_up(), "{code}\n{}", office.world.ladder());
        let prompt = |item: &Sound| {
            if let Sound::Prompt(name) = item { Some(format!("{}/{}", name.language, name.id)) } else { None }
        };
        let played = |command: &MediaCommand| {
            if let MediaCommand::Play { play, .. } = command {
                play.items.iter().find_map(prompt)
            } else {
                None
            }
        };
        let heard = office.world.media.asked.iter().rev().find_map(played);
        assert_eq!(heard.as_deref(), Some(said), "{code}");
        office.world.bye(line);
        office.world.settle();
        if code == "*721002" {
            for shard in &office.world.shards {
                assert_eq!(shard.settings_of("1001").forward_always, to("1002"));
            }
        }
    }
    let last = office.world.settings.last().expect("kept");
    assert!(!last.1.do_not_disturb);
    office.world.assert_clean();
}

/// A phone leads calls only where its station may dial, never to those who send help, and not to itself.
#[test]
fn a_phone_cannot_lead_calls_where_it_may_not_call() {
    let mut office = office(9);
    office.open();
    for code in ["*725550100", "*72112", "*721001", "*72"] {
        let line = office.world.dial(office.phones[0], code);
        office.world.settle();
        assert!(office.world.talk(line).status() >= 400, "{code}");
    }
    assert!(office.world.settings.is_empty());
    office.world.assert_clean();
}

/// The phone itself leads on (RFC 3261 §8.1.3.4): to a number it may call, and to no host.
#[test]
fn a_phone_that_leads_on_by_302_is_followed_to_where_it_may_call() {
    let mut office = office(10);
    office.open();
    for (contact, rings) in [("sip:1002@203.0.113.99", true), ("sip:112@192.0.2.1", false)] {
        let caller = office.call("+4930123");
        let line = office.world.incoming(office.phones[0]);
        let headers = vec![format!("Contact: <{contact}>")];
        office.world.reply(line, sip_tests::Reply { status: 302, headers, ..sip_tests::Reply::default() });
        office.world.settle();
        assert_eq!(office.rings(office.phones[1]), rings, "{}", office.world.ladder());
        if rings {
            office.answer(office.phones[1]);
            office.world.bye(caller);
            office.world.settle();
        } else {
            assert_eq!(office.world.talk(caller).status(), 403);
        }
    }
    office.world.assert_clean();
}

/// VOX-19, E72, RFC 5359 §2.13: everybody in a group rings at once; the others are told that somebody has answered.
#[test]
fn a_group_rings_at_once_and_the_losers_know_that_somebody_answered() {
    let mut office = office(11);
    office.group(Strategy::Simultaneous, &["station:1001", "station:1002", "station:1003"]);
    office.open();
    let caller = office.call("+4930600");
    assert!(office.phones.iter().all(|phone| office.rings(*phone)));
    let callee = office.answer(office.phones[1]);
    assert!(office.world.hear_each_other(caller, callee));
    for loser in [0, 2] {
        let cancel = office.world.agents[office.phones[loser]].requests("CANCEL").next().expect("cancelled");
        assert_eq!(cancel.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    }
    insta::assert_snapshot!(office.world.ladder());
    office.over(caller);
}

/// VOX-19: one after the other; who declines speaks for nobody else.
#[test]
fn a_group_rings_one_after_the_other_and_a_decline_goes_to_the_next() {
    let mut office = office(12);
    office.group(Strategy::Sequential, &["station:1001", "user:nobody", "station:1002", "station:1003"]);
    office.open();
    let caller = office.call("+4930600");
    let first = office.world.incoming(office.phones[0]);
    office.world.say(first, 603);
    office.world.settle();
    assert!(office.rings(office.phones[1]) && !office.rings(office.phones[2]));
    office.world.run_for(Duration::from_secs(21));
    assert!(!office.rings(office.phones[1]) && office.rings(office.phones[2]));
    office.answer(office.phones[2]);
    office.over(caller);
}

/// A random order is another one for other calls, and each member rings once.
#[test]
fn a_group_rings_in_a_random_order() {
    let mut firsts = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let mut office = office(seed);
        office.group(Strategy::Random, &["station:1001", "station:1002", "station:1003"]);
        office.open();
        let caller = office.call("+4930600");
        let rings: Vec<usize> = office.phones.into_iter().filter(|phone| office.rings(*phone)).collect();
        assert_eq!(rings.len(), 1);
        firsts.extend(rings);
        office.world.cancel(caller);
        office.world.settle();
        office.world.assert_clean();
    }
    assert!(firsts.len() > 1, "not always the same");
}

/// A group that nobody answers, and one where everybody is busy, send the call elsewhere.
#[test]
fn a_group_sends_the_call_elsewhere_when_nobody_takes_it() {
    for (busy, expected) in [(true, "group:sales busy station:1003"), (false, "group:sales no_answer echo")] {
        let mut office = office(13);
        office.group(Strategy::Simultaneous, &["station:1001", "station:1002"]);
        let group = office.world.directory.groups.get_mut("sales").expect("a group");
        group.on_busy = "1003".parse().expect("a number");
        group.on_no_answer = "echo".parse().expect("a destination");
        office.open();
        let caller = office.call("+4930600");
        for phone in [office.phones[0], office.phones[1]] {
            let line = office.world.incoming(phone);
            if busy || phone == office.phones[0] {
                office.world.say(line, 486);
                office.world.settle();
            }
        }
        if busy {
            office.answer(office.phones[2]);
        } else {
            office.world.run_for(Duration::from_secs(21));
        }
        assert!(office.world.talk(caller).is_up(), "{}", office.world.ladder());
        assert_eq!(office.led(), [expected]);
        office.over(caller);
    }
}

/// Members who do not want to be disturbed are left out; a station calls the group by its extension and is not rung.
#[test]
fn a_group_leaves_out_who_calls_it_and_who_wants_no_calls() {
    let mut office = office(14);
    office.group(Strategy::Simultaneous, &["station:1001", "station:1002", "station:1003"]);
    office.open();
    office.set("1002", SettingsChange::DoNotDisturb(true));
    let caller = office.world.dial(office.phones[0], "600");
    office.world.settle();
    assert!(
        !office.rings(office.phones[0]) && !office.rings(office.phones[1]) && office.rings(office.phones[2])
    );
    office.answer(office.phones[2]);
    office.over(caller);
}

/// MYOP-3, E83: extension and mobile ring together; whoever answers at the mobile must press 1, and meanwhile the
/// caller hears ringing and the extension may still answer.
#[test]
fn a_mobile_gets_the_call_only_after_a_1() {
    let mut office = office(15);
    office.ana(Incoming::Both);
    office.open();
    let caller = office.call("+4930123");
    assert!(office.rings(office.phones[0]) && office.rings(office.mobile));
    let mobile = office.answer(office.mobile);
    assert!(office.world.talk(mobile).is_up() && !office.world.talk(caller).is_up());
    assert!(office.rings(office.phones[0]), "the extension rings on");
    assert_eq!(office.world.talk(caller).status(), 180);
    office.press(mobile, "1");
    assert!(office.world.hear_each_other(caller, mobile), "{}", office.world.ladder());
    assert!(!office.rings(office.phones[0]));
    insta::assert_snapshot!(office.world.ladder());
    office.over(caller);
}

/// E83: a mailbox presses nothing; the extension rings on and may answer.
#[test]
fn a_mailbox_of_a_mobile_cannot_take_the_call() {
    for extension_answers in [true, false] {
        let mut office = office(16);
        office.ana(Incoming::Both);
        office.open();
        let caller = office.call("+4930123");
        let mobile = office.answer(office.mobile);
        if extension_answers {
            let callee = office.answer(office.phones[0]);
            assert!(office.world.hear_each_other(caller, callee));
            assert_eq!(office.world.state(mobile), State::Over, "the mobile is told by BYE");
            let bye = office.world.agents[office.mobile].requests("BYE").next().expect("a BYE");
            assert_eq!(bye.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
            office.over(caller);
        } else {
            office.press(mobile, "");
            assert_eq!(office.world.state(mobile), State::Over);
            assert!(office.rings(office.phones[0]));
            office.world.run_for(Duration::from_secs(61));
            assert_eq!(office.world.talk(caller).status(), 480);
            office.world.assert_clean();
        }
    }
}

/// A 2 declines for all phones of the person; hanging up leaves the extension ringing.
#[test]
fn a_mobile_declines_with_a_2_and_leaves_by_hanging_up() {
    let mut office = office(17);
    office.ana(Incoming::Both);
    office.open();
    let caller = office.call("+4930123");
    let mobile = office.answer(office.mobile);
    office.world.bye(mobile);
    office.world.settle();
    assert!(office.rings(office.phones[0]) && !office.world.talk(caller).is_up());
    office.world.cancel(caller);
    office.world.settle();
    let caller = office.call("+4930123");
    let mobile = office.answer(office.mobile);
    office.press(mobile, "2");
    assert_eq!((office.world.talk(caller).status(), office.world.state(mobile)), (603, State::Over));
    office.world.assert_clean();
}

/// MYOP-4, E17: the extension first, then the mobile; its early media is not for the caller.
#[test]
fn the_extension_rings_first_then_the_mobile() {
    let mut office = office(18);
    office.ana(Incoming::ExtensionFirst);
    office.open();
    let caller = office.call("+4930123");
    assert!(office.rings(office.phones[0]) && !office.rings(office.mobile));
    office.world.run_for(Duration::from_secs(11));
    assert!(!office.rings(office.phones[0]) && office.rings(office.mobile));
    let line = office.world.incoming(office.mobile);
    office.world.say_with_body(line, 183);
    office.world.settle();
    assert!(!office.world.hear_each_other(caller, line), "it may be an announcement of the mobile's carrier");
    let mobile = office.answer(office.mobile);
    office.press(mobile, "1");
    assert!(office.world.hear_each_other(caller, mobile));
    office.over(caller);
}

/// MYOP-5, MYOP-6, E17: the mobile alone rings though the extension is registered, or never.
#[test]
fn only_one_of_both_rings_where_that_is_wanted() {
    for (incoming, extension) in [(Incoming::MobileOnly, false), (Incoming::ExtensionOnly, true)] {
        let mut office = office(19);
        office.ana(incoming);
        office.open();
        let caller = office.call("+4930123");
        assert_eq!((office.rings(office.phones[0]), office.rings(office.mobile)), (extension, !extension));
        office.world.cancel(caller);
        office.world.settle();
        office.world.assert_clean();
    }
}

/// MYOP-24: an alternate mobile comes after the first.
#[test]
fn an_alternate_mobile_rings_after_the_first() {
    let mut office = office(20);
    office.ana(Incoming::MobileOnly);
    let ana = office.world.directory.users.get_mut("ana").expect("ana");
    ana.alternate_mobile = "0170222".parse().expect("a number");
    office.open();
    let caller = office.call("+4930123");
    let line = office.world.incoming(office.mobile);
    office.world.say(line, 486);
    office.world.settle();
    let invites: Vec<String> = office.world.agents[office.mobile]
        .requests("INVITE")
        .map(|invite| invite.uri().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(invites.len(), 2, "{}", office.world.ladder());
    assert!(invites[0].contains("0170111") && invites[1].contains("0170222"));
    let mobile = office.answer(office.mobile);
    office.press(mobile, "1");
    assert!(office.world.hear_each_other(caller, mobile));
    office.over(caller);
}

/// A caller that makes no offer gets one when the mobile has pressed 1.
#[test]
fn a_late_offer_is_made_to_the_caller_once_the_mobile_takes_the_call() {
    let mut office = office(21);
    office.ana(Incoming::MobileOnly);
    office.open();
    let caller = office.world.dial_as(office.carrier, None, "+4930123", false, &[]);
    office.world.settle();
    let mobile = office.answer(office.mobile);
    office.press(mobile, "1");
    assert!(office.world.hear_each_other(caller, mobile), "{}", office.world.ladder());
    office.over(caller);
}

/// The caller gives up while somebody thinks about it.
#[test]
fn a_caller_who_gives_up_frees_whoever_is_asked() {
    let mut office = office(22);
    office.ana(Incoming::Both);
    office.open();
    let caller = office.call("+4930123");
    let mobile = office.answer(office.mobile);
    office.world.cancel(caller);
    office.world.settle();
    assert_eq!((office.world.state(mobile), office.world.talk(caller).status()), (State::Over, 487));
    office.world.assert_clean();
}

/// Screening: whoever picks up is asked before a caller who says no number gets through.
#[test]
fn a_caller_who_says_no_number_is_screened_where_that_is_set_up() {
    let mut office = office(23);
    office.edit("1001", |station| station.anonymous = provision::Anonymous::Screen);
    office.open();
    let inside = office.world.dial(office.phones[1], "*671001");
    office.world.settle();
    let callee = office.answer(office.phones[0]);
    assert!(!office.world.talk(inside).is_up());
    office.press(callee, "1");
    assert!(office.world.hear_each_other(inside, callee));
    office.over(inside);
}

/// A phone without call waiting is busy while it has a call, whichever shard has that call and whichever the next.
#[test]
fn a_phone_without_call_waiting_is_busy_while_it_has_a_call() {
    let mut office = office(24);
    office.edit("1001", |station| {
        station.call_waiting = false;
        station.forward_busy = "1002".parse().expect("a number");
    });
    office.open();
    let first = office.call("+4930123");
    office.answer(office.phones[0]);
    for _ in 0..8 {
        let next = office.call("+4930123");
        assert!(!office.rings(office.phones[0]) && office.rings(office.phones[1]));
        office.answer(office.phones[1]);
        office.world.bye(next);
        office.world.settle();
    }
    assert_eq!(office.shards_of_calls(), 3, "calls of every shard have found it busy");
    office.world.bye(first);
    office.world.settle();
    office.call("+4930123");
    assert!(office.rings(office.phones[0]), "free again at every shard");
    office.answer(office.phones[0]);
    office.world.end_all();
    office.world.assert_clean();
}

/// A cap counts the calls of all shards, those that the phone makes and those that it has; calls for help always pass.
#[test]
fn a_cap_on_calls_counts_those_of_all_shards_and_never_holds_up_a_call_for_help() {
    let mut office = office(25);
    office.edit("1001", |station| station.max_calls = 2);
    office.open();
    for number in ["1002", "1003"] {
        office.world.dial(office.phones[0], number);
        office.world.settle();
    }
    for _ in 0..6 {
        let refused = office.world.dial(office.phones[0], "1002");
        office.world.settle();
        assert_eq!(office.world.talk(refused).status(), Cause::LimitReached.sip());
        let caller = office.call("+4930123");
        assert_eq!(office.world.talk(caller).status(), 486);
    }
    assert_eq!(office.shards_of_calls(), 3);
    let help = office.world.dial(office.phones[0], "112");
    office.world.settle();
    assert_eq!(office.world.state(help), State::Up);
    office.world.end_all();
    office.world.run_for(Duration::from_secs(40));
    office.world.assert_clean();
}

/// MYOP-7…9, E16: the world begins on a Friday at 08:00 UTC. Before nine, in the break and at night the group is closed;
/// a member outside its own hours is left out.
#[test]
fn a_group_rings_within_its_hours_and_leads_on_outside_them() {
    let mut office = office(26);
    office.group(Strategy::Simultaneous, &["station:1001", "station:1002"]);
    let hours = |name: &str, rows: &[&str]| {
        let rows = rows.iter().map(|row| row.parse().expect("a row")).collect();
        Entity::Hours(Hours { rows, ..Hours::named(name) })
    };
    office.world.directory.put(hours("office", &["mon-fri 09:00-12:00", "mon-fri 13:00-17:00"]));
    office.world.directory.put(hours("afternoon", &["daily 13:00-17:00"]));
    office.edit("1002", |station| station.hours = "afternoon".to_owned());
    let sales = office.world.directory.groups.get_mut("sales").expect("a group");
    (sales.hours, sales.after_hours) = ("office".to_owned(), "station:1003".parse().expect("a destination"));
    office.open();
    let mut rung = Vec::new();
    for _ in 0..10 {
        let caller = office.call("+4930600");
        rung.push(office.phones.map(|phone| if office.rings(phone) { 'r' } else { '-' }).iter().collect());
        let answers = office.phones.into_iter().find(|phone| office.rings(*phone)).expect("somebody rings");
        office.answer(answers);
        office.world.bye(caller);
        office.world.settle();
        office.world.run_for(Duration::from_secs(3_600));
        office.phones.into_iter().for_each(|phone| office.world.register(phone));
        office.world.settle();
    }
    let rung: Vec<String> = rung;
    let (closed, morning, all) = ("--r", "r--", "rr-");
    assert_eq!(rung, [closed, morning, morning, morning, closed, all, all, all, all, closed]);
    assert_eq!(office.led().first().map(String::as_str), Some("group:sales after_hours station:1003"));
    office.world.assert_clean();
}

/// Every rule again with lost, late and doubled messages.
#[test]
fn forwards_groups_and_mobiles_leave_nothing_behind_on_bad_lines() {
    for seed in 100..130 {
        let mut office = office(seed);
        office.ana(if seed % 2 == 0 { Incoming::Both } else { Incoming::ExtensionFirst });
        office.group(Strategy::Simultaneous, &["user:ana", "station:1002", "0170333"]);
        let group = office.world.directory.groups.get_mut("sales").expect("a group");
        group.on_no_answer = "1003".parse().expect("a number");
        office.open();
        for link in &mut office.world.links {
            *link = Link { jitter: Duration::from_millis(100), lost: 120, doubled: 60, ..Link::GOOD };
        }
        let caller = office.call(if seed % 3 == 0 { "+4930123" } else { "+4930600" });
        office.world.run_for(Duration::from_secs(seed % 25));
        let agent = [office.phones[0], office.phones[1], office.phones[2], office.mobile]
            [usize::try_from(seed % 4).expect("small")];
        if office.rings(agent) {
            let line = office.world.incoming(agent);
            match seed % 5 {
                0 => office.world.say(line, 486),
                1 => office.world.say(line, 603),
                _ => office.world.say_with_body(line, 200),
            }
        }
        office.world.run_for(Duration::from_secs(30));
        office.world.cancel(caller);
        office.world.run_for(Duration::from_secs(40));
        office.world.end_all();
        office.world.run_for(Duration::from_secs(200));
        office.world.assert_clean();
    }
}

/// The endpoint that answered stands in the record, whoever it was called for.
#[test]
fn the_leg_that_answered_is_in_the_facts() {
    let mut office = office(25);
    office.ana(Incoming::MobileOnly);
    office.open();
    let caller = office.call("+4930123");
    let mobile = office.answer(office.mobile);
    office.press(mobile, "1");
    let answered = office
        .world
        .facts
        .iter()
        .find_map(|fact| if let What::Answered { leg, .. } = &fact.what { Some(*leg) } else { None });
    let started = office.world.facts.iter().find_map(|fact| {
        if let What::LegStarted { leg, to, .. } = &fact.what {
            (Some(*leg) == answered).then(|| to.clone())
        } else {
            None
        }
    });
    assert_eq!(started, Some(Endpoint::Trunk("mobiles".to_owned())));
    office.over(caller);
}
