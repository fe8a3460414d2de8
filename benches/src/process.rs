//! What the kernel says about the process under load: CPU time and memory.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// CPU time of one process, summed over its threads as they come and go.
///
/// A thread that ends between two readings keeps the time it had at the earlier one.
#[derive(Debug)]
pub struct Cpu {
    pid: u32,
    threads: BTreeMap<String, u64>,
}

impl Cpu {
    /// A meter for `pid`.
    pub fn new(pid: u32) -> Self {
        Self { pid, threads: BTreeMap::new() }
    }

    /// Nanoseconds on a core (user and system) since the process began.
    ///
    /// `/proc/PID/task/*/schedstat` counts in nanoseconds where `/proc/PID/stat` has ticks of 10 ms.
    pub fn total_ns(&mut self) -> io::Result<u64> {
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let task = task?;
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            let Some(ran) = text.split_whitespace().next().and_then(|ran| ran.parse().ok()) else { continue };
            self.threads.insert(task.file_name().to_string_lossy().into_owned(), ran);
        }
        Ok(self.threads.values().sum())
    }
}

/// Resident memory of a process in bytes: `VmRSS`.
pub fn resident_bytes(pid: u32) -> io::Result<u64> {
    status_kib(pid, "VmRSS:").map(|kib| kib * 1_024)
}

/// Lets this process open as many sockets as its hard limit allows.
pub fn raise_open_files() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

fn status_kib(pid: u32, key: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .ok_or_else(|| io::Error::other(format!("{key} is missing in /proc/{pid}/status")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_its_time_never_runs_backwards() {
        let pid = std::process::id();
        let mut cpu = Cpu::new(pid);
        let before = cpu.total_ns().unwrap();
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(cpu.total_ns().unwrap() >= before);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Cpu::new(u32::MAX).total_ns().is_err());
        assert!(resident_bytes(u32::MAX).is_err());
    }
}
