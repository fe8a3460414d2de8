//! CPU time: what other processes do on the machine is not in it.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Nanoseconds that this thread has run.
pub(crate) fn thread_ns() -> u64 {
    nanos(clock_gettime(ClockId::ThreadCPUTime))
}

/// Nanoseconds that all threads of this process have run.
pub(crate) fn process_ns() -> u64 {
    nanos(clock_gettime(ClockId::ProcessCPUTime))
}

fn nanos(time: Timespec) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
