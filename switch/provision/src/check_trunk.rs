//! The values a trunk may have.

use crate::check::{Checker, quoted};
use crate::{HeaderRule, Pattern, PeerUri, Replacement, Rewrite, Trunk};

/// Headers that belong to the protocol machinery; no rule may touch them.
const OURS: [&str; 22] = [
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "max-forwards",
    "route",
    "record-route",
    "content-length",
    "content-type",
    "authorization",
    "proxy-authorization",
    "require",
    "proxy-require",
    "supported",
    "v",
    "f",
    "t",
    "i",
    "m",
    "l",
];

pub(crate) fn check_trunk(checker: &mut Checker<'_>, trunk: &Trunk) {
    checker.name("name", &trunk.name);
    check_peers(checker, trunk);
    check_hosts(checker, trunk);
    check_identity(checker, trunk);
    check_tls(checker, trunk);
    checker.codecs(&trunk.codecs);
    checker.speech(&trunk.language, &trunk.music);
    checker.range("media_from", trunk.media_from.len(), 0..=64);
    checker.range("register_secs", trunk.register_secs, 60..=86_400);
    checker.range("max_calls", trunk.max_calls, 0..=1_000_000);
    checker.range("max_cps", trunk.max_cps, 0..=10_000);
    checker.number("caller_id", &trunk.caller_id);
    checker.recording(&trunk.recording);
    if trunk.health_secs != 0 {
        checker.range("health_secs", trunk.health_secs, 5..=3_600);
    }
    checker.range("failover_secs", trunk.failover_secs, 1..=32);
    let rules = [
        ("number_in", &trunk.number_in),
        ("number_out", &trunk.number_out),
        ("caller_in", &trunk.caller_in),
        ("caller_out", &trunk.caller_out),
    ];
    for (field, rules) in rules {
        checker.range(field, rules.len(), 0..=100);
        for (index, rule) in rules.iter().enumerate() {
            check_rewrite(checker, &format!("{field}[{index}]"), rule);
        }
    }
    checker.range("headers", trunk.headers.len(), 0..=32);
    for (index, rule) in trunk.headers.iter().enumerate() {
        check_header(checker, &format!("headers[{index}]"), rule);
    }
}

fn check_peers(checker: &mut Checker<'_>, trunk: &Trunk) {
    checker.range("peer", trunk.peers.len(), 0..=16);
    for (index, peer) in trunk.peers.iter().enumerate() {
        if let Err(bad) = peer.uri.parse::<PeerUri>() {
            checker.say("peer", bad.to_string());
        }
        if trunk.peers.iter().take(index).any(|other| other.uri == peer.uri) {
            checker.say("peer", format!("{} stands twice", quoted(&peer.uri)));
        }
    }
}

fn check_hosts(checker: &mut Checker<'_>, trunk: &Trunk) {
    checker.range("hosts", trunk.hosts.len(), 0..=256);
    let earlier = checker.directory.trunks.range(..trunk.name.clone());
    let taken = earlier.flat_map(|(name, other)| other.hosts.iter().map(move |host| (host, name)));
    let shared = taken.filter(|(host, _)| trunk.hosts.contains(host));
    let shared: Vec<String> =
        shared.map(|(host, name)| format!("{host} belongs to trunk {name} already")).collect();
    shared.into_iter().for_each(|reason| checker.say("hosts", reason));
}

fn check_identity(checker: &mut Checker<'_>, trunk: &Trunk) {
    checker.text("username", trunk.username.as_deref().unwrap_or_default());
    checker.text("password", trunk.password.as_deref().unwrap_or_default());
    if trunk.password.is_some() && trunk.username.is_none() {
        checker.say("username", "is missing beside password");
    }
    if trunk.register {
        if trunk.username.is_none() {
            checker.say("username", "is missing: register = true needs it");
        }
        if trunk.peers.is_empty() {
            checker.say("peer", "is missing: register = true needs one");
        }
    }
    let host = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
    if trunk.domain.len() > 253 || !trunk.domain.bytes().all(host) {
        checker.say("domain", format!("found {}; allowed: a host name or address", quoted(&trunk.domain)));
    }
}

fn check_tls(checker: &mut Checker<'_>, trunk: &Trunk) {
    for (field, path) in
        [("tls_ca", &trunk.tls_ca), ("tls_cert", &trunk.tls_cert), ("tls_key", &trunk.tls_key)]
    {
        if path.len() > 1_024 || path.chars().any(char::is_control) {
            checker.say(field, "does not fit; allowed: a path of up to 1024 octets".to_owned());
        }
    }
    if trunk.tls_cert.is_empty() != trunk.tls_key.is_empty() {
        let missing = if trunk.tls_key.is_empty() { "tls_key" } else { "tls_cert" };
        checker.say(missing, "is missing: a certificate and its key go together".to_owned());
    }
    if !trunk.tls_name.is_empty() && !is_name(&trunk.tls_name) {
        let found = quoted(&trunk.tls_name);
        checker.say("tls_name", format!("found {found}; allowed: a host name or address, no wildcard"));
    }
}

/// A host name or address as a certificate bears it.
fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_:".contains(&b);
    name.len() <= 253 && name.bytes().all(fits)
}

fn check_rewrite(checker: &mut Checker<'_>, field: &str, rule: &Rewrite) {
    match Pattern::whole(&rule.pattern) {
        Err(bad) => checker.say(&format!("{field}.pattern"), bad.to_string()),
        Ok(pattern) => {
            if let Err(bad) = Replacement::read(&rule.replace, pattern.groups()) {
                checker.say(&format!("{field}.replace"), bad.to_string());
            }
        }
    }
    if rule.replace.len() > 128 || rule.replace.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let reason = format!("found {}; allowed: up to 128 characters, no blanks", quoted(&rule.replace));
        checker.say(&format!("{field}.replace"), reason);
    }
}

fn check_header(checker: &mut Checker<'_>, field: &str, rule: &HeaderRule) {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
    let name = rule.name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 64 || !name.bytes().all(token) {
        checker
            .say(&format!("{field}.name"), format!("found {}; allowed: a header's name", quoted(&rule.name)));
    }
    if OURS.contains(&name.as_str()) {
        checker.say(&format!("{field}.name"), format!("{} is set by the switch itself", quoted(&rule.name)));
    }
    let value = rule.value.as_deref().unwrap_or_default();
    if value.len() > 1_024 || value.chars().any(char::is_control) {
        let reason = "has a control character or is too long; allowed: up to 1024 octets in one line";
        checker.say(&format!("{field}.value"), reason);
    }
}
