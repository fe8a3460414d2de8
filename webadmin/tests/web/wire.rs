//! The listening socket.

use base::CallOrder;
use base::media::TapId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::node::{LIVE_CALL, Site};

#[tokio::test]
async fn a_connection_is_served_and_closed_at_the_end() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (end, ended) = oneshot::channel::<()>();
    let served = tokio::spawn(webadmin::serve(listener, site.shown(), async { drop(ended.await) }));
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // A loopback peer reads the metrics without a token: the address reached the handler.
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 200");
    drop(end);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("closed in order");
    served.await.expect("ended");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_endless_head_is_refused() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (end, ended) = oneshot::channel::<()>();
    let served = tokio::spawn(webadmin::serve(listener, site.shown(), async { drop(ended.await) }));
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(60_000));
    // The node may close before everything is sent.
    stream.write_all(head.as_bytes()).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    drop(end);
    served.await.expect("ended");
}

#[tokio::test]
async fn a_node_that_starts_is_alive_but_not_ready_until_its_front_is_opened() {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (end, ended) = oneshot::channel::<()>();
    let (front, shown) = webadmin::front();
    let served = tokio::spawn(webadmin::serve(listener, shown, async { drop(ended.await) }));
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let not_ready = r#"{"ready":false,"reasons":["starting"]}"#;
    for (path, status, text) in
        [("/readyz", "503", not_ready), ("/healthz", "200", "ok"), ("/", "503", "the node is starting")]
    {
        let answer = ask(&mut stream, path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(text), "{answer}");
    }
    front.open(site.router());
    let answer = ask(&mut stream, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""ready":true"#), "{answer}");
    drop((end, stream));
    served.await.expect("ended");
}

/// Asks on a connection that stays open; the head and the body.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    loop {
        let mut octets = [0; 4_096];
        let read = stream.read(&mut octets).await.expect("an answer");
        answer.push_str(std::str::from_utf8(&octets[..read]).expect("text"));
        let whole = answer.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            length.is_some_and(|length| length.parse() == Ok(body.len()))
        });
        if whole || read == 0 {
            return answer;
        }
    }
}

/// RFC 6455 §4.2: what is no handshake is told so, and pages of other sites do not listen.
#[tokio::test]
async fn a_leg_is_tapped_over_a_websocket_by_admins_alone() {
    let site = Site::new().await;
    let (admin, supervisor) = (site.token("admin").await, site.token("supervisor").await);
    let path = |leg: usize, rest: &str| format!("/calls/{LIVE_CALL}/legs/{leg}/tap{rest}");
    site.api(&supervisor, "GET", &path(0, ""), "").await.assert_problem(403);
    site.api(&admin, "GET", &path(0, ""), "").await.assert_problem(426);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (end, ended) = oneshot::channel::<()>();
    let served = tokio::spawn(webadmin::serve(listener, site.shown(), async { drop(ended.await) }));
    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert_eq!(ask(&path(1, "?audio=hears&hz=8000")).await, "HTTP/1.1 101");
    assert_eq!(ask(&path(9, "")).await, "HTTP/1.1 422");
    assert_eq!(ask(&path(0, "?hz=44100")).await, "HTTP/1.1 422");
    let asked = CallOrder::Tap { leg: 1, tap: TapId(1), hears: true, hz: 8_000, by: "for admin".to_owned() };
    assert_eq!(site.fake.orders(), [asked]);
    drop(end);
    served.await.expect("ended");
}
