use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use provision::{Change, Destination, Entity, HostMask, Number, Plan, Trunk};
use store::Store;
use switch::assemble::{self, Parts, Running, StartError};
use switch::clock::Clock;
use switch::config::NodeConfig;
use switch::supervise;
use tokio::runtime::Runtime;
use webadmin::Node as _;

/// Far longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tandem-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn start(folder: &Folder, runtime: &Runtime, sip: &str, ports: &str) -> Result<Running, StartError> {
    let pairs = [
        ("SIP__UDP", sip),
        ("SIP__TCP", "127.0.0.1:0"),
        ("MEDIA__PORTS", ports),
        ("HTTP__LISTEN", "127.0.0.1:0"),
    ];
    let variables = pairs.map(|(key, value)| (format!("TANDEM__{key}"), value.to_owned()));
    let config = NodeConfig::parse(None, variables).unwrap();
    let store = runtime.block_on(Store::open(&config.store.url_in(&folder.0))).unwrap();
    let parts = Parts { config, data: folder.0.clone(), store, local_token: None, clock: Clock::start() };
    assemble::start(parts, runtime.handle())
}

fn stop(running: Running, runtime: &Runtime) {
    runtime.block_on(supervise::drain(&running, PATIENCE, std::future::pending()));
    running.stop(runtime.handle());
}

fn peer(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Asks and returns the final answer.
fn ask(socket: &UdpSocket, node: SocketAddr, request: &str) -> String {
    socket.send_to(request.as_bytes(), node).unwrap();
    let mut buffer = [0; 4_096];
    loop {
        let (octets, _) = socket.recv_from(&mut buffer).expect("an answer");
        let answer = String::from_utf8(buffer[..octets].to_vec()).unwrap();
        if !answer.starts_with("SIP/2.0 1") {
            return answer;
        }
    }
}

fn request(method: &str, user: &str, from: SocketAddr, call_id: &str, to_tag: &str) -> String {
    let cseq = if method == "BYE" { 2 } else { 1 };
    format!(
        "{method} sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call_id}{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@{from}>;tag=1\r\nTo: <sip:{user}@127.0.0.1>{to_tag}\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:a@{from}>\r\nContent-Length: 0\r\n\r\n"
    )
}

fn set_up(running: &Running, runtime: &Runtime) {
    let mut trunk = Trunk::named("caller");
    trunk.hosts = vec!["127.0.0.9".parse::<HostMask>().unwrap()];
    let busy: Destination = "test:busy".parse().unwrap();
    let number = Number::leading("100", busy);
    let changes = vec![Change::Added(Entity::Trunk(trunk)), Change::Added(Entity::Number(number))];
    let wanted = provision::Directory::default();
    runtime.block_on(running.hub().apply(Plan { wanted, changes })).unwrap();
}

#[test]
fn a_node_starts_answers_and_ends_and_its_records_are_in_the_store() {
    let (folder, runtime) = (Folder::new("answers"), runtime());
    let running = start(&folder, &runtime, "127.0.0.1:0", "23000-23099").unwrap();
    let node = running.sip(base::wire::Transport::Udp)[0];
    let phone = peer("127.0.0.9:0");
    let from = phone.local_addr().unwrap();
    let answer = ask(&phone, node, &request("OPTIONS", "tandem", from, "one", ""));
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    set_up(&running, &runtime);
    let answer = ask(&phone, node, &request("INVITE", "100", from, "two", ""));
    assert!(answer.starts_with("SIP/2.0 486 "), "{answer}");
    stop(running, &runtime);

    let again = start(&folder, &runtime, "127.0.0.1:0", "23000-23099").unwrap();
    assert!(again.hub().directory().trunks.contains_key("caller"));
    let store = runtime.block_on(Store::open(&format!("sqlite:{}/tandem.db", folder.0.display()))).unwrap();
    let filter = store::CallFilter::default();
    let page = runtime.block_on(store.calls(&filter, None, 10)).unwrap();
    assert_eq!(page.calls.iter().map(|call| &*call.dialled).collect::<Vec<_>>(), ["100"]);
    stop(again, &runtime);
}

#[test]
fn a_draining_node_refuses_new_calls_and_says_so() {
    let (folder, runtime) = (Folder::new("drains"), runtime());
    let running = start(&folder, &runtime, "127.0.0.1:0", "23100-23199").unwrap();
    let phone = peer("127.0.0.9:0");
    set_up(&running, &runtime);
    runtime.block_on(running.hub().drain());
    let invite = request("INVITE", "100", phone.local_addr().unwrap(), "late", "");
    let answer = ask(&phone, running.sip(base::wire::Transport::Udp)[0], &invite);
    assert!(answer.starts_with("SIP/2.0 503 "), "{answer}");
    assert!(running.hub().readiness().reasons.contains(&"draining".to_owned()));
    stop(running, &runtime);
}

#[test]
fn a_node_without_its_store_is_not_ready_and_says_why() {
    let (folder, runtime) = (Folder::new("storeless"), runtime());
    let running = start(&folder, &runtime, "127.0.0.1:0", "23300-23399").unwrap();
    runtime.block_on(running.hub().look_at_store());
    let mut tries = 0..5_000;
    while !ready(running.http()).starts_with("HTTP/1.1 200 ") {
        assert!(tries.next().is_some(), "ready once its media workers have lent ports");
    }
    runtime.block_on(running.hub().store().close());
    runtime.block_on(running.hub().look_at_store());
    let answer = ready(running.http());
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("store: does not answer"), "{answer}");
    stop(running, &runtime);
}

/// What the node answers when asked whether it is ready.
fn ready(http: SocketAddr) -> String {
    let mut stream = TcpStream::connect(http).unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_node_whose_address_is_taken_says_which() {
    let (folder, runtime) = (Folder::new("taken"), runtime());
    let taken = peer("127.0.0.9:0").local_addr().unwrap();
    let _holder = UdpSocket::bind(taken).unwrap();
    let Err(error) = start(&folder, &runtime, &taken.to_string(), "23200-23299") else {
        panic!("it is taken")
    };
    let said = error.to_string();
    assert!(said.starts_with(&format!("SIP over UDP cannot listen on {taken}:")), "{said}");
}
