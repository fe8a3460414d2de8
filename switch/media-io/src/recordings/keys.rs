//! The keys of a node and of its tenants.
//!
//! `[recordings] key_file` holds the node's keys, one a line: a number, a space, 64 hexadecimal digits. The highest
//! number is in use, the others open what they have sealed. A tenant's keys lie below the folder of recordings, each
//! sealed by a key of the node, in files of their own that are never changed: `keys/TENANT-NUMBER.key`. A new key of
//! the node begets a new one of each tenant.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base::TenantId;

use super::cipher::{KEY_OCTETS, Key, NONCE_OCTETS, SealedKey, TAG_OCTETS, random};

/// Octets of a sealed key in a file: its nonce and what AES-GCM made of it.
const SEALED_OCTETS: usize = NONCE_OCTETS + KEY_OCTETS + TAG_OCTETS;
/// Octets of a key file at most.
const FILE_OCTETS: u64 = 65_536;

/// Where keys are found, and those of the node.
#[derive(Debug)]
pub(crate) struct Keys {
    folder: PathBuf,
    node: Vec<(u32, Key)>,
}

/// A tenant's key and its number.
#[derive(Clone, Debug)]
pub(crate) struct TenantKey {
    pub(crate) number: u32,
    pub(crate) key: Key,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is no key.
    #[error("{path}: line {line} is not a number, a space and 64 hexadecimal digits")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The key of the node that sealed it is gone, or the file was changed.
    #[error("{path}: sealed with a key that [recordings] key_file does not hold, or changed since")]
    Sealed {
        /// The file.
        path: PathBuf,
    },
}

impl Keys {
    /// Reads the node's keys; a file that does not exist is made, with one key.
    pub(crate) fn open(key_file: &Path, recordings: &Path) -> Result<Self, KeyError> {
        let node = match read_text(key_file) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                first_key(key_file)?
            }
            text => parse_keys(&text?, key_file)?,
        };
        Ok(Self { folder: recordings.join("keys"), node })
    }

    /// The key under which new recordings of a tenant are sealed; made when there is none under the newest of the node.
    pub(crate) fn newest_of(&self, tenant: TenantId) -> Result<TenantKey, KeyError> {
        let number = self.newest_number(tenant)?;
        if number > 0 {
            let (node, key) = self.read(tenant, number)?;
            if node == self.newest_node().0 {
                return Ok(TenantKey { number, key });
            }
        }
        self.make(tenant, number + 1)
    }

    /// A tenant's key by its number.
    pub(crate) fn of(&self, tenant: TenantId, number: u32) -> Result<Key, KeyError> {
        self.read(tenant, number).map(|(_node, key)| key)
    }

    fn newest_node(&self) -> &(u32, Key) {
        self.node.iter().max_by_key(|(number, _key)| *number).expect("a key file holds a key")
    }

    fn newest_number(&self, tenant: TenantId) -> Result<u32, KeyError> {
        let names = match fs::read_dir(&self.folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(source) => return Err(KeyError::Io { path: self.folder.clone(), source }),
        };
        let ours = format!("{}-", tenant.0);
        let number = |name: &str| name.strip_prefix(&ours)?.strip_suffix(".key")?.parse().ok();
        // An entry that cannot be read is not a key of ours.
        Ok(names
            .filter_map(Result::ok)
            .filter_map(|entry| number(entry.file_name().to_str()?))
            .max()
            .unwrap_or(0))
    }

    fn read(&self, tenant: TenantId, number: u32) -> Result<(u32, Key), KeyError> {
        let path = self.path(tenant, number);
        let text = read_text(&path)?;
        let sealed = || KeyError::Sealed { path: path.clone() };
        let (node, octets) = text.trim().split_once(' ').ok_or_else(sealed)?;
        let node: u32 = node.parse().map_err(|_not_a_number| sealed())?;
        let octets: [u8; SEALED_OCTETS] = from_hex(octets).ok_or_else(sealed)?;
        let (nonce, octets) = octets.split_at(NONCE_OCTETS);
        let key = SealedKey {
            nonce: nonce.try_into().expect("split there"),
            octets: octets.try_into().expect("split there"),
        };
        let (_number, outer) = self.node.iter().find(|(known, _key)| *known == node).ok_or_else(sealed)?;
        let key = outer.open_key(&key, &about(tenant, number)).map_err(|_not_genuine| sealed())?;
        Ok((node, key))
    }

    /// Of two threads that make one at a time, the second takes what the first has made.
    fn make(&self, tenant: TenantId, number: u32) -> Result<TenantKey, KeyError> {
        let path = self.path(tenant, number);
        let io = |source| KeyError::Io { path: path.clone(), source };
        let (node, outer) = self.newest_node();
        let sealed = outer.seal_key(&Key::fresh().map_err(io)?, &about(tenant, number)).map_err(io)?;
        let line = format!("{node} {}{}\n", to_hex(&sealed.nonce), to_hex(&sealed.octets));
        make_folder(&self.folder).map_err(io)?;
        let draft = self.folder.join(format!("{}.draft", to_hex(&random::<8>().map_err(io)?)));
        write_secret(&draft, line.as_bytes()).map_err(io)?;
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft).map_err(io)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
            Ok(()) | Err(_) => {}
        }
        sync_folder(&self.folder).map_err(io)?;
        self.read(tenant, number).map(|(_node, key)| TenantKey { number, key })
    }

    fn path(&self, tenant: TenantId, number: u32) -> PathBuf {
        self.folder.join(format!("{}-{number}.key", tenant.0))
    }
}

/// Makes a folder that only the node's own user can enter.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the names in a folder outlive a loss of power.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn first_key(path: &Path) -> Result<Vec<(u32, Key)>, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let key = Key::fresh().map_err(io)?;
    let line = format!("1 {}\n", to_hex(key.octets()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder).map_err(io)?;
    }
    write_secret(path, line.as_bytes()).map_err(io)?;
    Ok(vec![(1, key)])
}

fn write_secret(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

fn read_text(path: &Path) -> Result<String, KeyError> {
    use std::io::Read;
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).map_err(io)?.take(FILE_OCTETS).read_to_string(&mut text).map_err(io)?;
    Ok(text)
}

fn parse_keys(text: &str, path: &Path) -> Result<Vec<(u32, Key)>, KeyError> {
    let keys: Vec<_> = text
        .lines()
        .enumerate()
        .filter(|(_at, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            parse_key(line).ok_or_else(|| KeyError::Line { path: path.to_owned(), line: at + 1 })
        })
        .collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(KeyError::Line { path: path.to_owned(), line: 1 }) } else { Ok(keys) }
}

fn parse_key(line: &str) -> Option<(u32, Key)> {
    let (number, octets) = line.trim().split_once(' ')?;
    Some((number.parse().ok()?, Key::new(from_hex(octets.trim())?)))
}

fn about(tenant: TenantId, number: u32) -> Vec<u8> {
    format!("tandem recordings tenant {} key {number}", tenant.0).into_bytes()
}

pub(crate) fn to_hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        write!(text, "{octet:02x}").expect("a String takes all");
        text
    })
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut octets = [0; N];
    for (octet, digits) in octets.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(octets)
}
