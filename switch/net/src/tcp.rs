//! Listening for connections and opening them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::wire::Transport;
use peer::guard::Entry;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::connection;
use crate::counters::count;
use crate::opened::Opened;
use crate::shared::Shared;
use crate::socket;
use crate::standing::Address;

/// Pause after a failed accept, which is mostly a lack of descriptors that only time heals.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Accepts connections for ever.
pub(crate) async fn accept(shared: Arc<Shared>, listener: TcpListener, transport: Transport) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => accepted(&shared, stream, transport, remote),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

fn accepted(shared: &Arc<Shared>, stream: TcpStream, transport: Transport, remote: SocketAddr) {
    let (now, roll) = (shared.guard.now(), &shared.guard.roll);
    if roll.keeps_out(now, remote.ip()) {
        count(&shared.counters.guard_banned);
        return;
    }
    // Carriers may open many before they have said anything, and a phone comes back while strangers are many.
    let address = match remote.ip() {
        listed if roll.has(now, &Entry::trunk(listed)) => Address::Listed,
        familiar if roll.has(now, &Entry::known(familiar)) => Address::Familiar,
        _strange => Address::Strange,
    };
    let Some(opened) = shared.table.accept(transport, remote, address) else {
        count(&shared.counters.tcp_refused);
        return;
    };
    if opened.instead {
        count(&shared.counters.tcp_displaced);
    }
    count(&shared.counters.tcp_accepted);
    tokio::spawn(connection::run(Arc::clone(shared), stream, opened));
}

/// Opens the connection that was entered in the table, then serves it.
pub(crate) async fn open(shared: Arc<Shared>, opened: Opened, from: Option<SocketAddr>) {
    let connecting = connect(opened.key.way.remote, from);
    let result = tokio::time::timeout(shared.table.limits().connect, connecting).await;
    match result.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => {
            count(&shared.counters.tcp_opened);
            connection::run(shared, stream, opened).await;
        }
        Err(error) => {
            count(&shared.counters.tcp_connect_errors);
            tracing::debug!(remote = %opened.key.way.remote, %error, "a connection could not be opened");
            connection::end(&shared, opened, None).await;
        }
    }
}

async fn connect(remote: SocketAddr, from: Option<SocketAddr>) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(from) = from {
        socket.bind(from)?;
    }
    let stream = socket.connect(remote).await?;
    socket::tune(&stream);
    Ok(stream)
}
