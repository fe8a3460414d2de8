//! Feature codes: what a station dials to have something done, read.

use provision::{Directory, Feature, Follows, may_follow};

/// The codes of an installation, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Table {
    codes: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    code: String,
    feature: Feature,
    follows: Follows,
}

/// A code that was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'a> {
    /// What it asks for.
    pub feature: Feature,
    /// What was dialled behind it.
    pub rest: &'a str,
}

impl Table {
    /// As they are set up.
    #[must_use]
    pub fn of(directory: &Directory) -> Self {
        let entry = |(standard, code): (&provision::Standard, &str)| Entry {
            code: code.to_owned(),
            feature: standard.feature,
            follows: standard.follows,
        };
        let mut codes: Vec<Entry> = directory.codes().map(entry).collect();
        codes.sort_by_key(|entry| std::cmp::Reverse(entry.code.len()));
        Self { codes }
    }
}

/// What a dialled text asks for; `None` when it is no code.
#[must_use]
pub fn read<'a>(dialled: &'a str, table: &Table) -> Option<Code<'a>> {
    if !dialled.starts_with(['*', '#']) {
        return None;
    }
    table.codes.iter().find_map(|entry| {
        let rest = dialled.strip_prefix(entry.code.as_str())?;
        let fits = match entry.follows {
            Follows::Nothing => rest.is_empty(),
            Follows::Maybe => may_follow(rest),
            Follows::Always => !rest.is_empty() && may_follow(rest),
        };
        fits.then_some(Code { feature: entry.feature, rest })
    })
}

#[cfg(test)]
mod tests {
    use provision::{Entity, FeatureCode};

    use super::*;

    fn table(own: &[(&str, &str)]) -> Table {
        let mut directory = Directory::default();
        for (name, code) in own {
            let (name, code) = ((*name).to_owned(), (*code).to_owned());
            directory.put(Entity::FeatureCode(FeatureCode { name, code }));
        }
        assert_eq!(provision::check(&directory), []);
        Table::of(&directory)
    }

    fn found<'a>(dialled: &'a str, table: &Table) -> Option<(Feature, &'a str)> {
        read(dialled, table).map(|code| (code.feature, code.rest))
    }

    /// features.md §0.3.
    #[test]
    fn a_code_is_read_with_what_follows_it() {
        let table = table(&[]);
        for (dialled, wanted) in [
            ("*66", Some((Feature::Redial, ""))),
            ("*301001", Some((Feature::Monitor, "1001"))),
            ("*72+4930123", Some((Feature::ForwardOn, "+4930123"))),
            ("*72", Some((Feature::ForwardOn, ""))),
            ("*8", Some((Feature::PickupGroup, ""))),
            ("*881001", Some((Feature::Pickup, "1001"))),
            ("**07", Some((Feature::Favourite, "07"))),
            ("*84reception", Some((Feature::Intercom, "reception"))),
            ("*66 1", None),
            ("*661", None),
            ("*30", None),
            ("*30*1", None),
            ("*", None),
            ("1001", None),
            ("", None),
        ] {
            assert_eq!(found(dialled, &table), wanted, "{dialled}");
        }
    }

    #[test]
    fn a_code_can_be_changed_and_switched_off() {
        let table = table(&[("redial", "#66"), ("page", "")]);
        assert_eq!(found("#66", &table), Some((Feature::Redial, "")));
        assert_eq!((found("*66", &table), found("*861", &table)), (None, None));
    }
}
