//! The request to become a WebSocket, and its answer (RFC 6455 §4.2, RFC 7118 §4).

use base::limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response};
use tokio_tungstenite::tungstenite::http::HeaderMap;

use super::Origins;

/// Octets of one read.
const READ: usize = 1_024;
const PROTOCOL: &str = "sip";

/// Why a request is refused: the status line's end, and a header that goes with it.
type Refusal = (&'static str, &'static str);

const BAD: Refusal = ("400 Bad Request", "");
const NO_PROTOCOL: Refusal = ("400 Bad Request", "Sec-WebSocket-Protocol: sip\r\n");
const WRONG_ORIGIN: Refusal = ("403 Forbidden", "");
const NO_GET: Refusal = ("405 Method Not Allowed", "Allow: GET\r\n");
const NO_UPGRADE: Refusal = ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
const TOO_LONG: Refusal = ("431 Request Header Fields Too Large", "");

/// Reads the request and answers it. The octets that came after it; `None` when it was refused or never ended.
pub(super) async fn answer<S>(stream: &mut S, origins: &Origins) -> Option<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (answer, rest) = match request(stream).await? {
        Ok((request, rest)) => (judge(&request, origins), rest),
        Err(refusal) => (Err(refusal), Vec::new()),
    };
    let (text, agreed) = match answer {
        Ok(accept) => (welcome(&accept), true),
        Err(refusal) => (refused(refusal), false),
    };
    stream.write_all(text.as_bytes()).await.ok()?; // a peer that is gone is no WebSocket
    stream.flush().await.ok()?;
    if !agreed {
        stream.shutdown().await.ok();
        return None;
    }
    Some(rest)
}

/// The whole request with what came after it; `None` when the peer is gone.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Result<(Request, Vec<u8>), Refusal>> {
    let mut read = Vec::with_capacity(READ);
    let mut part = [0; READ];
    loop {
        let octets = stream.read(&mut part).await.ok().filter(|octets| *octets > 0)?;
        read.extend_from_slice(part.get(..octets).unwrap_or_default());
        match Request::try_parse(&read) {
            Ok(Some((length, request))) => return Some(Ok((request, read.split_off(length)))),
            Ok(None) if read.len() > limits::UPGRADE_OCTETS => return Some(Err(TOO_LONG)),
            Ok(None) => {}
            Err(Error::Protocol(ProtocolError::WrongHttpMethod)) => return Some(Err(NO_GET)),
            Err(_no_http) => return Some(Err(BAD)),
        }
    }
}

/// The value of `Sec-WebSocket-Accept`, when all is well.
fn judge(request: &Request, origins: &Origins) -> Result<String, Refusal> {
    let headers = request.headers();
    let upgrades = words(headers, "upgrade").any(|word| word.eq_ignore_ascii_case("websocket"));
    if !upgrades || text(headers, "sec-websocket-version") != Some("13") {
        return Err(NO_UPGRADE);
    }
    if headers.get_all("origin").iter().count() > 1 {
        return Err(BAD);
    }
    let origin = headers.get("origin").map(|origin| origin.to_str().unwrap_or_default());
    if !origins.allow(origin, text(headers, "host")) {
        return Err(WRONG_ORIGIN);
    }
    if !words(headers, "sec-websocket-protocol").any(|word| word.eq_ignore_ascii_case(PROTOCOL)) {
        return Err(NO_PROTOCOL);
    }
    let response = create_response(request).map_err(|_wrong| BAD)?;
    text(response.headers(), "sec-websocket-accept").map(str::to_owned).ok_or(BAD)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok() // a value that is no text says nothing
}

fn words<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn welcome(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    )
}

fn refused((status, header): Refusal) -> String {
    format!("HTTP/1.1 {status}\r\n{header}Connection: close\r\nContent-Length: 0\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: pbx.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: sip\r\n\r\n";

    async fn said(request: &str) -> (String, Option<Vec<u8>>) {
        let (mut ours, mut theirs) = duplex(64 * 1_024);
        theirs.write_all(request.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let rest = answer(&mut ours, &Origins::default()).await;
        drop(ours);
        let mut said = String::new();
        theirs.read_to_string(&mut said).await.unwrap();
        (said.lines().next().unwrap_or_default().to_owned(), rest)
    }

    async fn status(request: &str) -> String {
        said(request).await.0.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// RFC 7118 §4.1.
    #[tokio::test]
    async fn a_good_request_is_agreed_to_and_what_follows_it_is_kept() {
        let (line, rest) = said(&format!("{GOOD}frame")).await;
        assert_eq!(line, "HTTP/1.1 101 Switching Protocols");
        assert_eq!(rest.as_deref(), Some(&b"frame"[..]));
        let several = GOOD.replace("Protocol: sip", "Protocol: xmpp, SIP");
        assert_eq!(status(&several).await, "101");
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_request_has_its_own_status() {
        let without = |header: &str| {
            GOOD.split_inclusive("\r\n").filter(|line| !line.starts_with(header)).collect::<String>()
        };
        for (request, expected) in [
            (without("Sec-WebSocket-Protocol"), "400"),
            (GOOD.replace("Protocol: sip", "Protocol: sipx"), "400"),
            (without("Upgrade"), "426"),
            (without("Sec-WebSocket-Version"), "426"),
            (without("Sec-WebSocket-Key"), "400"),
            (GOOD.replace("GET", "POST"), "405"),
            (GOOD.replace("Host:", "Origin: https://evil.example\r\nHost:"), "403"),
            (GOOD.replace("Host:", "Origin: file://pbx.example\r\nHost:"), "403"),
            (
                GOOD.replace("Host:", "Origin: https://pbx.example\r\nOrigin: https://evil.example\r\nHost:"),
                "400",
            ),
            ("OPTIONS sip:a SIP/2.0\r\n\r\n".to_owned(), "400"),
            ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), "400"),
            (format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(9_000)), "431"),
            ("X: y\r\n".repeat(200), "400"),
        ] {
            assert_eq!(status(&request).await, expected, "{request}");
        }
    }

    #[tokio::test]
    async fn a_peer_that_leaves_in_the_middle_gets_nothing() {
        for cut in [0, 1, 40, GOOD.len() - 1] {
            assert_eq!(said(&GOOD[..cut]).await, (String::new(), None));
        }
    }
}
