//! What a shard wants, done: facts on disk first, then media, then messages, then the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use base::fact::Fact;
use base::media::MediaCommand;
use base::wire::Outbound;
use base::{Mono, Now};
use call::{Gossip, Shard, ShardCommand, ShardInput, ShardOutput, ShardView};
use media_io::MediaIo;
use peer::BindingChange;
use tokio::sync::mpsc;

use crate::drive::Edge;
use crate::inbox::{InboxSender, Lane};
use crate::outbox::Outbox;
use crate::resolve::Question;

/// Readers get a new picture this often at most.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// When a full inbox is tried again.
const RETRY: Duration = Duration::from_millis(5);
/// The journal's fill from which new calls are refused, and the one from which they are taken again.
const JOURNAL_FULL: f64 = 0.8;
const JOURNAL_ROOM: f64 = 0.6;

/// The world around one shard.
pub(crate) struct ShardEdge {
    pub(crate) journal: Journaling,
    pub(crate) net: net::Sender,
    pub(crate) media: MediaSide,
    pub(crate) gossip: Vec<Neighbour>,
    pub(crate) keeper: Keeper,
    pub(crate) resolver: Resolving,
    pub(crate) screen: Screen,
    pub(crate) turned_at: Mono,
}

impl Edge<Shard> for ShardEdge {
    fn act(&mut self, _now: Now, outputs: &mut Vec<ShardOutput>, again: &mut Vec<ShardInput>) {
        self.screen.stale = true;
        let mut facts = Vec::new();
        let mut sends = Vec::new();
        let mut rest = Vec::new();
        for output in outputs.drain(..) {
            match output {
                ShardOutput::Fact(fact) => facts.push(fact),
                ShardOutput::Send(outbound) => sends.push(outbound),
                output @ (ShardOutput::Media(_)
                | ShardOutput::Binding(_)
                | ShardOutput::Gossip(_)
                | ShardOutput::Resolve { .. }) => rest.push(output),
            }
        }
        again.extend(self.journal.append(&facts));
        self.media_first(&mut rest);
        sends.into_iter().for_each(|outbound| again.extend(self.send(outbound)));
        rest.into_iter().for_each(|output| self.pass_on(output, again));
    }

    fn keep_up(&mut self, now: Now, shard: &Shard) {
        self.turned_at = now.mono;
        self.media.flush();
        self.keeper.flush();
        self.gossip.iter_mut().for_each(Neighbour::flush);
        self.screen.show(now, shard);
    }

    fn deadline(&self) -> Option<Mono> {
        let waits = !self.media.is_empty()
            || !self.keeper.outbox.is_empty()
            || self.gossip.iter().any(|neighbour| !neighbour.outbox.is_empty());
        let retry = waits.then(|| self.turned_at + RETRY);
        retry.into_iter().chain(self.screen.deadline()).min()
    }
}

impl ShardEdge {
    /// Media before messages: a far end that is told our port finds it open. A worker is woken once a turn, and not
    /// for ports that merely open: their far ends do not know them before the next turn.
    fn media_first(&mut self, rest: &mut Vec<ShardOutput>) {
        rest.retain(|output| match output {
            ShardOutput::Media(command) => {
                self.media.push(command.clone());
                false
            }
            ShardOutput::Fact(_)
            | ShardOutput::Send(_)
            | ShardOutput::Binding(_)
            | ShardOutput::Gossip(_)
            | ShardOutput::Resolve { .. } => true,
        });
        self.media.ring();
    }

    fn send(&self, outbound: Outbound) -> Option<ShardInput> {
        let failed = self.net.send(outbound).err()?;
        (failed.ticket != 0).then_some(ShardInput::SendFailed { ticket: failed.ticket })
    }

    fn pass_on(&mut self, output: ShardOutput, again: &mut Vec<ShardInput>) {
        match output {
            ShardOutput::Binding(change) => self.keeper.push(change),
            ShardOutput::Gossip(gossip) => {
                self.gossip.iter_mut().for_each(|neighbour| neighbour.push(gossip.clone()));
            }
            ShardOutput::Resolve { host } => again.extend(self.resolver.ask(host)),
            ShardOutput::Fact(_) | ShardOutput::Send(_) | ShardOutput::Media(_) => {}
        }
    }
}

/// The shard's segment of the journal.
pub(crate) struct Journaling {
    writer: journal::Writer,
    fill: Fill,
    failing: bool,
    full: bool,
}

/// How full the journal's queue is, for readers.
#[derive(Clone, Default)]
pub(crate) struct Fill(Arc<AtomicU32>);

impl Fill {
    /// 0 empty, 1 full.
    pub(crate) fn ratio(&self) -> f64 {
        f64::from(self.0.load(Ordering::Relaxed)) / 1_000.0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ratio() >= JOURNAL_FULL
    }

    fn set(&self, ratio: f64) {
        self.0.store((ratio * 1_000.0) as u32, Ordering::Relaxed);
    }
}

impl Journaling {
    pub(crate) fn new(writer: journal::Writer, fill: Fill) -> Self {
        Self { writer, fill, failing: false, full: false }
    }

    /// Appends, and tells the shard when the journal becomes too full for new calls or has room again.
    fn append(&mut self, facts: &[Fact]) -> Option<ShardInput> {
        match self.writer.append(facts) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::warn!("the journal writes to disk again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "the journal cannot write; call records live in memory only");
                }
            }
        }
        let fill = self.writer.fill();
        self.fill.set(fill);
        let full = if self.full { fill > JOURNAL_ROOM } else { fill >= JOURNAL_FULL };
        let changed = std::mem::replace(&mut self.full, full) != full;
        changed.then_some(ShardInput::Command(ShardCommand::JournalFull(full)))
    }
}

/// The way to the media workers.
pub(crate) struct MediaSide {
    io: Arc<MediaIo>,
    /// By worker, so that a busy one does not hold up the others.
    outboxes: Vec<Outbox<MediaCommand>>,
    /// Workers that have something to do at once.
    wanted: Vec<bool>,
}

impl MediaSide {
    pub(crate) fn new(io: Arc<MediaIo>) -> Self {
        let outboxes = (0..io.workers()).map(|_| Outbox::new()).collect();
        let wanted = vec![false; usize::from(io.workers())];
        Self { io, outboxes, wanted }
    }

    fn push(&mut self, command: MediaCommand) {
        if !matches!(command, MediaCommand::Open { .. })
            && let Some(wanted) = self.wanted.get_mut(usize::from(command.worker()))
        {
            *wanted = true;
        }
        match self.outboxes.get_mut(usize::from(command.worker())) {
            Some(outbox) => outbox.push(command, |command| self.io.send(command).err()),
            None => tracing::error!(?command, "a media command names no worker"),
        }
    }

    /// Tries again what a full inbox would not take.
    fn flush(&mut self) {
        for (wanted, outbox) in self.wanted.iter_mut().zip(&mut self.outboxes) {
            *wanted |= !outbox.is_empty();
            outbox.flush(|command| self.io.send(command).err());
        }
        self.ring();
    }

    fn ring(&mut self) {
        for (worker, wanted) in (0_u8..).zip(&mut self.wanted) {
            if std::mem::take(wanted) {
                self.io.ring(worker);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.outboxes.iter().all(Outbox::is_empty)
    }
}

/// The way to another shard.
pub(crate) struct Neighbour {
    inbox: InboxSender<ShardInput>,
    outbox: Outbox<Gossip>,
}

impl Neighbour {
    pub(crate) fn new(inbox: InboxSender<ShardInput>) -> Self {
        Self { inbox, outbox: Outbox::new() }
    }

    fn push(&mut self, gossip: Gossip) {
        self.outbox.push(gossip, |gossip| tell(&self.inbox, gossip));
    }

    fn flush(&mut self) {
        self.outbox.flush(|gossip| tell(&self.inbox, gossip));
    }
}

/// Gives back what finds no room.
fn tell(inbox: &InboxSender<ShardInput>, gossip: Gossip) -> Option<Gossip> {
    let Some(room) = inbox.room(Lane::Event) else { return Some(gossip) };
    room.put(ShardInput::Gossip(gossip));
    None
}

/// The way to whoever keeps bindings over a restart.
pub(crate) struct Keeper {
    inbox: mpsc::Sender<BindingChange>,
    outbox: Outbox<BindingChange>,
}

impl Keeper {
    pub(crate) fn new(inbox: mpsc::Sender<BindingChange>) -> Self {
        Self { inbox, outbox: Outbox::new() }
    }

    fn push(&mut self, change: BindingChange) {
        self.outbox.push(change, |change| keep(&self.inbox, change));
    }

    fn flush(&mut self) {
        self.outbox.flush(|change| keep(&self.inbox, change));
    }
}

/// Gives back what finds no room; a keeper that is gone wants nothing more.
fn keep(inbox: &mpsc::Sender<BindingChange>, change: BindingChange) -> Option<BindingChange> {
    match inbox.try_send(change) {
        Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
        Err(mpsc::error::TrySendError::Full(change)) => Some(change),
    }
}

/// The way to the resolver.
pub(crate) struct Resolving {
    inbox: mpsc::Sender<Question>,
    answers: InboxSender<ShardInput>,
}

impl Resolving {
    pub(crate) fn new(inbox: mpsc::Sender<Question>, answers: InboxSender<ShardInput>) -> Self {
        Self { inbox, answers }
    }

    /// Asks; with too many questions open the answer is at once that there is none, and the shard asks again later.
    fn ask(&self, host: String) -> Option<ShardInput> {
        let asked = self.inbox.try_send(Question { host, answers: self.answers.clone() });
        let host = match asked {
            Ok(()) => return None,
            Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => back.host,
        };
        Some(ShardInput::Resolved { host, addrs: Vec::new() })
    }
}

/// The picture of the shard that pages read.
pub(crate) struct Screen {
    picture: Arc<ArcSwap<ShardView>>,
    shown_at: Mono,
    stale: bool,
}

impl Screen {
    pub(crate) fn new(picture: Arc<ArcSwap<ShardView>>) -> Self {
        Self { picture, shown_at: Mono(0), stale: true }
    }

    fn show(&mut self, now: Now, shard: &Shard) {
        if self.stale && now.mono.since(self.shown_at) >= SHOW_EVERY {
            self.picture.store(Arc::new(shard.view(now)));
            self.shown_at = now.mono;
            self.stale = false;
        }
    }

    fn deadline(&self) -> Option<Mono> {
        self.stale.then(|| self.shown_at + SHOW_EVERY)
    }
}
