//! Call detail records.

use base::fact::Endpoint;
use base::media::LegMedia;
use base::record::{CallRecord, LegRecord};
use base::{CallIds, Cause, Party, ShardId, TenantId, Wall};

use crate::tests::on_both;
use crate::{CallCursor, CallFilter, Store};

fn at(millis: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + millis)
}

fn ids() -> CallIds {
    CallIds::new(ShardId(2), at(0))
}

/// An answered call with two legs that began at `millis`.
fn answered(ids: &mut CallIds, millis: i64) -> CallRecord {
    let mut record = CallRecord {
        tenant: TenantId::DEFAULT,
        call: ids.call(),
        started_at: at(millis),
        ringing_at: Some(at(millis + 800)),
        answered_at: Some(at(millis + 4_000)),
        ended_at: at(millis + 64_001),
        from: Endpoint::Station("1001".into()),
        caller: "1001".into(),
        caller_name: "Žofie \"Žo\" \u{1f4de}".into(),
        dialled: "+390612345678".into(),
        to: "trunk:carrier".into(),
        why: "dial rule ^0".into(),
        answered_by: Some(Endpoint::Trunk("carrier".into())),
        codec: "PCMU".into(),
        cause: Cause::Normal,
        sip_status: 200,
        q850: 16,
        released_by: Party::Callee,
        sip_call_id: "a84b4c76e66710@203.0.113.9".into(),
        session_id: "285f92e0a4df4a17b29669c122e265cc".into(),
        user_to_user: "56a390f3;encoding=hex".into(),
        legs: Vec::new(),
    };
    for endpoint in [Endpoint::Station("1001".into()), Endpoint::Trunk("carrier".into())] {
        record.legs.push(LegRecord {
            leg: ids.leg(),
            endpoint,
            dialled: "0612345678".into(),
            sip_call_id: "our-1".into(),
            started_at: at(millis + 1),
            ringing_at: None,
            answered_at: record.answered_at,
            ended_at: Some(record.ended_at),
            cause: Some(Cause::Normal),
            sip_status: 200,
            q850: 16,
            silent: true,
            media: LegMedia { received: 3_000, lost: u64::MAX, ..LegMedia::default() },
        });
    }
    record
}

fn refused(ids: &mut CallIds, millis: i64) -> CallRecord {
    let mut record = answered(ids, millis);
    record.legs.truncate(1);
    CallRecord {
        ringing_at: None,
        answered_at: None,
        answered_by: None,
        codec: String::new(),
        cause: Cause::Unallocated,
        sip_status: 404,
        q850: 1,
        released_by: Party::System,
        caller: "1002".into(),
        dialled: "999".into(),
        from: Endpoint::Stranger("a:b".into()),
        ..record
    }
}

async fn a_record_reads_back_as_it_was(store: &Store) {
    let mut ids = ids();
    let records = [answered(&mut ids, 0), refused(&mut ids, 5)];
    assert_eq!(store.insert_calls(&records).await.expect("stored"), 2);
    for record in records {
        assert_eq!(store.call(record.call).await.expect("read"), Some(record));
    }
    assert_eq!(store.call(ids.call()).await.expect("read"), None);
}

async fn a_record_that_comes_again_changes_nothing(store: &Store) {
    let mut ids = ids();
    let first = answered(&mut ids, 0);
    store.insert_calls(std::slice::from_ref(&first)).await.expect("stored");
    let again = CallRecord { cause: Cause::Interrupted, ..first.clone() };
    let other = answered(&mut ids, 1);
    let batch = [again, other.clone(), other.clone()];
    assert_eq!(store.insert_calls(&batch).await.expect("stored"), 1);
    assert_eq!(store.call(first.call).await.expect("read"), Some(first));
    assert_eq!(store.call(other.call).await.expect("read"), Some(other));
}

async fn pages_go_from_the_newest_to_the_oldest_without_gaps_or_repeats(store: &Store) {
    let mut ids = ids();
    // Three at a time begin in the same millisecond.
    let records: Vec<CallRecord> = (0..1_003).map(|n| answered(&mut ids, n / 3)).collect();
    store.insert_calls(&records).await.expect("stored");
    let mut expected: Vec<_> = records.iter().map(|it| (it.started_at, it.call.to_string())).collect();
    expected.sort();
    expected.reverse();
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.calls(&CallFilter::default(), after, 100_000).await.expect("read");
        assert!(page.calls.iter().all(|it| it.legs.len() == 2));
        seen.extend(page.calls.iter().map(|it| (it.started_at, it.call.to_string())));
        pages += 1;
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse::<CallCursor>().expect("a cursor reads back"));
    }
    assert_eq!(seen, expected);
    assert_eq!(pages, 3, "a page has 500 calls at most");
}

async fn a_filter_lets_through_what_it_names(store: &Store) {
    let mut ids = ids();
    let (good, bad) = (answered(&mut ids, 0), refused(&mut ids, 1_000));
    store.insert_calls(&[good.clone(), bad.clone()]).await.expect("stored");
    let all = CallFilter::default();
    let cases = [
        (CallFilter { caller: Some("1001".into()), ..all.clone() }, &good),
        (CallFilter { dialled: Some("999".into()), ..all.clone() }, &bad),
        (CallFilter { cause: Some(Cause::Unallocated), ..all.clone() }, &bad),
        (CallFilter { answered: Some(true), ..all.clone() }, &good),
        (CallFilter { answered: Some(false), ..all.clone() }, &bad),
        (CallFilter { endpoint: Some(Endpoint::Trunk("carrier".into())), ..all.clone() }, &good),
        (CallFilter { from: Some(at(1_000)), ..all.clone() }, &bad),
        (CallFilter { to: Some(at(1_000)), ..all.clone() }, &good),
    ];
    for (filter, expected) in cases {
        let page = store.calls(&filter, None, 10).await.expect("read");
        assert_eq!(page.calls, vec![expected.clone()], "{filter:?}");
    }
    let none = CallFilter { answered: Some(true), cause: Some(Cause::Unallocated), ..all };
    assert!(store.calls(&none, None, 10).await.expect("read").calls.is_empty());
}

async fn old_calls_go_with_their_legs(store: &Store) {
    let mut ids = ids();
    let mut records: Vec<CallRecord> = (0..2_100).map(|n| refused(&mut ids, n)).collect();
    let kept = answered(&mut ids, 2_100);
    records.push(kept.clone());
    store.insert_calls(&records).await.expect("stored");
    assert_eq!(store.delete_calls_before(at(2_100)).await.expect("deleted"), 2_100);
    let left = store.calls(&CallFilter::default(), None, 10).await.expect("read").calls;
    assert_eq!(left, vec![kept]);
    let first = records.swap_remove(0);
    store.insert_calls(std::slice::from_ref(&first)).await.expect("stored");
    assert_eq!(store.call(first.call).await.expect("read").map(|it| it.legs.len()), Some(1));
}

async fn text_with_nul_is_kept_without_it(store: &Store) {
    let mut record = answered(&mut ids(), 0);
    record.caller_name = "a\0b".into();
    store.insert_calls(std::slice::from_ref(&record)).await.expect("stored");
    let read = store.call(record.call).await.expect("read").expect("there");
    assert_eq!(read.caller_name, "ab");
}

async fn a_record_no_database_can_take_is_told_from_one_that_is_down(store: &Store) {
    let mut ids = ids();
    let record = CallRecord { tenant: TenantId(99), ..answered(&mut ids, 0) };
    let error = store.insert_calls(&[answered(&mut ids, 1), record]).await.expect_err("no such tenant");
    assert!(!error.is_transient(), "{error}");
    assert!(
        store.calls(&CallFilter::default(), None, 10).await.expect("read").calls.is_empty(),
        "all or none"
    );
    store.close().await;
    let error = store.insert_calls(&[answered(&mut ids, 2)]).await.expect_err("closed");
    assert!(error.is_transient(), "{error}");
}

on_both! {
    a_record_reads_back_as_it_was,
    a_record_that_comes_again_changes_nothing,
    pages_go_from_the_newest_to_the_oldest_without_gaps_or_repeats,
    a_filter_lets_through_what_it_names,
    old_calls_go_with_their_legs,
    text_with_nul_is_kept_without_it,
    a_record_no_database_can_take_is_told_from_one_that_is_down,
}
