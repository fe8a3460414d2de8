//! What it takes to get from one directory to another.

use std::fmt;

use serde_json::Value;

use crate::export::{fields, is_secret};
use crate::{Directory, Entity, Key};

/// One difference. Prints `+ station 1001`, `- number 100` or `~ trunk carrier: max_calls 0 → 10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The entity is new.
    Added(Entity),
    /// The entity has other values.
    Changed {
        /// As it shall be.
        entity: Entity,
        /// What differs.
        fields: Vec<FieldChange>,
    },
    /// The entity goes.
    Removed(Key),
}

/// One field that differs; secrets show neither value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// Both values as text; none for a secret.
    pub values: Option<(String, String)>,
}

impl Change {
    /// Which entity.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Added(entity) | Self::Changed { entity, .. } => entity.key(),
            Self::Removed(key) => key.clone(),
        }
    }
}

/// The changes that make `current` into `wanted`, by kind and key. Applying a file is merging it into the
/// current directory and taking the difference: what the file does not name stays.
#[must_use]
pub fn diff(current: &Directory, wanted: &Directory) -> Vec<Change> {
    let gone = current.keys().filter(|key| wanted.entity(key).is_none()).map(Change::Removed);
    let put = wanted.keys().filter_map(|key| {
        let entity = wanted.entity(&key)?;
        match current.entity(&key) {
            None => Some(Change::Added(entity)),
            Some(old) if old == entity => None,
            Some(old) => Some(Change::Changed { fields: compare(&old, &entity), entity }),
        }
    });
    put.chain(gone).collect()
}

fn compare(old: &Entity, new: &Entity) -> Vec<FieldChange> {
    let (old, new) = (fields(old), fields(new));
    let value = |of: &[(String, Value)], name: &str| {
        of.iter().find(|(other, _)| other == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = new.iter().chain(&old).map(|(name, _)| name).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let changed = names.into_iter().filter_map(|name| {
        let (before, after) = (value(&old, name), value(&new, name));
        (before != after).then(|| FieldChange {
            field: name.clone(),
            values: (!is_secret(name)).then(|| (text(&before), text(&after))),
        })
    });
    changed.collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(entity) => write!(f, "+ {}", entity.key()),
            Self::Removed(key) => write!(f, "- {key}"),
            Self::Changed { entity, fields } => {
                let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
                write!(f, "~ {}: {}", entity.key(), fields.join(", "))
            }
        }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.values {
            Some((before, after)) => write!(f, "{} {before} → {after}", self.field),
            None => write!(f, "{} changed", self.field),
        }
    }
}
