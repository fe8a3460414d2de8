//! Calls to write down, and folders to write them in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base::fact::{Endpoint, Fact, What};
use base::media::LegMedia;
use base::{CallId, CallIds, Cause, LegId, Party, ShardId, TenantId, Wall, Why};

pub(crate) const START: Wall = Wall(1_700_000_000_000_000);

pub(crate) fn ids() -> CallIds {
    CallIds::new(ShardId(0), START)
}

/// The facts of one call.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) call: CallId,
    pub(crate) caller: LegId,
    pub(crate) facts: Vec<Fact>,
    /// Index of the fact with the answer.
    pub(crate) answered: usize,
}

impl Story {
    /// Out through a carrier, answered, 60.001 s of talk.
    pub(crate) fn answered(ids: &mut CallIds) -> Self {
        let (call, caller, callee) = (ids.call(), ids.leg(), ids.leg());
        let facts = vec![
            started(call, caller, "+390612345678"),
            at(call, 1, What::Routed { to: "trunk:carrier".into(), why: Why::new("dial rule ^0") }),
            at(
                call,
                1,
                What::LegStarted {
                    leg: callee,
                    to: Endpoint::Trunk("carrier".into()),
                    dialled: "0612345678".into(),
                    sip_call_id: "our-1".into(),
                },
            ),
            at(call, 800, What::LegRinging { leg: callee, early_media: false }),
            at(call, 4_000, What::Answered { leg: callee, codec: "PCMU".into() }),
            at(
                call,
                64_001,
                What::LegMedia { leg: callee, media: LegMedia { received: 500, ..LegMedia::default() } },
            ),
            at(call, 64_001, What::LegEnded { leg: callee, cause: Cause::Normal, sip_status: 200, q850: 16 }),
            ended(call, 64_001, Cause::Normal, 200),
        ];
        Self { call, caller, facts, answered: 4 }
    }

    /// To the echo: Tandem answers on the caller's own leg.
    pub(crate) fn echo(ids: &mut CallIds) -> Self {
        let (call, caller) = (ids.call(), ids.leg());
        let facts = vec![
            started(call, caller, "*43"),
            at(call, 0, What::Routed { to: "echo".into(), why: Why::new("service number") }),
            at(call, 2, What::Answered { leg: caller, codec: "PCMA".into() }),
            ended(call, 5_000, Cause::Normal, 200),
        ];
        Self { call, caller, facts, answered: 2 }
    }
}

fn started(call: CallId, leg: LegId, dialled: &str) -> Fact {
    let what = What::CallStarted {
        leg,
        from: Endpoint::Station("1001".into()),
        caller: "1001".into(),
        caller_name: "Anna \"am\" Gerät\n".into(),
        dialled: dialled.into(),
        sip_call_id: "a84b4c76e66710@203.0.113.9".into(),
        session_id: "285f92e0a4df4a17b29669c122e265cc".into(),
        user_to_user: String::new(),
    };
    at(call, 0, what)
}

fn ended(call: CallId, millis: i64, cause: Cause, sip_status: u16) -> Fact {
    at(call, millis, What::CallEnded { cause, sip_status, q850: cause.q850(), by: Party::Caller })
}

fn at(call: CallId, millis: i64, what: What) -> Fact {
    Fact { tenant: TenantId::DEFAULT, at: Wall(START.0 + millis * 1_000), call, what }
}

/// A folder of its own that is removed at the end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tandem-journal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Names of the segments in it.
    pub(crate) fn segments(&self) -> Vec<String> {
        crate::files::list(&self.0).expect("readable").iter().map(ToString::to_string).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
