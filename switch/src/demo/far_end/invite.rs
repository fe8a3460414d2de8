//! An INVITE of ours, to be sent once more with credentials if asked for.

use base::Entropy;
use bytes::Bytes;
use sdp::Sdp;
use sip::message::{Draft, Header, Method, NameAddr, Uri};

use super::Seat;

/// What stays the same when it is sent again.
#[derive(Debug)]
pub(super) struct Invite {
    uri: Uri,
    from: String,
    to: String,
    call_id: String,
    contact: String,
    cseq: u32,
}

impl Invite {
    /// From `caller` to `number`, both as users of the switch's address.
    pub(super) fn new(seat: &Seat, entropy: &mut dyn Entropy, caller: &str, number: &str) -> Self {
        let uri = seat.at_switch(Some(number));
        let from = NameAddr::new(seat.at_switch(Some(caller))).with_tag(&entropy.token());
        Self {
            to: NameAddr::new(uri.clone()).to_string(),
            uri,
            from: from.to_string(),
            call_id: format!("{}@{}", entropy.token(), seat.own.ip()),
            contact: seat.contact(),
            cseq: 1,
        }
    }

    /// The request.
    pub(super) fn draft(&self, offer: &Sdp) -> Draft {
        let mut draft = Draft::request(Method::Invite, self.uri.as_str());
        draft
            .push(Header::MaxForwards, "70")
            .push(Header::From, &self.from)
            .push(Header::To, &self.to)
            .push(Header::CallId, &self.call_id)
            .push(Header::CSeq, &format!("{} INVITE", self.cseq))
            .push(Header::Contact, &self.contact)
            .push(Header::Allow, super::taking::ALLOW)
            .body("application/sdp", Bytes::from(offer.to_bytes()));
        draft
    }

    /// Counts on for the same request with credentials; whether this was the first time.
    pub(super) fn again(&mut self) -> bool {
        self.cseq += 1;
        self.cseq == 2
    }

    /// Its number.
    pub(super) fn cseq(&self) -> u32 {
        self.cseq
    }

    /// The Request-URI.
    pub(super) fn uri(&self) -> &str {
        self.uri.as_str()
    }
}
