//! Whom each station called last, and who called it: heard of on the floor, which all shards share.

use std::collections::BTreeMap;

use base::limits::LASTS;
use phone::floor::{Role, Spot};

/// The last numbers of stations; at most `limits::LASTS` stations each way, further ones are left out.
#[derive(Debug, Default)]
pub(super) struct Lasts {
    dialled: BTreeMap<Box<str>, Box<str>>,
    callers: BTreeMap<Box<str>, Box<str>>,
}

impl Lasts {
    /// A call stands on these lines. Feature codes and callers who stay unknown are not kept.
    pub(super) fn hear(&mut self, spots: &[Spot]) {
        for Spot { line, role, remote, .. } in spots {
            let number = &remote.number;
            if number.is_empty() || number.starts_with(['*', '#']) || remote.withheld || line.contains('.') {
                continue;
            }
            let known = match role {
                Role::Initiator => &mut self.dialled,
                Role::Recipient => &mut self.callers,
            };
            if known.get(line) != Some(number) && (known.len() < LASTS || known.contains_key(line)) {
                known.insert(line.clone(), number.clone());
            }
        }
    }

    /// What a station dialled last.
    pub(super) fn dialled(&self, extension: &str) -> Option<&str> {
        self.dialled.get(extension).map(|number| &**number)
    }

    /// Who called a station last.
    pub(super) fn caller(&self, extension: &str) -> Option<&str> {
        self.callers.get(extension).map(|number| &**number)
    }
}
