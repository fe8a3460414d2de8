//! A whole body.

use std::fmt;

use crate::address::{Host, Origin, read_connection};
use crate::attributes::{self, Line};
use crate::media::{Direction, Media};

/// A session description: the session's lines and its streams, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdp {
    pub(crate) session: Vec<Line>,
    pub(crate) media: Vec<Media>,
}

impl Sdp {
    /// The body as it goes into a message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// `o=`, if it stands there and reads.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'_>> {
        Origin::read(self.session_line('o')?)
    }

    /// The session's own `c=`.
    #[must_use]
    pub fn connection(&self) -> Option<Host> {
        read_connection(self.session_line('c')?)
    }

    /// Where a stream is: its own `c=`, else the session's.
    #[must_use]
    pub fn connection_of(&self, media: &Media) -> Option<Host> {
        media.connection().or_else(|| self.connection())
    }

    /// Which way a stream flows as written: its own attribute, else the session's, else both ways.
    #[must_use]
    pub fn written_direction_of(&self, media: &Media) -> Direction {
        media.direction().or_else(|| Direction::in_lines(&self.session)).unwrap_or(Direction::SendRecv)
    }

    /// Which way a stream really flows: hold by address 0.0.0.0 is taken for hold by attribute
    /// (RFC 3264 §8.4), a refused stream is inactive.
    #[must_use]
    pub fn direction_of(&self, media: &Media) -> Direction {
        let written = self.written_direction_of(media);
        let reachable = self.connection_of(media).is_none_or(|host| !host.is_unspecified());
        let open = media.port != 0;
        written.and(Direction::from_flags(open, open && reachable))
    }

    /// The streams in order.
    #[must_use]
    pub fn media(&self) -> &[Media] {
        &self.media
    }

    /// The first stream that Tandem can anchor.
    #[must_use]
    pub fn audio(&self) -> Option<&Media> {
        self.media.iter().find(|media| media.is_usable_audio())
    }

    /// Which way the anchored stream flows; inactive when there is none. Anything but `SendRecv` is a hold.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.audio().or_else(|| self.fax()).map_or(Direction::Inactive, |stream| self.direction_of(stream))
    }

    /// The value of the session's first attribute of that name; empty for a flag.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attributes::attribute(&self.session, name)
    }

    /// Numbers this body after `previous`, the last one sent in the same dialog: same session id, and a
    /// version one higher, or the same one when nothing else changed (RFC 3264 §8).
    pub fn number_after(&mut self, previous: &Self) {
        let Some(before) = previous.origin() else { return };
        let Ok(version) = before.version.parse::<u64>() else { return };
        let session_id = before.session_id.to_owned();
        self.renumber(&session_id, version);
        if self != previous {
            self.renumber(&session_id, version.saturating_add(1));
        }
    }

    /// Appends the streams that `longer` has and this body has not, refused: `m=` lines never go away
    /// within a dialog (RFC 3264 §8), and an answer has as many as its offer (§6).
    pub fn pad_like(&mut self, longer: &Self) {
        for media in longer.media.iter().skip(self.media.len()) {
            let mut refused = media.clone();
            refused.refuse();
            self.media.push(refused);
        }
    }

    pub(crate) fn audio_mut(&mut self) -> Option<&mut Media> {
        self.media.iter_mut().find(|media| media.is_usable_audio())
    }

    /// Puts a session line in place of the first of its kind (dropping further ones), else where RFC 8866 §5
    /// wants it: before the first line of a kind in `followers`.
    pub(crate) fn set_session_line(&mut self, kind: char, value: String, followers: &str) {
        let at = self.session.iter().position(|line| line.kind == kind);
        self.session.retain(|line| line.kind != kind);
        let at = at.unwrap_or_else(|| {
            let next = self.session.iter().position(|line| followers.contains(line.kind));
            next.unwrap_or(self.session.len())
        });
        self.session.insert(at.min(self.session.len()), Line::new(kind, value));
    }

    fn session_line(&self, kind: char) -> Option<&str> {
        self.session.iter().find(|line| line.kind == kind).map(|line| line.value.as_str())
    }

    fn renumber(&mut self, session_id: &str, version: u64) {
        let Some(origin) = self.session.iter_mut().find(|line| line.kind == 'o') else { return };
        let mut fields: Vec<&str> = origin.value.split_ascii_whitespace().collect();
        let version = version.to_string();
        if let [_user, id, number, ..] = fields.as_mut_slice() {
            *id = session_id;
            *number = &version;
        }
        origin.value = fields.join(" ");
    }
}

impl fmt::Display for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session.iter().try_for_each(|line| line.fmt(f))?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(text: &str) -> Sdp {
        Sdp::parse(text.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    const PHONE: &str = "v=0\no=- 7 7 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\na=sendonly\n\
        m=audio 4000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=x-unknown:1\n\
        m=video 4002 RTP/AVP 31\nc=IN IP6 2001:db8::2\na=inactive\n";

    #[test]
    fn a_body_prints_as_it_was_read() {
        assert_eq!(sdp(PHONE).to_string(), PHONE.replace('\n', "\r\n"));
    }

    #[test]
    fn a_stream_falls_back_to_the_session_for_address_and_direction() {
        let body = sdp(PHONE);
        let [audio, video] = body.media() else { panic!("two streams") };
        assert_eq!(body.written_direction_of(audio), Direction::SendOnly);
        assert_eq!(body.written_direction_of(video), Direction::Inactive);
        assert_eq!(body.connection_of(audio), Some(Host::Ip("192.0.2.1".parse().unwrap())));
        assert_eq!(body.connection_of(video), Some(Host::Ip("2001:db8::2".parse().unwrap())));
        assert_eq!(audio.attribute("x-unknown"), Some("1"));
    }

    #[test]
    fn the_address_zero_is_a_hold() {
        let held = sdp(&PHONE.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0").replace("a=sendonly\n", ""));
        assert_eq!(held.direction(), Direction::SendOnly);
    }

    #[test]
    fn the_version_rises_only_when_the_body_changes() {
        let first = sdp(PHONE);
        let mut same = sdp(&PHONE.replace("o=- 7 7", "o=- 1 1"));
        same.number_after(&first);
        assert_eq!(same.origin().unwrap().version, "7");
        let mut changed = sdp(&PHONE.replace("4000", "4010"));
        changed.number_after(&first);
        assert_eq!(changed.origin().unwrap().version, "8");
    }
}
