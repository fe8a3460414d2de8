//! The pictures of all shards as one, in the web layer's words.

use std::collections::BTreeMap;

use call::{BanView, CallView, RegistrationView, RoomView, ShardView};
use peer::{RegistrationState, TrunkView};
use webadmin::view;

use crate::hub::Hub;

/// What is going on now, on the whole node.
pub(crate) fn of(hub: &Hub) -> view::Live {
    let mut live = view::Live {
        node: hub.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: hub.started_at,
        ..view::Live::default()
    };
    let mut trunks = BTreeMap::new();
    for (place, shard) in hub.views().enumerate() {
        live.calls.extend(shard.calls.iter().map(call));
        // Every shard has a copy of all bindings and trunks; the first owns both.
        if place == 0 {
            live.registrations = shard.registrations.iter().map(registration).collect();
            live.registrations_total = u64::try_from(shard.registration_count).unwrap_or(u64::MAX);
            trunks = trunks_of(&shard);
            live.bans = shard.bans.iter().map(ban).collect();
            live.rooms = shard.rooms.iter().map(room).collect();
        }
    }
    live.calls.sort_by_key(|call| call.started_at);
    live.trunks = trunks.into_values().collect();
    live
}

fn trunks_of(shard: &ShardView) -> BTreeMap<String, view::TrunkView> {
    shard.trunks.iter().map(|it| (it.name.clone(), trunk(it))).collect()
}

fn call(call: &CallView) -> view::CallView {
    view::CallView {
        id: call.id.to_string(),
        started_at: call.started_at,
        answered_at: call.answered_at,
        from: call.from.clone(),
        caller: call.caller.clone(),
        caller_name: call.caller_name.clone(),
        dialled: call.dialled.clone(),
        to: call.to.clone(),
        state: call.state.to_owned(),
        codec: call.codec.clone(),
        session_id: format!("{:032x};remote={:032x}", call.session.0, call.session.1),
        user_to_user: call.user_to_user.clone(),
        legs: call.legs.iter().map(leg).collect(),
        recording: call.recording.to_owned(),
        slot: call.slot,
        supervision: call.supervision.as_ref().map(supervision),
        worker: call.worker,
        doing: view::DoingView {
            what: call.doing.what.to_owned(),
            by: call.doing.by,
            to: call.doing.to.clone(),
            answered: call.doing.answered,
            holder: call.doing.holder,
        },
        conference: call.conference.clone(),
        moderates: call.moderates,
        waits: call.waits,
        happenings: call.happenings.iter().map(happening).collect(),
    }
}

fn supervision(it: &call::SupervisionView) -> view::SupervisionView {
    view::SupervisionView {
        agent: it.agent.clone(),
        mode: it.mode.to_owned(),
        follow: it.follows,
        call: it.call.map(|call| call.to_string()),
    }
}

fn leg(leg: &call::LegView) -> view::LegView {
    view::LegView {
        endpoint: leg.endpoint.clone(),
        state: leg.state.to_owned(),
        silent: leg.silent,
        secured: leg.secured.to_owned(),
        heard: leg.heard.to_owned(),
        codec: leg.codec.clone(),
        flow: leg.flow.to_owned(),
        hears: leg.hears.clone(),
        in_room: leg.in_room,
        muted: leg.muted,
        deaf: leg.deaf,
        gain_db: f32::from(leg.gain) / 100.0,
        on_hold: leg.on_hold,
        wants_help: leg.wants_help,
        speaking: leg.speaking,
        media: leg.media,
        troubles: leg.troubles.clone(),
    }
}

fn happening(it: &call::HappeningView) -> view::HappeningView {
    view::HappeningView { at: it.at, leg: it.leg, what: it.what.to_owned(), detail: it.detail.clone() }
}

fn registration(it: &RegistrationView) -> view::RegistrationView {
    view::RegistrationView {
        extension: it.extension.clone(),
        contact: it.contact.clone(),
        source: it.source.clone(),
        transport: it.transport.to_owned(),
        user_agent: it.user_agent.clone(),
        expires_at: it.expires_at,
    }
}

fn room(it: &RoomView) -> view::RoomView {
    view::RoomView { name: it.name.clone(), locked: it.locked, recorded: it.recorded, muted: it.muted }
}

fn ban(it: &BanView) -> view::BanView {
    view::BanView { place: it.place.clone(), since: it.since, until: it.until, times: it.times }
}

fn trunk(it: &TrunkView) -> view::TrunkView {
    view::TrunkView {
        name: it.name.clone(),
        calls: it.calls.into(),
        registration: registration_text(&it.registration),
        peers: it.peers.iter().map(peer).collect(),
    }
}

fn peer(it: &peer::PeerView) -> view::PeerView {
    view::PeerView {
        uri: it.uri.clone(),
        up: it.up,
        since: it.since,
        failures: it.failures,
        rtt_ms: it.rtt_ms,
        targets: it.targets.iter().map(target).collect(),
    }
}

fn target(it: &peer::TargetView) -> view::TargetView {
    view::TargetView {
        transport: it.transport.param().to_owned(),
        address: it.addr.to_string(),
        up: it.up,
        since: it.since,
        failures: it.failures,
        rtt_ms: it.rtt_ms,
    }
}

fn registration_text(state: &RegistrationState) -> String {
    match state {
        RegistrationState::Off => "none".to_owned(),
        RegistrationState::Trying => "registering".to_owned(),
        RegistrationState::Registered { .. } => "registered".to_owned(),
        RegistrationState::Failed { status: 0, .. } => "failed: no answer".to_owned(),
        RegistrationState::Failed { status, .. } => format!("failed: {status}"),
    }
}
