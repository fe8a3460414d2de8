//! A bot on the line: says how loud the far end of a leg is, and gives back to it what it said a second ago.
//!
//! ```text
//! tandem token new bot --role admin
//! cargo run --example tap -- 127.0.0.1:8080 TOKEN call_… 0
//! ```
//!
//! The address is `/api/v1/calls/{call}/legs/{leg}/tap`, a WebSocket: binary messages are signed 16 bit samples, little
//! end first, both ways; text messages are JSON events.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks to whoever runs it")]

use std::collections::VecDeque;
use std::error::Error;
use std::net::TcpStream;

use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};

const HZ: usize = 16_000;
const USAGE: &str = "usage: tap HOST:PORT TOKEN CALL LEG";

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or(USAGE);
    let (node, token, call, leg) = (next()?, next()?, next()?, next()?);
    let address = format!("ws://{node}/api/v1/calls/{call}/legs/{leg}/tap?audio=says&hz={HZ}");
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let (mut socket, _response) = tungstenite::client(request, TcpStream::connect(&node)?)?;
    let mut said: VecDeque<i16> = VecDeque::new();
    let mut second = Vec::with_capacity(HZ);
    loop {
        match socket.read()? {
            Message::Binary(octets) => {
                let samples = octets.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
                let samples: Vec<i16> = samples.collect();
                second.extend_from_slice(&samples);
                said.extend(&samples);
                if second.len() >= HZ {
                    println!("{:6.1} dBov", loudness(&second));
                    second.clear();
                }
                if said.len() > HZ {
                    let back: Vec<u8> = said.drain(..samples.len()).flat_map(i16::to_le_bytes).collect();
                    socket.send(Message::binary(back))?;
                }
            }
            Message::Text(text) => println!("{text}"),
            Message::Close(frame) => {
                println!("{}", frame.map(|frame| frame.reason.to_string()).unwrap_or_default());
                return Ok(());
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// Mean level, full scale being 0.
fn loudness(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    10.0 * (sum / samples.len() as f64).max(1e-12).log10()
}
