//! What the media workers are told about a call's legs, and what they tell.

use std::time::Duration;

use base::fact::What;
use base::media::MediaEvent;
use base::{Cause, LegId, Mono, Party, PortId};
use sdp::Sdp;

use super::{Call, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::negotiate::Negotiation;
use crate::quality::{self, Quality};

/// A far end that once sent media and then falls silent for this long is gone.
const GONE: Duration = Duration::from_secs(120);

impl Call {
    pub(super) fn media_of(&self, leg: LegId) -> Option<&Negotiation> {
        self.leg(leg)?.media.as_ref()
    }

    pub(super) fn port_of(&self, leg: LegId) -> Option<PortId> {
        self.media_of(leg).filter(|media| media.is_open()).map(Negotiation::port)
    }

    /// Both halves of a leg's negotiation are known.
    pub(super) fn agree(&mut self, ctx: &mut Ctx<'_>, leg: LegId, local: &Sdp, remote: &Sdp) {
        let Some(media) = self.leg_mut(leg).and_then(|leg| leg.media.as_mut()) else { return };
        if media.is_open() {
            let command = media.agree(local, remote);
            ctx.out.push(Act::Media(command));
        }
    }

    /// A leg has answered to what only its true address can have read: an ACK or a PRACK.
    pub(super) fn settle_media(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let settled = self.leg_mut(leg).and_then(|leg| leg.media.as_mut()).and_then(Negotiation::settle);
        ctx.out.extend(settled.map(Act::Media));
    }

    /// A media worker reports on a leg.
    pub(super) fn media(&mut self, ctx: &mut Ctx<'_>, leg: LegId, event: MediaEvent) {
        self.keep(ctx.now, leg, &event);
        match event {
            MediaEvent::Closed { media, .. } => {
                if let Some(at) = self.leg_mut(leg).filter(|leg| leg.media_pending) {
                    at.media_pending = false;
                    let media = at.quality.close(ctx.now.mono, media);
                    ctx.out.extend(quality::bucket(media.mos_centi).map(Act::Count));
                    ctx.out.push(Act::Fact(What::LegMedia { leg, media }));
                }
                // Its worker gave the port up: nobody would hear anything any more.
                if self.port_of(leg).is_some() {
                    self.leg_gone(ctx, leg, Refusal::of(Cause::Internal), Party::System);
                }
            }
            MediaEvent::Quality { media, .. } => {
                self.judge(ctx, leg, |quality, _| quality.figures = Some(media))
            }
            MediaEvent::Trouble { trouble, now, .. } => {
                self.judge(ctx, leg, |quality, at| quality.note(at, trouble, now));
            }
            MediaEvent::Silent { ever_heard, quiet, .. } => self.fell_silent(ctx, leg, ever_heard, quiet),
            MediaEvent::Heard { .. } => {
                if let Some(at) = self.leg_mut(leg) {
                    at.silent = false;
                }
            }
            MediaEvent::Digit { digit, lasted, .. } => self.pressed(ctx, leg, digit, lasted),
            MediaEvent::Detected { what, .. } => {
                if self.mail_hears(ctx, what) {
                    return;
                }
                if let Some(at) = self.leg_mut(leg) {
                    at.heard = Some(what);
                    ctx.out.push(Act::Fact(What::Heard { leg, what }));
                }
            }
            MediaEvent::Speaker { .. } => self.speaks(ctx, leg),
            MediaEvent::Played { play, end, .. } => self.played(ctx, leg, play, &end),
            MediaEvent::Collected { collect, digits, .. } => {
                if !self.asked_says(ctx, collect, &digits) && !self.chose_lines(ctx, collect, &digits) {
                    self.collected(ctx, collect, &digits);
                }
            }
            MediaEvent::Latched { .. }
            | MediaEvent::Leased { .. }
            | MediaEvent::RecordingStarted { .. }
            | MediaEvent::Recorded { .. }
            | MediaEvent::RecordingFailed { .. }
            | MediaEvent::TapEnded { .. } => {}
        }
    }

    /// Takes what is told of a leg's quality; troubles become facts once people talk.
    fn judge(&mut self, ctx: &mut Ctx<'_>, leg: LegId, note: impl FnOnce(&mut Quality, Mono)) {
        let talks = matches!(self.phase, Phase::Talking { .. } | Phase::Meeting | Phase::Local(_));
        let Some(at) = self.leg_mut(leg) else { return };
        note(&mut at.quality, ctx.now.mono);
        if talks && at.talking().is_some() {
            let facts = at.quality.told(ctx.now.mono);
            ctx.out.extend(
                facts.into_iter().map(|(trouble, now)| Act::Fact(What::MediaTrouble { leg, trouble, now })),
            );
        }
    }

    fn fell_silent(&mut self, ctx: &mut Ctx<'_>, leg: LegId, ever_heard: bool, quiet: Duration) {
        if !matches!(self.phase, Phase::Talking { .. } | Phase::Meeting | Phase::Local(_)) {
            return;
        }
        let Some(at) = self.leg_mut(leg).filter(|leg| leg.talking().is_some()) else { return };
        if !std::mem::replace(&mut at.silent, true) {
            ctx.out.push(Act::Fact(What::MediaSilent { leg, ever_heard }));
            self.refresh(ctx, leg);
        }
        if ever_heard && quiet >= GONE {
            self.leg_gone(ctx, leg, Refusal::of(Cause::MediaTimeout), Party::System);
        }
    }

    /// The leg whose port this is.
    pub(crate) fn leg_of_port(&self, port: PortId) -> Option<LegId> {
        let holds = |leg: &&Leg| leg.media.as_ref().is_some_and(|media| media.port() == port);
        self.legs.iter().find(holds).map(|leg| leg.id)
    }
}
