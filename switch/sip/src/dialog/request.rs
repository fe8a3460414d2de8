//! Requests within a dialog: RFC 3261 §12.2.1.1.

use super::Dialog;
use crate::message::{Draft, Header, Method, NameAddr, Uri};

const HOPS: &str = "70";

impl Dialog {
    /// The next request: Request-URI, Route, From, To, Call-ID, `CSeq` and Max-Forwards. The caller adds what
    /// the method needs. For an ACK use [`ack`](Self::ack).
    pub fn request(&mut self, method: Method) -> Draft {
        let number = self.next_cseq();
        self.draft(method, number)
    }

    /// The number for a request of ours that goes out once more, with credentials (RFC 3261 §8.1.3.5).
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.local_cseq
    }

    /// The ACK of the 2xx to our INVITE with this number.
    #[must_use]
    pub fn ack(&self, invite_cseq: u32) -> Draft {
        self.draft(Method::Ack, invite_cseq)
    }

    fn draft(&self, method: Method, number: u32) -> Draft {
        let place = format!("{number} {method}");
        let (uri, route) = self.way();
        let mut draft = Draft::request(method, uri.as_str());
        for hop in route {
            draft.push(Header::Route, &hop);
        }
        draft.push(Header::MaxForwards, HOPS);
        draft.push(Header::From, &self.local);
        draft.push(Header::To, &self.remote);
        draft.push(Header::CallId, &self.call_id);
        draft.push(Header::CSeq, &place);
        draft
    }

    /// Request-URI and Route values. A first route without `lr` is a strict router: it gets the request as if
    /// it were the goal, and the goal stands last in the Route.
    fn way(&self) -> (Uri, Vec<String>) {
        let target = &self.remote_target;
        match self.route_set.split_first() {
            Some((first, rest)) if first.uri.param("lr").is_none() => {
                let goal = NameAddr::new(target.clone()).to_string();
                let route = rest.iter().map(NameAddr::to_string).chain([goal]).collect();
                (first.uri.without_headers(), route)
            }
            _ => (target.clone(), self.route_set.iter().map(NameAddr::to_string).collect()),
        }
    }
}
