//! The listening socket.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::node::Site;

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
