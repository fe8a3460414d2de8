//! The decision.

use base::mail::GreetingKind;
use base::{Cause, Wall, Why};
use provision::{
    Anonymous, Destination, DialRule, EMERGENCY_NUMBERS, ForwardTo, ForwardWhen, Settings, Station,
};

use crate::ring::Ringing;
use crate::{
    By, Inquiry, LedWhen, Local, Manner, Onward, Origin, Snapshot, TrunkRoute, TrunkTry, Verdict, dialled,
};

/// Says where a call goes and why.
///
/// From a station, the first that fits: emergency number (nothing set up here may stand before it), feature code,
/// extension, exact number, dial rule by priority and pattern, number pattern. From a trunk, after its `number_in`: exact number, number
/// pattern; never an extension by its bare digits and never a dial rule, so that nobody outside can make
/// us pay for a call. Exact numbers are compared without a leading `+`; among number patterns the longest
/// literal prefix wins.
#[must_use]
pub fn decide(snapshot: &Snapshot, inquiry: &Inquiry<'_>) -> (Verdict, Why) {
    match inquiry.from {
        Origin::Station(extension) => match snapshot.station(extension) {
            Some(station) => from_station(snapshot, inquiry, station),
            None => refuse(Cause::Forbidden, format!("no station {extension}")),
        },
        Origin::Trunk(name) => match snapshot.trunk(name) {
            Some(trunk) => from_trunk(snapshot, inquiry, trunk),
            None => refuse(Cause::Forbidden, format!("no trunk {name}")),
        },
    }
}

fn from_station(snapshot: &Snapshot, inquiry: &Inquiry<'_>, station: &Station) -> (Verdict, Why) {
    let number = dialled::plain(inquiry.dialled);
    let number = number.as_ref();
    let caller = Caller {
        number: inquiry.caller,
        station: Some(station),
        own: Some(&station.extension),
        withheld: inquiry.withheld,
        screened: false,
    };
    if let Some(found) = to_emergency(snapshot, number, &caller) {
        return found;
    }
    if let Some(code) = snapshot.code(number) {
        let why = Why::new(format!("feature code {}", code.feature.standard().name));
        let asked = Local::Feature { feature: code.feature, rest: code.rest.to_owned() };
        return (Verdict::Local(asked), why);
    }
    by_number(snapshot, inquiry, &caller, number)
}

/// An extension, a number of ours or a number outside, as a station may call it.
fn by_number(
    snapshot: &Snapshot,
    inquiry: &Inquiry<'_>,
    caller: &Caller<'_>,
    number: &str,
) -> (Verdict, Why) {
    let ringing = Ringing { snapshot, inquiry, caller };
    if let Some(station) = [number, inquiry.dialled].into_iter().find_map(|it| snapshot.station(it)) {
        let (verdict, missing) = ringing.station(station);
        return (verdict, because(format!("extension {}", station.extension), missing));
    }
    if let Some(group) = snapshot.group_at(number) {
        let (verdict, missing) = ringing.group(group);
        return (verdict, because(format!("extension {number}, group:{}", group.name), missing));
    }
    if let Some(name) = snapshot.conference_at(number) {
        let inside = Local::Conference { name: name.to_owned(), language: String::new() };
        return (Verdict::Local(inside), Why::new(format!("extension {number}, conference:{name}")));
    }
    if let Some((lot, slot)) = snapshot.parking_at(number) {
        let name = &lot.name;
        let parked = Local::Slot { lot: name.clone(), slot };
        return (Verdict::Local(parked), Why::new(format!("extension {number}, parking:{name}")));
    }
    if let Some((did, to)) = snapshot.number(number) {
        return follow(snapshot, inquiry, Found::Number(did), to, number, caller);
    }
    if let Some(rule) = snapshot.matching_rules(number).next() {
        return by_rule(snapshot, rule, number, caller);
    }
    by_pattern(snapshot, inquiry, number, caller)
}

fn from_trunk(snapshot: &Snapshot, inquiry: &Inquiry<'_>, trunk: &TrunkRoute) -> (Verdict, Why) {
    let number = trunk.number_in(&dialled::plain(inquiry.dialled));
    let shown = trunk.caller_in(inquiry.caller);
    let caller =
        Caller { number: &shown, station: None, own: None, withheld: inquiry.withheld, screened: false };
    match snapshot.number(&number) {
        Some((did, to)) => follow(snapshot, inquiry, Found::Number(did), to, &number, &caller),
        None => by_pattern(snapshot, inquiry, &number, &caller),
    }
}

/// Says where a call goes that somebody leads on, and why: to wherever that one may call, with the caller's number
/// shown where the station and the trunk say no other. Never to those who send help.
#[must_use]
pub fn onward(snapshot: &Snapshot, inquiry: &Inquiry<'_>, onward: &Onward) -> (Verdict, Why) {
    let by = match &onward.by {
        By::Station(extension) => snapshot.station(extension),
        By::Group(_) => None,
    };
    let shown = match inquiry.from {
        Origin::Trunk(name) => snapshot.trunk(name).map(|trunk| trunk.caller_in(inquiry.caller)),
        Origin::Station(_) => None,
    };
    let caller = Caller {
        number: shown.as_deref().unwrap_or(inquiry.caller),
        station: by,
        own: match inquiry.from {
            Origin::Station(extension) => Some(extension),
            Origin::Trunk(_) => None,
        },
        withheld: inquiry.withheld,
        screened: false,
    };
    match &onward.to {
        ForwardTo::Nowhere => refuse(Cause::NoRoute, format!("{} leads nowhere", onward.by)),
        ForwardTo::Number(number) => {
            let number = dialled::plain(number);
            if snapshot.is_emergency(&number) {
                return refuse(Cause::Forbidden, format!("{} would lead to {number}", onward.by));
            }
            let inquiry = Inquiry { dialled: &number, ..*inquiry };
            by_number(snapshot, &inquiry, &caller, &number)
        }
        ForwardTo::Destination(to) => {
            let (mut verdict, missing) = lead(snapshot, inquiry, to, "", inquiry.dialled, &caller);
            if let (Verdict::Local(Local::Voicemail { greeting, .. }), LedWhen::Forward(ForwardWhen::Busy)) =
                (&mut verdict, onward.when)
            {
                *greeting = GreetingKind::Busy;
            }
            (verdict, because(to.to_string(), missing))
        }
    }
}

/// Whether a station may lead its calls there: only to where it may call, and not to itself.
///
/// # Errors
/// Why not.
pub fn may_lead(
    snapshot: &Snapshot,
    settings: &Settings,
    extension: &str,
    to: &ForwardTo,
) -> Result<(), (Cause, Why)> {
    if !to.leads_on() {
        return Ok(());
    }
    if *to == ForwardTo::Number(extension.to_owned()) {
        return Err((Cause::Forbidden, Why::new(format!("station {extension} would call itself"))));
    }
    let by = By::Station(extension.to_owned());
    let led = Onward { to: to.clone(), by, when: ForwardWhen::Always.into() };
    let from = Origin::Station("");
    let inquiry = Inquiry {
        from,
        dialled: extension,
        caller: extension,
        withheld: false,
        settings,
        seed: 0,
        at: Wall(0),
    };
    match onward(snapshot, &inquiry, &led) {
        (Verdict::Refuse(cause @ (Cause::Forbidden | Cause::Unallocated | Cause::NoRoute)), why) => {
            Err((cause, why))
        }
        (Verdict::Refuse(_) | Verdict::Ring(_) | Verdict::Onward(_) | Verdict::Trunks { .. }, _)
        | (Verdict::Local(_), _) => Ok(()),
    }
}

fn because(reason: String, missing: Option<String>) -> Why {
    match missing {
        Some(missing) => Why::new(format!("{reason}: {missing}")),
        None => Why::new(reason),
    }
}

/// Who calls: what is shown, and what it may be replaced with.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) number: &'a str,
    /// With whose rights and number: the caller's own station, or the one that leads the call on.
    pub(crate) station: Option<&'a Station>,
    /// The extension that calls: it is not rung by its own call.
    pub(crate) own: Option<&'a str>,
    pub(crate) withheld: bool,
    /// Whoever is rung is asked first.
    pub(crate) screened: bool,
}

impl Caller<'_> {
    /// What a trunk shows: the rule's number, else the station's, else the trunk's, else the caller's own.
    /// Whether it is set up here comes with it.
    fn shown_on(&self, trunk: &TrunkRoute, rule: Option<&DialRule>) -> (String, bool) {
        let rule = rule.map_or("", |rule| rule.caller_id.as_str());
        let station = self.station.map_or("", |station| station.caller_id.as_str());
        let mut ours = [rule, station, trunk.trunk().caller_id.as_str()].into_iter();
        let ours = ours.find(|wish| !wish.is_empty());
        (trunk.caller_out(ours.unwrap_or(self.number)), ours.is_some())
    }
}

fn refuse(cause: Cause, why: String) -> (Verdict, Why) {
    (Verdict::Refuse(cause), Why::new(why))
}

/// The number that was set up for what was dialled.
enum Found<'a> {
    Number(&'a str),
    Pattern(&'a str),
}

impl Found<'_> {
    fn did(&self) -> &str {
        match self {
            Self::Number(did) | Self::Pattern(did) => did,
        }
    }
}

impl std::fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(did) => write!(f, "number {did}"),
            Self::Pattern(pattern) => write!(f, "pattern {pattern}"),
        }
    }
}

fn follow(
    snapshot: &Snapshot,
    inquiry: &Inquiry<'_>,
    found: Found<'_>,
    to: &Destination,
    number: &str,
    caller: &Caller<'_>,
) -> (Verdict, Why) {
    let anonymous = snapshot.anonymous_at(found.did());
    if caller.withheld && anonymous == Anonymous::Refuse {
        return refuse(Cause::AnonymousRefused, format!("{found} takes no anonymous calls"));
    }
    let screened = caller.withheld && anonymous == Anonymous::Screen;
    let caller = Caller { screened, ..*caller };
    let set_up = snapshot.number_set_up(found.did());
    let hours = set_up.and_then(|it| crate::ring::outside(snapshot, inquiry, &it.hours));
    let (to, outside) = match (hours, set_up.map(|it| &it.after_hours)) {
        (None, _) => (to, String::new()),
        (Some(hours), Some(ForwardTo::Destination(after))) => (after, format!(" is outside hours {hours}")),
        (Some(hours), _) => {
            return refuse(Cause::Unavailable, format!("{found} is outside hours {hours}"));
        }
    };
    let (mut verdict, missing) = lead(snapshot, inquiry, to, found.did(), number, &caller);
    if let (Verdict::Ring(plan), Some(set_up)) = (&mut verdict, set_up) {
        plan.manner = std::mem::take(&mut plan.manner).or(&Manner::of_number(set_up));
    }
    (verdict, because(format!("{found}{outside}, {to}"), missing))
}

/// Where a destination leads a call for `number`, found as `did`.
fn lead(
    snapshot: &Snapshot,
    inquiry: &Inquiry<'_>,
    to: &Destination,
    did: &str,
    number: &str,
    caller: &Caller<'_>,
) -> (Verdict, Option<String>) {
    let ringing = Ringing { snapshot, inquiry, caller };
    let language = || snapshot.language_of(did).to_owned();
    let missing =
        |what: &str, name: &str| (Verdict::Refuse(Cause::NoRoute), Some(format!("no {what} {name}")));
    match to {
        Destination::Station(extension) => match snapshot.station(extension) {
            Some(station) => ringing.station(station),
            None => (Verdict::Refuse(Cause::NotRegistered), Some(format!("{extension} has no station"))),
        },
        Destination::User(login) => ringing.user(login),
        Destination::Group(name) => match snapshot.group(name) {
            Some(group) => ringing.group(group),
            None => missing("group", name),
        },
        Destination::Trunk(name) => match snapshot.trunk(name) {
            Some(trunk) => {
                let tries = vec![attempt(trunk, None, number, caller)];
                (Verdict::Trunks { tries, emergency: EMERGENCY_NUMBERS.contains(&number) }, None)
            }
            None => missing("trunk", name),
        },
        Destination::Conference(name) if snapshot.conference(name).is_none() => missing("conference", name),
        Destination::Conference(name) => {
            (Verdict::Local(Local::Conference { name: name.clone(), language: language() }), None)
        }
        Destination::Voicemail(mailbox) => match snapshot.mailbox(mailbox) {
            Some(_) => {
                let (mailbox, greeting) = (mailbox.clone(), GreetingKind::Unavailable);
                (Verdict::Local(Local::Voicemail { mailbox, greeting }), None)
            }
            None => (Verdict::Refuse(Cause::NoRoute), Some(format!("no mailbox {mailbox}"))),
        },
        Destination::Play { prompt, times } => (
            Verdict::Local(Local::Play { prompt: prompt.clone(), times: *times, language: language() }),
            None,
        ),
        Destination::Echo => (Verdict::Local(Local::Echo), None),
        Destination::Hangup => (Verdict::Refuse(Cause::Forbidden), None),
        Destination::Test(target) => (Verdict::Local(Local::Test(*target)), None),
    }
}

/// An emergency call goes out over the trunks of the first emergency rule that matches (of any rule, for a
/// built-in number), then over every other trunk there is.
fn to_emergency(snapshot: &Snapshot, number: &str, caller: &Caller<'_>) -> Option<(Verdict, Why)> {
    let marked = snapshot.matching_rules(number).find(|rule| rule.emergency);
    if marked.is_none() && !EMERGENCY_NUMBERS.contains(&number) {
        return None;
    }
    let rule = marked.or_else(|| snapshot.matching_rules(number).next());
    let mut tries = rule.map_or_else(Vec::new, |rule| attempts(snapshot, rule, number, caller));
    for trunk in snapshot.trunk_routes().filter(|trunk| !trunk.trunk().peers.is_empty()) {
        if !tries.iter().any(|made| made.trunk == trunk.trunk().name) {
            tries.push(attempt(trunk, None, number, caller));
        }
    }
    if tries.is_empty() {
        return Some(refuse(Cause::NoRoute, format!("emergency {number}, and there is no trunk")));
    }
    Some((Verdict::Trunks { tries, emergency: true }, Why::new(format!("emergency {number}"))))
}

fn by_rule(snapshot: &Snapshot, rule: &DialRule, number: &str, caller: &Caller<'_>) -> (Verdict, Why) {
    let tries = attempts(snapshot, rule, number, caller);
    if tries.is_empty() {
        return refuse(Cause::NoRoute, format!("dial rule {} names no trunk", rule.pattern));
    }
    (Verdict::Trunks { tries, emergency: false }, Why::new(format!("dial rule {}", rule.pattern)))
}

fn by_pattern(
    snapshot: &Snapshot,
    inquiry: &Inquiry<'_>,
    number: &str,
    caller: &Caller<'_>,
) -> (Verdict, Why) {
    match snapshot.number_pattern(number) {
        Some((pattern, to)) => follow(snapshot, inquiry, Found::Pattern(pattern), to, number, caller),
        None => refuse(Cause::Unallocated, format!("nothing is set up for {number:?}")),
    }
}

pub(crate) fn attempts(
    snapshot: &Snapshot,
    rule: &DialRule,
    number: &str,
    caller: &Caller<'_>,
) -> Vec<TrunkTry> {
    let stripped: String = number.chars().skip(rule.strip as usize).collect();
    let number = format!("{}{stripped}", rule.prepend);
    let trunks = rule.trunks.iter().filter_map(|name| snapshot.trunk(name));
    trunks.map(|trunk| attempt(trunk, Some(rule), &number, caller)).collect()
}

fn attempt(trunk: &TrunkRoute, rule: Option<&DialRule>, number: &str, caller: &Caller<'_>) -> TrunkTry {
    let (caller, caller_is_ours) = caller.shown_on(trunk, rule);
    TrunkTry { trunk: trunk.trunk().name.clone(), number: trunk.number_out(number), caller, caller_is_ours }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
