//! What one who waits in a queue is told.

use std::time::Duration;

use base::media::Sound;

use super::{Agreement, Speaker};

/// Beyond it no figure is given.
const LONGEST_WAIT: Duration = Duration::from_secs(2 * 3_600);

impl Speaker {
    /// `You are number three in the queue`; 1 is next.
    #[must_use]
    pub fn position(&self, position: u64) -> Vec<Sound> {
        if position <= 1 {
            return self.sounds(["queue/you-are-next"]);
        }
        let mut sounds = self.sounds(["queue/position-before"]);
        sounds.extend(self.number(position, Agreement::Alone));
        sounds.push(self.prompt("queue/position-after"));
        sounds
    }

    /// `The estimated wait time is about five minutes`, in whole minutes, rounded up.
    #[must_use]
    pub fn wait_time(&self, wait: Duration) -> Vec<Sound> {
        if wait < Duration::from_secs(60) {
            return self.sounds(["queue/wait-time-short"]);
        }
        let (before, told) = if wait > LONGEST_WAIT {
            ("queue/wait-time-over", LONGEST_WAIT)
        } else {
            ("queue/wait-time-about", Duration::from_secs(wait.as_secs().div_ceil(60) * 60))
        };
        let mut sounds = self.sounds([before]);
        sounds.extend(self.duration(told));
        sounds
    }
}
