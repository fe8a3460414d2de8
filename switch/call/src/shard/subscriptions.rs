//! The subscriptions of a shard (RFC 6665), found by dialog, by what they watch, and by time.
//!
//! ```text
//!   something changes ─▶ its topic has news ─▶ those who watch it are attended to, some in each round ─▶ NOTIFY
//!                                                                  time is up, or an interval is over ──▲
//! ```
//! Whoever is attended to gets the state of that moment, so nothing old ever waits, and nobody who watches a busy line
//! keeps calls from being worked on.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use base::Mono;
use base::limits::{
    NOTIFY_ROUND, NOTIFY_ROUND_MOST, SUBSCRIPTIONS, SUBSCRIPTIONS_PER_ACCOUNT, SUBSCRIPTIONS_TO_ONESELF,
};
use base::wire::Target;
use phone::lamp::DialogInfo;
use sip::usage::Subscription;

use super::DialogKey;
use super::reginfo::RegInfo;

/// A subscription of this shard; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SubscriptionId(u64);

/// What can be watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// The contacts of an extension.
    Registrations(Box<str>),
    /// A line of the floor, or a pseudo user.
    Line(Box<str>),
    /// A mailbox.
    Mailbox(Box<str>),
    /// The features of a station.
    Features(Box<str>),
}

/// What a subscriber is told, and what it has been told.
#[derive(Debug)]
pub(super) enum Watch {
    /// `reg`.
    Registrations(Box<RegInfo>),
    /// `dialog`; the name as it was asked for, and the version of the next document.
    Line { entity: Box<str>, version: u32 },
    /// `message-summary`.
    Mailbox,
    /// `as-feature-event`.
    Features(Box<Told>),
}

/// What a phone that keeps features in step has been told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) events: Vec<String>,
    /// It takes several of them in one body.
    pub(super) takes_parts: bool,
}

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    pub(super) topic: Topic,
    pub(super) watch: Watch,
    /// Whose password was shown.
    pub(super) account: Box<str>,
    pub(super) target: Target,
    pub(super) contact: Box<str>,
    name: DialogKey,
    due: Option<Mono>,
}

/// Everybody who watches one thing.
#[derive(Debug, Default)]
struct Watchers {
    members: BTreeSet<SubscriptionId>,
    /// Whose turn is next, and how many have not been attended to since the last change.
    next: Option<SubscriptionId>,
    left: usize,
    /// A line as all of them are told it, until it changes.
    info: Option<Arc<DialogInfo>>,
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    table: HashMap<SubscriptionId, Box<Subscriber>>,
    names: HashMap<DialogKey, SubscriptionId>,
    topics: BTreeMap<Topic, Watchers>,
    accounts: BTreeMap<Box<str>, usize>,
    due: BTreeSet<(Mono, SubscriptionId)>,
    /// Topics with watchers left to attend to; each stands here once.
    news: VecDeque<Topic>,
    last: u64,
    round: Round,
}

/// How many have been attended to lately.
#[derive(Debug, Default)]
struct Round {
    since: Mono,
    attended: usize,
    /// Whose turn it was: news and times take turns.
    was_news: bool,
}

impl Subscriber {
    pub(super) fn new(
        subscription: Subscription,
        topic: Topic,
        watch: Watch,
        account: &str,
        (target, contact): (Target, String),
    ) -> Box<Self> {
        Box::new(Self {
            subscription,
            topic,
            watch,
            account: account.into(),
            target,
            contact: contact.into(),
            name: DialogKey::default(),
            due: None,
        })
    }
}

impl Subscriptions {
    pub(super) fn id(&self, name: &DialogKey) -> Option<SubscriptionId> {
        self.names.get(name).copied()
    }

    /// Whether anybody watches anything.
    pub(super) fn any(&self) -> bool {
        !self.table.is_empty()
    }

    /// Whether anybody watches this.
    pub(super) fn is_watched(&self, topic: &Topic) -> bool {
        self.topics.contains_key(topic)
    }

    /// The status that one more of this account gets; `None` where there is room.
    pub(super) fn refused(&self, account: &str, topic: &Topic) -> Option<u16> {
        let own = match topic {
            Topic::Line(_) => 0,
            Topic::Registrations(_) | Topic::Mailbox(_) | Topic::Features(_) => {
                self.topics.get(topic).map_or(0, |watchers| watchers.members.len())
            }
        };
        let all = self.accounts.get(account).copied().unwrap_or(0);
        if own >= SUBSCRIPTIONS_TO_ONESELF || all >= SUBSCRIPTIONS_PER_ACCOUNT {
            return Some(403);
        }
        (self.table.len() >= SUBSCRIPTIONS).then_some(503)
    }

    /// Enters a new one.
    pub(super) fn enter(&mut self, name: DialogKey, mut subscriber: Box<Subscriber>) {
        self.last += 1;
        let id = SubscriptionId(self.last);
        self.names.insert(name.clone(), id);
        self.topics.entry(subscriber.topic.clone()).or_default().members.insert(id);
        *self.accounts.entry(subscriber.account.clone()).or_insert(0) += 1;
        subscriber.name = name;
        self.settle(id, subscriber);
    }

    /// Takes one out to work on it; `settle` puts it back.
    pub(super) fn take(&mut self, id: SubscriptionId) -> Option<Box<Subscriber>> {
        self.table.remove(&id)
    }

    /// Puts a subscriber back, or forgets one that is over.
    pub(super) fn settle(&mut self, id: SubscriptionId, mut subscriber: Box<Subscriber>) {
        if let Some(at) = subscriber.due.take() {
            self.due.remove(&(at, id));
        }
        if subscriber.subscription.is_over() {
            return self.forget(id, &subscriber);
        }
        subscriber.due = subscriber.subscription.deadline();
        self.due.extend(subscriber.due.map(|at| (at, id)));
        self.table.insert(id, subscriber);
    }

    fn forget(&mut self, id: SubscriptionId, subscriber: &Subscriber) {
        self.names.remove(&subscriber.name);
        if let Some(watchers) = self.topics.get_mut(&subscriber.topic) {
            watchers.members.remove(&id);
            if watchers.members.is_empty() {
                self.topics.remove(&subscriber.topic);
            }
        }
        if let Some(count) = self.accounts.get_mut(&subscriber.account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.accounts.remove(&subscriber.account);
            }
        }
    }

    /// Something has changed: all who watch it are attended to, beginning with whoever has waited longest.
    pub(super) fn changed(&mut self, topic: &Topic) {
        let Some(watchers) = self.topics.get_mut(topic) else { return };
        let is_queued = watchers.left > 0;
        watchers.left = watchers.members.len();
        if !is_queued {
            self.news.push_back(topic.clone());
        }
    }

    /// A line shows this now, but for what it showed before and has ended: news if that is anything else.
    pub(super) fn line_changed(
        &mut self,
        topic: &Topic,
        after: impl FnOnce(Option<&DialogInfo>) -> DialogInfo,
    ) {
        let Some(watchers) = self.topics.get_mut(topic) else { return };
        let info = after(watchers.info.as_deref());
        if watchers.info.as_ref().is_some_and(|before| before.shows_as(&info)) {
            return;
        }
        watchers.info = Some(Arc::new(info));
        self.changed(topic);
    }

    /// A line as all who watch it are told it, where somebody has been told.
    pub(super) fn known_info(&self, topic: &Topic) -> Option<Arc<DialogInfo>> {
        self.topics.get(topic)?.info.clone()
    }

    pub(super) fn know_info(&mut self, topic: &Topic, info: &Arc<DialogInfo>) {
        if let Some(watchers) = self.topics.get_mut(topic) {
            watchers.info = Some(info.clone());
        }
    }

    /// Whom to attend to now, and whether that is because of news; `None` when nobody waits or the round is full.
    pub(super) fn attend(&mut self, now: Mono) -> Option<(SubscriptionId, bool)> {
        if now >= self.round.since + NOTIFY_ROUND {
            (self.round.since, self.round.attended) = (now, 0);
        }
        if self.round.attended >= NOTIFY_ROUND_MOST {
            return None;
        }
        let first_news = !self.round.was_news;
        let found = if first_news { self.news_for().map(|id| (id, true)) } else { None };
        let found = found.or_else(|| self.due_now(now).map(|id| (id, false)));
        let (id, is_news) = found.or_else(|| self.news_for().map(|id| (id, true)))?;
        self.round.was_news = is_news;
        self.round.attended += 1;
        Some((id, is_news))
    }

    fn due_now(&mut self, now: Mono) -> Option<SubscriptionId> {
        let (at, id) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, id));
        if let Some(subscriber) = self.table.get_mut(&id) {
            subscriber.due = None;
        }
        Some(id)
    }

    /// The next who watches something that has changed.
    fn news_for(&mut self) -> Option<SubscriptionId> {
        loop {
            let topic = self.news.front()?;
            let next = self.topics.get_mut(topic).and_then(Watchers::advance);
            let is_last = self.topics.get(topic).is_none_or(|watchers| watchers.left == 0);
            if is_last {
                self.news.pop_front();
            }
            if next.is_some() || !is_last {
                return next;
            }
        }
    }

    /// When somebody is to be attended to.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let news = (!self.news.is_empty()).then_some(self.round.since);
        let due = self.due.first().map(|(at, _)| *at);
        let at = news.into_iter().chain(due).min()?;
        let is_full = self.round.attended >= NOTIFY_ROUND_MOST;
        Some(if is_full { at.max(self.round.since + NOTIFY_ROUND) } else { at })
    }

    /// All of them.
    pub(super) fn ids(&self) -> Vec<SubscriptionId> {
        self.topics.values().flat_map(|watchers| watchers.members.iter().copied()).collect()
    }
}

impl Watchers {
    fn advance(&mut self) -> Option<SubscriptionId> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let after = self.next.and_then(|next| self.members.range(next..).next());
        let id = after.or_else(|| self.members.first()).copied();
        self.next = id.map(|SubscriptionId(number)| SubscriptionId(number + 1));
        if id.is_none() {
            self.left = 0;
        }
        id
    }
}
