//! When media should come and none does.

use std::time::Duration;

use base::Mono;

/// How long a far end may take to its first packet.
const FIRST: Duration = Duration::from_secs(5);
/// How long a stream that was heard may pause.
const PAUSE: Duration = Duration::from_secs(10);
/// After the first report: one more each time the silence reaches a multiple of this.
const AGAIN: Duration = Duration::from_secs(60);

/// Watches one stream; idle while nothing is due from the far end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Silence {
    watch: Option<Watch>,
    /// The deadline that stands in the relay's queue for this port.
    pub(crate) queued: Option<Mono>,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    since: Mono,
    ever_heard: bool,
    told: Option<Duration>,
}

/// A stream is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) ever_heard: bool,
    pub(crate) quiet: Duration,
}

impl Silence {
    /// Media is due from now on; `ever_heard` of an earlier watch is kept.
    pub(crate) fn begin(&mut self, now: Mono, ever_heard: bool) {
        self.watch = Some(Watch { since: now, ever_heard, told: None });
    }

    /// No media is due: on hold, or nothing agreed.
    pub(crate) fn end(&mut self) {
        self.watch = None;
    }

    pub(crate) fn is_watching(&self) -> bool {
        self.watch.is_some()
    }

    /// A packet came. Whether that ends a silence that was reported.
    pub(crate) fn heard(&mut self, now: Mono) -> bool {
        let Some(watch) = &mut self.watch else { return false };
        watch.since = now;
        watch.ever_heard = true;
        watch.told.take().is_some()
    }

    /// When the next report falls due if no packet comes.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.watch.map(|watch| watch.since + watch.next())
    }

    /// The report that is due at `now`, once.
    pub(crate) fn report(&mut self, now: Mono) -> Option<Quiet> {
        let watch = self.watch.as_mut()?;
        let quiet = now.since(watch.since);
        if quiet < watch.next() {
            return None;
        }
        watch.told = Some(quiet);
        Some(Quiet { ever_heard: watch.ever_heard, quiet })
    }
}

impl Watch {
    fn next(&self) -> Duration {
        match self.told {
            None if self.ever_heard => PAUSE,
            None => FIRST,
            Some(told) => {
                let reached = told.as_secs() / AGAIN.as_secs();
                Duration::from_secs(AGAIN.as_secs().saturating_mul(reached.saturating_add(1)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000)
    }

    fn quiet(ever_heard: bool, seconds: u64) -> Option<Quiet> {
        Some(Quiet { ever_heard, quiet: Duration::from_secs(seconds) })
    }

    #[test]
    fn a_far_end_never_heard_is_reported_after_5_s_then_at_every_full_minute() {
        let mut silence = Silence::default();
        silence.begin(at(100), false);
        assert_eq!((silence.due(), silence.report(at(104))), (Some(at(105)), None));
        assert_eq!(silence.report(at(105)), quiet(false, 5));
        assert_eq!((silence.due(), silence.report(at(106))), (Some(at(160)), None));
        assert_eq!(silence.report(at(160)), quiet(false, 60));
        assert_eq!(silence.due(), Some(at(220)));
    }

    #[test]
    fn a_pause_is_reported_after_10_s_and_ends_once() {
        let mut silence = Silence::default();
        silence.begin(at(0), false);
        assert!(!silence.heard(at(1)));
        assert_eq!(silence.report(at(6)), None);
        assert_eq!(silence.report(at(11)), quiet(true, 10));
        assert!(silence.heard(at(12)));
        assert!(!silence.heard(at(13)));
        assert_eq!(silence.due(), Some(at(23)));
    }

    #[test]
    fn nothing_is_due_on_hold() {
        let mut silence = Silence::default();
        silence.begin(at(0), false);
        silence.end();
        assert_eq!((silence.due(), silence.report(at(99))), (None, None));
    }
}
