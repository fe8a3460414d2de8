//! The picture of the node that pages and the API show, as plain data.

use base::Wall;
use base::media::LegMedia;
use serde::{Serialize, Serializer};

/// What is going on now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Live {
    /// The node's name.
    pub node: String,
    /// Its version.
    pub version: String,
    /// When it started.
    #[serde(serialize_with = "rfc3339")]
    pub started_at: Wall,
    /// Calls up or being set up.
    pub calls: Vec<CallView>,
    /// Phones registered, at most 1,000 of each shard.
    pub registrations: Vec<RegistrationView>,
    /// How many are registered in all.
    pub registrations_total: u64,
    /// Every trunk.
    pub trunks: Vec<TrunkView>,
    /// Bans after failed logins, the latest first, at most 1,000.
    pub bans: Vec<BanView>,
    /// Conferences that anybody is in.
    pub rooms: Vec<RoomView>,
}

/// The room of a conference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

/// One ban that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BanView {
    /// `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/64`, `account:1001`.
    pub place: String,
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: Wall,
    /// Until when, if nothing more happens.
    #[serde(serialize_with = "rfc3339")]
    pub until: Wall,
    /// Which in a row; each is four times as long as the one before.
    pub times: u8,
}

/// One call that is up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallView {
    /// `call_…`.
    pub id: String,
    /// When the INVITE came.
    #[serde(serialize_with = "rfc3339")]
    pub started_at: Wall,
    /// When it was answered.
    #[serde(serialize_with = "rfc3339_option")]
    pub answered_at: Option<Wall>,
    /// `trunk:carrier`, `station:1001`.
    pub from: String,
    /// The caller's number or user.
    pub caller: String,
    /// The caller's display name.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// Where it went.
    pub to: String,
    /// `ringing`, `talking` or `ending`.
    pub state: String,
    /// The codec in use; empty before the answer.
    pub codec: String,
    /// Its Session-ID (RFC 7989) as the callee's legs bear it: `…;remote=…`.
    pub session_id: String,
    /// What the caller's side tells the callee's (User-to-User, RFC 7433); mostly empty.
    pub user_to_user: String,
    /// Its legs, the caller's first.
    pub legs: Vec<LegView>,
    /// `on` or `paused` while it is recorded, else empty.
    pub recording: String,
    /// The slot where somebody of it is parked.
    pub slot: Option<u32>,
    /// The agent whom its caller, a supervisor, listens to.
    pub supervision: Option<SupervisionView>,
    /// The media worker of its ports.
    pub worker: u8,
    /// What somebody in it has begun and not ended.
    pub doing: DoingView,
    /// The conference that it is in; mostly empty.
    pub conference: String,
    /// Whether it moderates there.
    pub moderates: bool,
    /// Whether it waits there for a moderator.
    pub waits: bool,
    /// What was heard in it, the latest last; at most 32.
    pub happenings: Vec<HappeningView>,
}

/// A supervisor with an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SupervisionView {
    /// The agent's extension.
    pub agent: String,
    /// `listen`, `whisper` or `barge`.
    pub mode: String,
    /// Whether it goes with each next call of the agent.
    pub follow: bool,
    /// The agent's call; none while it waits for one.
    pub call: Option<String>,
}

/// What somebody in a call has begun and not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DoingView {
    /// `transfer`, `consultation`, or empty.
    pub what: String,
    /// The place of the leg that began it, while it is there.
    pub by: Option<usize>,
    /// To whom it leads.
    pub to: String,
    /// Whether who is asked has answered.
    pub answered: bool,
    /// The place of the leg that keeps others waiting by the switch.
    pub holder: Option<usize>,
}

/// One leg of a call that is up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LegView {
    /// `trunk:carrier`, `station:1001`.
    pub endpoint: String,
    /// `incoming`, `calling`, `ringing`, `talking` or `ended`.
    pub state: String,
    /// Whether media that should be there is missing.
    pub silent: bool,
    /// `srtp` when its media is encrypted, `srtp-open` when its keys were told in the clear, else empty.
    pub secured: String,
    /// What was last heard of all that is listened for: `ringback`, `fax_calling`, `speech`…; mostly empty.
    pub heard: String,
    /// What it is sent, such as `PCMU`; empty before anything is agreed.
    pub codec: String,
    /// Which way its media flows, from its side: `sendrecv`, `sendonly`, `recvonly` or `inactive`; empty before.
    pub flow: String,
    /// The legs that it hears, by their place.
    pub hears: Vec<usize>,
    /// Whether it hears a conference and speaks there.
    pub in_room: bool,
    /// Whether nobody hears it.
    pub muted: bool,
    /// Whether it hears nobody.
    pub deaf: bool,
    /// How much louder it is heard than it comes, in decibels.
    pub gain_db: f32,
    /// Whether it hears music because the other one holds it.
    pub on_hold: bool,
    /// It asks for a supervisor's help.
    pub wants_help: bool,
    /// Whether it is the one who speaks in its conference.
    pub speaking: bool,
    /// Figures of its media so far; scores and shares are of the last five seconds, all is 0 before the first.
    pub media: LegMedia,
    /// What is wrong with its media now: `one_way`, `dead_air`, `from_nowhere 192.0.2.7:4000`.
    pub troubles: Vec<String>,
}

/// Something that was heard in a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HappeningView {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Wall,
    /// The place of the leg.
    pub leg: usize,
    /// `digit`, `detected`, `trouble`, `trouble_over`, `prompt_missing`, `not_understood`, `silent`, `heard`
    /// or `tapped`.
    pub what: String,
    /// Which.
    pub detail: String,
}

/// One registered phone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegistrationView {
    /// The extension.
    pub extension: String,
    /// The address it gave.
    pub contact: String,
    /// The address it came from.
    pub source: String,
    /// `udp` or `tcp`.
    pub transport: String,
    /// What it says it is.
    pub user_agent: String,
    /// When the registration ends.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: Wall,
}

/// One trunk as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrunkView {
    /// Its name.
    pub name: String,
    /// Calls over it now.
    pub calls: u64,
    /// `none`, `registering`, `registered`, `failed: …`.
    pub registration: String,
    /// Its peers.
    pub peers: Vec<PeerView>,
}

/// One peer of a trunk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerView {
    /// Its SIP URI.
    pub uri: String,
    /// Whether calls go there.
    pub up: bool,
    /// Since when it is so.
    #[serde(serialize_with = "rfc3339")]
    pub since: Wall,
    /// Failures in a row.
    pub failures: u32,
    /// The time to the last OPTIONS answer, in milliseconds.
    pub rtt_ms: Option<u32>,
    /// Where the DNS or its URI says it is; none while that is not known.
    pub targets: Vec<TargetView>,
}

/// One address of a peer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetView {
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// The address with its port.
    pub address: String,
    /// Whether calls go there before those that are down.
    pub up: bool,
    /// Since when it is so.
    #[serde(serialize_with = "rfc3339")]
    pub since: Wall,
    /// Failures in a row.
    pub failures: u32,
    /// The time to the last OPTIONS answer, in milliseconds.
    pub rtt_ms: Option<u32>,
}

/// A time as RFC 3339 in UTC with milliseconds; the years jiff cannot express print as the epoch.
pub(crate) fn text(at: Wall) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    format!("{at:.3}")
}

fn rfc3339<S: Serializer>(at: &Wall, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*at))
}

fn rfc3339_option<S: Serializer>(at: &Option<Wall>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_in_utc_with_milliseconds() {
        assert_eq!(text(Wall(1_700_000_000_123_456)), "2023-11-14T22:13:20.123Z");
    }
}
