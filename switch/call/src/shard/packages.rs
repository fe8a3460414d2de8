//! The event packages that there are (RFC 6665 §5.4): who may watch what, for how long, how often.

use std::time::Duration;

use phone::lamp::feature_event::FEATURE_EVENT;
use phone::lamp::{DIALOG_INFO, MESSAGE_SUMMARY, Watched};
use sip::message::{Header, Message};
use sip::usage::{EventAsk, Lifetimes, UsageRefusal};

use super::Shard;
use super::reginfo::{REGINFO, RegInfo};
use super::subscriptions::{Told, Topic, Watch};

/// An event package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    /// Registrations (RFC 3680).
    Registrations,
    /// Lines (RFC 4235).
    Dialog,
    /// Mailboxes (RFC 3842).
    Mailbox,
    /// Features that phone and switch keep in step.
    Features,
}

impl Package {
    const ALL: [Self; 4] = [Self::Registrations, Self::Dialog, Self::Mailbox, Self::Features];

    fn name(self) -> &'static str {
        match self {
            Self::Registrations => "reg",
            Self::Dialog => "dialog",
            Self::Mailbox => "message-summary",
            Self::Features => "as-feature-event",
        }
    }

    /// The package that a SUBSCRIBE asks for, where we have it (RFC 6665 §4.2.1.1).
    pub(super) fn asked(request: &Message) -> Result<(Self, EventAsk), UsageRefusal> {
        let ask = EventAsk::read(request)?;
        let found = Self::ALL.into_iter().find(|package| package.name() == ask.package);
        found.map(|package| (package, ask)).ok_or(UsageRefusal::Status(489))
    }

    /// The body of its NOTIFY.
    pub(super) fn body(self) -> &'static str {
        match self {
            Self::Registrations => REGINFO,
            Self::Dialog => DIALOG_INFO,
            Self::Mailbox => MESSAGE_SUMMARY,
            Self::Features => FEATURE_EVENT,
        }
    }

    /// RFC 3680 §4.4 and RFC 4235 §3.4 have an hour where nothing is said, RFC 3842 §3.4 leaves it open.
    pub(super) fn lifetimes(self) -> Lifetimes {
        match self {
            Self::Registrations | Self::Dialog | Self::Features => Lifetimes { min: 60, max: 3_600 },
            Self::Mailbox => Lifetimes { min: 60, max: 7_200 },
        }
    }

    /// The least time between two NOTIFYs: 5 s of RFC 3680 §4.8, 1 s of RFC 3842 §3.10; RFC 4235 §3.10 has 1 s, too,
    /// and leaves it to policy: people wait for lamps.
    pub(super) fn interval(self) -> Duration {
        match self {
            Self::Registrations => Duration::from_secs(5),
            Self::Dialog | Self::Features => Duration::from_millis(300),
            Self::Mailbox => Duration::from_secs(1),
        }
    }

    /// Whether a request takes its bodies.
    fn is_taken(self, request: &Message) -> bool {
        let takes = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case(self.body())
                || kind == "*/*"
                || kind.eq_ignore_ascii_case("application/*")
        };
        !request.has(Header::Accept) || request.values(Header::Accept).any(takes)
    }

    fn watch(self, extension: &str, request: &Message) -> Watch {
        let uri = request.uri().map(|uri| uri.as_str().to_owned()).unwrap_or_default();
        match self {
            Self::Registrations => Watch::Registrations(Box::new(RegInfo::new(extension, &uri))),
            Self::Dialog => Watch::Line { entity: uri.into(), version: 0 },
            Self::Mailbox => Watch::Mailbox,
            Self::Features => {
                let is_multipart = |kind: &str| {
                    kind.trim_start().get(..10).is_some_and(|it| it.eq_ignore_ascii_case("multipart/"))
                };
                let takes_parts = !request.has(Header::Accept)
                    || request.values(Header::Accept).any(|kind| is_multipart(kind) || kind.trim() == "*/*");
                Watch::Features(Box::new(Told { takes_parts, ..Told::default() }))
            }
        }
    }
}

impl Shard {
    /// Whether an extension may watch what it asks for, in a form that we write, and not too often.
    pub(super) fn may_watch(
        &self,
        package: Package,
        extension: &str,
        request: &Message,
    ) -> Result<(Topic, Watch), UsageRefusal> {
        let wanted = request.uri().ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
        let topic = self.topic(package, extension, &wanted).map_err(UsageRefusal::Status)?;
        if !package.is_taken(request) {
            return Err(UsageRefusal::Status(406));
        }
        match self.subscriptions.refused(extension, &topic) {
            Some(status) => Err(UsageRefusal::Status(status)),
            None => Ok((topic, package.watch(extension, request))),
        }
    }

    /// What a name stands for: of registrations, messages and features only one's own, of lines those of every station,
    /// of slots, and the pseudo users.
    fn topic(&self, package: Package, extension: &str, wanted: &str) -> Result<Topic, u16> {
        match package {
            Package::Registrations if wanted == extension => Ok(Topic::Registrations(extension.into())),
            Package::Features if wanted == extension => Ok(Topic::Features(extension.into())),
            Package::Registrations | Package::Features => Err(403),
            Package::Mailbox => {
                let own = self.routes.mailbox_of_station(extension).ok_or(404_u16)?;
                // Phones ask for the number that they dial to listen, too.
                let is_own = wanted == extension || wanted == own || wanted.starts_with('*');
                if is_own { Ok(Topic::Mailbox(own.into())) } else { Err(403) }
            }
            Package::Dialog => self.line(wanted).map(|line| Topic::Line(line.into())).ok_or(404),
        }
    }

    /// The line of a name that can be watched.
    fn line(&self, wanted: &str) -> Option<String> {
        let routes = &self.routes;
        let watched = Watched::read(wanted);
        let is_there = match watched {
            Watched::Slot(slot) => is_slot(slot),
            Watched::Conference(name) => routes.conference(name).is_some(),
            Watched::Mail(mailbox) => routes.mailbox(mailbox).is_some(),
            Watched::Station(_)
            | Watched::Recording(_)
            | Watched::DoNotDisturb(_)
            | Watched::Forward(_)
            | Watched::Login(_)
            | Watched::Ready(_) => watched.station().is_some_and(|of| routes.station(of).is_some()),
        };
        is_there.then(|| wanted.to_owned())
    }
}

/// Whether it may be the number of a slot; one that nobody has set up is never taken.
fn is_slot(slot: &str) -> bool {
    (1..=8).contains(&slot.len()) && slot.bytes().all(|b| b.is_ascii_digit())
}
