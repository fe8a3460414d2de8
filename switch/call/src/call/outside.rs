//! Phones that are not ours and are rung beside ours: each over its own trunks, peer after peer.

use std::collections::VecDeque;
use std::time::Duration;

use base::LegId;
use base::limits::PEERS_TRIED;
use route::TrunkTry;

use super::invite::LegOut;
use super::{Call, Ctx, Refusal, TrunkHunt};
use crate::password;

/// One phone that is not ours.
#[derive(Debug)]
pub(super) struct Outside {
    tries: VecDeque<TrunkTry>,
    /// The trunk being tried, whose cap counts it.
    pub(super) trunk: Option<TrunkHunt>,
    tried: usize,
    breadth: Option<u8>,
    /// Its leg now.
    pub(super) leg: Option<LegId>,
}

impl Outside {
    pub(super) fn new(tries: Vec<TrunkTry>) -> Self {
        Self { tries: tries.into(), trunk: None, tried: 0, breadth: None, leg: None }
    }

    pub(super) fn with_breadth(self, breadth: Option<u8>) -> Self {
        Self { breadth, ..self }
    }
}

impl Call {
    /// Rings one; how long its carrier may be silent, or `None` when no trunk takes it.
    pub(super) fn begin_outside(&mut self, ctx: &mut Ctx<'_>, mut one: Outside) -> Option<Duration> {
        let patience = self.next_try(ctx, &mut one);
        if let Some(walk) = self.walk_mut() {
            walk.outside.push(one);
        }
        patience
    }

    /// A leg to one has come to nothing; whether another way to the same phone is tried now.
    pub(super) fn outside_refused(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) -> bool {
        let Some(walk) = self.walk_mut() else { return false };
        let Some(at) = walk.outside.iter().position(|one| one.leg == Some(leg)) else { return false };
        let mut one = walk.outside.swap_remove(at);
        one.leg = None;
        let patience = match refusal.status {
            500..=599 | 408 => self.next_try(ctx, &mut one),
            _ => None,
        };
        match patience {
            Some(patience) => {
                self.timers.set(super::CallTimer::Silence, ctx.now.mono + patience);
                if let Some(walk) = self.walk_mut() {
                    walk.outside.push(one);
                }
                true
            }
            None => {
                if let Some(trunk) = one.trunk {
                    self.leave_trunk(ctx, &trunk.attempt.trunk);
                }
                false
            }
        }
    }

    fn next_try(&mut self, ctx: &mut Ctx<'_>, one: &mut Outside) -> Option<Duration> {
        loop {
            if let Some(TrunkHunt { attempt, peers }) = &mut one.trunk {
                let Some(peer) = peers.pop_front().filter(|_| one.tried < PEERS_TRIED) else {
                    let trunk = attempt.trunk.clone();
                    one.trunk = None;
                    self.leave_trunk(ctx, &trunk);
                    continue;
                };
                one.tried += 1;
                let Some(route) = ctx.routes.trunk(&attempt.trunk) else { continue };
                let trunk = route.trunk().clone();
                let out = LegOut::to_trunk(&trunk, attempt, &peer, password::login(&trunk));
                match self.start_leg(ctx, out.with_breadth(one.breadth).asking(true)) {
                    Ok(leg) => {
                        one.leg = Some(leg);
                        return Some(Duration::from_secs(trunk.failover_secs.into()));
                    }
                    Err(refusal) => self.note_refusal(refusal),
                }
            } else {
                let attempt = one.tries.pop_front()?;
                one.trunk = self.enter_trunk(ctx, attempt);
            }
        }
    }
}
