//! SUBSCRIBE (RFC 6665 §4.2.1). Each subscription has a dialog of its own and asks for a password whenever it is made or
//! changed.

use std::time::Duration;

use base::Now;
use base::wire::{Flow, Target};
use phone::lamp::feature_event::{FEATURE_EVENT, FeatureAsk};
use sip::ServerId;
use sip::message::{Header, Message};
use sip::usage::{Subscription, UsageRefusal};

use super::Shard;
use super::digest::AskAs;
use super::packages::Package;
use super::subscriptions::{Subscriber, SubscriptionId, Watch};
use crate::reply::{self, PACKAGES, reply};

impl Shard {
    /// A SUBSCRIBE outside a dialog.
    pub(super) fn subscribed(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Proxy) else { return };
        let tag = self.entropy.token();
        let (lifetime, contact, subscriber) = match self.begun(now, &extension, request, flow, &tag) {
            Ok(begun) => begun,
            Err(refusal) => return self.refuse_usage(now, id, request, refusal),
        };
        if let Err(status) = self.set_features(now, &extension, request) {
            return self.refuse_usage(now, id, request, UsageRefusal::Status(status));
        }
        self.count("subscriptions_granted");
        self.granted(now, id, request, Some(&tag), &contact, lifetime);
        let name = (request.call_id().unwrap_or_default().into(), tag.as_str().into());
        self.subscriptions.enter(name, subscriber);
    }

    fn begun(
        &self,
        now: Now,
        extension: &str,
        request: &Message,
        flow: Flow,
        tag: &str,
    ) -> Result<(Duration, String, Box<Subscriber>), UsageRefusal> {
        let (package, ask) = Package::asked(request)?;
        let (topic, watch) = self.may_watch(package, extension, request)?;
        let lifetime = ask.lifetime(package.lifetimes())?;
        let target = Target::Flow(flow);
        let contact = reply::contact(&*self.locals, &target).ok_or(UsageRefusal::Status(500))?;
        let subscription = Subscription::begin(now.mono, request, tag, &ask, lifetime, package.interval())?;
        let way = (target, contact.clone());
        Ok((lifetime, contact, Subscriber::new(subscription, topic, watch, extension, way)))
    }

    /// A SUBSCRIBE inside a subscription's dialog.
    pub(super) fn resubscribed(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        (known, flow): (SubscriptionId, Flow),
    ) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Proxy) else { return };
        let Some(mut subscriber) = self.subscriptions.take(known) else {
            return self.refuse(now, id, 481);
        };
        let refreshed = self.refreshed(now, &extension, request, &mut subscriber);
        match refreshed {
            Ok(lifetime) => {
                if let Watch::Registrations(info) = &mut subscriber.watch {
                    info.begin_anew();
                } else if let Watch::Features(told) = &mut subscriber.watch {
                    told.events.clear();
                }
                // Whoever has come by another way is told by that way.
                subscriber.target = Target::Flow(flow);
                self.granted(now, id, request, None, &subscriber.contact, lifetime);
            }
            Err(refusal) => self.refuse_usage(now, id, request, refusal),
        }
        self.subscriptions.settle(known, subscriber);
    }

    fn refreshed(
        &mut self,
        now: Now,
        extension: &str,
        request: &Message,
        subscriber: &mut Subscriber,
    ) -> Result<Duration, UsageRefusal> {
        if *subscriber.account != *extension {
            return Err(UsageRefusal::Status(403));
        }
        let (package, ask) = Package::asked(request)?;
        let lifetime = ask.lifetime(package.lifetimes())?;
        subscriber.subscription.refresh(now.mono, request, &ask, lifetime)?;
        self.set_features(now, extension, request).map_err(UsageRefusal::Status)?;
        Ok(lifetime)
    }

    /// Does what the body of a SUBSCRIBE asks for; the bodies of other packages are filters, which we know none of.
    fn set_features(&mut self, now: Now, extension: &str, request: &Message) -> Result<(), u16> {
        let is_features = matches!(Package::asked(request), Ok((Package::Features, _)));
        if !is_features || request.body().is_empty() {
            return Ok(());
        }
        let kind = request.header(Header::ContentType).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(FEATURE_EVENT) {
            return Err(415);
        }
        let ask = FeatureAsk::read(&request.body()).map_err(|_bad| 400_u16)?;
        self.features_asked(now, extension, ask)
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
        draft.push(Header::AllowEvents, PACKAGES);
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
        let body = Package::asked(request).map_or("", |(package, _)| package.body());
        match refusal {
            UsageRefusal::TooBrief(min) => draft.push(Header::MinExpires, &min.to_string()),
            UsageRefusal::Status(489) => draft.push(Header::AllowEvents, PACKAGES),
            UsageRefusal::Status(406 | 415) => draft.set(Header::Accept, body),
            UsageRefusal::Status(500 | 503) => draft.push(Header::RetryAfter, "5"),
            UsageRefusal::Status(_) => &mut draft,
        };
        self.stack.respond(now, id, draft);
    }
}
