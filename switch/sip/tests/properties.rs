//! Round trips and hostile octets, generated.

use bytes::Bytes;
use proptest::prelude::*;
use sip::message::{Draft, Framed, Framer, Framing, Header, Message, NameAddr, Params, Uri, Via, peek};

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z]{2,5}){1,2}",
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ]
}

fn port() -> impl Strategy<Value = String> {
    proptest::option::of(any::<u16>())
        .prop_map(|port| port.map(|port| format!(":{port}")).unwrap_or_default())
}

fn uri() -> impl Strategy<Value = String> {
    let user = proptest::option::of("[a-zA-Z0-9+#;?/&=$,._~*'()%-]{1,12}(:[a-z0-9]{0,4})?@");
    let params = "(;[a-z-]{1,6}(=[a-zA-Z0-9.%+\\[\\]:-]{1,6})?){0,3}";
    let headers = "(\\?[a-z]{1,4}=[a-z%0-9]{0,4}(&[a-z]{1,4}=[a-z]{0,4})?)?";
    let sip = ("(sip|sips|SIP)", user, host(), port(), params, headers).prop_map(
        |(scheme, user, host, port, params, headers)| {
            format!("{scheme}:{}{host}{port}{params}{headers}", user.unwrap_or_default())
        },
    );
    prop_oneof![4 => sip, 1 => "tel:\\+?[0-9]([0-9.()-]{0,8})(;phone-context=[a-z]{1,5}\\.[a-z]{2})?", 1 => "[a-z]{4,6}:[a-z0-9:/]{1,9}"]
}

fn header_params() -> impl Strategy<Value = String> {
    "(;[a-zA-Z-]{1,6}(=([a-zA-Z0-9.]{1,6}|\"[ a-z;,<>]{0,6}(\\\\\")?\"))?){0,3}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_uri_prints_as_it_was_read(text in uri()) {
        let parsed = Uri::parse(&text).unwrap();
        prop_assert_eq!(parsed.to_string(), text.clone());
        prop_assert!(parsed.matches(&parsed));
        prop_assert!(parsed.without_headers().headers().is_none());
        let set = parsed.with_param("transport", Some("tcp"));
        if parsed.host().is_some() {
            prop_assert_eq!(set.param("Transport"), Some("tcp"));
            prop_assert_eq!(set.host(), parsed.host());
            prop_assert_eq!(set.user(), parsed.user());
        }
    }

    #[test]
    fn a_built_uri_keeps_any_user(user in "\\PC{1,12}", port in proptest::option::of(any::<u16>())) {
        let built = Uri::sip(Some(&user), std::net::IpAddr::from([127, 0, 0, 2]), port);
        prop_assert_eq!(built.user_decoded(), Some(user));
        prop_assert_eq!(built.port(), port);
    }

    #[test]
    fn an_address_reads_as_it_prints(name in proptest::option::of("\\PC{1,12}"), uri in uri(), params in header_params()) {
        let display = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let address = NameAddr { display, uri: Uri::parse(&uri).unwrap(), params: Params::parse(&params, "test").unwrap() };
        prop_assert_eq!(NameAddr::parse(&address.to_string()), Ok(address));
    }

    #[test]
    fn a_via_reads_as_it_prints(transport in "(UDP|TCP|TLS|WSS|X-Y)", host in host(), port in port(), params in header_params()) {
        let text = format!("SIP/2.0/{transport} {host}{port}{params}");
        let via = Via::parse(&text).unwrap();
        prop_assert_eq!(Via::parse(&via.to_string()), Ok(via.clone()));
        prop_assert_eq!(via.transport(), transport);
    }

    #[test]
    fn a_value_of_any_text_stays_one_line(value in ".{0,60}", name in ".{0,10}") {
        let mut draft = Draft::from(&invite());
        let before = draft.clone().finish();
        draft.push(Header::Subject, &value).push_raw(&name, &value);
        let message = Message::parse(draft.finish(), Framing::Stream).unwrap();
        let was = Message::parse(before, Framing::Stream).unwrap();
        let known_length = usize::from(Header::Other(&name) == Header::ContentLength);
        prop_assert_eq!(message.lines().count(), was.lines().count() + 2 - known_length);
        prop_assert_eq!(message.body(), was.body());
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_messages(cuts in proptest::collection::vec(1usize..400, 1..12), bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..5)) {
        let messages: Vec<Bytes> = bodies.into_iter().map(with_body).collect();
        let stream = messages.concat();
        let mut framer = Framer::default();
        let mut found = Vec::new();
        let mut rest = stream.as_slice();
        let mut cuts = cuts.iter().cycle();
        while !rest.is_empty() {
            let (part, behind) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            framer.feed(part);
            rest = behind;
            while let Some(item) = framer.next() {
                if let Framed::Message(octets) = item.unwrap() {
                    found.push(octets);
                }
            }
        }
        prop_assert_eq!(&found, &messages);
        for octets in found {
            let message = Message::parse(octets.clone(), Framing::Stream).unwrap();
            prop_assert_eq!(message.bytes(), &octets);
        }
    }

    /// Request smuggling needs a framer and a parser that disagree.
    #[test]
    fn what_the_framer_passes_the_parser_reads_whole(changes in proptest::collection::vec((any::<prop::sample::Index>(), byte()), 0..6)) {
        let octets = changed(INVITE, &changes);
        let mut framer = Framer::default();
        framer.feed(&octets);
        while let Some(item) = framer.next() {
            let Ok(Framed::Message(octets)) = item else { continue };
            match Message::parse(octets.clone(), Framing::Stream) {
                Ok(message) => prop_assert_eq!(message.bytes().len(), octets.len()),
                Err(error) => prop_assert!(error.at == 0, "{error}"),
            }
        }
    }

    #[test]
    fn no_octets_make_any_of_it_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), byte()), 0..20), cut in any::<prop::sample::Index>()) {
        let mut octets = changed(INVITE, &changes);
        octets.truncate(cut.index(octets.len() + 1));
        let _ = peek(&octets);
        for framing in [Framing::Datagram, Framing::Stream] {
            let message = match Message::parse(octets.clone().into(), framing) {
                Ok(message) => message,
                Err(error) => match error.partial {
                    Some(message) => message,
                    None => continue,
                },
            };
            let _ = message.validate();
            let _ = (message.uri(), message.vias(), message.expires(), message.to_tag(), message.reason().len());
            let mut answer = Draft::response(&message, 400, "");
            let answer = Message::parse(answer.add_to_tag("t").finish(), Framing::Stream);
            prop_assert!(answer.is_ok_and(|answer| answer.status() == Some(400)));
            let _ = Draft::from(&message).finish();
        }
    }
}

/// The octets that mean something, and any other.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![proptest::sample::select(b"\r\n \t:;,<>\"\\@?=/-09\0\xff".to_vec()), any::<u8>()]
}

fn changed(octets: &[u8], changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    for (at, byte) in changes {
        let at = at.index(octets.len());
        octets[at] = *byte;
    }
    octets
}

fn invite() -> Message {
    Message::parse(Bytes::from_static(INVITE), Framing::Datagram).expect("INVITE is well formed")
}

fn with_body(body: Vec<u8>) -> Bytes {
    let mut draft = Draft::from(&invite());
    draft.body("application/octet-stream", body.into());
    draft.finish()
}

const INVITE: &[u8] = b"INVITE sip:+14155550100;cpc=ordinary@127.0.0.1:5060;user=phone SIP/2.0\r\n\
Via: SIP/2.0/TCP 127.0.0.2:5060;rport;branch=z9hG4bK-524287-1, SIP/2.0/UDP [::1];branch=z9hG4bKb\r\n\
f: \"A, \\\"B\\\"\" <sip:alice@example.com>;tag=a1\r\n\
To:\r\n <sip:bob@example.com>\r\n\
Call-ID: 1-2@127.0.0.2\r\n\
CSeq: 1 INVITE\r\n\
Max-Forwards: 70\r\n\
Contact: <sip:alice@127.0.0.2:5060;transport=tcp>;expires=60\r\n\
Record-Route: <sip:127.0.0.3;lr>\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 10\r\n\
\r\n\
v=0\r\ns=-\r\n";
