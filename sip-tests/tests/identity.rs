//! Who calls: what is believed, what is told on, and what is withheld (RFC 3323, RFC 3325; conformance §5.2, S9).

use provision::{Anonymous, Entity, ForwardsIn, Number, Role, ShownIn, User};
use sip_tests::{Msg, World, office};

const NOBODY: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// Two trunks: what the second hears of a call of the first.
fn tandem(from_trusted: bool, to_trusted: bool, shown: ShownIn, from: &str, lines: &[&str]) -> Msg {
    let mut world = World::new(17);
    let carrier = world.trunk("carrier");
    let other = world.trunk("other");
    world.number("+4930123", "trunk:other");
    world.edit_trunk("carrier", |trunk| trunk.trust = from_trusted);
    world.edit_trunk("other", |trunk| {
        (trunk.trust, trunk.identity, trunk.forwards) = (to_trusted, shown, ForwardsIn::Both);
        trunk.domain = "other.test".to_owned();
    });
    world.open(&[]);
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    world.dial_as(carrier, Some(from), "+4930123", true, &lines);
    world.settle();
    let invite = world.talk(world.incoming(other)).invite.clone();
    world.end_all();
    world.assert_clean();
    invite
}

fn from_of(invite: &Msg) -> String {
    invite.must("From").split(";tag").next().unwrap_or_default().to_owned()
}

/// RFC 3325 §5, §7.
#[test]
fn an_identity_is_told_to_those_we_trust_and_believed_from_those_we_trust() {
    let boss = "P-Asserted-Identity: \"Boss\" <sip:+491@carrier.test>";
    let ours = "P-Asserted-Identity";
    let both = tandem(true, true, ShownIn::Pai, "+492", &[boss]);
    assert_eq!(both.header(ours), Some("\"Boss\" <sip:+491@other.test>"));
    assert_eq!(from_of(&both), "\"Boss\" <sip:+491@other.test>");
    let stranger = tandem(false, true, ShownIn::Pai, "+492", &[boss]);
    assert_eq!(stranger.header(ours), None, "neither the carrier's word nor its From is taken for ours");
    assert_eq!(from_of(&stranger), "<sip:+492@other.test>");
    assert_eq!(tandem(true, true, ShownIn::Pai, "+492", &[]).header(ours), None, "a From is nobody's word");
    let outward = tandem(true, false, ShownIn::Pai, "+492", &[boss]);
    assert_eq!((outward.header(ours), from_of(&outward).contains("+491")), (None, true));
}

#[test]
fn each_trunk_reads_the_caller_where_it_wants_to() {
    let rpid = tandem(false, true, ShownIn::Rpid, "+492", &[]);
    let value = "<sip:+492@other.test>;party=calling;screen=no;privacy=off";
    assert_eq!((rpid.header("Remote-Party-ID"), rpid.header("P-Asserted-Identity")), (Some(value), None));
    let from = tandem(false, true, ShownIn::From, "+492", &[]);
    assert_eq!((from.header("Remote-Party-ID"), from.header("P-Asserted-Identity")), (None, None));
    let read = tandem(true, true, ShownIn::Pai, "+492", &["Remote-Party-ID: <sip:+493@h>;party=calling"]);
    assert_eq!(read.header("P-Asserted-Identity"), Some("<sip:+493@other.test>"));
}

/// RFC 3325 §5: what is set up here is ours to stand for, and so is who has shown a password.
#[test]
fn a_number_that_is_set_up_and_a_phone_that_we_know_are_asserted() {
    for (shown, header) in [(ShownIn::Pai, "P-Asserted-Identity"), (ShownIn::Rpid, "Remote-Party-ID")] {
        for caller_id in ["+4930100", ""] {
            let (mut world, carrier, phone) = office(17);
            let other = world.trunk("other");
            world.number("+4930999", "trunk:other");
            for trunk in ["carrier", "other"] {
                world.edit_trunk(trunk, |it| {
                    (it.trust, it.identity) = (trunk == "other", shown);
                    it.caller_id = caller_id.to_owned();
                });
            }
            world.rule("^0", &["other"]);
            world.set_up();
            world.dial_as(carrier, Some("+492"), "+4930999", true, &[]);
            world.dial(phone, "0301");
            world.settle();
            let heard: Vec<Msg> = world.agents[other].requests("INVITE").cloned().collect();
            let [from_carrier, from_phone] = &heard[..] else { panic!("{}", world.ladder()) };
            let said = |invite: &Msg| invite.header(header).map(str::to_owned);
            let (ours, screened) = (!caller_id.is_empty(), |said: &str| !said.contains("screen=no"));
            let phone_says = said(from_phone).expect("a phone is known");
            assert!(screened(&phone_says) && phone_says.contains(if ours { caller_id } else { "1001" }));
            match (said(from_carrier), shown) {
                (Some(said), _) if ours => assert!(said.contains(caller_id) && screened(&said), "{said}"),
                (Some(said), ShownIn::Rpid) => assert!(said.contains("+492") && !screened(&said), "{said}"),
                (said, _) => assert_eq!(said, None),
            }
            world.end_all();
            world.assert_clean();
        }
    }
}

/// RFC 3323 §4.1.1.3, RFC 3325 §9.3.
#[test]
fn a_withheld_number_is_told_to_those_we_trust_and_to_nobody_else() {
    let lines = ["P-Asserted-Identity: tel:+49-77-1", "Privacy: id"];
    let trusted = tandem(true, true, ShownIn::Pai, "anonymous", &lines);
    assert_eq!(from_of(&trusted), NOBODY);
    assert_eq!(trusted.header("P-Asserted-Identity"), Some("<sip:+49771@other.test>"));
    assert_eq!(trusted.header("Privacy"), Some("id"));
    let stranger = tandem(true, false, ShownIn::Pai, "anonymous", &lines);
    assert_eq!(from_of(&stranger), NOBODY);
    assert!(!stranger.to_string().contains("49771"), "{stranger}");
    assert_eq!(stranger.header("Privacy"), None);
    let nobody = tandem(false, true, ShownIn::Pai, "anonymous", &[]);
    assert_eq!((from_of(&nobody).as_str(), nobody.header("P-Asserted-Identity")), (NOBODY, None));
    let rpid = tandem(true, true, ShownIn::Rpid, "+492", &["Privacy: id"]);
    assert!(rpid.must("Remote-Party-ID").ends_with("privacy=full"));
}

/// RFC 3323 §5.3: from carrier to phone an anonymous caller stays one.
#[test]
fn a_phone_is_shown_nobody_when_the_caller_withholds() {
    let (mut world, carrier, phone) = office(17);
    world.edit_trunk("carrier", |trunk| trunk.trust = true);
    world.set_up();
    let lines = ["P-Asserted-Identity: \"Boss\" <sip:+491@h>".to_owned(), "Privacy: id".to_owned()];
    world.dial_as(carrier, Some("+492"), "+4930123", true, &lines);
    world.settle();
    let invite = world.talk(world.incoming(phone)).invite.clone();
    assert_eq!(from_of(&invite), NOBODY);
    assert!(!invite.to_string().contains("+491") && invite.header("Privacy").is_none(), "{invite}");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_phone_withholds_its_number_for_one_call_by_a_prefix_or_by_privacy() {
    let (mut world, carrier, phone) = office(17);
    world.edit_trunk("carrier", |trunk| {
        trunk.trust = true;
        trunk.caller_id = "+4930100".to_owned();
    });
    world.set_up();
    let anonymous = vec!["Privacy: id".to_owned()];
    for (dialled, lines, hides) in [
        ("0301", vec![], false),
        ("*670301", vec![], true),
        ("#31#0301", vec![], true),
        ("0301", anonymous, true),
    ] {
        world.dial_as(phone, None, dialled, true, &lines);
        world.settle();
        let invite = world.talk(world.incoming(carrier)).invite.clone();
        assert!(invite.uri().unwrap().starts_with("sip:0301@"), "{invite}");
        assert_eq!(from_of(&invite) == NOBODY, hides, "{invite}");
        assert!(invite.must("P-Asserted-Identity").contains("+4930100"));
        assert_eq!(invite.header("Privacy"), hides.then_some("id"));
        world.end_all();
    }
    world.assert_clean();
}

#[test]
fn those_who_send_help_are_told_who_calls_even_by_a_caller_who_withholds() {
    let (mut world, carrier, phone) = office(17);
    world.edit_trunk("carrier", |trunk| trunk.caller_id = "+4930100".to_owned());
    world.set_up();
    let lines = ["Geolocation: <cid:me@h>".to_owned(), "Privacy: id".to_owned(), "X-Other: 1".to_owned()];
    world.dial_as(phone, None, "*67112", true, &lines);
    world.settle();
    let invite = world.talk(world.incoming(carrier)).invite.clone();
    assert!(from_of(&invite).contains("+4930100"), "{invite}");
    assert_eq!(
        invite.header("Geolocation"),
        Some("<cid:me@h>"),
        "RFC 6442 §3.1: never taken from an emergency call"
    );
    assert_eq!(invite.header("X-Other"), None);
    world.end_all();
    world.assert_clean();
}

/// RFC 5876 §4.1; conformance §5.2, row of RFC 4916: a caller sees who answers.
#[test]
fn a_phone_is_shown_who_rings_and_answers_and_a_stranger_is_not() {
    let (mut world, carrier, phone) = office(17);
    let other = world.phone("1002");
    world.directory.stations.get_mut("1001").unwrap().name = "Ana".to_owned();
    world.open(&[other]);
    world.connect(other, "1001", phone);
    let shown: Vec<_> = world.agents[other].heard.iter().filter(|msg| msg.cseq().1 == "INVITE").collect();
    for status in [180, 200] {
        let answer = shown.iter().find(|msg| msg.status() == Some(status)).unwrap();
        assert_eq!(answer.header("P-Asserted-Identity"), Some("\"Ana\" <sip:1001@192.0.2.1>"));
    }
    world.connect(carrier, "+4930123", phone);
    assert!(world.agents[carrier].heard.iter().all(|msg| msg.header("P-Asserted-Identity").is_none()));
    world.end_all();
    world.assert_clean();
}

/// RFC 5079 §3.
#[test]
fn a_number_that_takes_no_anonymous_calls_says_433() {
    let (mut world, carrier, phone) = office(17);
    let to = "station:1001".parse().unwrap();
    world
        .directory
        .put(Entity::Number(Number { anonymous: Anonymous::Refuse, ..Number::leading("+4930123", to) }));
    world.set_up();
    let caller = world.dial_as(carrier, Some("anonymous"), "+4930123", true, &[]);
    world.settle();
    assert_eq!(world.talk(caller).status(), 433);
    assert!(world.agents[phone].talks.is_empty());
    world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(world.incoming(phone)).is_up(), "who shows a number is taken");
    world.end_all();
    world.assert_clean();
}

/// RFC 5373 §4.5: who may have a phone pick up by itself is a matter of policy; ours is the admins.
#[test]
fn only_an_admin_may_have_a_phone_answer_by_itself() {
    let (mut world, _, phone) = office(17);
    let chief = world.phone("1002");
    let boss = User { role: Role::Admin, ..User::called("boss") };
    world.directory.put(Entity::User(boss));
    world.open(&[chief]);
    let lines: Vec<String> = [
        "Answer-Mode: Auto",
        "Priv-Answer-Mode: Auto",
        "Call-Info: <sip:a@h>;answer-after=0",
        "Alert-Info: <x:y>;info=alert-autoanswer",
    ]
    .map(str::to_owned)
    .into();
    for (login, heard) in [("", 0), ("boss", 4)] {
        world.directory.stations.get_mut("1002").unwrap().user = login.to_owned();
        world.set_up();
        world.dial_as(chief, None, "1001", true, &lines);
        world.settle();
        let invite = world.talk(world.incoming(phone)).invite.clone();
        let names = ["Answer-Mode", "Priv-Answer-Mode", "Call-Info", "Alert-Info"];
        assert_eq!(names.iter().filter(|name| invite.header(name).is_some()).count(), heard, "{invite}");
        world.end_all();
    }
    world.assert_clean();
}

/// An INVITE of its own with this line in it, sent once.
fn send_raw(world: &mut World, from: usize, id: &str, line: &[u8]) {
    let head = format!(
        "INVITE sip:+4930123@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bK{id};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+492@h>;tag=t{id}\r\nTo: <sip:+4930123@h>\r\nCall-ID: {id}@x\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:a@198.51.100.10>\r\n"
    );
    let data = [head.as_bytes(), line, b"\r\nContent-Length: 0\r\n\r\n"].concat();
    world.with_agent(from, |agent, _| agent.say_octets(&data));
}

/// Conformance S9, AST-2016-009, CVE-2020-28361: no spelling brings a trusted header of a stranger across.
#[test]
fn no_spelling_of_a_trusted_header_passes_a_stranger() {
    const TRUSTED: [&str; 12] = [
        "P-Asserted-Identity",
        "P-Preferred-Identity",
        "Remote-Party-ID",
        "Identity",
        "y",
        "Diversion",
        "History-Info",
        "Privacy",
        "P-Charging-Vector",
        "P-Early-Media",
        "X-Tenant",
        "Geolocation",
    ];
    let mut world = World::new(17);
    let carrier = world.trunk("carrier");
    let other = world.trunk("other");
    world.number("+4930123", "trunk:other");
    world.edit_trunk("other", |trunk| trunk.trust = true);
    world.open(&[]);
    for name in TRUSTED {
        let mixed: String = name
            .chars()
            .enumerate()
            .map(|(at, c)| if at % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
            .collect();
        let spellings = [
            format!("{name}: evil-value"),
            format!("{mixed}:evil-value"),
            format!("{} : evil-value", name.to_uppercase()),
            format!("{name}\t:\tevil-value"),
            format!("{name}:\r\n evil-value"),
            format!("{name}: \r\n\tevil-value"),
            format!("{name}\r\n : evil-value"),
            format!("{name}\u{1}: evil-value"),
            format!("\u{1}{name}: evil-value"),
            format!("{name}\0: evil-value"),
            format!(" {name}: evil-value"),
            format!("Subject: x\r\n {name}: evil-value"),
            format!("Subject: x\r{name}: evil-value"),
            format!("Subject: x\n{name}: evil-value"),
            format!("{name}: <sip:evil-value@h>, <sip:evil-value2@h>;x=\"evil-value\""),
        ];
        for (at, spelling) in spellings.iter().enumerate() {
            send_raw(&mut world, carrier, &format!("{name}-{at}"), spelling.as_bytes());
        }
        world.settle();
    }
    let heard: Vec<&Msg> = world.agents[other].requests("INVITE").collect();
    assert!(heard.len() >= TRUSTED.len(), "{}", heard.len());
    for invite in heard {
        let subject = invite.header("Subject").unwrap_or_default();
        let text = invite.to_string().replace(subject, "");
        assert!(!text.contains("evil"), "a fold alone is part of the Subject\n{invite}");
    }
}

/// Conformance S9: all 256 octets before, behind and instead of a part of a name.
#[test]
fn no_octet_around_a_name_brings_it_across() {
    let mut world = World::new(17);
    let carrier = world.trunk("carrier");
    let other = world.trunk("other");
    world.number("+4930123", "trunk:other");
    world.edit_trunk("other", |trunk| trunk.trust = true);
    world.open(&[]);
    for octet in 0..=255_u8 {
        for place in 0..3 {
            let mut line = b"P-Asserted-Identity".to_vec();
            let at = [0, line.len(), 1][place];
            if place == 2 {
                line[at] = octet;
            } else {
                line.insert(at, octet);
            }
            line.extend_from_slice(b": <sip:evil@h>");
            send_raw(&mut world, carrier, &format!("{octet}-{place}"), &line);
        }
    }
    world.settle();
    let heard: Vec<&Msg> = world.agents[other].requests("INVITE").collect();
    assert!(!heard.is_empty(), "some are calls");
    for invite in heard {
        let text = invite.to_string();
        assert!(!text.contains("evil"), "{text}");
    }
}
