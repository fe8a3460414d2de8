//! Messages of mailboxes, their greetings, and notices of them; issue row "Voicemail".

use std::sync::Arc;

use base::mail::{GreetingKind, MailCounts, MailFile};
use base::media::RecordingFormat;
use base::{CallIds, ShardId, Wall};

use crate::tests::on_both;
use crate::{MessageId, NewMessage, Store, StoredGreeting};

fn at(millis: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + millis)
}

fn message(ids: &mut CallIds, mailbox: &str, millis: i64) -> NewMessage {
    let (call, recording) = (ids.call(), ids.recording());
    NewMessage {
        id: MessageId { mailbox: mailbox.to_owned(), recording },
        call,
        at: at(millis),
        audio_ms: 12_340,
        path: format!("2023/11/14/{call}-{recording}.wav"),
        octets: 200_000,
        sha256: "0".repeat(64),
        format: RecordingFormat::Wav,
        encrypted: true,
        cut: false,
        caller: "+1555".to_owned(),
        caller_name: "Ana\0".to_owned(),
        urgent: millis % 2 == 1,
        keep_until: Some(at(1_000_000)),
    }
}

async fn a_message_is_kept_once_counted_heard_and_restored(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    let (first, second) = (message(&mut ids, "1001", 1), message(&mut ids, "1001", 2));
    assert!(store.add_message(&first, Some(at(5))).await.unwrap());
    assert!(!store.add_message(&first, Some(at(5))).await.unwrap(), "once");
    store.add_message(&second, None).await.unwrap();
    let kept = store.message(&first.id).await.unwrap().unwrap();
    assert_eq!(kept.message, NewMessage { caller_name: "Ana".to_owned(), ..first.clone() });
    assert_eq!((kept.heard_at, kept.deleted_at, kept.forwarded_by.as_str()), (None, None, ""));

    assert!(store.hear_message(&second.id, Some(at(9))).await.unwrap());
    let counts = MailCounts { new: 1, old: 1, urgent_new: 1, urgent_old: 0 };
    assert_eq!(store.mail_counts(None).await.unwrap(), [("1001".to_owned(), counts)]);
    assert_eq!(store.mail_counts(Some("1002")).await.unwrap(), []);
    store.mark_urgent(&second.id, true).await.unwrap();
    store.delete_message(&first.id, Some(at(10))).await.unwrap();
    let counts = MailCounts { new: 0, old: 1, urgent_new: 0, urgent_old: 1 };
    assert_eq!(store.mail_counts(Some("1001")).await.unwrap()[0].1, counts);
    assert_eq!(store.messages_of("1001").await.unwrap().len(), 1);
    store.delete_message(&first.id, None).await.unwrap();
    store.hear_message(&second.id, None).await.unwrap();
    assert_eq!(store.mail_counts(Some("1001")).await.unwrap()[0].1.new, 2);
}

async fn pages_go_on_where_they_ended_within_the_mailboxes_that_one_may_see(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    for n in 0..6 {
        let mailbox = ["1001", "1002", "11"][n as usize % 3];
        store.add_message(&message(&mut ids, mailbox, n / 2), None).await.unwrap();
    }
    let all = store.messages(None, None, None, 10).await.unwrap().messages;
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.messages(None, None, cursor, 2).await.unwrap();
        found.extend(page.messages);
        let Some(next) = page.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!((found.len(), found == all), (6, true));
    let own = ["1001".to_owned(), "x".to_owned()];
    let seen = store.messages(None, Some(&own), None, 10).await.unwrap().messages;
    assert!(seen.len() == 2 && seen.iter().all(|it| it.message.id.mailbox == "1001"));
    assert_eq!(store.messages(Some("1002"), Some(&own), None, 10).await.unwrap().messages, []);
}

/// A file goes with the last message that has it.
async fn a_message_passed_on_shares_its_file_and_what_is_spent_goes(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    let new = message(&mut ids, "1001", 1);
    store.add_message(&new, None).await.unwrap();
    assert!(store.forward_message(&new.id, "1002", None, Some(at(3))).await.unwrap());
    assert!(store.forward_message(&new.id, "1002", None, Some(at(3))).await.unwrap(), "again is the same");
    let copy = MessageId { mailbox: "1002".to_owned(), ..new.id.clone() };
    let kept = store.message(&copy).await.unwrap().unwrap();
    assert_eq!((kept.forwarded_by.as_str(), kept.message.keep_until), ("1001", None));
    let nobody = MessageId { mailbox: "nobody".to_owned(), ..new.id.clone() };
    assert!(!store.forward_message(&nobody, "1002", None, None).await.unwrap());

    assert_eq!(store.spent_messages(at(0), at(0)).await.unwrap(), []);
    assert_eq!(store.spent_messages(at(0), at(1_000_000)).await.unwrap().len(), 1, "not kept for ever");
    store.delete_message(&copy, Some(at(5))).await.unwrap();
    assert_eq!(store.spent_messages(at(5), at(0)).await.unwrap().len(), 1);
    store.remove_message(&new.id).await.unwrap();
    assert_eq!(store.messages_with_file(&new.path).await.unwrap(), 1);
    store.remove_message(&copy).await.unwrap();
    assert_eq!(store.messages_with_file(&new.path).await.unwrap(), 0);
    assert_eq!(store.notices().await.unwrap(), [], "a notice goes with its message");
}

async fn a_greeting_replaces_the_one_before_it(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    let mut greeting = StoredGreeting {
        mailbox: "1001".to_owned(),
        kind: GreetingKind::Busy,
        file: MailFile { recording: ids.recording(), path: Arc::from("a.wav") },
        at: at(1),
        audio_ms: 2_000,
    };
    store.put_greeting(&greeting).await.unwrap();
    greeting.file = MailFile { recording: ids.recording(), path: Arc::from("b.wav") };
    store.put_greeting(&greeting).await.unwrap();
    assert_eq!(store.greetings(None).await.unwrap(), [greeting]);
    assert!(store.remove_greeting("1001", GreetingKind::Busy).await.unwrap());
    assert!(!store.remove_greeting("1001", GreetingKind::Busy).await.unwrap());
    assert_eq!(store.greetings(Some("1001")).await.unwrap(), []);
}

async fn a_notice_waits_its_time_and_is_given_up_at_last(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    let new = message(&mut ids, "1001", 1);
    store.add_message(&new, Some(at(5))).await.unwrap();
    assert_eq!(store.due_notices(at(4), 10).await.unwrap(), []);
    assert_eq!(store.due_notices(at(5), 10).await.unwrap()[0].id, new.id);
    store.put_off_notice(&new.id, Some(at(60)), "no route").await.unwrap();
    assert_eq!(store.due_notices(at(59), 10).await.unwrap(), []);
    let due = store.due_notices(at(60), 10).await.unwrap();
    assert_eq!((due[0].tries, due[0].error.as_str(), due[0].given_up), (1, "no route", false));
    store.put_off_notice(&new.id, None, "550").await.unwrap();
    assert_eq!(store.due_notices(at(9_999), 10).await.unwrap(), []);
    assert!(store.notices().await.unwrap()[0].given_up);
    store.remove_notice(&new.id).await.unwrap();
    assert_eq!(store.notices().await.unwrap(), []);
}

async fn who_listened_to_a_message_is_noted(store: &Store) {
    let mut ids = CallIds::new(ShardId(1), at(0));
    let new = message(&mut ids, "1001", 1);
    store.add_message(&new, None).await.unwrap();
    for millis in [1, 2, 400_000] {
        store.message_listened(&new.id, at(millis), "ana").await.unwrap();
    }
    let times: Vec<Wall> = store.message_listens(&new.id).await.unwrap().iter().map(|it| it.at).collect();
    assert_eq!(times, [at(400_000), at(1)]);
}

on_both!(
    a_message_is_kept_once_counted_heard_and_restored,
    pages_go_on_where_they_ended_within_the_mailboxes_that_one_may_see,
    a_message_passed_on_shares_its_file_and_what_is_spent_goes,
    a_greeting_replaces_the_one_before_it,
    a_notice_waits_its_time_and_is_given_up_at_last,
    who_listened_to_a_message_is_noted,
);
