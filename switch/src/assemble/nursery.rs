//! The shards: each made with all it needs, on a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use base::{Mono, ShardId};
use call::{Shard, ShardConfig, ShardInput, ShardView};
use journal::Journal;
use media_io::MediaIo;
use net::Net;
use peer::guard::Roll;
use phone::login::PhoneKey;
use tokio::sync::{mpsc, watch};

use super::StartError;
use super::stored::Kept;
use crate::clock::Clock;
use crate::config::NodeConfig;
use crate::drive::{Driver, Ended};
use crate::edge::{Keeper, Neighbour, Resolving, Screen, ShardEdge};
use crate::entropy::OsEntropy;
use crate::hub::ShardHandle;
use crate::inbox::{Inbox, InboxSender};
use crate::journaling::{Fill, Journaling};
use crate::mail::PostWord;
use crate::media_side::MediaSide;
use crate::resolve;

/// Everything a shard's thread is made of.
pub(super) struct Nursery<'a> {
    pub(super) config: &'a NodeConfig,
    pub(super) clock: Clock,
    pub(super) secret: [u8; 32],
    pub(super) phone_key: PhoneKey,
    pub(super) workers: u8,
    pub(super) senders: &'a [InboxSender<ShardInput>],
    pub(super) net: &'a Net,
    pub(super) media: &'a Arc<MediaIo>,
    pub(super) kept: Kept,
    pub(super) post: mpsc::Sender<PostWord>,
    pub(super) questions: mpsc::Sender<resolve::Asked>,
    pub(super) journal: &'a Journal,
    pub(super) roll: Arc<Roll>,
    pub(super) broken: watch::Sender<bool>,
    pub(super) handles: Vec<ShardHandle>,
}

impl Nursery<'_> {
    pub(super) fn raise(
        &mut self,
        inboxes: Vec<Inbox<ShardInput>>,
    ) -> Result<Vec<JoinHandle<Ended>>, StartError> {
        let ids = (0..=u8::MAX).map(ShardId);
        ids.zip(inboxes).map(|(id, inbox)| self.shard(id, inbox)).collect()
    }

    fn shard(&mut self, id: ShardId, inbox: Inbox<ShardInput>) -> Result<JoinHandle<Ended>, StartError> {
        let picture = Arc::new(ArcSwap::from_pointee(ShardView::default()));
        let fill = Fill::default();
        let Some(sender) = self.senders.get(usize::from(id.0)) else { unreachable!("one sender per inbox") };
        let edge = self.edge(id, sender, &picture, &fill)?;
        self.handles.push(ShardHandle { inbox: sender.clone(), picture, journal_fill: fill });
        let now = self.clock.now();
        let shard =
            Shard::new(now, self.shard_config(id), Box::new(OsEntropy::new()), Box::new(self.net.locals()));
        let driver = Driver::new(shard, edge, self.clock, inbox);
        let broken = self.broken.clone();
        let run = move || {
            let ended = driver.run();
            if ended == Ended::Broken {
                broken.send_replace(true);
            }
            ended
        };
        std::thread::Builder::new().name(format!("shard-{}", id.0)).spawn(run).map_err(StartError::Thread)
    }

    fn edge(
        &self,
        id: ShardId,
        sender: &InboxSender<ShardInput>,
        picture: &Arc<ArcSwap<ShardView>>,
        fill: &Fill,
    ) -> Result<ShardEdge, StartError> {
        let writer = self.journal.writer(id).map_err(StartError::Journal)?;
        let others = self.senders.iter().enumerate().filter(|(other, _)| *other != usize::from(id.0));
        Ok(ShardEdge {
            journal: Journaling::new(writer, fill.clone()),
            net: self.net.sender(id),
            media: MediaSide::new(Arc::clone(self.media)),
            gossip: others
                .map(|(other, inbox)| {
                    Neighbour::new(ShardId(u8::try_from(other).unwrap_or(0)), inbox.clone())
                })
                .collect(),
            keeper: Keeper::new(self.kept.bindings.clone()),
            settings: Keeper::new(self.kept.settings.clone()),
            mail: Keeper::new(self.post.clone()),
            resolver: Resolving::new(self.questions.clone(), sender.clone()),
            screen: Screen::new(Arc::clone(picture)),
            roll: Arc::clone(&self.roll),
            turned_at: Mono(0),
        })
    }

    fn shard_config(&self, shard: ShardId) -> ShardConfig {
        ShardConfig {
            shard,
            shards: u8::try_from(self.senders.len()).unwrap_or(u8::MAX),
            start: self.clock.now().wall,
            realm: self.config.sip.realm.clone(),
            user_agent: self.config.sip.user_agent.clone(),
            session_expires: self.config.sip.session_expires,
            min_se: self.config.sip.min_se,
            nonce_secret: self.secret,
            calls: self.config.limits.calls,
            calls_per_sec: self.config.limits.calls_per_sec,
            registrations: self.config.limits.registrations,
            media_ports: self.config.media.ports.first..=self.config.media.ports.last,
            workers: self.workers,
            language: self.config.node.language.clone(),
            edges: self.config.sip.edges.clone(),
            phone_key: self.phone_key.clone(),
        }
    }
}
