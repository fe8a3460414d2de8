//! Past calls: shown with times as texts, filtered, a page at a time.

use axum::http::StatusCode;
use base::fact::Endpoint;
use base::media::LegMedia;
use base::record::{CallRecord, LegRecord};
use base::{CallIds, Cause, Party, ShardId, TenantId, Wall};

use crate::node::{LOCAL, NOW, Site};

fn record(ids: &mut CallIds, second: i64, caller: &str, cause: Cause) -> CallRecord {
    let at = |later: i64| Wall(NOW.0 + (second + later) * 1_000_000);
    let answered = cause == Cause::Normal;
    let leg = LegRecord {
        leg: ids.leg(),
        endpoint: Endpoint::Trunk("carrier".to_owned()),
        dialled: "+15550100".to_owned(),
        sip_call_id: "a@b".to_owned(),
        started_at: at(0),
        ringing_at: None,
        answered_at: answered.then(|| at(2)),
        ended_at: Some(at(5)),
        cause: Some(cause),
        sip_status: cause.sip(),
        q850: cause.q850(),
        silent: false,
        media: LegMedia::default(),
    };
    CallRecord {
        tenant: TenantId::DEFAULT,
        call: ids.call(),
        started_at: at(0),
        ringing_at: None,
        answered_at: answered.then(|| at(2)),
        ended_at: at(5),
        from: Endpoint::Trunk("carrier".to_owned()),
        caller: caller.to_owned(),
        caller_name: String::new(),
        dialled: "+15550100".to_owned(),
        to: "station:1001".to_owned(),
        why: "number +15550100".to_owned(),
        answered_by: answered.then(|| Endpoint::Station("1001".to_owned())),
        codec: "PCMU".to_owned(),
        cause,
        sip_status: cause.sip(),
        q850: cause.q850(),
        released_by: Party::Caller,
        sip_call_id: "a@b".to_owned(),
        session_id: String::new(),
        user_to_user: String::new(),
        legs: vec![leg],
    }
}

async fn site_with_calls() -> (Site, Vec<CallRecord>) {
    let site = Site::new().await;
    let mut ids = CallIds::new(ShardId(0), NOW);
    let records: Vec<_> = [("+1", Cause::Normal), ("+2", Cause::Busy), ("+1", Cause::NoAnswer)]
        .into_iter()
        .zip(0..)
        .map(|((caller, cause), second)| record(&mut ids, second, caller, cause))
        .collect();
    site.store.insert_calls(&records).await.expect("stored");
    (site, records)
}

#[tokio::test]
async fn a_record_reads_well_and_is_found_by_its_id() {
    let (site, records) = site_with_calls().await;
    let answer = site.api(LOCAL, "GET", &format!("/calls/{}", records[0].call), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let call = answer.json();
    assert_eq!(call["id"], records[0].call.to_string());
    assert_eq!(call["state"], "ended");
    assert_eq!(call["started_at"], "2023-11-14T22:13:20.000Z");
    assert_eq!(call["answered_at"], "2023-11-14T22:13:22.000Z");
    assert_eq!(call["billed_secs"], 3);
    assert_eq!(call["from"], "trunk:carrier");
    assert_eq!(call["answered_by"], "station:1001");
    assert_eq!(call["cause"], "normal");
    assert_eq!(call["legs"][0]["endpoint"], "trunk:carrier");
    assert_eq!(call["legs"][0]["ended_at"], "2023-11-14T22:13:25.000Z");
}

#[tokio::test]
async fn past_calls_come_latest_first_by_page_and_by_filter() {
    let (site, records) = site_with_calls().await;
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items");
        items.iter().map(|call| call["id"].as_str().expect("an id").to_owned()).collect()
    };
    let of = |places: &[usize]| -> Vec<String> {
        places.iter().map(|place| records[*place].call.to_string()).collect()
    };
    let first = site.api(LOCAL, "GET", "/calls?limit=2", "").await.json();
    assert_eq!(ids(&first), of(&[2, 1]));
    let cursor = first["next"].as_str().expect("a cursor");
    let last = site.api(LOCAL, "GET", &format!("/calls?limit=2&cursor={cursor}"), "").await.json();
    assert_eq!(ids(&last), of(&[0]));
    assert!(last["next"].is_null());
    for (query, places) in [
        ("caller=%2B1", &[2, 0][..]),
        ("cause=busy", &[1]),
        ("answered=true", &[0]),
        ("trunk=carrier", &[2, 1, 0]),
        ("trunk=other", &[]),
        ("since=2023-11-14T22:13:21Z&until=2023-11-14T22:13:22Z", &[1]),
    ] {
        let page = site.api(LOCAL, "GET", &format!("/calls?{query}"), "").await.json();
        assert_eq!(ids(&page), of(places), "{query}");
    }
    for wrong in ["cause=tired", "since=yesterday", "cursor=x", "state=dead", "answered=maybe"] {
        let problem = site.api(LOCAL, "GET", &format!("/calls?{wrong}"), "").await.assert_problem(400);
        assert_eq!(problem["field"], wrong.split('=').next().expect("a name"));
    }
    let status = site.api(LOCAL, "GET", "/status", "").await.json();
    assert_eq!(status["recent"].as_array().map(Vec::len), Some(3));
}
