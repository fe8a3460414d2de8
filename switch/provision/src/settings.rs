//! What people change about how calls reach their station, beside what is set up: forwards, do-not-disturb,
//! availability. Kept for as long as somebody does not change it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{AgentState, ForwardTo, ForwardWhen, Station};

/// Stations with settings of their own; changes of further ones are refused.
pub const SETTINGS: usize = 100_000;
/// Seconds that a station may ring before the call is led on, 5…180.
const NO_ANSWER_SECS: std::ops::RangeInclusive<u32> = 5..=180;

/// The words for an agent's state.
const AGENTS: &str = "signed_out, not_ready, ready, after_call";

/// The settings of one station. What is `None` holds as it is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StationSettings {
    /// Where every call goes; `Nowhere` overrules what is set up.
    pub forward_always: Option<ForwardTo>,
    /// Where calls go while it is busy.
    pub forward_busy: Option<ForwardTo>,
    /// Where calls go that it does not answer.
    pub forward_no_answer: Option<ForwardTo>,
    /// Where calls go while no phone is there.
    pub forward_unregistered: Option<ForwardTo>,
    /// Seconds it rings before that, 5…180.
    pub no_answer_secs: Option<u32>,
    /// It does not ring; callers are told, or led to where busy calls go.
    pub do_not_disturb: bool,
    /// It takes no call at all, by whatever number.
    pub unavailable: bool,
    /// Whether an agent is signed in there and takes calls: kept and shown, and told to all its phones.
    #[serde(skip_serializing_if = "AgentState::is_default")]
    pub agent: AgentState,
}

static AS_SET_UP: StationSettings = StationSettings {
    forward_always: None,
    forward_busy: None,
    forward_no_answer: None,
    forward_unregistered: None,
    no_answer_secs: None,
    do_not_disturb: false,
    unavailable: false,
    agent: AgentState::SignedOut,
};

/// One change that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsChange {
    /// Leads calls on, or with `Nowhere` no more; `None` does as it is set up.
    Forward(ForwardWhen, Option<ForwardTo>),
    /// How long it rings before; `None` as it is set up.
    NoAnswerSecs(Option<u32>),
    /// Whether it rings at all.
    DoNotDisturb(bool),
    /// Whether it takes calls.
    Available(bool),
    /// An agent signs in or out there, or takes calls or not.
    Agent(AgentState),
}

impl StationSettings {
    /// Makes a change.
    pub fn make(&mut self, change: &SettingsChange) {
        match change {
            SettingsChange::Forward(when, to) => self.own_mut(*when).clone_from(to),
            SettingsChange::NoAnswerSecs(secs) => self.no_answer_secs = *secs,
            SettingsChange::DoNotDisturb(on) => self.do_not_disturb = *on,
            SettingsChange::Available(on) => self.unavailable = !on,
            SettingsChange::Agent(agent) => self.agent = *agent,
        }
    }

    fn own_mut(&mut self, when: ForwardWhen) -> &mut Option<ForwardTo> {
        match when {
            ForwardWhen::Always => &mut self.forward_always,
            ForwardWhen::Busy => &mut self.forward_busy,
            ForwardWhen::NoAnswer => &mut self.forward_no_answer,
            ForwardWhen::Unregistered => &mut self.forward_unregistered,
        }
    }

    /// Where calls go now: as somebody has said, else as it is set up.
    #[must_use]
    pub fn forward<'a>(&'a self, station: &'a Station, when: ForwardWhen) -> &'a ForwardTo {
        self.own(when).unwrap_or_else(|| station.forward_set_up(when))
    }

    /// Whether somebody has said where calls go, and be it nowhere.
    #[must_use]
    pub fn is_own(&self, when: ForwardWhen) -> bool {
        self.own(when).is_some()
    }

    fn own(&self, when: ForwardWhen) -> Option<&ForwardTo> {
        match when {
            ForwardWhen::Always => self.forward_always.as_ref(),
            ForwardWhen::Busy => self.forward_busy.as_ref(),
            ForwardWhen::NoAnswer => self.forward_no_answer.as_ref(),
            ForwardWhen::Unregistered => self.forward_unregistered.as_ref(),
        }
    }

    /// Seconds it rings: less than usual where unanswered calls are led on sooner.
    #[must_use]
    pub fn ring_secs(&self, station: &Station) -> u32 {
        let set_up = Some(station.no_answer_secs).filter(|secs| *secs > 0);
        let sooner = self.no_answer_secs.or(set_up);
        let is_led_on = self.forward(station, ForwardWhen::NoAnswer).leads_on();
        sooner.filter(|_| is_led_on).unwrap_or(station.ring_secs)
    }

    /// Whether all is as set up.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == AS_SET_UP
    }
}

impl SettingsChange {
    /// Reads the fields of a JSON object: a forward as text, empty for none, `null` as it is set up.
    ///
    /// # Errors
    /// The field at fault, and what is wrong with it.
    pub fn read(object: &Map<String, Value>) -> Result<Vec<Self>, (String, String)> {
        object.iter().map(|(field, value)| Self::read_one(field, value)).collect()
    }

    fn read_one(field: &str, value: &Value) -> Result<Self, (String, String)> {
        let wrong = |allowed: &str| (field.to_owned(), format!("allowed: {allowed}"));
        if let Some(when) = ForwardWhen::ALL.into_iter().find(|when| when.field() == field) {
            return match value {
                Value::Null => Ok(Self::Forward(when, None)),
                Value::String(text) => match text.parse() {
                    Ok(to) => Ok(Self::Forward(when, Some(to))),
                    Err(error) => Err((field.to_owned(), error.to_string())),
                },
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    Err(wrong("a number or destination, an empty text or null"))
                }
            };
        }
        match (field, value) {
            ("no_answer_secs", Value::Null) => Ok(Self::NoAnswerSecs(None)),
            ("no_answer_secs", value) => value
                .as_u64()
                .and_then(|secs| u32::try_from(secs).ok()) // what is too large fits no range either
                .filter(|secs| NO_ANSWER_SECS.contains(secs))
                .map(|secs| Self::NoAnswerSecs(Some(secs)))
                .ok_or_else(|| wrong("5 to 180, or null")),
            ("do_not_disturb", Value::Bool(on)) => Ok(Self::DoNotDisturb(*on)),
            ("unavailable", Value::Bool(on)) => Ok(Self::Available(!on)),
            ("agent", Value::String(state)) => AgentState::ALL
                .into_iter()
                .find(|known| known.word() == state)
                .map(Self::Agent)
                .ok_or_else(|| wrong(AGENTS)),
            ("agent", _) => Err(wrong(AGENTS)),
            ("do_not_disturb" | "unavailable", _) => Err(wrong("true or false")),
            (_, _) => {
                let fields = ForwardWhen::ALL.map(ForwardWhen::field).join(", ");
                let field = field.chars().take(80).collect();
                Err((
                    field,
                    format!(
                        "is unknown; allowed: {fields}, no_answer_secs, do_not_disturb, unavailable, agent"
                    ),
                ))
            }
        }
    }
}

/// The settings of every station that has some of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, StationSettings>);

impl Settings {
    /// What holds for a station.
    #[must_use]
    pub fn of(&self, extension: &str) -> &StationSettings {
        self.0.get(extension).unwrap_or(&AS_SET_UP)
    }

    /// Puts in what holds from now on; `false`, and nothing has changed, when there are too many.
    pub fn put(&mut self, extension: &str, settings: StationSettings) -> bool {
        if settings.is_default() {
            self.0.remove(extension);
            return true;
        }
        if self.0.len() >= SETTINGS && !self.0.contains_key(extension) {
            return false;
        }
        self.0.insert(extension.to_owned(), settings);
        true
    }

    /// Every station with settings of its own, by extension.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &StationSettings)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<SettingsChange>, (String, String)> {
        SettingsChange::read(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_somebody_says_overrules_what_is_set_up_until_it_is_taken_back() {
        let set_up: ForwardTo = "1002".parse().unwrap();
        let station = Station { forward_busy: set_up.clone(), ..Station::numbered("1001") };
        let mut own = StationSettings::default();
        assert_eq!(own.forward(&station, ForwardWhen::Busy), &set_up);
        for change in read(r#"{"forward_busy": ""}"#).unwrap() {
            own.make(&change);
        }
        assert!(!own.forward(&station, ForwardWhen::Busy).leads_on());
        for change in read(r#"{"forward_busy": null}"#).unwrap() {
            own.make(&change);
        }
        assert_eq!((own.forward(&station, ForwardWhen::Busy), own.is_default()), (&set_up, true));
    }

    #[test]
    fn a_station_rings_shorter_only_where_unanswered_calls_are_led_on() {
        let station = Station { no_answer_secs: 15, ..Station::numbered("1001") };
        let mut own = StationSettings::default();
        assert_eq!(own.ring_secs(&station), 60);
        own.make(&SettingsChange::Forward(ForwardWhen::NoAnswer, "1002".parse().ok()));
        assert_eq!(own.ring_secs(&station), 15);
        own.make(&SettingsChange::NoAnswerSecs(Some(7)));
        assert_eq!(own.ring_secs(&station), 7);
    }

    #[test]
    fn wrong_settings_name_their_field_and_what_is_allowed() {
        for (json, field) in [
            (r#"{"forward_busy": "*72"}"#, "forward_busy"),
            (r#"{"forward_always": 5}"#, "forward_always"),
            (r#"{"no_answer_secs": 3}"#, "no_answer_secs"),
            (r#"{"do_not_disturb": "yes"}"#, "do_not_disturb"),
            (r#"{"dnd": true}"#, "dnd"),
        ] {
            let (found, reason) = read(json).unwrap_err();
            assert_eq!(found, field);
            assert!(reason.contains("allowed"), "{reason}");
        }
    }

    #[test]
    fn settings_that_change_nothing_take_no_room() {
        let mut settings = Settings::default();
        let dnd = StationSettings { do_not_disturb: true, ..StationSettings::default() };
        assert!(settings.put("1001", dnd));
        assert!(settings.of("1001").do_not_disturb && !settings.of("1002").do_not_disturb);
        assert!(settings.put("1001", StationSettings::default()));
        assert_eq!(settings.iter().count(), 0);
    }
}
