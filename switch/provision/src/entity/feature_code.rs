//! The code of a feature where it is not the one delivered.

use serde::{Deserialize, Serialize};

use crate::Feature;

/// Another code for a feature, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureCode {
    /// The feature by its name, such as `redial`.
    pub name: String,
    /// What stations dial, `*` or `#` and up to 7 of `0-9*#`; empty switches it off.
    pub code: String,
}

impl FeatureCode {
    /// The code that the feature is delivered with; none where there is no such feature.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let code = Feature::named(name).map_or("", |standard| standard.code);
        Self { name: name.to_owned(), code: code.to_owned() }
    }
}
