//! Packets on their way out, in one buffer that is filled and emptied again and again.

use std::net::SocketAddr;

use crate::engine::Channel;

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The slot of the port it leaves from.
    pub slot: u32,
    /// The socket it leaves from.
    pub channel: Channel,
    /// The far end.
    pub to: SocketAddr,
}

/// What waits to be sent, in order.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    list: Vec<(Sending, usize)>,
    octets: Vec<u8>,
    next: usize,
    at: usize,
}

impl Departures {
    /// Adds the packet that `write` appends to the buffer; it is told where the packet begins there. `None` from it
    /// leaves the packet out.
    pub(crate) fn add(
        &mut self,
        sending: Sending,
        write: impl FnOnce(&mut Vec<u8>, usize) -> Option<()>,
    ) -> bool {
        let begin = self.octets.len();
        let written = write(&mut self.octets, begin).is_some();
        if written {
            self.list.push((sending, self.octets.len()));
        } else {
            self.octets.truncate(begin);
        }
        written
    }

    /// What was half written when a panic came is left out.
    pub(crate) fn mend(&mut self) {
        let end = self.list.last().map_or(0, |(_, end)| *end);
        self.octets.truncate(end);
    }

    /// The next packet; the buffer begins anew when there is none.
    pub(crate) fn next(&mut self) -> Option<(Sending, &[u8])> {
        let Some((sending, end)) = self.list.get(self.next).copied() else {
            self.list.clear();
            self.octets.clear();
            (self.next, self.at) = (0, 0);
            return None;
        };
        let begin = std::mem::replace(&mut self.at, end);
        self.next += 1;
        Some((sending, self.octets.get(begin..end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_leave_in_order_and_one_given_up_leaves_no_trace() {
        let to = "192.0.2.1:4000".parse().unwrap();
        let sending = |slot| Sending { slot, channel: Channel::Rtp, to };
        let mut departures = Departures::default();
        for round in 0..2_u8 {
            for slot in 0..3_u8 {
                departures.octets.push(0xee);
                departures.mend();
                let kept = departures.add(sending(slot.into()), |octets, begin| {
                    assert_eq!(begin, octets.len());
                    octets.extend([round, slot]);
                    (slot != 1).then_some(())
                });
                assert_eq!(kept, slot != 1);
            }
            assert_eq!(departures.next(), Some((sending(0), [round, 0].as_slice())));
            assert_eq!(departures.next(), Some((sending(2), [round, 2].as_slice())));
            assert_eq!(departures.next(), None);
        }
    }
}
