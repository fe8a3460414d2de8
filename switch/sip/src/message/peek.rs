use super::header::name_addr::tag_of;
use super::name::{Header, find};
use super::octets::starts_with_ignoring_case;
use super::scan::PhysicalLines;

/// What the network thread needs to choose a shard, or to shed load, without reading a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peek<'a> {
    /// The method's text; `None` for a response.
    pub method: Option<&'a [u8]>,
    /// The first Call-ID, without blanks around it.
    pub call_id: &'a [u8],
    /// Whether the To has a tag, that is: the message belongs to a dialog.
    pub has_to_tag: bool,
}

impl Peek<'_> {
    /// Whether this is a request of this method.
    #[must_use]
    pub fn is(&self, method: &str) -> bool {
        self.method == Some(method.as_bytes())
    }
}

/// Looks at an unread message. `None` when it has no Call-ID or no start line: nothing to route.
/// A folded Call-ID (its value on the next line) is found too.
#[must_use]
pub fn peek(data: &[u8]) -> Option<Peek<'_>> {
    let skipped = data.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2;
    let data = data.get(skipped..)?;
    let mut lines = PhysicalLines { data, at: 0 };
    let first = lines.next()?;
    let start_line = data.get(first.start..first.end)?;
    let method = match starts_with_ignoring_case(start_line, b"SIP/") {
        true => None,
        false => Some(start_line.get(..start_line.iter().position(|byte| *byte == b' ')?)?),
    };
    let (mut call_id, mut has_to_tag) = (None, None);
    let mut lines = lines.take_while(|line| line.start != line.end).peekable();
    while let Some(line) = lines.next() {
        let mut end = line.end;
        while let Some(fold) = lines.next_if(|next| matches!(data.get(next.start), Some(b' ' | b'\t'))) {
            end = fold.end;
        }
        let Some((name, value)) = data.get(line.start..end).and_then(split_name) else { continue };
        let id = find(name);
        if call_id.is_none() && id == Header::CallId.id() {
            call_id = Some(value.trim_ascii());
        } else if has_to_tag.is_none() && id == Header::To.id() {
            has_to_tag = Some(tag_of(&String::from_utf8_lossy(value).replace(['\r', '\n'], " ")).is_some());
        }
        if call_id.is_some() && has_to_tag.is_some() {
            break;
        }
    }
    Some(Peek { method, call_id: call_id?, has_to_tag: has_to_tag.unwrap_or(false) })
}

fn split_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    Some((line.get(..colon)?.trim_ascii_end(), line.get(colon + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peek_sees_method_call_and_dialog() {
        let peeked =
            peek(b"\r\nBYE sip:h SIP/2.0\r\nt: <sip:a@h>\r\n ;tag=1\r\ni :\r\n a@b \r\n\r\nCall-ID: no")
                .unwrap();
        assert!(peeked.is("BYE") && peeked.has_to_tag);
        assert_eq!(peeked.call_id, b"a@b");
        let peeked = peek(b"SIP/2.0 200 OK\r\nCall-ID: x\r\nTo: sip:a@h\r\n\r\n").unwrap();
        assert_eq!((peeked.method, peeked.has_to_tag), (None, false));
    }

    #[test]
    fn keep_alives_and_noise_are_nothing_to_route() {
        for noise in [&b""[..], b"\r\n\r\n", b"\0\0\0\0", b"BYE", b"BYE sip:h SIP/2.0\r\n\r\nCall-ID: body"] {
            assert_eq!(peek(noise), None);
        }
    }
}
