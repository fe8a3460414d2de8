//! Entities back to text: TOML for files, JSON for the API, both in the form in which they are read.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    Conference, DialRule, Directory, Entity, FeatureCode, Group, Holiday, Hours, Key, Kind, Mac, Mailbox,
    Parking, Peer, Phone, PhonebookEntry, RecordingPolicy, Station, Trunk, User,
};

/// Whether secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are left out; applying the result keeps those that are set up.
    Hidden,
    /// They are written: HA1 values, hashes and trunk passwords.
    Shown,
}

/// Fields that are secret, on the way in or out.
const SECRET: [&str; 7] =
    ["password", "pin", "moderator_pin", "ha1_md5", "ha1_sha256", "password_hash", "pin_hash"];

/// Fields that are written even where they have their default.
const ALWAYS: [&str; 10] =
    ["name", "login", "extension", "did", "pattern", "to", "number", "mac", "vendor", "entry"];

/// The order of fields in a table; what is not named comes after.
const ORDER: &[&str] = &[
    "login",
    "number",
    "extension",
    "did",
    "pattern",
    "mac",
    "entry",
    "vendor",
    "model",
    "stations",
    "to",
    "trunks",
    "strip",
    "prepend",
    "user",
    "name",
    "role",
    "teams",
    "mobile",
    "alternate_mobile",
    "incoming",
    "extension_first_secs",
    "mobile_shows",
    "password_hash",
    "pin_hash",
    "ha1_md5",
    "ha1_sha256",
    "hosts",
    "peer",
    "transport",
    "tls_name",
    "tls_ca",
    "tls_verify",
    "tls_cert",
    "tls_key",
    "username",
    "password",
    "register",
    "register_secs",
    "domain",
    "codecs",
    "members",
    "strategy",
    "ring_secs",
    "total_secs",
    "on_no_answer",
    "on_busy",
    "hours",
    "after_hours",
    "forward_always",
    "forward_busy",
    "forward_no_answer",
    "forward_unregistered",
    "no_answer_secs",
    "call_waiting",
    "label",
    "ring",
    "call_info_url",
    "call_data",
    "whisper",
    "page",
    "talkback",
    "auto_answer",
    "auto_answer_for",
    "intercom",
    "intercom_muted",
    "supervision_beep_secs",
    "max_contacts",
    "max_calls",
    "reliable",
    "max_cps",
    "caller_id",
    "priority",
    "emergency",
    "anonymous",
    "pin",
    "moderator_pin",
    "wait_for_moderator",
    "ends_after_moderator_secs",
    "entry_muted",
    "max_members",
    "record",
    "skip_pin",
    "owners",
    "email",
    "email_attach",
    "delete_after_email",
    "announce",
    "language",
    "music",
    "spoken_refusals",
    "in_call_codes",
    "ends_with_host",
    "trust",
    "identity",
    "forwards",
    "nat",
    "media_from",
    "srtp",
    "dtmf",
    "listen",
    "realm",
    "digest",
    "password_for",
    "health_secs",
    "failover_secs",
    "session_timers",
    "recording",
    "when",
    "format",
    "channels",
    "encrypt",
    "announce",
    "beep_secs",
    "when_full",
    "retention_days",
    "max_minutes",
    "time_zone",
    "dates",
    "rows",
    "holidays",
    "greeting",
    "max_secs",
    "min_ms",
    "silence_secs",
    "max_messages",
    "keep_days",
    "number_in",
    "number_out",
    "caller_in",
    "caller_out",
    "headers",
    "uri",
    "keys",
    "extra",
    "generation",
    "numbers",
    "scope",
    "favourite",
    "weight",
    "replace",
    "value",
];

/// Writes a directory as a provisioning file: only what differs from the defaults, in a stable order.
#[must_use]
pub fn export(directory: &Directory, secrets: Secrets) -> String {
    let mut text = String::new();
    for entity in directory.keys().filter_map(|key| directory.entity(&key)) {
        let kind = entity.key().kind;
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[[{}]]\n", kind.word()));
        let plain = fields(&default_of(&entity.key()));
        for (name, value) in fields(&entity) {
            let usual = plain.iter().any(|(other, default)| *other == name && *default == value);
            let hidden = secrets == Secrets::Hidden && is_secret(&name);
            if !hidden && (!usual || ALWAYS.contains(&name.as_str())) {
                text.push_str(&format!("{name} = {}\n", toml_text(&value)));
            }
        }
    }
    text
}

/// One entity for the API, with every field.
#[must_use]
pub fn entity_to_json(entity: &Entity, secrets: Secrets) -> Value {
    let shown = |name: &str| secrets == Secrets::Shown || !is_secret(name);
    Value::Object(fields(entity).into_iter().filter(|(name, _)| shown(name)).collect())
}

/// Prints an entity for logs and tests, its secrets as `…`.
pub(crate) fn debug(f: &mut fmt::Formatter<'_>, name: &str, entity: &impl serde::Serialize) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (field, value) in ordered(object(entity).unwrap_or_default()) {
        if is_secret(&field) {
            shown.field(&field, &format_args!("…"));
        } else {
            shown.field(&field, &format_args!("{value}"));
        }
    }
    shown.finish()
}

pub(crate) fn is_secret(field: &str) -> bool {
    SECRET.contains(&field)
}

/// The fields of an entity as they are written, in order.
pub(crate) fn fields(entity: &Entity) -> Vec<(String, Value)> {
    let object = match entity {
        Entity::Trunk(it) => object(it).map(|object| with_peers(object, &it.peers)),
        Entity::User(it) => object(it),
        Entity::Station(it) => object(it),
        Entity::Number(it) => object(it),
        Entity::DialRule(it) => object(it),
        Entity::RecordingPolicy(it) => object(it),
        Entity::Conference(it) => object(it),
        Entity::Mailbox(it) => object(it),
        Entity::FeatureCode(it) => object(it),
        Entity::Phone(it) => object(it),
        Entity::Phonebook(it) => object(it),
        Entity::Group(it) => object(it),
        Entity::Parking(it) => object(it),
        Entity::Hours(it) => object(it),
        Entity::Holiday(it) => object(it),
    };
    ordered(object.unwrap_or_default())
}

fn object(entity: &impl serde::Serialize) -> Option<Map<String, Value>> {
    match serde_json::to_value(entity) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

fn ordered(object: Map<String, Value>) -> Vec<(String, Value)> {
    let place = |name: &str| ORDER.iter().position(|it| *it == name).unwrap_or(ORDER.len());
    let mut fields: Vec<(String, Value)> = object.into_iter().collect();
    fields.sort_by(|(a, _), (b, _)| (place(a), a).cmp(&(place(b), b)));
    fields
}

/// `peers` in its friendliest form: a URI, a list of URIs in order, or tables.
fn with_peers(mut object: Map<String, Value>, peers: &[Peer]) -> Map<String, Value> {
    let tables = object.remove("peers").unwrap_or_default();
    let in_order =
        |(index, peer): (usize, &Peer)| usize::from(peer.priority) == index && peer.weight == Peer::WEIGHT;
    let simple = peers.iter().enumerate().all(in_order);
    let value = match peers {
        [] => return object,
        [one] if simple => Value::from(one.uri.as_str()),
        many if simple => Value::from_iter(many.iter().map(|peer| peer.uri.as_str())),
        _ => tables,
    };
    object.insert("peer".to_owned(), value);
    object
}

fn default_of(key: &Key) -> Entity {
    match key.kind {
        Kind::Trunk => Entity::Trunk(Trunk::named(&key.name)),
        Kind::User => Entity::User(User::called(&key.name)),
        Kind::Station => Entity::Station(Station::numbered(&key.name)),
        Kind::Number => Entity::Number(crate::Number::leading(&key.name, crate::Destination::Hangup)),
        Kind::DialRule => Entity::DialRule(DialRule::matching(&key.name)),
        Kind::RecordingPolicy => Entity::RecordingPolicy(RecordingPolicy::named(&key.name)),
        Kind::Conference => Entity::Conference(Conference::named(&key.name)),
        Kind::Mailbox => Entity::Mailbox(Mailbox::numbered(&key.name)),
        Kind::FeatureCode => Entity::FeatureCode(FeatureCode::named(&key.name)),
        Kind::Phone => Entity::Phone(Phone::with_mac(key.name.parse::<Mac>().unwrap_or_default())),
        Kind::Phonebook => Entity::Phonebook(PhonebookEntry::known_by(&key.name)),
        Kind::Group => Entity::Group(Group::named(&key.name)),
        Kind::Parking => Entity::Parking(Parking::named(&key.name)),
        Kind::Hours => Entity::Hours(Hours::named(&key.name)),
        Kind::Holiday => Entity::Holiday(Holiday::named(&key.name)),
    }
}

fn toml_text(value: &Value) -> String {
    match value {
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", "))
        }
        Value::Object(object) => {
            let fields = ordered(object.clone());
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {}", toml_text(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
