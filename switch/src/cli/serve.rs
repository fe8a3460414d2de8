//! `tandem serve`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base::wire::Transport;
use store::Store;
use switch::assemble::{self, Parts, Running};
use switch::clock::Clock;
use switch::config::NodeConfig;
use switch::supervise::{self, Outcome, Signals};
use tokio::runtime::{Builder, Runtime};
use webadmin::auth;

use super::data::{Announced, Held, RunFile};
use super::{Failure, NodeArgs, first, logs, reach, say};

/// Threads for the web, the store and stream connections; calls and media have their own.
const THREADS: usize = 2;

/// Runs the switch until it is asked to end.
pub(crate) fn run(args: &NodeArgs) -> Result<(), Failure> {
    let clock = Clock::start();
    let config = args.load()?;
    let set_level = logs::start(&config.log);
    let held = Held::take(&args.data).map_err(Failure::running)?;
    let runtime = runtime()?;
    let store = runtime.block_on(Store::open(&config.store.url_in(held.path()))).map_err(reach::of_store)?;
    let signals = Signals::listen(runtime.handle()).map_err(Failure::running)?;
    runtime.block_on(first::owner(&store, clock.now().wall))?;
    let token = auth::random().map_err(Failure::running)?;
    let running = start(&config, &held, store, &token, clock, &runtime)?;
    let announced = announce(&running, &held, token)?;
    let again = args.clone();
    let reload = move || again.reload();
    let ended = supervise::until_ended(running, runtime.handle(), signals, config, reload, set_level);
    drop(announced);
    match ended {
        Outcome::Drained => Ok(()),
        Outcome::Failed => {
            Err(Failure::running("the node ended because a part of it broke; its log says which"))
        }
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(THREADS).thread_name("tandem").enable_all();
    builder.build().map_err(Failure::running)
}

fn start(
    config: &NodeConfig,
    held: &Held,
    store: Store,
    token: &str,
    clock: Clock,
    runtime: &Runtime,
) -> Result<Running, Failure> {
    let parts = Parts {
        config: config.clone(),
        data: held.path().to_owned(),
        store,
        local_token: Some(auth::digest(token)),
        clock,
    };
    assemble::start(parts, runtime.handle()).map_err(Failure::running)
}

/// Tells people and commands where the node is.
fn announce(running: &Running, held: &Held, token: String) -> Result<Announced, Failure> {
    let url = format!("http://{}", reachable(running.http()));
    let list = |addresses: &[SocketAddr]| {
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        if texts.is_empty() { "off".to_owned() } else { texts.join(", ") }
    };
    let sip: Vec<String> = Transport::ALL
        .into_iter()
        .map(|transport| (transport, running.sip(transport)))
        .filter(|(transport, addresses)| !addresses.is_empty() || is_usual(*transport))
        .map(|(transport, addresses)| format!("SIP over {transport}: {}\n", list(addresses)))
        .collect();
    let run = RunFile { pid: std::process::id(), url: url.clone(), token };
    let announced = held.announce(&run);
    let announced =
        announced.map_err(|error| Failure::running(format!("{}: {error}", held.path().display())))?;
    say::result(&format_args!("{}Web panel: {url}\nReady\n", sip.concat()))?;
    Ok(announced)
}

/// Whether people expect it, so that its absence is said.
fn is_usual(transport: Transport) -> bool {
    matches!(transport, Transport::Udp | Transport::Tcp)
}

/// An address that a program on this machine can connect to.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_listens_everywhere_is_reached_on_loopback() {
        let reach = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(reach("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reach("[::]:8080"), "[::1]:8080");
        assert_eq!(reach("127.0.0.5:8080"), "127.0.0.5:8080");
    }
}
