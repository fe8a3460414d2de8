//! What a shard wants, done: facts on disk first, then media, then messages, then the rest.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base::dns::{Answer, Question};
use base::wire::Outbound;
use base::{Mono, Now, ShardId};
use call::{Shard, ShardInput, ShardOutput, ShardView};
use peer::BindingChange;
use peer::guard::Roll;
use tokio::sync::mpsc;

use crate::drive::Edge;
use crate::inbox::{InboxSender, Lane};
use crate::journaling::Journaling;
use crate::mail::PostWord;
use crate::media_side::MediaSide;
use crate::outbox::Outbox;
use crate::reach;
use crate::resolve::Asked;

/// Readers get a new picture this often at most.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// When a full inbox is tried again.
const RETRY: Duration = Duration::from_millis(5);

/// The world around one shard.
pub(crate) struct ShardEdge {
    pub(crate) journal: Journaling,
    pub(crate) net: net::Sender,
    pub(crate) media: MediaSide,
    pub(crate) gossip: Vec<Neighbour>,
    pub(crate) keeper: Keeper<BindingChange>,
    pub(crate) settings: Keeper<reach::Change>,
    pub(crate) mail: Keeper<PostWord>,
    pub(crate) resolver: Resolving,
    pub(crate) screen: Screen,
    pub(crate) roll: Arc<Roll>,
    pub(crate) turned_at: Mono,
}

impl Edge<Shard> for ShardEdge {
    fn act(&mut self, now: Now, outputs: &mut Vec<ShardOutput>, again: &mut Vec<ShardInput>) {
        self.screen.stale = true;
        let mut media = Vec::new();
        let mut sends = Vec::new();
        let mut rest = Vec::new();
        for output in outputs.drain(..) {
            match output {
                ShardOutput::Fact(fact) => self.journal.owe(now.mono, fact),
                ShardOutput::Media(command) => media.push(command),
                ShardOutput::Send(outbound) => sends.push(outbound),
                ShardOutput::Known(conn) => self.net.known(conn),
                ShardOutput::Notice(notice) => self.roll.note(now.mono, &notice),
                ShardOutput::Mail(order) => self.mail.push(PostWord::Order(order)),
                output @ (ShardOutput::Binding(_)
                | ShardOutput::Settings { .. }
                | ShardOutput::Gossip(_)
                | ShardOutput::Post { .. }
                | ShardOutput::Resolve { .. }) => rest.push(output),
            }
        }
        if !sends.is_empty() {
            self.journal.write();
        }
        again.extend(self.journal.fullness());
        // Media before messages: a far end that is told our port finds it open.
        media.into_iter().for_each(|command| self.media.push(now.mono, command));
        sends.into_iter().for_each(|outbound| again.extend(self.send(outbound)));
        rest.into_iter().for_each(|output| self.pass_on(output, again));
    }

    fn keep_up(&mut self, now: Now, shard: &Shard) {
        self.turned_at = now.mono;
        self.journal.keep_up(now.mono);
        self.media.flush(now.mono);
        self.keeper.flush();
        self.settings.flush();
        self.mail.flush();
        self.gossip.iter_mut().for_each(Neighbour::flush);
        self.screen.show(now, shard);
    }

    fn deadline(&self) -> Option<Mono> {
        let waits = self.media.holds_back()
            || !self.keeper.outbox.is_empty()
            || !self.settings.outbox.is_empty()
            || !self.mail.outbox.is_empty()
            || self.gossip.iter().any(|neighbour| !neighbour.outbox.is_empty());
        let retry = waits.then(|| self.turned_at + RETRY);
        [retry, self.journal.deadline(), self.media.deadline(), self.screen.deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}

impl ShardEdge {
    fn send(&self, outbound: Outbound) -> Option<ShardInput> {
        let failed = self.net.send(outbound).err()?;
        (failed.ticket != 0).then_some(ShardInput::SendFailed { ticket: failed.ticket })
    }

    fn pass_on(&mut self, output: ShardOutput, again: &mut Vec<ShardInput>) {
        match output {
            ShardOutput::Binding(change) => self.keeper.push(change),
            ShardOutput::Settings { extension, settings } => self.settings.push((extension, settings)),
            ShardOutput::Gossip(gossip) => {
                let tell = |neighbour: &mut Neighbour| neighbour.push(ShardInput::Gossip(gossip.clone()));
                self.gossip.iter_mut().for_each(tell);
            }
            ShardOutput::Post { to, post } => {
                if let Some(neighbour) = self.gossip.iter_mut().find(|neighbour| neighbour.shard == to) {
                    neighbour.push(ShardInput::Post(post));
                }
            }
            ShardOutput::Resolve { question } => again.extend(self.resolver.ask(question)),
            ShardOutput::Fact(_)
            | ShardOutput::Send(_)
            | ShardOutput::Known(_)
            | ShardOutput::Mail(_)
            | ShardOutput::Media(_)
            | ShardOutput::Notice(_) => {}
        }
    }
}

/// The way to another shard.
pub(crate) struct Neighbour {
    shard: ShardId,
    inbox: InboxSender<ShardInput>,
    outbox: Outbox<ShardInput>,
}

impl Neighbour {
    pub(crate) fn new(shard: ShardId, inbox: InboxSender<ShardInput>) -> Self {
        Self { shard, inbox, outbox: Outbox::new() }
    }

    fn push(&mut self, news: ShardInput) {
        self.outbox.push(news, |news| tell(&self.inbox, news));
    }

    fn flush(&mut self) {
        self.outbox.flush(|news| tell(&self.inbox, news));
    }
}

/// Gives back what finds no room.
fn tell(inbox: &InboxSender<ShardInput>, news: ShardInput) -> Option<ShardInput> {
    let Some(room) = inbox.room(Lane::Event) else { return Some(news) };
    room.put(news);
    None
}

/// The way to whoever keeps things over a restart: bindings, mailboxes.
pub(crate) struct Keeper<T> {
    inbox: mpsc::Sender<T>,
    outbox: Outbox<T>,
}

impl<T> Keeper<T> {
    pub(crate) fn new(inbox: mpsc::Sender<T>) -> Self {
        Self { inbox, outbox: Outbox::new() }
    }

    fn push(&mut self, change: T) {
        self.outbox.push(change, |change| keep(&self.inbox, change));
    }

    fn flush(&mut self) {
        self.outbox.flush(|change| keep(&self.inbox, change));
    }
}

/// Gives back what finds no room; a keeper that is gone wants nothing more.
fn keep<T>(inbox: &mpsc::Sender<T>, change: T) -> Option<T> {
    match inbox.try_send(change) {
        Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
        Err(mpsc::error::TrySendError::Full(change)) => Some(change),
    }
}

/// The way to the resolver.
pub(crate) struct Resolving {
    inbox: mpsc::Sender<Asked>,
    answers: InboxSender<ShardInput>,
}

impl Resolving {
    pub(crate) fn new(inbox: mpsc::Sender<Asked>, answers: InboxSender<ShardInput>) -> Self {
        Self { inbox, answers }
    }

    /// Asks; with too many questions open the answer is at once that there is none, and the shard asks again later.
    fn ask(&self, question: Question) -> Option<ShardInput> {
        let asked = self.inbox.try_send(Asked { question, answers: self.answers.clone() });
        let question = match asked {
            Ok(()) => return None,
            Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => {
                back.question
            }
        };
        Some(ShardInput::Resolved { question, answer: Answer::Failed })
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
