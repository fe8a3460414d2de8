//! Whatever is set up survives export and apply.

mod common;

use base::media::Nat;
use base::wire::Transport;
use common::{Plain, reading};
use proptest::prelude::*;
use provision::{
    DialRule, Directory, Entity, Feature, FeatureCode, HeaderRule, Holiday, Hours, Mac, Number, Parking,
    Peer, Phone, PhonebookEntry, RecordingPolicy, Rewrite, Role, Secrets, Station, Trunk, User, Vendor,
    export, ha1_md5, ha1_sha256, parse,
};

fn hours() -> impl Strategy<Value = Entity> {
    let row = ("(mon|tue-fri|sat,sun|daily)", 0..24u8, 0..60u8, 0..23u8);
    let row = row.prop_map(|(days, start, minute, end)| {
        let end = if end == start { 23 } else { end };
        format!("{days} {start:02}:{minute:02}-{end:02}:59").parse().expect("a row")
    });
    (name(), prop::collection::vec(row, 0..4), name()).prop_map(|(name, rows, holiday)| {
        let time_zone = "Europe/Madrid".to_owned();
        Entity::Hours(Hours { time_zone, rows, holidays: vec![holiday], ..Hours::named(&name) })
    })
}

fn holiday() -> impl Strategy<Value = Entity> {
    (name(), "(2027-)?0[1-9]-[12][0-8]").prop_map(|(name, date)| {
        let (dates, rows) =
            (vec![date.parse().expect("a day")], vec!["22:00-02:00".parse().expect("a span")]);
        Entity::Holiday(Holiday { dates, rows, ..Holiday::named(&name) })
    })
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._-]{1,12}"
}

/// Anything a text may hold, quotes, backslashes and newlines too.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "\\PC{0,20}", "[\"'\\\\\n\t#=\\[\\]{}]{1,8}"]
}

fn peers() -> impl Strategy<Value = Vec<Peer>> {
    let peer = ("sip:[a-z]{1,8}(:50[0-9]{2})?", 0..3u16, prop_oneof![Just(10), 0..=u16::MAX]);
    prop::collection::vec(peer.prop_map(|(uri, priority, weight)| Peer { uri, priority, weight }), 0..4)
}

fn rewrites() -> impl Strategy<Value = Vec<Rewrite>> {
    let rewrite = (text(), text()).prop_filter("a pattern", |(pattern, _)| !pattern.is_empty());
    prop::collection::vec(rewrite.prop_map(|(pattern, replace)| Rewrite { pattern, replace }), 0..3)
}

fn trunk() -> impl Strategy<Value = Entity> {
    let hosts = prop::collection::vec(any::<[u8; 4]>(), 0..3);
    let credentials = prop::option::of(("[a-z]{1,8}", prop::option::of(text())));
    let headers = prop::collection::vec((name(), prop::option::of(text())), 0..3);
    (name(), peers(), hosts, credentials, headers, rewrites(), any::<(bool, u16, u32)>()).prop_map(
        |(name, peers, hosts, credentials, headers, rewrites, (flag, small, large))| {
            let (username, password) = credentials.map_or((None, None), |(user, pass)| (Some(user), pass));
            let mask = |[a, b, c, d]: [u8; 4]| format!("{a}.{b}.{c}.{d}/{}", d % 33);
            Entity::Trunk(Trunk {
                peers,
                hosts: hosts.into_iter().map(|it| mask(it).parse().expect("a network")).collect(),
                transport: flag.then_some(Transport::Tcp),
                username,
                password,
                register: flag,
                max_calls: large,
                health_secs: small.into(),
                headers: headers.into_iter().map(|(name, value)| HeaderRule { name, value }).collect(),
                number_in: rewrites.clone(),
                caller_out: rewrites,
                nat: if flag { Nat::Off } else { Nat::Learn },
                media_from: vec![format!("198.51.100.0/{}", 24 + small % 9).parse().expect("a network")],
                ..Trunk::named(&name)
            })
        },
    )
}

fn others() -> impl Strategy<Value = Entity> {
    let user = (name(), text(), prop::bool::ANY).prop_map(|(login, name, admin)| {
        let role = if admin { Role::Admin } else { Role::Agent };
        let (password_hash, teams) = ("$argon2id$x".to_owned(), vec![login.clone()]);
        Entity::User(User { name, role, password_hash, teams, ..User::called(&login) })
    });
    let station = (name(), text(), 5..180u32).prop_map(|(extension, name, ring_secs)| {
        let (ha1_md5, ha1_sha256) = (ha1_md5(&extension, "r", "p"), ha1_sha256(&extension, "r", "p"));
        Entity::Station(Station { name, ring_secs, ha1_md5, ha1_sha256, ..Station::numbered(&extension) })
    });
    let to = prop_oneof![Just("echo"), Just("hangup"), Just("station:1"), Just("test:early")];
    let number = (name(), to)
        .prop_map(|(did, to)| Entity::Number(Number::leading(&did, to.parse().expect("a destination"))));
    let rule = ("\\^[0-9\\\\\"+]{1,9}", prop::collection::vec(name(), 0..3), any::<(u32, bool)>());
    let rule = rule.prop_map(|(pattern, trunks, (strip, emergency))| {
        Entity::DialRule(DialRule { trunks, strip, emergency, ..DialRule::matching(&pattern) })
    });
    let policy = (name(), 0..100u32, any::<bool>()).prop_map(|(name, retention_days, encrypt)| {
        Entity::RecordingPolicy(RecordingPolicy { retention_days, encrypt, ..RecordingPolicy::named(&name) })
    });
    let code = (prop::sample::select(Feature::ALL), "[*#][0-9]{0,4}");
    let code = code.prop_map(|(standard, code)| {
        Entity::FeatureCode(FeatureCode { name: standard.name.to_owned(), code })
    });
    let lot = (name(), 10..9_000u32, 0..100u32, 1..20u32).prop_map(|(name, first, more, recalls)| {
        let recall_to = "1001".parse().expect("a number");
        Entity::Parking(Parking { first, last: first + more, recalls, recall_to, ..Parking::named(&name) })
    });
    prop_oneof![user, station, number, rule, policy, code, lot, phone(), phonebook(), hours(), holiday()]
}

fn phone() -> impl Strategy<Value = Entity> {
    let vendor = prop::sample::select(Vendor::WORDS).prop_map(|(_, vendor)| vendor);
    let key = prop::sample::select(vec!["line", "blf:1002=Ana \"<&>\"", "park:701", "code:*78"]);
    let zone = prop::sample::select(vec!["UTC", "Europe/Madrid", "UTC-03:30"]);
    ("[0-9a-f]{12}", vendor, key, zone, any::<u32>(), text()).prop_map(
        |(mac, vendor, key, zone, generation, model)| {
            let mac: Mac = mac.parse().expect("an address");
            let (keys, time_zone) = (vec![key.parse().expect("a key")], zone.parse().expect("a zone"));
            let stations = vec!["1001".to_owned()];
            let phone = Phone::with_mac(mac);
            Entity::Phone(Phone { vendor, keys, time_zone, generation, model, stations, ..phone })
        },
    )
}

fn phonebook() -> impl Strategy<Value = Entity> {
    let scope = prop::sample::select(vec!["shared", "team:sales", "user:ana"]);
    (name(), text(), scope, 0..99u32).prop_map(|(entry, name, scope, favourite)| {
        let numbers = vec!["mobile:+15550100".parse().expect("a number")];
        let scope = scope.parse().expect("a scope");
        Entity::Phonebook(PhonebookEntry {
            name,
            numbers,
            scope,
            favourite,
            ..PhonebookEntry::known_by(&entry)
        })
    })
}

proptest! {
    #[test]
    fn a_directory_survives_export_and_apply(
        entities in prop::collection::vec(prop_oneof![trunk(), others()], 0..12)
    ) {
        let mut directory = Directory::default();
        entities.into_iter().for_each(|entity| directory.put(entity));
        let empty = Directory::default();
        let written = export(&directory, Secrets::Shown);
        let parsed = parse("export.toml", &written, &reading(&empty, &Plain::default()));
        let parsed = parsed.map_err(|problems| TestCaseError::fail(format!("{problems:?}\n{written}")))?;
        let mut back = Directory::default();
        parsed.merge_into(&mut back);
        prop_assert_eq!(back, directory, "{}", written);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}") {
        let empty = Directory::default();
        drop(parse("any.toml", &text, &reading(&empty, &Plain::default())));
        drop(parse("any.toml", &format!("[[trunk]]\nname = {text}"), &reading(&empty, &Plain::default())));
    }
}
