//! Words, ids and far ends as the columns hold them.

use std::borrow::Cow;

use base::Wall;
use base::fact::Endpoint;
use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The word of a variant without data, as serde writes it: `owner`, `no_answer`.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a variant without data is a word");
    value.as_str().unwrap_or_default().to_owned()
}

/// Reads the word of column `column` back.
pub(crate) fn from_word<'a, T: Deserialize<'a>>(column: &str, word: &'a str) -> Result<T, StoreError> {
    T::deserialize(StrDeserializer::<Error>::new(word)).map_err(|error| StoreError::row(column, error))
}

/// PostgreSQL has no text with NUL in it, and no far end has a reason to send one.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// Reads `station:1001` back.
pub(crate) fn endpoint(text: &str) -> Result<Endpoint, StoreError> {
    let Some((kind, name)) = text.split_once(':') else {
        return Err(StoreError::row("far end", format!("{text:?} has no kind")));
    };
    let name = name.to_owned();
    match kind {
        "trunk" => Ok(Endpoint::Trunk(name)),
        "station" => Ok(Endpoint::Station(name)),
        "local" => Ok(Endpoint::Local(name)),
        "stranger" => Ok(Endpoint::Stranger(name)),
        _ => Err(StoreError::row("far end", format!("{text:?} is of no known kind"))),
    }
}

/// A number that fits its field, or 0: the store wrote it from that field.
pub(crate) fn small<T: TryFrom<i64> + Default>(number: i64) -> T {
    T::try_from(number).unwrap_or_default()
}

pub(crate) fn time(millis: Option<i64>) -> Option<Wall> {
    millis.map(Wall::from_millis)
}
