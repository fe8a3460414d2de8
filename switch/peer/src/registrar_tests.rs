use base::wire::Transport;

use super::*;

fn at(secs: u64) -> Now {
    Now::default().later(Duration::from_secs(1_000 + secs))
}

fn contact(uri: &str, expires: Option<u32>) -> ContactAsk {
    ContactAsk { uri: uri.to_owned(), expires, q_milli: 1_000, instance: None, reg_id: None }
}

fn flow(conn: Option<u64>) -> Flow {
    let address = |text: &str| text.parse().expect("an address");
    let transport = if conn.is_some() { Transport::Tcp } else { Transport::Udp };
    let (local, remote) = (address("127.0.0.1:5060"), address("127.0.0.2:5062"));
    Flow { transport, local, remote, conn: conn.map(ConnId) }
}

/// A REGISTER for 1001 with Call-ID `c`.
fn ask(cseq: u32, contacts: Vec<ContactAsk>) -> Register {
    Register {
        aor: "1001".to_owned(),
        call_id: "c".to_owned(),
        cseq,
        contacts,
        wildcard: false,
        expires: None,
        max_contacts: 2,
        flow: flow(None),
        path: Vec::new(),
        host: None,
        user_agent: "phone".to_owned(),
    }
}

fn wildcard(cseq: u32, expires: Option<u32>) -> Register {
    Register { wildcard: true, expires, ..ask(cseq, Vec::new()) }
}

fn contacts(registrar: &Registrar, now: Now) -> Vec<String> {
    registrar.lookup(now, "1001").into_iter().map(|it| it.contact.clone()).collect()
}

fn changes(registrar: &mut Registrar) -> Vec<BindingChange> {
    std::iter::from_fn(|| registrar.poll()).collect()
}

#[test]
fn contacts_are_added_refreshed_and_removed_one_by_one() {
    let mut registrar = Registrar::new(10);
    let both = vec![contact("sip:a@h", None), contact("sip:b@h", Some(120))];
    assert_eq!(registrar.register(at(0), ask(1, both)).expect("granted").len(), 2);
    let refreshed =
        registrar.register(at(60), ask(2, vec![contact("sip:A@h", None), contact("sip:a@H", None)]));
    assert_eq!(refreshed, Err(RegisterRefusal::TooMany), "the user part is compared with its case");
    registrar.register(at(60), ask(2, vec![contact("sip:a@H:5060", None)])).expect("refreshed");
    registrar.register(at(61), ask(3, vec![contact("sip:b@h", Some(0))])).expect("removed");
    assert_eq!(contacts(&registrar, at(61)), ["sip:a@H:5060"]);
    assert_eq!(registrar.count(), 1);
}

#[test]
fn a_query_changes_nothing() {
    let mut registrar = Registrar::new(10);
    registrar.register(at(0), ask(1, vec![contact("sip:a@h", None)])).expect("granted");
    assert_eq!(changes(&mut registrar).len(), 1);
    assert_eq!(registrar.register(at(1), ask(1, Vec::new())).expect("answered").len(), 1);
    assert_eq!(changes(&mut registrar), []);
}

/// RFC 3261 §10.3 step 7: "either all binding updates succeed or none".
#[test]
fn a_register_with_one_bad_contact_changes_nothing() {
    let mut registrar = Registrar::new(10);
    let mixed = vec![contact("sip:a@h", Some(600)), contact("sip:b@h", Some(30))];
    let refused = registrar.register(at(0), ask(1, mixed));
    assert_eq!(refused, Err(RegisterRefusal::IntervalTooBrief { min: 60 }));
    let three = ["sip:a@h", "sip:b@h", "sip:c@h"].map(|uri| contact(uri, None)).to_vec();
    assert_eq!(registrar.register(at(0), ask(2, three)), Err(RegisterRefusal::TooMany));
    assert_eq!((registrar.count(), changes(&mut registrar)), (0, Vec::new()));
}

#[test]
fn an_older_register_of_the_same_call_id_is_refused_and_another_call_id_is_not() {
    let mut registrar = Registrar::new(10);
    registrar.register(at(0), ask(5, vec![contact("sip:a@h", None)])).expect("granted");
    for cseq in [4, 5] {
        let late = registrar.register(at(1), ask(cseq, vec![contact("sip:a@h", Some(0))]));
        assert_eq!(late, Err(RegisterRefusal::OutOfOrder));
        assert_eq!(registrar.register(at(1), wildcard(cseq, Some(0))), Err(RegisterRefusal::OutOfOrder));
    }
    let rebooted = Register { call_id: "d".to_owned(), ..ask(1, vec![contact("sip:a@h", None)]) };
    assert_eq!(registrar.register(at(2), rebooted).expect("granted")[0].call_id, "d");
}

#[test]
fn a_wildcard_removes_all_and_only_alone_and_with_expires_zero() {
    let mut registrar = Registrar::new(10);
    registrar.register(at(0), ask(1, vec![contact("sip:a@h", None)])).expect("granted");
    for expires in [None, Some(60)] {
        assert_eq!(registrar.register(at(1), wildcard(2, expires)), Err(RegisterRefusal::BadRequest));
    }
    let crowded = Register { contacts: vec![contact("sip:b@h", None)], ..wildcard(2, Some(0)) };
    assert_eq!(registrar.register(at(1), crowded), Err(RegisterRefusal::BadRequest));
    assert_eq!(registrar.register(at(1), wildcard(2, Some(0))), Ok(Vec::new()));
    assert_eq!((registrar.count(), registrar.deadline()), (0, None));
}

#[test]
fn lifetimes_come_from_the_contact_then_the_header_then_the_default_and_are_cut_to_an_hour() {
    let mut registrar = Registrar::new(10);
    let ends = |registrar: &mut Registrar, cseq, own, header| {
        let asked = Register { expires: header, ..ask(cseq, vec![contact("sip:a@h", own)]) };
        registrar.register(at(0), asked).expect("granted")[0].expires_at.since(at(0).wall).as_secs()
    };
    assert_eq!(ends(&mut registrar, 1, Some(90), Some(600)), 90);
    assert_eq!(ends(&mut registrar, 2, None, Some(600)), 600);
    assert_eq!(ends(&mut registrar, 3, None, None), 3_600);
    assert_eq!(ends(&mut registrar, 4, Some(u32::MAX), None), 3_600);
}

#[test]
fn a_binding_ends_by_itself_at_its_time() {
    let mut registrar = Registrar::new(10);
    registrar.register(at(0), ask(1, vec![contact("sip:a@h", Some(60))])).expect("granted");
    let _put = changes(&mut registrar);
    assert_eq!(registrar.deadline(), Some(at(60).mono));
    registrar.tick(at(59));
    assert_eq!(changes(&mut registrar), []);
    assert_eq!(contacts(&registrar, at(60)), Vec::<String>::new());
    registrar.tick(at(60));
    let removed = BindingChange::Removed { aor: "1001".to_owned(), key: "sip:a@h".to_owned() };
    assert_eq!(changes(&mut registrar), [removed]);
    assert_eq!((registrar.count(), registrar.deadline()), (0, None));
}

#[test]
fn the_node_is_full_at_its_limit_and_still_refreshes() {
    let mut registrar = Registrar::new(1);
    registrar.register(at(0), ask(1, vec![contact("sip:a@h", None)])).expect("granted");
    let more = registrar.register(at(1), ask(2, vec![contact("sip:b@h", None)]));
    assert_eq!(more, Err(RegisterRefusal::Full));
    assert!(registrar.register(at(1), ask(2, vec![contact("sip:a@h", None)])).is_ok());
}

#[test]
fn the_most_wanted_and_freshest_contact_rings_first() {
    let mut registrar = Registrar::new(10);
    let worse = ContactAsk { q_milli: 200, ..contact("sip:later@h", None) };
    for (cseq, asked) in [(1, contact("sip:old@h", None)), (2, contact("sip:new@h", None)), (3, worse)] {
        let asked = Register { max_contacts: 3, ..ask(cseq, vec![asked]) };
        registrar.register(at(cseq.into()), asked).expect("granted");
    }
    assert_eq!(contacts(&registrar, at(4)), ["sip:new@h", "sip:old@h", "sip:later@h"]);
}

/// RFC 5626 §6: the same instance and reg-id is the same flow under whatever URI.
#[test]
fn a_flow_is_replaced_by_its_reg_id_and_ends_with_its_connection() {
    let mut registrar = Registrar::new(10);
    let outbound = |uri: &str| ContactAsk {
        instance: Some("<urn:uuid:1>".to_owned()),
        reg_id: Some(1),
        ..contact(uri, None)
    };
    registrar.register(at(0), ask(1, vec![outbound("sip:a@h:1")])).expect("granted");
    let moved =
        Register { flow: flow(Some(7)), ..ask(2, vec![outbound("sip:a@h:2"), contact("sip:b@h", None)]) };
    registrar.register(at(1), moved).expect("granted");
    assert_eq!(contacts(&registrar, at(1)), ["sip:a@h:2", "sip:b@h"]);
    registrar.flow_closed(ConnId(7));
    assert_eq!(contacts(&registrar, at(1)), ["sip:b@h"]);
    assert_eq!(registrar.lookup(at(1), "1001")[0].flow.conn, None);
}

fn flow_of(phone: &str, reg_id: u32, uri: &str) -> ContactAsk {
    ContactAsk { instance: Some(phone.to_owned()), reg_id: Some(reg_id), ..contact(uri, None) }
}

/// RFC 5626 §4.2.1, §6: two flows of one phone, under one URI, are two bindings and one phone.
#[test]
fn the_flows_of_one_phone_live_side_by_side_and_count_once() {
    let mut registrar = Registrar::new(100);
    for (cseq, phone, reg_id) in [(1, "ana", 1), (2, "ana", 2), (3, "bob", 1), (4, "ana", 2)] {
        let asked = flow_of(phone, reg_id, "sip:1001@h;ob");
        registrar.register(at(cseq.into()), ask(cseq, vec![asked])).expect("granted");
    }
    assert_eq!(registrar.count(), 3);
    let third = registrar.register(at(5), ask(5, vec![flow_of("eve", 1, "sip:1001@h")]));
    assert_eq!(third, Err(RegisterRefusal::TooMany), "two phones are allowed");
    let many = (3..=9).map(|reg_id| flow_of("ana", reg_id, "sip:1001@h;ob")).collect();
    assert_eq!(registrar.register(at(6), ask(6, many)), Err(RegisterRefusal::TooMany));
    let gone = ContactAsk { expires: Some(0), ..flow_of("ana", 2, "sip:other@h") };
    assert_eq!(registrar.register(at(7), ask(7, vec![gone])).expect("removed").len(), 2);
}

/// RFC 5626 §6: without an instance a `reg-id` says nothing; two phones behind two NATs may use one URI.
#[test]
fn one_uri_of_two_phones_is_two_contacts_and_a_reg_id_alone_is_ignored() {
    let mut registrar = Registrar::new(10);
    let of = |phone: &str| ContactAsk { reg_id: None, ..flow_of(phone, 0, "sip:1001@192.168.1.5") };
    registrar.register(at(0), ask(1, vec![of("ana"), of("bob")])).expect("granted");
    let ids: Vec<Option<&str>> = registrar.lookup(at(0), "1001").iter().map(|it| it.instance()).collect();
    assert_eq!(ids, [Some("ana"), Some("bob")]);
    let nameless = ContactAsk { reg_id: Some(1), ..contact("sip:1001@192.168.1.5", None) };
    let left = registrar.register(at(1), ask(2, vec![nameless])).expect("granted");
    assert_eq!((left.len(), left[0].reg_id()), (1, None), "who does not say who it is replaces both");
}

/// RFC 3327 §5.3: the path belongs to the contact; the connection of an edge proxy is nobody's own flow.
#[test]
fn contacts_behind_an_edge_keep_their_path_when_its_connection_closes() {
    let mut registrar = Registrar::new(10);
    let path = vec!["<sip:token@192.0.2.9;lr;ob>".to_owned()];
    let edge =
        Register { flow: flow(Some(7)), path: path.clone(), ..ask(1, vec![flow_of("ana", 1, "sip:a@h")]) };
    registrar.register(at(0), edge).expect("granted");
    registrar.flow_closed(ConnId(7));
    let left = registrar.lookup(at(1), "1001");
    assert_eq!((left[0].path(), left[0].flow.conn), (&path[..], None));
    let written = serde_json::to_string(left[0]).expect("is JSON");
    let read: Binding = serde_json::from_str(&written).expect("reads back");
    assert_eq!(&read, left[0], "and over a restart");
}

/// All phones of an edge come from its address, so a restarted one is known by its own host.
#[test]
fn a_phone_behind_an_edge_makes_no_room_for_its_neighbour() {
    let mut registrar = Registrar::new(10);
    let from = |call_id: &str, uri: &str, host: u8| Register {
        call_id: call_id.to_owned(),
        path: vec!["<sip:192.0.2.9;lr>".to_owned()],
        host: Some([203, 0, 113, host].into()),
        ..ask(1, vec![contact(uri, None)])
    };
    registrar.register(at(0), from("c1", "sip:a@10.0.0.1:1", 1)).expect("granted");
    registrar.register(at(1), from("c2", "sip:a@10.0.0.1:2", 2)).expect("granted");
    let third = registrar.register(at(2), from("c3", "sip:a@10.0.0.1:3", 3));
    assert_eq!(third, Err(RegisterRefusal::TooMany));
    registrar.register(at(3), from("c4", "sip:a@10.0.0.1:4", 1)).expect("takes the place of the first");
    assert_eq!(contacts(&registrar, at(4)), ["sip:a@10.0.0.1:4", "sip:a@10.0.0.1:2"]);
}

#[test]
fn another_registrar_follows_by_applying_the_changes_even_twice() {
    let (mut owner, mut follower) = (Registrar::new(10), Registrar::new(10));
    owner.register(at(0), ask(1, vec![contact("sip:a@h", None), contact("sip:b@h", None)])).expect("granted");
    owner.register(at(1), ask(2, vec![contact("sip:a@h", Some(0))])).expect("granted");
    for change in changes(&mut owner) {
        let written = serde_json::to_string(&change).expect("is JSON");
        follower.apply(serde_json::from_str(&written).expect("reads back"));
        follower.apply(change);
    }
    assert_eq!(contacts(&follower, at(2)), ["sip:b@h"]);
    assert_eq!((follower.count(), follower.poll()), (1, None));
    assert_eq!(follower.deadline(), Some(Mono(0)), "it has not seen a clock yet");
    follower.tick(at(2));
    assert_eq!(follower.deadline(), Some(at(3_600).mono));
}

mod model {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is asked in whatever order: the count, the caps and the answers agree with the table.
        #[test]
        fn the_registrar_never_contradicts_itself(
            steps in prop::collection::vec((0..4u8, 0..4u8, 0..200u32, 0..3u8, 0..90u64), 1..60)
        ) {
            let mut registrar = Registrar::new(6);
            let mut follower = Registrar::new(6);
            let mut secs = 0;
            for (cseq, (aor, uri, expires, call_id, wait)) in (1..).zip(steps) {
                secs += wait;
                let mut asked = ask(cseq, vec![contact(&format!("sip:{uri}@h"), Some(expires))]);
                asked.aor = format!("100{aor}");
                asked.call_id = call_id.to_string();
                let answer = registrar.register(at(secs), asked.clone());
                let listed: Vec<Binding> =
                    registrar.lookup(at(secs), &asked.aor).into_iter().cloned().collect();
                if let Ok(answer) = answer {
                    prop_assert_eq!(answer, listed);
                }
                registrar.tick(at(secs));
                changes(&mut registrar).into_iter().for_each(|change| follower.apply(change));
                prop_assert!(registrar.count() <= 6);
                prop_assert_eq!(registrar.count(), registrar.iter().count());
                prop_assert_eq!(registrar.count(), follower.count());
                prop_assert!(registrar.deadline().is_none_or(|due| due > at(secs).mono));
            }
        }
    }
}

#[test]
fn a_restarted_phone_takes_the_place_of_what_it_left_behind_and_of_nobody_else() {
    let mut registrar = Registrar::new(10);
    let from = |call_id: &str, uri: &str, user_agent: &str| Register {
        call_id: call_id.to_owned(),
        user_agent: user_agent.to_owned(),
        ..ask(1, vec![contact(uri, None)])
    };
    registrar.register(at(0), from("c1", "sip:a@127.0.0.2:1", "phone")).expect("granted");
    registrar.register(at(1), from("c2", "sip:a@127.0.0.2:2", "other")).expect("granted");
    registrar.register(at(2), from("c3", "sip:a@127.0.0.2:3", "phone")).expect("granted");
    assert_eq!(contacts(&registrar, at(3)), ["sip:a@127.0.0.2:3", "sip:a@127.0.0.2:2"]);
    let stranger = registrar.register(at(4), from("c4", "sip:a@127.0.0.2:4", "third"));
    assert_eq!(stranger, Err(RegisterRefusal::TooMany));
}
