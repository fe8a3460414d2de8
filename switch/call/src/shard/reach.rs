//! How people want calls to reach them: shard 0 keeps their settings, every shard has a copy.

use std::sync::Arc;

use base::Now;
use provision::{SettingsChange, StationSettings};

use super::Shard;
use crate::io::{Gossip, ShardOutput};

impl Shard {
    /// What holds for a station.
    #[must_use]
    pub fn settings_of(&self, extension: &str) -> &StationSettings {
        self.settings.of(extension)
    }

    /// The settings that an earlier process left.
    pub(super) fn know_settings(&mut self, known: Vec<(String, StationSettings)>) {
        let settings = Arc::make_mut(&mut self.settings);
        for (extension, of_station) in known {
            let _has_room = settings.put(&extension, of_station);
        }
    }

    /// Changes how calls reach a station, at every shard and for good.
    pub(super) fn change_reach(&mut self, now: Now, extension: &str, changes: &[SettingsChange]) {
        if self.routes.station(extension).is_none() {
            return self.count("settings_refused");
        }
        if !self.is_owner() {
            let asked = Gossip::Reach { extension: extension.to_owned(), changes: changes.to_vec() };
            return self.outputs.push_back(ShardOutput::Gossip(asked));
        }
        let mut settings = self.settings.of(extension).clone();
        changes
            .iter()
            .filter(|change| self.may_be(extension, change))
            .for_each(|change| settings.make(change));
        if settings == *self.settings.of(extension) {
            return;
        }
        if !Arc::make_mut(&mut self.settings).put(extension, settings.clone()) {
            return self.count("settings_refused");
        }
        self.features_changed(extension);
        self.count("settings_changed");
        self.outputs
            .push_back(ShardOutput::Settings { extension: extension.to_owned(), settings: settings.clone() });
        if self.config.shards > 1 {
            let told =
                Gossip::Settings { extension: extension.to_owned(), settings: Box::new(settings.clone()) };
            self.outputs.push_back(ShardOutput::Gossip(told));
        }
        self.settings_changed(now, extension, settings);
    }

    /// Calls are led only to where the station may call.
    fn may_be(&self, extension: &str, change: &SettingsChange) -> bool {
        match change {
            SettingsChange::Forward(_, Some(to)) => {
                route::may_lead(&self.routes, &self.settings, extension, to).is_ok()
            }
            SettingsChange::Forward(_, None)
            | SettingsChange::NoAnswerSecs(_)
            | SettingsChange::DoNotDisturb(_)
            | SettingsChange::Available(_)
            | SettingsChange::Agent(_) => true,
        }
    }

    /// What holds for a station has changed, here or at the shard that keeps it.
    pub(super) fn settings_changed(&mut self, _now: Now, extension: &str, settings: StationSettings) {
        if self.settings.of(extension) != &settings {
            let _has_room = Arc::make_mut(&mut self.settings).put(extension, settings);
            self.features_changed(extension);
        }
    }
}
