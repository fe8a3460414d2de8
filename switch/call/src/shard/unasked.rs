//! Phones that are told what waits for them without having asked: NOTIFY outside any subscription, as many older phones
//! take it (a station's `mwi = "unsolicited"`). RFC 6665 §4.1 knows none of that, so it says that no subscription is left.

use base::Now;
use base::limits::FORK_LEGS;
use base::wire::Target;
use peer::Binding;
use phone::lamp::{MESSAGE_SUMMARY, message_summary};
use provision::Mwi;
use sip::message::{Draft, Header, Method, Uri};

use super::{Asker, Shard};
use crate::reply;

impl Shard {
    /// The phones of all stations that open this mailbox as their own, and want to be told.
    pub(super) fn tell_of_mail(&mut self, now: Now, mailbox: &str) {
        if !self.is_owner() {
            return;
        }
        let owners = self.routes.mailbox(mailbox).map(|it| it.owners).unwrap_or_default();
        let of_owners = owners.iter().flat_map(|login| self.routes.stations_of(login));
        let stations = self.routes.station(mailbox).into_iter().chain(of_owners);
        let mut extensions: Vec<String> = stations.map(|it| it.extension.clone()).collect();
        extensions.sort();
        extensions.dedup();
        extensions.retain(|it| self.routes.mailbox_of_station(it).as_deref() == Some(mailbox));
        extensions.iter().for_each(|extension| self.tell_unasked(now, extension));
    }

    /// The phones of a station, where it wants that.
    pub(super) fn tell_unasked(&mut self, now: Now, extension: &str) {
        let wants = self.routes.station(extension).is_some_and(|it| it.mwi == Mwi::Unsolicited);
        let Some(mailbox) = self.routes.mailbox_of_station(extension).filter(|_| wants) else { return };
        let found = self.registrar.lookup(now, extension);
        let phones: Vec<Binding> = found.into_iter().take(FORK_LEGS).cloned().collect();
        for phone in phones {
            let target = Target::Flow(phone.flow);
            let Some(draft) = self.unasked_draft(&phone, &mailbox, target) else { continue };
            if let Ok(client) = self.stack.request(now, &mut *self.entropy, target, &*self.locals, draft) {
                self.clients.insert(client, Asker::Nobody);
                self.count("notifies_unasked");
            }
        }
    }

    fn unasked_draft(&mut self, phone: &Binding, mailbox: &str, target: Target) -> Option<Draft> {
        let uri = Uri::parse(&phone.contact).ok()?;
        let contact = reply::contact(&*self.locals, &target)?;
        let account = self.account_of(mailbox);
        let call_id =
            base::wire::marked_call_id(self.config.shard, self.entropy.next_u64(), self.entropy.next_u64());
        let mut draft = Draft::request(Method::Notify, uri.as_str());
        for route in phone.path() {
            draft.push(Header::Route, route);
        }
        draft.push(Header::MaxForwards, "70");
        draft.push(Header::From, &format!("<{account}>;tag={}", self.entropy.token()));
        draft.push(Header::To, &format!("<{}>", self.account_of(&phone.aor)));
        draft.push(Header::CallId, &call_id);
        draft.push(Header::CSeq, "1 NOTIFY");
        draft.push(Header::Contact, &contact);
        draft.push(Header::Event, "message-summary");
        draft.push(Header::SubscriptionState, "terminated");
        draft.push(Header::UserAgent, &self.config.user_agent);
        draft.body(MESSAGE_SUMMARY, message_summary(self.messages_in(mailbox), &account).into());
        Some(draft)
    }
}
