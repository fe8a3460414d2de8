//! Notices go out: each is tried until the server takes it, for some days at most.

use std::sync::Arc;
use std::time::Duration;

use base::Wall;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use store::{MessageId, Notice, StoredMessage};
use tokio::sync::Notify;

use super::PostWord;
use super::letter::letter;
use crate::config::{MailConfig, MailSecurity};
use crate::hub::Hub;

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// How often is looked for notices that are due, when nothing calls for it.
const ROUND: Duration = Duration::from_secs(2);
/// Notices of one round.
const BATCH: u32 = 20;
/// How long the server may take for one.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until the second try; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3_600);
/// After so many tries, some three days, it is given up.
const TRIES: u32 = 26;
/// Octets of sound that go with a notice; more stay here.
const SOUND_OCTETS: u64 = 16 * 1_048_576;

/// What became of a notice.
enum Outcome {
    Sent {
        with_sound: bool,
    },
    /// It is not wanted any more.
    Needless,
    Later(String),
    Never(String),
}

/// Sends notices until the node ends. Without a server none goes out, and they wait for one.
pub(crate) async fn send_notices(config: MailConfig, hub: Arc<Hub>, rung: Arc<Notify>) {
    let smtp = match smtp(&config) {
        Ok(Some(smtp)) => smtp,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, "no mail can be sent");
            return;
        }
    };
    let sender = Sender { smtp, config, hub };
    loop {
        // Whichever comes first.
        let _woken = tokio::time::timeout(ROUND, rung.notified()).await.is_ok();
        sender.round().await;
    }
}

fn smtp(config: &MailConfig) -> Result<Option<Smtp>, lettre::transport::smtp::Error> {
    let Some(host) = &config.host else { return Ok(None) };
    let tls = match config.security {
        MailSecurity::None => Tls::None,
        MailSecurity::StartTls => Tls::Required(TlsParameters::new(host.clone())?),
        MailSecurity::Tls => Tls::Wrapper(TlsParameters::new(host.clone())?),
    };
    let mut builder = Smtp::builder_dangerous(host).port(config.port).tls(tls).timeout(Some(PATIENCE));
    if !config.user.is_empty() {
        builder = builder.credentials(Credentials::new(config.user.clone(), config.password.clone()));
    }
    Ok(Some(builder.build()))
}

struct Sender {
    smtp: Smtp,
    config: MailConfig,
    hub: Arc<Hub>,
}

impl Sender {
    async fn round(&self) {
        let now = self.hub.clock.now().wall;
        let due = match self.hub.store.due_notices(now, BATCH).await {
            Ok(due) => due,
            Err(error) => {
                tracing::debug!(%error, "the store does not say which notices are due");
                return;
            }
        };
        for notice in due {
            let outcome = self.send(&notice.id).await;
            if let Err(error) = self.settle(&notice, outcome).await {
                tracing::warn!(%error, message = %notice.id, "what became of a notice cannot be kept");
            }
        }
    }

    async fn settle(&self, notice: &Notice, outcome: Outcome) -> Result<(), store::StoreError> {
        let store = &self.hub.store;
        let id = &notice.id;
        match outcome {
            Outcome::Needless => store.remove_notice(id).await,
            Outcome::Sent { with_sound } => {
                tracing::info!(message = %id, "a notice was sent");
                store.remove_notice(id).await?;
                let setup = self.hub.directory_now().mailbox(&id.mailbox);
                if with_sound && setup.is_some_and(|setup| setup.delete_after_email) {
                    store.delete_message(id, Some(self.hub.clock.now().wall)).await?;
                    self.hub.tell_post(PostWord::Changed(id.mailbox.clone()));
                }
                Ok(())
            }
            Outcome::Later(error) if notice.tries + 1 < TRIES => {
                tracing::warn!(error, message = %id, "a notice was not taken; it is tried again");
                let wait = FIRST_WAIT.saturating_mul(1 << notice.tries.min(16)).min(LONGEST_WAIT);
                let next: Wall = self.hub.clock.now().wall + wait;
                store.put_off_notice(id, Some(next), &cut(&error)).await
            }
            Outcome::Later(error) | Outcome::Never(error) => {
                tracing::error!(error, message = %id, "a notice is given up");
                store.put_off_notice(id, None, &cut(&error)).await
            }
        }
    }

    async fn send(&self, id: &MessageId) -> Outcome {
        let found = match self.hub.store.message(id).await {
            Ok(found) => found.filter(|it| it.deleted_at.is_none()),
            Err(error) => return Outcome::Later(error.to_string()),
        };
        let directory = self.hub.directory_now();
        let setup = directory.mailbox(&id.mailbox).filter(|setup| !setup.email.is_empty());
        let (Some(stored), Some(setup)) = (found, setup) else { return Outcome::Needless };
        let sound = if setup.email_attach { self.sound(&stored).await } else { Ok(None) };
        let sound = match sound {
            Ok(sound) => sound,
            Err(error) => return Outcome::Later(error),
        };
        let with_sound = sound.is_some();
        let language =
            if setup.language.is_empty() { self.hub.language.as_str() } else { setup.language.as_str() };
        let letter = match letter(&self.config.from, &setup, language, &stored, sound) {
            Ok(letter) => letter,
            Err(error) => return Outcome::Never(error.to_string()),
        };
        match tokio::time::timeout(PATIENCE * 2, self.smtp.send(letter)).await {
            Ok(Ok(_taken)) => Outcome::Sent { with_sound },
            Ok(Err(error)) if error.is_permanent() => Outcome::Never(error.to_string()),
            Ok(Err(error)) => Outcome::Later(error.to_string()),
            Err(_late) => Outcome::Later("the server took too long".to_owned()),
        }
    }

    /// The sound as players know it; none where it is too large.
    async fn sound(&self, stored: &StoredMessage) -> Result<Option<Vec<u8>>, String> {
        let Some(library) = self.hub.library.clone() else { return Ok(None) };
        let (path, recording) = (stored.message.path.clone(), stored.message.id.recording);
        let read = tokio::task::spawn_blocking(move || {
            let playback = library.open_mail(&path, recording)?;
            if playback.octets() > SOUND_OCTETS {
                return Ok(None);
            }
            playback.read_all().map(Some)
        });
        match read.await {
            Ok(Ok(sound)) => Ok(sound),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn cut(error: &str) -> String {
    error.chars().take(256).collect()
}
