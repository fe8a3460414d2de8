//! Names of files, as phones ask for them.

use provision::{Mac, Vendor};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What all phones of a model share.
    Common,
    /// Where the phone's own settings are.
    Master,
    /// The phone's own settings.
    Settings,
    /// The phonebook.
    Phonebook,
}

/// A file as its name tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub wanted: Wanted,
    /// The phone in its name; `None` for one that bears no address.
    pub mac: Option<Mac>,
}

/// Octets of a name; a longer one is no file.
const NAME_OCTETS: usize = 64;

impl File {
    /// What a phone of this vendor means by a name; `None` for what it does not ask for, or what we have not.
    #[must_use]
    pub fn named(vendor: Vendor, name: &str) -> Option<Self> {
        if name.len() > NAME_OCTETS {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        if lower == "phonebook.xml" || lower == "gs_phonebook.xml" {
            return Some(Self { wanted: Wanted::Phonebook, mac: None });
        }
        match vendor {
            Vendor::Yealink => yealink(&lower),
            Vendor::Polycom => polycom(&lower),
            Vendor::Snom => snom(&lower),
            Vendor::Grandstream => grandstream(&lower),
            Vendor::CiscoSpa => cisco_spa(&lower),
            Vendor::Softphone => {
                (lower == "linphone.xml").then_some(Self { wanted: Wanted::Settings, mac: None })
            }
        }
    }

    /// The address in a name, whatever the vendor: twelve hexadecimal digits in a row that are not all nought.
    #[must_use]
    pub fn address_in(name: &str) -> Option<Mac> {
        let name = name.get(..name.len().min(NAME_OCTETS)).unwrap_or_default();
        let runs = name.split(|c: char| !c.is_ascii_hexdigit());
        let ends = runs.filter_map(|run| run.len().checked_sub(12).and_then(|at| run.get(at..)));
        ends.filter_map(|run| run.parse().ok()).find(|mac: &Mac| mac.as_str() != NOBODY)
    }
}

/// What stands for every phone in the names of Polycom.
const NOBODY: &str = "000000000000";

fn of(wanted: Wanted, mac: &str) -> Option<File> {
    // Names bear the address as twelve digits and in no other form.
    (mac.len() == 12).then(|| mac.parse().ok()).flatten().map(|mac| File { wanted, mac: Some(mac) })
}

/// `y000000000028.cfg` for a model, then `805ec0123456.cfg`.
fn yealink(name: &str) -> Option<File> {
    let stem = name.strip_suffix(".cfg")?;
    match stem.strip_prefix('y') {
        Some(model) if model.len() == 12 && model.bytes().all(|b| b.is_ascii_digit()) => {
            Some(File { wanted: Wanted::Common, mac: None })
        }
        Some(_) => None,
        None => of(Wanted::Settings, stem),
    }
}

/// `64167f000001.cfg`, else `000000000000.cfg`: the master, which names the settings and the directory.
fn polycom(name: &str) -> Option<File> {
    if let Some(stem) = name.strip_suffix("-directory.xml") {
        return if stem == NOBODY {
            Some(File { wanted: Wanted::Phonebook, mac: None })
        } else {
            of(Wanted::Phonebook, stem)
        };
    }
    let stem = name.strip_suffix(".cfg")?;
    match stem.strip_suffix("-tandem") {
        Some(mac) => of(Wanted::Settings, mac),
        None if stem == NOBODY => Some(File { wanted: Wanted::Master, mac: None }),
        None => of(Wanted::Master, stem),
    }
}

/// `snomD735-000413123456.htm` and `snomD735.htm`, or `.xml`; also the address alone.
fn snom(name: &str) -> Option<File> {
    let stem = name.strip_suffix(".htm").or_else(|| name.strip_suffix(".xml"))?;
    let Some(rest) = stem.strip_prefix("snom") else { return of(Wanted::Settings, stem) };
    match rest.rsplit_once('-') {
        Some((_, mac)) => of(Wanted::Settings, mac),
        None if rest.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Some(File { wanted: Wanted::Settings, mac: None })
        }
        None => None,
    }
}

/// `cfg000b82123456.xml`; the ones for a model and for all are not ours.
fn grandstream(name: &str) -> Option<File> {
    of(Wanted::Settings, name.strip_prefix("cfg")?.strip_suffix(".xml")?)
}

/// `spa000e08123456.xml`, or `.cfg`, as the profile rule says.
fn cisco_spa(name: &str) -> Option<File> {
    let stem = name.strip_prefix("spa")?;
    of(Wanted::Settings, stem.strip_suffix(".xml").or_else(|| stem.strip_suffix(".cfg"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Issue row "Provisioning": the names that each vendor's firmware asks for.
    #[test]
    fn every_vendor_finds_its_files_under_the_names_of_its_firmware() {
        let found = |vendor, name: &str| {
            File::named(vendor, name).map(|file| (file.wanted, file.mac.map_or(String::new(), String::from)))
        };
        let mac = || "805ec0123456".to_owned();
        let some = |wanted, mac: String| Some((wanted, mac));
        assert_eq!(found(Vendor::Yealink, "y000000000028.cfg"), some(Wanted::Common, String::new()));
        assert_eq!(found(Vendor::Yealink, "805ec0123456.cfg"), some(Wanted::Settings, mac()));
        assert_eq!(found(Vendor::Polycom, "000000000000.cfg"), some(Wanted::Master, String::new()));
        assert_eq!(found(Vendor::Polycom, "805ec0123456.cfg"), some(Wanted::Master, mac()));
        assert_eq!(found(Vendor::Polycom, "805ec0123456-tandem.cfg"), some(Wanted::Settings, mac()));
        assert_eq!(found(Vendor::Polycom, "805ec0123456-directory.xml"), some(Wanted::Phonebook, mac()));
        assert_eq!(found(Vendor::Snom, "snomD735-805EC0123456.htm"), some(Wanted::Settings, mac()));
        assert_eq!(found(Vendor::Snom, "snomD735.htm"), some(Wanted::Settings, String::new()));
        assert_eq!(found(Vendor::Grandstream, "cfg805ec0123456.xml"), some(Wanted::Settings, mac()));
        assert_eq!(found(Vendor::CiscoSpa, "spa805ec0123456.xml"), some(Wanted::Settings, mac()));
        for (vendor, name) in [
            (Vendor::Yealink, "805ec0123456.xml"),
            (Vendor::Yealink, "y1.cfg"),
            (Vendor::Polycom, "805ec0123456-app.log"),
            (Vendor::Snom, "snom../etc.htm"),
            (Vendor::Grandstream, "cfg.xml"),
            (Vendor::CiscoSpa, "spa805e-c01.23456.xml"),
            (Vendor::Softphone, "805ec0123456.cfg"),
        ] {
            assert_eq!(found(vendor, name), None, "{name}");
        }
    }

    #[test]
    fn an_address_is_found_in_any_name() {
        let found = |name: &str| File::address_in(name).map(String::from);
        for name in [
            "cfg805ec0123456.xml",
            "snom320-805EC0123456.htm",
            "805ec0123456-directory.xml",
            "spa805ec0123456.cfg",
        ] {
            assert_eq!(found(name).as_deref(), Some("805ec0123456"), "{name}");
        }
        assert_eq!((found("000000000000.cfg"), found("phonebook.xml")), (None, None));
    }
}
