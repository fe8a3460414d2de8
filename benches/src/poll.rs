//! Level-triggered epoll and a periodic timer, without unsafe code.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

/// Events taken by one wait.
const BATCH: usize = 512;

/// A set of descriptors that are readable or not.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(BATCH) })
    }

    /// Reports `fd` as `token` whenever it has something to read.
    pub fn add(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?)
    }

    /// Waits at most `limit` (rounded up to a millisecond; `None` is for ever) and puts the readable tokens
    /// into `ready`.
    pub fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<u64>) -> io::Result<()> {
        ready.clear();
        self.events.clear();
        let limit = limit.map(|limit| {
            let ms = i64::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
            Timespec { tv_sec: ms / 1_000, tv_nsec: (ms % 1_000) * 1_000_000 }
        });
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.extend(self.events.iter().map(|event| event.data.u64()));
        Ok(())
    }
}

/// A timer that becomes readable every period.
#[derive(Debug)]
pub struct Ticker(OwnedFd);

impl Ticker {
    /// Starts now; the first tick comes after one `period` (below one second).
    pub fn new(period: Duration) -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let each = Timespec { tv_sec: 0, tv_nsec: i64::from(period.subsec_nanos()) };
        timerfd_settime(&fd, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: each, it_value: each })?;
        Ok(Self(fd))
    }

    /// The descriptor to wait on.
    pub fn fd(&self) -> impl AsFd + '_ {
        self.0.as_fd()
    }

    /// Ticks since the last call; zero when there was none.
    pub fn ticks(&self) -> u64 {
        let mut count = [0; 8];
        match rustix::io::read(&self.0, &mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            Ok(_) | Err(_) => 0,
        }
    }
}
