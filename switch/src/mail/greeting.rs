//! A greeting that is uploaded lies on the disk as one that was recorded by phone does.

use std::sync::Arc;
use std::time::Duration;

use base::limits::PROMPT_MS;
use base::mail::{GreetingKind, MailPart, MailSlip};
use base::media::{Channels, Recorder, RecordingFault, WhenFull};
use base::{CallId, RecordingId, TenantId, Wall};
use provision::Mailbox;
use sounds::shelf::UploadFault;

/// How it is kept: in the mailbox's format, encrypted where its messages are.
pub(crate) fn greeting(
    mailbox: &Mailbox,
    kind: GreetingKind,
    (call, id): (CallId, RecordingId),
    at: Wall,
) -> Recorder {
    let what = MailPart::Greeting { kind };
    let slip = MailSlip { mailbox: mailbox.number.clone(), what, least_ms: 0 };
    Recorder {
        id,
        tenant: TenantId::DEFAULT,
        call,
        at,
        policy: Arc::from(""),
        of: std::iter::empty().collect(),
        channels: Channels::Mono,
        format: mailbox.format,
        when_full: WhenFull::GoOn,
        encrypted: mailbox.encrypt,
        at_most: Duration::from_millis(PROMPT_MS),
        keep_days: 0,
        mail: Some(Box::new(slip)),
    }
}

/// Why the disk did not take it, in the words of uploads.
pub(crate) fn unkept(fault: RecordingFault) -> UploadFault {
    let why = match fault {
        RecordingFault::DiskFull => "it is full, or recordings have used up what they may have of it",
        RecordingFault::NoKey => "there is no key to encrypt with",
        RecordingFault::Disk
        | RecordingFault::TooSlow
        | RecordingFault::NoSource
        | RecordingFault::TooMany => "it refused; the log says why",
    };
    UploadFault::Disk(why.to_owned())
}
