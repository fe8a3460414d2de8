//! The least HTTP client that can ask the API.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Asks one server, with one token.
#[derive(Clone, Debug)]
pub struct Http {
    server: SocketAddr,
    token: String,
}

impl Http {
    /// A client that has not connected; each question has its own connection.
    pub fn new(server: SocketAddr, token: &str) -> Self {
        Self { server, token: token.to_owned() }
    }

    /// The status and the body of a GET.
    ///
    /// # Errors
    /// No connection, or no HTTP answer in time.
    pub fn get(&self, path: &str) -> io::Result<(u16, String)> {
        self.ask("GET", path)
    }

    /// The status and the body of a request without a body.
    ///
    /// # Errors
    /// No connection, or no HTTP answer in time.
    pub fn ask(&self, method: &str, path: &str) -> io::Result<(u16, String)> {
        self.send(method, path, &[])
    }

    /// The same of a request with one.
    ///
    /// # Errors
    /// No connection, or no HTTP answer in time.
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> io::Result<(u16, String)> {
        let (status, body) = self.exchange(method, path, "", body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The status and the body of a POST of JSON.
    ///
    /// # Errors
    /// No connection, or no HTTP answer in time.
    pub fn post(&self, path: &str, body: &Value) -> io::Result<(u16, String)> {
        let kind = "Content-Type: application/json\r\n";
        let (status, body) = self.exchange("POST", path, kind, body.to_string().as_bytes())?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The status and the octets of a GET, of a `range` such as `0-99` or of all.
    ///
    /// # Errors
    /// No connection, or no HTTP answer in time.
    pub fn octets(&self, path: &str, range: Option<&str>) -> io::Result<(u16, Vec<u8>)> {
        let range = range.map(|range| format!("Range: bytes={range}\r\n")).unwrap_or_default();
        self.exchange("GET", path, &range, &[])
    }

    fn exchange(&self, method: &str, path: &str, more: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect_timeout(&self.server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let authorization = match self.token.as_str() {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let (host, length) = (self.server, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{authorization}{more}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        )?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let body = head.and_then(|head| Some(answer.get(head + 4..)?.to_vec()));
        status.zip(body).ok_or_else(|| io::Error::other("no HTTP answer"))
    }

    /// The JSON behind `path`.
    ///
    /// # Panics
    /// When the answer is not 200 with JSON.
    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert_eq!(status, 200, "GET {path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("GET {path}: {error} in {body:?}"))
    }

    /// All items of a list, page after page.
    ///
    /// # Panics
    /// As [`Self::json`].
    pub fn items(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let sign = if path.contains('?') { '&' } else { '?' };
        loop {
            let mut page = self.json(&format!("{path}{sign}limit=100{cursor}"));
            items.extend(page["items"].as_array_mut().into_iter().flat_map(std::mem::take));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
