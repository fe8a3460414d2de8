//! `[mail]`: the server that takes notices of messages.

use std::fmt;

use super::error::ConfigError;
use super::read::Reader;

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailSecurity {
    /// STARTTLS, which the server must offer (RFC 3207).
    #[default]
    StartTls,
    /// TLS from the first octet (RFC 8314).
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

/// `[mail]`.
#[derive(Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// The server's name or address; `None` sends no mail.
    pub host: Option<String>,
    /// Its port, 1…65535.
    pub port: u16,
    /// How the way there is protected.
    pub security: MailSecurity,
    /// The user it knows us as; empty for none.
    pub user: String,
    /// That user's password. A secret.
    pub password: String,
    /// Who the mail is from.
    pub from: String,
}

impl MailConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let host = reader.optional("mail", "host", "a host name or an address", host)?.flatten();
        let choices =
            [("starttls", MailSecurity::StartTls), ("tls", MailSecurity::Tls), ("none", MailSecurity::None)];
        let security = reader.choice("mail", "security", &choices, MailSecurity::default())?;
        let usual = match security {
            MailSecurity::StartTls => 587,
            MailSecurity::Tls => 465,
            MailSecurity::None => 25,
        };
        let port = reader.number("mail", "port", 1..=65_535, usual)?;
        let allowed = "up to 256 characters, no control characters";
        let text = |value: &toml::Value| {
            let text = value.as_str().filter(|it| it.chars().count() <= 256)?;
            (!text.chars().any(char::is_control)).then(|| text.to_owned())
        };
        let user = reader.optional("mail", "user", allowed, text)?.unwrap_or_default();
        let password = reader.optional("mail", "password", allowed, text)?.unwrap_or_default();
        let allowed = "an address such as pbx@example.com, or Switchboard <pbx@example.com>";
        let from = reader.optional("mail", "from", allowed, |value| {
            let text = value.as_str()?;
            text.parse::<lettre::message::Mailbox>().ok().map(|_| text.to_owned())
        })?;
        Ok(Self {
            host,
            port: u16::try_from(port).unwrap_or(usual as u16),
            security,
            user,
            password,
            from: from.unwrap_or_else(|| "Tandem <tandem@localhost>".to_owned()),
        })
    }
}

fn host(value: &toml::Value) -> Option<Option<String>> {
    let text = value.as_str()?.trim();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    let host = Some(text.to_owned()).filter(|text| !text.is_empty());
    (text.len() <= 255 && text.bytes().all(fits)).then_some(host)
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
