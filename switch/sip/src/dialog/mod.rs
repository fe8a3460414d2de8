//! Dialogs: what two user agents have agreed to remember of each other. RFC 3261 §12.

mod request;

use crate::message::{Header, Malformed, Message, NameAddr, Uri};

/// One side of a dialog, from the first response with a tag to the BYE.
///
/// It holds no call state and no timers. A forked INVITE makes one dialog for each To tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    call_id: String,
    /// Our From or To value, tag included, as it was first sent.
    local: String,
    /// The far end's.
    remote: String,
    local_tag: String,
    /// "" with a peer of RFC 2543.
    remote_tag: String,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<NameAddr>,
    remote_target: Uri,
}

impl Dialog {
    /// The side that was asked; `local_tag` goes into the To of every response. RFC 3261 §12.1.1.
    ///
    /// # Errors
    /// `Malformed` when From, To, Call-ID, CSeq, Contact or Record-Route cannot be read.
    pub fn uas(request: &Message, local_tag: &str) -> Result<Self, Malformed> {
        let (from, to) = (request.from()?, request.to()?);
        Ok(Self {
            call_id: call_id_of(request)?,
            local: to.with_tag(local_tag).to_string(),
            remote: text_of(request, Header::From)?,
            local_tag: local_tag.to_owned(),
            remote_tag: from.tag().unwrap_or("").to_owned(),
            local_cseq: 0,
            remote_cseq: Some(request.cseq()?.number),
            route_set: record_route(request)?,
            remote_target: contact_of(request)?.ok_or(Malformed::Missing("Contact"))?,
        })
    }

    /// The side that asked, made of a response: a provisional one gives an early dialog, a 2xx a confirmed one.
    /// RFC 3261 §12.1.2. A response without Contact leaves the To URI to send to.
    ///
    /// # Errors
    /// `Malformed` when From, To, Call-ID, CSeq, Contact or Record-Route cannot be read.
    pub fn uac(response: &Message) -> Result<Self, Malformed> {
        let (from, to) = (response.from()?, response.to()?);
        let mut route_set = record_route(response)?;
        route_set.reverse();
        Ok(Self {
            call_id: call_id_of(response)?,
            local: text_of(response, Header::From)?,
            remote: text_of(response, Header::To)?,
            local_tag: from.tag().unwrap_or("").to_owned(),
            remote_tag: to.tag().unwrap_or("").to_owned(),
            local_cseq: response.cseq()?.number,
            remote_cseq: None,
            route_set,
            remote_target: contact_of(response)?.unwrap_or(to.uri),
        })
    }

    /// The same of a 2xx whose Contact or Record-Route cannot be read, for the ACK and the BYE that it is owed all the
    /// same: what can be read of its route stands, and the To URI is the target. `None` without From or To.
    #[must_use]
    pub fn salvage(response: &Message) -> Option<Self> {
        let (from, to) = (response.from().ok()?, response.to().ok()?);
        let read = |text| NameAddr::parse(text).ok();
        let mut route_set: Vec<NameAddr> = response.values(Header::RecordRoute).filter_map(read).collect();
        route_set.reverse();
        Some(Self {
            call_id: call_id_of(response).ok()?,
            local: text_of(response, Header::From).ok()?,
            remote: text_of(response, Header::To).ok()?,
            local_tag: from.tag().unwrap_or("").to_owned(),
            remote_tag: to.tag().unwrap_or("").to_owned(),
            local_cseq: response.cseq().ok()?.number,
            remote_cseq: None,
            route_set,
            remote_target: contact_of(response).ok().flatten().unwrap_or(to.uri),
        })
    }

    /// The 2xx of an early dialog's INVITE came: route set and target are taken anew. RFC 3261 §13.2.2.4.
    ///
    /// # Errors
    /// As for [`uac`](Self::uac); the dialog stays as it was.
    pub fn confirm(&mut self, response: &Message) -> Result<(), Malformed> {
        let Self { route_set, remote_target, .. } = Self::uac(response)?;
        self.route_set = route_set;
        self.remote_target = remote_target;
        Ok(())
    }

    /// Judges a request within the dialog and remembers its place. RFC 3261 §12.2.2.
    ///
    /// # Errors
    /// The status to refuse it with: 481 when it belongs elsewhere, 500 when it comes out of order, 400
    /// when it cannot be read.
    pub fn accepts(&mut self, request: &Message) -> Result<(), u16> {
        let local = request.to_tag().unwrap_or("");
        let remote = request.from_tag().unwrap_or("");
        if !self.matches(request.call_id().unwrap_or(""), local, remote) {
            return Err(481);
        }
        let number = request.cseq().map_err(|_unreadable| 400_u16)?.number;
        if self.remote_cseq.is_some_and(|seen| number < seen) {
            return Err(500);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// Takes a new address from the Contact of a re-INVITE, an UPDATE or their 2xx.
    pub fn refresh_target(&mut self, message: &Message) {
        if let Ok(Some(target)) = contact_of(message) {
            self.remote_target = target;
        }
    }

    /// Whether a message with these belongs here; local and remote as seen from this side.
    #[must_use]
    pub fn matches(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.local_tag == local_tag && self.remote_tag == remote_tag
    }

    /// Where requests go: the first route, else the far end itself. For RFC 3263 to resolve.
    #[must_use]
    pub fn next_hop(&self) -> &Uri {
        self.route_set.first().map_or(&self.remote_target, |route| &route.uri)
    }

    /// The far end's Contact.
    #[must_use]
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// The far end's tag; "" with a peer of RFC 2543.
    #[must_use]
    pub fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// Our From or To value, tag included.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The far end's From or To value, tag included.
    #[must_use]
    pub fn remote(&self) -> &str {
        &self.remote
    }

    /// Requests of ours went out here before under numbers up to this one.
    pub fn skip_to(&mut self, number: u32) {
        self.local_cseq = self.local_cseq.max(number);
    }

    /// The number of our latest request; 0 before the first.
    #[must_use]
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }
}

fn call_id_of(message: &Message) -> Result<String, Malformed> {
    message.call_id().map(str::to_owned).ok_or(Malformed::Missing("Call-ID"))
}

fn text_of(message: &Message, header: Header<'static>) -> Result<String, Malformed> {
    message.header(header).map(str::to_owned).ok_or(Malformed::Missing(header.as_str()))
}

fn record_route(message: &Message) -> Result<Vec<NameAddr>, Malformed> {
    message.values(Header::RecordRoute).map(NameAddr::parse).collect()
}

/// The one Contact, if there is one; as a Request-URI it has no headers (RFC 3261 §19.1.1).
fn contact_of(message: &Message) -> Result<Option<Uri>, Malformed> {
    message
        .values(Header::Contact)
        .next()
        .map(|text| NameAddr::parse(text).map(|contact| contact.uri.without_headers()))
        .transpose()
}

#[cfg(test)]
mod tests;
