//! What a notice says.

use std::time::Duration;

use base::media::RecordingFormat;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox as Address, MultiPart, SinglePart};
use provision::Mailbox;
use store::StoredMessage;

use super::zone::{timestamp, zone};

/// Characters of a caller's name or number in a notice.
const CALLER_CHARS: usize = 64;

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error("the address is none: {0}")]
    Address(#[from] lettre::address::AddressError),
    #[error("the letter cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
}

struct Words {
    subject: &'static str,
    urgent: &'static str,
    from: &'static str,
    unknown: &'static str,
    mailbox: &'static str,
    received: &'static str,
    length: &'static str,
    attached: &'static str,
    by_phone: &'static str,
}

const ENGLISH: Words = Words {
    subject: "Voice message",
    urgent: "Urgent",
    from: "From",
    unknown: "unknown number",
    mailbox: "Mailbox",
    received: "Received",
    length: "Length",
    attached: "The sound is attached.",
    by_phone: "To listen to it, call *97.",
};

const SPANISH: Words = Words {
    subject: "Mensaje de voz",
    urgent: "Urgente",
    from: "De",
    unknown: "número desconocido",
    mailbox: "Buzón",
    received: "Recibido",
    length: "Duración",
    attached: "El sonido va adjunto.",
    by_phone: "Para escucharlo, llame al *97.",
};

/// The letter that tells of a message, with its sound where that is given.
pub(super) fn letter(
    from: &str,
    setup: &Mailbox,
    language: &str,
    stored: &StoredMessage,
    sound: Option<Vec<u8>>,
) -> Result<Message, LetterError> {
    let from: Address = from.parse()?;
    let message = &stored.message;
    let words = if language.starts_with("es") { &SPANISH } else { &ENGLISH };
    let caller = caller(words, &message.caller_name, &message.caller);
    let urgent = if message.urgent { format!("[{}] ", words.urgent) } else { String::new() };
    let subject = format!("{urgent}{}: {caller}", words.subject);
    let received = timestamp(message.at).to_zoned(zone(&setup.time_zone)).strftime("%Y-%m-%d %H:%M %Z");
    let length = length(Duration::from_millis(message.audio_ms));
    let last = if sound.is_some() { words.attached } else { words.by_phone };
    let Words { from: by, mailbox, received: when, length: long, .. } = words;
    let text = format!(
        "{by}: {caller}\r\n{mailbox}: {}\r\n{when}: {received}\r\n{long}: {length}\r\n\r\n{last}\r\n",
        setup.number
    );
    let id = format!("<{}@{}>", message.id, from.email.domain());
    let to = Address::new(None, setup.email.parse()?);
    let builder = Message::builder().from(from).to(to).subject(subject).message_id(Some(id));
    let Some(sound) = sound else { return Ok(builder.singlepart(SinglePart::plain(text))?) };
    let (kind, extension) = match message.format {
        RecordingFormat::Wav => ("audio/wav", "wav"),
        RecordingFormat::Opus => ("audio/ogg; codecs=opus", "opus"),
    };
    let kind = ContentType::parse(kind).unwrap_or(ContentType::TEXT_PLAIN);
    let name = format!("{}.{extension}", message.id.recording);
    let parts = MultiPart::mixed()
        .singlepart(SinglePart::plain(text))
        .singlepart(Attachment::new(name).body(sound, kind));
    Ok(builder.multipart(parts)?)
}

/// `Ana (+1555)`; nothing in it can begin another line.
fn caller(words: &Words, name: &str, number: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !c.is_control()).take(CALLER_CHARS).collect::<String>().trim().to_owned()
    };
    match (plain(name), plain(number)) {
        (name, number) if name.is_empty() && number.is_empty() => words.unknown.to_owned(),
        (name, number) if name.is_empty() || name == number => number,
        (name, number) if number.is_empty() => name,
        (name, number) => format!("{name} ({number})"),
    }
}

fn length(time: Duration) -> String {
    let secs = time.as_millis().div_ceil(1_000);
    format!("{}:{:02}", secs / 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use base::{CallIds, ShardId, Wall};
    use store::{MessageId, NewMessage};

    use super::*;

    fn stored(caller: &str, caller_name: &str) -> StoredMessage {
        let mut ids = CallIds::new(ShardId(0), Wall(0));
        let (call, recording) = (ids.call(), ids.recording());
        let message = NewMessage {
            id: MessageId { mailbox: "1001".to_owned(), recording },
            call,
            at: Wall(1_795_132_800_000_000),
            audio_ms: 61_400,
            path: "x".to_owned(),
            octets: 1,
            sha256: String::new(),
            format: RecordingFormat::Wav,
            encrypted: false,
            cut: false,
            caller: caller.to_owned(),
            caller_name: caller_name.to_owned(),
            urgent: true,
            keep_until: None,
        };
        StoredMessage { message, heard_at: None, forwarded_by: String::new(), deleted_at: None }
    }

    fn setup() -> Mailbox {
        Mailbox { email: "ana@example.com".to_owned(), ..Mailbox::numbered("1001") }
    }

    fn text(language: &str, caller: &str, name: &str) -> String {
        let letter = letter("pbx@example.com", &setup(), language, &stored(caller, name), None);
        String::from_utf8(letter.expect("a letter").formatted()).expect("text")
    }

    /// AST-2017-006 and CWE-93: what a caller says of itself is text and nothing else.
    #[test]
    fn a_callers_name_begins_no_header() {
        let text = text("en", "+1555", "Eve\r\nBcc: all@example.com\r\n\r\nhi");
        let head = text.split("\r\n\r\n").next().expect("a head");
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc:")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("To:")).count(), 1);
    }

    #[test]
    fn a_notice_speaks_the_mailboxs_language() {
        let english = text("en", "", "");
        assert!(english.contains("Subject: [Urgent] Voice message: unknown number"), "{english}");
        assert!(english.contains("Length: 1:02"), "{english}");
        assert!(english.contains("Received: 2026-11-20 00:00 UTC"), "{english}");
        assert!(text("es", "+34600", "").contains("Mensaje de voz: +34600"));
    }
}
