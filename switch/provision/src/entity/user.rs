//! A person and what they may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::defaults;

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
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "User", self)
    }
}
