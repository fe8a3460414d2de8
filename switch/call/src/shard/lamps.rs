//! What lamps show: lines of the floor, and pseudo users made of what is known beside calls.

use std::sync::Arc;

use base::Now;
use base::mail::{MailCounts, MailState};
use phone::lamp::{DialogInfo, Lit, Watched};

use super::Shard;
use super::subscriptions::Topic;
use crate::call::SUPERVISES;

/// Where addresses in documents lead when the realm is none.
const NOWHERE: &str = "tandem.invalid";

impl Shard {
    /// Something has changed on these lines.
    pub(super) fn lines_changed(&mut self, lines: Vec<Box<str>>) {
        if !self.subscriptions.any() {
            return;
        }
        for line in lines {
            // A recording shows on the line of who is recorded, and has a lamp of its own.
            self.line_changed(&format!("rec.{line}"));
            self.line_changed(&line);
        }
    }

    /// What a line shows may have changed.
    pub(super) fn line_changed(&mut self, line: &str) {
        let topic = Topic::Line(line.into());
        if self.subscriptions.is_watched(&topic) {
            let shown = self.shown_on(line);
            self.subscriptions.line_changed(&topic, |before| shown.after(before));
        }
    }

    /// What is in a mailbox has changed.
    pub(super) fn mail_changed(&mut self, now: Now, mailbox: Arc<str>, state: Arc<MailState>) {
        let line = format!("mail.{mailbox}");
        let is_news = self.messages_in(&mailbox) != state.counts;
        if is_news {
            self.subscriptions.changed(&Topic::Mailbox((&*mailbox).into()));
        }
        self.mailboxes.insert(Arc::clone(&mailbox), state);
        if is_news {
            self.tell_of_mail(now, &mailbox);
        }
        self.line_changed(&line);
    }

    /// What is in all mailboxes; those that are not among them are empty.
    pub(super) fn mail_is(&mut self, now: Now, all: Vec<(Arc<str>, Arc<MailState>)>) {
        let is_among = |mailbox: &Arc<str>| all.iter().any(|(known, _)| known == mailbox);
        let emptied: Vec<_> = self.mailboxes.keys().filter(|mailbox| !is_among(mailbox)).cloned().collect();
        let emptied = emptied.into_iter().map(|mailbox| (mailbox, Arc::default()));
        for (mailbox, state) in emptied.chain(all.iter().cloned()) {
            self.mail_changed(now, mailbox, state);
        }
    }

    /// A line as all who watch it are told it.
    pub(super) fn info_of(&mut self, topic: &Topic) -> Arc<DialogInfo> {
        let Topic::Line(line) = topic else { return Arc::default() };
        if let Some(info) = self.subscriptions.known_info(topic) {
            return info;
        }
        let shown = Arc::new(self.shown_on(line));
        self.subscriptions.know_info(topic, &shown);
        shown
    }

    fn shown_on(&self, line: &str) -> DialogInfo {
        match self.light_of(line) {
            Some(light) => DialogInfo::lit(line, light),
            None => DialogInfo::of(line, self.floor.line(line).map(|at| at.spot), self.domain()),
        }
    }

    /// The light of a pseudo user; `None` for a station, whose dialogs are told themselves.
    fn light_of(&self, line: &str) -> Option<Lit> {
        let lit = |is_on| if is_on { Lit::On } else { Lit::Off };
        // Who supervises whom is nobody's business.
        if line.starts_with(SUPERVISES) {
            return Some(Lit::Off);
        }
        Some(match Watched::read(line) {
            Watched::Station(_) => return None,
            // Whoever is called back to a slot flashes.
            Watched::Slot(_) if self.floor.ringing(line).next().is_some() => Lit::Flashing,
            // The caller's own dialog is told, so that the key can take the call.
            Watched::Slot(_) if self.floor.is_busy(line) => return None,
            Watched::Slot(_) => Lit::Off,
            Watched::Conference(_) => lit(self.floor.is_busy(line)),
            Watched::Recording(of) => lit(self.floor.calls_of(of).any(|at| at.spot.recorded)),
            Watched::Mail(mailbox) => lit(self.messages_in(mailbox).new > 0),
            Watched::DoNotDisturb(of) => lit(self.features_of(of).do_not_disturb),
            Watched::Forward(of) => lit(self.features_of(of).forwards.iter().any(Option::is_some)),
            Watched::Login(of) => lit(self.features_of(of).agent.is_signed_in()),
            Watched::Ready(of) => match self.features_of(of).agent {
                provision::AgentState::Ready => Lit::On,
                provision::AgentState::AfterCall => Lit::Flashing,
                provision::AgentState::NotReady | provision::AgentState::SignedOut => Lit::Off,
            },
        })
    }

    pub(super) fn messages_in(&self, mailbox: &str) -> MailCounts {
        self.mailboxes.get(mailbox).map(|state| state.counts).unwrap_or_default()
    }

    /// The address that a phone calls for its messages.
    pub(super) fn account_of(&self, mailbox: &str) -> String {
        format!("sip:{mailbox}@{}", self.domain())
    }

    /// The name that addresses in documents lead to.
    fn domain(&self) -> &str {
        let realm = &self.config.realm;
        let is_host =
            realm.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)) && !realm.is_empty();
        if is_host { realm } else { NOWHERE }
    }
}
