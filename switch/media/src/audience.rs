//! Listeners of a large room who all hear the same: what they hear is encoded once for all of one kind.

use base::media::{Payload, Wishes};

use crate::frame::Frame;
use crate::speech::{Encoded, PAYLOAD_OCTETS, Speech};

/// What is encoded for those of one kind.
#[derive(Debug)]
pub(crate) struct Outlet {
    kind: Kind,
    speech: Speech,
    encoded: Option<Encoded>,
    content: Box<[u8]>,
    used: bool,
}

/// Two far ends of one kind can take the same payloads; their payload numbers may differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) payload: Payload,
    pub(crate) wishes: Wishes,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        let of = |kind: &Self| (kind.payload.codec, kind.payload.clock_hz, kind.wishes);
        of(self) == of(other)
    }
}

/// All outlets of a room.
#[derive(Debug, Default)]
pub(crate) struct Audience(Vec<Outlet>);

impl Audience {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The next ten milliseconds for all. Who was not asked for since the last ones ends.
    pub(crate) fn hear(&mut self, frame: &Frame) {
        self.0.retain(|outlet| outlet.used);
        for outlet in &mut self.0 {
            outlet.used = false;
            outlet.speech.tune(outlet.kind.payload, &outlet.kind.wishes, frame.rate());
            outlet.encoded = outlet.speech.add(frame, &mut outlet.content);
        }
    }

    /// The packet that is full for this kind, if one is. A new kind gets its first one later.
    pub(crate) fn packet(&mut self, kind: Kind) -> Option<(Encoded, &[u8])> {
        let place = self.0.iter().position(|outlet| outlet.kind == kind).unwrap_or_else(|| {
            let content = vec![0; PAYLOAD_OCTETS].into_boxed_slice();
            self.0.push(Outlet { kind, speech: Speech::default(), encoded: None, content, used: true });
            self.0.len() - 1
        });
        let outlet = self.0.get_mut(place)?;
        outlet.used = true;
        Some((outlet.encoded?, &outlet.content))
    }
}
