//! Collects the written values of file and environment, each with its place, before anybody interprets them.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Spanned, Value};

use super::error::{ConfigError, Place};

const ENV_PREFIX: &str = "TANDEM__";

/// A value as written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// Every written value by section and key. Keys are checked off by reading them.
#[derive(Debug, Default)]
pub(super) struct Source {
    values: BTreeMap<(String, String), Written>,
}

impl Source {
    /// Adds the values of a file's text.
    pub(super) fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        type Sections = BTreeMap<String, BTreeMap<Spanned<String>, Spanned<Value>>>;
        let place = |offset: usize| Place::File { path: path.to_owned(), line: line_of(text, offset) };
        let sections: Sections = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            place: place(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        for (section, keys) in sections {
            for (key, value) in keys {
                let place = place(key.span().start);
                let written = Written { value: value.into_inner(), place };
                self.values.insert((section.clone(), key.into_inner()), written);
            }
        }
        Ok(())
    }

    /// Adds variables named `TANDEM__SECTION__KEY`; they win over the file. Others are not ours and are skipped.
    pub(super) fn env(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(ENV_PREFIX) else { continue };
            let (section, key) = path.split_once("__").unwrap_or((path, ""));
            let at = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            self.values.insert(at, Written { value: env_value(text), place: Place::Env(name) });
        }
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, section: &str, key: &str) -> Option<Written> {
        self.values.remove(&(section.to_owned(), key.to_owned()))
    }

    /// The first value nobody took.
    pub(super) fn leftover(&self) -> Option<(&str, &str, &Place)> {
        self.values.iter().next().map(|((section, key), written)| (&**section, &**key, &written.place))
    }
}

/// A variable's text is TOML where it reads as a list or a whole number, else a plain string.
fn env_value(text: String) -> Value {
    let list = text.trim_start().starts_with('[');
    let parsed = list.then(|| toml::from_str::<BTreeMap<String, Value>>(&format!("value = {text}")).ok());
    match parsed.flatten().and_then(|mut table| table.remove("value")) {
        Some(value) => value,
        None => text.trim().parse().map_or(Value::String(text), Value::Integer),
    }
}

/// The process's environment; variables that are no UTF-8 cannot be ours and are left out.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
