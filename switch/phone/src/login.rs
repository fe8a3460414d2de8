//! The secrets of phones: what opens the folder of their settings, and the password they register with.
//!
//! Nothing of it is kept: every secret is derived from one key of the node, the phone's address and its generation, so
//! that a higher generation ends all that were given out before.

use hmac::{Hmac, KeyInit as _, Mac as _};
use provision::{Directory, Phone};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Characters of a derived secret: five bits each, so 120 bits.
const SECRET_CHARS: usize = 24;
/// Digits and letters that nobody takes for one another (RFC 4648 §6), in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// What stands between extension and address in the name that a phone logs in with; no extension holds it.
const JOINT: char = '~';

/// The node's key for phones. A secret.
#[derive(Clone)]
pub struct PhoneKey([u8; 32]);

/// What somebody logs in with who is a phone: the station of one of its lines, and the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginName<'a> {
    /// The extension.
    pub extension: &'a str,
    /// The phone's address.
    pub mac: &'a str,
}

impl PhoneKey {
    /// A key of 256 random bits.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The part of the address under which a phone finds its files.
    #[must_use]
    pub fn folder(&self, phone: &Phone) -> String {
        self.derive(&["folder", phone.mac.as_str()], phone.generation)
    }

    /// The SIP password of a line.
    #[must_use]
    pub fn password(&self, phone: &Phone, extension: &str) -> String {
        self.derive(&["line", phone.mac.as_str(), extension], phone.generation)
    }

    /// The phone of this address whose folder `secret` opens. An address that nobody has takes the same steps.
    #[must_use]
    pub fn opens<'a>(&self, directory: &'a Directory, mac: &str, secret: &str) -> Option<&'a Phone> {
        let phone = directory.phones.get(mac);
        let right = self.derive(&["folder", mac], phone.map_or(0, |phone| phone.generation));
        let fits: bool = right.as_bytes().ct_eq(secret.as_bytes()).into();
        phone.filter(|_| fits)
    }

    /// The SIP password that goes with a name, and whether there is such a phone with such a line. A name that nobody
    /// has takes the same steps.
    #[must_use]
    pub fn login(&self, directory: &Directory, name: LoginName<'_>) -> (String, bool) {
        let phone = directory.phones.get(name.mac);
        let password =
            self.derive(&["line", name.mac, name.extension], phone.map_or(0, |phone| phone.generation));
        let has_line = phone.is_some_and(|phone| phone.stations.iter().any(|it| it == name.extension));
        (password, has_line)
    }

    /// Parts are told apart by their lengths, so that no two lists of them are the same text.
    fn derive(&self, parts: &[&str], generation: u32) -> String {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        hmac.update(&generation.to_be_bytes());
        let letters = hmac.finalize().into_bytes();
        letters.iter().take(SECRET_CHARS).map(|octet| char::from(ALPHABET[usize::from(octet % 32)])).collect()
    }
}

impl std::fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneKey(…)")
    }
}

impl<'a> LoginName<'a> {
    /// Takes a digest user name apart; `None` for one that is no phone's.
    #[must_use]
    pub fn parse(username: &'a str) -> Option<Self> {
        username.split_once(JOINT).map(|(extension, mac)| Self { extension, mac })
    }

    /// The name that a phone logs in with on a line.
    #[must_use]
    pub fn of(phone: &Phone, extension: &str) -> String {
        format!("{extension}{JOINT}{}", phone.mac)
    }
}

/// The extension that a digest user name stands for, whether a phone's or a station's own.
#[must_use]
pub fn extension_of(username: &str) -> &str {
    LoginName::parse(username).map_or(username, |name| name.extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> (PhoneKey, Directory, Phone) {
        let stations = vec!["1001".to_owned()];
        let phone = Phone { stations, ..Phone::with_mac("805ec0123456".parse().unwrap()) };
        let mut directory = Directory::default();
        directory.phones.insert(phone.mac.to_string(), phone.clone());
        (PhoneKey::new([7; 32]), directory, phone)
    }

    /// Issue row "Provisioning": per-device secrets.
    #[test]
    fn every_phone_line_and_generation_has_a_secret_of_its_own() {
        let (key, directory, phone) = setup();
        let rotated = Phone { generation: 1, ..phone.clone() };
        let other = Phone { mac: "805ec0123457".parse().unwrap(), ..phone.clone() };
        let secrets = [
            key.folder(&phone),
            key.folder(&rotated),
            key.folder(&other),
            key.password(&phone, "1001"),
            key.password(&phone, "1002"),
            key.password(&rotated, "1001"),
            PhoneKey::new([8; 32]).folder(&phone),
        ];
        for (at, secret) in secrets.iter().enumerate() {
            assert_eq!(secret.len(), SECRET_CHARS);
            assert!(!secrets[..at].contains(secret));
        }
        let opened = |mac: &str, secret: &str| key.opens(&directory, mac, secret).is_some();
        assert!(opened("805ec0123456", &key.folder(&phone)));
        assert!(!opened("805ec0123456", &key.folder(&rotated)) && !opened("805ec0123456", ""));
        assert!(!opened("805ec0123457", &key.folder(&other)), "nobody has that phone");
    }

    #[test]
    fn a_phone_logs_in_on_its_own_lines_alone() {
        let (key, directory, phone) = setup();
        let name = LoginName::of(&phone, "1001");
        assert_eq!(
            (name.as_str(), extension_of(&name), extension_of("1001")),
            ("1001~805ec0123456", "1001", "1001")
        );
        let name = LoginName::parse(&name).unwrap();
        assert_eq!(key.login(&directory, name), (key.password(&phone, "1001"), true));
        assert!(!key.login(&directory, LoginName { extension: "1002", ..name }).1);
        assert!(!key.login(&directory, LoginName { mac: "805ec0123457", ..name }).1);
        assert_eq!(LoginName::parse("1001"), None);
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", PhoneKey::new([7; 32])), "PhoneKey(…)");
    }
}
