//! The answer to a phone that keeps its flow alive over UDP (RFC 5626 §4.4.2, RFC 5389 §7.3.1).

use std::net::{IpAddr, SocketAddr};

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0, 0x20];

/// Whether these octets are STUN, not SIP (RFC 5389 §6).
pub(crate) fn is_stun(data: &[u8]) -> bool {
    data.first().is_some_and(|first| *first < 4) && data.get(4..8) == Some(&COOKIE)
}

/// The answer to a binding request: the address it came from, and nothing else. `None` for anything that is no whole
/// binding request; attributes are not read.
pub(crate) fn answer(data: &[u8], remote: SocketAddr) -> Option<Vec<u8>> {
    let length = data.len().checked_sub(HEADER).and_then(|length| u16::try_from(length).ok())?;
    if !is_stun(data) || !data.starts_with(&BINDING_REQUEST) || data.get(2..4)? != length.to_be_bytes() {
        return None;
    }
    // What the address is hidden with: the cookie, and for IPv6 the transaction after it.
    let key = data.get(4..HEADER)?;
    let (family, address) = match remote.ip().to_canonical() {
        IpAddr::V4(ip) => (1_u8, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let hidden = |octets: &[u8]| octets.iter().zip(key).map(|(octet, key)| octet ^ key).collect::<Vec<u8>>();
    let size = u8::try_from(address.len() + 4).ok()?;
    let attribute = [
        &XOR_MAPPED_ADDRESS[..],
        &[0, size, 0, family],
        &hidden(&remote.port().to_be_bytes()),
        &hidden(&address),
    ];
    Some([&BINDING_SUCCESS[..], &[0, size + 4], key, &attribute.concat()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(length: u8, rest: &[u8]) -> Vec<u8> {
        [&BINDING_REQUEST[..], &[0, length], &COOKIE, &TRANSACTION, rest].concat()
    }

    /// The addresses of RFC 5769 §2.2 and §2.3.
    #[test]
    fn a_binding_request_is_told_where_it_came_from() {
        let four = answer(&request(0, &[]), "192.0.2.1:32853".parse().unwrap()).unwrap();
        assert_eq!(four[..4], [1, 1, 0, 12]);
        assert_eq!(four[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let six = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
        let six = answer(&request(4, &[0x80, 0x22, 0, 0]), six).unwrap();
        let hidden =
            [0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9];
        assert_eq!(six[24..28], [0, 2, 0xa1, 0x47]);
        assert_eq!(six[28..], hidden);
    }

    #[test]
    fn anything_else_gets_no_answer() {
        let from = "192.0.2.1:32853".parse().unwrap();
        let indication = [&[0, 0x11, 0, 0][..], &COOKIE, &TRANSACTION].concat();
        for odd in [request(4, &[]), request(0, &[1]), indication, request(0, &[])[..19].to_vec(), Vec::new()]
        {
            assert_eq!(answer(&odd, from), None, "{odd:?}");
        }
    }
}
