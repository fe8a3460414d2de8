//! Reads the fields of one table and notes everything that is wrong with them.

use std::fmt::Display;
use std::str::FromStr;

use crate::export::is_secret;
use crate::node::{Entry, Node, Value};

/// One thing wrong at one place.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) field: String,
    pub(crate) at: usize,
    pub(crate) reason: String,
}

/// The fields of a table: each is asked for by name, then `finish` complains of the rest.
pub(crate) struct Fields<'a> {
    entries: &'a [Entry],
    prefix: String,
    at: usize,
    asked: Vec<&'static str>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(entries: &'a [Entry], prefix: String, at: usize) -> Self {
        Self { entries, prefix, at, asked: Vec::new(), findings: Vec::new() }
    }

    /// The node of a field, if it is there and not null.
    pub(crate) fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        (!matches!(entry.node.value, Value::Nothing)).then_some(&entry.node)
    }

    /// A text; empty when it is not there.
    pub(crate) fn text(&mut self, name: &'static str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let node = self.node(name)?;
        node.text().map(str::to_owned).or_else(|| self.wrong(name, node, "a text in quotes"))
    }

    /// A text that must be there and not empty.
    pub(crate) fn required(&mut self, name: &'static str) -> String {
        let text = self.text(name);
        if text.is_empty() && !self.findings.iter().any(|it| it.field == name) {
            let at = self.at;
            self.note(name, at, "is missing".to_owned());
        }
        text
    }

    /// A text read as `T`.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.optional_text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note_at(name, error.to_string());
                None
            }
        }
    }

    /// A whole number.
    pub(crate) fn whole<T: TryFrom<i64> + Bounded>(&mut self, name: &'static str, default: T) -> T {
        let Some(node) = self.node(name) else { return default };
        let read = node.whole().and_then(|number| T::try_from(number).ok()); // out of range is said below
        let allowed = format!("a whole number from 0 to {}", T::MOST);
        read.or_else(|| self.wrong(name, node, &allowed)).unwrap_or(default)
    }

    pub(crate) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let Some(node) = self.node(name) else { return default };
        node.flag().or_else(|| self.wrong(name, node, "true or false")).unwrap_or(default)
    }

    /// The items of a list; a single value counts as a list of one.
    pub(crate) fn items(&mut self, name: &'static str) -> &'a [Node] {
        let Some(node) = self.node(name) else { return &[] };
        node.list().unwrap_or_else(|| std::slice::from_ref(node))
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for node in self.items(name) {
            match node.text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.complain(name, node, "texts in quotes"),
            }
        }
        texts
    }

    /// The tables of a list, each read by `read`.
    pub(crate) fn tables<T>(&mut self, name: &'static str, read: impl Fn(&mut Fields<'_>) -> T) -> Vec<T> {
        let mut found = Vec::new();
        for (index, node) in self.items(name).iter().enumerate() {
            match node.table() {
                Some(entries) => found.push(self.inner(name, index, entries, node.at, &read)),
                None => self.complain(name, node, "a list of tables in braces"),
            }
        }
        found
    }

    /// One table within a list.
    pub(crate) fn inner<T>(
        &mut self,
        name: &str,
        index: usize,
        entries: &[Entry],
        at: usize,
        read: impl Fn(&mut Fields<'_>) -> T,
    ) -> T {
        let mut inner = Fields::new(entries, format!("{}{name}[{index}].", self.prefix), at);
        let value = read(&mut inner);
        inner.finish(&[]);
        self.findings.append(&mut inner.findings);
        value
    }

    /// Notes every field that nobody asked for; those of `later` will be known in a later version.
    pub(crate) fn finish(&mut self, later: &[&str]) {
        for entry in self.entries {
            if self.asked.contains(&entry.name.as_str()) {
                continue;
            }
            let reason = if later.contains(&entry.name.as_str()) {
                "is not available in this version yet".to_owned()
            } else {
                format!("is unknown; allowed: {}", self.asked.join(", "))
            };
            let name: String = entry.name.chars().take(80).collect();
            self.note(&name, entry.key_at, reason);
        }
    }

    /// Notes that a value is of the wrong kind.
    pub(crate) fn complain(&mut self, name: &str, node: &Node, allowed: &str) {
        let found = if is_secret(name) { "something else".to_owned() } else { node.described() };
        self.note(name, node.at, format!("found {found}; allowed: {allowed}"));
    }

    fn wrong<T>(&mut self, name: &str, node: &Node, allowed: &str) -> Option<T> {
        self.complain(name, node, allowed);
        None
    }

    /// Notes something about a field.
    pub(crate) fn note_at(&mut self, name: &str, reason: String) {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        let at = entry.map_or(self.at, |entry| entry.node.at);
        self.note(name, at, reason);
    }

    fn note(&mut self, name: &str, at: usize, reason: String) {
        self.findings.push(Finding { field: format!("{}{name}", self.prefix), at, reason });
    }
}

/// Whole numbers that fields have.
pub(crate) trait Bounded {
    const MOST: u32;
}

impl Bounded for u32 {
    const MOST: Self = Self::MAX;
}

impl Bounded for u16 {
    const MOST: u32 = Self::MAX as u32;
}
