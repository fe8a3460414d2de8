//! The whole pages at the front of an Ogg file (RFC 3533 §6) with one Opus stream.

/// Octets of a page before its segment table.
const PAGE_HEAD: usize = 27;

/// How far a file is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Octets of whole pages.
    pub(crate) octets: u64,
    /// The 48 kHz clock of the last, the pre-skip counted.
    position: u64,
    pre_skip: u64,
}

impl Whole {
    /// Samples of each channel at another rate.
    pub(crate) fn samples(self, hz: u32) -> u64 {
        self.position.saturating_sub(self.pre_skip) * u64::from(hz) / 48_000
    }
}

/// Reads pages until one is torn.
pub(crate) fn whole(file: &[u8]) -> Whole {
    let mut whole = Whole::default();
    while let Some((page, position)) = page(&file[whole.octets as usize..]) {
        if whole.octets == 0 {
            let at = PAGE_HEAD + 1 + 10;
            let skip = file.get(at..at + 2).and_then(|octets| octets.try_into().ok()).map(u16::from_le_bytes);
            whole.pre_skip = u64::from(skip.unwrap_or(0));
        }
        whole.octets += page as u64;
        whole.position = position;
    }
    whole
}

/// The length and clock of a page.
fn page(octets: &[u8]) -> Option<(usize, u64)> {
    let head = octets.get(..PAGE_HEAD).filter(|head| head.starts_with(b"OggS"))?;
    let position = u64::from_le_bytes(head.get(6..14)?.try_into().ok()?);
    let segments = usize::from(head[26]);
    let table = octets.get(PAGE_HEAD..PAGE_HEAD + segments)?;
    let length = PAGE_HEAD + segments + table.iter().map(|size| usize::from(*size)).sum::<usize>();
    (length <= octets.len()).then_some((length, position))
}
