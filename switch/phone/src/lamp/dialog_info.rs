//! Lines as the `dialog` package tells them: always the full state, so that a lost document does no harm (RFC 4235).
//!
//! ```text
//!   free        nothing listed, or what has just ended as `terminated`
//!   rings       <state>trying</state>, <state>early</state>
//!   talks       <state>confirmed</state>; held by the phone itself: +sip.rendering "no"
//! ```

use std::fmt::Write as _;

use base::limits::LAMP_DIALOGS;

use crate::floor::{Role, Spot, SpotState};
use crate::xml::escaped;

/// The body of a NOTIFY.
pub const DIALOG_INFO: &str = "application/dialog-info+xml";

/// The light of a key that stands for no dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    /// Dark.
    Off,
    /// It flashes: something waits.
    Flashing,
    /// It shines.
    On,
}

/// What is told of one line: the same for all who watch it but for the version and the name they asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogInfo {
    dialogs: String,
    /// What has ended since the document before, as terminated.
    ended: String,
    /// The ids listed and how each is told once it has ended.
    listed: Vec<(String, String)>,
}

impl DialogInfo {
    /// The line with these spots; `domain` stands in all addresses. A phone that has not yet said that it rings is left
    /// out, and who withholds the number is told as anonymous.
    #[must_use]
    pub fn of<'a>(line: &str, spots: impl Iterator<Item = &'a Spot>, domain: &str) -> Self {
        let mut info = Self::default();
        let shows = |spot: &&Spot| (spot.state, spot.role) != (SpotState::Trying, Role::Recipient);
        for spot in spots.filter(shows).take(LAMP_DIALOGS) {
            let id = spot.leg.to_string();
            let names = names(spot, &id);
            info.dialogs.push_str(&dialog(spot, &names, line, domain));
            info.listed.push((id, names));
        }
        info
    }

    /// A key's light, as the state of one dialog that there is none of.
    #[must_use]
    pub fn lit(line: &str, light: Lit) -> Self {
        let mut info = Self::default();
        let state = match light {
            Lit::Off => return info,
            Lit::Flashing => "early",
            Lit::On => "confirmed",
        };
        let id = escaped(line);
        let names = format!("id=\"{id}\" direction=\"recipient\"");
        info.dialogs = format!("<dialog {names}>\r\n<state>{state}</state>\r\n</dialog>\r\n");
        info.listed.push((id, names));
        info
    }

    /// The same after another one: what that listed and is gone is told as terminated.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        for (id, names) in before.into_iter().flat_map(|before| &before.listed) {
            if self.listed.iter().all(|(known, _)| known != id) {
                // Writing to a String cannot fail.
                write!(self.ended, "<dialog {names}>\r\n<state>terminated</state>\r\n</dialog>\r\n")
                    .unwrap_or_default();
            }
        }
        self
    }

    /// Whether it shows what another one shows, but for what has ended.
    #[must_use]
    pub fn shows_as(&self, other: &Self) -> bool {
        self.dialogs == other.dialogs
    }

    /// The document for one who watches, with the version after the last one it was told (RFC 4235 §4.1.1).
    #[must_use]
    pub fn document(&self, entity: &str, version: u32) -> String {
        format!(
            "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"{version}\" state=\"full\" entity=\"{}\">\r\n{}{}</dialog-info>\r\n",
            escaped(entity),
            self.dialogs,
            self.ended
        )
    }
}

/// The attributes of a dialog (RFC 4235 §4.1.2): the phone's tag is the local one.
fn names(spot: &Spot, id: &str) -> String {
    let direction = match spot.role {
        Role::Initiator => "initiator",
        Role::Recipient => "recipient",
    };
    let attribute = |name: &str, value: &str| match value.is_empty() {
        true => String::new(),
        false => format!(" {name}=\"{}\"", escaped(value)),
    };
    let call_id = attribute("call-id", &spot.dialog.call_id);
    let local = attribute("local-tag", &spot.dialog.theirs);
    let remote = attribute("remote-tag", &spot.dialog.ours);
    format!("id=\"{id}\"{call_id}{local}{remote} direction=\"{direction}\"")
}

fn dialog(spot: &Spot, names: &str, line: &str, domain: &str) -> String {
    let state = match spot.state {
        SpotState::Trying => "trying",
        SpotState::Early => "early",
        SpotState::Confirmed | SpotState::Held => "confirmed",
    };
    let holds = match spot.state {
        SpotState::Held => "<param pname=\"+sip.rendering\" pval=\"no\"/>",
        SpotState::Trying | SpotState::Early | SpotState::Confirmed => "",
    };
    let local = address(line, domain);
    let (remote, name) = match spot.remote.withheld {
        true => ("sip:anonymous@anonymous.invalid".to_owned(), String::new()),
        false => (address(&spot.remote.number, domain), escaped(&spot.remote.name)),
    };
    let display = if name.is_empty() { String::new() } else { format!(" display=\"{name}\"") };
    format!(
        "<dialog {names}>\r\n<state>{state}</state>\r\n\
         <local><identity>{local}</identity><target uri=\"{local}\">{holds}</target></local>\r\n\
         <remote><identity{display}>{remote}</identity><target uri=\"{remote}\"/></remote>\r\n</dialog>\r\n"
    )
}

fn address(user: &str, domain: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"+-_.!~*'()&=$,;?/".contains(&b);
    let mut uri = "sip:".to_owned();
    for b in user.bytes() {
        match is_plain(b) {
            true => uri.push(b.into()),
            // Writing to a String cannot fail.
            false => write!(uri, "%{b:02X}").unwrap_or_default(),
        }
    }
    escaped(&format!("{uri}@{domain}"))
}

#[cfg(test)]
mod tests {
    use base::{CallIds, Now, ShardId, Wall};

    use super::*;
    use crate::floor::{DialogIds, Remote};

    fn spot(state: SpotState) -> Spot {
        Spot {
            line: "1001".into(),
            leg: CallIds::new(ShardId(0), Wall(0)).leg(),
            state,
            role: Role::Recipient,
            remote: Remote { number: "+4930\"<1".into(), name: "A & B".into(), withheld: false },
            since: Now::default(),
            dialog: DialogIds { call_id: "c'1".into(), ours: "us".into(), theirs: "them".into() },
            recorded: false,
        }
    }

    /// RFC 4235 §4.1, §4.4: full state, the phone's own tag is the local one, a holding phone does not render.
    #[test]
    fn a_line_is_told_with_the_ids_that_a_pickup_needs() {
        let held = spot(SpotState::Held);
        let told = DialogInfo::of("1001", [&held].into_iter(), "tandem.test");
        let document = told.document("sip:1001@h", 3);
        let read = crate::xml::elements(document.as_bytes()).expect("well-formed");
        let state = read.iter().find(|element| element.name == "state").expect("a state");
        assert_eq!(state.text, "confirmed");
        assert!(document.contains("version=\"3\" state=\"full\" entity=\"sip:1001@h\""), "{document}");
        assert!(
            document.contains(
                "call-id=\"c&apos;1\" local-tag=\"them\" remote-tag=\"us\" direction=\"recipient\""
            ),
            "{document}"
        );
        assert!(document.contains("+sip.rendering"), "{document}");
        assert!(document.contains("display=\"A &amp; B\">sip:+4930%22%3C1@tandem.test<"), "{document}");
    }

    /// RFC 4235 §3.7.1, RFC 3323: nobody learns from a lamp what the caller withholds.
    #[test]
    fn who_withholds_the_number_is_anonymous_on_every_lamp() {
        let mut early = spot(SpotState::Early);
        early.remote.withheld = true;
        let document = DialogInfo::of("1001", [&early].into_iter(), "t").document("e", 0);
        assert!(document.contains("sip:anonymous@anonymous.invalid"), "{document}");
        assert!(!document.contains("4930") && !document.contains("A &amp; B"), "{document}");
    }

    #[test]
    fn what_has_ended_is_terminated_once_and_then_no_more() {
        let early = spot(SpotState::Early);
        let ringing = DialogInfo::of("1001", [&early].into_iter(), "t");
        let over = DialogInfo::of("1001", [].into_iter(), "t").after(Some(&ringing));
        let document = over.document("e", 1);
        assert!(
            document.contains("<state>terminated</state>") && document.contains("remote-tag"),
            "{document}"
        );
        let free = DialogInfo::of("1001", [].into_iter(), "t").after(Some(&over));
        assert_eq!(free, DialogInfo::default());
    }

    #[test]
    fn a_key_without_a_dialog_is_lit_as_if_it_had_one() {
        let on = DialogInfo::lit("dnd.1001", Lit::On);
        assert!(on.document("e", 0).contains("<state>confirmed</state>"));
        assert!(DialogInfo::lit("park.701", Lit::Flashing).document("e", 0).contains("early"));
        let off = DialogInfo::lit("dnd.1001", Lit::Off).after(Some(&on));
        assert!(off.document("e", 1).contains("terminated"));
    }
}
