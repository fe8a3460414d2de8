//! Phones subscribe to events (RFC 6665): to the registrations of their own extension (RFC 3680). Each subscription has
//! a dialog of its own and asks for a password whenever it is made or changed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use base::limits::{SUBSCRIPTIONS, SUBSCRIPTIONS_PER_ACCOUNT};
use base::wire::{Flow, Target};
use base::{Mono, Now};
use sip::ServerId;
use sip::message::{Header, Message};
use sip::usage::{Ended, EventAsk, Lifetimes, Subscription, UsageRefusal};

use super::digest::AskAs;
use super::reginfo::{REGINFO, RegInfo};
use super::{Asker, DialogKey, Shard};
use crate::reply::{self, PACKAGES, reply};

/// Lifetimes of a subscription to `reg` (RFC 3680 §4.4 has 3,761 s where nothing is said; ours follow registrations).
const LIFETIMES: Lifetimes = Lifetimes { min: 60, max: 3_600 };
/// The least time between two NOTIFYs of a subscription (RFC 3680 §4.8).
const INTERVAL: Duration = Duration::from_secs(5);

/// The subscriptions of a shard, found by dialog, by extension and by time.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    table: HashMap<DialogKey, Subscriber>,
    by_aor: BTreeSet<(String, DialogKey)>,
    due: BTreeSet<(Mono, DialogKey)>,
}

#[derive(Debug)]
struct Subscriber {
    subscription: Subscription,
    info: RegInfo,
    target: Target,
    contact: String,
    due: Option<Mono>,
}

impl Subscriptions {
    pub(super) fn has(&self, key: &DialogKey) -> bool {
        self.table.contains_key(key)
    }

    /// Whether anybody watches anything.
    pub(super) fn any(&self) -> bool {
        !self.table.is_empty()
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        self.due.first().map(|(at, _)| *at)
    }

    fn of(&self, aor: &str) -> Vec<DialogKey> {
        let from = (aor.to_owned(), DialogKey::default());
        let range = self.by_aor.range(from..).take_while(|(it, _)| it == aor);
        range.map(|(_, key)| key.clone()).collect()
    }

    /// Puts a subscriber back, or forgets one that is over.
    fn settle(&mut self, key: DialogKey, mut subscriber: Subscriber) {
        if let Some(at) = subscriber.due.take() {
            self.due.remove(&(at, key.clone()));
        }
        let name = (subscriber.info.aor.clone(), key.clone());
        if subscriber.subscription.is_over() {
            self.by_aor.remove(&name);
            return;
        }
        subscriber.due = subscriber.subscription.deadline();
        if let Some(at) = subscriber.due {
            self.due.insert((at, key.clone()));
        }
        self.by_aor.insert(name);
        self.table.insert(key, subscriber);
    }
}

impl Shard {
    /// A SUBSCRIBE outside a dialog.
    pub(super) fn subscribed(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Proxy) else { return };
        let begun = asked(request).and_then(|ask| self.may_watch(&extension, request).map(|()| ask));
        let begun = begun.and_then(|ask| Ok((ask.lifetime(LIFETIMES)?, ask)));
        let (lifetime, ask) = match begun {
            Ok(begun) => begun,
            Err(refusal) => return self.refuse_usage(now, id, request, refusal),
        };
        let target = Target::Flow(flow);
        let Some(contact) = reply::contact(&*self.locals, &target) else { return self.refuse(now, id, 500) };
        let tag = self.entropy.token();
        let subscription = match Subscription::begin(now.mono, request, &tag, &ask, lifetime, INTERVAL) {
            Ok(subscription) => subscription,
            Err(refusal) => return self.refuse_usage(now, id, request, refusal),
        };
        self.count("subscriptions_granted");
        self.granted(now, id, request, Some(&tag), &contact, lifetime);
        let uri = request.uri().map(|uri| uri.as_str().to_owned()).unwrap_or_default();
        let key = (request.call_id().unwrap_or_default().into(), tag.as_str().into());
        let info = RegInfo::new(&extension, &uri);
        self.subscriptions.settle(key, Subscriber { subscription, info, target, contact, due: None });
    }

    /// A SUBSCRIBE inside a subscription's dialog.
    pub(super) fn resubscribed(&mut self, now: Now, id: ServerId, request: &Message, key: DialogKey) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Proxy) else { return };
        let Some(mut subscriber) = self.subscriptions.table.remove(&key) else {
            return self.refuse(now, id, 481);
        };
        let refreshed =
            if subscriber.info.aor == extension { asked(request) } else { Err(UsageRefusal::Status(403)) };
        let refreshed = refreshed.and_then(|ask| {
            let lifetime = ask.lifetime(LIFETIMES)?;
            subscriber.subscription.refresh(now.mono, request, &ask, lifetime).map(|()| lifetime)
        });
        match refreshed {
            Ok(lifetime) => {
                subscriber.info.begin_anew();
                self.granted(now, id, request, None, &subscriber.contact, lifetime);
            }
            Err(refusal) => self.refuse_usage(now, id, request, refusal),
        }
        self.subscriptions.settle(key, subscriber);
    }

    /// Whether an extension may watch what it asks for: itself, in a form that we write, and not too often.
    fn may_watch(&self, extension: &str, request: &Message) -> Result<(), UsageRefusal> {
        let watched = request.uri().ok().and_then(|uri| uri.user_decoded());
        if watched.as_deref() != Some(extension) {
            return Err(UsageRefusal::Status(403));
        }
        let takes = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case(REGINFO) || kind == "*/*" || kind.eq_ignore_ascii_case("application/*")
        };
        if request.has(Header::Accept) && !request.values(Header::Accept).any(takes) {
            return Err(UsageRefusal::Status(406));
        }
        if self.subscriptions.of(extension).len() >= SUBSCRIPTIONS_PER_ACCOUNT {
            return Err(UsageRefusal::Status(403));
        }
        if self.subscriptions.table.len() >= SUBSCRIPTIONS {
            return Err(UsageRefusal::Status(503));
        }
        Ok(())
    }

    fn granted(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        tag: Option<&str>,
        contact: &str,
        lifetime: Duration,
    ) {
        let mut draft = reply(request, 200, tag, &self.config.user_agent);
        draft.push(Header::Contact, contact);
        draft.push(Header::Expires, &lifetime.as_secs().to_string());
        self.stack.respond(now, id, draft);
    }

    /// Refuses a request of a usage with what its status asks for.
    pub(super) fn refuse_usage(&mut self, now: Now, id: ServerId, request: &Message, refusal: UsageRefusal) {
        self.count("subscriptions_refused");
        let status = match refusal {
            UsageRefusal::Status(status) => status,
            UsageRefusal::TooBrief(_) => 423,
        };
        let mut draft = reply(request, status, None, &self.config.user_agent);
        match refusal {
            UsageRefusal::TooBrief(min) => draft.push(Header::MinExpires, &min.to_string()),
            UsageRefusal::Status(489) => draft.push(Header::AllowEvents, PACKAGES),
            UsageRefusal::Status(406) => draft.push(Header::Accept, REGINFO),
            UsageRefusal::Status(500 | 503) => draft.push(Header::RetryAfter, "5"),
            UsageRefusal::Status(_) => &mut draft,
        };
        self.stack.respond(now, id, draft);
    }

    /// The registrations of an extension have changed.
    pub(super) fn registrations_changed(&mut self, now: Now, aor: &str) {
        for key in self.subscriptions.of(aor) {
            let Some(mut subscriber) = self.subscriptions.table.remove(&key) else { continue };
            subscriber.subscription.changed();
            self.notify(now, &key, &mut subscriber);
            self.subscriptions.settle(key, subscriber);
        }
    }

    /// Sends what is due.
    pub(super) fn notify_due(&mut self, now: Now) {
        while let Some((at, key)) = self.subscriptions.due.first().cloned().filter(|(at, _)| *at <= now.mono)
        {
            self.subscriptions.due.remove(&(at, key.clone()));
            let Some(mut subscriber) = self.subscriptions.table.remove(&key) else { continue };
            subscriber.due = None;
            self.notify(now, &key, &mut subscriber);
            self.subscriptions.settle(key, subscriber);
        }
    }

    fn notify(&mut self, now: Now, key: &DialogKey, subscriber: &mut Subscriber) {
        let Some(mut draft) = subscriber.subscription.poll(now.mono) else { return };
        draft.push(Header::Contact, &subscriber.contact);
        draft.body(REGINFO, subscriber.info.document(now, &self.registrar).into());
        match self.stack.request(now, &mut *self.entropy, subscriber.target, &*self.locals, draft) {
            Ok(client) => drop(self.clients.insert(client, Asker::Notify { key: key.clone() })),
            Err(_no_socket) => subscriber.subscription.told(408),
        }
    }

    /// The answer to a NOTIFY, or 408 for none. A subscriber that asks for our credentials gets none (S3).
    pub(super) fn notified(&mut self, now: Now, key: DialogKey, status: u16) {
        if status < 200 {
            return;
        }
        let Some(mut subscriber) = self.subscriptions.table.remove(&key) else { return };
        subscriber.subscription.told(status);
        self.notify(now, &key, &mut subscriber);
        self.subscriptions.settle(key, subscriber);
    }

    /// The node ends: subscribers may come again elsewhere (RFC 6665 §4.1.3).
    pub(super) fn end_subscriptions(&mut self, now: Now) {
        let keys: Vec<DialogKey> = self.subscriptions.by_aor.iter().map(|(_, key)| key.clone()).collect();
        for key in keys {
            let Some(mut subscriber) = self.subscriptions.table.remove(&key) else { continue };
            subscriber.subscription.end(Ended::Deactivated);
            self.notify(now, &key, &mut subscriber);
            self.subscriptions.settle(key, subscriber);
        }
    }
}

/// What a SUBSCRIBE asks for, where we have it (RFC 6665 §4.2.1.1).
fn asked(request: &Message) -> Result<EventAsk, UsageRefusal> {
    let ask = EventAsk::read(request)?;
    if ask.package == PACKAGES { Ok(ask) } else { Err(UsageRefusal::Status(489)) }
}
