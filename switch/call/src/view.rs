//! A picture of a shard for pages, the API and metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::media::LegMedia;
use base::wire::Transport;
use base::{CallId, Wall};
use peer::guard::Ban;
use peer::{Binding, TrunkView};
use provision::Settings;
use serde::Serialize;

/// Bindings that a view lists; the count is exact.
pub(crate) const LISTED: usize = 1_000;

/// What a shard shows of itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ShardView {
    /// Calls, oldest first.
    pub calls: Vec<CallView>,
    /// Registered contacts, at most 1,000.
    pub registrations: Vec<RegistrationView>,
    /// All registered contacts.
    pub registration_count: usize,
    /// Trunks.
    pub trunks: Vec<TrunkView>,
    /// What happened since the start, by name.
    pub counters: BTreeMap<&'static str, u64>,
    /// Finished calls by the word of their cause.
    pub endings: BTreeMap<&'static str, u64>,
    /// Media workers of the node.
    pub workers: u8,
    /// Bans that stand, the latest first, at most 1,000.
    pub bans: Vec<BanView>,
    /// Conferences whose PIN too many get wrong by this shard.
    pub guessed: Vec<String>,
    /// The first RTP ports have been leased: calls can get media.
    pub has_ports: bool,
    /// How people want calls to reach them.
    #[serde(skip)]
    pub settings: Arc<Settings>,
    /// Conferences that anybody is in, at any shard.
    pub rooms: Vec<RoomView>,
    /// What is held now.
    pub live: Live,
}

/// The room of a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomView {
    /// The conference.
    pub name: String,
    /// Nobody else comes in.
    pub locked: bool,
    /// It is recorded by order.
    pub recorded: bool,
    /// All but moderators are muted.
    pub muted: bool,
}

/// Things that must go back to zero when the last call has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Live {
    /// Calls, those whose last transactions run out included.
    pub calls: usize,
    /// Legs in a dialog or on the way to one.
    pub legs: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// RTP ports that legs hold.
    pub ports: usize,
    /// Dialogs that requests are matched to.
    pub dialogs: usize,
    /// What is remembered of legs that have moved between shards.
    pub moved: usize,
    /// Calls of any shard that stand on a line.
    pub on_lines: usize,
}

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct CallView {
    /// Which.
    pub id: CallId,
    /// When the INVITE came.
    pub started_at: Wall,
    /// When it was answered.
    pub answered_at: Option<Wall>,
    /// `ringing`, `talking` or `ending`.
    pub state: &'static str,
    /// From which trunk or station.
    pub from: String,
    /// The caller's number.
    pub caller: String,
    /// The caller's name.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// Where it was routed.
    pub to: String,
    /// The codec; empty before the answer.
    pub codec: String,
    /// Its Session-ID (RFC 7989): the caller's name, then the callee's, 0 while that is not known.
    pub session: (u128, u128),
    /// What the caller's side tells the callee's; mostly empty.
    pub user_to_user: String,
    /// Its legs, the caller's first.
    pub legs: Vec<LegView>,
    /// `on` or `paused` while it is recorded, else empty.
    pub recording: &'static str,
    /// The slot where somebody of it is parked.
    pub slot: Option<u32>,
    /// Whom its caller, a supervisor, listens to.
    pub supervision: Option<SupervisionView>,
    /// The media worker of its ports.
    pub worker: u8,
    /// What somebody in it has begun and not ended.
    pub doing: DoingView,
    /// The conference that it is in; mostly empty.
    pub conference: String,
    /// It moderates there.
    pub moderates: bool,
    /// It waits there for a moderator.
    pub waits: bool,
    /// What was heard in it, the latest last.
    pub happenings: Vec<HappeningView>,
}

/// A supervisor with an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupervisionView {
    /// The agent's extension.
    pub agent: String,
    /// `listen`, `whisper` or `barge`.
    pub mode: &'static str,
    /// Goes with each next call.
    pub follows: bool,
    /// The agent's call; `None` while there is none.
    pub call: Option<CallId>,
}

/// What somebody in a call has begun and not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DoingView {
    /// `transfer`, `consultation`, or empty.
    pub what: &'static str,
    /// The place of who began it, while still there.
    pub by: Option<usize>,
    /// To whom it leads.
    pub to: String,
    /// Whoever is asked has answered.
    pub answered: bool,
    /// The place of who keeps others waiting by the switch.
    pub holder: Option<usize>,
}

/// Something that was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HappeningView {
    /// When.
    pub at: Wall,
    /// The place of the leg.
    pub leg: usize,
    /// `digit`, `code`, `code_refused`, `detected`, `trouble`, `trouble_over`, `prompt_missing`, `not_understood`, `silent`, `heard`
    /// or `tapped`.
    pub what: &'static str,
    /// Which.
    pub detail: String,
}

/// One leg.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LegView {
    /// Who stands there.
    pub endpoint: String,
    /// `incoming`, `calling`, `ringing`, `talking` or `ended`.
    pub state: &'static str,
    /// Its media is missing.
    pub silent: bool,
    /// `srtp` when its media is encrypted, `srtp-open` when the keys were told in the clear, else empty.
    pub secured: &'static str,
    /// What was last heard of all that is listened for on it: `ringback`, `fax_calling`, `speech`…; mostly empty.
    pub heard: &'static str,
    /// What it is sent, such as `PCMU`; empty before anything is agreed.
    pub codec: String,
    /// Which way its media flows, from its side: `sendrecv`, `sendonly`, `recvonly` or `inactive`; empty before.
    pub flow: &'static str,
    /// The legs that it hears, by their place.
    pub hears: Vec<usize>,
    /// It hears a room, and speaks there.
    pub in_room: bool,
    /// Nobody hears it.
    pub muted: bool,
    /// It hears nobody.
    pub deaf: bool,
    /// How loud it is heard, in hundredths of a decibel.
    pub gain: i16,
    /// It hears music because the other one holds it.
    pub on_hold: bool,
    /// It asks for a supervisor's help.
    pub wants_help: bool,
    /// It is the one who speaks in its conference.
    pub speaking: bool,
    /// Figures of its media so far, the last five seconds for scores; all 0 before the first.
    pub media: LegMedia,
    /// What is wrong with its media now: `one_way`, `dead_air`, `from_nowhere 192.0.2.7:4000`.
    pub troubles: Vec<String>,
}

/// One ban that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BanView {
    /// `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/64`, `account:1001`.
    pub place: String,
    /// Since when.
    pub since: Wall,
    /// Until when.
    pub until: Wall,
    /// Which in a row.
    pub times: u8,
}

impl BanView {
    pub(crate) fn of(ban: &Ban) -> Self {
        Self { place: ban.place.to_string(), since: ban.since, until: ban.until, times: ban.times }
    }
}

/// One registered contact.
#[derive(Clone, Debug, Serialize)]
pub struct RegistrationView {
    /// The extension.
    pub extension: String,
    /// The contact URI.
    pub contact: String,
    /// Where it really is.
    pub source: String,
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: &'static str,
    /// The phone.
    pub user_agent: String,
    /// When it ends.
    pub expires_at: Wall,
}

impl RegistrationView {
    pub(crate) fn of(binding: &Binding) -> Self {
        Self {
            extension: binding.aor.clone(),
            contact: binding.contact.clone(),
            source: binding.flow.remote.to_string(),
            transport: match binding.flow.transport {
                Transport::Wss => "wss",
                other @ (Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Ws) => other.param(),
            },
            user_agent: binding.user_agent.clone(),
            expires_at: binding.expires_at,
        }
    }
}
