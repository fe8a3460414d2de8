//! What each vendor's phone is sent; issue row "Provisioning", features BP-22 and CROCO-22.

use provision::{Directory, Mac, Phone, Reading, Vendor, plan};

use super::{Device, Node, Served, Transports, Wanted, write};
use crate::login::PhoneKey;

/// Nobody has a password here.
struct NoHasher;

impl provision::PasswordHasher for NoHasher {
    fn hash(&self, _password: &str) -> Result<String, provision::CannotHash> {
        Err(provision::CannotHash)
    }

    fn verify(&self, _password: &str, _hash: &str) -> bool {
        false
    }
}

const SETUP: &str = r#"
[[user]]
login = "ana"
name = "Ana Gómez"
teams = ["sales"]
[[station]]
extension = "1001"
user = "ana"
password = "pass-1001"
language = "es"
srtp = "optional"
[[station]]
extension = "1002"
name = "Bob & <Sons> \"Ltd\"'s"
password = "pass-1002"
codecs = ["opus", "PCMA"]
[[phonebook]]
entry = "taxi"
name = "Taxi <Central>"
numbers = ["+15550100", "mobile:+15550101"]
favourite = 1
[[phonebook]]
entry = "wholesaler"
numbers = ["+15550102"]
scope = "team:sales"
[[phonebook]]
entry = "bobs-own"
numbers = ["+15550103"]
scope = "team:support"
"#;

fn directory(vendor: Vendor) -> Directory {
    let phone = format!(
        "{SETUP}\n[[phone]]\nmac = \"80:5e:c0:12:34:56\"\nvendor = \"{}\"\nmodel = \"X\"\nstations = [{}]\n\
         keys = [\"line\", \"blf:1002=B&B \\\"<i>\\\"\", \"park:701\", \"speed:+15550100=Taxi;x=1\", \"code:*78\"]\n\
         time_zone = \"Europe/Madrid\"\nextra = [\"some.setting_1 = a <b> & \\\"c\\\"\"]\n",
        vendor.word(),
        if vendor == Vendor::Softphone { "\"1001\"" } else { "\"1001\", \"1002\"" },
    );
    let current = Directory::default();
    let reading = Reading { realm: "tandem", current: &current, hasher: &NoHasher };
    plan(&[("test.toml", &phone)], &reading).expect("is right").wanted
}

fn node() -> Node {
    Node {
        host: String::new(),
        transports: Transports { udp: Some(5_060), tcp: Some(5_060), tls: Some(5_061) },
        language: "en".to_owned(),
        session_secs: 1_800,
    }
}

fn served(vendor: Vendor, wanted: Wanted, change: impl FnOnce(&mut Directory)) -> Served {
    let mut directory = directory(vendor);
    change(&mut directory);
    let phone = directory.phones.values().next().expect("there is one");
    let key = PhoneKey::new([7; 32]);
    let device = Device::of(
        &directory,
        phone,
        &node(),
        &key,
        "pbx.example",
        "https://pbx.example/provisioning/805ec0123456/x/",
    );
    write(wanted, &device, "").expect("templates can be filled")
}

fn settings(vendor: Vendor) -> String {
    served(vendor, Wanted::Settings, |_| {}).text
}

#[test]
fn yealink_settings() {
    insta::assert_snapshot!(settings(Vendor::Yealink));
}

#[test]
fn polycom_settings() {
    insta::assert_snapshot!(settings(Vendor::Polycom));
    let master = served(Vendor::Polycom, Wanted::Master, |_| {});
    assert!(master.text.contains("CONFIG_FILES=\"805ec0123456-tandem.cfg\""), "{}", master.text);
}

#[test]
fn snom_settings() {
    insta::assert_snapshot!(settings(Vendor::Snom));
}

#[test]
fn grandstream_settings() {
    insta::assert_snapshot!(settings(Vendor::Grandstream));
}

#[test]
fn cisco_spa_settings() {
    insta::assert_snapshot!(settings(Vendor::CiscoSpa));
}

#[test]
fn linphone_settings() {
    insta::assert_snapshot!(settings(Vendor::Softphone));
}

/// Features CROCO-22, BP-22: stations and the phonebook as far as the phone's user sees it, favourites first.
#[test]
fn the_phonebook_in_the_form_of_each_vendor() {
    let mut all = String::new();
    for (word, vendor) in Vendor::WORDS {
        all.push_str(&format!("== {word}\n{}\n", served(*vendor, Wanted::Phonebook, |_| {}).text));
    }
    assert!(!all.contains("bobs-own"), "it is of another team");
    insta::assert_snapshot!(all);
}

#[test]
fn a_search_finds_names_and_numbers() {
    let directory = directory(Vendor::Yealink);
    let phone = directory.phones.values().next().expect("there is one");
    let found = |text: &str| -> Vec<String> {
        super::entries(&directory, phone, text).into_iter().map(|entry| entry.name).collect()
    };
    assert_eq!(found("gómez"), ["Ana Gómez"]);
    assert_eq!(found("0101"), ["Taxi <Central>"]);
    assert_eq!(found("nobody"), [""; 0]);
    assert_eq!(found("").len(), 4);
}

/// What is not checked when it comes in cannot break out of its place either.
#[test]
fn a_hostile_name_adds_no_line_and_no_element() {
    let hostile = "x\r\naccount.9.password = stolen\u{0}\u{2028}</DirectoryEntry><evil a=\"1\">&amp;\u{ffff}";
    for (word, vendor) in Vendor::WORDS {
        for wanted in [Wanted::Settings, Wanted::Phonebook] {
            let text = served(*vendor, wanted, |directory| {
                directory.stations.get_mut("1001").expect("there").name = hostile.to_owned();
                directory.phonebook.get_mut("taxi").expect("there").name = hostile.to_owned();
            })
            .text;
            assert!(!text.lines().any(|line| line.trim_start().starts_with("account.9")), "{word}\n{text}");
            assert!(
                !text.contains("<evil") || *vendor == Vendor::Yealink && wanted == Wanted::Settings,
                "{word}\n{text}"
            );
            assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{ffff}'), "{word}");
        }
    }
}

/// A phone without TLS gets no SRTP, whose keys would go in the clear (RFC 4568 §8.3).
#[test]
fn the_safest_transport_is_taken_unless_the_phone_says_another() {
    let directory = directory(Vendor::Yealink);
    let phone = directory.phones.values().next().expect("there is one");
    let spoken = |phone: &Phone, transports: Transports| {
        let node = Node { transports, ..node() };
        let device =
            Device::of(&directory, phone, &node, &PhoneKey::new([7; 32]), "192.0.2.1", "https://192.0.2.1/");
        (device.transport(), device.server())
    };
    let both = Transports { udp: Some(5_060), tcp: None, tls: Some(5_061) };
    assert_eq!(spoken(phone, both), ("tls", "192.0.2.1:5061".to_owned()));
    assert_eq!(
        spoken(phone, Transports { udp: Some(5_070), ..Transports::default() }),
        ("udp", "192.0.2.1:5070".to_owned())
    );
    let plain = Phone { transport: "udp".to_owned(), ..phone.clone() };
    assert_eq!(spoken(&plain, both).0, "udp");
    let mac: Mac = "000413000001".parse().expect("an address");
    assert_eq!(Phone::with_mac(mac).transport, "");
}
