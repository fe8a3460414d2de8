//! The fields of what the API takes and shows, as JSON schemas.

use provision::Kind;
use serde_json::{Map, Value, json};

/// One field.
struct Field {
    name: &'static str,
    kind: Type,
    about: &'static str,
}

#[derive(Clone, Copy)]
enum Type {
    Text,
    /// Taken, never shown.
    Secret,
    Whole,
    Number,
    Flag,
    Texts,
    Objects,
}

macro_rules! fields {
    ($($name:ident: $kind:ident, $about:literal;)*) => {
        &[$(Field { name: stringify!($name), kind: Type::$kind, about: $about }),*]
    };
}

const TRUNK: &[Field] = fields! {
    name: Text, "Its name, unique among trunks";
    hosts: Texts, "Addresses and networks that may send calls here";
    peer: Text, "Where calls out go, such as sip:198.51.100.10:5060; also a list";
    peers: Objects, "The same as a list of { uri, priority, weight }; lower priorities first";
    transport: Text, "udp, tcp or tls; empty leaves it to the DNS, else udp, with large requests over tcp";
    tls_name: Text, "The name that the certificate of who sends calls here must bear; addresses alone then let nobody in";
    tls_ca: Text, "A PEM file of the authorities that vouch for the peers; empty takes the node's";
    tls_verify: Flag, "Whether a peer must prove that it is the host its URI names";
    tls_cert: Text, "A PEM file of the certificate shown to the peers; empty takes the node's";
    tls_key: Text, "A PEM file of its key";
    username: Text, "The digest user name";
    password: Secret, "The digest password";
    register: Flag, "Whether we register with the first peer";
    register_secs: Whole, "The registration's wanted lifetime in seconds, 60 to 86400";
    domain: Text, "The domain in From; empty takes the peer's host";
    codecs: Texts, "Codecs allowed, most wanted first; empty allows all";
    max_calls: Whole, "Calls at a time; 0 for no cap";
    max_cps: Whole, "New calls per second; 0 for no cap";
    caller_id: Text, "The number shown when the dial rule gives none; empty passes the caller's own";
    health_secs: Whole, "Seconds between OPTIONS to each peer; 0 for none";
    failover_secs: Whole, "Seconds without an answer before the next peer is tried, 1 to 32";
    session_timers: Text, "off, accept, ask or require: how much is made of session timers";
    reliable: Text, "Reliable provisional responses: supported, required or off";
    number_in: Objects, "Rewriting of dialled numbers that come in: { pattern, replace }";
    number_out: Objects, "Rewriting of dialled numbers that go out";
    caller_in: Objects, "Rewriting of caller numbers that come in";
    caller_out: Objects, "Rewriting of caller numbers that go out";
    headers: Objects, "Headers on requests out: { name, value }; one without value is removed";
    trust: Flag, "Whether it is believed about who calls, and is told so by us";
    identity: Text, "Where it is told who calls, when it is trusted: pai, rpid or from";
    forwards: Text, "Where it is told of forwards, when it is trusted: diversion, history-info or both";
    nat: Text, "Whether its media's real address is learned: learn or off";
    media_from: Texts, "Networks its media may come from though SDP names another address";
    srtp: Text, "Whether its media is encrypted: off, optional or required";
    dtmf: Text, "How digits go to it and come from it: auto, rtp, info or inband";
    listen: Texts, "What its audio is listened to for, beside digits: fax, progress, speech";
    realm: Text, "The realm our password belongs to; empty for whatever its peers name";
    digest: Text, "Which challenges our password answers: any or sha-256";
    password_for: Text, "In which calls it may be asked for: own-calls or all-calls";
    recording: Text, "The recording policy by name; empty leaves it to the number or the station";
    language: Text, "The language that it is spoken to in, such as en or es; empty takes the node's";
    music: Text, "The class of music that it hears on hold; empty takes default";
    spoken_refusals: Flag, "Whether its callers hear why a call is refused before the refusal comes";
    in_call_codes: Flag, "Whether codes pressed in a call, such as *1, are taken as such; where not, they are keys for the far end";
};

const USER: &[Field] = fields! {
    login: Text, "The login, unique";
    name: Text, "The name as shown";
    role: Text, "agent, supervisor, admin or owner";
    password: Secret, "8 to 128 characters";
    password_hash: Secret, "The argon2 hash in PHC form, instead of the password";
    pin: Secret, "The phone PIN, 4 to 12 digits";
    pin_hash: Secret, "The argon2 hash in PHC form, instead of the PIN";
    teams: Texts, "Teams";
    mobile: Text, "The mobile number, as the person's extension would dial it; empty for none";
    alternate_mobile: Text, "Another one, rung after it; empty for none";
    incoming: Text, "Where the person is called: extension_only, extension_first, both or mobile_only";
    extension_first_secs: Whole, "Seconds that the extension rings before the mobile, 5 to 180";
    mobile_shows: Text, "Whose number the mobile shows: own (what the extension shows) or caller";
    in_call_codes: Flag, "Whether codes pressed in a call, such as *1, are taken as such; where not, they are keys for the far end";
    hours: Text, "The working hours by name; empty is always";
    after_hours: Text, "Where calls go outside them, a number or a destination; empty leaves them to the mailbox";
};

const STATION: &[Field] = fields! {
    extension: Text, "The extension and SIP digest user, unique";
    user: Text, "The login of who sits there; empty for a phone of nobody";
    name: Text, "The name shown to those it calls; empty shows the user's";
    password: Secret, "The phone's password, 4 to 128 characters";
    ha1_md5: Secret, "HA1 for MD5 instead of the password, 32 hexadecimal digits";
    ha1_sha256: Secret, "HA1 for SHA-256 instead of the password, 64 hexadecimal digits";
    codecs: Texts, "Codecs allowed, most wanted first; empty allows all";
    caller_id: Text, "The number shown on calls out; empty leaves it to the dial rule and the trunk";
    ring_secs: Whole, "Seconds it rings, 5 to 180";
    reliable: Text, "Reliable provisional responses: supported, required or off";
    max_contacts: Whole, "Phones that may be registered at once, 1 to 10";
    max_calls: Whole, "Calls at a time; 0 for no cap";
    anonymous: Text, "What becomes of callers who withhold their number: accept, refuse or screen";
    session_timers: Text, "off, accept, ask or require: how much is made of session timers";
    nat: Text, "Whether the real address of a phone's media is learned: learn or off";
    srtp: Text, "Whether its phones' media is encrypted: off, optional or required";
    pickup_group: Text, "Stations of one group may take each other's ringing calls; those where it is empty are one group";
    recording: Text, "The recording policy by name, before the number's and the trunk's; empty leaves it to them";
    dtmf: Text, "How digits go to it and come from it: auto, rtp, info or inband";
    listen: Texts, "What its audio is listened to for, beside digits: fax, progress, speech";
    language: Text, "The language that it is spoken to in, such as en or es; empty takes the node's";
    music: Text, "The class of music that it hears on hold; empty takes default";
    spoken_refusals: Flag, "Whether its callers hear why a call is refused before the refusal comes";
    forward_always: Text, "Where every call goes, a number or a destination; empty for nowhere";
    forward_busy: Text, "Where calls go while it is busy";
    forward_no_answer: Text, "Where calls go that it does not answer";
    forward_unregistered: Text, "Where calls go while no phone is registered for it";
    no_answer_secs: Whole, "Seconds it rings before forward_no_answer, 5 to 180; 0 takes ring_secs";
    in_call_codes: Flag, "Whether codes pressed in a call, such as *1, are taken as such; where not, they are keys for the far end";
    call_waiting: Flag, "Whether it rings while it has a call; else it is busy then";
    mwi: Text, "How its phones learn what waits in their mailbox: subscribe tells those that ask, unsolicited all";
    hours: Text, "The working hours by name; empty is always";
    after_hours: Text, "Where calls go outside them, a number or a destination; empty leaves them to its mailbox";
    ends_with_host: Flag, "Whether a conference that it began within a call ends for all when it leaves";
    transfer_failure: Text, "What becomes of callers whom it leads on to nobody: none, agent or a destination; empty is none";
    auto_answer: Text, "How its phones are told to answer by themselves: auto, call-info, alert-info or off";
    auto_answer_for: Text, "Which calls they answer by themselves, beside intercom and paging: nothing or groups";
    intercom: Text, "Who may call it by intercom: everybody, team or nobody";
    intercom_muted: Flag, "Whether nobody hears it on intercom until a key of it is pressed";
    ring: Text, "How it rings: auto by the kind of call, else a name that its phones know; empty leaves it to them";
    call_data: Flag, "Whether its phones are told of a call in X-CC-… headers";
    supervision_beep_secs: Whole, "Seconds from tone to tone that tell it that a supervisor is in its call, 5 to 300; 0 for none";
    transfer_failure: Text, "What becomes of callers it leads on to nobody: none (they hear so, and the call ends), agent (it has them back) or a destination such as voicemail:1001";
};

const GROUP: &[Field] = fields! {
    name: Text, "Its name, unique among groups";
    extension: Text, "What stations dial to call it; empty leaves it to numbers";
    members: Texts, "Who is in it, in order: station:EXT, user:LOGIN or a number";
    strategy: Text, "simultaneous, random or sequential";
    ring_secs: Whole, "Seconds that one member rings, or all where they ring together, 5 to 180";
    total_secs: Whole, "Seconds after which nobody is rung any more, 5 to 600";
    on_no_answer: Text, "Where a call goes that nobody answers, a number or a destination; empty for nowhere";
    on_busy: Text, "Where a call goes while every member is busy; empty for nowhere";
    label: Text, "What stands before the caller's name on phones that ring";
    ring: Text, "How phones ring: auto by the kind of call, else a name that they know; empty leaves it to the stations";
    call_info_url: Text, "The address of a record about the caller, under https, with {caller}, {dialled} and {call}";
    whisper: Text, "The prompt that whoever answers hears before the caller, by its id; empty for none";
    page: Flag, "Whether calling it is paging: free phones answer by themselves and hear the caller";
    talkback: Flag, "Whether those who are paged are heard too";
    hours: Text, "The working hours by name; empty is always";
    after_hours: Text, "Where calls go outside them, a number or a destination; empty for nowhere";
};

const HOURS: &[Field] = fields! {
    name: Text, "Their name, unique among hours";
    time_zone: Text, "The zone whose clock counts, such as Europe/Madrid; empty is UTC";
    rows: Texts, "Rows of a week, such as mon-fri 09:00-17:00, sat 22:00-02:00 or daily 00:00-24:00; open whenever one says so, none is always";
    holidays: Texts, "Days on which other rows hold, by the names of holidays";
};

const HOLIDAY: &[Field] = fields! {
    name: Text, "Its name, unique among holidays";
    dates: Texts, "Which days: 12-25 of every year, 2027-04-02 of one";
    rows: Texts, "When it is open nevertheless, such as 09:00-13:00; none is closed";
};

const PARKING: &[Field] = fields! {
    name: Text, "Its name, unique among parking lots";
    extension: Text, "What parks in any free slot when a call is led there; empty leaves it to the code";
    first: Whole, "Its first slot";
    last: Whole, "Its last slot; at most 100 slots";
    recall_secs: Whole, "Seconds after which whoever parked is rung, 10 to 3600; 0 for never";
    recall_to: Text, "Who is rung instead of whoever parked, a number or a destination";
    recalls: Whole, "How often that is tried before on_no_answer, 1 to 20";
    on_no_answer: Text, "Where the caller goes then; empty keeps trying";
    music: Text, "Class of music that a parked caller hears; empty takes the station's or trunk's";
};

const RECORDING_POLICY: &[Field] = fields! {
    name: Text, "Its name, unique";
    when: Text, "all, on_demand or never";
    format: Text, "wav or opus";
    channels: Text, "stereo (the customer left, the agent right) or mono";
    encrypt: Flag, "Files are encrypted on disk";
    announce: Text, "The prompt that tells both sides; empty for none";
    beep_secs: Whole, "Seconds from one warning tone to the next, 5 to 300; 0 for none";
    when_full: Text, "go_on or end_call: what happens when the disk takes no more";
    retention_days: Whole, "Days that files are kept; 0 for good";
    max_minutes: Whole, "Minutes that one recording lasts at most, 1 to 1440";
};

const NUMBER: &[Field] = fields! {
    did: Text, "The number exactly, or ^…$ for a pattern; exact numbers win";
    to: Text, "station:EXT, user:LOGIN, trunk:NAME, conference:NAME, group:NAME, voicemail:NUMBER, play:PROMPT, play:PROMPT;times=3, echo, hangup, test:answer, test:ring, test:busy or test:early";
    anonymous: Text, "What becomes of callers who withhold their number: accept, refuse or screen";
    recording: Text, "The recording policy by name, before the trunk's; empty leaves it to that";
    language: Text, "The language that its callers are spoken to in; empty takes the trunk's or station's";
    in_call_codes: Flag, "Whether codes pressed in a call, such as *1, are taken as such; where not, they are keys for the far end";
    label: Text, "What stands before the caller's name on phones that ring";
    ring: Text, "How phones ring: auto by the kind of call, else a name that they know; empty leaves it to the stations";
    call_info_url: Text, "The address of a record about the caller, under https, with {caller}, {dialled} and {call}";
    whisper: Text, "The prompt that whoever answers hears before the caller, by its id; empty for none";
    hours: Text, "The working hours by name; empty is always";
    after_hours: Text, "Where callers go outside them, a destination; empty for nowhere";
};

const DIAL_RULE: &[Field] = fields! {
    pattern: Text, "A regular expression over the dialled number, unique among rules";
    trunks: Texts, "Trunks by name, tried in order";
    strip: Whole, "Leading characters to take away";
    prepend: Text, "Characters to put in front, after stripping";
    caller_id: Text, "The number shown; empty leaves it to the station and the trunk";
    priority: Whole, "Lower is matched first";
    emergency: Flag, "Caps, draining and restrictions do not hold it back";
};

const CONFERENCE: &[Field] = fields! {
    name: Text, "Its name, unique among conferences";
    extension: Text, "What stations dial to come in; empty leaves it to numbers";
    pin: Secret, "What a caller must type to come in, 4 to 12 digits; empty asks for none";
    announce: Text, "What is heard of who comes and goes: tones, names or off";
    moderator_pin: Secret, "What a moderator types to come in, 4 to 12 digits; empty: there are none";
    wait_for_moderator: Flag, "Whether the others wait with music until a moderator is there";
    ends_after_moderator_secs: Whole, "Seconds after the last moderator has left at which it ends for all; 0 goes on";
    entry_muted: Flag, "Whether whoever comes in is muted, moderators are not";
    max_members: Whole, "How many may be in it, 2 to 1000; 0 for as many as there may be";
    record: Flag, "Whether it is recorded from the beginning";
    music: Text, "The class of music that one who is alone hears; empty takes default";
    language: Text, "The language that it speaks, such as en or es; empty takes the caller's";
};

const MAILBOX: &[Field] = fields! {
    number: Text, "Its number, unique among mailboxes; that of a station makes it the station's";
    name: Text, "Whose it is, as people read it";
    owners: Texts, "Logins of users who hear its messages on pages, beside the station's user";
    pin: Secret, "What opens it by phone, 4 to 12 digits; empty opens it from its own station alone";
    skip_pin: Flag, "Its own station opens it without the PIN";
    email: Text, "Where a notice of each message goes; empty for nowhere";
    email_attach: Flag, "The sound goes with the notice";
    delete_after_email: Flag, "A message whose sound was sent is deleted here";
    format: Text, "wav or opus: how its messages are kept and sent";
    encrypt: Flag, "Messages are encrypted on disk";
    language: Text, "The language that it speaks and its mail is written in; empty takes the station's or the node's";
    time_zone: Text, "Its time zone, such as Europe/Madrid; empty for UTC";
    greeting: Text, "personal (the recorded one where there is one) or standard";
    max_secs: Whole, "Seconds of one message at most, 5 to 600";
    min_ms: Whole, "Milliseconds that a message must last to be kept, 0 to 30000";
    silence_secs: Whole, "Seconds of silence that end a message, 2 to 60; 0 for none";
    max_messages: Whole, "Messages at most, 1 to 1000; then it is full";
    keep_days: Whole, "Days after which a message goes; 0 for never";
};

const FEATURE_CODE: &[Field] = fields! {
    name: Text, "The feature, such as redial; every feature has a code unless one of these says otherwise";
    code: Text, "What stations dial: * or # and 1 to 7 of 0-9 * #; empty switches the feature off";
};

const PHONE: &[Field] = fields! {
    mac: Text, "Its hardware address, twelve hexadecimal digits; for a softphone one that is made up, such as 02…";
    vendor: Text, "yealink, polycom, snom, grandstream, cisco_spa or softphone";
    model: Text, "The model, for people";
    stations: Texts, "The stations of its lines by extension, the first line first";
    station: Text, "The same for a phone with one line";
    keys: Texts, "What its keys do: line, blf:1002, speed:+15550100, park:701 or code:*78, each with =Label after it if wanted";
    language: Text, "The language of its display, such as en or es; empty takes the station's, else the node's";
    time_zone: Text, "The zone of its clock: Europe/Madrid, or an offset such as UTC-03:00";
    transport: Text, "How it speaks SIP: udp, tcp or tls; empty takes the safest that the node offers";
    extra: Texts, "Settings of its vendor beside ours, name = value each";
    generation: Whole, "Which of its secrets are good; a higher number ends those given out before";
};

const PHONEBOOK: &[Field] = fields! {
    entry: Text, "What the entry is known by, unique";
    name: Text, "The name as shown; empty shows the entry's own";
    numbers: Texts, "Numbers, each +15550100, or with what it is: office:, mobile:, home: or other: before it";
    scope: Text, "Who sees it: shared, team:NAME or user:LOGIN";
    favourite: Whole, "The place among favourites, 1 to 99; 0 for none";
};

const STATION_SETTINGS: &[Field] = fields! {
    forward_always: Text, "Where every call goes, a number or a destination; empty for nowhere, null as it is set up";
    forward_busy: Text, "Where calls go while it is busy";
    forward_no_answer: Text, "Where calls go that it does not answer";
    forward_unregistered: Text, "Where calls go while no phone is registered for it";
    no_answer_secs: Whole, "Seconds it rings before forward_no_answer, 5 to 180; null as it is set up";
    do_not_disturb: Flag, "It does not ring; callers are told, or go where busy calls go";
    unavailable: Flag, "It takes no call at all, by whatever number";
    agent: Text, "The agent there: signed_out, not_ready, ready or after_call";
};

const PASSWORD: &[Field] = fields! {
    password: Secret, "The new password, 8 to 128 characters";
    current: Secret, "The current one; needed, and allowed, only for the password of who asks";
};

const CALL_PLAY: &[Field] = fields! {
    leg: Whole, "The place of a leg in the call, from 0; none for all";
    prompt: Text, "The id of a prompt, such as feature/echo-test";
    language: Text, "The language; none takes the leg's";
    times: Whole, "How often, 1 to 100";
};

const CALL_STOP: &[Field] = fields! {
    leg: Whole, "The place of a leg in the call, from 0; none for all";
};

const CALL_PARK: &[Field] = fields! {
    leg: Whole, "The place in the call of who parks, from 0";
    slot: Text, "The slot, or the extension or name of a parking lot; empty takes any slot of the first lot";
};

const CALL_PICKUP: &[Field] = fields! {
    station: Text, "The extension that is rung";
};

const CALL_DIGITS: &[Field] = fields! {
    leg: Whole, "The place of a leg in the call, from 0";
    digits: Text, "1 to 64 of 0-9 * # A-D, and , for a pause of a second";
};

const CALL_VOICE: &[Field] = fields! {
    leg: Whole, "The place of a leg in the call, from 0";
    muted: Flag, "Whether nobody hears it";
    deaf: Flag, "Whether it hears nobody";
    gain_db: Number, "How much louder it is heard than it comes, -60 to 20";
};

const SUPERVISION: &[Field] = fields! {
    mode: Text, "listen, whisper, barge or take_over; none leaves it";
    follow: Flag, "Whether it goes with each next call of the agent; none leaves it";
};

const CALL_RECORDING: &[Field] = fields! {
    act: Text, "start, stop, pause or resume";
};

const CALL_CODE: &[Field] = fields! {
    leg: Whole, "The place of the phone's leg in the call, from 0";
    code: Text, "The code as the phone would press it: *0, *1, *5, *7, *60, *61 to *69, …";
};

const CALL_TRANSFER: &[Field] = fields! {
    leg: Whole, "The place of the leg that leads the others on, from 0";
    to: Text, "The extension or number, as that side would dial it";
    on_failure: Text, "What becomes of them when nobody takes them: none, agent or a destination such as voicemail:1001; as set up without it";
    stays: Flag, "Whether it stays and listens";
};

const CALL_CONSULT: &[Field] = fields! {
    leg: Whole, "The place of the leg that asks, from 0";
    to: Text, "The extension or number, as that side would dial it";
};

const CALL_CONSULTED: &[Field] = fields! {
    leg: Whole, "The place of the leg that asks, from 0";
    stays: Flag, "With complete: whether it stays and listens";
};

const CALL_HOLD: &[Field] = fields! {
    leg: Whole, "The place of the leg that has the others wait, from 0";
};

const CALL_DROP: &[Field] = fields! {};

const CALL_PART: &[Field] = fields! {
    part: Text, "talks, listens or coaches";
    whom: Whole, "With coaches: the place of the leg that alone hears it";
};

const CALL_CONFERENCE: &[Field] = fields! {
    name: Text, "The conference";
};

const MESSAGE_CHANGE: &[Field] = fields! {
    heard: Flag, "Whether it was listened to";
    urgent: Flag, "Whether it is urgent";
};

const MESSAGE_FORWARD: &[Field] = fields! {
    mailbox: Text, "The number of the mailbox that gets it too";
};

const TOKEN: &[Field] = fields! {
    name: Text, "A name to know it by, 1 to 64 characters";
    role: Text, "agent, supervisor, admin or owner";
};

/// The schema's name of a kind: `DialRule`.
pub(super) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Trunk => "Trunk",
        Kind::User => "User",
        Kind::Station => "Station",
        Kind::Number => "Number",
        Kind::DialRule => "DialRule",
        Kind::RecordingPolicy => "RecordingPolicy",
        Kind::Conference => "Conference",
        Kind::Mailbox => "Mailbox",
        Kind::FeatureCode => "FeatureCode",
        Kind::Phone => "Phone",
        Kind::Phonebook => "PhonebookEntry",
        Kind::Group => "Group",
        Kind::Parking => "Parking",
        Kind::Hours => "Hours",
        Kind::Holiday => "Holiday",
    }
}

const CALL_INVITE: &[Field] = fields! {
    leg: Whole, "Who asks for it, by its place in the call: its dial rules hold";
    to: Text, "The number or extension";
};

const CALL_MERGE: &[Field] = fields! {
    with: Text, "The id of another live call; where a phone stands in both, its line there ends";
};

const CONFERENCE_ROOM: &[Field] = fields! {
    locked: Flag, "Nobody else comes in but moderators";
    recorded: Flag, "What the room hears is recorded, in one file";
    muted: Flag, "All but moderators are muted, those who come too";
};

const CONFERENCE_INVITE: &[Field] = fields! {
    to: Text, "The number or extension";
};

const CONFERENCE_MEMBER: &[Field] = fields! {
    leg: Whole, "Its place in the call; the caller where it is left out";
    muted: Flag, "Nobody hears it";
    deaf: Flag, "It hears nobody";
};

/// Every schema by its name.
pub(super) fn all() -> Map<String, Value> {
    let kinds = Kind::ALL.iter().map(|kind| (name(*kind), of(*kind)));
    let others = [
        ("Password", schema(PASSWORD, &["password"])),
        ("StationSettings", schema(STATION_SETTINGS, &[])),
        ("NewToken", schema(TOKEN, &["name", "role"])),
        ("CallPlay", schema(CALL_PLAY, &["prompt"])),
        ("CallStop", schema(CALL_STOP, &[])),
        ("CallDigits", schema(CALL_DIGITS, &["leg", "digits"])),
        ("CallVoice", schema(CALL_VOICE, &["leg"])),
        ("CallPark", schema(CALL_PARK, &["leg"])),
        ("CallPickup", schema(CALL_PICKUP, &["station"])),
        ("CallCode", schema(CALL_CODE, &["leg", "code"])),
        ("MessageChange", schema(MESSAGE_CHANGE, &[])),
        ("MessageForward", schema(MESSAGE_FORWARD, &["mailbox"])),
        ("CallTransfer", schema(CALL_TRANSFER, &["leg", "to"])),
        ("CallConsult", schema(CALL_CONSULT, &["leg", "to"])),
        ("CallConsulted", schema(CALL_CONSULTED, &["leg"])),
        ("CallHold", schema(CALL_HOLD, &["leg"])),
        ("CallDrop", schema(CALL_DROP, &[])),
        ("CallPart", schema(CALL_PART, &["part"])),
        ("CallConference", schema(CALL_CONFERENCE, &["name"])),
        ("Supervision", schema(SUPERVISION, &[])),
        ("CallRecording", schema(CALL_RECORDING, &["act"])),
        ("CallInvite", schema(CALL_INVITE, &["leg", "to"])),
        ("CallMerge", schema(CALL_MERGE, &["with"])),
        ("ConferenceRoom", schema(CONFERENCE_ROOM, &[])),
        ("ConferenceInvite", schema(CONFERENCE_INVITE, &["to"])),
        ("ConferenceMember", schema(CONFERENCE_MEMBER, &[])),
    ];
    kinds.chain(others).map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn of(kind: Kind) -> Value {
    match kind {
        Kind::Trunk => schema(TRUNK, &["name"]),
        Kind::User => schema(USER, &["login"]),
        Kind::Station => schema(STATION, &["extension"]),
        Kind::Number => schema(NUMBER, &["did", "to"]),
        Kind::DialRule => schema(DIAL_RULE, &["pattern"]),
        Kind::RecordingPolicy => schema(RECORDING_POLICY, &["name"]),
        Kind::Conference => schema(CONFERENCE, &["name"]),
        Kind::Mailbox => schema(MAILBOX, &["number"]),
        Kind::FeatureCode => schema(FEATURE_CODE, &["name"]),
        Kind::Phone => schema(PHONE, &["mac"]),
        Kind::Phonebook => schema(PHONEBOOK, &["entry", "numbers"]),
        Kind::Group => schema(GROUP, &["name"]),
        Kind::Parking => schema(PARKING, &["name"]),
        Kind::Hours => schema(HOURS, &["name"]),
        Kind::Holiday => schema(HOLIDAY, &["name", "dates"]),
    }
}

fn schema(fields: &[Field], required: &[&str]) -> Value {
    let property = |field: &Field| {
        let mut schema = match field.kind {
            Type::Text => json!({ "type": "string" }),
            Type::Secret => json!({ "type": "string", "writeOnly": true }),
            Type::Whole => json!({ "type": "integer", "minimum": 0 }),
            Type::Number => json!({ "type": "number" }),
            Type::Flag => json!({ "type": "boolean" }),
            Type::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Type::Objects => json!({ "type": "array", "items": { "type": "object" } }),
        };
        schema["description"] = field.about.into();
        (field.name.to_owned(), schema)
    };
    let properties: Map<_, _> = fields.iter().map(property).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
