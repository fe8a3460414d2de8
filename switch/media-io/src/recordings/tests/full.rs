//! A disk that takes no more; issue row "Recording": disk-full handled as the policy says.

use base::media::{Channels, Recorder, RecordingFault, RecordingFormat};
use media::frame::Rate;

use super::super::archive::ArchiveConfig;
use super::rig::{Folder, Rig, wav_channel};

#[test]
fn beyond_the_budget_a_recording_ends_with_what_it_has_and_says_so() {
    for (format, encrypted) in [(RecordingFormat::Wav, false), (RecordingFormat::Wav, true)] {
        let folder = Folder::new();
        let mut rig = Rig::start(&ArchiveConfig { budget_octets: 50_000, ..folder.config() });
        let recorder = rig.recorder(format, Channels::Stereo);
        let id = rig.record(Recorder { encrypted, ..recorder }, Rate::Hz8000);
        rig.hear(5_000, 500, 900);
        assert_eq!(rig.fault(), RecordingFault::DiskFull);
        let file = rig.closed(id);
        assert_eq!(file.audio_ms, 1_200, "two pieces fit");
        let plain = rig.library.open(&file.path, id, false).unwrap().read_all().unwrap();
        assert_eq!(wav_channel(&plain, 0).len(), 1_200 * 8);
        assert!(rig.library.too_much() > 0 || rig.library.used() < 47_500);
    }
}

#[test]
fn without_a_key_nothing_is_written_in_the_clear() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let in_the_way = "in the way";
    std::fs::write(folder.config().folder.join("keys"), in_the_way).unwrap();
    let recorder = rig.recorder(RecordingFormat::Wav, Channels::Mono);
    rig.record(Recorder { encrypted: true, ..recorder }, Rate::Hz8000);
    rig.hear(1_000, 500, 900);
    assert_eq!(rig.fault(), RecordingFault::NoKey);
    // Whether that file is counted depends on which of the two was first.
    assert!(rig.library.used() <= in_the_way.len() as u64);
}
