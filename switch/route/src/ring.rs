//! Whom a call to a station, a person or a group rings.

use base::{Cause, Why};
use provision::{
    Anonymous, Destination, ForwardTo, ForwardWhen, Group, Incoming, Member, MobileShows, Station, Strategy,
    User,
};

use crate::decide::{Caller, attempts};
use crate::{
    After, By, Decline, Inquiry, LedWhen, Local, Manner, Onward, RingPlan, RingStage, Rung, Snapshot,
    TrunkTry, Verdict,
};

/// Seconds that a mobile of somebody without a station rings.
const MOBILE_SECS: u32 = 30;

/// A verdict, and what was missing for a better one.
type Found = (Verdict, Option<String>);

/// What every step needs.
#[derive(Clone, Copy)]
pub(crate) struct Ringing<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) inquiry: &'a Inquiry<'a>,
    pub(crate) caller: &'a Caller<'a>,
}

/// Why a station does not ring.
enum Closed {
    /// Its own caller calls it.
    Itself,
    Refuses(Cause, &'static str),
    /// It is outside these hours.
    Outside(String),
    Onward(Onward),
}

impl<'a> Ringing<'a> {
    /// One extension and the person who sits there.
    pub(crate) fn station(self, station: &'a Station) -> Found {
        if let Some(closed) = self.closed(station) {
            return closed.verdict(&station.extension);
        }
        let user = self.snapshot.user(&station.user);
        self.person(&[station], user, &station.extension)
    }

    /// Every extension of a person, and the person's mobile.
    pub(crate) fn user(self, login: &str) -> Found {
        let all: Vec<&Station> = self.snapshot.stations_of(login).collect();
        let user = self.snapshot.user(login);
        if let (Some(user), None, Some(hours)) = (user, all.first(), self.user_is_off(login)) {
            return Self::nowhere_to_be(user, hours);
        }
        let open: Vec<&Station> = all.iter().copied().filter(|it| self.closed(it).is_none()).collect();
        match (open.is_empty(), all.first()) {
            (true, Some(first)) => match all.iter().find_map(|it| self.closed(it).filter(Closed::is_said)) {
                Some(said) => said.verdict(login),
                None => self.station(first),
            },
            (_, _) => self.person(&open, user, login),
        }
    }

    /// A person without a station, outside the hours.
    fn nowhere_to_be(user: &User, hours: &str) -> Found {
        let missing = Some(format!("{} is outside hours {hours}", user.login));
        let by = By::Station(user.login.clone());
        let onward = || Onward { to: user.after_hours.clone(), by, when: LedWhen::AfterHours };
        match user.after_hours.leads_on() {
            true => (Verdict::Onward(onward()), missing),
            false => (Verdict::Refuse(Cause::Unavailable), missing),
        }
    }

    /// Phones of one person, as that person wants to be found.
    fn person(self, stations: &[&'a Station], user: Option<&'a User>, name: &str) -> Found {
        let settings = self.inquiry.settings;
        let ring_secs = stations.iter().map(|it| settings.of(&it.extension).ring_secs(it)).max();
        let ring_secs = ring_secs.unwrap_or(MOBILE_SECS);
        let phones: Vec<Rung> = stations.iter().map(|station| self.phones(station)).collect();
        let incoming = user.map_or(Incoming::ExtensionOnly, |user| user.incoming);
        let wants_mobile = incoming != Incoming::ExtensionOnly;
        let pays = stations.first().copied().or_else(|| self.snapshot.stations_of(&user?.login).next());
        let mobile = |number: &ForwardTo| -> Vec<Rung> {
            let user = user.filter(|_| wants_mobile);
            user.and_then(|user| self.mobile(user, number, pays)).into_iter().collect()
        };
        let (first, second) = user
            .map_or((Vec::new(), Vec::new()), |user| (mobile(&user.mobile), mobile(&user.alternate_mobile)));
        let why = |who: &str| Why::new(format!("{who} of {name}"));
        let stage = |rung: Vec<Rung>, secs, who: &str| RingStage { rung, secs, why: why(who) };
        let mut stages = match incoming {
            Incoming::ExtensionOnly => vec![stage(phones, ring_secs, "phones")],
            Incoming::ExtensionFirst => {
                let secs = user.map_or(ring_secs, |user| user.extension_first_secs);
                vec![stage(phones, secs, "extension first"), stage(first, ring_secs, "then the mobile")]
            }
            Incoming::Both => {
                vec![stage(phones.into_iter().chain(first).collect(), ring_secs, "extension and mobile")]
            }
            Incoming::MobileOnly => vec![stage(first, ring_secs, "mobile only")],
        };
        stages.push(stage(second, ring_secs, "then the other mobile"));
        stages.retain(|stage| !stage.rung.is_empty());
        if stages.is_empty() {
            return (Verdict::Refuse(Cause::NotRegistered), Some(format!("{name} has no station")));
        }
        let names =
            stations.iter().map(|it| format!("station:{}", it.extension)).collect::<Vec<_>>().join(",");
        let plan = RingPlan {
            stages,
            total_secs: None,
            decline: Decline::All,
            after: stations.first().map_or_else(After::default, |station| self.after(station)),
            name: if names.is_empty() { format!("user:{name}") } else { names },
            manner: Manner::default(),
        };
        (Verdict::Ring(Box::new(plan)), None)
    }

    /// Everybody in a group who can be rung.
    pub(crate) fn group(self, group: &'a Group) -> Found {
        if group.page {
            let feature = provision::Feature::Page;
            return (Verdict::Local(Local::Feature { feature, rest: group.name.clone() }), None);
        }
        let by = By::Group(group.name.clone());
        let onward = |to: &ForwardTo, when: LedWhen| {
            to.leads_on().then(|| Onward { to: to.clone(), by: by.clone(), when })
        };
        if let Some(hours) = outside(self.snapshot, self.inquiry, &group.hours) {
            let missing = Some(format!("group {} is outside hours {hours}", group.name));
            return match onward(&group.after_hours, LedWhen::AfterHours) {
                Some(onward) => (Verdict::Onward(onward), missing),
                None => (Verdict::Refuse(Cause::Unavailable), missing),
            };
        }
        let mut members: Vec<Vec<Rung>> = group
            .members
            .iter()
            .map(|member| self.member(group, member))
            .filter(|it| !it.is_empty())
            .collect();
        if group.strategy == Strategy::Random {
            shuffle(&mut members, self.inquiry.seed);
        }
        if members.is_empty() {
            let missing = Some(format!("nobody in group {} can be rung", group.name));
            let after_hours = Some(&group.after_hours)
                .filter(|_| group.members.iter().any(|member| self.is_off(member)))
                .and_then(|to| onward(to, LedWhen::AfterHours));
            let nobody = || onward(&group.on_no_answer, ForwardWhen::Unregistered.into());
            return match after_hours.or_else(nobody) {
                Some(onward) => (Verdict::Onward(onward), missing),
                None => (Verdict::Refuse(Cause::NotRegistered), missing),
            };
        }
        let why = |what: &str| Why::new(format!("group {}, {what}", group.name));
        let stages = match group.strategy {
            Strategy::Simultaneous => {
                let rung = each_once(members.into_iter().flatten());
                vec![RingStage { rung, secs: group.ring_secs, why: why("all at once") }]
            }
            Strategy::Random | Strategy::Sequential => {
                let what = if group.strategy == Strategy::Random { "drawn by lot" } else { "one by one" };
                let stage = |rung| RingStage { rung, secs: group.ring_secs, why: why(what) };
                members.into_iter().map(stage).collect()
            }
        };
        let plan = RingPlan {
            stages,
            total_secs: Some(group.total_secs),
            decline: Decline::One,
            after: After {
                busy: onward(&group.on_busy, ForwardWhen::Busy.into()),
                no_answer: onward(&group.on_no_answer, ForwardWhen::NoAnswer.into()),
                unregistered: onward(&group.on_no_answer, ForwardWhen::Unregistered.into()),
            },
            name: format!("group:{}", group.name),
            manner: Manner::of_group(group),
        };
        (Verdict::Ring(Box::new(plan)), None)
    }

    /// How one of a group is rung; not at all where personal settings lead calls elsewhere.
    fn member(self, group: &Group, member: &'a Member) -> Vec<Rung> {
        let open = |station: &&Station| self.closed(station).is_none();
        match member {
            Member::Station(extension) => {
                let station = self.snapshot.station(extension).filter(open);
                station.map(|station| self.phones(station)).into_iter().collect()
            }
            Member::User(login) => {
                let Some(user) = self.snapshot.user(login) else { return Vec::new() };
                if self.user_is_off(login).is_some() {
                    return Vec::new();
                }
                let stations: Vec<&Station> = self.snapshot.stations_of(login).collect();
                if !stations.is_empty() && !stations.iter().any(open) {
                    return Vec::new();
                }
                let phones = stations.iter().filter(|it| open(it)).map(|station| self.phones(station));
                let mobile = || self.mobile(user, &user.mobile, stations.first().copied());
                match user.incoming {
                    Incoming::ExtensionOnly | Incoming::ExtensionFirst => phones.collect(),
                    Incoming::Both => phones.chain(mobile()).collect(),
                    Incoming::MobileOnly => mobile().into_iter().collect(),
                }
            }
            Member::Number(number) => match self.snapshot.station(number) {
                Some(station) if open(&station) => vec![self.phones(station)],
                Some(_) => Vec::new(),
                None => {
                    let tries = self.tries(number, None, MobileShows::Own);
                    let outside = |tries| Rung::Outside { tries, of: group.name.clone() };
                    tries.map(outside).into_iter().collect()
                }
            },
        }
    }

    fn phones(self, station: &Station) -> Rung {
        let is_screened =
            self.caller.screened || (self.caller.withheld && station.anonymous == Anonymous::Screen);
        Rung::Phones { extension: station.extension.clone(), asks: is_screened }
    }

    fn mobile(self, user: &User, number: &ForwardTo, pays: Option<&'a Station>) -> Option<Rung> {
        let ForwardTo::Number(number) = number else { return None };
        let tries = self.tries(number, pays, user.mobile_shows)?;
        Some(Rung::Outside { tries, of: user.login.clone() })
    }

    /// The trunks to a number outside, as a station would call it; never to those who send help.
    fn tries(self, number: &str, pays: Option<&'a Station>, shows: MobileShows) -> Option<Vec<TrunkTry>> {
        let number = crate::dialled::plain(number);
        if self.snapshot.is_emergency(&number) {
            return None;
        }
        let rule = self.snapshot.matching_rules(&number).next()?;
        let caller = Caller { station: pays, ..*self.caller };
        let mut tries = attempts(self.snapshot, rule, &number, &caller);
        if shows == MobileShows::Caller {
            for attempt in &mut tries {
                let Some(trunk) = self.snapshot.trunk(&attempt.trunk) else { continue };
                (attempt.caller, attempt.caller_is_ours) = (trunk.caller_out(self.caller.number), false);
            }
        }
        Some(tries).filter(|tries| !tries.is_empty())
    }

    /// Why a station is not rung, whatever its phones do.
    fn closed(self, station: &Station) -> Option<Closed> {
        let extension = &station.extension;
        let own = self.inquiry.settings.of(extension);
        let onward = |when| {
            let to = own.forward(station, when);
            to.leads_on().then(|| Onward {
                to: to.clone(),
                by: By::Station(extension.clone()),
                when: when.into(),
            })
        };
        if self.caller.withheld && station.anonymous == Anonymous::Refuse {
            return Some(Closed::Refuses(Cause::AnonymousRefused, "takes no anonymous calls"));
        }
        if self.caller.own == Some(extension.as_str()) {
            return Some(Closed::Itself);
        }
        if own.unavailable {
            return Some(Closed::Refuses(Cause::Unavailable, "takes no calls now"));
        }
        if let Some(closed) = self.after_hours(station) {
            return Some(closed);
        }
        if let Some(onward) = onward(ForwardWhen::Always) {
            return Some(Closed::Onward(onward));
        }
        if own.do_not_disturb {
            let refused = Closed::Refuses(Cause::DoNotDisturb, "does not want to be disturbed");
            return Some(self.after(station).busy.map_or(refused, Closed::Onward));
        }
        None
    }

    /// A station outside its hours, or those of its person: its calls go to where it says, to where its person says, to
    /// its mailbox, or nowhere.
    fn after_hours(self, station: &Station) -> Option<Closed> {
        let user = self.snapshot.user(&station.user);
        let hours = [Some(&station.hours), user.map(|user| &user.hours)].into_iter().flatten();
        let hours = hours.into_iter().find_map(|hours| outside(self.snapshot, self.inquiry, hours))?;
        let own = Some(&station.after_hours).filter(|to| to.leads_on());
        let to = own.or_else(|| user.map(|user| &user.after_hours).filter(|to| to.leads_on())).cloned();
        let mailbox = || self.snapshot.mailbox_set_up(&station.extension).map(Destination::Voicemail);
        let by = By::Station(station.extension.clone());
        Some(match to.or_else(|| mailbox().map(ForwardTo::Destination)) {
            Some(to) => Closed::Onward(Onward { to, by, when: LedWhen::AfterHours }),
            None => Closed::Outside(hours.to_owned()),
        })
    }

    /// Whether a member is left out because of working hours.
    fn is_off(self, member: &Member) -> bool {
        let station = |station: &Station| self.after_hours(station).is_some();
        match member {
            Member::Station(extension) | Member::Number(extension) => {
                self.snapshot.station(extension).is_some_and(station)
            }
            Member::User(login) => self.user_is_off(login).is_some(),
        }
    }

    /// The hours outside which a person is.
    fn user_is_off(self, login: &str) -> Option<&'a str> {
        outside(self.snapshot, self.inquiry, &self.snapshot.user(login)?.hours)
    }

    fn after(self, station: &Station) -> After {
        let own = self.inquiry.settings.of(&station.extension);
        let onward = |when| {
            let to = own.forward(station, when);
            let by = By::Station(station.extension.clone());
            to.leads_on().then(|| Onward { to: to.clone(), by, when: when.into() })
        };
        let mailbox = |when| {
            let number = self.snapshot.mailbox_set_up(&station.extension)?;
            let to = ForwardTo::Destination(Destination::Voicemail(number));
            let is_off = *own.forward(station, when) == ForwardTo::Nowhere && own.is_own(when);
            let by = By::Station(station.extension.clone());
            (!is_off).then_some(Onward { to, by, when: when.into() })
        };
        let with_mailbox = |when| onward(when).or_else(|| mailbox(when));
        After {
            busy: with_mailbox(ForwardWhen::Busy),
            no_answer: with_mailbox(ForwardWhen::NoAnswer),
            unregistered: onward(ForwardWhen::Unregistered)
                .or_else(|| onward(ForwardWhen::NoAnswer))
                .or_else(|| mailbox(ForwardWhen::Unregistered)),
        }
    }
}

impl Closed {
    /// Whether it says more than that somebody calls itself.
    fn is_said(&self) -> bool {
        match self {
            Self::Itself => false,
            Self::Refuses(..) | Self::Outside(_) | Self::Onward(_) => true,
        }
    }

    fn verdict(self, name: &str) -> Found {
        match self {
            Self::Itself => (Verdict::Refuse(Cause::Busy), Some("it calls itself".to_owned())),
            Self::Refuses(cause, what) => (Verdict::Refuse(cause), Some(format!("{name} {what}"))),
            Self::Outside(hours) => {
                (Verdict::Refuse(Cause::Unavailable), Some(format!("{name} is outside hours {hours}")))
            }
            Self::Onward(onward) => (Verdict::Onward(onward), None),
        }
    }
}

/// The hours, if the call comes outside them.
pub(crate) fn outside<'a>(snapshot: &Snapshot, inquiry: &Inquiry<'_>, hours: &'a str) -> Option<&'a str> {
    snapshot.hours(hours).is_some_and(|schedule| !schedule.is_open(inquiry.at)).then_some(hours)
}

/// Nobody is rung twice at a time.
fn each_once(all: impl Iterator<Item = Rung>) -> Vec<Rung> {
    let mut rung = Vec::new();
    for one in all {
        if !rung.contains(&one) {
            rung.push(one);
        }
    }
    rung
}

/// An order drawn by lot (Fisher and Yates), the same for the same seed.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        // The finaliser of SplitMix64: every bit of the seed counts.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = state;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let places = u64::try_from(last + 1).unwrap_or(1);
        items.swap(last, usize::try_from((drawn ^ (drawn >> 31)) % places).unwrap_or(0));
    }
}
