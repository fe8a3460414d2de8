//! Which headers cross from one leg to the other: pass, map or drop (RFC 7092 asks a B2BUA to say so).
//!
//! *Mapped* headers are written anew for each leg: Via, From, To, Call-ID, CSeq, Contact, Max-Forwards, Allow,
//! Supported, User-Agent, Content-Type and Content-Length. *Dropped* ones belong to one hop, one dialog or one
//! trust domain. Everything else, known or not, *passes* as it came and in its order.

use sip::message::{Draft, Header, Message};

/// Belongs to one hop or one dialog, is written by us, or may only be said by somebody we trust.
#[rustfmt::skip]
const STAYS: &[Header<'static>] = &[
    // the dialog and the hop
    Header::Via, Header::From, Header::To, Header::CallId, Header::CSeq, Header::Contact, Header::MaxForwards,
    Header::Route, Header::RecordRoute, Header::Path, Header::ServiceRoute, Header::Timestamp, Header::Expires,
    Header::MinExpires, Header::RetryAfter, Header::SipEtag, Header::SipIfMatch, Header::Event,
    Header::SubscriptionState, Header::AllowEvents,
    // the body, which is rewritten
    Header::ContentLength, Header::ContentType, Header::ContentEncoding, Header::ContentDisposition,
    Header::ContentLanguage, Header::MimeVersion,
    // what each side can do
    Header::Allow, Header::Supported, Header::Require, Header::ProxyRequire, Header::Unsupported, Header::Accept,
    Header::AcceptEncoding, Header::AcceptContact, Header::RejectContact, Header::RequestDisposition,
    Header::UserAgent, Header::Server, Header::RSeq, Header::RAck, Header::SessionExpires, Header::MinSe,
    // credentials
    Header::Authorization, Header::ProxyAuthorization, Header::WwwAuthenticate, Header::ProxyAuthenticate,
    Header::AuthenticationInfo,
    // identity, asserted anew by us where we may
    Header::PAssertedIdentity, Header::PPreferredIdentity, Header::RemotePartyId, Header::Identity,
    Header::Diversion, Header::HistoryInfo,
    // other dialogs
    Header::Replaces, Header::Join, Header::ReferTo, Header::ReferredBy, Header::ReferSub, Header::InReplyTo,
    // texts that name hosts of the other side
    Header::Warning, Header::ErrorInfo,
];

/// Whether a header crosses.
pub(crate) fn crosses(header: Header<'_>) -> bool {
    !STAYS.contains(&header)
}

/// Copies the headers that cross.
pub(crate) fn pass(from: &Message, to: &mut Draft) {
    to.copy(from, crosses);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_headers_cross_and_those_of_the_hop_do_not_in_any_spelling() {
        assert!(crosses(Header::of("X-Campaign")));
        assert!(crosses(Header::of("User-to-User")));
        for stays in ["Via", "v", "ROUTE", "Contact", "m", "p-asserted-identity", "Supported", "k"] {
            assert!(!crosses(Header::of(stays)), "{stays}");
        }
    }
}
