//! One leg's side of the offer/answer exchange (RFC 3264), with our media port in the middle.

use std::net::IpAddr;

use base::PortId;
use base::media::{MediaCommand, PortLease};
use sdp::{Ours, Sdp};
use sip::message::Message;

/// What a leg and we have told each other about media.
#[derive(Debug)]
pub(crate) struct Negotiation {
    lease: PortLease,
    ip: IpAddr,
    far: IpAddr,
    session_id: u64,
    local: Option<Sdp>,
    open: bool,
}

/// A body that cannot be used: the request gets 488 or 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// Of a type we do not take: 415.
    Type,
    /// Not SDP: 400.
    Syntax,
    /// No stream or codec we can carry: 488.
    Media,
}

impl Negotiation {
    /// `ip` is our address as the far end reaches it, `far` where its signalling comes from; `session_id` any number, kept for the dialog.
    pub(crate) fn new(lease: PortLease, ip: IpAddr, far: IpAddr, session_id: u64) -> Self {
        Self { lease, ip, far, session_id, local: None, open: true }
    }

    pub(crate) fn port(&self) -> PortId {
        self.lease.port
    }

    /// What we have last said of our media: what a refresh repeats.
    pub(crate) fn local(&self) -> Option<&Sdp> {
        self.local.as_ref()
    }

    /// Whether the port still belongs to this leg.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Gives the port up; `true` the first time.
    pub(crate) fn close(&mut self) -> bool {
        std::mem::replace(&mut self.open, false)
    }

    /// The other leg's offer as an offer to this far end: anchored at our port, codecs of `allowed` only.
    pub(crate) fn pass_offer(&self, offer: &Sdp, allowed: &[String]) -> Result<Sdp, BadBody> {
        let mut body = self.anchored(offer, false);
        if !allowed.is_empty() {
            let names: Vec<&str> = allowed.iter().map(String::as_str).collect();
            sdp::restrict(&mut body, &names).map_err(|_none_left| BadBody::Media)?;
        }
        Ok(body)
    }

    /// The other leg's answer as the answer to this far end's `offer`.
    pub(crate) fn pass_answer(&self, answer: &Sdp, offer: &Sdp) -> Sdp {
        let mux = offer.audio().is_some_and(sdp::Media::rtcp_mux);
        let mut body = self.anchored(answer, mux);
        body.pad_like(offer);
        body
    }

    /// Our own answer, when Tandem itself is the far end.
    pub(crate) fn own_answer(&self, offer: &Sdp, codecs: &[&str]) -> Result<Sdp, BadBody> {
        let ours = self.ours(offer.audio().is_some_and(sdp::Media::rtcp_mux));
        let mut body = sdp::make_answer(offer, &ours, codecs).map_err(|_none| BadBody::Media)?;
        self.number(&mut body);
        Ok(body)
    }

    /// Our own offer, when Tandem itself is the far end and the caller sent none.
    pub(crate) fn own_offer(&self, codecs: &[&str]) -> Result<Sdp, BadBody> {
        let mut body = sdp::make_offer(&self.ours(false), codecs).map_err(|_none| BadBody::Media)?;
        self.number(&mut body);
        Ok(body)
    }

    /// Both halves are known: remembers ours and tells the worker about theirs.
    pub(crate) fn agree(&mut self, local: &Sdp, remote: &Sdp) -> MediaCommand {
        self.local = Some(local.clone());
        let remote = base::media::Remote { host: Some(self.far), ..sdp::remote(remote, Some(local)) };
        MediaCommand::Remote { port: self.port(), remote }
    }

    fn anchored(&self, body: &Sdp, mux: bool) -> Sdp {
        let mut out = sdp::anchor(body, &self.ours(mux));
        self.number(&mut out);
        out
    }

    fn ours(&self, rtcp_mux: bool) -> Ours {
        Ours {
            ip: self.ip,
            rtp_port: self.lease.rtp,
            session_id: self.session_id,
            version: 1,
            rtcp_mux,
            direction: None,
        }
    }

    fn number(&self, body: &mut Sdp) {
        if let Some(previous) = &self.local {
            body.number_after(previous);
        }
    }
}

/// The SDP a message carries: `None` without a body.
pub(crate) fn body_of(message: &Message) -> Result<Option<Sdp>, BadBody> {
    let body = message.body();
    if body.is_empty() {
        return Ok(None);
    }
    let is_sdp = message.header(sip::message::Header::ContentType).and_then(|value| {
        value.split(';').next().map(|kind| kind.trim().eq_ignore_ascii_case("application/sdp"))
    });
    if is_sdp != Some(true) {
        return Err(BadBody::Type);
    }
    Sdp::parse(&body).map(Some).map_err(|_fault| BadBody::Syntax)
}

/// The offer a request carries: it must have a stream that we can carry.
pub(crate) fn offer_of(request: &Message) -> Result<Option<Sdp>, BadBody> {
    let offer = body_of(request)?;
    match &offer {
        Some(body) if body.audio().is_none() => Err(BadBody::Media),
        Some(_) | None => Ok(offer),
    }
}

impl BadBody {
    /// The status for a request with such a body.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Type => 415,
            Self::Syntax => 400,
            Self::Media => 488,
        }
    }
}
