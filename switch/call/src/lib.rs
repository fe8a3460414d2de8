//! The B2BUA: calls as values in shards, legs, negotiation and ringing, without io.
