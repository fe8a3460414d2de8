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
    let served = tokio::spawn(webadmin::serve(listener, site.router(), async { drop(ended.await) }));
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
    let served = tokio::spawn(webadmin::serve(listener, site.router(), async { drop(ended.await) }));
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
