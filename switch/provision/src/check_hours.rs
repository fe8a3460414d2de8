//! What working hours and holidays may be.

use crate::check::{Checker, quoted};
use crate::{ForwardTo, Holiday, Hours};

/// Rows of a week, and of a holiday.
const ROWS: usize = 64;
/// Holidays of one set of hours.
const HOLIDAYS: usize = 64;
/// Days of one holiday.
const DATES: usize = 366;

pub(crate) fn check_hours(checker: &mut Checker<'_>, hours: &Hours) {
    checker.name("name", &hours.name);
    if hours.zone().is_none() {
        let found = quoted(&hours.time_zone);
        checker.say("time_zone", format!("found {found}; allowed: a name such as Europe/Madrid"));
    }
    checker.range("rows", hours.rows.len(), 0..=ROWS);
    checker.range("holidays", hours.holidays.len(), 0..=HOLIDAYS);
    for name in &hours.holidays {
        checker.exists("holidays", "holiday", name, &checker.directory.holidays);
    }
}

pub(crate) fn check_holiday(checker: &mut Checker<'_>, holiday: &Holiday) {
    checker.name("name", &holiday.name);
    checker.range("dates", holiday.dates.len(), 1..=DATES);
    checker.range("rows", holiday.rows.len(), 0..=ROWS);
}

impl Checker<'_> {
    /// The hours of somebody, or none, and where calls go outside them.
    pub(crate) fn hours(&mut self, hours: &str, after_hours: &ForwardTo) {
        if !hours.is_empty() {
            self.exists("hours", "hours", hours, &self.directory.hours);
        } else if after_hours.leads_on() {
            self.say("after_hours", "is set, and there are no hours");
        }
        self.forward("after_hours", after_hours);
    }
}
