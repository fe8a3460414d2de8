//! Phones and their phonebook, from tables and objects.

use crate::fields::Fields;
use crate::read::{language, parsed_items, word};
use crate::{Mac, Phone, PhonebookEntry, Reading, Vendor};

pub(crate) fn phone(fields: &mut Fields<'_>, reading: &Reading<'_>) -> Phone {
    let given = fields.required("mac");
    let mac: Mac = if given.is_empty() { None } else { fields.parsed("mac") }.unwrap_or_default();
    // A number that is left out stays, as a secret does: it decides which secrets are good.
    let kept = reading.current.phones.get(mac.as_str()).map_or(0, |phone| phone.generation);
    let mut stations = fields.texts("stations");
    if stations.is_empty() {
        stations = fields.texts("station");
    }
    Phone {
        vendor: word(fields, "vendor", Vendor::WORDS),
        model: fields.text("model"),
        stations,
        keys: parsed_items(fields, "keys"),
        language: language(fields),
        time_zone: fields.parsed("time_zone").unwrap_or_default(),
        transport: fields.text("transport"),
        extra: fields.texts("extra"),
        generation: fields.whole("generation", kept),
        mac,
    }
}

pub(crate) fn phonebook_entry(fields: &mut Fields<'_>) -> PhonebookEntry {
    let entry = fields.required("entry");
    PhonebookEntry {
        name: fields.text("name"),
        numbers: parsed_items(fields, "numbers"),
        scope: fields.parsed("scope").unwrap_or_default(),
        favourite: fields.whole("favourite", 0),
        entry,
    }
}
