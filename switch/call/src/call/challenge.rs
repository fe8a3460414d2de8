//! Challenges to requests of ours (RFC 3261 §22).

use base::LegId;
use base::wire::Flow;
use sip::message::{Header, Message};

use super::{Call, Ctx};
use crate::act::{Act, Purpose};
use crate::leg::{Leg, LegState};

/// A first challenge and one that says our nonce was stale (RFC 7616 §3.3); more is a peer that plays with us.
const MOST_CHALLENGES: u8 = 2;

impl Call {
    /// A trunk asks who we are: answered with that trunk's own credentials, and not without end.
    /// `true` when the request goes out again.
    pub(super) fn authenticate(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        purpose: Purpose,
        response: &Message,
        from: Flow,
    ) -> bool {
        let Some(at) = self.leg_mut(leg) else { return false };
        // Whoever answers in the peer's place gets nothing (S3).
        let Some(login) = at.credentials.clone().filter(|_| at.target.remote().ip() == from.remote.ip())
        else {
            return false;
        };
        let draft = match (&mut at.state, purpose) {
            (LegState::Calling(calling), Purpose::Invite) => calling.invite.clone(),
            _ => at.sent.take_if(|(sent, _)| *sent == purpose).map(|(_, draft)| draft),
        };
        let Some(mut draft) = draft else { return false };
        if at.challenges >= MOST_CHALLENGES {
            return false;
        }
        let Some(method) = draft.method().cloned() else { return false };
        let Some(asked) = login.take_up(response, ctx.entropy) else { return false };
        at.challenges += 1;
        at.challenged.retain(|known| known.header() != asked.header());
        at.challenged.push(asked);
        at.authorize(&mut draft);
        let number = at.next_number(purpose, response);
        draft.set(Header::CSeq, &format!("{number} {method}"));
        let near = at.near_of(response).filter(|_| purpose != Purpose::Invite);
        let straight = at.target;
        let target = at.dialog(near.as_deref()).map_or(straight, |(_, target)| target);
        if let LegState::Calling(calling) = &mut at.state
            && purpose == Purpose::Invite
        {
            calling.invite = Some(draft.clone());
            calling.forks.clear();
        }
        at.pending += 1;
        ctx.out.push(Act::Request { leg, purpose, target, draft });
        true
    }
}

impl Leg {
    /// The number for a request that goes out once more with credentials.
    fn next_number(&mut self, purpose: Purpose, response: &Message) -> u32 {
        let near = self.near_of(response).filter(|_| purpose != Purpose::Invite);
        if let Some((dialog, _)) = self.dialog(near.as_deref()) {
            return dialog.next_cseq();
        }
        response.cseq().map_or(1, |cseq| cseq.number).saturating_add(1)
    }
}
