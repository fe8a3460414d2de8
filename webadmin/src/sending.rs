//! A body that is read from a recording while it is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::ports::RecordingAudio;

/// Octets read at a time.
const READ_OCTETS: u64 = 65_536;

/// A part of a recording on its way. Files are read on threads that may wait.
pub(crate) struct Sending {
    audio: Arc<dyn RecordingAudio>,
    at: u64,
    end: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Sending {
    /// From `at` up to `end`.
    pub(crate) fn new(audio: Arc<dyn RecordingAudio>, at: u64, end: u64) -> Self {
        Self { audio, at, end, reading: None }
    }

    fn read(&self) -> JoinHandle<io::Result<Bytes>> {
        let (audio, at) = (Arc::clone(&self.audio), self.at);
        let length = usize::try_from((self.end - at).min(READ_OCTETS)).unwrap_or(0);
        tokio::task::spawn_blocking(move || {
            let mut octets = vec![0; length];
            let read = audio.read_at(at, &mut octets)?;
            octets.truncate(read);
            Ok(octets.into())
        })
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.at >= self.end {
            return Poll::Ready(None);
        }
        let mut reading = self.reading.take().unwrap_or_else(|| self.read());
        let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
            self.reading = Some(reading);
            return Poll::Pending;
        };
        let octets = match read.map_err(io::Error::other).flatten() {
            Ok(octets) if octets.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            octets => octets,
        };
        match &octets {
            Ok(octets) => self.at += octets.len() as u64,
            Err(error) => {
                tracing::error!(%error, "a recording cannot be read to its end");
                self.at = self.end;
            }
        }
        Poll::Ready(Some(octets.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}
