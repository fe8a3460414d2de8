//! One leg's side of the offer/answer exchange (RFC 3264), with our media port in the middle.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use base::PortId;
use base::media::{Codec, Dtmf, MediaCommand, MediaRule, PortLease, Remote, Standing};
use sdp::{Direction, Numbers, Sdp};
use sip::message::multipart::{Part, is_multipart, parts};
use sip::message::{Header, Message};

use crate::headers;
use crate::secure::Secure;

const SDP: &str = "application/sdp";

/// What a leg and we have told each other about media.
#[derive(Debug)]
pub(crate) struct Negotiation {
    lease: PortLease,
    ours: Ours,
    theirs: Theirs,
    secure: Secure,
    local: Option<Sdp>,
    /// An offer of ours in a re-INVITE that asks for something else than before.
    asked: Option<Box<Sdp>>,
    /// Which way the far end's media flows, as it said last.
    theirs_flows: Option<Direction>,
    /// The name of what it is sent.
    codec: Box<str>,
    /// What payload type numbers mean in this dialog.
    numbers: Numbers,
    /// What the other leg takes as it comes: of several codecs that this far end takes, it is sent that one.
    in_use: Option<Codec>,
    open: bool,
    secured: bool,
    /// The worker was told of early standing.
    told_early: bool,
}

/// Our end of a stream.
#[derive(Debug)]
pub(crate) struct Ours {
    /// Our address as the far end reaches it.
    pub(crate) ip: IpAddr,
    /// All media ports of the node.
    pub(crate) ports: RangeInclusive<u16>,
    /// Any number, kept for the dialog.
    pub(crate) session_id: u64,
}

/// Who the far end is.
#[derive(Debug)]
pub(crate) struct Theirs {
    /// Where its signalling comes from.
    pub(crate) host: IpAddr,
    /// Whose media else is taken for its own.
    pub(crate) rule: MediaRule,
    pub(crate) standing: Standing,
    /// How it sends digits and takes them.
    pub(crate) dtmf: Dtmf,
}

/// A body that cannot be used: the request gets 488 or 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// Of a type we do not take: 415.
    Type,
    /// Packed in a way that we do not unpack: 415.
    Packed,
    /// Not SDP: 400.
    Syntax,
    /// No stream or codec we can carry: 488.
    Media,
    /// None that is encrypted as it must be, or that is plain as it must be: 488.
    Secrecy,
}

impl Negotiation {
    pub(crate) fn new(lease: PortLease, ours: Ours, theirs: Theirs, secure: Secure) -> Self {
        Self {
            lease,
            ours,
            theirs,
            secure,
            local: None,
            asked: None,
            theirs_flows: None,
            codec: Box::default(),
            numbers: Numbers::default(),
            in_use: None,
            open: true,
            secured: false,
            told_early: false,
        }
    }

    pub(crate) fn port(&self) -> PortId {
        self.lease.port
    }

    /// How digits go to the far end and come from it.
    pub(crate) fn dtmf(&self) -> Dtmf {
        self.theirs.dtmf
    }

    /// What we have last said of our media: what a refresh repeats.
    pub(crate) fn local(&self) -> Option<&Sdp> {
        self.local.as_ref()
    }

    /// The name of what it is sent, such as `PCMU`; empty before anything is agreed.
    pub(crate) fn codec(&self) -> &str {
        &self.codec
    }

    /// Which way the far end's media flows, from its side; `None` before it has said.
    pub(crate) fn theirs(&self) -> Option<Direction> {
        self.theirs_flows
    }

    /// Keeps an offer of ours until it is answered.
    pub(crate) fn ask(&mut self, offer: Sdp) {
        self.asked = Some(Box::new(offer));
    }

    /// The offer that was kept.
    pub(crate) fn take_asked(&mut self) -> Option<Sdp> {
        self.asked.take().map(|offer| *offer)
    }

    /// Whether the port still belongs to this leg.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether what was agreed last is encrypted.
    pub(crate) fn is_secured(&self) -> bool {
        self.secured
    }

    /// Gives the port up; `true` the first time.
    pub(crate) fn close(&mut self) -> bool {
        std::mem::replace(&mut self.open, false)
    }

    /// The other leg's offer as an offer to this far end: anchored at our port, codecs of `allowed` only, with those
    /// that we can make of what the other leg offers.
    pub(crate) fn pass_offer(&self, offer: &Sdp, allowed: &[String]) -> Result<Sdp, BadBody> {
        self.pass_offer_flowing(offer, allowed, None)
    }

    /// The same, flowing otherwise than the other leg says.
    pub(crate) fn pass_offer_flowing(
        &self,
        offer: &Sdp,
        allowed: &[String],
        direction: Option<Direction>,
    ) -> Result<Sdp, BadBody> {
        let mut body = sdp::anchor(offer, &sdp::Ours { direction, ..self.ours(false) });
        if body.fax().is_some() {
            self.secure.permit_fax()?;
        } else {
            sdp::widen(&mut body, allowed, &self.numbers).map_err(|_none_left| BadBody::Media)?;
            self.secure.offer(&mut body, self.local.as_ref());
        }
        if let Some(before) = &self.local {
            body.pad_like(before);
        }
        self.complete(&mut body);
        Ok(body)
    }

    /// The other leg's answer as the answer to this far end's `offer`, and which of the other leg's codecs is then in
    /// use.
    pub(crate) fn pass_answer(
        &self,
        answer: &Sdp,
        offer: &Sdp,
        order: &[String],
    ) -> Result<(Sdp, Option<Codec>), BadBody> {
        let mux = offer.audio().is_some_and(sdp::Media::rtcp_mux);
        let flows = answer.direction().and(offer.direction().reversed());
        let direction = (answer.audio().is_some() && flows != answer.direction()).then_some(flows);
        let mut body = sdp::anchor(answer, &sdp::Ours { direction, ..self.ours(mux) });
        let in_use = sdp::narrow(&mut body, offer, order).map_err(|_nothing_common| BadBody::Media)?;
        self.secure.answer(&mut body, offer);
        body.pad_like(offer);
        self.complete(&mut body);
        Ok((body, in_use))
    }

    /// Of several codecs that this far end takes, the one that the other leg takes as it comes.
    pub(crate) fn prefer(&mut self, in_use: Option<Codec>) {
        self.in_use = in_use;
    }

    /// Our own answer, when Tandem itself is the far end.
    pub(crate) fn own_answer(&self, offer: &Sdp, codecs: &[&str]) -> Result<Sdp, BadBody> {
        let ours = self.ours(offer.audio().is_some_and(sdp::Media::rtcp_mux));
        let mut body = sdp::make_answer(offer, &ours, codecs).map_err(|_none| BadBody::Media)?;
        self.secure.answer(&mut body, offer);
        self.complete(&mut body);
        Ok(body)
    }

    /// Our own offer, when Tandem itself is the far end and the caller sent none.
    pub(crate) fn own_offer(&self, codecs: &[&str]) -> Result<Sdp, BadBody> {
        let body = sdp::make_offer(&self.ours(false), codecs, &self.numbers);
        let mut body = body.map_err(|_none| BadBody::Media)?;
        self.secure.offer(&mut body, self.local.as_ref());
        self.complete(&mut body);
        Ok(body)
    }

    /// Both halves are known: remembers ours and tells the worker about theirs.
    pub(crate) fn agree(&mut self, local: &Sdp, remote: &Sdp) -> MediaCommand {
        self.local = Some(local.clone());
        self.theirs_flows = Some(remote.direction());
        self.numbers.learn(remote);
        self.numbers.learn(local);
        let mut read = self.secure.enforce(sdp::remote(remote, Some(local)), remote);
        if let Some(in_use) = self.in_use {
            read.payloads.sort_by_key(|payload| payload.codec != in_use);
        }
        self.codec = name_of_first(&read, remote);
        self.secured = read.keys.is_some();
        let standing = self.theirs.standing;
        self.told_early |= standing == Standing::Early;
        let remote = Remote {
            rtp: read.rtp.filter(|at| self.may_send_to(*at)),
            rtcp: read.rtcp.filter(|at| self.may_send_to(*at)),
            host: Some(self.theirs.host),
            rule: self.theirs.rule.clone(),
            standing,
            dtmf: self.theirs.dtmf,
            ..read
        };
        MediaCommand::Remote { port: self.port(), remote }
    }

    /// The far end has shown that it reads what we send; the worker is told if that changes anything.
    pub(crate) fn settle(&mut self) -> Option<MediaCommand> {
        self.theirs.standing = Standing::Settled;
        let told_early = std::mem::replace(&mut self.told_early, false);
        (told_early && self.open).then_some(MediaCommand::Settle { port: self.port() })
    }

    /// Whether what is said to whoever made this offer could be meant for a third host that it has named in bad faith.
    pub(crate) fn may_be_turned_on_another(&self, offer: &Sdp) -> bool {
        let trusted =
            |ip| self.theirs.rule.from.iter().flat_map(|from| from.iter()).any(|net| net.contains(ip));
        let named = sdp::remote(offer, None).rtp.map(|rtp| rtp.ip());
        self.theirs.standing == Standing::Early
            && named.is_some_and(|ip| ip != self.theirs.host.to_canonical() && !trusted(ip))
    }

    /// Media for our own ports would go round for ever, and what is close to this machine alone is named by nobody far
    /// from it.
    fn may_send_to(&self, at: SocketAddr) -> bool {
        let (ip, host) = (at.ip(), self.theirs.host.to_canonical());
        let is_ours = ip == self.ours.ip && self.ours.ports.contains(&at.port());
        let too_close =
            (ip.is_loopback() && !host.is_loopback()) || (is_link_local(ip) && !is_link_local(host));
        !is_ours && !too_close
    }

    fn ours(&self, rtcp_mux: bool) -> sdp::Ours {
        sdp::Ours {
            ip: self.ours.ip,
            rtp_port: self.lease.rtp,
            session_id: self.ours.session_id,
            version: 1,
            rtcp_mux,
            direction: None,
        }
    }

    /// Leaves out what this far end does not do, and numbers the body.
    fn complete(&self, body: &mut Sdp) {
        if !self.theirs.dtmf.has_events() {
            sdp::without_events(body);
        }
        if let Some(previous) = &self.local {
            body.number_after(previous);
        }
    }
}

/// The name of the first agreed codec that carries speech.
fn name_of_first(agreed: &Remote, theirs: &Sdp) -> Box<str> {
    let aside = [Codec::TelephoneEvent, Codec::ComfortNoise];
    let first = agreed.payloads.iter().find(|payload| !aside.contains(&payload.codec));
    let name = first.zip(theirs.audio()).and_then(|(payload, audio)| {
        sdp::codec_of(audio, &payload.number.to_string()).map(|codec| codec.name.to_ascii_uppercase())
    });
    name.unwrap_or_default().into()
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The SDP a message carries, alone or as one of several parts: `None` without one.
pub(crate) fn body_of(message: &Message) -> Result<Option<Sdp>, BadBody> {
    let body = message.body();
    if body.is_empty() {
        return Ok(None);
    }
    let kind = message.header(Header::ContentType).unwrap_or_default();
    if message.values(Header::ContentEncoding).any(|packing| !packing.eq_ignore_ascii_case("identity")) {
        return Err(BadBody::Packed);
    }
    if is_multipart(kind) {
        return sdp_among(&parts(kind, &body).map_err(|_bad| BadBody::Syntax)?);
    }
    let is_sdp = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SDP));
    if is_sdp {
        return Sdp::parse(&body).map(Some).map_err(|_fault| BadBody::Syntax);
    }
    let disposition = message.header(Header::ContentDisposition).unwrap_or_default();
    if is_optional(disposition) { Ok(None) } else { Err(BadBody::Type) }
}

/// The SDP among parts: the first, or of a choice the last, which is the best (RFC 2046 §5.1.4).
fn sdp_among(found: &[Part<'_>]) -> Result<Option<Sdp>, BadBody> {
    let unknown = |part: &Part<'_>| part.is_required() && !part.is(SDP) && !headers::is_carried(part);
    if found.iter().any(|part| part.choice == 0 && unknown(part)) {
        return Err(BadBody::Type);
    }
    let sdps = || found.iter().filter(|part| part.is(SDP));
    let Some(first) = sdps().next() else { return Ok(None) };
    let of_choice = sdps().rfind(|part| part.choice == first.choice);
    let best = if first.choice == 0 { first } else { of_choice.unwrap_or(first) };
    if best.encoding.is_some() {
        return Err(BadBody::Packed);
    }
    Sdp::parse(best.body).map(Some).map_err(|_fault| BadBody::Syntax)
}

/// Whether a body may be passed over by who does not know its type (RFC 3261 §20.11).
fn is_optional(disposition: &str) -> bool {
    let mut params = disposition.split(';').skip(1).filter_map(|param| param.split_once('='));
    params.any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("handling") && value.trim().eq_ignore_ascii_case("optional")
    })
}

impl BadBody {
    /// The status for a request with such a body.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Type | Self::Packed => 415,
            Self::Syntax => 400,
            Self::Media | Self::Secrecy => 488,
        }
    }
}
