//! The RTP side of the load: starts and stops streams in threads of their own.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::figures::Packets;
use crate::streams::{Tally, Worker};

/// Orders that may wait for a thread; a full queue makes the caller wait.
const ORDERS: usize = 4_096;

/// Where the two ends of the calls have their RTP, and how often they send.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// First port of callers and callees: slot `i` is at `+2i`.
    pub ends: [SocketAddr; 2],
    /// Time between two packets of one stream.
    pub ptime: Duration,
    /// Threads that share the slots.
    pub threads: usize,
}

impl Plan {
    /// The RTP address of one end of a slot.
    pub fn end(&self, slot: u16, side: usize) -> SocketAddr {
        let first = self.ends[side & 1];
        SocketAddr::new(first.ip(), first.port().saturating_add(slot.saturating_mul(2)))
    }

    /// How many slots fit below the last port.
    pub fn slots(&self) -> u16 {
        (u16::MAX - self.ends[0].port().max(self.ends[1].port())) / 2
    }
}

/// What a thread is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Start { slot: u16, to: [SocketAddr; 2] },
    Stop { slot: u16 },
    Measure { from_ns: u64, until_ns: u64 },
}

/// The running threads.
#[derive(Debug)]
pub struct Plane {
    orders: Vec<SyncSender<Order>>,
    threads: Vec<JoinHandle<io::Result<Tally>>>,
}

impl Plane {
    /// Starts the threads; nothing is sent yet, and everything that is sent will be counted.
    pub fn new(plan: Plan) -> Self {
        let (mut orders, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..plan.threads.max(1) {
            let (sender, receiver) = sync_channel(ORDERS);
            orders.push(sender);
            threads.push(thread::spawn(move || Worker::new(plan)?.run(&receiver)));
        }
        Self { orders, threads }
    }

    /// Makes both ends of a slot send; `to` is where the caller and where the callee send to.
    pub fn start(&self, slot: u16, to: [SocketAddr; 2]) {
        self.order(slot, Order::Start { slot, to });
    }

    /// Makes both ends of a slot fall silent; what is on its way is still received and counted.
    pub fn stop(&self, slot: u16) {
        self.order(slot, Order::Stop { slot });
    }

    /// Counts only packets that are sent in this span.
    pub fn measure(&self, from_ns: u64, until_ns: u64) {
        for slot in 0..self.orders.len() {
            let slot = u16::try_from(slot).unwrap_or_default();
            self.order(slot, Order::Measure { from_ns, until_ns });
        }
    }

    /// Ends the threads and adds up what they saw.
    pub fn finish(self) -> io::Result<Packets> {
        drop(self.orders);
        let mut all = Tally::default();
        for thread in self.threads {
            let tally = thread.join().map_err(|_panic| io::Error::other("an RTP thread panicked"))??;
            all.add(&tally);
        }
        Ok(all.packets())
    }

    fn order(&self, slot: u16, order: Order) {
        let thread = usize::from(slot) % self.orders.len();
        // A thread that has ended reports why when it is joined.
        self.orders[thread].send(order).ok();
    }
}
