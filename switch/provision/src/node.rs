//! A value from TOML or JSON, with its place in the text.

use toml::de::{DeTable, DeValue};

/// A value and where it stands: the offset in the file, 0 for JSON.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) at: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Whole(i64),
    Flag(bool),
    List(Vec<Node>),
    Table(Table),
    Nothing,
    /// Of a kind no field takes.
    Odd(&'static str),
}

/// Entries in the order of their names; `key_at` is the offset of the name.
pub(crate) type Table = Vec<Entry>;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) key_at: usize,
    pub(crate) node: Node,
}

impl Node {
    /// What it is, as said in a message; long texts are cut.
    pub(crate) fn described(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
            Value::Whole(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
            Value::Nothing => "null".to_owned(),
            Value::Odd(what) => (*what).to_owned(),
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(crate) fn whole(&self) -> Option<i64> {
        if let Value::Whole(number) = self.value { Some(number) } else { None }
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        if let Value::Flag(flag) = self.value { Some(flag) } else { None }
    }

    pub(crate) fn list(&self) -> Option<&[Self]> {
        if let Value::List(items) = &self.value { Some(items) } else { None }
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    pub(crate) fn from_json(json: &serde_json::Value) -> Self {
        let value = match json {
            serde_json::Value::Null => Value::Nothing,
            serde_json::Value::Bool(flag) => Value::Flag(*flag),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or(Value::Odd("a number that is not whole or too large"), Value::Whole)
            }
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(entries) => Value::Table(
                entries
                    .iter()
                    .map(|(name, json)| Entry { name: name.clone(), key_at: 0, node: Self::from_json(json) })
                    .collect(),
            ),
        };
        Self { value, at: 0 }
    }

    fn from_toml(value: &DeValue<'_>, at: usize) -> Self {
        let value = match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or(Value::Odd("a number that is too large"), Value::Whole),
            DeValue::Float(_) => Value::Odd("a number that is not whole"),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Odd("a date"),
            DeValue::Array(items) => {
                let items = items.iter().map(|it| Self::from_toml(it.get_ref(), it.span().start));
                Value::List(items.collect())
            }
            DeValue::Table(table) => Value::Table(from_toml(table)),
        };
        Self { value, at }
    }
}

/// A TOML table with its offsets.
pub(crate) fn from_toml(table: &DeTable<'_>) -> Table {
    let entry =
        |(name, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| Entry {
            name: name.get_ref().clone().into_owned(),
            key_at: name.span().start,
            node: Node::from_toml(value.get_ref(), value.span().start),
        };
    table.iter().map(entry).collect()
}
