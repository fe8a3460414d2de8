//! Features that phones and the switch keep in step: what a phone sets counts as if its owner had set it elsewhere, and
//! whoever sets it, all phones are told.

use base::Now;
use phone::lamp::feature_event::{FeatureAsk, Features, ForwardKind};
use provision::{ForwardTo, ForwardWhen, SettingsChange};

use super::Shard;
use super::subscriptions::Topic;

impl Shard {
    /// What holds for a station.
    pub(super) fn features_of(&self, extension: &str) -> Features {
        let Some(station) = self.routes.station(extension) else { return Features::default() };
        let settings = self.settings_of(extension);
        let forward = |kind| {
            let to = settings.forward(station, when(kind));
            to.leads_on().then(|| to.to_string())
        };
        Features {
            do_not_disturb: settings.do_not_disturb,
            forwards: [ForwardKind::Always, ForwardKind::Busy, ForwardKind::NoAnswer].map(forward),
            ring_secs: settings.ring_secs(station),
            agent: settings.agent,
        }
    }

    /// A phone sets one of them; the status to refuse it with where that makes no sense.
    pub(super) fn features_asked(&mut self, now: Now, extension: &str, ask: FeatureAsk) -> Result<(), u16> {
        let changes = match ask {
            FeatureAsk::DoNotDisturb(on) => vec![SettingsChange::DoNotDisturb(on)],
            FeatureAsk::Agent(agent) => vec![SettingsChange::Agent(agent)],
            FeatureAsk::Forward { kind, to, ring_secs } => {
                let to: ForwardTo = to.unwrap_or_default().parse().map_err(|_bad| 403_u16)?;
                let secs = ring_secs.map(|secs| SettingsChange::NoAnswerSecs(Some(secs)));
                [SettingsChange::Forward(when(kind), Some(to))].into_iter().chain(secs).collect()
            }
        };
        self.count("features_set");
        self.change_reach(now, extension, &changes);
        Ok(())
    }

    /// Somebody has set one of them.
    pub(super) fn features_changed(&mut self, extension: &str) {
        self.subscriptions.changed(&Topic::Features(extension.into()));
        for kind in ["dnd", "forward", "login", "ready"] {
            self.line_changed(&format!("{kind}.{extension}"));
        }
    }
}

fn when(kind: ForwardKind) -> ForwardWhen {
    match kind {
        ForwardKind::Always => ForwardWhen::Always,
        ForwardKind::Busy => ForwardWhen::Busy,
        ForwardKind::NoAnswer => ForwardWhen::NoAnswer,
    }
}
