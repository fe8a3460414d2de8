//! Host names to addresses, for shards, by the system's resolver.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use call::ShardInput;
use tokio::sync::{Semaphore, mpsc};

use crate::inbox::{InboxSender, Lane};

/// Questions waiting.
pub(crate) const QUESTIONS: usize = 256;
/// Questions asked at a time.
const ASKED: usize = 32;
/// How long the system's resolver may take.
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(20);

/// A name and whom to answer.
pub(crate) struct Question {
    pub(crate) host: String,
    pub(crate) answers: InboxSender<ShardInput>,
}

/// Answers questions, several at a time, until nobody can ask any more.
pub(crate) async fn serve(mut questions: mpsc::Receiver<Question>) {
    let places = Arc::new(Semaphore::new(ASKED));
    while let Some(question) = questions.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        tokio::spawn(async move {
            answer(question).await;
            drop(place);
        });
    }
}

async fn answer(question: Question) {
    let Question { host, answers } = question;
    let addrs = look_up(&host).await;
    loop {
        if let Some(room) = answers.room(Lane::Event) {
            return room.put(ShardInput::Resolved { host, addrs });
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn look_up(host: &str) -> Vec<IpAddr> {
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await;
    let found = found.unwrap_or_else(|_late| Err(std::io::ErrorKind::TimedOut.into()));
    match found {
        Ok(addresses) => {
            let distinct: BTreeSet<IpAddr> = addresses.map(|address| address.ip()).collect();
            distinct.into_iter().collect()
        }
        Err(error) => {
            tracing::warn!(host, %error, "a host name cannot be resolved");
            Vec::new()
        }
    }
}
