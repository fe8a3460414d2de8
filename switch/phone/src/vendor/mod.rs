//! The files that desk phones ask for, as each vendor's firmware names and reads them.
//!
//! Deliberately absent: HTTP, and whether the asker may have them.

mod book;
mod cisco_spa;
mod device;
mod file;
mod grandstream;
mod polycom;
mod snom;
mod softphone;
#[cfg(test)]
mod tests;
mod yealink;
mod zone;

pub use book::{Entry, entries};
pub use device::{Device, Line, Node, Transports};
pub use file::{File, Wanted};
pub use softphone::{linphone, sip_uri};

use provision::Vendor;

/// A file as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its media type.
    pub media_type: &'static str,
    /// Its text.
    pub text: String,
}

/// Writes a file of a phone. `search` is what the phone's user looks for in the phonebook; empty for all.
///
/// # Errors
/// When a template cannot be filled, which no setting can bring about.
pub fn write(wanted: Wanted, device: &Device<'_>, search: &str) -> Result<Served, askama::Error> {
    let book = || entries(device.directory, device.phone, search);
    let vendor = device.phone.vendor;
    match (vendor, wanted) {
        (Vendor::Yealink, Wanted::Common) => Ok(plain("#!version:1.0.0.1\n".to_owned())),
        (Vendor::Yealink, Wanted::Settings | Wanted::Master) => yealink::settings(device).map(plain),
        (Vendor::Yealink, Wanted::Phonebook) => yealink::book(&book()).map(xml),
        (Vendor::Polycom, Wanted::Common | Wanted::Master) => polycom::master(device).map(xml),
        (Vendor::Polycom, Wanted::Settings) => polycom::settings(device).map(xml),
        (Vendor::Polycom, Wanted::Phonebook) => polycom::book(&book()).map(xml),
        (Vendor::Snom, Wanted::Common | Wanted::Settings | Wanted::Master) => snom::settings(device).map(xml),
        (Vendor::Snom, Wanted::Phonebook) => snom::book(&book()).map(xml),
        (Vendor::Grandstream, Wanted::Common | Wanted::Settings | Wanted::Master) => {
            grandstream::settings(device).map(xml)
        }
        (Vendor::Grandstream, Wanted::Phonebook) => grandstream::book(&book()).map(xml),
        (Vendor::CiscoSpa, Wanted::Common | Wanted::Settings | Wanted::Master) => {
            cisco_spa::settings(device).map(xml)
        }
        (Vendor::CiscoSpa, Wanted::Phonebook) => cisco_spa::book(&book()).map(xml),
        (Vendor::Softphone, Wanted::Common | Wanted::Settings | Wanted::Master) => linphone(device).map(xml),
        (Vendor::Softphone, Wanted::Phonebook) => yealink::book(&book()).map(xml),
    }
}

fn plain(text: String) -> Served {
    Served { media_type: "text/plain; charset=utf-8", text }
}

fn xml(text: String) -> Served {
    Served { media_type: "text/xml; charset=utf-8", text }
}
