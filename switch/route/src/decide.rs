//! The decision.

use base::mail::GreetingKind;
use base::{Cause, Why};
use provision::{Anonymous, Destination, DialRule, EMERGENCY_NUMBERS, Station};

use crate::{Inquiry, Local, Origin, Snapshot, TrunkRoute, TrunkTry, Verdict, dialled};

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
    let caller = Caller { number: inquiry.caller, station: Some(station), withheld: inquiry.withheld };
    if let Some(found) = to_emergency(snapshot, number, &caller) {
        return found;
    }
    if let Some(code) = snapshot.code(number) {
        let why = Why::new(format!("feature code {}", code.feature.standard().name));
        let asked = Local::Feature { feature: code.feature, rest: code.rest.to_owned() };
        return (Verdict::Local(asked), why);
    }
    if let Some(extension) = [number, inquiry.dialled].into_iter().find(|it| snapshot.station(it).is_some()) {
        let (verdict, _) = to_stations(snapshot.station(extension).into_iter(), &caller, extension);
        return (verdict, Why::new(format!("extension {extension}")));
    }
    if let Some(name) = snapshot.conference_at(number) {
        let inside = Local::Conference { name: name.to_owned(), language: String::new() };
        return (Verdict::Local(inside), Why::new(format!("extension {number}, conference:{name}")));
    }
    if let Some((did, to)) = snapshot.number(number) {
        return follow(snapshot, Found::Number(did), to, number, &caller);
    }
    if let Some(rule) = snapshot.matching_rules(number).next() {
        return by_rule(snapshot, rule, number, &caller);
    }
    by_pattern(snapshot, number, &caller)
}

fn from_trunk(snapshot: &Snapshot, inquiry: &Inquiry<'_>, trunk: &TrunkRoute) -> (Verdict, Why) {
    let number = trunk.number_in(&dialled::plain(inquiry.dialled));
    let shown = trunk.caller_in(inquiry.caller);
    let caller = Caller { number: &shown, station: None, withheld: inquiry.withheld };
    match snapshot.number(&number) {
        Some((did, to)) => follow(snapshot, Found::Number(did), to, &number, &caller),
        None => by_pattern(snapshot, &number, &caller),
    }
}

/// Who calls: what is shown, and what it may be replaced with.
struct Caller<'a> {
    number: &'a str,
    station: Option<&'a Station>,
    withheld: bool,
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
    found: Found<'_>,
    to: &Destination,
    number: &str,
    caller: &Caller<'_>,
) -> (Verdict, Why) {
    if caller.withheld && snapshot.refuses_anonymous(found.did()) {
        return refuse(Cause::AnonymousRefused, format!("{found} takes no anonymous calls"));
    }
    let (verdict, missing) = match to {
        Destination::Station(extension) => {
            to_stations(snapshot.station(extension).into_iter(), caller, extension)
        }
        Destination::User(login) => to_stations(snapshot.stations_of(login), caller, login),
        Destination::Trunk(name) => match snapshot.trunk(name) {
            Some(trunk) => {
                let tries = vec![attempt(trunk, None, number, caller)];
                (Verdict::Trunks { tries, emergency: EMERGENCY_NUMBERS.contains(&number) }, None)
            }
            None => (Verdict::Refuse(Cause::NoRoute), Some(format!("no trunk {name}"))),
        },
        Destination::Conference(name) if snapshot.conference(name).is_none() => {
            (Verdict::Refuse(Cause::NoRoute), Some(format!("no conference {name}")))
        }
        Destination::Conference(name) => {
            let language = snapshot.language_of(found.did()).to_owned();
            (Verdict::Local(Local::Conference { name: name.clone(), language }), None)
        }
        Destination::Voicemail(mailbox) => match snapshot.mailbox(mailbox) {
            Some(_) => {
                let (mailbox, greeting) = (mailbox.clone(), GreetingKind::Unavailable);
                (Verdict::Local(Local::Voicemail { mailbox, greeting }), None)
            }
            None => (Verdict::Refuse(Cause::NoRoute), Some(format!("no mailbox {mailbox}"))),
        },
        Destination::Play { prompt, times } => {
            let language = snapshot.language_of(found.did()).to_owned();
            (Verdict::Local(Local::Play { prompt: prompt.clone(), times: *times, language }), None)
        }
        Destination::Echo => (Verdict::Local(Local::Echo), None),
        Destination::Hangup => (Verdict::Refuse(Cause::Forbidden), None),
        Destination::Test(target) => (Verdict::Local(Local::Test(*target)), None),
    };
    let why = match missing {
        Some(missing) => format!("{found}, {to}: {missing}"),
        None => format!("{found}, {to}"),
    };
    (verdict, Why::new(why))
}

fn to_stations<'a>(
    stations: impl Iterator<Item = &'a Station>,
    caller: &Caller<'_>,
    name: &str,
) -> (Verdict, Option<String>) {
    let own = caller.station.map(|station| station.extension.as_str());
    let (mut extensions, mut ring_secs, mut own_called, mut refused) = (Vec::new(), 0, false, false);
    for station in stations {
        if caller.withheld && station.anonymous == Anonymous::Refuse {
            refused = true;
            continue;
        }
        if own == Some(station.extension.as_str()) {
            own_called = true;
            continue;
        }
        extensions.push(station.extension.clone());
        ring_secs = ring_secs.max(station.ring_secs);
    }
    match (extensions.is_empty(), own_called) {
        (false, _) => (Verdict::Stations { extensions, ring_secs }, None),
        (true, _) if refused => {
            (Verdict::Refuse(Cause::AnonymousRefused), Some(format!("{name} takes no anonymous calls")))
        }
        (true, true) => (Verdict::Refuse(Cause::Busy), Some("it calls itself".to_owned())),
        (true, false) => (Verdict::Refuse(Cause::NotRegistered), Some(format!("{name} has no station"))),
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

fn by_pattern(snapshot: &Snapshot, number: &str, caller: &Caller<'_>) -> (Verdict, Why) {
    match snapshot.number_pattern(number) {
        Some((pattern, to)) => follow(snapshot, Found::Pattern(pattern), to, number, caller),
        None => refuse(Cause::Unallocated, format!("nothing is set up for {number:?}")),
    }
}

fn attempts(snapshot: &Snapshot, rule: &DialRule, number: &str, caller: &Caller<'_>) -> Vec<TrunkTry> {
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
