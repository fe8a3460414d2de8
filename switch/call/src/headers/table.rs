//! The table of headers. Every header we know stands in it, so a new one has to be given its place.

use sip::message::Header;

/// What becomes of a header at the border between two legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Belongs to one hop or one dialog, or is written by us.
    Stays,
    /// Crosses, whoever says it.
    Plain,
    /// Makes a phone act by itself or fetch something: crosses from those with a right to that.
    Bold,
    /// Says who somebody is or which way a call came: crosses within the trust domain.
    Asserted,
    /// Says where the caller is: crosses within the trust domain, and to those who send help.
    Place,
    /// Means something to the two ends that we do not know: crosses when a trusted one says it.
    Unknown,
}

/// The place of a header.
#[expect(clippy::too_many_lines, reason = "a table, one line a header")]
pub(super) fn class(header: Header<'_>) -> Class {
    match header {
        // the dialog and the hop
        Header::Via
        | Header::From
        | Header::To
        | Header::CallId
        | Header::CSeq
        | Header::Contact
        | Header::MaxForwards
        | Header::MaxBreadth
        | Header::SessionId
        | Header::Route
        | Header::RecordRoute
        | Header::Path
        | Header::ServiceRoute
        | Header::Timestamp
        | Header::Expires
        | Header::MinExpires
        | Header::RetryAfter
        | Header::SipEtag
        | Header::SipIfMatch
        | Header::Event
        | Header::SubscriptionState
        | Header::AllowEvents
        // the body, which is rewritten
        | Header::ContentLength
        | Header::ContentType
        | Header::ContentEncoding
        | Header::ContentDisposition
        | Header::ContentLanguage
        | Header::MimeVersion
        // what each side can do
        | Header::Allow
        | Header::Supported
        | Header::Require
        | Header::ProxyRequire
        | Header::Unsupported
        | Header::Accept
        | Header::AcceptEncoding
        | Header::AcceptContact
        | Header::RejectContact
        | Header::RequestDisposition
        | Header::UserAgent
        | Header::Server
        | Header::RSeq
        | Header::RAck
        | Header::SessionExpires
        | Header::MinSe
        // credentials
        | Header::Authorization
        | Header::ProxyAuthorization
        | Header::WwwAuthenticate
        | Header::ProxyAuthenticate
        | Header::AuthenticationInfo
        // a wish of the caller, and a name that is superseded
        | Header::PPreferredIdentity
        // other dialogs
        | Header::Replaces
        | Header::Join
        | Header::ReferTo
        | Header::ReferredBy
        | Header::ReferSub
        | Header::InReplyTo
        // texts that name hosts of the other side
        | Header::Warning
        | Header::ErrorInfo => Class::Stays,
        Header::AcceptLanguage
        | Header::Date
        | Header::InfoPackage
        | Header::Organization
        | Header::Priority
        | Header::Reason
        | Header::RecvInfo
        | Header::ReplyTo
        | Header::ResourcePriority
        | Header::Subject
        | Header::UserToUser => Class::Plain,
        Header::AlertInfo | Header::AnswerMode | Header::CallInfo | Header::PrivAnswerMode => Class::Bold,
        Header::PAssertedIdentity
        | Header::RemotePartyId
        | Header::Identity
        | Header::Privacy
        | Header::Diversion
        | Header::HistoryInfo => Class::Asserted,
        Header::Geolocation | Header::GeolocationError | Header::GeolocationRouting => Class::Place,
        Header::Other(name) if name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("P-")) => {
            Class::Asserted
        }
        Header::Other(_) => Class::Unknown,
    }
}

/// Whether the first INVITE of a leg has this header from us instead.
pub(super) fn is_mapped_in_first(header: Header<'_>) -> bool {
    matches!(
        header,
        Header::PAssertedIdentity
            | Header::RemotePartyId
            | Header::Privacy
            | Header::Diversion
            | Header::HistoryInfo
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_header_has_the_same_place() {
        for (name, place) in [
            ("v", Class::Stays),
            ("ROUTE", Class::Stays),
            ("m", Class::Stays),
            ("k", Class::Stays),
            ("s", Class::Plain),
            ("user-to-user", Class::Plain),
            ("ALERT-INFO", Class::Bold),
            ("p-asserted-identity", Class::Asserted),
            ("y", Class::Asserted),
            ("p-charging-vector", Class::Asserted),
            ("X-Campaign", Class::Unknown),
            ("P", Class::Unknown),
        ] {
            assert_eq!(class(Header::of(name)), place, "{name}");
        }
    }
}
