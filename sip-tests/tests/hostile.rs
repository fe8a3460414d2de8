//! Whoever means harm: he learns nothing, costs nothing that lasts, and hurts nobody who is known (conformance S1…S7, S13, S14).

use std::time::Duration;

use base::testing::Counting;
use base::wire::Transport;
use call::ShardInput;
use peer::guard::{Entry, Place};
use sip::auth::Login;
use sip::message::{Framing, Message, Method};
use sip_tests::{Line, World, office};

const MALLORY: &str = "203.0.113.200:5060";

fn mallory(world: &mut World) -> usize {
    world.agent("mallory", MALLORY, Transport::Udp)
}

/// A request for `user` outside any dialog; `{via}` is for the agent to fill in.
fn request(method: &str, user: &str, id: &str, more: &str) -> String {
    format!(
        "{method} sip:{user}@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\n\
         From: <sip:{user}@192.0.2.1>;tag=m\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: {id}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:{user}@203.0.113.200>\r\nEvent: presence\r\n\
         User-Agent: friendly-scanner of considerable length and no shame\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn ask(world: &mut World, agent: usize, method: &str, text: &str) -> Vec<String> {
    let before = world.agents[agent].heard.len();
    world.with_agent(agent, |agent, now| agent.ask(now, method, text));
    world.settle();
    world.agents[agent].heard[before..].iter().map(ToString::to_string).collect()
}

/// S5, S7: an INVITE of a stranger gets exactly one answer, which is not repeated though nobody acknowledges it.
#[test]
fn an_invite_of_a_stranger_gets_one_small_answer_and_nothing_is_kept_of_it() {
    let (mut world, _, _) = office(21);
    let stranger = mallory(&mut world);
    let text = request("INVITE", "1001", "one@x", "")
        .replace("{via}", "Via: SIP/2.0/UDP 203.0.113.200:5060;branch=z9hG4bKone;rport");
    world.with_agent(stranger, |agent, _| agent.say(&text));
    let transactions =
        |world: &World| world.shards.iter().map(|shard| shard.live().transactions).sum::<usize>();
    let before = transactions(&world);
    world.run_for(Duration::from_millis(100));
    assert_eq!(transactions(&world), before);
    world.run_for(Duration::from_secs(64));
    assert_eq!(world.agents[stranger].heard.len(), 1);
    let answer = &world.agents[stranger].heard[0];
    assert_eq!(answer.status(), Some(407));
    assert!(answer.to_string().len() * 5 <= text.len() * 6, "S14: {answer}");
    world.assert_clean();
}

/// S7: who forges a trunk's address and makes up dialogs gets one answer each and fills no table.
#[test]
fn what_claims_to_be_of_a_call_from_a_trunks_address_and_is_not_leaves_nothing_behind() {
    let (mut world, carrier, phone) = office(21);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.run_for(Duration::from_secs(64));
    let transactions =
        |world: &World| world.shards.iter().map(|shard| shard.live().transactions).sum::<usize>();
    let (before, heard) = (transactions(&world), world.agents[carrier].heard.len());
    let via = format!("Via: SIP/2.0/UDP {};branch=z9hG4bK", world.agents[carrier].addr);
    for n in 0..50 {
        for method in ["BYE", "OPTIONS", "INVITE"] {
            let text = request(method, "1001", &format!("{n}{method}@x"), "")
                .replace("\r\nCall-ID", ";tag=made-up\r\nCall-ID")
                .replace("{via}", &format!("{via}{n}{method}"));
            world.with_agent(carrier, |agent, _| agent.say(&text));
        }
    }
    world.run_for(Duration::from_millis(100));
    assert_eq!(transactions(&world), before);
    let answers = &world.agents[carrier].heard[heard..];
    assert_eq!(answers.iter().filter(|msg| msg.status() == Some(481)).count(), 150);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// S14: what comes out stays below 1.2 times what goes in, however small the requests are.
#[test]
fn forged_addresses_gain_nothing_by_us() {
    let (mut world, _, _) = office(21);
    let stranger = mallory(&mut world);
    let (mut octets_in, mut requests) = (0, 0);
    for n in 0..900 {
        for method in ["INVITE", "OPTIONS", "REGISTER", "BYE", "SUBSCRIBE", "DANCE"] {
            let text = format!(
                "{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.200;branch=z9hG4bK{n}\r\nFrom: <sip:a@b>;tag=1\r\n\
                 To: <sip:a@b>\r\nCall-ID: {n}{method}\r\nCSeq: 1 {method}\r\nContact: <sip:a@b>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            );
            octets_in += text.len();
            requests += 1;
            world.with_agent(stranger, |agent, _| agent.say(&text));
        }
        world.settle();
    }
    let octets_out: usize = world.agents[stranger].heard.iter().map(|msg| msg.to_string().len()).sum();
    let grace = 3 * (65_536 + 32_768 * world.mono().0 / 1_000_000) as usize;
    assert!(
        octets_out <= octets_in * 6 / 5 + grace,
        "{octets_out} for {octets_in} octets of {requests} requests"
    );
    assert!(world.agents[stranger].heard.len() > requests / 2, "most are answered all the same");
}

/// What a scanner sees of a user: every answer to every method, without and with a wrong password.
fn seen_of(user: &str) -> String {
    let (mut world, _, _) = office(22);
    let stranger = mallory(&mut world);
    let mut seen = Vec::new();
    for method in
        ["INVITE", "OPTIONS", "REGISTER", "SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH", "NOTIFY", "BYE", "INFO"]
    {
        let first = ask(&mut world, stranger, method, &request(method, user, &format!("{method}@x"), ""));
        let nonce = first
            .last()
            .and_then(|answer| answer.split("nonce=\"").nth(1)?.split('"').next())
            .unwrap_or("")
            .to_owned();
        seen.extend(first);
        for header in ["Authorization", "Proxy-Authorization"] {
            let wrong = format!(
                "{header}: Digest username=\"{user}\", realm=\"{}\", nonce=\"{nonce}\", uri=\"sip:{user}@192.0.2.1\", \
                 response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"\r\n",
                sip_tests::REALM
            );
            seen.extend(ask(
                &mut world,
                stranger,
                method,
                &request(method, user, &format!("{header}-{method}@x"), &wrong),
            ));
        }
    }
    seen.iter().map(|answer| masked(answer, user)).collect()
}

fn masked(answer: &str, user: &str) -> String {
    let line = |line: &str| match line.split_once("nonce=\"") {
        Some((before, after)) => {
            format!("{before}nonce{}", after.split_once('"').map_or("", |(_, rest)| rest))
        }
        None => line.to_owned(),
    };
    let text: Vec<String> = answer.lines().map(line).collect();
    text.join("\n")
        .replace(user, "USER")
        .split(";tag=")
        .map(|part| part.split_once('\n').map_or("", |(_, rest)| rest))
        .collect()
}

/// S5, AST-2009-003, AST-2011-011, AST-2013-003, AST-2018-008, CVE-2021-37624.
#[test]
fn a_user_that_exists_and_one_that_does_not_get_the_same_answers_to_every_method() {
    let (known, unknown) = (seen_of("1001"), seen_of("9999"));
    assert_eq!(known, unknown);
    assert!(known.len() > 1_000);
}

/// AST-2008-003, GHSA-64qc: absent or empty input authenticates nobody; GHSA-589g: nor is it looked into.
#[test]
fn nothing_and_half_of_something_is_no_password() {
    let (mut world, _, _) = office(23);
    let stranger = mallory(&mut world);
    let headers = [
        "",
        "Proxy-Authorization:\r\n",
        "Proxy-Authorization: Digest\r\n",
        "Proxy-Authorization: Digest username=\"\", realm=\"\", nonce=\"\", uri=\"\", response=\"\"\r\n",
        "Proxy-Authorization: Digest username=\"1001\", realm=\"tandem\", nonce=\"\", uri=\"\", response=\"\"\r\n",
        "Proxy-Authorization: Basic MTAwMTpzZWNyZXQ=\r\n",
    ];
    for (n, header) in headers.iter().enumerate() {
        for method in ["INVITE", "SUBSCRIBE", "MESSAGE"] {
            let text = request(method, "1001", &format!("none-{n}-{method}@x"), header);
            let answers = ask(&mut world, stranger, method, &text);
            assert_eq!(answers.len(), 1, "{header}");
            let refused = answers[0].starts_with("SIP/2.0 407 ") || answers[0].starts_with("SIP/2.0 400 ");
            assert!(refused, "{header}{}", answers[0]);
        }
    }
    let nobody = request("INVITE", "1001", "nobody@x", "")
        .replace("From: <sip:1001@192.0.2.1>;tag=m", "From: <>;tag=m")
        .replace("{via}", &format!("Via: SIP/2.0/UDP {MALLORY};branch=z9hG4bKnobody"));
    world.with_agent(stranger, |agent, _| agent.say(&nobody));
    world.settle();
    assert_eq!(world.agents[stranger].heard.last().and_then(sip_tests::Msg::status), Some(400));
    assert!(world.facts.is_empty());
}

/// One wrong password after the other, as svcrack tries them; how many were answered.
fn crack(world: &mut World, attacker: usize, tries: usize) -> usize {
    let mut answered = 0;
    for n in 0..tries {
        let before = world.agents[attacker].heard.len();
        world.agents[attacker].password = Some(format!("guess{n}"));
        world.agents[attacker].results.clear();
        world.with_agent(attacker, |agent, now| agent.register(now, 3_600));
        world.settle();
        answered += usize::from(world.agents[attacker].heard.len() > before);
        world.run_for(Duration::from_millis(100));
    }
    answered
}

/// S6: banned in under twenty tries; the phone whose account is attacked goes on; the ban wears off.
#[test]
fn whoever_tries_passwords_is_soon_not_heard_and_the_phone_he_tries_them_for_goes_on() {
    let (mut world, carrier, phone) = office(24);
    let attacker = mallory(&mut world);
    world.agents[attacker].user = "1001".to_owned();
    let answered = crack(&mut world, attacker, 60);
    assert!(answered < 20, "{answered}");
    let bans = world.shards[0].view(now(&world)).bans;
    assert!(bans.iter().any(|ban| ban.place == "203.0.113.200"), "{bans:?}");
    let ban = Entry::ban(&Place::address("203.0.113.200".parse().unwrap()));
    assert!(world.notices.iter().any(|notice| Some(&notice.entry) == ban.as_ref()), "the doors know");

    world.open(&[phone]);
    let (caller, callee) = world.connect(phone, "0301", carrier);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();

    world.run_for(Duration::from_secs(70));
    assert_eq!(crack(&mut world, attacker, 1), 1, "the first ban is over after a minute");
}

/// S6: every shard has the same memory, and an operator lifts a ban at all of them.
#[test]
fn a_ban_holds_at_every_shard_and_an_operator_lifts_it() {
    let (mut world, _, _) = office(24);
    let attacker = mallory(&mut world);
    world.agents[attacker].user = "1001".to_owned();
    crack(&mut world, attacker, 30);
    let heard = world.agents[attacker].heard.len();
    for n in 0..12 {
        let text = request("INVITE", "1001", &format!("{n}@x"), "")
            .replace("{via}", &format!("Via: SIP/2.0/UDP {MALLORY};branch=z9hG4bK{n}"));
        world.with_agent(attacker, |agent, _| agent.say(&text));
    }
    world.settle();
    assert_eq!(world.agents[attacker].heard.len(), heard);
    let place: Place = "203.0.113.200".parse().unwrap();
    (0..world.shards.len()).for_each(|shard| world.input(shard, ShardInput::Lift(place.clone())));
    assert_eq!(ask(&mut world, attacker, "INVITE", &request("INVITE", "1001", "again@x", "")).len(), 1);
}

/// S6: an account attacked from everywhere makes strangers wait, and not the phone that is registered: it calls, is
/// called and registers again at every moment of it.
#[test]
fn an_account_that_is_attacked_from_many_networks_still_serves_its_own_phone() {
    let (mut world, carrier, phone) = office(25);
    let is_banned =
        |world: &World| world.shards[0].view(now(world)).bans.iter().any(|ban| ban.place == "account:1001");
    let mut banned = 0;
    for n in 1..=40 {
        let attacker = world.agent(&format!("bot{n}"), &format!("10.{n}.0.1:5060"), Transport::Udp);
        world.agents[attacker].user = "1001".to_owned();
        crack(&mut world, attacker, 2);
        banned += usize::from(is_banned(&world));
        for (from, to, dialled) in [(phone, carrier, "0301"), (carrier, phone, "+4930123")] {
            let (caller, callee) = world.connect(from, dialled, to);
            assert!(world.hear_each_other(caller, callee), "bot {n}");
            world.bye(caller);
            world.settle();
        }
        world.register(phone);
    }
    assert!(banned > 20, "{banned} of 40");
    world.assert_clean();
}

/// S6: the owner of an account at a new address, while two others keep guessing at its password.
#[test]
fn two_who_keep_guessing_are_banned_and_do_not_keep_the_owner_out() {
    let (mut world, _, phone) = office(25);
    let guessers = [("eve", "198.51.100.7:5060"), ("mallory", MALLORY)]
        .map(|(name, at)| world.agent(name, at, Transport::Udp));
    let owner = world.agent("owner", "192.0.2.77:5060", Transport::Udp);
    world.agents[owner].user = "1001".to_owned();
    world.agents[owner].password = world.agents[phone].password.clone();
    let mut answered = [0; 2];
    for n in 0..40 {
        for (at, guesser) in guessers.into_iter().enumerate() {
            let before = world.agents[guesser].heard.len();
            world.agents[guesser].user = "1001".to_owned();
            world.agents[guesser].password = Some(format!("guess{n}"));
            world.agents[guesser].results.clear();
            world.with_agent(guesser, |agent, now| agent.register(now, 3_600));
            world.settle();
            answered[at] += usize::from(world.agents[guesser].heard.len() > before);
        }
        world.run_for(Duration::from_millis(83));
        let bans = world.shards[0].view(now(&world)).bans;
        if n == 8 {
            assert!(bans.iter().any(|ban| ban.place == "account:1001"), "{bans:?} {answered:?}");
            world.register(owner);
            let results = &world.agents[owner].results;
            assert_eq!(results.last().map(|(_, status)| *status), Some(200), "at the first try");
        }
    }
    assert!(answered.iter().all(|times| *times < 20), "{answered:?}");
    let bans = world.shards[0].view(now(&world)).bans;
    for place in ["198.51.100.7", "203.0.113.200"] {
        assert!(bans.iter().any(|ban| ban.place == place), "{bans:?}");
    }
}

/// S6: a network is banned for what its other addresses did; a phone of it comes back on another port.
#[test]
fn under_a_ban_on_its_network_a_phone_registers_anew_from_its_address_and_a_neighbour_does_not() {
    let (mut world, _, phone) = office(25);
    let home = world.agents[phone].addr;
    assert_eq!(home.ip().to_string(), "203.0.113.11");
    for n in 100..110 {
        let bot = world.agent(&format!("bot{n}"), &format!("203.0.113.{n}:5060"), Transport::Udp);
        world.agents[bot].user = format!("nobody{n}");
        crack(&mut world, bot, 9);
    }
    let bans = world.shards[0].view(now(&world)).bans;
    assert!(bans.iter().any(|ban| ban.place == "203.0.113.0/24"), "{bans:?}");
    for (name, at, status) in
        [("moved", "203.0.113.11:50600", Some(200)), ("neighbour", "203.0.113.12:5060", None)]
    {
        let moved = world.agent(name, at, Transport::Udp);
        world.agents[moved].user = world.agents[phone].user.clone();
        world.agents[moved].password = world.agents[phone].password.clone();
        world.with_agent(moved, |agent, now| agent.register(now, 3_600));
        world.settle();
        assert_eq!(world.agents[moved].results.last().map(|(_, status)| *status), status, "{name}");
        assert_eq!(world.agents[moved].heard.is_empty(), status.is_none(), "{name}");
    }
}

fn now(world: &World) -> base::Now {
    base::Now { mono: world.mono(), wall: base::Wall(1_800_000_000_000_000) }
}

/// What somebody who has seen a dialog's ids may write in it.
fn forged(world: &World, line: Line, method: &str) -> String {
    let talk = world.talk(line);
    let ours = |tag: &str| format!("<sip:x@203.0.113.200>;tag={tag}");
    format!(
        "{method} sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
         Call-ID: {}\r\nCSeq: 77 {method}\r\nContact: <sip:x@203.0.113.200>\r\nContent-Length: 0\r\n\r\n",
        ours(&talk.local_tag),
        ours(&talk.remote_tag),
        talk.call_id
    )
}

/// S13: 403 on a trunk's dialog, a challenge on a phone's; the call lives.
#[test]
fn who_knows_all_ids_of_a_call_and_sends_from_elsewhere_changes_nothing() {
    for method in ["BYE", "UPDATE", "INFO", "INVITE", "PRACK", "REFER"] {
        let (mut world, carrier, phone) = office(26);
        let stranger = mallory(&mut world);
        let (caller, callee) = world.connect(carrier, "+4930123", phone);
        for (line, status) in [(caller, "403"), (callee, "407")] {
            let text = forged(&world, line, method);
            let answers = ask(&mut world, stranger, method, &text);
            let last = answers.last().map_or("", String::as_str);
            assert!(last.starts_with(&format!("SIP/2.0 {status} ")), "{method}: {last}");
        }
        assert!(world.hear_each_other(caller, callee), "{method}");
        world.bye(caller);
        world.settle();
        assert!(world.talk(callee).bye.is_some(), "{method}");
    }
}

/// S13: with the right branch and tags, from another address.
#[test]
fn a_cancel_from_elsewhere_with_the_right_branch_takes_nothing_back() {
    let (mut world, carrier, phone) = office(26);
    world.agents[phone].manner = sip_tests::RING;
    let stranger = mallory(&mut world);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let invite = world.talk(caller).invite.clone();
    let text = invite
        .to_string()
        .replace("INVITE", "CANCEL")
        .lines()
        .filter(|line| !line.starts_with("Content-") && !line.starts_with("Contact"))
        .take_while(|line| !line.is_empty())
        .fold(String::new(), |text, line| format!("{text}{line}\r\n"));
    world.with_agent(stranger, |agent, _| agent.say(&format!("{text}Content-Length: 0\r\n\r\n")));
    world.settle();
    assert_eq!(world.agents[stranger].heard.last().and_then(sip_tests::Msg::status), Some(481));
    assert!(world.talk(world.incoming(phone)).is_open());
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}

/// S2: what was seen on the wire is of no use at another address.
#[test]
fn credentials_taken_elsewhere_are_stale() {
    let (mut world, _, phone) = office(27);
    let caller = world.dial(phone, "*43");
    world.settle();
    let invite = world.talk(caller).invite.clone();
    world.bye(caller);
    world.settle();
    let stranger = mallory(&mut world);
    let before = world.facts.len();
    let text = invite.to_string().replace('\n', "\r\n").replace("\r\r", "\r");
    let copy = text.replace(invite.branch(), "z9hG4bKtaken").replace(invite.must("Call-ID"), "taken@x");
    let shown = copy.split("response=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a response");
    let guess = copy.replace("z9hG4bKtaken", "z9hG4bKguess").replace(shown, &"0".repeat(shown.len()));
    for text in [copy.as_str(), guess.as_str()] {
        world.with_agent(stranger, |agent, _| agent.say(text));
        world.settle();
    }
    let heard = &world.agents[stranger].heard;
    assert_eq!(heard.len(), 2);
    for answer in heard {
        assert!(answer.to_string().contains("stale=true"), "right and wrong are told alike: {answer}");
    }
    assert_eq!(world.facts.len(), before, "no call began");
}

/// S1: the password of one's own account is good for that account alone.
#[test]
fn a_phone_registers_for_itself_and_for_nobody_else() {
    let (mut world, _, phone) = office(28);
    let before = world.bindings.len();
    let text = |cseq: u32, contact: &str, more: &str| {
        format!(
            "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.11:5060;branch=z9hG4bKsteal{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1001@192.0.2.1>;tag=r\r\nTo: <sip:1002@192.0.2.1>\r\nCall-ID: steal@x\r\n\
             CSeq: {cseq} REGISTER\r\nContact: {contact}\r\nExpires: 0\r\n{more}Content-Length: 0\r\n\r\n"
        )
    };
    for (n, contact) in [(1, "*"), (3, "<sip:1002@203.0.113.11:5060>")] {
        world.with_agent(phone, |agent, _| agent.say(&text(n, contact, "")));
        world.settle();
        let asked =
            world.agents[phone].heard.iter().rfind(|msg| msg.status() == Some(401)).unwrap().to_string();
        let asked =
            Message::parse(asked.replace('\n', "\r\n").into_bytes().into(), Framing::Datagram).unwrap();
        let login = Login::new("1001", world.agents[phone].password.clone().unwrap());
        let answer = login.answer(&asked, &Method::Register, "sip:192.0.2.1", &mut Counting::default());
        let line = format!("Authorization: {}\r\n", answer.unwrap().1);
        world.with_agent(phone, |agent, _| agent.say(&text(n + 1, contact, &line)));
        world.settle();
        assert!(world.agents[phone].heard.iter().any(|msg| msg.status() == Some(403)), "{contact}");
    }
    assert_eq!(world.bindings.len(), before);
}

/// A REGISTER without credentials that is shorter than its challenge; how many of so many are answered.
fn small_registers(world: &mut World, phone: usize, count: usize, every: Duration) -> usize {
    let before = world.agents[phone].heard.len();
    for n in 0..count {
        let text = format!(
            "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.11:5060;branch=z9hG4bKsmall{before}-{n}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1001@192.0.2.1>;tag=r\r\nTo: <sip:1001@192.0.2.1>\r\n\
             Call-ID: small\r\nCSeq: {n} REGISTER\r\nContact: <sip:1001@203.0.113.11>\r\nContent-Length: 0\r\n\r\n"
        );
        world.with_agent(phone, |agent, _| agent.say(&text));
        world.run_for(every);
    }
    world.settle();
    world.agents[phone].heard.len() - before
}

fn withheld(world: &World) -> u64 {
    let shards = world.shards.iter();
    shards.map(|shard| shard.view(now(world)).counters.get("sip_withheld").copied().unwrap_or(0)).sum()
}

/// S14: the ration of answers to strangers is theirs alone, and time gives it back.
#[test]
fn a_phone_with_small_requests_is_answered_for_ever() {
    let (mut world, _, phone) = office(29);
    assert_eq!(small_registers(&mut world, phone, 1_000, Duration::from_millis(20)), 1_000);
    assert_eq!(withheld(&world), 0);
}

/// S14.
#[test]
fn a_stranger_with_small_requests_silences_neither_a_phone_nor_for_long_another_stranger() {
    let (mut world, _, phone) = office(29);
    let stranger = mallory(&mut world);
    let options = |n: u32| {
        format!(
            "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.200;branch=z9hG4bKs{n}\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:a@b>\r\nCall-ID: small\r\nCSeq: {n} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
    };
    for n in 0..500 {
        world.with_agent(stranger, |agent, _| agent.say(&options(n)));
        assert_eq!(small_registers(&mut world, phone, 1, Duration::from_millis(40)), 1, "{n}");
    }
    assert_eq!((world.agents[stranger].heard.len(), withheld(&world)), (500, 0));
    (500..3_000).for_each(|n| world.with_agent(stranger, |agent, _| agent.say(&options(n))));
    world.settle();
    assert!(withheld(&world) > 1_000, "{} of 2,500", withheld(&world));
    assert_eq!(small_registers(&mut world, phone, 20, Duration::ZERO), 20);
    world.run_for(Duration::from_secs(1));
    assert_eq!(ask(&mut world, stranger, "OPTIONS", &request("OPTIONS", "1001", "later@x", "")).len(), 1);
}

/// S13: who has seen an INVITE of ours knows its branch, and answers it from elsewhere, to no avail.
#[test]
fn an_answer_from_elsewhere_with_the_right_branch_is_nobodys() {
    for (status, more) in [(200, "Contact: <sip:m@203.0.113.200>\r\n"), (486, ""), (180, "")] {
        let (mut world, carrier, phone) = office(30);
        world.agents[phone].manner = sip_tests::RING;
        let stranger = mallory(&mut world);
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        let callee = world.incoming(phone);
        let invite = world.talk(callee).invite.clone();
        let body = world.body_for(callee).replace("203.0.113.11", "203.0.113.200");
        let lines =
            ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", invite.must(name)));
        let forged = format!(
            "SIP/2.0 {status} Mine\r\n{}To: {};tag=m\r\n{more}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            lines.concat(),
            invite.must("To"),
            body.len()
        );
        world.with_agent(stranger, |agent, _| agent.say(&forged));
        world.settle();
        assert!(world.talk(callee).is_open() && !world.talk(caller).is_up(), "{status}");
        assert!(world.agents[stranger].heard.is_empty(), "{status}");
        world.say_with_body(callee, 200);
        world.settle();
        assert!(world.hear_each_other(caller, callee), "{status}\n{}", world.ladder());
        let strays = |shard: &call::Shard| shard.view(now(&world)).counters.get("sip_strays").copied();
        assert_eq!(world.shards.iter().filter_map(strays).sum::<u64>(), 1, "{status}");
        world.bye(caller);
        world.settle();
        world.assert_clean();
    }
}
