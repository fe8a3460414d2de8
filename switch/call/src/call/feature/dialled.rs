//! Feature codes that are dialled as a call, each to whoever does it.

use base::fact::Endpoint;
use base::{Cause, Party, Supervision};
use provision::{Feature, ForwardWhen, SettingsChange};
use route::Local;

use super::super::{Call, Ctx, Refusal};

impl Call {
    /// A station dialled a feature code, and this behind it.
    pub(in crate::call) fn feature(&mut self, ctx: &mut Ctx<'_>, feature: Feature, rest: &str) {
        match feature {
            Feature::Echo => self.meet_locally(ctx, Local::Echo),
            Feature::Milliwatt => self.meet_locally(ctx, Local::Milliwatt),
            Feature::OwnNumber => self.meet_locally(ctx, Local::OwnNumber),
            Feature::OwnMailbox => {
                let own = self.calling_station().and_then(|it| ctx.routes.mailbox_of_station(it));
                self.meet_locally(ctx, Local::Mailbox { own });
            }
            Feature::AnyMailbox => self.meet_locally(ctx, Local::Mailbox { own: None }),
            Feature::ForwardOn => self.ask_forward(ctx, ForwardWhen::Always, rest),
            Feature::ForwardBusyOn => self.ask_forward(ctx, ForwardWhen::Busy, rest),
            Feature::ForwardNoAnswerOn => self.ask_forward(ctx, ForwardWhen::NoAnswer, rest),
            Feature::ForwardOff => self.ask_no_forward(ctx, ForwardWhen::Always),
            Feature::ForwardBusyOff => self.ask_no_forward(ctx, ForwardWhen::Busy),
            Feature::ForwardNoAnswerOff => self.ask_no_forward(ctx, ForwardWhen::NoAnswer),
            Feature::DoNotDisturbOn => {
                self.meet_locally(ctx, Local::Reach(SettingsChange::DoNotDisturb(true)));
            }
            Feature::DoNotDisturbOff => {
                self.meet_locally(ctx, Local::Reach(SettingsChange::DoNotDisturb(false)));
            }
            Feature::Pickup => self.pick_up_at(ctx, rest),
            Feature::PickupGroup => self.pick_up_in_group(ctx),
            Feature::Park => self.park_by_code(ctx, rest),
            Feature::LastCaller | Feature::Time | Feature::RecordPrompt => {
                self.serve(ctx, Local::Feature { feature, rest: rest.to_owned() });
            }
            // What is dialled again, or by its rank, is dialled instead of the code: there is none.
            Feature::Redial | Feature::Favourite => {
                self.turn_away(ctx, Refusal::of(Cause::Unallocated), Party::System)
            }
            Feature::Intercom => self.intercom(ctx, rest),
            Feature::Page => self.page_group(ctx, rest),
            Feature::Monitor => self.supervise(ctx, Supervision::Listen, rest),
            Feature::Coach => self.supervise(ctx, Supervision::Whisper, rest),
            Feature::Barge => self.supervise(ctx, Supervision::Barge, rest),
            Feature::Conference => match ctx.routes.conference_at(rest) {
                Some(name) => {
                    let (name, language) = (name.to_owned(), String::new());
                    self.meet_locally(ctx, Local::Conference { name, language });
                }
                None => self.turn_away(ctx, Refusal::of(Cause::Unallocated), Party::System),
            },
        }
    }

    /// What is said, once the station is answered.
    pub(in crate::call) fn spoken_feature(&mut self, ctx: &mut Ctx<'_>, feature: Feature, rest: &str) {
        if feature == Feature::LastCaller {
            self.last_caller(ctx, rest);
        } else if feature == Feature::RecordPrompt {
            self.record_prompt(ctx, rest);
        } else {
            self.say_time(ctx);
        }
    }

    /// The station that Tandem serves: the one that calls, or who was led here in its place.
    pub(in crate::call) fn calling_station(&self) -> Option<&str> {
        match self.guest() {
            Endpoint::Station(extension) => Some(extension),
            Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        }
    }

    /// Who stands at the leg that Tandem serves; whoever began the call may have gone.
    pub(in crate::call) fn guest(&self) -> &Endpoint {
        self.legs.first().map_or(&self.facts.origin, |leg| &leg.endpoint)
    }
}
