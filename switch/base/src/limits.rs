//! Every bound that guards against the outside, by name. What happens at the bound is said here too.

use std::time::Duration;

/// Octets of one SIP message in a datagram; a larger one cannot exist in UDP over IPv4.
pub const SIP_DATAGRAM_OCTETS: usize = 65_535;
/// Octets of a request that goes over UDP; a larger one goes over TCP where it can, since the path's packet size is
/// unknown (RFC 3261 §18.1.1).
pub const SIP_UDP_OCTETS: usize = 1_300;
/// Octets of one SIP message on a stream; more is answered 513 and the connection closed.
pub const SIP_STREAM_OCTETS: usize = 262_144;
/// Octets of a body; more is answered 413.
pub const SIP_BODY_OCTETS: usize = 65_536;
/// Parts of one body, those of parts included; more is answered 400.
pub const BODY_PARTS: usize = 16;
/// How deep parts may stand in parts; deeper is answered 400.
pub const BODY_DEPTH: usize = 4;
/// Octets of a MESSAGE in a datagram (RFC 3428 §8); more is answered 513.
pub const SIP_TEXT_OCTETS: usize = 1_300;
/// Texts of one shard that wait for a phone's answer; a further one is answered 503.
pub const TEXTS: usize = 4_096;
/// Octets of one header line with its folds; more is answered 400.
pub const SIP_HEADER_OCTETS: usize = 8_192;
/// Header lines of one message; more is answered 400.
pub const SIP_HEADERS: usize = 128;
/// Via values of one message; more is answered 400.
pub const SIP_VIAS: usize = 70;
/// Route or Record-Route values; more is answered 400.
pub const SIP_ROUTES: usize = 32;
/// Contact values; more is answered 400.
pub const SIP_CONTACTS: usize = 16;
/// Octets of one URI; more is answered 414.
pub const SIP_URI_OCTETS: usize = 2_048;
/// Live transactions of one shard; at the bound new requests get 503.
pub const TRANSACTIONS: usize = 200_000;

/// Stream connections of the node, both directions; a further one is closed at once.
pub const CONNECTIONS: usize = 16_384;
/// Stream connections from one address (many phones may stand behind one); a further one is closed at once.
pub const CONNECTIONS_PER_SOURCE: usize = 1_024;
/// Messages waiting to be written to one connection; when full the connection is closed, since its peer does not read.
pub const CONNECTION_WRITES: usize = 256;
/// Of them, those over which nobody has shown yet who it is, from addresses where nobody is known; the oldest ends to make room for a further one.
pub const STRANGERS: usize = CONNECTIONS / 5;
/// Connections from one address over which nobody has shown yet who it is; a further one is closed at once.
pub const STRANGERS_PER_SOURCE: usize = 20;
/// Of all descriptors the process may open, the share in percent for connections of strangers; the oldest ends to make room for a further one.
pub const STRANGERS_PERCENT: u64 = 20;
/// How long a TLS handshake may take, and the one of WebSocket after it.
pub const CONNECTION_HANDSHAKE: Duration = Duration::from_secs(5);
/// How long the headers of a message may take from their first octet.
pub const CONNECTION_HEADERS: Duration = Duration::from_secs(5);
/// How long a body may take after its headers.
pub const CONNECTION_BODY: Duration = Duration::from_secs(10);
/// How long a connection may say nothing at all.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(3_600);
/// How long a connection over which nobody has shown yet who it is may ask nothing that gets an answer.
pub const STRANGER_IDLE: Duration = Duration::from_secs(30);
/// How long it may remain one, whatever it says.
pub const STRANGER_TIME: Duration = Duration::from_secs(120);
/// Requests of a stranger's connection that wait for their answer; at the bound it is not read.
pub const STRANGER_REQUESTS: usize = 100;
/// Keep-alive pings of one connection answered at once; further ones get an answer each second.
pub const CONNECTION_PONGS: u32 = 8;
/// Octets of a request to become a WebSocket; more is answered 431.
pub const UPGRADE_OCTETS: usize = 8_192;
/// Certificates of one chain that are looked at; a longer chain proves nothing.
pub const CERTIFICATE_CHAIN: usize = 8;
/// How long opening a connection may take.
pub const CONNECT: Duration = Duration::from_secs(4);
/// How long one message may take to be written to a connection.
pub const CONNECTION_WRITE: Duration = Duration::from_secs(10);
/// Local addresses remembered by peer address; when full all are forgotten and asked anew.
pub const ROUTES_REMEMBERED: usize = 4_096;

/// Messages waiting for a shard from the network; when full an INVITE gets a stateless 503, other datagrams are dropped, streams stop reading.
pub const SHARD_NET_INBOX: usize = 4_096;
/// Commands waiting for a shard; when full the asker is told `Busy`.
pub const SHARD_COMMANDS: usize = 1_024;
/// Events waiting for a shard from media; when full the worker keeps them and tries again.
pub const SHARD_EVENTS: usize = 8_192;
/// Commands waiting for a media worker; when full the shard keeps them and tries again.
pub const MEDIA_COMMANDS: usize = 8_192;
/// Letters of other workers waiting for a media worker, and those that it keeps for workers that have no room; beyond, it takes no commands until they are sent.
pub const MEDIA_LETTERS: usize = 1_024;
/// Events waiting in a media worker for shards that take none; beyond, figures, speakers and digits are left out.
pub const MEDIA_EVENTS_WAITING: usize = 8_192;
/// Facts waiting for the journal's reader; new calls are refused at 80 %.
pub const JOURNAL_FACTS: usize = 65_536;
/// Records waiting for the store; at the bound the journal's reader stops taking facts, which then fill their queue.
pub const JOURNAL_RECORDS: usize = 20_000;

/// Bindings of one address of record; a further REGISTER is answered 403.
pub const BINDINGS_PER_AOR: usize = 10;
/// Octets of all User-to-User values of one message; more do not cross and are counted.
pub const UUI_OCTETS: usize = 2_048;
/// Subscriptions of one shard; more get 503.
pub const SUBSCRIPTIONS: usize = 20_000;
/// Subscriptions of one extension in one shard, for all keys of all its phones; more get 403.
pub const SUBSCRIPTIONS_PER_ACCOUNT: usize = 1_000;
/// Of them those of one package to what is one's own; more get 403.
pub const SUBSCRIPTIONS_TO_ONESELF: usize = 10;
/// Subscriptions that are attended to in one round; further ones wait for the next, so that calls are worked on between.
pub const NOTIFY_ROUND_MOST: usize = 250;
/// How long such a round lasts.
pub const NOTIFY_ROUND: Duration = Duration::from_millis(25);
/// Edge proxies on the way to a phone (RFC 3327); more is answered 400.
pub const PATH_HOPS: usize = 8;
/// Times a call may be led on from one number to another; at the bound it is refused 482 instead.
pub const FORWARDS: usize = 5;
/// Legs one call may ring at once; further targets are left out and noted in the record's reason.
pub const FORK_LEGS: usize = 16;
/// Early dialogs of one INVITE of ours; a further fork is not heard before it answers.
pub const EARLY_DIALOGS: usize = 16;
/// Provisional responses to one INVITE that wait for a PRACK; a further one is left out.
pub const PROVISIONALS_WAITING: usize = 8;
/// Peers tried for one call over all trunks.
pub const PEERS_TRIED: usize = 8;
/// How long a call may ring before it is given up (RFC 3261 timer C's order of magnitude).
pub const RING: Duration = Duration::from_secs(180);
/// How long a re-INVITE that was passed on may wait for its final answer; then it is cancelled.
pub const EXCHANGE: Duration = Duration::from_secs(60);
/// How long a call may last, whatever its far ends say; then it is ended with BYE.
pub const CALL_LASTS: Duration = Duration::from_secs(24 * 3_600);
/// Port pairs leased to a shard at a time by each media worker.
pub const LEASE_BATCH: usize = 64;
/// Characters of a `Why`.
pub const WHY_CHARS: usize = 256;
/// Characters of any text from outside that a record keeps.
pub const RECORD_CHARS: usize = 256;

/// Octets of one SDP body; more is an error of the body (answered 400).
pub const SDP_OCTETS: usize = 65_536;
/// `m=` lines of one SDP body; more is an error of the body.
pub const SDP_MEDIA: usize = 32;
/// `a=` lines of one SDP body, session and streams together; more is an error of the body.
pub const SDP_ATTRIBUTES: usize = 512;

/// Packets a second of one address nobody knows, `[limits] stranger_per_sec`; more are not heard.
pub const STRANGER_PER_SEC: u32 = 30;
/// Packets a second of all such addresses together, `[limits] strangers_per_sec`; more are not heard.
pub const STRANGERS_PER_SEC: u32 = 500;
/// Packets a second of one address where somebody has shown a password, `[limits] known_per_sec`; a new call beyond
/// is answered 503, what belongs to running calls has four times as much.
pub const KNOWN_PER_SEC: u32 = 5_000;
/// Packets a second of one trunk's address that begin something, unless the node's `[limits] calls_per_sec` says
/// otherwise: twice that. A new call beyond is answered 503, all else is not heard.
pub const TRUNK_PER_SEC: u32 = 1_000;
/// The least of it, however few calls a node may take.
pub const TRUNK_LEAST_PER_SEC: u32 = 200;
/// Addresses whose budgets a receiving thread remembers; when full the one unused longest is forgotten.
pub const DOOR_SOURCES: usize = 4_096;
/// The same for networks.
pub const DOOR_NETWORKS: usize = 2_048;
/// Digits of an emergency number; a longer one is none.
pub const EMERGENCY_DIGITS: usize = 16;
/// Addresses, networks and accounts whose failed logins a shard remembers; when full the quiet ones are forgotten.
pub const OFFENDERS: usize = 16_384;
/// Bans that a view lists, the latest first.
pub const BANS_LISTED: usize = 1_000;

/// Answers of the DNS a shard remembers; when full the one unused for longest is forgotten.
pub const DNS_ANSWERS: usize = 4_096;
/// Records of one answer that are used; further ones are left out, those of the worst priority first.
pub const DNS_RECORDS: usize = 32;
/// Addresses used for one peer; further ones are left out.
pub const PEER_ADDRESSES: usize = 16;
/// How long an answer is used at least, whatever its lifetime, so that a lifetime of 0 does not mean a question a call.
pub const DNS_TTL_MIN: Duration = Duration::from_secs(5);
/// How long an answer is used at most before it is asked for again.
pub const DNS_TTL_MAX: Duration = Duration::from_secs(3_600);
/// How long an answer that there is nothing is believed at most (RFC 2308 §5 advises a bound).
pub const DNS_NOTHING_MAX: Duration = Duration::from_secs(300);
/// How long a question that got no answer rests.
pub const DNS_RETRY: Duration = Duration::from_secs(10);
/// How long an answer is used on after its lifetime while the DNS gives no new one (RFC 8767 §5 advises 1 to 3 days).
pub const DNS_STALE: Duration = Duration::from_secs(86_400);

/// Ports that one far end hears one by one; further ones are left out.
pub const SOURCES: usize = 64;
/// Sounds of one playing; further ones are left out.
pub const PLAY_ITEMS: usize = 64;
/// Playings at a time on one port; one more ends the oldest.
pub const PLAYS: usize = 4;
/// Parts of a tone; further ones are left out.
pub const TONE_PARTS: usize = 16;
/// Digits of one collecting or sending; further ones are left out.
pub const COLLECTED_DIGITS: usize = 64;

/// Recordings that run on one media worker; a further one fails as `TooMany`.
pub const RECORDINGS: usize = 4_096;
/// Whom one recording listens to; further ones are left out.
pub const RECORDING_EARS: usize = 8;
/// Blocks of audio of one media worker that are being filled or wait for the disk, 6.4 kB each; at the bound a full
/// block is lost, which the recording shows as a gap.
pub const RECORDING_BLOCKS: usize = 8_192;
/// Gaps that a recording lists; further ones lengthen the last.
pub const RECORDING_GAPS: usize = 1_000;
/// Closed recordings that wait to be entered in the database; further ones are at the next start.
pub const RECORDING_ENTRIES: usize = 16_384;
/// Frames of 10 ms that a playing waits for a clip that is read from disk; then the clip is missing.
pub const CLIP_WAIT_FRAMES: u32 = 1_000;
/// Octets of decoded sounds kept in memory; beyond them the ones unused longest go.
pub const CLIP_OCTETS: usize = 64 * 1_048_576;
/// Sounds asked for that wait to be decoded; at the bound a playing asks again with its next frame.
pub const CLIPS_ASKED: usize = 1_024;
/// Names of missing sounds remembered; at the bound all are forgotten and looked for again.
pub const CLIPS_MISSING: usize = 1_000;
/// Octets of a sound that a user uploads; more is answered 413.
pub const UPLOAD_OCTETS: usize = 32 * 1_048_576;
/// Samples a second of a file that a user uploads; more is answered 415.
pub const UPLOAD_HZ: u32 = 96_000;
/// Channels of a file that a user uploads; more is answered 415.
pub const UPLOAD_CHANNELS: usize = 8;
/// Samples of all channels decoded of one uploaded file, as many as 20 min of stereo at 48 kHz; more is answered 422.
pub const UPLOAD_SAMPLES: u64 = 1_200 * 2 * 48_000;
/// How long an uploaded prompt may play; longer is answered 422.
pub const PROMPT_MS: u64 = 600_000;
/// How long a class of music may play, all its pieces together; longer is answered 422.
pub const MUSIC_MS: u64 = 1_200_000;
/// Sounds that users may upload; a further one is answered 507.
pub const USER_SOUNDS: usize = 5_000;
/// SSRCs of one stream under one SRTP key; packets of a further one are dropped and counted.
pub const SRTP_STREAMS: usize = 64;
/// Keys that a far end has left and whose used numbers are remembered; for a further one the oldest is forgotten.
pub const SRTP_PAST_KEYS: usize = 4;
/// `a=crypto` lines of one stream that are looked at; further ones are left out.
pub const CRYPTO_LINES: usize = 16;

/// Packets of one stream that wait to be played; one whose number is further ahead begins anew.
pub const JITTER_PACKETS: usize = 64;
/// The least time a packet waits for those that are slower.
pub const JITTER_LEAST: Duration = Duration::from_millis(20);
/// The most; what would wait longer is left out.
pub const JITTER_MOST: Duration = Duration::from_millis(200);
/// Milliseconds of audio in one packet (RFC 6716 §3.2.5); a longer one is damaged.
pub const AUDIO_PACKET_MS: u32 = 120;

/// Taps set at a time at one media worker; one more ends at once.
pub const TAPS: usize = 64;
/// Seconds of audio that may be said into a tap ahead of time; what is more is left out.
pub const TAP_AHEAD_SECS: usize = 30;

/// Spots of one call on lines of the floor; further ones are left out.
pub const SPOTS: usize = 64;
/// Stations whose last numbers are remembered for redial; of further ones they are not.
pub const LASTS: usize = 100_000;
/// Octets of an XML document that a phone sends; more is not read.
pub const XML_TEXT: usize = 16_384;
/// Elements of such a document; more is not read.
pub const XML_ELEMENTS: usize = 64;
/// Dialogs that one document about a line lists, oldest first; further ones are left out.
pub const LAMP_DIALOGS: usize = 8;
/// Legs that a call remembers, those that are over included; no further one is added.
pub const LEGS_PER_CALL: usize = 64;
/// Phones that one page reaches; further ones are left out.
pub const PAGE_PHONES: usize = 30;
/// Supervisors who take part in one call; a further one is refused.
pub const SUPERVISORS: usize = 8;
/// Far ends that talk within one call; a further one is refused.
pub const MEETING_MEMBERS: usize = 32;
