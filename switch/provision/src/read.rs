//! Tables and objects become entities.

use std::fmt::Display;
use std::str::FromStr;

use base::media::{Channels, Dtmf, ListenFor, Nat, RecordingFormat, Srtp, WhenFull};
use base::wire::Transport;

use crate::fields::{Fields, Finding};
use crate::node::Entry;
use crate::read_phone::{phone, phonebook_entry};
use crate::secret::{ha1_md5, ha1_sha256};
use crate::{
    Announce, Anonymous, AnswersTo, AutoAnswer, AutoAnswerFor, Conference, Destination, DialRule, Directory,
    Entity, FeatureCode, ForwardsIn, GreetingChoice, Group, HeaderRule, Holiday, Hours, Incoming,
    IntercomFrom, Kind, Mailbox, MobileShows, Mwi, Number, Parking, PasswordFor, PasswordHasher, Peer,
    RecordWhen, RecordingPolicy, Reliable, Rewrite, Role, ShownIn, Station, Strategy, Trunk, User,
};

/// What reading needs to know besides the text.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The realm for which station passwords become HA1 values.
    pub realm: &'a str,
    /// What is set up now: a secret that is left out stays, and a password that has not changed keeps its hash.
    pub current: &'a Directory,
    /// Hashes user passwords.
    pub hasher: &'a dyn PasswordHasher,
}

/// Reads one entity; the findings say what is wrong with it.
pub(crate) fn entity(
    kind: Kind,
    entries: &[Entry],
    at: usize,
    reading: &Reading<'_>,
) -> (Entity, Vec<Finding>) {
    let mut fields = Fields::new(entries, String::new(), at);
    let (entity, later): (Entity, &[&str]) = match kind {
        Kind::Trunk => (Entity::Trunk(trunk(&mut fields, reading)), &["srtp"]),
        Kind::User => (Entity::User(user(&mut fields, reading)), &[]),
        Kind::Station => (Entity::Station(station(&mut fields, reading)), &[]),
        Kind::Number => (Entity::Number(number(&mut fields)), &[]),
        Kind::DialRule => (Entity::DialRule(dial_rule(&mut fields)), &[]),
        Kind::RecordingPolicy => (Entity::RecordingPolicy(recording_policy(&mut fields)), &[]),
        Kind::Conference => (Entity::Conference(conference(&mut fields, reading)), &[]),
        Kind::Mailbox => (Entity::Mailbox(mailbox(&mut fields, reading)), &[]),
        Kind::FeatureCode => (Entity::FeatureCode(feature_code(&mut fields)), &[]),
        Kind::Phone => (Entity::Phone(phone(&mut fields, reading)), &[]),
        Kind::Phonebook => (Entity::Phonebook(phonebook_entry(&mut fields)), &[]),
        Kind::Group => (Entity::Group(group(&mut fields)), &[]),
        Kind::Hours => (Entity::Hours(hours(&mut fields)), &[]),
        Kind::Holiday => (Entity::Holiday(holiday(&mut fields)), &[]),
        Kind::Parking => (Entity::Parking(parking(&mut fields)), &[]),
    };
    fields.finish(later);
    (entity, fields.findings)
}

fn trunk(fields: &mut Fields<'_>, reading: &Reading<'_>) -> Trunk {
    let name = fields.required("name");
    let default = Trunk::named(&name);
    let username = fields.optional_text("username").filter(|text| !text.is_empty());
    let kept = reading.current.trunks.get(&name).filter(|_| username.is_some());
    let password = fields.optional_text("password").or_else(|| kept.and_then(|it| it.password.clone()));
    let mut peers = peers(fields, "peer");
    if peers.is_empty() {
        peers = self::peers(fields, "peers");
    }
    Trunk {
        hosts: parsed_items(fields, "hosts"),
        peers,
        transport: transport(fields),
        tls_name: fields.text("tls_name").to_ascii_lowercase(),
        tls_ca: fields.text("tls_ca"),
        tls_verify: fields.flag("tls_verify", default.tls_verify),
        tls_cert: fields.text("tls_cert"),
        tls_key: fields.text("tls_key"),
        username,
        password,
        register: fields.flag("register", default.register),
        register_secs: fields.whole("register_secs", default.register_secs),
        domain: fields.text("domain"),
        codecs: fields.texts("codecs"),
        max_calls: fields.whole("max_calls", default.max_calls),
        max_cps: fields.whole("max_cps", default.max_cps),
        caller_id: fields.text("caller_id"),
        health_secs: fields.whole("health_secs", default.health_secs),
        failover_secs: fields.whole("failover_secs", default.failover_secs),
        session_timers: fields.parsed("session_timers").unwrap_or_default(),
        number_in: fields.tables("number_in", rewrite),
        number_out: fields.tables("number_out", rewrite),
        caller_in: fields.tables("caller_in", rewrite),
        caller_out: fields.tables("caller_out", rewrite),
        headers: fields.tables("headers", |fields| HeaderRule {
            name: fields.required("name"),
            value: fields.optional_text("value"),
        }),
        trust: fields.flag("trust", default.trust),
        identity: word(fields, "identity", ShownIn::WORDS),
        forwards: word(fields, "forwards", ForwardsIn::WORDS),
        nat: word(fields, "nat", NAT_WORDS),
        media_from: parsed_items(fields, "media_from"),
        reliable: word(fields, "reliable", Reliable::WORDS),
        language: language(fields),
        music: fields.text("music"),
        spoken_refusals: fields.flag("spoken_refusals", default.spoken_refusals),
        in_call_codes: fields.flag("in_call_codes", default.in_call_codes),
        srtp: word(fields, "srtp", Srtp::WORDS),
        dtmf: word(fields, "dtmf", Dtmf::WORDS),
        listen: word_items(fields, "listen", ListenFor::WORDS),
        realm: fields.text("realm"),
        digest: word(fields, "digest", AnswersTo::WORDS),
        password_for: word(fields, "password_for", PasswordFor::WORDS),
        recording: fields.text("recording"),
        name,
    }
}

/// How far ends behind an address translator are treated.
const NAT_WORDS: &[(&str, Nat)] = &[("learn", Nat::Learn), ("off", Nat::Off)];

/// One of a few words; the first when there is none.
pub(crate) fn word<T: Copy + Default>(fields: &mut Fields<'_>, name: &'static str, words: &[(&str, T)]) -> T {
    let found = fields.text(name);
    let known = words.iter().find(|(word, _)| *word == found);
    if known.is_none() && !found.is_empty() {
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let reason = format!("found {:?}; allowed: {}", cut(&found), allowed.join(", "));
        fields.note_at(name, reason);
    }
    known.map(|(_, value)| *value).unwrap_or_default()
}

/// Words of a list, each once.
fn word_items<T: Copy + PartialEq>(
    fields: &mut Fields<'_>,
    name: &'static str,
    words: &[(&str, T)],
) -> Vec<T> {
    let mut items = Vec::new();
    for found in fields.texts(name) {
        match words.iter().find(|(word, _)| *word == found) {
            Some((_, item)) if items.contains(item) => {}
            Some((_, item)) => items.push(*item),
            None => {
                let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                fields.note_at(name, format!("found {:?}; allowed: {}", cut(&found), allowed.join(", ")));
            }
        }
    }
    items
}

fn rewrite(fields: &mut Fields<'_>) -> Rewrite {
    Rewrite { pattern: fields.required("pattern"), replace: fields.text("replace") }
}

/// One URI, a list of URIs in the order to try them, or a list of tables with priority and weight.
fn peers(fields: &mut Fields<'_>, name: &'static str) -> Vec<Peer> {
    let mut peers = Vec::new();
    for (index, node) in fields.items(name).iter().enumerate() {
        if let Some(uri) = node.text() {
            let priority = u16::try_from(index).unwrap_or(u16::MAX);
            peers.push(Peer { uri: uri.to_owned(), priority, weight: Peer::WEIGHT });
        } else if let Some(entries) = node.table() {
            peers.push(fields.inner(name, index, entries, node.at, |fields| Peer {
                uri: fields.required("uri"),
                priority: fields.whole("priority", 0),
                weight: fields.whole("weight", Peer::WEIGHT),
            }));
        } else {
            fields.complain(name, node, "\"sip:…\", a list of them, or a list of { uri, priority, weight }");
        }
    }
    peers
}

fn transport(fields: &mut Fields<'_>) -> Option<Transport> {
    let found = fields.text("transport");
    match found.as_str() {
        "" => None,
        "udp" => Some(Transport::Udp),
        "tcp" => Some(Transport::Tcp),
        "tls" => Some(Transport::Tls),
        other => {
            fields.note_at("transport", format!("found {:?}; allowed: udp, tcp, tls", cut(other)));
            None
        }
    }
}

fn user(fields: &mut Fields<'_>, reading: &Reading<'_>) -> User {
    let login = fields.required("login");
    let current = reading.current.users.get(&login);
    let name = fields.text("name");
    let kept = current.map(|it| it.password_hash.as_str());
    let password_hash = hashed(fields, ["password", "password_hash"], kept, reading);
    let kept = current.map(|it| it.pin_hash.as_str());
    let pin_hash = hashed(fields, ["pin", "pin_hash"], kept, reading);
    let default = User::called(&login);
    User {
        name,
        role: role(fields),
        password_hash,
        pin_hash,
        teams: fields.texts("teams"),
        in_call_codes: fields.flag("in_call_codes", default.in_call_codes),
        mobile: fields.parsed("mobile").unwrap_or_default(),
        alternate_mobile: fields.parsed("alternate_mobile").unwrap_or_default(),
        incoming: word(fields, "incoming", Incoming::WORDS),
        extension_first_secs: fields.whole("extension_first_secs", default.extension_first_secs),
        mobile_shows: word(fields, "mobile_shows", MobileShows::WORDS),
        hours: fields.text("hours"),
        after_hours: fields.parsed("after_hours").unwrap_or_default(),
        login,
    }
}

fn role(fields: &mut Fields<'_>) -> Role {
    let found = fields.text("role");
    match found.as_str() {
        "" | "agent" => Role::Agent,
        "supervisor" => Role::Supervisor,
        "admin" => Role::Admin,
        "owner" => Role::Owner,
        other => {
            let reason = format!("found {:?}; allowed: agent, supervisor, admin, owner", cut(other));
            fields.note_at("role", reason);
            Role::Agent
        }
    }
}

/// The hash of a secret given in plain or as a hash; the current one when neither is given or it fits.
fn hashed(
    fields: &mut Fields<'_>,
    [plain, hash]: [&'static str; 2],
    current: Option<&str>,
    reading: &Reading<'_>,
) -> String {
    let current = current.filter(|hash| !hash.is_empty());
    let given = fields.optional_text(hash).filter(|hash| !hash.is_empty());
    let Some(secret) = fields.optional_text(plain) else {
        return given.or_else(|| current.map(str::to_owned)).unwrap_or_default();
    };
    if given.is_some() {
        fields.note_at(hash, format!("stands beside {plain}; allowed: one of the two"));
    }
    if let Some(reason) = unfit(plain, &secret) {
        fields.note_at(plain, reason.to_owned());
        return String::new();
    }
    if let Some(current) = current.filter(|hash| reading.hasher.verify(&secret, hash)) {
        return current.to_owned();
    }
    reading.hasher.hash(&secret).unwrap_or_else(|error| {
        fields.note_at(plain, error.to_string());
        String::new()
    })
}

fn unfit(field: &str, secret: &str) -> Option<&'static str> {
    let length = secret.chars().count();
    if field == "pin" {
        let fits = (4..=12).contains(&length) && secret.bytes().all(|b| b.is_ascii_digit());
        (!fits).then_some("does not fit; allowed: 4 to 12 digits")
    } else {
        (!(8..=128).contains(&length)).then_some("does not fit; allowed: 8 to 128 characters")
    }
}

fn station(fields: &mut Fields<'_>, reading: &Reading<'_>) -> Station {
    let extension = fields.required("extension");
    let current = reading.current.stations.get(&extension);
    let default = Station::numbered(&extension);
    let (ha1_md5, ha1_sha256) = station_secrets(fields, &extension, current, reading.realm);
    Station {
        user: fields.text("user"),
        name: fields.text("name"),
        ha1_md5,
        ha1_sha256,
        codecs: fields.texts("codecs"),
        caller_id: fields.text("caller_id"),
        ring_secs: fields.whole("ring_secs", default.ring_secs),
        max_contacts: fields.whole("max_contacts", default.max_contacts),
        max_calls: fields.whole("max_calls", default.max_calls),
        anonymous: word(fields, "anonymous", Anonymous::WORDS),
        session_timers: fields.parsed("session_timers").unwrap_or_default(),
        nat: word(fields, "nat", NAT_WORDS),
        reliable: word(fields, "reliable", Reliable::WORDS),
        language: language(fields),
        music: fields.text("music"),
        spoken_refusals: fields.flag("spoken_refusals", default.spoken_refusals),
        in_call_codes: fields.flag("in_call_codes", default.in_call_codes),
        srtp: word(fields, "srtp", Srtp::WORDS),
        transfer_failure: fields.text("transfer_failure"),
        mwi: word(fields, "mwi", Mwi::WORDS),
        pickup_group: fields.text("pickup_group"),
        ends_with_host: fields.flag("ends_with_host", false),
        recording: fields.text("recording"),
        dtmf: word(fields, "dtmf", Dtmf::WORDS),
        listen: word_items(fields, "listen", ListenFor::WORDS),
        forward_always: fields.parsed("forward_always").unwrap_or_default(),
        forward_busy: fields.parsed("forward_busy").unwrap_or_default(),
        forward_no_answer: fields.parsed("forward_no_answer").unwrap_or_default(),
        forward_unregistered: fields.parsed("forward_unregistered").unwrap_or_default(),
        no_answer_secs: fields.whole("no_answer_secs", default.no_answer_secs),
        call_waiting: fields.flag("call_waiting", default.call_waiting),
        auto_answer: word(fields, "auto_answer", AutoAnswer::WORDS),
        auto_answer_for: word(fields, "auto_answer_for", AutoAnswerFor::WORDS),
        intercom: word(fields, "intercom", IntercomFrom::WORDS),
        intercom_muted: fields.flag("intercom_muted", false),
        ring: fields.text("ring"),
        call_data: fields.flag("call_data", false),
        supervision_beep_secs: fields.whole("supervision_beep_secs", default.supervision_beep_secs),
        hours: fields.text("hours"),
        after_hours: fields.parsed("after_hours").unwrap_or_default(),
        extension,
    }
}

fn station_secrets(
    fields: &mut Fields<'_>,
    extension: &str,
    current: Option<&Station>,
    realm: &str,
) -> (String, String) {
    let password = fields.optional_text("password");
    let (md5, sha256) = (fields.text("ha1_md5"), fields.text("ha1_sha256"));
    let given = !md5.is_empty() || !sha256.is_empty();
    match password {
        Some(password) => {
            if given {
                fields.note_at("password", "stands beside ha1_md5 or ha1_sha256; allowed: either".to_owned());
            }
            if !(4..=128).contains(&password.chars().count()) {
                fields.note_at("password", "does not fit; allowed: 4 to 128 characters".to_owned());
            }
            (ha1_md5(extension, realm, &password), ha1_sha256(extension, realm, &password))
        }
        None if given => (md5.to_ascii_lowercase(), sha256.to_ascii_lowercase()),
        None => current.map(|it| (it.ha1_md5.clone(), it.ha1_sha256.clone())).unwrap_or_default(),
    }
}

fn number(fields: &mut Fields<'_>) -> Number {
    let did = fields.required("did");
    let to = if fields.required("to").is_empty() { None } else { fields.parsed("to") };
    let anonymous = word(fields, "anonymous", Anonymous::WORDS);
    let recording = fields.text("recording");
    let language = language(fields);
    let in_call_codes = fields.flag("in_call_codes", true);
    Number {
        anonymous,
        recording,
        language,
        in_call_codes,
        label: fields.text("label"),
        ring: fields.text("ring"),
        call_info_url: fields.text("call_info_url"),
        whisper: fields.text("whisper"),
        hours: fields.text("hours"),
        after_hours: fields.parsed("after_hours").unwrap_or_default(),
        ..Number::leading(&did, to.unwrap_or(Destination::Hangup))
    }
}

fn conference(fields: &mut Fields<'_>, reading: &Reading<'_>) -> Conference {
    let name = fields.required("name");
    let current = reading.current.conferences.get(&name);
    let [pin, moderator_pin] =
        current.map(|it| [it.pin.clone(), it.moderator_pin.clone()]).unwrap_or_default();
    Conference {
        extension: fields.text("extension"),
        pin: fields.optional_text("pin").unwrap_or(pin),
        moderator_pin: fields.optional_text("moderator_pin").unwrap_or(moderator_pin),
        wait_for_moderator: fields.flag("wait_for_moderator", false),
        ends_after_moderator_secs: fields.whole("ends_after_moderator_secs", 0),
        entry_muted: fields.flag("entry_muted", false),
        max_members: fields.whole("max_members", 0),
        record: fields.flag("record", false),
        announce: word(fields, "announce", Announce::WORDS),
        music: fields.text("music"),
        language: language(fields),
        name,
    }
}

fn mailbox(fields: &mut Fields<'_>, reading: &Reading<'_>) -> Mailbox {
    let number = fields.required("number");
    let default = Mailbox::numbered(&number);
    let kept = reading.current.mailboxes.get(&number).map(|it| it.pin.clone());
    Mailbox {
        name: fields.text("name"),
        owners: fields.texts("owners"),
        pin: fields.optional_text("pin").or(kept).unwrap_or_default(),
        skip_pin: fields.flag("skip_pin", default.skip_pin),
        email: fields.text("email"),
        email_attach: fields.flag("email_attach", default.email_attach),
        delete_after_email: fields.flag("delete_after_email", default.delete_after_email),
        format: word(fields, "format", FORMATS),
        encrypt: fields.flag("encrypt", default.encrypt),
        language: language(fields),
        time_zone: fields.text("time_zone"),
        greeting: word(fields, "greeting", GreetingChoice::WORDS),
        max_secs: fields.whole("max_secs", default.max_secs),
        min_ms: fields.whole("min_ms", default.min_ms),
        silence_secs: fields.whole("silence_secs", default.silence_secs),
        max_messages: fields.whole("max_messages", default.max_messages),
        keep_days: fields.whole("keep_days", default.keep_days),
        number,
    }
}

fn feature_code(fields: &mut Fields<'_>) -> FeatureCode {
    let name = fields.required("name");
    let code = fields.optional_text("code").unwrap_or_else(|| FeatureCode::named(&name).code);
    FeatureCode { name, code }
}

fn group(fields: &mut Fields<'_>) -> Group {
    let name = fields.required("name");
    let default = Group::named(&name);
    Group {
        extension: fields.text("extension"),
        members: parsed_items(fields, "members"),
        strategy: word(fields, "strategy", Strategy::WORDS),
        ring_secs: fields.whole("ring_secs", default.ring_secs),
        total_secs: fields.whole("total_secs", default.total_secs),
        on_no_answer: fields.parsed("on_no_answer").unwrap_or_default(),
        on_busy: fields.parsed("on_busy").unwrap_or_default(),
        label: fields.text("label"),
        ring: fields.text("ring"),
        call_info_url: fields.text("call_info_url"),
        whisper: fields.text("whisper"),
        page: fields.flag("page", false),
        talkback: fields.flag("talkback", false),
        hours: fields.text("hours"),
        after_hours: fields.parsed("after_hours").unwrap_or_default(),
        name,
    }
}

fn parking(fields: &mut Fields<'_>) -> Parking {
    let name = fields.required("name");
    let default = Parking::named(&name);
    Parking {
        extension: fields.text("extension"),
        first: fields.whole("first", default.first),
        last: fields.whole("last", default.last),
        recall_secs: fields.whole("recall_secs", default.recall_secs),
        recall_to: fields.parsed("recall_to").unwrap_or_default(),
        recalls: fields.whole("recalls", default.recalls),
        on_no_answer: fields.parsed("on_no_answer").unwrap_or_default(),
        music: fields.text("music"),
        name,
    }
}

fn hours(fields: &mut Fields<'_>) -> Hours {
    Hours {
        name: fields.required("name"),
        time_zone: fields.text("time_zone"),
        rows: parsed_items(fields, "rows"),
        holidays: fields.texts("holidays"),
    }
}

fn holiday(fields: &mut Fields<'_>) -> Holiday {
    Holiday {
        name: fields.required("name"),
        dates: parsed_items(fields, "dates"),
        rows: parsed_items(fields, "rows"),
    }
}

/// A language tag as prompts have it.
pub(crate) fn language(fields: &mut Fields<'_>) -> String {
    fields.text("language").to_ascii_lowercase()
}

fn dial_rule(fields: &mut Fields<'_>) -> DialRule {
    DialRule {
        pattern: fields.required("pattern"),
        trunks: fields.texts("trunks"),
        strip: fields.whole("strip", 0),
        prepend: fields.text("prepend"),
        caller_id: fields.text("caller_id"),
        priority: fields.whole("priority", 0),
        emergency: fields.flag("emergency", false),
    }
}

/// The words of the choices that media commands name too.
const FORMATS: &[(&str, RecordingFormat)] = &[("wav", RecordingFormat::Wav), ("opus", RecordingFormat::Opus)];
const CHANNELS: &[(&str, Channels)] = &[("stereo", Channels::Stereo), ("mono", Channels::Mono)];
const WHEN_FULL: &[(&str, WhenFull)] = &[("go_on", WhenFull::GoOn), ("end_call", WhenFull::EndCall)];

fn recording_policy(fields: &mut Fields<'_>) -> RecordingPolicy {
    let name = fields.required("name");
    let default = RecordingPolicy::named(&name);
    RecordingPolicy {
        when: word(fields, "when", RecordWhen::WORDS),
        format: word(fields, "format", FORMATS),
        channels: word(fields, "channels", CHANNELS),
        encrypt: fields.flag("encrypt", default.encrypt),
        announce: fields.text("announce"),
        beep_secs: fields.whole("beep_secs", default.beep_secs),
        when_full: word(fields, "when_full", WHEN_FULL),
        retention_days: fields.whole("retention_days", default.retention_days),
        max_minutes: fields.whole("max_minutes", default.max_minutes),
        name,
    }
}

pub(crate) fn parsed_items<T: FromStr<Err: Display>>(fields: &mut Fields<'_>, name: &'static str) -> Vec<T> {
    let mut items = Vec::new();
    for text in fields.texts(name) {
        match text.parse::<T>() {
            Ok(item) => items.push(item),
            Err(error) => fields.note_at(name, error.to_string()),
        }
    }
    items
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
