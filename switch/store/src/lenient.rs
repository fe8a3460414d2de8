//! Reading what another version wrote: fields that a type does not know are left out instead of refused.
//!
//! Entities refuse unknown fields, which is right for files that people write. A store outlives the version that
//! wrote it. Missing fields need nothing here: the entities have defaults.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Reads `body`, leaving out unknown fields at every depth.
pub(crate) fn from_str<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, Error> {
    T::deserialize(Lenient(serde_json::from_str(body)?))
}

struct Lenient(Value);

impl IntoDeserializer<'_, Error> for Lenient {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, Self(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                plain.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Value::Object(fields) = &mut self.0 {
            fields.retain(|field, _| {
                let keep = known.contains(&field.as_str());
                if !keep {
                    tracing::warn!(r#type = name, field, "stored field of another version left out");
                }
                keep
            });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod unit {
    use ::provision::Trunk;

    use super::*;

    #[test]
    fn fields_of_a_newer_version_are_left_out_at_every_depth_and_missing_ones_get_defaults() {
        let body = r#"{"name":"carrier","colour":"red","register":true,"username":"u","password":null,
            "hosts":["198.51.100.0/24"],"peers":[{"uri":"sip:198.51.100.10","mood":{"good":[1]}}]}"#;
        let trunk: Trunk = from_str(body).expect("unknown fields are no error");
        assert_eq!(trunk.username.as_deref(), Some("u"));
        assert_eq!(trunk.password, None);
        assert_eq!(trunk.peers.first().map(|peer| peer.weight), Some(10));
        assert_eq!(trunk.health_secs, 30);
        assert!(from_str::<Trunk>(r#"{"name":7}"#).is_err(), "a wrong type is an error still");
    }
}
