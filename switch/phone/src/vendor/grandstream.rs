//! Grandstream: numbered P values in `gs_provision`, GXP and GRP phones.

use base::media::Srtp;

use super::book::Entry;
use super::device::{Codec, Device, Speaks};
use super::zone;

#[derive(askama::Template)]
#[template(path = "grandstream.xml")]
struct Settings<'a> {
    device: &'a Device<'a>,
    values: Vec<(String, String)>,
}

#[derive(askama::Template)]
#[template(path = "grandstream-book.xml")]
struct Book<'a> {
    entries: &'a [Entry],
}

pub(super) fn settings(device: &Device<'_>) -> askama::Result<String> {
    let mut values = Vec::new();
    let mut set = |name: &str, value: String| values.push((name.to_owned(), value));
    for (name, value) in shared(device) {
        set(name, value);
    }
    for (at, account) in ACCOUNTS.iter().enumerate() {
        for (name, value) in of_account(device, at, account) {
            set(name, value);
        }
    }
    for key in device.keys() {
        let mode = if key.is_line() {
            "0"
        } else if key.is_watched() {
            "11"
        } else {
            "10"
        };
        let [at_mode, at_account, at_label, at_value] = key_values(key.number);
        set(&at_mode, mode.to_owned());
        set(&at_account, "0".to_owned());
        set(&at_label, if key.is_line() { String::new() } else { key.label() });
        set(&at_value, key.value().to_owned());
    }
    askama::Template::render(&Settings { device, values })
}

pub(super) fn book(entries: &[Entry]) -> askama::Result<String> {
    askama::Template::render(&Book { entries })
}

/// What holds for the whole phone.
fn shared(device: &Device<'_>) -> Vec<(&'static str, String)> {
    // The path goes without its scheme, which P212 and P330 say.
    let secure = device.url.starts_with("https:");
    let path =
        device.url.split_once("://").map_or(device.url.as_str(), |(_, path)| path).trim_end_matches('/');
    let language = match device.language.as_str() {
        known @ ("es" | "de" | "fr" | "it" | "pt") => known,
        _ => "en",
    };
    vec![
        ("P212", if secure { "2" } else { "1" }.to_owned()),
        ("P237", path.to_owned()),
        ("P194", "1".to_owned()),
        ("P193", "1440".to_owned()),
        ("P64", "customize".to_owned()),
        ("P143", "0".to_owned()),
        ("P246", zone::posix(&device.phone.time_zone)),
        ("P1362", language.to_owned()),
        ("P330", if secure { "3" } else { "1" }.to_owned()),
        ("P331", path.to_owned()),
        ("P332", "720".to_owned()),
    ]
}

/// The numbers of an account's values.
struct Account {
    active: &'static str,
    label: &'static str,
    server: &'static str,
    user: &'static str,
    auth: &'static str,
    password: &'static str,
    name: &'static str,
    voicemail: &'static str,
    transport: &'static str,
    mwi: &'static str,
    srtp: &'static str,
    sync: &'static str,
    pickup: &'static str,
    codecs: [&'static str; 4],
    /// In the audio, in RTP, in INFO.
    dtmf: [&'static str; 3],
}

/// Values that only the first account has been checked for against the vendor's template are empty for the others.
const ACCOUNTS: [Account; 4] = [
    Account {
        active: "P271",
        label: "P270",
        server: "P47",
        user: "P35",
        auth: "P36",
        password: "P34",
        name: "P3",
        voicemail: "P33",
        transport: "P130",
        mwi: "P99",
        srtp: "P183",
        sync: "P2325",
        pickup: "P1347",
        codecs: ["P57", "P58", "P59", "P60"],
        dtmf: ["P2301", "P2302", "P2303"],
    },
    other(
        "P401",
        "P417",
        "P402",
        ["P404", "P405", "P406", "P407"],
        "P426",
        "P448",
        "P415",
        "P443",
        ["P2401", "P2402", "P2403"],
    ),
    other(
        "P501",
        "P517",
        "P502",
        ["P504", "P505", "P506", "P507"],
        "P526",
        "P548",
        "P515",
        "P543",
        ["P2501", "P2502", "P2503"],
    ),
    other(
        "P601",
        "P617",
        "P602",
        ["P604", "P605", "P606", "P607"],
        "P626",
        "P648",
        "P615",
        "P643",
        ["P2601", "P2602", "P2603"],
    ),
];

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn other(
    active: &'static str,
    label: &'static str,
    server: &'static str,
    [user, auth, password, name]: [&'static str; 4],
    voicemail: &'static str,
    transport: &'static str,
    mwi: &'static str,
    srtp: &'static str,
    dtmf: [&'static str; 3],
) -> Account {
    let (sync, pickup, codecs) = ("", "", [""; 4]);
    Account {
        active,
        label,
        server,
        user,
        auth,
        password,
        name,
        voicemail,
        transport,
        mwi,
        srtp,
        sync,
        pickup,
        codecs,
        dtmf,
    }
}

fn of_account(device: &Device<'_>, at: usize, account: &Account) -> Vec<(&'static str, String)> {
    let Some(line) = device.lines.get(at) else { return vec![(account.active, "0".to_owned())] };
    let transport = match device.speaks {
        Speaks::Udp => "0",
        Speaks::Tcp => "1",
        Speaks::Tls => "2",
    };
    let srtp = match line.srtp {
        Srtp::Off => "0",
        Srtp::Optional => "1",
        Srtp::Required => "2",
    };
    let mut values = vec![
        (account.active, "1".to_owned()),
        (account.label, line.extension.clone()),
        (account.server, device.server()),
        (account.user, line.extension.clone()),
        (account.auth, line.login.clone()),
        (account.password, line.password.clone()),
        (account.name, line.name.clone()),
        (account.voicemail, "*97".to_owned()),
        (account.transport, transport.to_owned()),
        (account.mwi, "1".to_owned()),
        (account.srtp, srtp.to_owned()),
        (account.sync, "1".to_owned()),
        (account.pickup, "*88".to_owned()),
    ];
    values
        .extend(account.dtmf.into_iter().zip(["0", "1", "0"]).map(|(name, value)| (name, value.to_owned())));
    let codec = |codec: &Codec| match codec {
        Codec::Pcmu => "0",
        Codec::Pcma => "8",
        Codec::G722 => "9",
        Codec::Opus => "123",
    };
    // Every choice is taken: those that are left repeat the last one.
    let last = line.codecs.last();
    let choices = line.codecs.iter().chain(last.into_iter().cycle());
    values.extend(account.codecs.into_iter().zip(choices).map(|(name, it)| (name, codec(it).to_owned())));
    if at == 0 {
        // The numbers of one account's session timer, and of answering by Call-Info and Alert-Info.
        values.extend([
            ("P2395", "1".to_owned()),
            ("P260", device.session_secs.to_string()),
            ("P298", "1".to_owned()),
        ]);
    }
    values.retain(|(name, _)| !name.is_empty());
    values
}

/// Mode, account, label and value of a virtual key: the first six stand apart from the others.
fn key_values(number: usize) -> [String; 4] {
    let values = if number <= 6 {
        let at = 2 * (number - 1);
        [1_363 + at, 1_364 + at, 1_465 + at, 1_466 + at]
    } else {
        let at = 23_800 + 4 * (number - 7);
        [at, at + 1, at + 2, at + 3]
    };
    values.map(|value| format!("P{value}"))
}
