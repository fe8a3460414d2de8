//! An INVITE that begins a call: who sends it, where it goes, and whether the node takes it.

use base::fact::Endpoint;
use base::wire::Flow;
use base::{Cause, Now, Why};
use phone::floor::Spot;
use provision::{Role, Trunk};
use route::{Feature, Inquiry, Local, Origin, Verdict};
use sip::ServerId;
use sip::message::{Header, Message, Uri};

use super::Shard;
use super::digest::AskAs;
use super::way::phone_host;
use crate::call::{Arrival, Keyed, read_replaces, session_policy};
use crate::headers::{self, Trust};
use crate::io::ShardOutput;
use crate::letter::DialogName;
use crate::reply;

/// Who sends the INVITE, once that is certain.
pub(super) struct Caller {
    pub(super) from: Endpoint,
    /// As the trunk sent it; the routing rules rewrite it themselves.
    pub(super) claimed: String,
    pub(super) number: String,
    pub(super) name: String,
    pub(super) withheld: bool,
    /// Number and name are known, or somebody we trust stands for them.
    pub(super) asserted: bool,
    pub(super) trust: Trust,
    codecs: Vec<String>,
}

impl Shard {
    pub(super) fn invited(&mut self, now: Now, id: ServerId, request: Message, flow: Flow) {
        if request.header(Header::Contact).is_none() {
            return self.refuse(now, id, 400);
        }
        let Some(mut caller) = self.identify(now, id, &request, flow) else { return };
        let session = session_policy(&self.config, &self.routes, &caller.from);
        if let Err(brief) = session.judge(&request) {
            return self.stack.respond(now, id, reply::too_brief(&request, brief, &self.config));
        }
        let Some(mut dialled) = request.uri().ok().as_ref().and_then(dialled) else {
            return self.refuse(now, id, 404);
        };
        if let (Endpoint::Station(_), Some(number)) = (&caller.from, route::behind_withhold(&dialled)) {
            caller.withheld = true;
            dialled = number.to_owned();
        }
        let from = origin(&caller.from);
        let replaces = match self.replaced_by(&caller, &request) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(now, id, status),
        };
        let seed = self.entropy.next_u64();
        let decide = |dialled: &str| {
            let (caller, withheld, settings) = (&caller.claimed, caller.withheld, &self.settings);
            route::decide(
                &self.routes,
                &Inquiry { from, dialled, caller, withheld, settings, seed, at: now.wall },
            )
        };
        let (verdict, why) = self.decided(from, &mut dialled, decide);
        let keyed = match from {
            Origin::Station(own) if matches!(verdict, Verdict::Refuse(_)) => {
                Keyed::on_second_line(&self.floor, own, &dialled)
            }
            Origin::Station(_) | Origin::Trunk(_) => None,
        };
        let emergency = matches!(verdict, Verdict::Trunks { emergency: true, .. });
        if !emergency && let Err(cause) = self.gate.pass(now.mono, self.calls.len()) {
            self.count("calls_over_limit");
            return self.refuse(now, id, cause.sip());
        }
        let (verdict, why, admitted) = self.admit(now, &caller, verdict, why, emergency);
        let media_host = self.config.is_edge(flow.remote.ip()).then(|| phone_host(&request)).flatten();
        let arrival = Arrival {
            call: self.ids.call(),
            leg: self.ids.leg(),
            server: id,
            to: words(&verdict),
            request,
            flow,
            from: caller.from,
            caller: caller.number,
            caller_name: caller.name,
            withheld: caller.withheld,
            asserted: caller.asserted,
            trust: caller.trust,
            dialled,
            verdict,
            replaces,
            keyed,
            why,
            codecs: caller.codecs,
            media_host,
            admitted,
        };
        self.begin(now, arrival);
    }

    /// Where the call goes. What a code stands for is filled in: a favourite's number, the number that was dialled last,
    /// and who called last.
    fn decided(
        &self,
        from: Origin<'_>,
        dialled: &mut String,
        decide: impl Fn(&str) -> (Verdict, Why),
    ) -> (Verdict, Why) {
        let Origin::Station(own) = from else { return decide(dialled) };
        if let Some(number) = self.routes.favourite(own, dialled) {
            number.clone_into(dialled);
        }
        let (mut verdict, why) = decide(dialled);
        let Verdict::Local(Local::Feature { feature, rest }) = &mut verdict else { return (verdict, why) };
        if *feature == Feature::LastCaller {
            self.lasts.caller(own).unwrap_or_default().clone_into(rest);
        } else if *feature == Feature::Redial
            && let Some(last) = self.lasts.dialled(own)
        {
            last.clone_into(dialled);
            return decide(last);
        }
        (verdict, why)
    }

    /// The dialog that the INVITE of a phone of ours wants to replace. Of a carrier it means nothing here: it would take
    /// calls over.
    fn replaced_by(&self, caller: &Caller, request: &Message) -> Result<Option<DialogName>, u16> {
        let mut values = request.values(Header::Replaces);
        let is_phone = matches!(caller.from, Endpoint::Station(_));
        let Some(value) = values.next().filter(|_| is_phone) else { return Ok(None) };
        match (read_replaces(value), values.next()) {
            (Ok(mut name), None) => match self.may_take(&caller.from, &mut name) {
                true => Ok(Some(name)),
                false => Err(403),
            },
            (Ok(_), Some(_)) | (Err(_), _) => Err(400),
        }
    }

    fn is_carriers(&self, name: &DialogName) -> bool {
        let key = (name.call_id.as_str().into(), name.to.as_str().into());
        let at = self.dialogs.get(&key).and_then(|(call, leg)| self.calls.get(call)?.call.far_end(*leg));
        at.is_some_and(|(endpoint, _)| !matches!(endpoint, Endpoint::Station(_)))
    }

    /// Whether a phone may take this dialog's place: its own line's, one that is parked, one that rings in its group.
    fn may_take(&self, from: &Endpoint, name: &mut DialogName) -> bool {
        let Endpoint::Station(own) = from else { return false };
        // What nobody stands at is not there: the call refuses it. A carrier's end is nobody's to take, unless it is parked.
        let Some(at) = self.floor.by_dialog(&name.call_id, [&name.to, &name.from]) else {
            return !self.is_carriers(name);
        };
        // A phone that saw the dialog on another one's line may name its tags the other way round.
        name.to = at.spot.dialog.ours.to_string();
        name.from = at.spot.dialog.theirs.to_string();
        let is_parked = |spot: &Spot| spot.leg == at.spot.leg && spot.line.starts_with("park.");
        let rings = at.spot.role == phone::floor::Role::Recipient && !at.spot.state.is_answered();
        *at.spot.line == **own
            || self.floor.spots_of(at.call).iter().any(is_parked)
            || rings && self.routes.may_pick_up(own, &at.spot.line)
    }

    /// A trunk by its address, else a station by its password; `None` when the request has been answered.
    pub(super) fn identify(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        flow: Flow,
    ) -> Option<Caller> {
        let Ok(from) = request.from() else {
            self.refuse(now, id, 400);
            return None;
        };
        // An edge proxy's address says nothing about who is behind it.
        let is_edge = self.config.is_edge(flow.remote.ip());
        if let Some(name) = self.trunk_at(flow).filter(|_| !is_edge) {
            self.knows(flow);
            let route = self.routes.trunk(&name)?;
            let trust = if route.trunk().trust { Trust::Full } else { Trust::None };
            let claim = headers::claim(request, &from, trust);
            return Some(Caller {
                number: route.caller_in(&claim.user),
                claimed: claim.user,
                name: claim.name,
                withheld: claim.withheld,
                asserted: claim.asserted,
                trust,
                codecs: route.trunk().codecs.clone(),
                from: Endpoint::Trunk(name),
            });
        }
        let extension = self.authenticate(now, id, request, AskAs::Proxy)?;
        let station = self.routes.station(&extension)?;
        let claim = headers::claim(request, &from, Trust::None);
        let is_admin = self.routes.user(&station.user).is_some_and(|user| user.role >= Role::Admin);
        Some(Caller {
            name: self.name_of(station, claim.name),
            withheld: claim.withheld,
            asserted: true,
            trust: if is_admin { Trust::Admin } else { Trust::None },
            codecs: station.codecs.clone(),
            number: extension.clone(),
            claimed: extension.clone(),
            from: Endpoint::Station(extension),
        })
    }

    /// Tells the network that this path is no stranger's.
    pub(super) fn knows(&mut self, flow: Flow) {
        if let Some(conn) = flow.conn {
            self.outputs.push_back(ShardOutput::Known(conn));
        }
    }

    /// The name shown for a station: its own, its user's, else what the phone says.
    fn name_of(&self, station: &provision::Station, claimed: String) -> String {
        let of_user = || self.routes.user(&station.user).map(|user| user.name.clone());
        Some(station.name.clone())
            .filter(|name| !name.is_empty())
            .or_else(|| of_user().filter(|name| !name.is_empty()))
            .unwrap_or(claimed)
    }

    /// The trunk that may send calls by this path: one whose name its certificate bears, one that lists the
    /// address, or one that we register with there.
    pub(super) fn trunk_at(&self, flow: Flow) -> Option<String> {
        let source = flow.remote.ip();
        let proofs = flow.conn.and_then(|conn| self.proofs.get(&conn));
        if let Some(trunk) = proofs.and_then(|proofs| self.routes.trunk_by_proof(proofs, source)) {
            return Some(trunk.name.clone());
        }
        if let Some(trunk) = self.routes.trunk_by_source(source) {
            return Some(trunk.name.clone());
        }
        let by_address = |trunk: &&Trunk| trunk.hosts.is_empty() && trunk.tls_name.is_empty();
        let mut registers = self.routes.trunks().filter(|trunk| trunk.register).filter(by_address);
        registers.find(|trunk| self.trunks.is_at(&trunk.name, 0, source)).map(|trunk| trunk.name.clone())
    }

    /// The caps of the caller's trunk or station.
    fn admit(
        &mut self,
        now: Now,
        caller: &Caller,
        verdict: Verdict,
        why: Why,
        emergency: bool,
    ) -> (Verdict, Why, Vec<String>) {
        match &caller.from {
            Endpoint::Trunk(name) => match self.trunks.admit(now, name, emergency) {
                Ok(()) => (verdict, why, vec![name.clone()]),
                Err(refusal) => {
                    let why = Why::new(format!("trunk {name}: {refusal}"));
                    (Verdict::Refuse(Cause::LimitReached), why, Vec::new())
                }
            },
            Endpoint::Station(extension) => {
                let cap = self.routes.station(extension).map_or(0, |station| station.max_calls);
                if !emergency && self.has_full_line(extension, cap) {
                    let why = Why::new(format!("station {extension} has {cap} calls, as many as it may"));
                    return (Verdict::Refuse(Cause::LimitReached), why, Vec::new());
                }
                (verdict, why, Vec::new())
            }
            Endpoint::Local(_) | Endpoint::Stranger(_) => (verdict, why, Vec::new()),
        }
    }
}

/// Where a far end's calls come from.
pub(super) fn origin(from: &Endpoint) -> Origin<'_> {
    match from {
        Endpoint::Trunk(name) => Origin::Trunk(name),
        Endpoint::Station(name) | Endpoint::Local(name) | Endpoint::Stranger(name) => Origin::Station(name),
    }
}

/// What was dialled; nothing else of the Request-URI, its host included, says where a call goes.
pub(super) fn dialled(uri: &Uri) -> Option<String> {
    Some(headers::user_of(uri)).filter(|dialled| !dialled.is_empty())
}

/// A verdict in provisioning's words.
pub(crate) fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Ring(plan) => plan.name.clone(),
        Verdict::Onward(onward) => onward.by.to_string(),
        Verdict::Trunks { tries, .. } => {
            tries.iter().map(|attempt| format!("trunk:{}", attempt.trunk)).collect::<Vec<_>>().join(",")
        }
        Verdict::Local(Local::Echo) => "echo".to_owned(),
        Verdict::Local(Local::Milliwatt) => "milliwatt".to_owned(),
        Verdict::Local(Local::Reach(_)) => "settings".to_owned(),
        Verdict::Local(Local::OwnNumber) => "own-number".to_owned(),
        Verdict::Local(Local::Feature { feature, rest }) if rest.is_empty() => {
            format!("feature:{}", feature.standard().name)
        }
        Verdict::Local(Local::Feature { feature, rest }) => {
            format!("feature:{} {rest}", feature.standard().name)
        }
        Verdict::Local(Local::Slot { lot, slot: None }) => format!("parking:{lot}"),
        Verdict::Local(Local::Slot { slot: Some(slot), .. }) => format!("slot:{slot}"),
        Verdict::Local(Local::Conference { name, .. }) => format!("conference:{name}"),
        Verdict::Local(Local::Voicemail { mailbox, .. }) => format!("voicemail:{mailbox}"),
        Verdict::Local(Local::Mailbox { own }) => format!("mailbox:{}", own.as_deref().unwrap_or("any")),
        Verdict::Local(Local::Play { prompt, times, .. }) => {
            provision::Destination::Play { prompt: prompt.clone(), times: *times }.to_string()
        }
        Verdict::Local(Local::Test(target)) => provision::Destination::Test(*target).to_string(),
        Verdict::Refuse(_) => "hangup".to_owned(),
    }
}
