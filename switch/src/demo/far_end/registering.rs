//! A far end that registers.

use base::{Entropy, Now};
use sip::ClientId;
use sip::message::{Draft, Header, Message, Method, NameAddr};

use super::{FarEnd, News};

/// Seconds asked for.
const EXPIRES: u32 = 120;

/// One registration, kept up under one Call-ID (RFC 3261 §10.2).
#[derive(Debug)]
pub(super) struct Registering {
    call_id: String,
    tag: String,
    cseq: u32,
    request: Option<Request>,
}

/// The REGISTER that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Request {
    id: ClientId,
    /// Whether it carries credentials.
    logged_in: bool,
}

impl Registering {
    pub(super) fn new(entropy: &mut dyn Entropy) -> Self {
        Self { call_id: entropy.token(), tag: entropy.token(), cseq: 0, request: None }
    }

    pub(super) fn is(&self, id: ClientId) -> bool {
        self.request.is_some_and(|request| request.id == id)
    }
}

impl FarEnd {
    /// Registers, or renews what stands.
    pub(in crate::demo) fn register(&mut self, now: Now) {
        let draft = self.register_draft();
        self.send_register(now, draft, false);
        self.settle(now);
    }

    pub(super) fn handle_registered(&mut self, now: Now, response: &Message, status: u16) {
        let is_first = self.registering.request.is_some_and(|request| !request.logged_in);
        match status {
            ..200 => {}
            200..300 => {
                self.registering.request = None;
                self.tell(News::Registered(granted(response)));
            }
            401 | 407 if is_first => self.answer_challenge(now, response, status),
            300.. => self.handle_not_registered(status),
        }
    }

    pub(super) fn handle_not_registered(&mut self, status: u16) {
        self.registering.request = None;
        self.tell(News::NotRegistered(status));
    }

    fn answer_challenge(&mut self, now: Now, response: &Message, status: u16) {
        let mut draft = self.register_draft();
        let login = self.seat.login.as_ref();
        let answer = login.and_then(|login| {
            login.answer(response, &Method::Register, draft.uri_text(), &mut *self.entropy)
        });
        match answer {
            Some((header, credentials)) => {
                draft.push(header, &credentials);
                self.send_register(now, draft, true);
            }
            None => self.handle_not_registered(status),
        }
    }

    fn send_register(&mut self, now: Now, draft: Draft, logged_in: bool) {
        self.registering.request = self.request(now, draft).map(|id| Request { id, logged_in });
    }

    fn register_draft(&mut self) -> Draft {
        self.registering.cseq += 1;
        let registering = &self.registering;
        let person = NameAddr::new(self.seat.at_switch(Some(&self.seat.user)));
        let mut draft = Draft::request(Method::Register, self.seat.at_switch(None).as_str());
        draft
            .push(Header::MaxForwards, "70")
            .push(Header::From, &person.clone().with_tag(&registering.tag).to_string())
            .push(Header::To, &person.to_string())
            .push(Header::CallId, &registering.call_id)
            .push(Header::CSeq, &format!("{} REGISTER", registering.cseq))
            .push(Header::Contact, &self.seat.contact())
            .push(Header::Expires, &EXPIRES.to_string());
        draft
    }
}

/// Seconds the registrar gave us.
fn granted(response: &Message) -> u32 {
    let in_contact = response
        .values(Header::Contact)
        .find_map(|contact| contact.rsplit_once(";expires=")?.1.split(';').next()?.parse().ok());
    in_contact.or_else(|| response.expires().ok().flatten()).unwrap_or(EXPIRES)
}
