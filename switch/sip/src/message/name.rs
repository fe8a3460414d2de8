//! Header names: known ones as an enum with their compact forms, all others by their text.

use std::fmt;
use std::hash::{Hash, Hasher};

macro_rules! headers {
    ($($variant:ident $name:literal $($compact:literal)?;)*) => {
        /// A header's name. `Other` with a known name means the known header.
        #[derive(Clone, Copy, Debug)]
        pub enum Header<'a> {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
            /// Any other name, compared without case.
            Other(&'a str),
        }

        #[repr(u8)]
        #[expect(clippy::enum_variant_names, reason = "Call-ID and others end so")]
        enum Id { $($variant,)* }

        static KNOWN: &[(Header<'static>, &str)] = &[$((Header::$variant, $name),)*];
        const NAMES: &[(&str, u8)] = &[$(($name, Id::$variant as u8), $(($compact, Id::$variant as u8),)?)*];

        impl Header<'_> {
            /// The index of a known header.
            pub(crate) fn id(&self) -> Option<u8> {
                match self {
                    $(Self::$variant => Some(Id::$variant as u8),)*
                    Self::Other(name) => find(name.as_bytes()),
                }
            }
        }
    };
}

headers! {
    Accept "Accept";
    AcceptContact "Accept-Contact" "a";
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    AlertInfo "Alert-Info";
    Allow "Allow";
    AllowEvents "Allow-Events" "u";
    AnswerMode "Answer-Mode";
    AuthenticationInfo "Authentication-Info";
    Authorization "Authorization";
    CallId "Call-ID" "i";
    CallInfo "Call-Info";
    Contact "Contact" "m";
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding" "e";
    ContentLanguage "Content-Language";
    ContentLength "Content-Length" "l";
    ContentType "Content-Type" "c";
    CSeq "CSeq";
    Date "Date";
    Diversion "Diversion";
    ErrorInfo "Error-Info";
    Event "Event" "o";
    Expires "Expires";
    From "From" "f";
    Geolocation "Geolocation";
    GeolocationError "Geolocation-Error";
    GeolocationRouting "Geolocation-Routing";
    HistoryInfo "History-Info";
    Identity "Identity" "y";
    InfoPackage "Info-Package";
    InReplyTo "In-Reply-To";
    Join "Join";
    MaxBreadth "Max-Breadth";
    MaxForwards "Max-Forwards";
    MimeVersion "MIME-Version";
    MinExpires "Min-Expires";
    MinSe "Min-SE";
    Organization "Organization";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    Path "Path";
    Priority "Priority";
    PrivAnswerMode "Priv-Answer-Mode";
    Privacy "Privacy";
    ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require";
    RAck "RAck";
    Reason "Reason";
    RecordRoute "Record-Route";
    RecvInfo "Recv-Info";
    ReferSub "Refer-Sub";
    ReferTo "Refer-To" "r";
    ReferredBy "Referred-By" "b";
    RejectContact "Reject-Contact" "j";
    RemotePartyId "Remote-Party-ID";
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition" "d";
    Require "Require";
    ResourcePriority "Resource-Priority";
    RetryAfter "Retry-After";
    Route "Route";
    RSeq "RSeq";
    Server "Server";
    ServiceRoute "Service-Route";
    SessionExpires "Session-Expires" "x";
    SessionId "Session-ID";
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    Subject "Subject" "s";
    SubscriptionState "Subscription-State";
    Supported "Supported" "k";
    Timestamp "Timestamp";
    To "To" "t";
    Unsupported "Unsupported";
    UserAgent "User-Agent";
    UserToUser "User-to-User";
    Via "Via" "v";
    Warning "Warning";
    WwwAuthenticate "WWW-Authenticate";
}

const SLOTS: usize = 512;
const EMPTY: u8 = u8::MAX;

/// The factors leave one collision among the known names.
const fn slot(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    let first = name[0].to_ascii_lowercase() as usize;
    let last = name[length - 1].to_ascii_lowercase() as usize;
    (length + first * 19 + last * 27) % SLOTS
}

/// Open addressing over `NAMES`; every slot holds an index into it.
static TABLE: [u8; SLOTS] = {
    let mut table = [EMPTY; SLOTS];
    let mut at = 0;
    while at < NAMES.len() {
        let mut place = slot(NAMES[at].0.as_bytes());
        while table[place] != EMPTY {
            place = (place + 1) % SLOTS;
        }
        table[place] = at as u8;
        at += 1;
    }
    table
};

/// The index of a known header by its long or compact name.
pub(crate) fn find(name: &[u8]) -> Option<u8> {
    let mut place = slot(name);
    loop {
        let (known, id) = NAMES.get(usize::from(*TABLE.get(place)?))?;
        if known.as_bytes() == name || known.as_bytes().eq_ignore_ascii_case(name) {
            return Some(*id);
        }
        place = (place + 1) % SLOTS;
    }
}

impl<'a> Header<'a> {
    /// The header of this name, long or compact.
    #[must_use]
    pub fn of(name: &'a str) -> Self {
        find(name.as_bytes()).and_then(Self::known).unwrap_or(Self::Other(name))
    }

    /// The canonical long name; an unknown one as given.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        match (self, self.id().and_then(|id| KNOWN.get(usize::from(id)))) {
            (_, Some((_, name))) | (Self::Other(name), None) => name,
            (_, None) => "",
        }
    }

    pub(crate) fn known(id: u8) -> Option<Self> {
        KNOWN.get(usize::from(id)).map(|(header, _)| *header)
    }
}

impl PartialEq for Header<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.id(), other.id()) {
            (None, None) => self.as_str().eq_ignore_ascii_case(other.as_str()),
            (left, right) => left == right,
        }
    }
}

impl Eq for Header<'_> {}

impl Hash for Header<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().bytes().for_each(|byte| byte.to_ascii_lowercase().hash(state));
    }
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_itself_in_any_case() {
        for (name, id) in NAMES {
            assert_eq!(find(name.as_bytes()), Some(*id));
            assert_eq!(find(name.to_uppercase().as_bytes()), Some(*id));
        }
    }

    #[test]
    fn compact_names_are_the_long_ones_and_strangers_compare_without_case() {
        assert_eq!(Header::of("v"), Header::Via);
        assert_eq!(Header::Other("CALL-id"), Header::CallId);
        assert_eq!(Header::Other("X-Tenant"), Header::Other("x-tenant"));
        assert_ne!(Header::Other("X-Tenant"), Header::Other("X-Tenan"));
        assert_eq!(Header::Other("i").as_str(), "Call-ID");
        assert_eq!(find(b""), None);
    }
}
