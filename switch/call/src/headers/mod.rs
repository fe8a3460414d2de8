//! Which headers cross from one leg to the other, and from whom they are believed (RFC 7092 asks a B2BUA to say so).
//!
//! *Mapped* headers are written anew for each leg, *dropped* ones belong to one hop, one dialog or one trust domain,
//! *passed* ones cross as they came and in their order. Whom to believe is decided on parsed names: what the parser
//! does not take for a header is refused as a whole, so no spelling slips by. The table for people is in
//! `docs/operating/headers.md`.

mod breadth;
mod carried;
mod forwards;
mod identity;
mod parting;
mod session;
mod table;

pub(crate) use breadth::breadth_shares;
pub(crate) use carried::{carry, is_carried};
pub(crate) use forwards::Forwards;
pub(crate) use identity::{Identity, Known, claim, user_of};
pub(crate) use parting::{Parting, user_to_user};
pub(crate) use session::{End, SessionIds};
use sip::message::{Draft, Header, Message};
use table::Class;

/// How far a far end is believed about others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// A phone, or a trunk that is not marked as trusted.
    #[default]
    None,
    /// The phone of an admin: it may also have other phones answer by themselves.
    Admin,
    /// A trunk marked as trusted: it belongs to our trust domain (RFC 3325 §2.3).
    Full,
}

/// What a header crosses: whoever said it, whoever hears it, and in which need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Border {
    pub(crate) from: Trust,
    pub(crate) to: Trust,
    /// Where the caller is crosses to those who send help.
    pub(crate) emergency: bool,
}

impl Border {
    /// Between two far ends of an ordinary call.
    pub(crate) fn between(from: Trust, to: Trust) -> Self {
        Self { from, to, emergency: false }
    }

    /// Whether a header crosses as it came.
    fn lets(self, header: Header<'_>) -> bool {
        self.lets_class(table::class(header))
    }

    fn lets_class(self, class: Class) -> bool {
        let both = self.from == Trust::Full && self.to == Trust::Full;
        match class {
            Class::Stays => false,
            Class::Plain => true,
            Class::Bold => self.from != Trust::None,
            Class::Asserted => both,
            Class::Place => both || self.emergency,
            Class::Unknown => self.from == Trust::Full,
        }
    }
}

/// Copies the headers that cross.
pub(crate) fn pass(from: &Message, to: &mut Draft, border: Border) {
    to.copy(from, |header| border.lets(header) && crosses_whole(from, header));
}

/// Copies the headers of the INVITE that begins a call; who calls and by which way is written anew.
pub(crate) fn pass_first(from: &Message, to: &mut Draft, border: Border) {
    to.copy(from, |header| {
        border.lets(header) && !table::is_mapped_in_first(header) && crosses_whole(from, header)
    });
}

/// Whether all of a header is within its bound.
fn crosses_whole(from: &Message, header: Header<'_>) -> bool {
    header != Header::UserToUser || user_to_user(from).is_some()
}

/// Copies a body that crosses as it came (INFO, MESSAGE), with what says how to read it.
pub(crate) fn pass_body(from: &Message, to: &mut Draft) {
    to.copy(from, |header| {
        matches!(
            header,
            Header::ContentEncoding
                | Header::ContentDisposition
                | Header::ContentLanguage
                | Header::MimeVersion
        )
    });
    let body = from.body();
    if !body.is_empty() {
        to.body(from.header(Header::ContentType).unwrap_or("application/octet-stream"), body);
    }
}
