//! Where a recording lies: `YYYY/MM/DD/CALL-RECORDING.wav` in UTC.

use std::path::{Component, Path, PathBuf};

use base::Wall;
use base::media::{Recorder, RecordingFormat};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What the name of an [`super::Entry`]'s file ends with.
pub(crate) const ENTRY: &str = "entry";

pub(crate) fn path_of(recorder: &Recorder) -> String {
    let extension = match (recorder.format, recorder.encrypted) {
        (RecordingFormat::Wav, false) => "wav",
        (RecordingFormat::Opus, false) => "opus",
        (RecordingFormat::Wav, true) => "wav.sealed",
        (RecordingFormat::Opus, true) => "opus.sealed",
    };
    format!("{}/{}-{}.{extension}", day_of(recorder.at), recorder.call, recorder.id)
}

fn day_of(at: Wall) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string()
}

/// The full path of a recording; `None` for what leads out of the folder.
pub(crate) fn within(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && path.components().next().is_some()).then(|| folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_folders() {
        assert_eq!(day_of(Wall(1_700_000_000_000_000)), "2023/11/14");
        assert_eq!(day_of(Wall(i64::MAX)), "1970/01/01");
    }

    #[test]
    fn no_path_leads_out() {
        let folder = Path::new("/data");
        assert_eq!(within(folder, "2026/a.wav"), Some(PathBuf::from("/data/2026/a.wav")));
        for path in ["", "/etc/passwd", "../x", "a/../../x"] {
            assert_eq!(within(folder, path), None, "{path}");
        }
    }
}
