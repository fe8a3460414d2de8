//! What holds for an entity that does not say.

use super::{Peer, Role};

/// Whether it is what holds without a word.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(super) fn is_true(value: &bool) -> bool {
    *value
}

/// As long as may be where nobody says, E47 of the catalogue.
pub(super) fn message_secs() -> u32 {
    30
}

pub(super) fn message_least_ms() -> u32 {
    1_000
}

pub(super) fn message_silence_secs() -> u32 {
    8
}

pub(super) fn max_messages() -> u32 {
    100
}

pub(super) fn spoken_refusals() -> bool {
    true
}

pub(super) fn call_waiting() -> bool {
    true
}

pub(super) fn in_call_codes() -> bool {
    true
}

pub(super) fn tls_verify() -> bool {
    true
}

pub(super) fn register_secs() -> u32 {
    300
}

pub(super) fn health_secs() -> u32 {
    30
}

pub(super) fn failover_secs() -> u32 {
    3
}

pub(super) fn weight() -> u16 {
    Peer::WEIGHT
}

pub(super) fn role() -> Role {
    Role::Agent
}

pub(super) fn ring_secs() -> u32 {
    60
}

pub(super) fn group_ring_secs() -> u32 {
    20
}

pub(super) fn total_secs() -> u32 {
    60
}

pub(super) fn extension_first_secs() -> u32 {
    15
}

pub(super) fn max_minutes() -> u32 {
    240
}

pub(super) fn max_contacts() -> u32 {
    5
}

pub(super) fn first_slot() -> u32 {
    701
}

pub(super) fn last_slot() -> u32 {
    720
}

pub(super) fn recall_secs() -> u32 {
    60
}

pub(super) fn recalls() -> u32 {
    3
}
