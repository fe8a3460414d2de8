//! The table of countries, after supplement 2 to ITU-T E.180 and, for North America, its precise tone plan.

use base::media::Tone;

use super::{LEVEL_DBM0, notation};

/// What a tone says to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Dial.
    Dial,
    /// Dial, and there is something to know: a message waits, a feature is on.
    StutterDial,
    /// The far end rings.
    Ringback,
    /// The far end is busy.
    Busy,
    /// The network cannot.
    Congestion,
    /// An announcement says why not.
    SpecialInformation,
    /// Another call waits.
    CallWaiting,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Dial,
        Self::StutterDial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::SpecialInformation,
        Self::CallWaiting,
    ];
}

/// A country whose tones are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Country(&'static Row);

/// Cadences in the notation of `notation`, lengths in milliseconds.
#[derive(Debug, PartialEq)]
struct Row {
    code: &'static str,
    dial: &'static str,
    ringback: &'static str,
    busy: &'static str,
    congestion: &'static str,
    waiting: &'static str,
    /// Where it is not the common one.
    stutter: Option<&'static str>,
}

impl Country {
    /// By its code of two letters (ISO 3166-1, `uk` too), in any case.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        let code = if code.eq_ignore_ascii_case("uk") { "gb" } else { code };
        ROWS.iter().find(|row| row.code.eq_ignore_ascii_case(code)).map(Self)
    }

    /// All that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// Its code of two small letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Its tone for `signal`, without end.
    #[must_use]
    pub fn tone(self, signal: Signal) -> Tone {
        let cadence = match signal {
            Signal::Dial => self.0.dial.to_owned(),
            Signal::StutterDial => self.stutter(),
            Signal::Ringback => self.0.ringback.to_owned(),
            Signal::Busy => self.0.busy.to_owned(),
            Signal::Congestion => self.0.congestion.to_owned(),
            Signal::SpecialInformation => SPECIAL_INFORMATION.to_owned(),
            Signal::CallWaiting => self.0.waiting.to_owned(),
        };
        notation::read(&cadence, self.level(signal, &cadence)).expect("a test reads the whole table")
    }

    /// Level of each frequency: ten decibels below the reference in all, North America's tones as ITU-T E.300
    /// supplement 3 has them.
    fn level(self, signal: Signal, cadence: &str) -> f32 {
        let precise = self.0.code == "us" || self.0.code == "ca";
        let each = if cadence.contains('+') { LEVEL_DBM0 - 3.0 } else { LEVEL_DBM0 };
        match signal {
            Signal::Ringback if precise => -19.0,
            Signal::Busy | Signal::Congestion if precise => -24.0,
            Signal::CallWaiting => -13.0,
            Signal::Dial
            | Signal::StutterDial
            | Signal::Ringback
            | Signal::Busy
            | Signal::Congestion
            | Signal::SpecialInformation => each,
        }
    }

    /// Three bursts of the dial tone, then the tone itself, unless the country has another custom.
    fn stutter(self) -> String {
        let dial = self.0.dial.split(['/', ',']).next().unwrap_or(self.0.dial);
        match self.0.stutter {
            Some(cadence) => cadence.to_owned(),
            None => format!("{dial}/100,0/100,{dial}/100,0/100,{dial}/100,0/100,{dial}"),
        }
    }
}

impl Default for Country {
    /// The United States.
    fn default() -> Self {
        Self(&ROWS[0])
    }
}

/// ITU-T E.180 §6: three tones of 330 ms, a second of silence.
const SPECIAL_INFORMATION: &str = "950/330,1400/330,1800/330,0/1000";

const fn row(
    code: &'static str,
    dial: &'static str,
    ringback: &'static str,
    busy: &'static str,
    congestion: &'static str,
    waiting: &'static str,
    stutter: Option<&'static str>,
) -> Row {
    Row { code, dial, ringback, busy, congestion, waiting, stutter }
}

/// A tone modulated by another is two beside each other here: 400 Hz × 25 Hz is 388 + 413.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("us", "350+440", "440+480/2000,0/4000", "480+620/500,0/500", "480+620/250,0/250", "440/300,0/9700", None),
    row("ca", "350+440", "440+480/2000,0/4000", "480+620/500,0/500", "480+620/250,0/250", "440/300,0/9700", None),
    row("ar", "425", "425/1000,0/4500", "425/300,0/200", "425/200,0/300", "425/200,0/9000", None),
    row("at", "420", "420/1000,0/5000", "420/400,0/400", "420/200,0/200", "420/40,0/1950", Some("380+420")),
    row("au", "413+438", "413+438/400,0/200,413+438/400,0/2000", "425/375,0/375", "425/375,0/375", "425/200,0/200,425/200,0/4400", None),
    row("be", "425", "425/1000,0/3000", "425/500,0/500", "425/167,0/167", "1400/175,0/175,1400/175,0/3500", Some("425/1000,0/250")),
    row("br", "425", "425/1000,0/4000", "425/250,0/250", "425/250,0/250,425/750,0/250", "425/50,0/1000", None),
    row("ch", "425", "425/1000,0/4000", "425/500,0/500", "425/200,0/200", "425/200,0/200,425/200,0/4000", Some("425+340/1100,0/1100")),
    row("cl", "400", "400/1000,0/3000", "400/500,0/500", "400/200,0/200", "400/250,0/8750", None),
    row("co", "425", "425/1000,0/4500", "425/250,0/250", "425/100,0/250,425/350,0/250,425/650,0/250", "400+450/300,0/6000", None),
    row("de", "425", "425/1000,0/4000", "425/480,0/480", "425/240,0/240", "425/200,0/200,425/200,0/5000", Some("425+400")),
    row("es", "425", "425/1500,0/3000", "425/200,0/200", "425/200,0/200,425/200,0/200,425/200,0/600", "425/175,0/175,425/175,0/3500", None),
    row("fr", "440", "440/1500,0/3500", "440/500,0/500", "440/250,0/250", "440/300,0/10000", Some("440+330")),
    row("gb", "350+440", "400+450/400,0/200,400+450/400,0/2000", "400/375,0/375", "400/400,0/350,400/225,0/525", "400/100,0/4000", Some("350+440/750,440/750")),
    row("in", "388+413", "388+413/400,0/200,388+413/400,0/2000", "400/750,0/750", "400/250,0/250", "400/200,0/100,400/200,0/7500", None),
    row("it", "425/200,0/200,425/600,0/1000", "425/1000,0/4000", "425/500,0/500", "425/200,0/200", "425/400,0/100,425/250,0/100,425/150,0/14000", None),
    row("jp", "400", "392+408/1000,0/2000", "400/500,0/500", "400/500,0/500", "392+408/500,0/8000", None),
    row("mx", "425", "425/1000,0/4000", "425/250,0/250", "425/250,0/250", "425/200,0/600,425/200,0/10000", None),
    row("nl", "425", "425/1000,0/4000", "425/500,0/500", "425/250,0/250", "425/500,0/9500", Some("425/500,0/50")),
    row("pe", "425", "425/1000,0/4000", "425/500,0/500", "425/250,0/250", "425/200,0/9000", None),
    row("pt", "425", "425/1000,0/5000", "425/500,0/500", "425/200,0/200", "425/200,0/200,425/200,0/5000", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_every_tone() {
        for country in Country::all() {
            for signal in Signal::ALL {
                let tone = country.tone(signal);
                assert!(tone.parts.iter().any(|part| part.hz[0] > 0), "{} {signal:?}", country.code());
                assert!(tone.parts.iter().all(|part| (-30.0..=0.0).contains(&part.dbm0)));
            }
        }
    }

    #[test]
    fn a_country_is_found_by_its_code_in_any_case() {
        assert_eq!(Country::named("UK").map(Country::code), Some("gb"));
        assert_eq!(Country::named("mx").map(Country::code), Some("mx"));
        assert_eq!(Country::named("xx"), None);
        assert_eq!(Country::default().code(), "us");
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Country::all().map(Country::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ROWS.len());
    }
}
