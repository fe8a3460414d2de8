//! Phones that answer by themselves: intercom, paging, calls of groups; what phones are told of a call and what whoever
//! answers hears first (features.md §0.3, CROCO-38, CROCO-43, CROCO-49, BP-17; E51, E82).

use std::time::Duration;

use base::Cause;
use base::fact::What;
use base::media::{MediaCommand, MediaEvent, PlayEnd, PlayId, Sound};
use provision::{AutoAnswerFor, Entity, Group, IntercomFrom, SettingsChange, Station, User};
use sip_tests::{ANSWER, Line, Msg, RING, State, World};

/// Four phones and a carrier; +4930600 leads to the group sales of 1002 and 1003.
struct Office {
    world: World,
    phones: [usize; 4],
    carrier: usize,
}

fn office(seed: u64, change: impl FnOnce(&mut Group)) -> Office {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003", "1004"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    let members = ["station:1002", "station:1003"].iter().map(|it| it.parse().expect("a member")).collect();
    let mut group = Group { extension: "600".to_owned(), members, ..Group::named("sales") };
    change(&mut group);
    world.directory.put(Entity::Group(group));
    world.number("+4930600", "group:sales");
    world.number("+4930123", "station:1002");
    Office { world, phones, carrier }
}

impl Office {
    fn edit(&mut self, extension: &str, change: impl FnOnce(&mut Station)) {
        change(self.world.directory.stations.get_mut(extension).expect("a station"));
    }

    fn open(&mut self) {
        let phones = self.phones;
        self.world.open(&phones);
    }

    fn dial(&mut self, from: usize, number: &str) -> Line {
        let line = self.world.dial(from, number);
        self.world.settle();
        line
    }

    /// The INVITE that came to a phone last.
    fn invite(&self, phone: usize) -> Msg {
        self.world.agents[phone].requests("INVITE").last().expect("an INVITE").clone()
    }

    /// What phones that did not obey were flagged.
    fn ignored(&self) -> usize {
        self.world.facts.iter().filter(|fact| matches!(fact.what, What::AutoAnswerIgnored { .. })).count()
    }

    /// Whom a far end hears, by how many.
    fn sources(&self, line: Line) -> usize {
        self.world.media.towards(self.world.talk(line).media).map_or(0, |(.., hears)| hears.len())
    }

    /// Sounds that were played to a far end.
    fn played(&self, line: Line) -> Vec<(PlayId, Sound)> {
        let Some((to, ..)) = self.world.media.towards(self.world.talk(line).media) else { return vec![] };
        let asked = self.world.media.asked.iter().filter_map(|command| {
            let MediaCommand::Play { port, play } = command else { return None };
            (*port == to).then_some(play)
        });
        asked.flat_map(|play| play.items.iter().map(|item| (play.id, item.clone()))).collect()
    }

    fn over(mut self, line: Line) {
        self.world.bye(line);
        self.world.settle();
        self.world.assert_clean();
    }
}

fn is_tone(sound: &Sound) -> bool {
    matches!(sound, Sound::Tone(_))
}

/// features.md §0.3 (SIP auto-answer); RFC 5373 §4.1.
#[test]
fn an_intercom_call_has_the_phone_answer_by_itself_and_hear_a_tone() {
    let mut office = office(1, |_| {});
    office.open();
    let [ana, bob, ..] = office.phones;
    let caller = office.dial(ana, "*841002");
    let callee = office.world.incoming(bob);
    let invite = office.invite(bob);
    assert!(invite.must("Call-Info").ends_with(";answer-after=0"), "{invite:?}");
    assert!(invite.must("Alert-Info").contains("info=alert-autoanswer"), "{invite:?}");
    assert_eq!(invite.must("Answer-Mode"), "Auto");
    assert!(office.world.hear_each_other(caller, callee), "{}", office.world.ladder());
    assert!(office.played(callee).iter().any(|(_, sound)| is_tone(sound)), "who sits there hears a tone");
    office.world.run_for(Duration::from_secs(5));
    assert_eq!(office.ignored(), 0);
    office.over(caller);
}

/// E82: a phone that does not obey rings as usual and is flagged.
#[test]
fn a_phone_that_does_not_answer_by_itself_rings_and_is_flagged_after_three_seconds() {
    let mut office = office(2, |_| {});
    office.open();
    let [ana, bob, ..] = office.phones;
    office.world.agents[bob].manner = RING;
    let caller = office.dial(ana, "*841002");
    office.world.run_for(Duration::from_secs(2));
    assert_eq!(office.ignored(), 0);
    office.world.run_for(Duration::from_secs(2));
    assert_eq!(office.ignored(), 1);
    let callee = office.world.incoming(bob);
    assert_eq!(office.world.state(callee), State::Ringing);
    office.world.say_with_body(callee, 200);
    office.world.settle();
    assert!(office.world.hear_each_other(caller, callee));
    assert!(!office.played(callee).iter().any(|(_, sound)| is_tone(sound)), "who picks up needs no tone");
    office.over(caller);
}

#[test]
fn intercom_is_refused_by_who_is_busy_does_not_want_it_or_does_not_know_the_caller() {
    let mut office = office(3, |_| {});
    let [ana, bob, ..] = office.phones;
    office.world.directory.put(Entity::User(User { teams: vec!["a".to_owned()], ..User::called("ana") }));
    office.world.directory.put(Entity::User(User { teams: vec!["b".to_owned()], ..User::called("cid") }));
    office.edit("1001", |it| (it.user, it.spoken_refusals) = ("ana".to_owned(), false));
    office.edit("1003", |it| (it.user, it.intercom) = ("cid".to_owned(), IntercomFrom::Team));
    office.edit("1004", |it| it.intercom = IntercomFrom::Nobody);
    office.open();
    let refused = |office: &mut Office, number: &str| {
        let line = office.dial(ana, number);
        office.world.talk(line).status()
    };
    assert_eq!(refused(&mut office, "*841003"), 403, "another team");
    assert_eq!(refused(&mut office, "*841004"), 403);
    assert_eq!(refused(&mut office, "*841009"), 404);
    let change = vec![SettingsChange::DoNotDisturb(true)];
    office.world.input(0, call::ShardInput::Reach { extension: "1002".to_owned(), changes: change });
    office.world.settle();
    assert_eq!(refused(&mut office, "*841002"), 486, "do not disturb");
    let change = vec![SettingsChange::DoNotDisturb(false)];
    office.world.input(0, call::ShardInput::Reach { extension: "1002".to_owned(), changes: change });
    office.world.settle();
    let (other, _) = office.world.connect(office.carrier, "+4930123", bob);
    assert_eq!(refused(&mut office, "*841002"), 486, "in a call");
    office.over(other);
}

#[test]
fn a_phone_that_is_muted_at_first_is_heard_after_a_key() {
    let mut office = office(4, |_| {});
    office.edit("1002", |it| it.intercom_muted = true);
    office.open();
    let [ana, bob, ..] = office.phones;
    let caller = office.dial(ana, "*841002");
    let callee = office.world.incoming(bob);
    assert_eq!((office.sources(caller), office.sources(callee)), (0, 1));
    let body = "Signal=1\r\nDuration=120\r\n";
    office.world.info(callee, "Content-Type: application/dtmf-relay\r\n", body);
    assert!(office.world.hear_each_other(caller, callee), "{}", office.world.ladder());
    office.over(caller);
}

/// features.md §0.3: one-way, a tone first, all at once.
#[test]
fn paging_reaches_the_free_phones_of_a_group_and_none_of_them_is_heard() {
    for number in ["*86600", "*86sales"] {
        let mut office = office(5, |group| group.members.push("station:1004".parse().expect("a member")));
        office.open();
        let [ana, bob, cid, dan] = office.phones;
        office.world.agents[dan].manner = RING;
        let caller = office.dial(ana, number);
        let heard = [bob, cid].map(|phone| office.world.incoming(phone));
        for line in heard {
            assert_eq!(office.world.state(line), State::Up, "{}", office.world.ladder());
            assert_eq!(office.sources(line), 1, "it hears the caller");
            assert!(office.played(line).first().is_some_and(|(_, sound)| is_tone(sound)), "a tone first");
        }
        assert_eq!(office.sources(caller), 0, "nobody is heard");
        assert!(
            office.played(caller).iter().any(|(_, sound)| is_tone(sound)),
            "the caller hears that it is ready"
        );
        office.world.run_for(Duration::from_secs(4));
        let late = office.world.incoming(dan);
        assert_eq!(office.world.state(late), State::Over, "it has not obeyed and is given up");
        assert_eq!(office.ignored(), 1);
        let prompts =
            office.played(caller).into_iter().filter(|(_, sound)| matches!(sound, Sound::Prompt(_)));
        assert_eq!(prompts.count(), 1, "and how many are there");
        office.world.bye(heard[0]);
        office.world.settle();
        assert_eq!(office.world.state(caller), State::Up, "one is still there");
        office.over(caller);
    }
}

#[test]
fn a_page_group_pages_whoever_calls_it_and_lets_answer_where_that_is_set_up() {
    let mut office = office(6, |group| (group.page, group.talkback) = (true, true));
    office.open();
    let [ana, bob, cid, _] = office.phones;
    let caller = office.dial(ana, "600");
    let heard = [bob, cid].map(|phone| office.world.incoming(phone));
    assert_eq!(office.sources(caller), 2, "{}", office.world.ladder());
    heard.iter().for_each(|line| assert_eq!(office.sources(*line), 2));
    for line in heard {
        office.world.bye(line);
        office.world.settle();
    }
    assert_eq!(office.world.state(caller), State::Over, "nobody hears it any more");
    office.world.assert_clean();
}

#[test]
fn paging_leaves_out_who_is_in_a_call_and_ends_when_nobody_answers() {
    let mut office = office(7, |_| {});
    office.open();
    let [ana, bob, cid, _] = office.phones;
    let (other, _) = office.world.connect(office.carrier, "+4930123", bob);
    office.world.agents[cid].manner = RING;
    let caller = office.dial(ana, "*86sales");
    assert_eq!(office.world.agents[bob].requests("INVITE").count(), 1, "it is left alone");
    office.world.run_for(Duration::from_secs(12));
    assert_eq!(office.world.state(caller), State::Over, "{}", office.world.ladder());
    office.over(other);
}

#[test]
fn paging_nobody_is_busy_and_paging_what_is_not_there_is_refused() {
    let mut office = office(8, |group| group.members.clear());
    office.edit("1001", |it| it.spoken_refusals = false);
    office.open();
    let ana = office.phones[0];
    let status = |office: &mut Office, number: &str| {
        let line = office.dial(ana, number);
        office.world.talk(line).status()
    };
    assert_eq!((status(&mut office, "*86sales"), status(&mut office, "*86nobody")), (486, 404));
    office.world.assert_clean();
}

/// CANCEL and BYE at every step leave nothing behind.
#[test]
fn a_page_that_is_hung_up_at_any_moment_leaves_nothing_behind() {
    for after_ms in (0..1_200).step_by(40).chain([2_990, 3_000, 3_010, 3_500]) {
        let mut office = office(9, |_| {});
        office.open();
        let [ana, _, cid, _] = office.phones;
        office.world.agents[cid].manner = RING;
        let caller = office.world.dial(ana, "*86sales");
        office.world.run_for(Duration::from_millis(after_ms));
        match office.world.state(caller) {
            State::Up => office.world.bye(caller),
            State::Calling | State::Ringing => office.world.cancel(caller),
            State::Leaving | State::Over => {}
        }
        office.world.settle();
        office.world.run_for(Duration::from_secs(5));
        office.world.end_all();
        office.world.assert_clean();
    }
}

/// CROCO-38: calls of groups are answered for the agent where that is set up, and not by who talks.
#[test]
fn an_agents_phone_answers_calls_of_groups_by_itself_and_no_others() {
    let mut office = office(10, |_| {});
    office.edit("1002", |it| it.auto_answer_for = AutoAnswerFor::Groups);
    office.open();
    let [_, bob, cid, _] = office.phones;
    office.world.agents[cid].manner = RING;
    let caller = office.dial(office.carrier, "+4930600");
    assert_eq!(office.invite(bob).must("Answer-Mode"), "Auto");
    assert!(office.invite(cid).header("Answer-Mode").is_none());
    office.world.bye(caller);
    office.world.settle();
    let caller = office.dial(office.carrier, "+4930123");
    assert!(office.invite(bob).header("Answer-Mode").is_none());
    office.over(caller);
}

/// CROCO-43, CROCO-49; features.md §0.3 (screen data).
#[test]
fn phones_show_the_label_and_are_told_of_the_record_the_ring_and_the_call() {
    let mut office = office(11, |group| {
        group.label = "Sales".to_owned();
        group.call_info_url = "https://crm.example/?n={caller}&d={dialled}".to_owned();
        group.ring = "auto".to_owned();
    });
    office.edit("1002", |it| it.call_data = true);
    office.open();
    let [_, bob, cid, _] = office.phones;
    office.world.agents[cid].manner = RING;
    let caller = office.world.dial_as(office.carrier, Some("+49301"), "+4930600", true, &[]);
    office.world.settle();
    let invite = office.invite(bob);
    assert!(invite.must("From").starts_with("\"Sales: +49301\""), "{invite:?}");
    let record = "<https://crm.example/?n=%2B49301&d=%2B4930600>;purpose=info";
    assert!(invite.all("Call-Info").any(|value| value == record), "{invite:?}");
    assert_eq!(invite.must("Alert-Info"), "<urn:alert:source:internal>");
    assert_eq!((invite.must("X-CC-Queue"), invite.must("X-CC-Wait-Secs")), ("sales", "0"));
    assert!(invite.header("X-CC-Call-Id").is_some());
    assert!(office.invite(cid).header("X-CC-Queue").is_none(), "who has not asked for it is not told");
    office.over(caller);
}

/// What a caller says of itself cannot leave its place.
#[test]
fn a_withheld_number_is_in_no_records_address() {
    let mut office = office(12, |group| group.call_info_url = "https://crm.example/{caller}".to_owned());
    office.open();
    let bob = office.phones[1];
    let caller = office.world.dial_as(office.carrier, Some("anonymous"), "+4930600", true, &[]);
    office.world.settle();
    assert_eq!(office.invite(bob).must("Call-Info"), "<https://crm.example/anonymous>;purpose=info");
    office.over(caller);
}

/// BP-17, E51: whoever answers hears what call it is, alone; the caller hears it ring meanwhile.
#[test]
fn who_answers_hears_what_call_it_is_before_the_caller() {
    let mut office = office(13, |group| group.whisper = "custom/sales".to_owned());
    office.open();
    let [_, bob, cid, _] = office.phones;
    office.world.agents[cid].manner = RING;
    office.world.agents[bob].manner = ANSWER;
    let caller = office.dial(office.carrier, "+4930600");
    let callee = office.world.incoming(bob);
    assert_eq!(office.world.state(callee), State::Up, "{}", office.world.ladder());
    assert_eq!(office.world.state(caller), State::Ringing, "the caller hears it ring");
    let said = office.played(callee);
    let (play, _) =
        said.iter().find(|(_, sound)| matches!(sound, Sound::Prompt(_))).expect("the words").clone();
    let (port, shard, ..) = office.world.media.towards(office.world.talk(callee).media).expect("a port");
    office.world.tell_media(usize::from(shard.0), MediaEvent::Played { port, play, end: PlayEnd::Finished });
    office.world.settle();
    assert!(office.world.hear_each_other(caller, callee), "{}", office.world.ladder());
    assert_eq!(office.world.state(office.world.incoming(cid)), State::Over);
    office.over(caller);
}

/// BP-17: who hangs up while being told has not taken the call.
#[test]
fn who_hangs_up_while_being_told_leaves_the_call_to_the_others() {
    let mut office = office(14, |group| group.whisper = "custom/sales".to_owned());
    office.open();
    let [_, bob, cid, _] = office.phones;
    office.world.agents[cid].manner = RING;
    let caller = office.dial(office.carrier, "+4930600");
    office.world.bye(office.world.incoming(bob));
    office.world.settle();
    assert_eq!(office.world.state(office.world.incoming(cid)), State::Ringing);
    office.world.cancel(caller);
    office.world.settle();
    office.world.assert_clean();
    assert_eq!(office.world.ending().0, Cause::Cancelled);
}
