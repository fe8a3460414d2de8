//! Voice mail at the edge: messages come into the store, shards learn of them, notices go out by e-mail.
//!
//! One task, the post, owns it all: what calls say, files that are closed, and what pages change come to its inbox.

mod greeting;
mod joining;
mod letter;
mod notices;
mod post;
mod prompt;
mod zone;

pub(crate) use greeting::{greeting, unkept};
pub(crate) use notices::send_notices;
pub(crate) use post::{PostOffice, PostWord, states};
