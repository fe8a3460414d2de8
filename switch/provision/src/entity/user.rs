//! A person and what they may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::defaults;
use crate::ForwardTo;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls.
    Agent,
    /// Watches and helps agents.
    Supervisor,
    /// Sets up everything.
    Admin,
    /// Admin who also manages admins.
    Owner,
}

/// Where a person is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Incoming {
    /// At the extension alone.
    #[default]
    ExtensionOnly,
    /// At the extension, and after a while at the mobile.
    ExtensionFirst,
    /// At the extension and the mobile at once.
    Both,
    /// At the mobile alone.
    MobileOnly,
}

impl Incoming {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] = &[
        ("extension_only", Self::ExtensionOnly),
        ("extension_first", Self::ExtensionFirst),
        ("both", Self::Both),
        ("mobile_only", Self::MobileOnly),
    ];
}

/// Whose number a mobile shows when it is called for its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MobileShows {
    /// What the extension shows when it calls out.
    #[default]
    Own,
    /// The caller's; for carriers that let us.
    Caller,
}

impl MobileShows {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] = &[("own", Self::Own), ("caller", Self::Caller)];
}

/// A person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login, unique.
    pub login: String,
    /// The name as shown.
    #[serde(default)]
    pub name: String,
    /// What this user may do.
    #[serde(default = "defaults::role")]
    pub role: Role,
    /// The argon2 hash of the password in PHC form. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password_hash: String,
    /// The argon2 hash of the phone PIN. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin_hash: String,
    /// Teams.
    #[serde(default)]
    pub teams: Vec<String>,
    /// The mobile number, as the person's extension would dial it; empty for none.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub mobile: ForwardTo,
    /// Another one, rung after it; empty for none.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub alternate_mobile: ForwardTo,
    /// Where the person is called.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub incoming: Incoming,
    /// Seconds that the extension rings before the mobile, 5…180.
    #[serde(default = "defaults::extension_first_secs")]
    pub extension_first_secs: u32,
    /// Whose number the mobile shows.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub mobile_shows: MobileShows,
    /// The working hours by name, outside which the person is not called; empty is always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// Where calls go outside them; empty leaves them to the mailbox, if there is one.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub after_hours: ForwardTo,
    /// Whether codes pressed in a call, such as `*1`, are taken from this user's phones; where not, they are keys for the far end.
    #[serde(default = "defaults::in_call_codes", skip_serializing_if = "defaults::is_true")]
    pub in_call_codes: bool,
}

impl User {
    /// A user with this login and nothing else set.
    #[must_use]
    pub fn called(login: &str) -> Self {
        Self {
            login: login.to_owned(),
            name: String::new(),
            role: defaults::role(),
            password_hash: String::new(),
            pin_hash: String::new(),
            teams: Vec::new(),
            mobile: ForwardTo::default(),
            alternate_mobile: ForwardTo::default(),
            incoming: Incoming::default(),
            extension_first_secs: defaults::extension_first_secs(),
            mobile_shows: MobileShows::default(),
            hours: String::new(),
            after_hours: ForwardTo::default(),
            in_call_codes: defaults::in_call_codes(),
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "User", self)
    }
}
