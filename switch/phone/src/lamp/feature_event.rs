//! Features that phone and switch keep in step, as the `as-feature-event` package tells them: do-not-disturb, forwards,
//! and whether an agent is signed in and takes calls. Its bodies are the events and requests of CSTA (ECMA-323).
//!
//! ```text
//!   phone ── SUBSCRIBE, SetDoNotDisturb ──▶ we          state changes, whoever changed it
//!   phone ◀── NOTIFY, DoNotDisturbEvent ─── we          told to every phone that watches
//! ```

use provision::AgentState;

use crate::xml::{BadXml, Element, elements, escaped};

/// The body of a request and of a NOTIFY.
pub const FEATURE_EVENT: &str = "application/x-as-feature-event+xml";

/// The name space of all of it.
const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// Which calls are led on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardKind {
    /// Every call.
    Always,
    /// Those that find it busy.
    Busy,
    /// Those that nobody answers.
    NoAnswer,
}

/// What a phone asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureAsk {
    /// To ring no more, or again.
    DoNotDisturb(bool),
    /// To lead calls on, or no more.
    Forward {
        /// Which.
        kind: ForwardKind,
        /// Where to; `None` no more.
        to: Option<String>,
        /// Seconds it rings before; only with `NoAnswer`, and where it says so.
        ring_secs: Option<u32>,
    },
    /// To sign an agent in or out, or to take calls or not.
    Agent(AgentState),
}

/// Why a request of a phone cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAsk {
    /// Its document.
    #[error("{0}")]
    Xml(#[from] BadXml),
    /// It asks for something that there is not.
    #[error("nothing that can be set")]
    Unknown,
    /// What it sets is not said, or in words that mean nothing.
    #[error("without a value that means something")]
    Value,
}

/// What a station's features are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It does not ring.
    pub do_not_disturb: bool,
    /// Where every call is led on to, those that find it busy, those that nobody answers.
    pub forwards: [Option<String>; 3],
    /// Seconds it rings before an unanswered call is led on.
    pub ring_secs: u32,
    /// Its agent.
    pub agent: AgentState,
}

/// A ring and the pause after it, in seconds: phones count rings.
const RING_SECS: u32 = 6;

impl ForwardKind {
    const ALL: [Self; 3] = [Self::Always, Self::Busy, Self::NoAnswer];

    fn word(self) -> &'static str {
        match self {
            Self::Always => "forwardImmediate",
            Self::Busy => "forwardBusy",
            Self::NoAnswer => "forwardNoAns",
        }
    }
}

impl FeatureAsk {
    /// Reads the body of a SUBSCRIBE.
    ///
    /// # Errors
    /// `BadAsk`.
    pub fn read(body: &[u8]) -> Result<Self, BadAsk> {
        let read = elements(body)?;
        let root = read.first().ok_or(BadAsk::Unknown)?;
        let value = |name: &str| {
            let named = |element: &&Element| element.depth == 1 && element.name == name;
            read.iter().find(named).map(|element| element.text.as_str())
        };
        match root.name.as_str() {
            "SetDoNotDisturb" => truth(value("doNotDisturbOn")).map(Self::DoNotDisturb),
            "SetForwarding" => {
                let word = value("forwardingType").ok_or(BadAsk::Value)?;
                let kind =
                    ForwardKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or(BadAsk::Value)?;
                let is_on = truth(value("activateForward"))?;
                let to = value("forwardDN").filter(|to| !to.is_empty()).map(str::to_owned);
                if is_on && to.is_none() {
                    return Err(BadAsk::Value);
                }
                let rings = value("ringCount").and_then(|rings| rings.parse::<u32>().ok()); // a wish that is none is none
                let ring_secs = rings.filter(|_| kind == ForwardKind::NoAnswer);
                let ring_secs = ring_secs.map(|rings| rings.saturating_mul(RING_SECS).clamp(5, 180));
                Ok(Self::Forward { kind, to: to.filter(|_| is_on), ring_secs })
            }
            "SetAgentState" => match value("requestedAgentState") {
                // Whoever signs in takes no calls before saying so.
                Some("loggedOn" | "notReady") => Ok(Self::Agent(AgentState::NotReady)),
                Some("loggedOff") => Ok(Self::Agent(AgentState::SignedOut)),
                Some("ready") => Ok(Self::Agent(AgentState::Ready)),
                Some("workingAfterCall") => Ok(Self::Agent(AgentState::AfterCall)),
                Some(_) | None => Err(BadAsk::Value),
            },
            _ => Err(BadAsk::Unknown),
        }
    }
}

fn truth(value: Option<&str>) -> Result<bool, BadAsk> {
    match value {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        Some(_) | None => Err(BadAsk::Value),
    }
}

impl Features {
    /// The events that tell all of it, each a document of its own: always the same ones in the same order, so that what
    /// has changed is what differs.
    #[must_use]
    pub fn events(&self, device: &str) -> Vec<String> {
        let device = format!("<device>{}</device>", escaped(device));
        let dnd = self.do_not_disturb;
        let mut events =
            vec![event("DoNotDisturbEvent", &device, &format!("<doNotDisturbOn>{dnd}</doNotDisturbOn>"))];
        for (kind, to) in ForwardKind::ALL.into_iter().zip(&self.forwards) {
            let mut values = format!(
                "<forwardingType>{}</forwardingType><forwardStatus>{}</forwardStatus><forwardTo>{}</forwardTo>",
                kind.word(),
                to.is_some(),
                escaped(to.as_deref().unwrap_or_default())
            );
            if kind == ForwardKind::NoAnswer {
                values.push_str(&format!("<ringCount>{}</ringCount>", (self.ring_secs / RING_SECS).max(1)));
            }
            events.push(event("ForwardingEvent", &device, &values));
        }
        let agent = |name: &str| event(name, &device, "");
        events.push(agent(if self.agent.is_signed_in() {
            "AgentLoggedOnEvent"
        } else {
            "AgentLoggedOffEvent"
        }));
        events.extend(match self.agent {
            AgentState::SignedOut => None,
            AgentState::NotReady => Some(agent("AgentNotReadyEvent")),
            AgentState::Ready => Some(agent("AgentReadyEvent")),
            AgentState::AfterCall => Some(agent("AgentWorkingAfterCallEvent")),
        });
        events
    }
}

fn event(name: &str, device: &str, values: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<{name} xmlns=\"{CSTA}\">{device}{values}</{name}>\r\n"
    )
}

/// The boundary between events in one body; no escaped text has it.
const BOUNDARY: &str = "tandem-feature-event";

/// One body for these events, and its Content-Type: itself for one, else several parts (RFC 2046 §5.1).
#[must_use]
pub fn body(events: &[String]) -> (String, String) {
    if let [only] = events {
        return (FEATURE_EVENT.to_owned(), only.clone());
    }
    let part = |event: &String| format!("--{BOUNDARY}\r\nContent-Type: {FEATURE_EVENT}\r\n\r\n{event}\r\n");
    let parts: String = events.iter().map(part).collect();
    (format!("multipart/mixed; boundary={BOUNDARY}"), format!("{parts}--{BOUNDARY}--\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<FeatureAsk, BadAsk> {
        FeatureAsk::read(body.as_bytes())
    }

    /// features.md §0.3 AFE: what phones of several makers send.
    #[test]
    fn what_phones_set_is_read() {
        let dnd = format!(
            "<?xml version=\"1.0\"?><SetDoNotDisturb xmlns=\"{CSTA}\"><device/><doNotDisturbOn>true\
                           </doNotDisturbOn></SetDoNotDisturb>"
        );
        assert_eq!(read(&dnd), Ok(FeatureAsk::DoNotDisturb(true)));
        let forward = |values: &str| read(&format!("<SetForwarding><device/>{values}</SetForwarding>"));
        let busy = "<forwardDN>1002</forwardDN><forwardingType>forwardBusy</forwardingType><activateForward>true\
                    </activateForward>";
        let to = Some("1002".to_owned());
        let busy_to = FeatureAsk::Forward { kind: ForwardKind::Busy, to: to.clone(), ring_secs: None };
        assert_eq!(forward(busy), Ok(busy_to));
        let later = "<forwardDN>1002</forwardDN><forwardingType>forwardNoAns</forwardingType><activateForward>1\
                     </activateForward><ringCount>3</ringCount>";
        let later_to = FeatureAsk::Forward { kind: ForwardKind::NoAnswer, to, ring_secs: Some(18) };
        assert_eq!(forward(later), Ok(later_to));
        let off = "<forwardingType>forwardImmediate</forwardingType><activateForward>false</activateForward>";
        let nowhere = FeatureAsk::Forward { kind: ForwardKind::Always, to: None, ring_secs: None };
        assert_eq!(forward(off), Ok(nowhere));
        let agent = |state: &str| {
            read(&format!(
                "<SetAgentState><device/><requestedAgentState>{state}</requestedAgentState></SetAgentState>"
            ))
        };
        assert_eq!(agent("loggedOn"), Ok(FeatureAsk::Agent(AgentState::NotReady)));
        assert_eq!(agent("ready"), Ok(FeatureAsk::Agent(AgentState::Ready)));
        assert_eq!(agent("loggedOff"), Ok(FeatureAsk::Agent(AgentState::SignedOut)));
    }

    #[test]
    fn what_means_nothing_sets_nothing() {
        for body in [
            "<SetDoNotDisturb><doNotDisturbOn>maybe</doNotDisturbOn></SetDoNotDisturb>",
            "<SetForwarding><forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward>\
             </SetForwarding>",
            "<SetForwarding><forwardingType>x</forwardingType><activateForward>true</activateForward></SetForwarding>",
            "<SetAgentState/>",
        ] {
            assert_eq!(read(body), Err(BadAsk::Value), "{body}");
        }
        assert_eq!(read("<MonitorStart/>"), Err(BadAsk::Unknown));
        assert!(matches!(read("<!DOCTYPE x>"), Err(BadAsk::Xml(BadXml::Declares))));
    }

    #[test]
    fn what_has_changed_is_one_event_and_all_of_it_several_parts() {
        let mut features = Features { ring_secs: 18, ..Features::default() };
        let before = features.events("1001");
        assert_eq!(before.len(), 5);
        features.forwards[2] = Some("1<2".to_owned());
        let after = features.events("1001");
        let changed: Vec<String> = after.iter().filter(|event| !before.contains(event)).cloned().collect();
        assert_eq!(changed.len(), 1);
        let (kind, one) = body(&changed);
        assert_eq!(kind, FEATURE_EVENT);
        assert!(
            one.contains("<forwardStatus>true</forwardStatus><forwardTo>1&lt;2</forwardTo><ringCount>3<"),
            "{one}"
        );
        let (kind, all) = body(&before);
        assert!(kind.starts_with("multipart/mixed"), "{kind}");
        assert_eq!(all.matches(FEATURE_EVENT).count(), 5);
    }

    #[test]
    fn an_agent_is_signed_in_before_anything_is_ready() {
        let words = |agent| Features { agent, ..Features::default() }.events("1001").split_off(4).concat();
        assert!(words(AgentState::SignedOut).contains("AgentLoggedOffEvent"));
        let ready = words(AgentState::Ready);
        assert!(ready.contains("AgentLoggedOnEvent") && ready.contains("AgentReadyEvent"), "{ready}");
    }
}
