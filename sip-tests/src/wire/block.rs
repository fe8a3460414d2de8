//! Addresses and ports of one test, so that tests can run beside each other.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Blocks that there are; each has 300 UDP ports for media between 20000 and 29999.
const BLOCKS: u8 = 33;
const MEDIA_PORTS: u16 = 300;
/// Whoever listens here has the block.
const CLAIM: u16 = 9_999;
const FIRST_PORT_V6: u16 = 6_000;

/// 127.7.N.0/24, some media ports and a folder, ours until dropped.
#[derive(Debug)]
pub struct Block {
    number: u8,
    folder: PathBuf,
    _claim: TcpListener,
}

impl Block {
    /// Takes the first block that no other test has.
    ///
    /// # Panics
    /// When all are taken or the temporary folder cannot be written.
    pub fn claim() -> Self {
        let (number, claim) = (0..BLOCKS)
            .find_map(|number| Some((number, TcpListener::bind((ip(number, 254), CLAIM)).ok()?)))
            .expect("a free block of addresses");
        let folder = std::env::temp_dir().join(format!("tandem-wire-{}-{number}", std::process::id()));
        drop(fs::remove_dir_all(&folder)); // of an earlier process with the same id
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        Self { number, folder, _claim: claim }
    }

    /// The address with this last octet: 1 is the switch.
    pub fn ip(&self, host: u8) -> IpAddr {
        ip(self.number, host)
    }

    /// The same with a port.
    pub fn at(&self, host: u8, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip(host), port)
    }

    /// An address on `::1`, which has no block of its own: a port of this block, `host` below 16.
    pub fn at6(&self, host: u8) -> SocketAddr {
        let port = FIRST_PORT_V6 + u16::from(self.number) * 16 + u16::from(host);
        SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port)
    }

    /// The switch's media ports as its configuration writes them.
    pub fn media_ports(&self) -> String {
        let first = 20_000 + u16::from(self.number) * MEDIA_PORTS;
        format!("{first}-{}", first + MEDIA_PORTS - 1)
    }

    /// A folder that goes when the block does.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // A failed test's folder stays for whoever looks into it.
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

fn ip(block: u8, host: u8) -> IpAddr {
    Ipv4Addr::new(127, 7, block, host).into()
}
