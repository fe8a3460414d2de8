//! One turn of one call: it runs alone, cannot take the shard down with it, and its acts follow after.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base::fact::{Fact, What};
use base::media::MediaEvent;
use base::{CallId, Cause, Now, Party, PortId, TenantId};
use sip::{SipEvent, StackOutput};

use super::{Shard, Slot};
use crate::act::{Act, SlotAct};
use crate::call::{Arrival, Call, CallInput, Ctx};
use crate::io::ShardOutput;

/// Room for what a call usually wants done in one turn.
const ACTS: usize = 8;

impl Shard {
    /// Works off what the stack, the registrar, the trunks and the calls have left to do, until all are quiet.
    pub(super) fn work(&mut self, now: Now) {
        loop {
            self.notify_due(now);
            while let Some(output) = self.stack.poll() {
                match output {
                    StackOutput::Send(outbound) => self.outputs.push_back(ShardOutput::Send(outbound)),
                    StackOutput::Event(event) => self.event(now, event),
                }
            }
            match self.later.pop_front() {
                Some((call, input)) => self.turn(now, call, input),
                None if self.trunk_work(now) => {}
                None => break,
            }
        }
        self.tell_bindings(now);
        self.refill(now);
    }

    /// Begins a call.
    pub(super) fn begin(&mut self, now: Now, arrival: Arrival) {
        let id = arrival.call;
        let server = arrival.server;
        let mut ctx = self.ctx(now);
        let started = catch_unwind(AssertUnwindSafe(|| Call::start(&mut ctx, arrival)));
        let acts = std::mem::take(&mut ctx.out);
        let Ok(call) = started else {
            self.count("panics");
            return self.refuse(now, server, 500);
        };
        self.stack.will_answer_as(server, call.our_tag());
        let slot = Slot {
            call: Box::new(call),
            keys: Vec::new(),
            clients: Vec::new(),
            servers: vec![server],
            ports: Vec::new(),
            deadline: None,
            held: None,
        };
        self.servers.insert(server, id);
        self.order.insert(id);
        self.count("calls_started");
        self.put_back(now, id, slot, acts);
    }

    /// Gives a call one input.
    pub(super) fn turn(&mut self, now: Now, id: CallId, input: CallInput) {
        self.with_call(now, id, |call, ctx| call.handle(ctx, input));
    }

    pub(super) fn tick_call(&mut self, now: Now, id: CallId) {
        if let Some(slot) = self.calls.get_mut(&id) {
            slot.deadline = None;
        }
        self.with_call(now, id, Call::tick);
    }

    fn with_call(&mut self, now: Now, id: CallId, turn: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        let Some(mut slot) = self.calls.remove(&id) else { return };
        let mut ctx = self.ctx(now);
        let call = &mut *slot.call;
        let mut sound = catch_unwind(AssertUnwindSafe(|| turn(call, &mut ctx))).is_ok();
        if !sound {
            ctx.out.clear();
            let hang_up = CallInput::HangUp { cause: Cause::Internal };
            sound = catch_unwind(AssertUnwindSafe(|| call.handle(&mut ctx, hang_up))).is_ok();
            tracing::error!(call = %id, "a call broke an invariant and was ended");
        }
        let acts = std::mem::take(&mut ctx.out);
        if sound {
            self.put_back(now, id, slot, acts);
        } else {
            self.count("panics");
            self.bury(now, id, slot);
        }
    }

    fn put_back(&mut self, now: Now, id: CallId, mut slot: Slot, acts: Vec<Act>) {
        self.turning = Some(id);
        for act in acts {
            self.apply(now, id, &mut slot, act);
        }
        self.turning = None;
        if slot.call.is_settled() {
            return self.forget(id, slot);
        }
        let wanted = slot.call.deadline();
        if slot.deadline != wanted {
            if let Some(at) = slot.deadline {
                self.deadlines.remove(&(at, id));
            }
            if let Some(at) = wanted {
                self.deadlines.insert((at, id));
            }
            slot.deadline = wanted;
        }
        self.calls.insert(id, slot);
    }

    /// Takes a finished call out of every table.
    fn forget(&mut self, id: CallId, slot: Slot) {
        if let Some(at) = slot.deadline {
            self.deadlines.remove(&(at, id));
        }
        self.order.remove(&id);
        self.tell_homes(&slot);
        if let Some(held) = slot.call.slot_held() {
            self.slot_wanted(id, SlotAct::Free(held));
        }
        self.leaves_floor(id);
        self.watch(id, Vec::new());
        for key in &slot.keys {
            self.dialogs.remove(key);
        }
        for (client, _, _) in &slot.clients {
            self.clients.remove(client);
        }
        for server in &slot.servers {
            self.servers.remove(server);
        }
        self.count("calls_ended");
    }

    /// A call that broke even while it was being ended: its record is closed for it.
    fn bury(&mut self, now: Now, id: CallId, slot: Slot) {
        let cause = Cause::Internal;
        let ended = What::CallEnded { cause, sip_status: cause.sip(), q850: cause.q850(), by: Party::System };
        self.fact(now, id, ended);
        for port in &slot.ports {
            self.outputs.push_back(ShardOutput::Media(base::media::MediaCommand::Close { port: *port }));
        }
        self.forget(id, slot);
    }

    pub(super) fn fact(&mut self, now: Now, call: CallId, what: What) {
        if let What::CallEnded { cause, .. } = &what {
            *self.endings.entry(cause.text()).or_insert(0) += 1;
        }
        self.outputs.push_back(ShardOutput::Fact(Fact {
            tenant: TenantId::DEFAULT,
            at: now.wall,
            call,
            what,
        }));
    }

    fn ctx(&mut self, now: Now) -> Ctx<'_> {
        Ctx {
            now,
            entropy: &mut *self.entropy,
            locals: &*self.locals,
            ids: &mut self.ids,
            ports: &mut self.ports,
            lines: &mut self.lines,
            floor: &self.floor,
            trails: &mut self.trails,
            pins: &mut self.pins,
            mailboxes: &self.mailboxes,
            rooms: &self.rooms,
            routes: &self.routes,
            trunks: &mut self.trunks,
            registrar: &self.registrar,
            settings: &self.settings,
            config: &self.config,
            out: Vec::with_capacity(ACTS),
        }
    }

    /// A media worker reports.
    pub(super) fn media(&mut self, now: Now, event: MediaEvent) {
        if let Some(call) = event.recorded_call() {
            return self.turn(now, call, CallInput::Recording(event));
        }
        let port = event.port();
        if let MediaEvent::Speaker { room, speaker, .. } = event {
            self.rooms.heard(room, speaker);
            return self.speaks(now, speaker, event);
        }
        if let MediaEvent::Leased { worker, leases } = event {
            if leases.is_empty() {
                self.count("ports_exhausted");
            }
            return self.ports.leased(now.mono, worker, leases);
        }
        let Some(port) = port else { return };
        let Some(id) = self.open_ports.get(&port).copied() else { return };
        if let MediaEvent::Closed { media, .. } = &event {
            self.open_ports.remove(&port);
            self.ports.closed();
            for (name, more) in [("rtp_strays", media.strays), ("rtp_lost", media.lost)] {
                *self.counters.entry(name).or_insert(0) += more;
            }
        }
        let Some(leg) = self.calls.get(&id).and_then(|slot| slot.call.leg_of_port(port)) else { return };
        self.turn(now, id, CallInput::Media { leg, event });
    }

    /// The call that speaks is told, where it lives here.
    fn speaks(&mut self, now: Now, speaker: Option<PortId>, event: MediaEvent) {
        let Some(port) = speaker else { return };
        let Some(id) = self.open_ports.get(&port).copied() else { return };
        let Some(leg) = self.calls.get(&id).and_then(|slot| slot.call.leg_of_port(port)) else { return };
        self.turn(now, id, CallInput::Media { leg, event });
    }

    /// What became of a transaction, for whoever asked for it.
    pub(super) fn event(&mut self, now: Now, event: SipEvent) {
        match event {
            SipEvent::Request { id, request, flow } => self.asked(now, id, request, flow),
            SipEvent::Ack { request, flow } => self.acked(now, request, flow),
            SipEvent::Cancelled { id, request } => {
                if let Some(call) = self.servers.get(&id).copied() {
                    self.turn(now, call, CallInput::Cancelled { server: id, request });
                }
            }
            SipEvent::Response { id, response, flow } => self.told(now, id, response, flow),
            SipEvent::TimedOut { id } => self.unanswered(now, id, crate::act::Failure::TimedOut),
            SipEvent::Unreachable { id } => self.unanswered(now, id, crate::act::Failure::Unreachable),
            SipEvent::Unacknowledged { id } => self.unacknowledged(now, id),
            SipEvent::Unpracked { id } => {
                if let Some(call) = self.servers.get(&id).copied() {
                    self.turn(now, call, CallInput::Unpracked);
                }
            }
            SipEvent::Done { id } => self.transaction_over(id),
        }
    }
}
