use base::testing::Seeded;

use super::*;

const METHODS: [&str; 6] = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "X"];
const STATUSES: [u16; 7] = [100, 180, 200, 302, 401, 487, 603];

/// Requests, responses and wishes in no order at all.
fn storm(seed: u64) -> Rig {
    let mut rig = Rig::new();
    let mut dice = Seeded::new(seed);
    let mut asked = Vec::new();
    for _ in 0..400 {
        let branch = dice.below(12);
        let method = METHODS[dice.below(6) as usize];
        let status = STATUSES[dice.below(7) as usize];
        match dice.below(6) {
            0 | 1 => {
                let text = request(method, &format!("127.0.0.9;branch=z9hG4bK{branch}"), "");
                rig.hears(&text.replace("their-call", &format!("call-{branch}")));
            }
            2 => asked.push(
                rig.asks(Method::parse(method).filter(|name| *name != Method::Ack).unwrap_or(Method::Bye)),
            ),
            3 if !rig.sent.is_empty() => {
                let any = message(&rig.sent[dice.below(rig.sent.len() as u64) as usize].data);
                rig.peer_answers_to(&any, status, "bob");
            }
            4 if !asked.is_empty() => {
                rig.stack.cancel(rig.now, asked[dice.below(asked.len() as u64) as usize], None);
                rig.story();
            }
            _ => {
                rig.until(rig.now.mono.0 / 1_000 + dice.below(3_000));
            }
        }
        if dice.below(3) == 0 {
            answer_some(&mut rig, status);
        }
    }
    rig
}

fn answer_some(rig: &mut Rig, status: u16) {
    let ids: Vec<ServerId> = rig.events.iter().filter_map(id_of).collect();
    if let Some(id) = ids.into_iter().find(|id| rig.stack.is_unanswered(*id)) {
        rig.answers_to(id, status);
    }
}

fn id_of(event: &SipEvent) -> Option<ServerId> {
    if let SipEvent::Request { id, .. } = event { Some(*id) } else { None }
}

#[test]
fn whatever_comes_every_transaction_ends_once_and_leaves_nothing() {
    for seed in 0..40 {
        let mut rig = storm(seed);
        let open: Vec<ServerId> = rig.events.iter().filter_map(id_of).collect();
        for id in open {
            if rig.stack.is_unanswered(id) {
                rig.answers_to(id, 486);
            }
        }
        rig.end_proceeding();
        let end = rig.now.mono.0 / 1_000 + 100_000;
        rig.until(end);
        assert_eq!(rig.stack.transactions(), 0, "seed {seed}");
        assert!(rig.stack.keys.is_empty() && rig.stack.ways.is_empty(), "seed {seed}");
        let mut done: Vec<_> = rig.events.iter().filter_map(done_of).collect();
        let count = done.len();
        done.sort();
        done.dedup();
        assert_eq!(done.len(), count, "seed {seed}: one Done each");
    }
}

fn done_of(event: &SipEvent) -> Option<String> {
    if let SipEvent::Done { id } = event { Some(format!("{id:?}")) } else { None }
}

#[test]
fn the_same_storm_gives_the_same_trace() {
    let trace = |rig: Rig| rig.sent.into_iter().map(|out| out.data).collect::<Vec<_>>();
    assert_eq!(trace(storm(7)), trace(storm(7)));
}

impl Rig {
    /// INVITEs of ours that ring for ever are the owner's to end.
    fn end_proceeding(&mut self) {
        let invites: Vec<Message> = self
            .sent
            .iter()
            .filter(|out| out.data.starts_with(b"INVITE"))
            .map(|out| message(&out.data))
            .collect();
        for invite in invites {
            self.peer_answers_to(&invite, 486, "bob");
        }
    }
}
