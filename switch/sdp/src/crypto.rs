//! `a=crypto` lines (RFC 4568, RFC 7714 §14.1): how a stream may be secured, and with which key.

use base::limits::CRYPTO_LINES;
use base::media::{MasterKey, StreamKeys, Suite};

use crate::attributes::Line;
use crate::base64;
use crate::media::Media;

/// The tags that the grammar allows (RFC 4568 §9.1).
const TAG_DIGITS: usize = 9;
/// Octets of the longest key identifier (RFC 4568 §6.1).
const MKI_OCTETS: u8 = 128;

/// One way to secure a stream: a suite, and the key of whoever wrote the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Which of the lines of one offer; an answer repeats it.
    pub tag: u32,
    /// How.
    pub suite: Suite,
    /// With which key its writer protects.
    pub key: MasterKey,
    /// Octets of the key's identifier in the writer's packets; 0 for none.
    pub mki_octets: u8,
}

impl Crypto {
    /// Reads the value of a line; `None` when it is one that we do not speak: another suite, several keys, or a
    /// parameter that must be understood and is not (RFC 4568 §6.3).
    fn read(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let (tag, suite, keys) = (fields.next()?, fields.next()?, fields.next()?);
        let digits = tag.len() <= TAG_DIGITS && tag.bytes().all(|digit| digit.is_ascii_digit());
        let tag = tag.parse().ok().filter(|_| digits)?;
        let suite = Suite::named(suite)?;
        let (key, mki_octets) = read_key(suite, keys)?;
        fields.all(is_harmless).then_some(Self { tag, suite, key, mki_octets })
    }

    fn line(&self) -> Line {
        let key = base64::encode(self.key.octets());
        Line::new('a', format!("crypto:{} {} inline:{key}", self.tag, self.suite.name()))
    }
}

/// `inline:` key and salt, then perhaps a lifetime and an identifier of the key (RFC 4568 §6.1). The lifetime is for
/// its writer to keep.
fn read_key(suite: Suite, field: &str) -> Option<(MasterKey, u8)> {
    let (method, info) = field.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || info.contains(';') {
        return None;
    }
    let mut parts = info.split('|');
    let key = MasterKey::new(suite, &base64::decode(parts.next()?)?)?;
    let mut mki_octets = 0;
    for (at, part) in parts.enumerate() {
        match part.split_once(':') {
            Some((number, octets)) if number.bytes().all(|digit| digit.is_ascii_digit()) => {
                mki_octets = octets.parse().ok().filter(|octets| (1..=MKI_OCTETS).contains(octets))?;
            }
            None if at == 0 && is_lifetime(part) => {}
            Some(_) | None => return None,
        }
    }
    Some((key, mki_octets))
}

fn is_lifetime(part: &str) -> bool {
    let digits = part.strip_prefix("2^").unwrap_or(part);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// A hint of the writer's replay window, or what its writer says may be passed over (RFC 4568 §6.3.6, §6.3.7).
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))
}

impl Media {
    /// The ways to secure it that we speak, in order.
    pub fn cryptos(&self) -> impl Iterator<Item = Crypto> {
        let lines = self.attributes().filter(|(name, _)| name.eq_ignore_ascii_case("crypto"));
        lines.take(CRYPTO_LINES).filter_map(|(_, value)| Crypto::read(value?))
    }

    /// Whether its transport is SRTP by name. One of plain RTP may be secured all the same (RFC 8643).
    #[must_use]
    pub fn is_srtp(&self) -> bool {
        ["RTP/SAVP", "RTP/SAVPF"].iter().any(|proto| self.proto.eq_ignore_ascii_case(proto))
    }

    pub(crate) fn set_cryptos(&mut self, cryptos: &[Crypto]) {
        self.lines.retain(|line| !line.is_attribute("crypto"));
        self.lines.extend(cryptos.iter().map(Crypto::line));
    }
}

/// The keys that both halves of a negotiation agree on: lines of one tag and suite. `None` for a plain stream.
pub(crate) fn agreed(theirs: &Media, ours: &Media) -> Option<StreamKeys> {
    let of_us: Vec<Crypto> = ours.cryptos().collect();
    let (we, they) = theirs.cryptos().find_map(|they| {
        let we = of_us.iter().find(|we| (we.tag, we.suite) == (they.tag, they.suite))?;
        Some((we, they))
    })?;
    Some(StreamKeys {
        send: (we.suite, we.key.clone()),
        receive: (they.suite, they.key),
        mki_octets: they.mki_octets,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Sdp;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    fn read(value: &str) -> Option<Crypto> {
        Crypto::read(value)
    }

    /// RFC 4568 §5.1 and §6.1.
    #[test]
    fn lines_as_phones_write_them_are_read() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4");
        let crypto = read(&line).unwrap();
        assert_eq!((crypto.tag, crypto.suite, crypto.mki_octets), (1, Suite::AesCm128Sha1_80, 4));
        assert_eq!(crypto.key.octets().len(), 30);
        for like in [
            format!("1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}"),
            format!("000000001 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^48"),
            format!("2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576 WSH=60"),
            format!("2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:1 -SOME_HINT=x"),
            "3 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0OD1F1aWQgcHJvIHF1bw==".to_owned(),
        ] {
            assert!(read(&like).is_some(), "{like}");
        }
    }

    #[test]
    fn lines_that_we_do_not_speak_are_passed_over() {
        for unlike in [
            format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{}", &KEY[..36]),
            format!("1 AEAD_AES_256_GCM inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:0"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:129"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|soon"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1"),
            format!("x AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            "1 AES_CM_128_HMAC_SHA1_80".to_owned(),
        ] {
            assert_eq!(read(&unlike), None, "{unlike}");
        }
    }

    #[test]
    fn keys_never_print_for_people() {
        let body = format!(
            "v=0\nk=clear:geheim\nm=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\n"
        );
        let body = Sdp::parse(body.as_bytes()).unwrap();
        let printed = format!("{body:?} {:?}", body.media()[0].cryptos().next());
        assert!(!printed.contains(&KEY[..8]) && !printed.contains("geheim"), "{printed}");
    }

    proptest! {
        #[test]
        fn no_line_panics(value in "[0-9]{0,10} (AES_CM_128_HMAC_SHA1_80|AEAD_AES_256_GCM|.{0,9}) (inline:[A-Za-z0-9+/=]{0,64}[|;:^0-9]{0,9}|.{0,30})( .{0,9})?") {
            if let Some(first) = read(&value) {
                let line = first.line();
                let again = read(line.value.strip_prefix("crypto:").unwrap()).unwrap();
                prop_assert_eq!((again.tag, again.suite, again.key), (first.tag, first.suite, first.key));
            }
        }
    }
}
