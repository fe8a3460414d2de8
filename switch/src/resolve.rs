//! Questions of shards to the DNS, and the answers back to them.

use std::sync::Arc;
use std::time::Duration;

use base::dns::{Answer, Question};
use call::ShardInput;
use net::{Dns, DnsConfig};
use tokio::sync::{Semaphore, mpsc};

use crate::inbox::{InboxSender, Lane};

/// Questions waiting.
pub(crate) const QUESTIONS: usize = 1_024;
/// Questions asked at a time.
const ASKED: usize = 64;
const RETRY: Duration = Duration::from_millis(20);

/// A question and whom to answer.
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) answers: InboxSender<ShardInput>,
}

/// The DNS as configured; without one names stay unknown, which is said once here.
pub(crate) fn dns(config: &DnsConfig) -> Option<Arc<Dns>> {
    let dns = Dns::new(config);
    dns.map_err(|error| tracing::warn!(%error, "set [dns] servers to reach carriers by name"))
        .ok()
        .map(Arc::new)
}

/// Answers questions, several at a time, until nobody can ask any more.
pub(crate) async fn serve(dns: Option<Arc<Dns>>, mut questions: mpsc::Receiver<Asked>) {
    let places = Arc::new(Semaphore::new(ASKED));
    while let Some(asked) = questions.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let dns = dns.clone();
        tokio::spawn(async move {
            answer(dns.as_deref(), asked).await;
            drop(place);
        });
    }
}

async fn answer(dns: Option<&Dns>, asked: Asked) {
    let Asked { question, answers } = asked;
    let answer = match dns {
        Some(dns) => dns.ask(&question).await,
        None => Answer::Failed,
    };
    if answer == Answer::Failed {
        tracing::warn!(name = question.name, kind = ?question.kind, "the DNS gave no answer");
    }
    loop {
        if let Some(room) = answers.room(Lane::Event) {
            return room.put(ShardInput::Resolved { question, answer });
        }
        tokio::time::sleep(RETRY).await;
    }
}
