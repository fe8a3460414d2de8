//! How a request is recognised when it comes again.

use std::fmt::Write as _;

use crate::message::{Header, Message, Via};

/// What a branch of RFC 3261 starts with; with nothing behind it, it tells nothing.
const MAGIC: &str = "z9hG4bK";

/// Writes the key of the server transaction a request belongs to: branch, sent-by and method
/// (RFC 3261 §17.2.3). `method` is INVITE for an ACK. Peers of RFC 2543 are recognised by what their
/// requests have in common instead.
pub(super) fn of_transaction(key: &mut String, method: &str, via: &Via, request: &Message) {
    key.clear();
    let written = match via.branch().filter(|branch| is_unique(branch)) {
        Some(branch) => write!(key, "{method}\n{branch}\n{}:{}", via.host(), via.port().unwrap_or(0)),
        None => old(key, method, via, request),
    };
    written.expect("a String takes all");
}

/// Writes what a request keeps on every way it takes through proxies: a second one with the same has been
/// merged (RFC 3261 §8.2.2.2). `None` within a dialog.
pub(super) fn of_way(key: &mut String, request: &Message) -> Option<()> {
    if request.to_tag().is_some() {
        return None;
    }
    key.clear();
    let (tag, call, place) =
        (request.from_tag()?, request.header(Header::CallId)?, request.header(Header::CSeq)?);
    write!(key, "{tag}\n{call}\n{place}").ok()
}

fn is_unique(branch: &str) -> bool {
    branch.len() > MAGIC.len()
        && branch.get(..MAGIC.len()).is_some_and(|start| start.eq_ignore_ascii_case(MAGIC))
}

fn old(key: &mut String, method: &str, via: &Via, request: &Message) -> std::fmt::Result {
    let uri = request.uri_text();
    let tag = request.from_tag().unwrap_or("");
    let call = request.header(Header::CallId).unwrap_or("");
    let number = request.cseq().map_or(0, |cseq| cseq.number);
    write!(key, "{method}\n\n{uri}\n{tag}\n{call}\n{number}\n{}:{}", via.host(), via.port().unwrap_or(0))?;
    write!(key, "{}", via.params())
}
