//! MYOP-7 (rows), MYOP-8 (union), MYOP-9 (break by gap), MYOP-20 (always), E16, E84 (clocks change within a row).

use provision::Entity;

use super::*;

fn schedule(zone: &str, rows: &[&str], holidays: &[(&[&str], &[&str])]) -> Schedule {
    let mut directory = Directory::default();
    let mut hours = Hours { time_zone: zone.to_owned(), ..Hours::named("office") };
    hours.rows = rows.iter().map(|row| row.parse().expect("a row")).collect();
    for (index, (dates, rows)) in holidays.iter().enumerate() {
        let name = format!("day{index}");
        hours.holidays.push(name.clone());
        let dates = dates.iter().map(|it| it.parse().expect("a date")).collect();
        let rows = rows.iter().map(|it| it.parse().expect("a span")).collect();
        directory.put(Entity::Holiday(Holiday { name, dates, rows }));
    }
    directory.put(Entity::Hours(hours));
    Schedule::of(&directory, "office").expect("hours")
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_microsecond())
}

/// Open or closed, and until when.
fn state(schedule: &Schedule, when: &str) -> String {
    let HoursState { open, until } = schedule.state(at(when));
    assert_eq!(schedule.is_open(at(when)), open);
    let until =
        until.map_or_else(|| "good".to_owned(), |until| timestamp(until).expect("in time").to_string());
    format!("{} until {until}", if open { "open" } else { "closed" })
}

#[test]
fn no_rows_are_always_and_the_gap_between_two_is_a_break() {
    assert_eq!(state(&schedule("", &[], &[]), "2027-01-15T08:00:00Z"), "open until good");
    let office = schedule("Europe/Madrid", &["mon-fri 09:00-12:00", "mon-fri 13:00-17:00"], &[]);
    for (when, expected) in [
        ("2027-01-15T07:59:59Z", "closed until 2027-01-15T08:00:00Z"),
        ("2027-01-15T08:00:00Z", "open until 2027-01-15T11:00:00Z"),
        ("2027-01-15T11:00:00Z", "closed until 2027-01-15T12:00:00Z"),
        ("2027-01-15T15:59:59Z", "open until 2027-01-15T16:00:00Z"),
        ("2027-01-15T16:00:00Z", "closed until 2027-01-18T08:00:00Z"),
    ] {
        assert_eq!(state(&office, when), expected, "{when}");
    }
}

#[test]
fn rows_that_overlap_are_one_and_one_may_go_past_midnight() {
    let union = schedule("", &["mon-fri 09:00-13:00", "fri 12:00-15:00", "fri 15:00-16:00"], &[]);
    assert_eq!(state(&union, "2027-01-15T10:00:00Z"), "open until 2027-01-15T16:00:00Z");
    let night = schedule("", &["fri 22:00-06:00"], &[]);
    assert_eq!(state(&night, "2027-01-15T23:00:00Z"), "open until 2027-01-16T06:00:00Z");
    assert_eq!(state(&night, "2027-01-16T05:59:00Z"), "open until 2027-01-16T06:00:00Z");
    assert_eq!(state(&night, "2027-01-15T05:59:00Z"), "closed until 2027-01-15T22:00:00Z");
    assert_eq!(state(&night, "2027-01-16T06:00:00Z"), "closed until 2027-01-22T22:00:00Z");
    let days = schedule("", &["mon-sun 00:00-24:00"], &[]);
    assert_eq!(state(&days, "2027-01-15T23:59:59Z"), "open until good");
}

#[test]
fn on_holidays_their_own_rows_hold_and_a_night_before_lasts_into_them() {
    let office = schedule(
        "Europe/Madrid",
        &["daily 20:00-02:00"],
        &[(&["12-25", "2027-01-06"], &[]), (&["12-31"], &["10:00-12:00"])],
    );
    assert_eq!(
        state(&office, "2026-12-25T00:30:00Z"),
        "open until 2026-12-25T01:00:00Z",
        "the night of the 24th"
    );
    assert_eq!(state(&office, "2026-12-25T20:00:00Z"), "closed until 2026-12-26T19:00:00Z");
    assert_eq!(state(&office, "2026-12-31T09:30:00Z"), "open until 2026-12-31T11:00:00Z");
    assert_eq!(state(&office, "2026-12-31T20:00:00Z"), "closed until 2027-01-01T19:00:00Z");
    assert!(!office.is_open(at("2027-01-06T20:00:00Z")) && office.is_open(at("2028-01-06T20:00:00Z")));
    let closed = schedule("", &[], &[(&["01-15"], &[])]);
    assert_eq!(state(&closed, "2027-01-15T12:00:00Z"), "closed until 2027-01-16T00:00:00Z");
}

/// E84: Madrid goes from 02:00 to 03:00 on 2027-03-28, and from 03:00 back to 02:00 on 2027-10-31.
#[test]
fn rows_hold_by_the_clock_on_the_wall_when_clocks_change() {
    let night = schedule("Europe/Madrid", &["sat 22:00-06:00"], &[]);
    assert_eq!(state(&night, "2027-03-27T21:00:00Z"), "open until 2027-03-28T04:00:00Z", "seven hours");
    assert_eq!(state(&night, "2027-10-30T20:00:00Z"), "open until 2027-10-31T05:00:00Z", "nine hours");
    let early = schedule("Europe/Madrid", &["sun 02:15-02:45"], &[]);
    assert_eq!(
        state(&early, "2027-03-27T12:00:00Z"),
        "closed until 2027-04-04T00:15:00Z",
        "there is no such time"
    );
    assert_eq!(state(&early, "2027-10-31T00:20:00Z"), "open until 2027-10-31T00:45:00Z");
    assert_eq!(state(&early, "2027-10-31T00:50:00Z"), "closed until 2027-10-31T01:15:00Z", "it comes again");
    let from_gap = schedule("Europe/Madrid", &["sun 02:30-09:00"], &[]);
    assert_eq!(
        state(&from_gap, "2027-03-28T00:59:00Z"),
        "closed until 2027-03-28T01:00:00Z",
        "clocks jump into it"
    );
    let office = schedule("America/New_York", &["daily 09:00-17:00"], &[]);
    assert!(office.is_open(at("2027-03-13T14:00:00Z")) && !office.is_open(at("2027-03-13T13:59:59Z")));
    assert!(office.is_open(at("2027-03-14T13:00:00Z")), "an hour earlier by the sun");
}

#[test]
fn what_is_beyond_the_calendar_is_open_and_unknown_zones_make_no_hours() {
    let office = schedule("UTC", &["mon 09:00-10:00"], &[]);
    assert!(office.state(Wall(i64::MAX)).open);
    assert_eq!(office.state(Wall(253_402_000_000_000_000)).until, None, "the last days there are");
    let mut directory = Directory::default();
    directory.put(Entity::Hours(Hours { time_zone: "Europe/Atlantis".to_owned(), ..Hours::named("sunk") }));
    assert!(Schedule::of(&directory, "sunk").is_none() && Schedule::of(&directory, "none").is_none());
}
