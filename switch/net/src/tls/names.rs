//! For whom a certificate speaks: SIP domain identity (RFC 5922 §7).

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The domains and addresses a certificate speaks for, in lower case; none when it cannot be read.
///
/// Only its subjectAltName counts: the URIs `sip:DOMAIN`, and where there is none of those its DNS names; besides
/// them its addresses. The common name is no identity, a wildcard stands for nobody (§7.2), and neither does a
/// name with a character that no host has.
pub(crate) fn identities(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = &names.value.general_names;
    let mut found: Vec<String> = names.iter().filter_map(of_uri).collect();
    if found.is_empty() {
        found = names.iter().filter_map(of_dns).collect();
    }
    found.extend(names.iter().filter_map(of_address));
    found
}

fn of_uri(name: &GeneralName<'_>) -> Option<String> {
    let GeneralName::URI(uri) = name else { return None };
    let (scheme, domain) = uri.split_once(':')?;
    scheme.eq_ignore_ascii_case("sip").then(|| host(domain))?
}

fn of_dns(name: &GeneralName<'_>) -> Option<String> {
    let GeneralName::DNSName(name) = name else { return None };
    host(name)
}

fn of_address(name: &GeneralName<'_>) -> Option<String> {
    let GeneralName::IPAddress(octets) = name else { return None };
    let ip = match octets.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(*octets).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(*octets).ok()?),
        _ => return None,
    };
    Some(ip.to_string())
}

/// A host name as it is compared. What has any other character, a NUL or a `*` say, is none.
fn host(text: &str) -> Option<String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
    let name = text.strip_suffix('.').unwrap_or(text);
    (!name.is_empty() && name.bytes().all(fits)).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn found(sans: Vec<SanType>) -> Vec<String> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "cn.example");
        params.subject_alt_names = sans;
        let key = KeyPair::generate().unwrap();
        identities(params.self_signed(&key).unwrap().der())
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().unwrap())
    }

    fn uri(name: &str) -> SanType {
        SanType::URI(name.try_into().unwrap())
    }

    #[test]
    fn a_sip_uri_stands_before_dns_names_and_addresses_stand_beside_them() {
        let address = SanType::IpAddress("192.0.2.7".parse().unwrap());
        assert_eq!(
            found(vec![dns("a.example"), uri("SIP:B.Example"), address.clone()]),
            ["b.example", "192.0.2.7"]
        );
        assert_eq!(
            found(vec![dns("A.example."), dns("c.example"), address]),
            ["a.example", "c.example", "192.0.2.7"]
        );
    }

    #[test]
    fn other_schemes_users_and_ports_are_no_domain() {
        let wrong =
            ["sips:a.example", "http://a.example", "sip:user@a.example", "sip:a.example:5061", "sip:"];
        assert_eq!(found(wrong.map(uri).to_vec()), [""; 0]);
    }

    /// RFC 5922 §7.2; AST-2015-003.
    #[test]
    fn wildcards_names_with_nul_and_the_common_name_speak_for_nobody() {
        assert_eq!(found(vec![dns("*.example"), dns("a.example\0.evil.example")]), [""; 0]);
        assert_eq!(found(vec![]), [""; 0]);
    }

    #[test]
    fn octets_that_are_no_certificate_speak_for_nobody() {
        assert_eq!(identities(&CertificateDer::from(vec![0x30, 0x82])), [""; 0]);
    }
}
