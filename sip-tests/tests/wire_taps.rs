//! A program listens to a leg of a real call and speaks to it over a WebSocket.

use std::f64::consts::TAU;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base::media::{Codec, Wishes};
use media::codec;
use media::frame::Rate;
use sip_tests::wire::{Block, Node, Party, level_at, sdp_port, until};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};

type Socket = tungstenite::WebSocket<TcpStream>;

/// A second of it at 8 kHz.
fn tone(hz: f64) -> Vec<i16> {
    (0..8_000).map(|at| ((TAU * hz * f64::from(at) / 8_000.0).sin() * 8_000.0) as i16).collect()
}

fn connect(node: &Node, call: &str, rest: &str) -> Result<Socket, tungstenite::Error> {
    let address = format!("ws://{}/api/v1/calls/{call}/legs/0/tap?{rest}", node.http());
    let mut request = address.into_client_request().expect("an address");
    let token = format!("Bearer {}", node.token()).parse().expect("a header");
    request.headers_mut().insert("authorization", token);
    let stream = TcpStream::connect(node.http()).expect("the node listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    tungstenite::client(request, stream).map(|(socket, _)| socket).map_err(|error| match error {
        tungstenite::HandshakeError::Failure(error) => error,
        tungstenite::HandshakeError::Interrupted(_) => tungstenite::Error::ConnectionClosed,
    })
}

/// Samples of that many blocks, and the events before them.
fn listen(socket: &mut Socket, blocks: usize) -> (Vec<i16>, Vec<String>) {
    let (mut samples, mut events) = (Vec::new(), Vec::new());
    while samples.len() < blocks * 160 {
        match socket.read().expect("a message") {
            Message::Binary(octets) => {
                samples.extend(octets.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])));
            }
            Message::Text(text) => events.push(text.to_string()),
            other @ (Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                panic!("{other:?}");
            }
        }
    }
    (samples, events)
}

#[test]
fn a_program_hears_what_a_caller_says_and_is_heard_by_it_until_it_hangs_up() {
    let block = Block::claim();
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550170\"\nto = \"test:answer\"\n",
        block.ip(2)
    );
    let node = Node::start(block, &provisioning);
    let caller = Party::new(node.block.at(2, 5_060));
    caller.invite(node.sip(), "+15550170", "tapped");
    let ok = caller.expect("SIP/2.0 200");
    let media = SocketAddr::new(node.sip().ip(), sdp_port(&ok));
    caller.acknowledge(&ok, node.sip(), "tapped");
    let call =
        until("the call", || node.live().first().map(|call| call["id"].as_str().unwrap_or("").to_owned()));

    let refused = connect(&node, &call, "hz=44100").expect_err("no such rate");
    assert!(refused.to_string().contains("422"), "{refused}");
    let mut socket = connect(&node, &call, "audio=says&hz=8000").expect("a tap");
    let mut encoder = codec::encoder(Codec::Pcmu, &Wishes::default(), Rate::Hz8000).expect("G.711");
    let payloads: Vec<Vec<u8>> = tone(1_000.0)
        .chunks(160)
        .map(|chunk| {
            let mut payload = vec![0; 160];
            encoder.encode(chunk, &mut payload).expect("20 ms");
            payload
        })
        .collect();
    let said: Vec<u8> = tone(600.0).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    socket.send(Message::binary(said)).expect("open");
    let (samples, events) = std::thread::scope(|scope| {
        let listening = scope.spawn(|| listen(&mut socket, 60));
        caller.play(media, &payloads);
        listening.join().expect("nothing went wrong")
    });
    assert!(events[0].contains("\"started\"") && events[0].contains("\"hz\":8000"), "{events:?}");
    let loudest = samples.chunks(800).map(|part| level_at(part, 1_000.0)).fold(0.0, f64::max);
    assert!(loudest > 0.95, "{loudest}");

    let mut decoder = codec::decoder(Codec::Pcmu, Rate::Hz8000).expect("G.711");
    let mut heard = Vec::new();
    for packet in caller.hear(50) {
        let mut out = [0; 960];
        let count = decoder.decode(&packet.payload, &mut out).expect("PCMU");
        heard.extend_from_slice(&out[..count]);
    }
    let loudest = heard.chunks(800).map(|part| level_at(part, 600.0)).fold(0.0, f64::max);
    assert!(loudest > 0.95, "{loudest}");

    caller.hang_up(&ok, node.sip(), "tapped");
    let last = std::iter::from_fn(|| socket.read().ok()).filter(|message| message.is_text()).last();
    assert_eq!(last.map(|text| text.to_string()).as_deref(), Some("{\"event\":\"ended\"}"));
}
