//! One block of an event packet (RFC 4733 §2.3).

/// Octets of a block.
pub(crate) const BLOCK: usize = 4;

/// What a block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its code: 0…15 are keys (RFC 4733 §3.2).
    pub code: u8,
    /// It is over: nothing of it follows but copies.
    pub end: bool,
    /// Power in dBm0 without its sign, 0…63.
    pub volume: u8,
    /// How long it lasts so far, in ticks from the packet's timestamp.
    pub ticks: u16,
}

impl Event {
    /// The first block of a payload; `None` when it is too short to have one.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<BLOCK>()?;
        Some(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            ticks: u16::from_be_bytes([high, low]),
        })
    }

    /// The block in a packet.
    #[must_use]
    pub fn write(self) -> [u8; BLOCK] {
        let [high, low] = self.ticks.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | self.volume & 0x3f, high, low]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4733 §2.3.
    #[test]
    fn a_block_reads_as_the_figure_draws_it() {
        let event = Event { code: 11, end: true, volume: 10, ticks: 0x0320 };
        assert_eq!(event.write(), [11, 0x8a, 0x03, 0x20]);
        assert_eq!(Event::read(&[11, 0xca, 0x03, 0x20, 9]), Some(event), "the reserved bit is ignored");
        assert_eq!(Event::read(&[11, 0x8a, 0x03]), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(code: u8, end: bool, volume in 0_u8..64, ticks: u16) {
            let event = Event { code, end, volume, ticks };
            prop_assert_eq!(Event::read(&event.write()), Some(event));
        }
    }
}
