//! What the listening socket answers: at first that the node starts, then everything.

use axum::Router;
use tokio::sync::watch;

use crate::router::starting;

/// The side that decides what is answered.
pub struct Front(watch::Sender<Router>);

/// The side that answers.
#[derive(Clone)]
pub struct Shown(watch::Receiver<Router>);

/// A front that says that the node starts, until it is opened.
#[must_use]
pub fn front() -> (Front, Shown) {
    let (front, shown) = watch::channel(starting());
    (Front(front), Shown(shown))
}

impl Front {
    /// From now on `router` answers, also on connections that are open already.
    pub fn open(self, router: Router) {
        drop(self.0.send_replace(router));
    }
}

impl Shown {
    /// Who answers now.
    pub(crate) fn router(&self) -> Router {
        self.0.borrow().clone()
    }
}
