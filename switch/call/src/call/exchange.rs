//! What one leg offers and the other answers, as each of them is told: with codecs that both take, else with some that
//! we can make of each other (RFC 3264; docs/adr/0026).

use base::LegId;
use base::media::Srtp;
use sdp::Sdp;
use sip::message::Message;

use super::{Call, Joined};
use crate::leg::Leg;
use crate::negotiate::{BadBody, Negotiation, body_of};

impl Call {
    /// The offer that a request of a leg carries, as far as the leg may use what it offers.
    pub(super) fn offered_by(&self, leg: LegId, request: &Message) -> Result<Option<Sdp>, BadBody> {
        let offer = self.said_by(leg, request)?;
        if offer.as_ref().is_some_and(|offer| offer.audio().is_none() && offer.fax().is_none()) {
            return Err(BadBody::Media);
        }
        offer.map(|offer| self.within_limits(leg, offer)).transpose()
    }

    /// What a leg says of its media, with the streams that its setting of SRTP takes.
    pub(super) fn said_by(&self, leg: LegId, message: &Message) -> Result<Option<Sdp>, BadBody> {
        let Some(mut body) = body_of(message)? else { return Ok(None) };
        let had_audio = body.audio().is_some();
        let srtp = self.leg(leg).map(|leg| leg.srtp).unwrap_or_default();
        body.admit(srtp);
        let refused = body.audio().is_none() && (had_audio || srtp == Srtp::Required && body.fax().is_some());
        if refused { Err(BadBody::Secrecy) } else { Ok(Some(body)) }
    }

    /// An offer of a leg without the codecs that are not set up for it; those that are, in the order set up.
    pub(super) fn within_limits(&self, leg: LegId, mut offer: Sdp) -> Result<Sdp, BadBody> {
        let limited = self.leg(leg).filter(|leg| !leg.codecs.is_empty() && offer.audio().is_some());
        if let Some(leg) = limited {
            let names: Vec<&str> = leg.codecs.iter().map(String::as_str).collect();
            sdp::restrict(&mut offer, &names).map_err(|_none_left| BadBody::Media)?;
        }
        Ok(offer)
    }

    /// An offer of one leg as the other gets it.
    pub(super) fn offer_to(&self, to: LegId, offer: &Sdp) -> Result<Sdp, BadBody> {
        let at = self.leg(to).ok_or(BadBody::Media)?;
        at.media.as_ref().ok_or(BadBody::Media)?.pass_offer(offer, &at.codecs)
    }

    /// What `answerer` answers as the answer to the offer of `offerer`. From now on the answerer is sent what the offerer
    /// sends where it takes that too.
    pub(super) fn answer_to(
        &mut self,
        offerer: LegId,
        offer: &Sdp,
        answerer: LegId,
        answer: &Sdp,
    ) -> Result<Sdp, BadBody> {
        let at = self.leg(offerer).ok_or(BadBody::Media)?;
        let media = at.media.as_ref().ok_or(BadBody::Media)?;
        let (body, in_use) = media.pass_answer(answer, offer, &at.codecs)?;
        if let Some(media) = self.leg_mut(answerer).and_then(|leg| leg.media.as_mut()) {
            media.prefer(in_use);
        }
        if let Some(media) = self.leg_mut(offerer).and_then(|leg: &mut Leg| leg.media.as_mut()) {
            media.prefer(None);
        }
        Ok(body)
    }

    /// Our own answer to an offer of a leg, or our own offer to it.
    pub(super) fn own_words(&self, leg: LegId, offer: Option<&Sdp>) -> Result<Sdp, BadBody> {
        let at = self.leg(leg).ok_or(BadBody::Media)?;
        let media = at.media.as_ref().ok_or(BadBody::Media)?;
        let codecs: Vec<&str> = match at.codecs.is_empty() {
            true => super::local::CODECS.to_vec(),
            false => at.codecs.iter().map(String::as_str).filter(|name| is_ours(name)).collect(),
        };
        match offer {
            Some(offer) => media.own_answer(offer, &codecs).or_else(|bad| match self.joined {
                // Who hears itself needs nobody who understands it.
                Joined::Itself(itself) if itself == leg => {
                    let name = sdp::first_codec_name(offer).ok_or(bad)?;
                    media.own_answer(offer, &[name.as_str()])
                }
                Joined::Nobody | Joined::Two(..) | Joined::Itself(_) | Joined::Sides | Joined::Room(_) => {
                    Err(bad)
                }
            }),
            None => media.own_offer(&codecs),
        }
    }
}

/// Whether we can read and write what a leg speaks; also before anything is agreed.
pub(super) fn is_readable(media: &Negotiation) -> bool {
    media.codec().is_empty() || is_ours(media.codec())
}

fn is_ours(name: &str) -> bool {
    super::local::CODECS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}
