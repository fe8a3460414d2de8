//! What phones have done by codes: dialled as a call, or pressed in one.

mod dialled;
