//! Our passwords with trunks, and what they are for.

use std::sync::Arc;

use provision::{AnswersTo, Trunk};
use sip::auth::Login;

/// What a trunk's challenges are answered with, as far as it is set up.
pub(crate) fn login(trunk: &Trunk) -> Option<Arc<Login>> {
    let mut login = Login::new(trunk.username.as_deref()?, trunk.password.as_deref()?);
    if !trunk.realm.is_empty() {
        login = login.for_realm(&trunk.realm);
    }
    Some(Arc::new(match trunk.digest {
        AnswersTo::Any => login,
        AnswersTo::Sha256 => login.sha256_only(),
    }))
}
