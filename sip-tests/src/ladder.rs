//! Call ladders: who said what to whom, with ids that stay the same from run to run.

use std::collections::{BTreeMap, HashSet};

use crate::msg::uri_in;
use crate::{Msg, direction_of, media_of};

/// The lines of one run.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    lines: Vec<String>,
    ids: BTreeMap<String, char>,
    said: HashSet<Vec<u8>>,
}

impl Ladder {
    /// Notes a message; what was said before in the same octets is marked.
    pub(crate) fn note(&mut self, from: &str, to: &str, data: &[u8], lost: bool) {
        let msg = Msg::split(data);
        let call_id = msg.must("Call-ID").to_owned();
        let next = char::from(b'A' + u8::try_from(self.ids.len() % 26).unwrap_or(0));
        let id = *self.ids.entry(call_id).or_insert(next);
        let what = match (msg.method(), msg.status()) {
            (Some(method), _) => format!("{method} {}", msg.uri().unwrap_or_default()),
            (None, status) => format!("{} {}", status.unwrap_or(0), msg.cseq().1),
        };
        let again = if self.said.insert(data.to_vec()) { "" } else { " (again)" };
        let lost = if lost { " (lost)" } else { "" };
        let details = details(&msg);
        self.lines.push(format!("{from:>8} -> {to:<8} {id} {what}{details}{again}{lost}"));
    }

    /// Whether somebody said exactly this before.
    pub(crate) fn has_heard(&self, data: &[u8]) -> bool {
        self.said.contains(data)
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.ids.clear();
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

fn details(msg: &Msg) -> String {
    let mut text = String::new();
    if msg.method().is_some_and(|method| method == "INVITE") {
        text.push_str(&format!("  from {}", uri_in(msg.must("From"))));
    }
    if let Some(at) = media_of(&msg.body) {
        let direction = direction_of(&msg.body);
        let direction = if direction == "sendrecv" { String::new() } else { format!(" {direction}") };
        text.push_str(&format!("  sdp {at}{direction}"));
    }
    for name in ["Reason", "Retry-After", "Min-Expires", "Route"] {
        if let Some(value) = msg.header(name) {
            text.push_str(&format!("  {name}: {value}"));
        }
    }
    text
}
