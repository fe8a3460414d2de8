//! Other protocols, known by their first octets.

/// What a client speaks where SIP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alien {
    /// HTTP, which has an answer for it.
    Http,
    /// TLS, or anything else that begins with what begins no message.
    Other,
}

/// The answer to HTTP.
pub(crate) const NO_HTTP: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Methods of HTTP that are none of SIP.
const HTTP: [&[u8]; 9] =
    [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"CONNECT ", b"PATCH ", b"TRACE ", b"PRI "];

/// Judges the first octets of a stream. A method that comes in pieces shows itself at its line's end.
pub(crate) fn alien(first: &[u8]) -> Option<Alien> {
    if HTTP.iter().any(|method| first.starts_with(method)) {
        return Some(Alien::Http);
    }
    let token = |octet: &u8| octet.is_ascii_alphanumeric() || b"-.!%*_+`'~\r\n".contains(octet);
    first.first().is_some_and(|octet| !token(octet)).then_some(Alien::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_tls_and_noise_are_told_from_sip() {
        assert_eq!(alien(b"GET / HTTP/1.1\r\n"), Some(Alien::Http));
        assert_eq!(alien(b"PRI * HTTP/2.0\r\n"), Some(Alien::Http));
        for other in [&b"\x16\x03\x01\x02\x00"[..], b"\x80\x2e", b"\0", b" INVITE"] {
            assert_eq!(alien(other), Some(Alien::Other), "{other:?}");
        }
        for sip in [&b"OPTIONS sip:a SIP/2.0"[..], b"SIP/2.0 200 OK", b"\r\n\r\n", b"GETX sip:a", b""] {
            assert_eq!(alien(sip), None, "{sip:?}");
        }
    }
}
