//! `tandem demo`: the switch with a simulated carrier and phones around it, which speak real SIP and RTP.
//!
//! Pure machines decide (`far_end`, `player`, `script`, `voice`, `tally`); `stage` has their sockets, `node` the
//! switch.

mod agenda;
mod coding;
mod cue;
mod far_end;
mod node;
mod player;
mod recordings;
mod scene;
mod script;
mod stage;
mod summary;
mod tally;
mod tone;
mod voice;

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sip::auth::Login;
use switch::assemble::StartError;
use switch::clock::Clock;
use switch::entropy::OsEntropy;
use tokio::signal::unix::{SignalKind, signal};

use coding::Coding;
use far_end::{FarEnd, Seat};
use node::Node;
use player::Player;
use scene::{Agent, CARRIER, CARRIER_IP, Scene, word};
use script::{Carrier, Phone, Script};
use stage::{Place, Stage};
use summary::Summary;

pub(crate) use scene::MOST_AGENTS;

/// Where the pages are unless somebody else listens there.
const HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8_080);
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);
/// How long calls may take to end at the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// A phone talks on one channel; a second one lets it refuse properly, a third is free while a call ends.
const PHONE_CHANNELS: usize = 3;
/// Calls of the carrier for each agent: in, out, refused and ending.
const CARRIER_CHANNELS: usize = 4;
/// A guest is in two calls at a time.
const GUEST_CHANNELS: usize = 3;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Agents, 1 to `MOST_AGENTS`.
    pub(crate) agents: u8,
    /// For how long; `None` until a signal.
    pub(crate) lasts: Option<Duration>,
    /// Where the pages are; `None` for the usual place, or any other when that is taken.
    pub(crate) http: Option<SocketAddr>,
}

/// Why there was no demo.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The system refuses something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The switch does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its store fails.
    #[error("store: {0}")]
    Store(#[from] store::StoreError),
    /// The scene is not valid provisioning.
    #[error("the scene cannot be set up: {0}")]
    Scene(String),
    /// The switch speaks no SIP.
    #[error("the switch has no UDP listener")]
    NoSip,
}

/// How a demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Calls went through with audio both ways and whatever else there was time for, and nothing failed.
    Good,
    /// Something did not, as the summary tells.
    Bad,
}

/// Plays until the time is over or a signal comes; `say` gets every text for the terminal.
pub(crate) fn play(options: Options, mut say: impl FnMut(&dyn Display)) -> Result<Verdict, DemoError> {
    let clock = Clock::start();
    let mut entropy = OsEntropy::new();
    let scene = Scene::new(options.agents, &mut entropy);
    let carrier = Place::bind(CARRIER_IP, scene.agents.len() * CARRIER_CHANNELS)?;
    let http = options.http.unwrap_or_else(free_place);
    let node = Node::start(clock, &mut entropy, http, &scene.toml(carrier.sip()?))?;
    let mut stage = Stage::new(clock)?;
    enter(&mut stage, &scene, carrier, clock, node.sip()?)?;
    if options.http.is_none() && node.http() != HTTP {
        say(&format_args!("{HTTP} is taken, so the web panel has another port.\n"));
    }
    introduce(&node, &scene, &mut say)?;

    let stop = stop_at_signal(&node)?;
    let began = clock.now().mono;
    let end = options.lasts.map(|lasts| began + lasts);
    while !stop.load(Ordering::Relaxed) && end.is_none_or(|end| clock.now().mono < end) {
        let next = clock.now().mono + PROGRESS;
        stage.play(Some(end.map_or(next, |end| end.min(next))), &stop)?;
        let secs = clock.now().mono.since(began).as_secs();
        say(&format_args!("{secs:>4} s  {}\n", stage.tally()));
    }
    stage.curtain(PATIENCE)?;
    let lasted = clock.now().mono.since(began);
    let kept = node.finish()?;
    let tally = stage.tally();
    tally.check_records(kept.answered);
    kept.recordings.iter().for_each(|recording| tally.check_recording(recording));
    tally.expect_all(lasted);
    say(&format_args!("\n{}", Summary(tally)));
    Ok(if tally.is_good() { Verdict::Good } else { Verdict::Bad })
}

/// The usual place of the pages, or any port when it is taken.
fn free_place() -> SocketAddr {
    let free = TcpListener::bind(HTTP).is_ok();
    if free { HTTP } else { SocketAddr::new(HTTP.ip(), 0) }
}

fn enter(
    stage: &mut Stage,
    scene: &Scene,
    carrier: Place,
    clock: Clock,
    switch: SocketAddr,
) -> io::Result<()> {
    let extensions: Vec<String> = scene.agents.iter().map(|agent| agent.extension.clone()).collect();
    for agent in &scene.agents {
        let Agent { extension, secret, ip, coding, .. } = agent;
        let login = Some(Login::new(extension, secret));
        let colleagues = extensions.iter().filter(|other| *other != extension).cloned().collect();
        let script = Script::Phone(Phone { extension: extension.clone(), colleagues });
        let place = Place::bind(*ip, PHONE_CHANNELS)?;
        let seat = Seat { own: place.sip()?, switch, user: extension.clone(), login, coding: *coding };
        put(stage, clock, format!("phone {extension}"), place, seat, script)?;
    }
    for (guest, coding) in Scene::guests() {
        let place = Place::bind(CARRIER_IP, GUEST_CHANNELS)?;
        let seat = Seat { own: place.sip()?, switch, user: guest.number.clone(), login: None, coding };
        put(stage, clock, format!("guest {}", guest.number), place, seat, Script::Guest(guest))?;
    }
    let dids = scene.agents.iter().map(|agent| agent.did.clone()).collect();
    let agents = u32::try_from(scene.agents.len()).unwrap_or(u32::MAX);
    let (own, user) = (carrier.sip()?, CARRIER.to_owned());
    let seat = Seat { own, switch, user, login: None, coding: Coding::Pcmu };
    put(stage, clock, CARRIER.to_owned(), carrier, seat, Script::Carrier(Carrier { dids, agents }))
}

fn put(
    stage: &mut Stage,
    clock: Clock,
    name: String,
    place: Place,
    seat: Seat,
    script: Script,
) -> io::Result<()> {
    let end = FarEnd::new(seat, place.channels()?, Box::new(OsEntropy::new()));
    stage.enter(place, Player::new(clock.now(), name, end, script))
}

fn introduce(node: &Node, scene: &Scene, say: &mut impl FnMut(&dyn Display)) -> Result<(), DemoError> {
    say(&format_args!("Web panel: http://{}\nSIP over UDP: {}\n", node.http(), node.sip()?));
    for login in scene.logins() {
        say(&format_args!(
            "{:<10}  login {:<10}  password {}\n",
            word(login.role),
            login.login,
            login.password
        ));
    }
    say(&"\n");
    Ok(())
}

/// Set by Ctrl-C and SIGTERM.
fn stop_at_signal(node: &Node) -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let told = Arc::clone(&stop);
        let runtime = node.runtime();
        let mut signal = runtime.block_on(async { signal(kind) })?;
        runtime.spawn(async move {
            signal.recv().await;
            told.store(true, Ordering::Relaxed);
        });
    }
    Ok(stop)
}
