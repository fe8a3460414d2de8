//! NOTIFY (RFC 6665 §4.2.2): whoever watches is told the state of the moment.

use base::Now;
use phone::lamp::{feature_event, message_summary};
use sip::usage::Ended;

use super::packages::Package;
use super::subscriptions::{Subscriber, SubscriptionId, Topic, Watch};
use super::{Asker, Shard};

impl Shard {
    /// The registrations of an extension have changed.
    pub(super) fn registrations_changed(&mut self, aor: &str) {
        self.subscriptions.changed(&Topic::Registrations(aor.into()));
    }

    /// Attends to those whose time has come or who watch what has changed, as many as a round has room for.
    pub(super) fn notify_due(&mut self, now: Now) {
        while let Some((id, is_news)) = self.subscriptions.attend(now.mono) {
            let Some(mut subscriber) = self.subscriptions.take(id) else { continue };
            if is_news {
                subscriber.subscription.changed();
            }
            self.notify(now, id, &mut subscriber);
            self.subscriptions.settle(id, subscriber);
        }
    }

    fn notify(&mut self, now: Now, id: SubscriptionId, subscriber: &mut Subscriber) {
        let Some(mut draft) = subscriber.subscription.poll(now.mono) else { return };
        draft.push(sip::message::Header::Contact, &subscriber.contact);
        let (kind, body) = self.document(now, subscriber);
        draft.body(&kind, body.into());
        match self.stack.request(now, &mut *self.entropy, subscriber.target, &*self.locals, draft) {
            Ok(client) => {
                self.count("notifies_sent");
                self.clients.insert(client, Asker::Notify { id });
            }
            Err(_no_socket) => subscriber.subscription.told(408),
        }
    }

    /// What a subscriber is told now, and its type.
    fn document(&mut self, now: Now, subscriber: &mut Subscriber) -> (String, String) {
        let Subscriber { subscription, topic, watch, .. } = subscriber;
        match (watch, &*topic) {
            (Watch::Registrations(info), _) => {
                (Package::Registrations.body().to_owned(), info.document(now, &self.registrar))
            }
            (Watch::Line { entity, version }, topic) => {
                let document = self.info_of(topic).document(entity, *version);
                *version = version.saturating_add(1);
                (Package::Dialog.body().to_owned(), document)
            }
            (Watch::Mailbox, Topic::Mailbox(mailbox)) => (
                Package::Mailbox.body().to_owned(),
                message_summary(self.messages_in(mailbox), &self.account_of(mailbox)),
            ),
            (Watch::Features(told), Topic::Features(extension)) => {
                let events = self.features_of(extension).events(extension);
                let fresh = events.iter().filter(|event| !told.events.contains(event));
                let most = if told.takes_parts { usize::MAX } else { 1 };
                let mut said: Vec<String> = fresh.take(most).cloned().collect();
                told.events.retain(|event| events.contains(event));
                told.events.extend(said.iter().cloned());
                if told.events.len() < events.len() {
                    subscription.changed();
                }
                if said.is_empty() {
                    said.extend(events.into_iter().take(1));
                }
                feature_event::body(&said)
            }
            (Watch::Mailbox | Watch::Features(_), _) => (String::new(), String::new()),
        }
    }

    /// The answer to a NOTIFY, or 408 for none. A subscriber that asks for our credentials gets none (S3).
    pub(super) fn notified(&mut self, now: Now, id: SubscriptionId, status: u16) {
        if status < 200 {
            return;
        }
        let Some(mut subscriber) = self.subscriptions.take(id) else { return };
        subscriber.subscription.told(status);
        self.notify(now, id, &mut subscriber);
        self.subscriptions.settle(id, subscriber);
    }

    /// The node ends: subscribers may come again elsewhere (RFC 6665 §4.1.3).
    pub(super) fn end_subscriptions(&mut self, now: Now) {
        for id in self.subscriptions.ids() {
            let Some(mut subscriber) = self.subscriptions.take(id) else { continue };
            subscriber.subscription.end(Ended::Deactivated);
            self.notify(now, id, &mut subscriber);
            self.subscriptions.settle(id, subscriber);
        }
    }
}
