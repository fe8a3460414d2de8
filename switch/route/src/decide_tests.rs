use provision::{
    Anonymous, Directory, Entity, Feature, FeatureCode, Group, Hours, Number, Peer, Rewrite, Settings,
    TestTarget, Trunk, User,
};

use crate::{After, Decline, RingPlan, RingStage, Rung};

use super::*;

fn trunk(name: &str) -> Trunk {
    let peers = vec![Peer { uri: "sip:127.0.0.3".to_owned(), priority: 0, weight: 10 }];
    Trunk { peers, ..Trunk::named(name) }
}

fn rule(pattern: &str, trunks: &[&str]) -> DialRule {
    DialRule {
        pattern: pattern.to_owned(),
        trunks: trunks.iter().map(|name| (*name).to_owned()).collect(),
        strip: 0,
        prepend: String::new(),
        caller_id: String::new(),
        priority: 0,
        emergency: false,
    }
}

fn number(did: &str, to: &str) -> Entity {
    Entity::Number(Number::leading(did, to.parse().expect("a destination")))
}

fn rewrite(pattern: &str, replace: &str) -> Vec<Rewrite> {
    vec![Rewrite { pattern: pattern.to_owned(), replace: replace.to_owned() }]
}

/// Stations 1001 and 1002 of ana, 1003 of nobody, j.user; trunks carrier and backup; whatever else.
fn set_up(more: impl IntoIterator<Item = Entity>) -> Snapshot {
    let mut directory = Directory::default();
    let mut ana = |extension: &str, user: &str, ring_secs| {
        directory.put(Entity::Station(Station {
            user: user.to_owned(),
            ring_secs,
            ..Station::numbered(extension)
        }));
    };
    ana("1001", "ana", 20);
    ana("1002", "ana", 40);
    ana("1003", "", 60);
    ana("j.user", "", 60);
    directory.put(Entity::User(User::called("ana")));
    directory.put(Entity::Trunk(trunk("carrier")));
    directory.put(Entity::Trunk(trunk("backup")));
    more.into_iter().for_each(|entity| directory.put(entity));
    Snapshot::build(directory.into()).expect("builds")
}

fn ask(snapshot: &Snapshot, from: Origin<'_>, dialled: &str) -> Verdict {
    ask_with(snapshot, &Settings::default(), from, dialled).0
}

/// The verdict without the reasons of its stages.
fn ask_with(snapshot: &Snapshot, settings: &Settings, from: Origin<'_>, dialled: &str) -> (Verdict, String) {
    let inquiry =
        Inquiry { from, dialled, caller: "5550199", withheld: false, settings, seed: 1, at: Wall(0) };
    let (mut verdict, why) = decide(snapshot, &inquiry);
    if let Verdict::Ring(plan) = &mut verdict {
        plan.stages.iter_mut().for_each(|stage| stage.why = Why::new(""));
    }
    (verdict, why.as_str().to_owned())
}

fn from_1001(snapshot: &Snapshot, dialled: &str) -> Verdict {
    ask(snapshot, Origin::Station("1001"), dialled)
}

fn from_carrier(snapshot: &Snapshot, dialled: &str) -> Verdict {
    ask(snapshot, Origin::Trunk("carrier"), dialled)
}

fn stations(extensions: &[&str], secs: u32) -> Verdict {
    let phones = |it: &&str| Rung::Phones { extension: (*it).to_owned(), asks: false };
    let stage = RingStage { rung: extensions.iter().map(phones).collect(), secs, why: Why::new("") };
    Verdict::Ring(Box::new(RingPlan {
        stages: vec![stage],
        total_secs: None,
        decline: Decline::All,
        after: After::default(),
        name: extensions.iter().map(|it| format!("station:{it}")).collect::<Vec<_>>().join(","),
        manner: Manner::default(),
    }))
}

/// `trunk:number<caller`, in order, with `!` in front for an emergency.
fn tries(verdict: &Verdict) -> String {
    let Verdict::Trunks { tries, emergency } = verdict else { return format!("{verdict:?}") };
    let each = tries.iter().map(|it| format!("{}:{}<{}", it.trunk, it.number, it.caller));
    format!("{}{}", if *emergency { "!" } else { "" }, each.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_station_reaches_extensions_and_the_echo_and_not_itself() {
    let snapshot = set_up([]);
    assert_eq!(from_1001(&snapshot, "1003"), stations(&["1003"], 60));
    assert_eq!(from_1001(&snapshot, "j.user"), stations(&["j.user"], 60));
    assert_eq!(from_1001(&snapshot, "10-03"), stations(&["1003"], 60));
    assert_eq!(from_1001(&snapshot, "1001"), Verdict::Refuse(Cause::Busy));
    let echo = Local::Feature { feature: Feature::Echo, rest: String::new() };
    assert_eq!(from_1001(&snapshot, "*43"), Verdict::Local(echo));
    assert_eq!(from_1001(&snapshot, "1999"), Verdict::Refuse(Cause::Unallocated));
    assert_eq!(ask(&snapshot, Origin::Station("9"), "1003"), Verdict::Refuse(Cause::Forbidden));
}

/// MYOP-7, MYOP-8, E16: 2027-01-15 is a Friday.
#[test]
fn outside_their_hours_people_groups_and_numbers_are_not_rung_and_the_reason_is_said() {
    let hours = Hours { rows: vec!["mon-fri 09:00-17:00".parse().expect("a row")], ..Hours::named("office") };
    let office = || "office".to_owned();
    let ana = User { hours: office(), ..User::called("ana") };
    let members = ["station:1001", "station:1003"].map(|it| it.parse().expect("a member")).to_vec();
    let sales = Group { extension: "600".to_owned(), members, ..Group::named("sales") };
    let after_hours: ForwardTo = "station:1003".parse().expect("a destination");
    let all_off = Group {
        extension: "601".to_owned(),
        members: vec!["user:ana".parse().expect("a member")],
        after_hours: after_hours.clone(),
        on_no_answer: "1002".parse().expect("a number"),
        ..Group::named("all-off")
    };
    let shut = Group {
        extension: "602".to_owned(),
        hours: office(),
        members: vec!["station:1003".parse().expect("a member")],
        ..Group::named("shut")
    };
    let number = Number {
        hours: office(),
        after_hours: after_hours.clone(),
        ..Number::leading("+15550100", "hangup".parse().expect("a destination"))
    };
    let more = [Entity::Hours(hours), Entity::User(ana), Entity::Group(sales), Entity::Group(all_off)];
    let snapshot = set_up(more.into_iter().chain([Entity::Group(shut), Entity::Number(number)]));
    let settings = Settings::default();
    let ask = |from, dialled, at: &str| {
        let at = Wall(at.parse::<jiff::Timestamp>().expect("a time").as_microsecond());
        let inquiry =
            Inquiry { from, dialled, caller: "1", withheld: false, settings: &settings, seed: 1, at };
        let (verdict, why) = decide(&snapshot, &inquiry);
        let verdict = match verdict {
            Verdict::Ring(plan) => format!("{} rings", plan.extensions().join(" ")),
            Verdict::Onward(onward) => format!("{} -> {:?}", onward.why().as_str(), onward.to.to_string()),
            other @ (Verdict::Trunks { .. } | Verdict::Local(_) | Verdict::Refuse(_)) => format!("{other:?}"),
        };
        (verdict, why.as_str().to_owned())
    };
    let (inside, outside) = ("2027-01-15T16:59:00Z", "2027-01-15T17:00:00Z");
    let inner = Origin::Station("1003");
    assert_eq!(ask(inner, "1001", inside).0, "1001 rings");
    let closed =
        ("Refuse(Unavailable)".to_owned(), "extension 1001: 1001 is outside hours office".to_owned());
    assert_eq!(ask(inner, "1001", outside), closed);
    let from = Origin::Station("1002");
    assert_eq!(ask(from, "600", inside).0, "1001 1003 rings");
    assert_eq!(ask(from, "600", outside).0, "1003 rings", "a member is left out");
    assert_eq!(ask(from, "601", outside).0, "group:all-off is outside its hours -> \"station:1003\"");
    let (verdict, why) = ask(from, "602", outside);
    assert_eq!(
        (verdict.as_str(), why.contains("group shut is outside hours office")),
        ("Refuse(Unavailable)", true)
    );
    let carrier = Origin::Trunk("carrier");
    assert_eq!(ask(carrier, "+15550100", inside).0, "Refuse(Forbidden)");
    let (verdict, why) = ask(carrier, "+15550100", outside);
    assert_eq!(verdict, "1003 rings");
    assert_eq!(why, "number +15550100 is outside hours office, station:1003");
}

#[test]
fn a_trunk_reaches_numbers_and_never_an_extension_or_another_trunk_by_itself() {
    let open = Entity::DialRule(rule("^[0-9]+$", &["backup"]));
    let snapshot = set_up([open, number("+15550100", "station:1001")]);
    assert_eq!(from_carrier(&snapshot, "+1 (555) 0100"), stations(&["1001"], 20));
    assert_eq!(from_carrier(&snapshot, "15550100"), stations(&["1001"], 20));
    for toll in ["1001", "*43", "112", "0019005550100"] {
        assert_eq!(from_carrier(&snapshot, toll), Verdict::Refuse(Cause::Unallocated), "{toll}");
    }
}

#[test]
fn every_destination_leads_where_it_says() {
    let snapshot = set_up([
        number("1", "user:ana"),
        number("2", "trunk:backup"),
        number("3", "echo"),
        number("4", "hangup"),
        number("5", "test:early"),
        number("6", "user:nobody"),
        number("7", "trunk:gone"),
    ]);
    assert_eq!(from_carrier(&snapshot, "1"), stations(&["1001", "1002"], 40));
    assert_eq!(from_1001(&snapshot, "1"), stations(&["1002"], 40));
    assert_eq!(tries(&from_carrier(&snapshot, "2")), "backup:2<5550199");
    assert_eq!(from_carrier(&snapshot, "3"), Verdict::Local(Local::Echo));
    assert_eq!(from_carrier(&snapshot, "4"), Verdict::Refuse(Cause::Forbidden));
    assert_eq!(from_carrier(&snapshot, "5"), Verdict::Local(Local::Test(TestTarget::Early)));
    assert_eq!(from_carrier(&snapshot, "6"), Verdict::Refuse(Cause::NotRegistered));
    assert_eq!(from_carrier(&snapshot, "7"), Verdict::Refuse(Cause::NoRoute));
}

#[test]
fn exact_numbers_win_over_patterns_and_long_prefixes_over_short_ones() {
    let snapshot = set_up([
        number("^1555[0-9]*$", "station:1001"),
        number("^1[0-9]*$", "station:1002"),
        number("15550100", "echo"),
    ]);
    assert_eq!(from_carrier(&snapshot, "15550100"), Verdict::Local(Local::Echo));
    assert_eq!(from_carrier(&snapshot, "15550101"), stations(&["1001"], 20));
    assert_eq!(from_carrier(&snapshot, "1444"), stations(&["1002"], 40));
}

#[test]
fn dial_rules_go_by_priority_and_rewrite_the_number() {
    let abroad = DialRule {
        strip: 2,
        prepend: "+".to_owned(),
        caller_id: "+15550100".to_owned(),
        ..rule("^00[1-9]", &["carrier", "gone", "backup"])
    };
    let any = DialRule { priority: 5, ..rule("^0", &["backup"]) };
    let snapshot = set_up([Entity::DialRule(any), Entity::DialRule(abroad)]);
    let verdict = from_1001(&snapshot, "00 49 30 1234");
    assert_eq!(tries(&verdict), "carrier:+49301234<+15550100 backup:+49301234<+15550100");
    assert_eq!(tries(&from_1001(&snapshot, "0301234")), "backup:0301234<5550199");
}

#[test]
fn the_number_shown_is_the_rules_then_the_stations_then_the_trunks_then_the_callers() {
    let show = |rule_id: &str, station_id: &str, trunk_id: &str| {
        let snapshot = set_up([
            Entity::DialRule(DialRule { caller_id: rule_id.to_owned(), ..rule("^0", &["carrier"]) }),
            Entity::Station(Station { caller_id: station_id.to_owned(), ..Station::numbered("1001") }),
            Entity::Trunk(Trunk { caller_id: trunk_id.to_owned(), ..trunk("carrier") }),
        ]);
        tries(&from_1001(&snapshot, "01"))
    };
    assert_eq!(show("1", "2", "3"), "carrier:01<1");
    assert_eq!(show("", "2", "3"), "carrier:01<2");
    assert_eq!(show("", "", "3"), "carrier:01<3");
    assert_eq!(show("", "", ""), "carrier:01<5550199");
}

#[test]
fn a_trunks_number_formats_apply_on_the_way_in_and_out() {
    let inwards = Trunk {
        number_in: rewrite("0([1-9][0-9]+)", "+49$1"),
        caller_in: rewrite("555(.*)", "+1555$1"),
        ..trunk("carrier")
    };
    let outwards = Trunk {
        number_out: rewrite("\\+(.*)", "00$1"),
        caller_out: rewrite("\\+(.*)", "$1"),
        ..trunk("backup")
    };
    let all = number("^\\+49[0-9]+$", "trunk:backup");
    let snapshot = set_up([Entity::Trunk(inwards), Entity::Trunk(outwards), all]);
    assert_eq!(tries(&from_carrier(&snapshot, "0301234")), "backup:0049301234<15550199");
}

#[test]
fn an_emergency_call_goes_over_the_trunks_listed_for_it_and_then_any_other() {
    let snapshot = set_up([]);
    assert_eq!(tries(&from_1001(&snapshot, "112")), "!backup:112<5550199 carrier:112<5550199");
    let listed = DialRule { emergency: true, priority: 9, ..rule("^110$", &["carrier"]) };
    let plain = rule("^1[0-9]+$", &["backup"]);
    let snapshot = set_up([Entity::DialRule(listed), Entity::DialRule(plain)]);
    assert_eq!(tries(&from_1001(&snapshot, "110")), "!carrier:110<5550199 backup:110<5550199");
    assert_eq!(tries(&from_1001(&snapshot, "111")), "backup:111<5550199");
    let without_trunks = Snapshot::build({
        let mut directory = Directory::default();
        directory.put(Entity::Station(Station::numbered("1001")));
        directory.into()
    });
    assert_eq!(from_1001(&without_trunks.expect("builds"), "911"), Verdict::Refuse(Cause::NoRoute));
}

#[test]
fn no_extension_and_no_number_stands_before_an_emergency_number() {
    let snapshot = set_up([Entity::Station(Station::numbered("112")), number("911", "hangup")]);
    assert_eq!(tries(&from_1001(&snapshot, "112")), "!backup:112<5550199 carrier:112<5550199");
    assert_eq!(tries(&from_1001(&snapshot, "911")), "!backup:911<5550199 carrier:911<5550199");
}

#[test]
fn the_most_specific_source_names_the_trunk() {
    let hosts = |name: &str, hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| host.parse().expect("a host")).collect();
        Entity::Trunk(Trunk { hosts, ..trunk(name) })
    };
    let snapshot = set_up([
        hosts("a", &["127.0.0.0/8"]),
        hosts("b", &["127.0.0.0/24"]),
        hosts("c", &["127.0.0.2", "2001:db8::1"]),
    ]);
    let named =
        |ip: &str| snapshot.trunk_by_source(ip.parse().expect("an address")).map(|trunk| trunk.name.as_str());
    assert_eq!(named("127.9.9.9"), Some("a"));
    assert_eq!(named("127.0.0.3"), Some("b"));
    assert_eq!(named("::ffff:127.0.0.2"), Some("c"));
    assert_eq!(named("2001:db8::1"), Some("c"));
    assert_eq!(named("192.0.2.1"), None);
}

#[test]
fn every_decision_gives_its_reason() {
    let snapshot = set_up([number("7", "trunk:gone")]);
    let why = |dialled| {
        let (from, settings) = (Origin::Station("1001"), &Settings::default());
        let inquiry = Inquiry { from, dialled, caller: "", withheld: false, settings, seed: 1, at: Wall(0) };
        decide(&snapshot, &inquiry).1.to_string()
    };
    assert_eq!(why("1003"), "extension 1003");
    assert_eq!(why("7"), "number 7, trunk:gone: no trunk gone");
    assert_eq!(why("999"), "nothing is set up for \"999\"");
}

#[test]
fn a_directory_with_a_bad_pattern_names_the_entity() {
    let mut directory = Directory::default();
    directory.put(Entity::DialRule(rule("^(", &[])));
    let error = Snapshot::build(directory.into()).expect_err("does not compile");
    assert!(error.to_string().starts_with("dial_rule ^(: "), "{error}");
}

/// RFC 5079: an extension or a number may refuse callers who withhold theirs; an emergency call is never held back.
#[test]
fn callers_who_withhold_their_number_are_refused_where_that_is_set_up() {
    let shy = Number {
        anonymous: Anonymous::Refuse,
        ..Number::leading("+49301", "station:1003".parse().expect("a destination"))
    };
    let picky = Station { anonymous: Anonymous::Refuse, ..Station::numbered("1004") };
    let snapshot = set_up([Entity::Number(shy), Entity::Station(picky), number("+49302", "station:1004")]);
    let ask = |from, dialled, withheld| {
        let settings = &Settings::default();
        decide(
            &snapshot,
            &Inquiry { from, dialled, caller: "5550199", withheld, settings, seed: 1, at: Wall(0) },
        )
        .0
    };
    let refused = Verdict::Refuse(Cause::AnonymousRefused);
    for dialled in ["+49301", "+49302"] {
        assert_eq!(ask(Origin::Trunk("carrier"), dialled, true), refused);
        assert!(matches!(ask(Origin::Trunk("carrier"), dialled, false), Verdict::Ring(_)));
    }
    assert_eq!(ask(Origin::Station("1001"), "1004", true), refused);
    assert!(matches!(ask(Origin::Station("1001"), "112", true), Verdict::Trunks { emergency: true, .. }));
}

/// features.md §0.3; E89: nothing that is set up stands before an emergency number.
#[test]
fn feature_codes_are_for_stations_and_never_stand_before_an_emergency_number() {
    let hash = FeatureCode { name: "redial".to_owned(), code: "#66".to_owned() };
    let emergency = DialRule { emergency: true, ..rule("^\\*60$", &["carrier"]) };
    let snapshot = set_up([Entity::FeatureCode(hash), Entity::DialRule(emergency)]);
    let asked = |feature, rest: &str| Verdict::Local(Local::Feature { feature, rest: rest.to_owned() });
    assert_eq!(from_1001(&snapshot, "#66"), asked(Feature::Redial, ""));
    assert_eq!(from_1001(&snapshot, "*84 1002"), asked(Feature::Intercom, "1002"));
    assert_eq!(from_1001(&snapshot, "*66"), Verdict::Refuse(Cause::Unallocated));
    assert!(tries(&from_1001(&snapshot, "*60")).starts_with("!carrier:"));
    assert_eq!(from_carrier(&snapshot, "#66"), Verdict::Refuse(Cause::Unallocated));
}
