//! Provisioning files: what they say, what they do, what is wrong with them.

mod common;

use common::{Plain, reading};
use provision::{
    Directory, Kind, Problem, RecordWhen, Secrets, entity_from_json, entity_to_json, export, ha1_md5, plan,
};

fn applied(current: &Directory, text: &str) -> (Directory, Vec<String>) {
    let plan = plan(&[("test.toml", text)], &reading(current, &Plain::default())).expect("is right");
    (plan.wanted, plan.changes.iter().map(ToString::to_string).collect())
}

fn problems(text: &str) -> Vec<String> {
    let current = Directory::default();
    let found = plan(&[("test.toml", text)], &reading(&current, &Plain::default())).expect_err("is wrong");
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_examples_are_right_and_applying_them_twice_changes_nothing() {
    for text in [
        include_str!("../../examples/config/minimal.toml"),
        include_str!("../../examples/config/two-trunks.toml"),
        include_str!("../../examples/config/conformance.toml"),
        include_str!("../../examples/config/phones.toml"),
    ] {
        let (wanted, changes) = applied(&Directory::default(), text);
        assert_eq!(changes.len(), wanted.keys().count());
        assert_eq!(applied(&wanted, text), (wanted.clone(), Vec::new()));
    }
}

#[test]
fn the_conformance_profile_has_its_stations_and_numbers() {
    let (it, _) = applied(&Directory::default(), include_str!("../../examples/config/conformance.toml"));
    let stations: Vec<&str> = it.stations.keys().map(String::as_str).collect();
    assert_eq!(stations, ["alice", "bob", "j.user", "user", "watson"]);
    assert_eq!(it.stations["alice"].ha1_md5, ha1_md5("alice", "tandem", "secret"));
    assert_eq!(it.numbers["early"].to.to_string(), "test:early");
    assert_eq!(it.trunks["caller"].hosts[0].to_string(), "127.0.0.2");
}

#[test]
fn a_change_is_told_field_by_field_and_secrets_are_not_told() {
    let before = r#"
        [[trunk]]
        name = "carrier"
        peer = "sip:127.0.0.3"
        [[user]]
        login = "ana"
        password = "first-secret"
        [[station]]
        extension = "1001"
        password = "first"
        "#;
    let after = r#"
        [[trunk]]
        name = "carrier"
        peer = ["sip:127.0.0.3", "sip:127.0.0.4"]
        max_calls = 10
        caller_id = "100"
        [[user]]
        login = "ana"
        password = "second-secret"
        [[station]]
        extension = "1001"
        password = "second"
        [[number]]
        did = "100"
        to = "echo"
        "#;
    let (current, changes) = applied(&Directory::default(), before);
    assert_eq!(changes, ["+ trunk carrier", "+ user ana", "+ station 1001"]);
    let told = [
        "~ trunk carrier: peer sip:127.0.0.3 → [\"sip:127.0.0.3\",\"sip:127.0.0.4\"], \
         max_calls 0 → 10, caller_id none → 100",
        "~ user ana: password_hash changed",
        "~ station 1001: ha1_md5 changed, ha1_sha256 changed",
        "+ number 100",
    ];
    assert_eq!(applied(&current, after).1, told);
}

#[test]
fn what_a_file_leaves_out_stays_and_so_do_secrets() {
    let (current, _) = applied(&Directory::default(), include_str!("../../examples/config/two-trunks.toml"));
    assert_eq!(applied(&current, "").1, Vec::<String>::new());
    let without_secrets = export(&current, Secrets::Hidden);
    assert!(!without_secrets.contains("change-me") && !without_secrets.contains("ha1"));
    assert_eq!(applied(&current, &without_secrets), (current.clone(), Vec::new()));
    let with_secrets = export(&current, Secrets::Shown);
    assert_eq!(applied(&Directory::default(), &with_secrets).0, current);
}

#[test]
fn everything_wrong_is_told_with_its_line_and_what_is_allowed() {
    let text = r#"[[trunk]]
name = "carrier"
transport = "sctp"
max_cps = -1
colour = "red"
[[station]]
ring_secs = "long"
[[queue]]
name = "sales"
[[nonsense]]
[[number]]
did = "1"
to = "queue:sales"
[[number]]
did = "1"
to = "echo"
"#;
    let expected = [
        "test.toml:3: trunk carrier: transport: found \"sctp\"; allowed: udp, tcp, tls",
        "test.toml:4: trunk carrier: max_cps: found -1; allowed: a whole number from 0 to 4294967295",
        "test.toml:5: trunk carrier: colour: is unknown; allowed: name, ",
        "test.toml:6: extension: is missing",
        "test.toml:7: ring_secs: found \"long\"; allowed: a whole number from 0 to 4294967295",
        "test.toml:8: [[queue]] is not available in this version yet; allowed: [[trunk]], [[user]], [[station]], ",
        "test.toml:10: found \"nonsense\"; allowed: [[trunk]], [[user]], [[station]], [[number]], [[dial_rule]]",
        "test.toml:13: number 1: to: \"queue:sales\" is not available in this version yet; allowed: station:",
        "test.toml:14: number 1: stands twice, first in line 11",
    ];
    let found = problems(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn what_entities_mean_together_is_checked_and_located() {
    let text = r#"[[trunk]]
name = "carrier"
peer = "carrier.example"
register = true
hosts = ["127.0.0.2"]
number_in = [{ pattern = "(", replace = "" }, { pattern = "1", replace = "$1" }]
headers = [{ name = "Via", value = "x" }]
[[trunk]]
name = "other"
hosts = ["127.0.0.2"]
max_cps = 20000
[[station]]
extension = "*43"
user = "nobody"
ring_secs = 3
[[station]]
extension = "112"
password = "secret"
[[number]]
did = "^1"
to = "station:1"
[[number]]
did = "5"
to = "echo"
[[number]]
did = "+5"
to = "echo"
[[dial_rule]]
pattern = "1"
trunks = ["gone"]
"#;
    let expected = [
        "test.toml:3: trunk carrier: peer: \"carrier.example\" is no peer (it does not begin with sip:)",
        "test.toml:4",
        "test.toml:6: trunk carrier: number_in[0].pattern: ",
        "test.toml:6: trunk carrier: number_in[1].replace: has \"$1\", and the pattern has 0 groups",
        "test.toml:7: trunk carrier: headers[0].name: \"Via\" is set by the switch itself",
        "test.toml:10: trunk other: hosts: 127.0.0.2 belongs to trunk carrier already",
        "test.toml:11: trunk other: max_cps: found 20000; allowed: 0 to 10000",
        "test.toml:12: station *43: password: is missing",
        "test.toml:13: station *43: extension: \"*43\" looks like a service or feature code",
        "test.toml:14: station *43: user: there is no user \"nobody\"",
        "test.toml:15: station *43: ring_secs: found 3; allowed: 5 to 180",
        "test.toml:17: station 112: extension: 112 is an emergency number",
        "test.toml:20: number ^1: did: found \"^1\"; allowed: a pattern from ^ to $",
        "test.toml:21: number ^1: to: there is no station \"1\"",
        "test.toml:23: number 5: did: is the same number as +5",
        "test.toml:29: dial_rule 1: pattern: found \"1\"; allowed: a pattern that begins with ^",
        "test.toml:30: dial_rule 1: trunks: there is no trunk \"gone\"",
    ];
    let found = problems(text);
    let found: Vec<&String> = found.iter().filter(|it| !it.contains("username")).collect();
    let expected: Vec<&str> = expected.into_iter().filter(|it| *it != "test.toml:4").collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn a_secret_of_the_wrong_kind_is_not_repeated_in_the_complaint() {
    let text = "[[user]]\nlogin = \"ana\"\npin = 47110815\npassword = \"short\"\n";
    let expected = [
        "test.toml:3: user ana: pin: found something else; allowed: a text in quotes",
        "test.toml:4: user ana: password: does not fit; allowed: 8 to 128 characters",
    ];
    assert_eq!(problems(text), expected);
}

#[test]
fn no_secret_is_printed_for_a_log() {
    let (it, _) = applied(&Directory::default(), include_str!("../../examples/config/two-trunks.toml"));
    let printed = format!("{it:?}");
    assert!(printed.contains("username: \"tandem-5550100\", password: …"), "{printed}");
    assert!(!printed.contains("change-me") && !printed.contains(&it.stations["1001"].ha1_md5));
}

#[test]
fn an_entity_stands_in_one_file_only() {
    let current = Directory::default();
    let text = "[[number]]\ndid = \"1\"\nto = \"echo\"\n";
    let found = plan(&[("a.toml", text), ("b.toml", text)], &reading(&current, &Plain::default()));
    let found: Vec<String> = found.expect_err("twice").iter().map(ToString::to_string).collect();
    assert_eq!(found, ["b.toml:1: number 1: stands twice, first in a.toml"]);
}

#[test]
fn broken_toml_is_told_with_its_lines() {
    let found = problems("[[station]]\nextension = \n[[trunk]\n");
    assert!(found[0].starts_with("test.toml:2: "), "{found:?}");
    assert!(problems("station = 5\n")[0].contains("allowed: [[station]]"));
    assert!(problems("station = [5]\n")[0].contains("allowed: [[station]]"));
}

#[test]
fn a_key_that_stands_twice_is_named_without_its_value() {
    let found = problems("[[station]]\nextension = \"1\"\npassword = \"hush-1\"\npassword = \"hush-2\"\n");
    assert_eq!(found, ["test.toml:4: duplicate key \"password\""]);
}

#[test]
fn a_reference_to_nothing_names_what_there_is() {
    let station = |number: u32| format!("[[station]]\nextension = \"{number}\"\npassword = \"s3cret\"\n");
    let number = "[[number]]\ndid = \"1\"\nto = \"station:99\"\n";
    let told = |stations: std::ops::RangeInclusive<u32>| {
        let text: String = stations.map(station).chain([number.to_owned()]).collect();
        problems(&text)[0].split_once("there is ").map(|(_, told)| told.to_owned())
    };
    assert_eq!(told(1001..=1002).as_deref(), Some("no station \"99\"; there are: 1001, 1002"));
    let many = "no station \"99\"; there are: 1001, 1002, 1003, 1004, 1005, …";
    assert_eq!(told(1001..=1006).as_deref(), Some(many));
    let none = problems(number);
    assert!(none[0].ends_with("there is no station \"99\"; there are none"), "{none:?}");
}

#[test]
fn an_unknown_field_is_told_each_known_one_once() {
    let found = problems("[[number]]\ndid = \"1\"\nto = \"echo\"\nfor = \"x\"\n");
    assert_eq!(
        found,
        [
            "test.toml:4: number 1: for: is unknown; allowed: did, to, anonymous, recording, language, in_call_codes, label, ring, call_info_url, whisper, hours, after_hours"
        ]
    );
}

#[test]
fn the_api_takes_the_same_fields_and_names_the_one_at_fault() {
    let (current, hasher) = (Directory::default(), Plain::default());
    let reading = reading(&current, &hasher);
    let json = serde_json::json!({
        "name": "carrier", "peer": [{"uri": "sip:127.0.0.3", "weight": 3}], "username": "u", "password": "p"
    });
    let trunk = entity_from_json(Kind::Trunk, &json, &reading).expect("is right");
    let shown = entity_to_json(&trunk, Secrets::Hidden);
    assert_eq!(shown["peer"][0]["weight"], 3);
    assert_eq!((shown["max_calls"].clone(), shown.get("password")), (0.into(), None));
    let again = entity_from_json(Kind::Trunk, &entity_to_json(&trunk, Secrets::Shown), &reading);
    assert_eq!(again, Ok(trunk));

    let wrong = serde_json::json!({ "extension": "1", "ring_secs": 1.5, "max_calls": null, "x": 1 });
    let found: Vec<Problem> = entity_from_json(Kind::Station, &wrong, &reading).expect_err("is wrong");
    let fields: Vec<&str> = found.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["ring_secs", "x"]);
    assert!(entity_from_json(Kind::Station, &serde_json::json!([]), &reading).is_err());
}

/// Issue row "Recording": a policy that trunks, stations and numbers name.
#[test]
fn a_recording_policy_is_named_where_calls_come_and_go_and_comes_back_as_it_was_written() {
    let text = r#"
        [[recording_policy]]
        name = "sales"
        when = "all"
        format = "opus"
        channels = "mono"
        encrypt = true
        announce = "record/announce"
        beep_secs = 15
        when_full = "end_call"
        retention_days = 90
        max_minutes = 60
        [[station]]
        extension = "1001"
        password = "secret"
        recording = "sales"
        [[number]]
        did = "100"
        to = "station:1001"
        recording = "sales"
        [[trunk]]
        name = "carrier"
        peer = "sip:127.0.0.3"
        recording = "sales"
        "#;
    let (it, changes) = applied(&Directory::default(), text);
    assert_eq!(changes.last().map(String::as_str), Some("+ recording_policy sales"));
    assert_eq!(it.recording_policies["sales"].when, RecordWhen::All);
    let written = export(&it, Secrets::Shown);
    assert_eq!(applied(&Directory::default(), &written).0, it);
    for wrong in
        ["when = \"some\"", "format = \"mp3\"", "beep_secs = 2", "max_minutes = 0", "announce = \"é\""]
    {
        let text = format!("[[recording_policy]]\nname = \"x\"\n{wrong}");
        let field = wrong.split(' ').next().unwrap();
        assert!(problems(&text)[0].contains(&format!("{field}: found")), "{:?}", problems(&text));
    }
    let lost = "[[number]]\ndid = \"1\"\nto = \"echo\"\nrecording = \"none\"";
    assert!(problems(lost)[0].contains("there is no recording_policy \"none\""), "{:?}", problems(lost));
}

/// features.md §0.3: "defaults, per-tenant configurable; no clash among themselves".
#[test]
fn a_feature_code_that_could_mean_another_is_refused_with_its_line() {
    let found = problems(
        "[[feature_code]]\nname = \"pickup\"\ncode = \"*8\"\n\
         [[feature_code]]\nname = \"time\"\ncode = \"60\"\n\
         [[feature_code]]\nname = \"park\"\ncode = \"*671\"\n\
         [[feature_code]]\nname = \"fly\"\n",
    );
    let has = |line: &str| assert!(found.iter().any(|it| it.starts_with(line)), "{line}\n{found:#?}");
    has("test.toml:3: feature_code pickup: code: *8 could be *8 of pickup_group as well");
    has("test.toml:3: feature_code pickup: code: *8 could be *84 of intercom as well");
    has("test.toml:6: feature_code time: code: found \"60\"; allowed: * or #");
    has("test.toml:9: feature_code park: code: *671 begins as *67");
    has("test.toml:11: feature_code fly: name: found \"fly\"; allowed: echo, ");
    let (directory, _) = applied(
        &Directory::default(),
        "[[feature_code]]\nname = \"pickup\"\ncode = \"*8\"\n\
         [[feature_code]]\nname = \"pickup_group\"\ncode = \"\"\n\
         [[feature_code]]\nname = \"intercom\"\ncode = \"#84\"\n\
         [[feature_code]]\nname = \"park\"\ncode = \"#85\"\n\
         [[feature_code]]\nname = \"page\"\ncode = \"#86\"\n\
         [[feature_code]]\nname = \"conference\"\ncode = \"#83\"\n",
    );
    let codes: Vec<_> = directory.codes().map(|(standard, code)| (standard.name, code)).collect();
    assert!(codes.contains(&("pickup", "*8")) && !codes.iter().any(|(name, _)| *name == "pickup_group"));
}

/// Issue row "Provisioning": a phone leans on its stations, and a key or zone that no phone knows is refused with its line.
#[test]
fn what_a_phone_may_not_say_is_refused_with_its_line() {
    let text = "[[phone]]\nmac = \"80:5e:c0:12:34\"\nvendor = \"nokia\"\nstations = [\"1\"]\nkeys = [\"blf\"]\n\
                time_zone = \"Mars/Olympus\"\n[[phonebook]]\nentry = \"x\"\nnumbers = [\"pager:1\"]\nscope = \"all\"\n";
    let problems = provision::parse("phones.toml", text, &reading(&Directory::default(), &Plain::default()))
        .expect_err("mistakes");
    let lines: Vec<(u32, &str)> = problems.iter().map(|it| (it.line, it.field.as_str())).collect();
    let expected = [(2, "mac"), (3, "vendor"), (5, "keys"), (6, "time_zone"), (9, "numbers"), (10, "scope")];
    assert_eq!(lines, expected, "{problems:#?}");
    let text = "[[phone]]\nmac = \"805ec0123456\"\nvendor = \"softphone\"\nstations = [\"1001\", \"1002\", \"1002\"]\n\
                transport = \"carrier-pigeon\"\nextra = [\"a b = c\", \"1a = c\", \"fine.name = <&>\"]\n\
                [[phonebook]]\nentry = \"y\"\nnumbers = []\nscope = \"user:nobody\"\nfavourite = 100\n";
    let problems = plan(&[("phones.toml", text)], &reading(&Directory::default(), &Plain::default()))
        .expect_err("mistakes");
    let fields: Vec<&str> = problems.iter().map(|it| it.field.as_str()).collect();
    let expected = [
        "stations",
        "stations",
        "stations",
        "stations",
        "stations",
        "transport",
        "extra",
        "extra",
        "numbers",
        "scope",
        "favourite",
    ];
    let mut sorted = (fields.clone(), expected.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1, "{problems:#?}");
}

/// A rotated phone stays rotated when a file that does not speak of it is applied again.
#[test]
fn the_generation_of_a_phone_stays_when_a_file_leaves_it_out() {
    let text = "[[station]]\nextension = \"1\"\npassword = \"pass\"\n[[phone]]\nmac = \"80-5E-C0-12-34-56\"\nstation = \"1\"\n";
    let first = plan(&[("a.toml", text)], &reading(&Directory::default(), &Plain::default())).expect("right");
    let mut rotated = first.wanted;
    rotated.phones.get_mut("805ec0123456").expect("normalised").generation = 7;
    let again = plan(&[("a.toml", text)], &reading(&rotated, &Plain::default())).expect("right");
    assert_eq!(again.changes, []);
}

#[test]
fn what_phones_are_told_of_a_call_can_break_no_header() {
    let told = |fields: &str| {
        let text = format!("[[number]]\ndid = \"1\"\nto = \"echo\"\n{fields}\n");
        let current = Directory::default();
        let found = plan(&[("test.toml", &text)], &reading(&current, &Plain::default()));
        found.err().and_then(|found| found.first().map(ToString::to_string)).unwrap_or_default()
    };
    for fields in [
        "label = \"Sales\"",
        "ring = \"auto\"",
        "ring = \"Loud Ring\"",
        "call_info_url = \"https://crm.example/?n={caller}&d={dialled}&id={call}\"",
        "whisper = \"custom/sales\"",
    ] {
        assert_eq!(told(fields), "", "{fields}");
    }
    for (fields, field) in [
        ("label = \"a\\r\\nEvil: 1\"", "label"),
        ("ring = \"a;b\"", "ring"),
        ("call_info_url = \"http://crm.example\"", "call_info_url"),
        ("call_info_url = \"https://crm.example/>;x=\"", "call_info_url"),
        ("call_info_url = \"https://crm.example/{name}\"", "call_info_url"),
        ("whisper = \"a b\"", "whisper"),
    ] {
        assert!(told(fields).contains(&format!(" {field}: found ")), "{fields}: {}", told(fields));
    }
}

/// Park slots (ADR 0035): each number leads to one thing.
#[test]
fn slots_that_are_something_else_already_are_refused_with_their_line() {
    let found = problems(
        "[[station]]\nextension = \"705\"\npassword = \"secret\"\n\n\
         [[parking]]\nname = \"desk\"\nextension = \"701\"\nrecall_secs = 5\n\n\
         [[parking]]\nname = \"floor\"\nfirst = 720\nlast = 9999\n",
    );
    for wanted in
        ["705 is that of a station", "701 is a slot", "found 5; allowed: 10 to 3600", "found 720 to 9999"]
    {
        assert!(found.iter().any(|problem| problem.contains(wanted)), "{wanted}: {found:#?}");
    }
    assert!(found.iter().any(|problem| problem.contains("slots 701 to 720 are those of desk")), "{found:#?}");
    let good =
        "[[parking]]\nname = \"desk\"\nfirst = 801\nlast = 810\nrecall_to = \"1001\"\nmusic = \"lobby\"\n";
    let (directory, _) = applied(&Directory::default(), good);
    assert_eq!(directory.lot_of("805").map(|lot| lot.name.as_str()), Some("desk"));
    assert!(directory.lot_of("0805").is_none() && directory.lot_of("811").is_none());
}
