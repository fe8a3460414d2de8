//! HTTP/1.1 on a listening socket, with bounds on connections, headers and time.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use base::limits::CONNECTION_HANDSHAKE;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service as _;

use crate::front::Shown;

/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS: usize = 512;
/// How long a client may take to send a request's head; also how long a connection may idle.
const HEAD: Duration = Duration::from_secs(20);
/// Octets of a request's head with its path.
const HEAD_OCTETS: usize = 32 * 1_024;
/// How long answers may still go out after the end was asked for.
const FINISH: Duration = Duration::from_secs(5);
/// The pause after the system refused to accept: out of file descriptors, usually.
const PAUSE: Duration = Duration::from_millis(200);

/// Gives what connections are taken in with under TLS, as it is set up when one comes in; `None` without a certificate.
pub type Acceptor = Arc<dyn Fn() -> Option<TlsAcceptor> + Send + Sync>;

/// In the extensions of requests that came under TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encrypted;

/// As [`serve`], under TLS.
pub async fn serve_tls(
    listener: TcpListener,
    shown: Shown,
    acceptor: Acceptor,
    end: impl Future<Output = ()> + Send,
) {
    attend(listener, shown, Some(acceptor), end).await;
}

/// Serves until `end` resolves, then finishes the answers under way, for 5 s at most.
pub async fn serve(listener: TcpListener, shown: Shown, end: impl Future<Output = ()> + Send) {
    attend(listener, shown, None, end).await;
}

async fn attend(
    listener: TcpListener,
    shown: Shown,
    acceptor: Option<Acceptor>,
    end: impl Future<Output = ()> + Send,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut end = std::pin::pin!(end);
    loop {
        let accepted = tokio::select! {
            () = &mut end => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Some((stream, peer, place)) = accepted else { continue };
        let (shown, closed, acceptor) = (shown.clone(), closed.clone(), acceptor.clone());
        connections.spawn(async move {
            match acceptor {
                None => converse(stream, Caller { peer, encrypted: false }, shown, closed).await,
                Some(acceptor) => {
                    if let Some(stream) = shake_hands(stream, peer, &acceptor).await {
                        converse(stream, Caller { peer, encrypted: true }, shown, closed).await;
                    }
                }
            }
            drop(place);
        });
    }
    closing.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FINISH, finished).await.is_err() {
        tracing::debug!("web connections were cut at the end");
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "a web connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

/// A connection under TLS; `None` when there is no certificate, or the handshake failed or took too long.
async fn shake_hands(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: &Acceptor,
) -> Option<TlsStream<TcpStream>> {
    let acceptor = acceptor()?;
    match tokio::time::timeout(CONNECTION_HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "a handshake of the web panel failed");
            None
        }
        Err(_late) => None,
    }
}

/// Who is connected, and how.
#[derive(Clone, Copy)]
struct Caller {
    peer: SocketAddr,
    encrypted: bool,
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Caller { peer, encrypted }: Caller,
    shown: Shown,
    mut closed: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        if encrypted {
            request.extensions_mut().insert(Encrypted);
        }
        shown.router().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_OCTETS);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let closing = async { closed.wait_for(|closing| *closing).await.is_ok() };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _asked = closing => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a web connection ended");
    }
}
